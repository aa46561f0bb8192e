"""The walks through a graph: one forward, one backward, and what is asked of them.

`graph.plain_backward_pass` says what the backward pass is; the one here can be watched, run on other things than data,
and have a gradient revised on its way. `Value.backward` has one that does nothing of this, and is quick: value_pass.py.
"""

from __future__ import annotations

import warnings

from .graph import Node, recorded_order, released, topological_order
from .naming import branching, undefined

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from typing import Any

FAILURES = (ArithmeticError, ValueError, TypeError, IndexError)  # what a rule raises where it has no value


def current_order(root: Node, who: str) -> list[Node]:
    """The topological order of a graph that is whole and as it was made, for what shows or compares its numbers.

    Raises RuntimeError if it has been released, and ValueError if data was changed since: `who` refuses it.
    """
    order = recorded_order(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # arrays have given theirs when the graph was made
        found = forward_pass(order, failed=lambda node, error: None)
        for node in order:
            if not follows(found[node], node.data):
                raise ValueError(
                    f"{who}: data has changed since the graph was made; compute it again "
                    f"({node.describe()} = {node.brief(node.data)} no longer follows from what is behind it)"
                )
    return order


def follows(result: Any, data: Any) -> bool:
    """Whether a result is the data that is there, to the rounding of sums whose order may be another."""
    if result is None or getattr(result, "shape", ()) != getattr(data, "shape", ()):
        return False
    equal = (result == data) | ((result != result) & (data != data))
    if not hasattr(data, "dtype"):
        return equal
    precision = {2: 1e-2, 4: 1e-5}.get(data.dtype.itemsize, 1e-12)
    return bool(equal.all() or (equal | (abs(result - data) <= precision * abs(data).max(initial=0))).all())


class Step:
    """One step through a graph: `node` was computed (forward), or it passed its gradient on to one input (backward).

    node            the node at work
    position        backward: which of its inputs receives; None for a forward step
    upstream        backward: d root / d node
    local           backward: d node / d input; None where the operator has no such factor (a matrix product)
    contribution    backward: what is added to the input's gradient
    """

    __slots__ = ("node", "position", "upstream", "local", "contribution")

    def __init__(
        self, node: Node, position: int | None = None, upstream: Any = None, local: Any = None, contribution: Any = None
    ) -> None:
        self.node = node
        self.position = position
        self.upstream = upstream
        self.local = local
        self.contribution = contribution

    @property
    def input(self) -> Node | None:
        """The node that receives; None for a forward step."""
        return None if self.position is None else self.node.inputs[self.position]

    def __repr__(self) -> str:
        node = self.node
        if self.position is None:
            return f"<forward: {node.describe()} = {node.brief(node.data)}>"
        return f"<backward: {node.describe()} adds {node.brief(self.contribution)} to {self.input.describe()}>"


def forward_pass(
    order: Iterable[Node],
    leaf: Callable[[Any], Any] | None = None,
    leaves: Collection[Node] = (),
    revise: Callable[[Any, Any], Any] | None = None,
    failed: Callable[[Any, Exception], Any] | None = None,
) -> dict[Any, Any]:
    """The forward pass, run again: {node: what its operator gives on what its inputs gave}. Stores nothing in a node.

    From moved leaves it gives `gradcheck` its differences, on Symbols `derive` its formulas, with a student's numbers
    `check_steps` what follows from them, and as it stands `current_order` whether data was changed.

    order       nodes in topological order
    leaf        leaf(node) is what a leaf holds: a number, a Symbol, another node. None: its data
    leaves      nodes that are taken for leaves
    revise      revise(node, result) may hand back another result, from which the next are computed
    failed      failed(node, error) hands back what to go on with where an operator has no value; None: it raises
    """
    found: dict[Any, Any] = {}
    for node in order:
        if node.inputs and node not in leaves:
            try:
                result = node.op.apply(*[found[x] for x in node.inputs])
            except FAILURES as error:
                if failed is None:
                    raise
                result = failed(node, error)
        else:
            result = node.data if leaf is None else leaf(node)
        found[node] = result if revise is None else revise(node, result)
    return found


def backward_pass(
    root: Node,
    watch: Callable[[Step], object] | None = None,
    on: Callable[[Any], Any] | None = None,
    unit: Any = None,
    leaves: Collection[Node] = (),
    revise: Callable[[Any, Any], Any] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """The backward pass: yields (node, d root / d node) for each node that takes a gradient, from the root back.

    Each node multiplies its gradient with its local derivatives and adds the products to its inputs' gradients; when
    its turn comes, all its consumers have had theirs. It is yielded when it has done so, and the pass needs it no more.
    Stores nothing in a node. `watch(step)`, if given, is called with the `Step` of each contribution.

    The rules run on the nodes' data, unless `on(node)` gives them something else: the node itself, and the gradients
    are nodes; a formula, and they are formulas. `unit` is then their 1. Nodes among `leaves` are taken for leaves.
    `revise(node, gradient)`, if given, may hand back another gradient for a node before the node passes it on.
    """
    order = topological_order(root, leaves)
    pending = {root: root.unit if unit is None else unit}
    mutable = root.mutable
    direct = watch is None and on is None  # then rules are called without the lists that `pull` needs
    while order:
        node = order.pop()
        if node not in pending:
            continue
        upstream = pending.pop(node) if revise is None else revise(node, pending.pop(node))
        inputs = node.inputs
        if not inputs or node in leaves:
            if not inputs and node.op is not None:
                raise released(node, root)
            yield node, upstream
            continue
        if mutable:
            node.require_untouched()
        op = node.op
        try:
            # Rules of two inputs and of one, which are most of a graph, run three times as fast without `pull`. A
            # single input takes a gradient, or else the node would take none.
            if direct and len(op.partials) == 2:
                (a, b), (by_a, by_b) = inputs, op.partials
                out, x, y = node.out, node.x, node.y
                if a.requires_grad:
                    contribution = by_a(out, x, y) * upstream
                    pending[a] = pending[a] + contribution if a in pending else contribution
                if b.requires_grad:
                    contribution = by_b(out, x, y) * upstream
                    pending[b] = pending[b] + contribution if b in pending else contribution
            elif direct and len(op.partials) == 1:
                (a,), (by_a,) = inputs, op.partials
                contribution = by_a(node.out, node.x) * upstream
                pending[a] = pending[a] + contribution if a in pending else contribution
            else:
                needs = [x.requires_grad for x in inputs]
                out, xs = (node.out, node.operands) if on is None else (on(node), [on(x) for x in inputs])
                contributions = op.pull(upstream, out, *xs, needs=needs)
                for x, contribution, need in zip(inputs, contributions, needs):
                    if need and contribution is not None:
                        pending[x] = pending[x] + contribution if x in pending else contribution
                locals_ = op.locals(out, *xs, needs=needs) if watch else ()
        except (ArithmeticError, ValueError) as error:
            raise branching(op, error) or undefined(op, inputs, error, "the derivative of ") from error
        if watch is not None:
            for position, local in enumerate(locals_):
                if needs[position]:
                    watch(Step(node, position, upstream, local, contributions[position]))
        yield node, upstream


def gradients(root: Node, watch: Callable[[Step], object] | None = None) -> dict[Node, Any]:
    """A dict {node: d root / d node} of every node that takes a gradient. Stores none in a node."""
    return dict(backward_pass(root, watch))


def grad(root: Node, wrt: Node | Sequence[Node], create_graph: bool = False) -> Any:
    """d root / d node for a node `wrt`, or a list of them for a list: as data, or with `create_graph` as nodes.

    Such a node is made of the nodes of the graph, by the operators' own rules, so that it can be drawn, evaluated and
    differentiated again. Stores nothing in a node. The derivative by what `root` does not depend on is 0.

    >>> x = Value(2.0, "x")
    >>> slope = grad(x**3, x, create_graph=True)
    >>> slope.data, grad(slope, x)
    (12.0, 12.0)
    """
    wanted: Any = wrt if isinstance(wrt, (list, tuple)) else [wrt]
    kind: Any = type(root)
    if create_graph:
        current_order(root, "grad")
        unit = root.unit if type(root.unit) is float else kind(root.unit, requires_grad=False)
        found = dict(backward_pass(root, on=lambda x: x if x.requires_grad or x.label else x.data, unit=unit))
        name_gradients(root, found)
    else:
        found = gradients(root)
    result = [found.get(node, 0.0 * node.unit) for node in wanted]
    if create_graph:
        result = [x if isinstance(x, Node) else kind(x, requires_grad=False) for x in result]
    return result if isinstance(wrt, (list, tuple)) else result[0]


def name_gradients(root: Node, found: dict[Node, Any]) -> None:
    """Label the gradients that a pass has made, {node: its gradient}: "backward/dl_dk1" is the gradient of k1."""
    forward = set(topological_order(root))
    for node, gradient in found.items():
        if node.label and isinstance(gradient, Node) and gradient.op and not gradient.label and gradient not in forward:
            gradient.label = f"backward/d{root.name}_d{node.name}"


def steps(root: Node) -> list[Step]:
    """Both passes as a list of `Step`s: each operator as it is applied, then each contribution as it is passed back.

    Nothing is stored in the graph.
    """
    backward: list[Step] = []
    gradients(root, watch=backward.append)
    return [Step(node) for node in topological_order(root) if node.inputs] + backward
