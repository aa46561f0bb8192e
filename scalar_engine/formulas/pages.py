"""A `Derivation` as a page: what stands where. How it is written, as text or as LaTeX, is the layout's."""

import math
from collections import Counter

from .layouts import WIDTH
from .symbol import ONE, Number, Symbol, Total
from .writing import POWER

ELLIPSIS = Symbol("...", r"\cdots")


class Page:
    """What stands where; the layout says how it is written."""

    def __init__(self, derivation, layout):
        self.found = derivation
        self.names = derivation.names
        self.layout = layout
        self.plain, self.with_numbers = layout.writer(), layout.writer()
        consumers = Counter(local.input for local in derivation.locals)
        self.also_indirect = {
            x.input for x in derivation.locals if x.node is derivation.root and consumers[x.input] > 1
        }
        self.with_numbers.put_in = {name: self.number(node, node.data) for node, name in self.names.items()}

    def page(self):
        return "\n\n".join([self.title(), *(self.layout.section(heading, rows) for heading, rows in self.sections())])

    def title(self):
        found = self.found
        whole = self.derivative(found.root, found.wrt)
        if found.root is found.wrt:
            return f"{self.layout.math(f'{whole} = 1')}: a node's derivative by itself"
        return f"{self.layout.math(f'{whole} = {self.number(found.wrt, found.gradient)}')}, by the chain rule"

    def sections(self):
        """Pairs of a heading and the layout's rows."""
        if self.found.root is self.found.wrt:
            return []
        way = self.along_paths() if self.found.paths is not None else [self.node_by_node()]
        return [self.nodes(), self.locals(), *way]

    def is_twofold(self, local):
        """Whether it is by a node that reaches the root by other paths too, and its name is that of their sum."""
        return local.node is self.found.root and local.input in self.also_indirect

    def derivative(self, of, by):
        return self.layout.total(self.name(of), self.name(by))

    def local(self, local):
        return self.layout.local(self.name(local.node), self.name(local.input), self.is_twofold(local))

    def number(self, node, number):
        return self.layout.number(node.brief(number))

    def name(self, node):
        return self.plain.formula(self.names[node])

    def factor(self, number):
        return self.plain.parenthesised(number) if number.startswith("-") else number

    def nodes(self):
        names, definitions = self.names, self.found.definitions
        heading = f"Nodes, from {self.ends()}"
        if any(not node.label for node in names):
            heading += "; those without a label are called v1, v2, ..."
        rows = []
        for node, formula in definitions.items():
            rights = [self.plain.formula(shortened(formula))] if node.inputs else []
            rows.append((self.name(node), [*rights, self.number(node, node.data)]))
        aside = self.layout.note(f"which does not depend on {self.layout.math(self.name(self.found.wrt))}")
        others = [node for node in names if node not in definitions and not node.label]
        return heading, rows + [(self.name(node), [self.number(node, node.data) + aside]) for node in others]

    def ends(self):
        return " to ".join(self.layout.math(self.name(node)) for node in (self.found.wrt, self.found.root))

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
            chain = self.layout.arrow.join(self.name(node) for node in [found.wrt, *(x.node for x in reversed(path))])
            number = math.prod(local.number for local in path)
            numbers.append(self.number(found.wrt, number))
            rights = [
                self.layout.joined([self.plain.formula(local.formula, POWER) for local in path], self.layout.times),
                self.plain.formula(product_along(path)),
                self.layout.joined(
                    [self.factor(self.number(local.input, local.number)) for local in path], self.layout.times
                ),
                numbers[-1],
            ]
            rights = rights if len(path) > 1 else self.evaluated(*path)
            left = self.layout.joined([self.local(local) for local in path], self.layout.times)
            heading = "The only path" if found.n_paths == 1 else f"Path {i} of {found.n_paths}"
            sections.append((f"{heading}, {self.layout.math(chain)}", [(left, rights)]))
        if len(numbers) > 1:
            numbers = [numbers[0], *map(self.factor, numbers[1:])]
            rights = [self.layout.joined(numbers, self.layout.plus), self.number(found.wrt, found.gradient)]
            combined = self.plain.formula(found.formula)
            if len(combined) < 2 * WIDTH:
                rights.insert(0, combined)
            sections.append(("The sum over the paths", [(whole, rights)]))
        return sections

    def node_by_node(self):
        found = self.found
        end = self.layout.math(self.name(found.root))
        heading = (
            f"Node by node, from {end} back, for there {many(found.n_paths)} of up to {found.longest} steps: "
            f"the derivative by a node is the sum, over what is made of it, of the derivative by that times its local "
            f"derivative by the node"
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
                symbols.append(self.layout.joined(factors, self.layout.times))
                numbers.append(
                    self.layout.joined([self.factor(self.number(node, size)) for size in sizes], self.layout.times)
                )
            rights = [self.layout.joined(symbols, self.layout.plus), self.layout.joined(numbers, self.layout.plus)]
            rows.append((self.derivative(found.root, node), [*rights, self.number(node, found.gradients[node])]))
        return heading, rows


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
