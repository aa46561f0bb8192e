"""How derivations are laid out, as text and as LaTeX: rows of left = right = right, and derivatives.

A row is (left, rights). `total` is a derivative d of / d by through all paths, `local` one with the other inputs held.
"""

import re
import textwrap

from .symbol import exact
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
        body = " \\\\\n".join("  " + self.row(*row) for row in rows)
        return f"\\paragraph{{{heading}}}\n\\begin{{align*}}\n{body}\n\\end{{align*}}"

    def row(self, left, rights):
        if width(left) > LATEX_WIDTH / 3:
            left = rf"& {left} \\ &"
        else:
            left += " &"
        text, room = left, LATEX_WIDTH - width(left)
        for i, right in enumerate(distinct(rights)):
            room -= width(right) + 3
            if i and room < 0:
                text += r" \\ &"
                room = LATEX_WIDTH - width(right)
            text += f" = {right}"
        return text


class Reading(Text):
    """Formulas to read: numbers to six digits."""

    def digits(self, number):
        return super().digits(number if type(number) is not float else exact(float(f"{number:.6g}")))


def distinct(rights):
    """Without those that repeat the one before."""
    return [right for i, right in enumerate(rights) if i == 0 or right != rights[i - 1]]


def wrapped(line, indent):
    """The line, broken before a + where it is too long, and nowhere else if that is enough."""
    glued = re.sub(r" ([*=/-]) |([+]) ", lambda match: match[0].replace(" ", "\xa0"), line)
    text = textwrap.fill(glued, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return text.replace("\xa0", " ")


def width(latex):
    """About how many characters wide a formula is when it is set: a fraction is as wide as its wider half."""
    latex = re.sub(r"[_^]\{([^{}]*)\}|\\mathrm\{([^{}]*)\}", r"\1\2", latex)
    while True:
        shorter = FRACTION.sub(lambda match: "x" * max(width(match[1]), width(match[2])), latex)
        if shorter == latex:
            return len(re.sub(r"\\[,a-zA-Z]+|[{}_^& \\]", "", re.sub(r"\\cdot|\\operatorname", "xx", latex)))
        latex = shorter


TEXT_LAYOUT, LATEX_LAYOUT = TextLayout(), LatexLayout()
