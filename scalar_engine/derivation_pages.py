"""A `Derivation` as a page: the same rows, written as text or as LaTeX."""

import math
import re
import textwrap
from collections import Counter

from .symbol import ONE, Number, Symbol, Total, exact
from .writing import POWER, Latex, Text, scientific

WIDTH, LATEX_WIDTH = 110, 66  # characters on a line
FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
ELLIPSIS = Symbol("...", r"\cdots")


class Page:
    """What stands where; a subclass says how it is written.

    A row is (left, rights), for left = rights[0] = rights[1] = ...
    """

    def __init__(self, derivation):
        self.found = derivation
        self.names = derivation.names
        self.plain = self.writer()
        self.with_numbers = self.writer()
        consumers = Counter(local.input for local in derivation.locals)
        self.also_indirect = {
            x.input for x in derivation.locals if x.node is derivation.root and consumers[x.input] > 1
        }
        self.with_numbers.put_in = {name: self.number(node, node.data) for node, name in self.names.items()}

    def page(self):
        found = self.found
        whole = self.derivative(found.root, found.wrt)
        if found.root is found.wrt:
            return f"{self.math(f'{whole} = 1')}: a node's derivative by itself"
        title = f"{self.math(f'{whole} = {self.number(found.wrt, found.gradient)}')}, by the chain rule"
        sections = [self.nodes(), self.locals()]
        sections += [self.node_by_node()] if found.paths is None else self.along_paths()
        return "\n\n".join([title, *(self.section(heading, rows) for heading, rows in sections)])

    def is_twofold(self, local):
        """Whether it is by a node that reaches the root by other paths too, and its name is that of their sum."""
        return local.node is self.found.root and local.input in self.also_indirect

    def name(self, node):
        return self.plain.formula(self.names[node])

    def factor(self, number):
        return self.plain.parenthesised(number) if number.startswith("-") else number

    def nodes(self):
        names, definitions = self.names, self.found.definitions
        heading = f"Nodes, from {self.ends()}"
        others = [node for node in names if node not in definitions and not node.label]
        if any(not node.label for node in names):
            heading += "; those without a label are called v1, v2, ..."
        rows = []
        for node in [*definitions, *others]:
            rights = [self.plain.formula(shortened(definitions[node]))] if node in definitions and node.inputs else []
            rows.append((self.name(node), [*rights, self.number(node, node.data)]))
        return heading, rows

    def ends(self):
        return " to ".join(self.math(self.name(node)) for node in (self.found.wrt, self.found.root))

    def locals(self):
        rows = []
        for local in self.found.locals:
            rows.append((self.local(local), self.evaluated(local)))
        return "Local derivatives", rows

    def evaluated(self, local):
        """A local derivative as a formula, with the numbers put in, and as a number."""
        rights = [self.plain.formula(local.formula)]
        if type(local.formula) is not Number:
            rights += [self.with_numbers.formula(local.formula), self.number(local.node, local.number)]
        return rights

    def along_paths(self):
        """A section for each path, and one for their sum."""
        found = self.found
        whole, sections, numbers = self.derivative(found.root, found.wrt), [], []
        for i, path in enumerate(found.paths, start=1):
            chain = self.arrow.join(self.name(node) for node in [found.wrt, *(x.node for x in reversed(path))])
            number = math.prod(local.number for local in path)
            numbers.append(self.number(found.wrt, number))
            rights = [
                self.joined([self.plain.formula(local.formula, POWER) for local in path], self.times),
                self.plain.formula(product_along(path)),
                self.joined([self.factor(self.number(local.input, local.number)) for local in path], self.times),
                numbers[-1],
            ]
            rights = rights if len(path) > 1 else self.evaluated(*path)
            left = self.joined([self.local(local) for local in path], self.times)
            heading = "The only path" if found.n_paths == 1 else f"Path {i} of {found.n_paths}"
            sections.append((f"{heading}, {self.math(chain)}", [(left, rights)]))
        if len(numbers) > 1:
            numbers = [numbers[0], *map(self.factor, numbers[1:])]
            rights = [self.joined(numbers, self.plus), self.number(found.wrt, found.gradient)]
            combined = self.plain.formula(found.formula)
            if len(combined) < 2 * WIDTH:
                rights.insert(0, combined)
            sections.append(("The sum over the paths", [(whole, rights)]))
        return sections

    def node_by_node(self):
        found = self.found
        heading = (
            f"Node by node, from {self.math(self.name(found.root))} back, for there {many(found.n_paths)} of up to "
            f"{found.longest} steps: the derivative by a node is the sum, over what is made of it, of the derivative "
            f"by that x its local derivative by the node"
        )
        consumers = {}
        for local in reversed(found.locals):
            consumers.setdefault(local.input, []).append(local)
        rows = []
        for node in reversed(found.definitions):
            if [local.node for local in consumers.get(node, [])] in ([], [found.root]):
                continue  # the root, or a local derivative as it stands above
            symbols, numbers = [], []
            for local in consumers[node]:
                factors, sizes = [self.local(local)], [local.number]
                if local.node is not found.root:
                    factors.insert(0, self.derivative(found.root, local.node))
                    sizes.insert(0, found.gradients[local.node])
                symbols.append(self.joined(factors, self.times))
                numbers.append(self.joined([self.factor(self.number(node, size)) for size in sizes], self.times))
            rights = [self.joined(symbols, self.plus), self.joined(numbers, self.plus)]
            rows.append((self.derivative(found.root, node), [*rights, self.number(node, found.gradients[node])]))
        return heading, rows


class TextPage(Page):
    times, plus, arrow = " * ", " + ", " -> "

    @staticmethod
    def writer():
        return Reading()

    def derivative(self, of, by):
        return f"d{self.name(of)}/d{self.name(by)}"

    def local(self, local):
        return self.derivative(local.node, local.input) + " (local)" * self.is_twofold(local)

    def number(self, node, number):
        return node.brief(number)

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


class LatexPage(Page):
    times, plus, arrow = r" \cdot ", " + ", r" \to "

    @staticmethod
    def writer():
        return Latex()

    def derivative(self, of, by):
        return rf"\frac{{\mathrm{{d}} {self.name(of)}}}{{\mathrm{{d}} {self.name(by)}}}"

    def local(self, local):
        return rf"\frac{{\partial {self.name(local.node)}}}{{\partial {self.name(local.input)}}}"

    def number(self, node, number):
        return scientific(node.brief(number))

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


def product_along(path):
    """The product of the local derivatives along a path."""
    return math.prod([local.formula for local in path], start=ONE)


def shortened(formula):
    """A long sum without its middle."""
    if type(formula) is not Total or len(formula.parts) <= 12:
        return formula
    parts = list(formula.parts.items())
    return Total(dict([*parts[:4], (ELLIPSIS, 1), *parts[-2:]]))


def many(n):
    if n == 1:
        return "is one path"
    return f"are {n:,} paths" if n < 10**12 else f"are about 10^{math.floor(n.bit_length() * math.log10(2))} paths"


def wrapped(line, indent):
    """The line, broken before a + where it is too long, and nowhere else if that is enough."""
    glued = re.sub(r" ([*=/-]) |([+]) ", lambda match: match[0].replace(" ", "\xa0"), line)
    text = textwrap.fill(glued, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return text.replace("\xa0", " ")


def width(latex):
    """About how many characters wide a formula is when it is set: a fraction is as wide as its wider half."""
    while True:
        shorter = FRACTION.sub(lambda match: "x" * max(width(match[1]), width(match[2])), latex)
        if shorter == latex:
            return len(re.sub(r"\\[,a-zA-Z]+|[{}_^& \\]", "", re.sub(r"\\cdot|\\operatorname", "xx", latex)))
        latex = shorter
