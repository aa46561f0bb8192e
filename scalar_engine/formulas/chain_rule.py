"""The chain rule of any graph, written out: local derivatives, the product along each path, the sum over the paths.

The local derivatives are the operators' own rules, run on Symbols; the numbers beside them, the same rules on floats.
"""

from __future__ import annotations

from .. import operators
from ..graph import topological_order
from ..naming import unique_names
from ..passes import backward_pass, current_order, forward_pass, gradients
from .layouts import LATEX_LAYOUT, MARKDOWN_LAYOUT, TEXT_LAYOUT
from .pages import Page, product_along
from .symbol import ONE, ZERO, Application, Number, Symbol, symbol, within
from .writing import escaped, latex_name

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from ..graph import Node

LISTED_PATHS, LISTED_LENGTH = 24, 16  # beyond them the chain rule is written node by node
NESTED, SIZE = 2, 100  # how many operators, one within another and in all, are still read as one formula
ADDITIVE = (operators.add, operators.subtract, operators.negative, operators.sum)


class Local:
    """A local derivative: of `node` by `input`, as a formula and as a number."""

    __slots__ = ("node", "input", "formula", "number")

    def __init__(self, node: Node, input: Node, formula: Symbol, number: float) -> None:
        self.node = node
        self.input = input
        self.formula = formula
        self.number = number


class Derivation:
    """What `derive` found; `str` and `.latex` write it out.

    root, wrt       it is the derivative d root / d wrt
    names           {node: Symbol} of the nodes that it speaks of
    definitions     {node: formula} of those between wrt and root, both included, in the order of the forward pass
    locals          a `Local` for each two of them that are joined, from the root back
    n_paths         the number of paths from wrt to root
    longest         the number of steps of the longest of them
    paths           the paths, each a list of `Local`s from the root back; None if they are too many or too long to list
    formula         d root / d wrt as one formula; None if the paths are not listed
    gradients       {node: d root / d node} of all nodes behind root, by the engine
    """

    def __init__(
        self, root: Node, wrt: Node, names: dict[Node, Symbol], definitions: dict[Node, Symbol], locals_: list[Local]
    ) -> None:
        self.root = root
        self.wrt = wrt
        self.names = names
        self.definitions = definitions
        self.locals = locals_
        self.n_paths, self.longest, self.paths = paths(root, wrt, definitions, locals_)
        self.formula: Symbol | None = None
        if self.paths is not None:
            self.formula = operators.sum([ZERO, *map(product_along, self.paths)])
        self.gradients = gradients(root)

    @property
    def gradient(self) -> float:
        """d root / d wrt, by the engine."""
        return self.gradients[self.wrt]

    def __str__(self) -> str:
        return Page(self, TEXT_LAYOUT).page()

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return Page(self, MARKDOWN_LAYOUT).page()

    @property
    def latex(self) -> str:
        """For the body of a LaTeX document with amsmath and `\\allowdisplaybreaks`; a notebook shows the derivation
        itself."""
        return Page(self, LATEX_LAYOUT).page()


def derive(root: Node, wrt: Node) -> Derivation:
    """The chain rule for d root / d wrt, written out step by step: print it, or read the `Derivation`.

    Labelled nodes go by their names (by their labels, if they share a name), numbers without a label by their values.
    Other nodes without a label are merged into the formula of what is made of them, or are called v1, v2, ... where
    that formula would be hard to read. Runs a pass of its own and stores nothing.

    Raises ValueError if `wrt` is not behind `root`, is data, or if data was changed after the graph was made;
    RuntimeError if the graph has been released, and TypeError for tensors.
    """
    for node in (root, wrt):
        if hasattr(node.data, "shape"):
            raise TypeError(
                f"derive: {node.describe()} is a tensor, and derive needs scalars: graph = scalarize(root), "
                f"then derive(graph.root, graph[tensor][index])"
            )
    order = current_order(root, "derive")
    if wrt not in set(order):
        raise ValueError(f"derive: {wrt.describe()} is not part of the graph of {root.describe()}")
    if not wrt.requires_grad:
        raise ValueError(f"derive: {wrt.describe()} takes no gradient, for it is data or depends on data only")
    kept = landmarks(order, root, wrt)
    between = {wrt}
    for node in order:
        if any(x in between for x in node.inputs):
            between.add(node)
    way = [node for node in order if node in kept and node in between]
    behind = {node: topological_order(node, leaves=kept) for node in way}
    spoken_of = {node for nodes in behind.values() for node in nodes if node in kept}
    names = symbols_of([node for node in order if node in spoken_of])
    found = {node: formulas(behind[node], names, node) for node in way}
    definitions = {node: found[node][node] for node in way}
    known = {formula: names[node] for node, formula in definitions.items() if type(formula) is Application}
    locals_ = [
        local
        for node in reversed(way)
        if node is not wrt
        for local in locals_of(node, found[node], names, kept, known)
        if local.input in between
    ]
    return Derivation(root, wrt, names, definitions, locals_)


def landmarks(order, root, wrt):
    """The nodes that keep a name; all others are merged into formulas.

    Where operators nest too deeply, the innermost are named: the z in y = exp(o - z), if z = logsumexp(...) is one.
    """
    kept = {root, wrt} | {node for node in order if node.label}
    nested, size = {}, {}
    for node in order:
        measure(node, kept, nested, size)
        if nested[node] > NESTED:
            name_the_innermost(node, kept, nested, size)
        if size[node] > SIZE:
            kept.update(x for x in node.inputs if size[x] > SIZE // 2)
        if nested[node] > NESTED or size[node] > SIZE:
            measure(node, kept, nested, size)
        if nested[node] > NESTED or size[node] > SIZE:
            kept.update(x for x in node.inputs if x.inputs)
            measure(node, kept, nested, size)
    return kept


def measure(node, kept, nested, size):
    """Store how deeply the node's formula nests, sums and constant factors aside, and how many nodes are in it."""
    merged = [x for x in node.inputs if x not in kept]
    nested[node] = max((nested[x] for x in merged), default=0) + (bool(node.inputs) and not is_linear(node))
    size[node] = 1 + sum(size[x] for x in merged)


def is_linear(node):
    constants = [not x.inputs and not x.label for x in node.inputs]
    if node.op is operators.divide:
        return constants[1]
    return node.op in ADDITIVE or node.op is operators.multiply and any(constants)


def name_the_innermost(node, kept, nested, size):
    """Name what nests deepest in the formula of a node, looking through sums."""
    passed, pending = {}, [node]
    while pending:
        for x in pending.pop().inputs:
            if nested[x] >= NESTED and x not in kept and x not in passed:
                if is_linear(x):
                    passed[x] = True
                    pending.append(x)
                else:
                    kept.add(x)
    for x in [*reversed(passed), node]:
        measure(x, kept, nested, size)


def symbols_of(nodes):
    """{node: Symbol} for kept nodes in topological order, no two alike."""
    symbols = {}
    for node, name in unique_names(nodes, unlabelled="v").items():
        group = node.label[: -len(node.name)].replace("/", ".") if node.label else ""
        is_told = group and name.startswith(group)
        tex = rf"\text{{{escaped(group)}}}{latex_name(name[len(group) :])}" if is_told else ""
        symbols[node] = Symbol(name, tex)
    return symbols


def formulas(behind, names, node):
    """{node: formula} in terms of the names, for a kept node and what is merged into it."""
    return forward_pass(behind, lambda x: names.get(x) or Number(x.data), names.keys() - {node})


def locals_of(node, found, names, kept, known):
    """The `Local`s of a kept node. `known` says which formulas, such as another class's softmax, have a name."""
    written = {**found, node: names[node]}
    kept.discard(node)  # for the moment: the passes start there
    by_rule = dict(backward_pass(node, on=written.__getitem__, unit=ONE, leaves=kept))
    numbers = dict(backward_pass(node, leaves=kept))
    kept.add(node)
    locals_ = []
    for x, formula in by_rule.items():
        if x in kept and x is not node:
            formula = symbol(formula)
            shorter = {part: known[part] for part in within(formula) if part in known}
            locals_.insert(0, Local(node, x, symbol(formula.replace(shorter)), numbers[x]))
    return locals_


def paths(root, wrt, way, locals_):
    """How many paths there are, how long the longest is, and the paths; None for them if they are more than is read."""
    leaving = {node: [] for node in way}
    for local in locals_:
        leaving[local.node].append(local)
    number, longest = {wrt: 1}, {wrt: 0}
    for node in way:
        if node is not wrt:
            number[node] = sum(number[local.input] for local in leaving[node])
            longest[node] = 1 + max((longest[local.input] for local in leaving[node]), default=0)
    if number[root] > LISTED_PATHS or longest[root] > LISTED_LENGTH:
        return number[root], longest[root], None
    found, pending = [], [(root, [])]
    while pending:
        node, path = pending.pop()
        if node is wrt:
            found.append(path)
        else:
            pending += [(local.input, [*path, local]) for local in reversed(leaving[node])]
    return number[root], longest[root], found
