"""The graph of a recorded step of training, kept as its leaves' data: when it is opened, it is computed again."""

from dataclasses import dataclass
from typing import Any

from scalar_engine import Node, Value, topological_order
from scalar_engine.passes import forward_pass

LARGEST = 1_000  # nodes
RELEASED = "its backward pass has released it; loss.backward(keep=True) keeps it"


@dataclass(eq=False, slots=True)
class Part:
    """A node without data, for the forward pass to go through."""

    op: Any
    label: str
    requires_grad: bool
    inputs: list["Part"]
    place: int


@dataclass(frozen=True)
class KeptGraph:
    """A graph of Values or of Tensors.

    parts       of each node in topological order its operator, label, requires_grad, and the places of its inputs
    data        of each leaf, by its place
    """

    of_values: bool
    parts: list[tuple[Any, str, bool, list[int]]]
    data: dict[int, Any]

    def root(self) -> Any:
        """The root of a new graph, made as the recorded one."""
        if self.of_values:
            return self.computed_again()
        from tensor_engine.scalar_graph import recorded  # with NumPy, which numbers do without

        return recorded(self.computed_again, [])

    def computed_again(self) -> Any:
        order: list[Any] = []
        for place, (op, label, requires_grad, inputs) in enumerate(self.parts):
            order.append(Part(op, label, requires_grad, [order[i] for i in inputs], place))
        return forward_pass(order, self.leaf, revise=lambda part, node: node.named(part.label))[order[-1]]

    def leaf(self, part: Part) -> Node:
        data = kept(self.data[part.place])  # a copy: others' graphs begin with it too
        if self.of_values:
            return Value(data, part.label, requires_grad=part.requires_grad)
        from tensor_engine import operand

        leaf = operand(data, part.label)
        leaf.requires_grad = part.requires_grad
        return leaf


def kept_graph(loss: Node | float, parameters: dict[Node, Any], last: KeptGraph | str | None) -> KeptGraph | str:
    """A graph as it is kept, or why it is not.

    parameters      {parameter: its data, which is kept already}
    last            what is kept of the step before, and need not be copied again
    """
    if not isinstance(loss, Node):
        return "recording.step was given a number; given the loss as a node, it keeps the graph"
    if loss.op is not None and not loss.inputs:
        return RELEASED
    order = topological_order(loss)
    if len(order) > LARGEST:
        return f"it has {len(order):,} nodes, and graphs of at most {LARGEST:,} are kept"
    places = {node: i for i, node in enumerate(order)}
    parts = [(node.op, node.label, node.requires_grad, [places[x] for x in node.inputs]) for node in order]
    known: dict[int, Any] = {}
    if isinstance(last, KeptGraph):
        known = last.data
        parts = last.parts if last.parts == parts else parts
    data = {
        i: parameters[node] if node in parameters else kept(node.data, known.get(i))
        for i, node in enumerate(order)
        if not node.inputs
    }
    return KeptGraph(isinstance(loss, Value), parts, data)


def kept(quantity: Any, known: Any = None) -> Any:
    """A copy of what may change, or `known` if it is that already: each state is kept once."""
    if not hasattr(quantity, "copy"):  # a number
        return quantity
    is_known = getattr(known, "shape", None) == quantity.shape and (quantity == known).all()
    return known if is_known else quantity.copy()
