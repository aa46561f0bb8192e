"""How derivations are laid out, as text and as LaTeX: rows of left = right = right, and derivatives.

A row is (left, rights). `total` is a derivative d of / d by through all paths, `local` one with the other inputs held.
"""

import re
import textwrap

from .exact import exact
from .writing import Latex, Text, scientific

WIDTH, LATEX_WIDTH = 110, 66  # characters on a line
FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")


class TextLayout:
    """For a terminal: at most WIDTH characters a line."""

    times, plus, arrow = " * ", " + ", " -> "

    @staticmethod
    def writer():
        return Reading()

    @staticmethod
    def total(of, by):
        return f"d{of}/d{by}"

    @staticmethod
    def local(of, by, twofold=False):
        return f"d{of}/d{by}" + " (local)" * twofold

    @staticmethod
    def number(text):
        return text

    def math(self, formula):
        return formula

    def note(self, words):
        return f"   ({words})"

    def joined(self, parts, operator):
        return operator.join(parts)

    def section(self, heading, rows):
        return "\n".join([*textwrap.wrap(heading, WIDTH), *(self.row(*row) for row in rows)])

    def row(self, left, rights):
        rights = distinct(rights)
        line = " = ".join([left, *rights])
        if len(line) <= 100 and len(rights) <= 3:
            return f"  {line}"
        pad = " " * (len(left) if len(left) <= 12 else 4)
        first = [f"  {left} = {rights.pop(0)}" if len(left) <= 12 else f"  {left}"]
        lines = first + [f"  {pad} = {right}" for right in rights]
        return "\n".join(wrapped(line, indent=f"  {pad}   ") for line in lines)


class LatexLayout:
    """For the body of a LaTeX document with amsmath."""

    times, plus, arrow = r" \cdot ", " + ", r" \to "

    @staticmethod
    def writer():
        return Latex()

    @staticmethod
    def total(of, by):
        return rf"\frac{{\mathrm{{d}} {of}}}{{\mathrm{{d}} {by}}}"

    @staticmethod
    def local(of, by, twofold=False):
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    @staticmethod
    def number(text):
        return scientific(text)

    def math(self, formula):
        return f"${formula}$"

    def note(self, words):
        """Words beside a row, with formulas between dollars."""
        pieces = f"({words})".split("$")
        return r" \qquad " + "".join(p if i % 2 else rf"\text{{{p}}}" for i, p in enumerate(pieces) if p)

    def joined(self, parts, operator):
        lines, room = [[]], LATEX_WIDTH
        for part in parts:
            room -= width(part) + 3
            if room < 0 and lines[-1]:
                lines.append([])
                room = LATEX_WIDTH - width(part)
            lines[-1].append(part)
        return rf" \\ &\quad {operator.strip()} ".join(operator.join(line) for line in lines)

    def section(self, heading, rows):
        return f"\\paragraph{{{heading}}}\n{self.aligned(rows)}"

    def aligned(self, rows):
        body = " \\\\\n".join("  " + self.row(*row) for row in rows)
        return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"

    def row(self, left, rights):
        beside = width(left)
        if beside > LATEX_WIDTH / 3:
            text, beside = rf"& {left} \\ & \quad", 2
        else:
            text = f"{left} &"
        room = LATEX_WIDTH - beside
        for i, right in enumerate(distinct(rights)):
            room -= width(right) + 3
            if i and room < 0:
                text += r" \\ &" if beside != 2 else r" \\ & \quad"
                room = LATEX_WIDTH - beside - width(right) - 3
            text += f" = {right}"
        return text


class MarkdownLayout(LatexLayout):
    """For a cell of a notebook: headings, and formulas of their own that MathJax knows."""

    def section(self, heading, rows):
        return f"**{heading}**\n\n$$\n{self.aligned(rows).replace('{align*}', '{aligned}')}\n$$"


class Reading(Text):
    """Formulas to read: numbers to six digits."""

    def digits(self, number):
        return super().digits(number if type(number) is not float else exact(float(f"{number:.6g}")))


def distinct(rights):
    """Without those that repeat the one before."""
    return [right for i, right in enumerate(rights) if i == 0 or right != rights[i - 1]]


def wrapped(line, indent):
    """The line, broken where it is too long: before a + or -, within as few parentheses as will do."""
    for deepest in range(4):
        depth, glued = 0, ""
        for i, c in enumerate(line):
            depth += (c in "([") - (c in ")]")
            may_break = i < len(indent) or depth <= deepest and line[i + 1 : i + 3] in ("+ ", "- ")
            glued += "\xa0" if c == " " and not may_break else c
        text = textwrap.fill(glued, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        if max(map(len, text.splitlines())) <= WIDTH:
            break
    return text.replace("\xa0", " ")


def width(latex):
    """About how many characters wide a formula is when it is set: a fraction is as wide as its wider half."""
    latex = re.sub(r"[_^]\{([^{}]*)\}|\\mathrm\{([^{}]*)\}", r"\1\2", latex)
    while True:
        shorter = FRACTION.sub(lambda match: "x" * (1 + max(width(match[1]), width(match[2]))), latex)
        if shorter == latex:
            return len(re.sub(r"\\[,a-zA-Z]+|[{}_^& \\]", "", re.sub(r"\\cdot|\\operatorname", "xx", latex)))
        latex = shorter


TEXT_LAYOUT, LATEX_LAYOUT, MARKDOWN_LAYOUT = TextLayout(), LatexLayout(), MarkdownLayout()
