"""The computation graph: operators, the nodes they make, their order, and the backward pass in a dozen lines.

Nothing in this file knows what flows through the graph. Floats, arrays and formulas share every line of it. An engine
for another kind of number subclasses `Node`, says in `Operator.forward_on` how forward rules run on its numbers, and
may release a graph that a backward pass has used: an operator without inputs then stands in the node.
"""

from __future__ import annotations

from .naming import NO_NAMES, branching, formula

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from typing_extensions import Self


class Operator:
    """A function with its derivative: the only thing a new operator has to say is below.

    symbol      how it is written: "*" stands between its operands, "exp" before them
    forward     forward(*xs) -> out, on plain numbers
    partials    one rule per input, rule(out, *xs) -> d out / d x_i, made of arithmetic and other operators only,
                so that it runs on numbers, arrays, nodes and symbols alike

    An instance is the function itself: `exp(x)` takes a float or anything that can apply an operator to itself
    (a `Value`, for one). An operator whose contributions are not local x upstream defines `pull` instead of `partials`.
    """

    symbol = ""
    symmetric = False  # whether the order of its operands does not matter
    partials: tuple[Callable[..., Any], ...] = ()
    forward_keeping: Callable[..., Any]  # where `keeps` is true
    has_locals = False  # whether all that it contributes is local x upstream, by its own partials or `locals`
    forward_has_self = False  # whether the forward rule reads what the operator was made with
    forward_on: dict[type, Any] = {}  # {type of operand: function(op, *xs)}; the tensor engine enters its kernels

    # What else a class may say of its operators; most have no need of it.
    postfix = False  # whether `formula` writes it behind its operand: x.T, x.sum(axis=0)
    elementwise = True  # whether on arrays it does the same to every element, and broadcasts
    implied = False  # whether elementwise operators do it to their operands unasked, so that formulas leave it out
    moves = False  # whether it only moves the elements of arrays about
    stable: dict[str, str] = {}  # what to write instead where it gives NaN or infinity, by what made its operand
    lists = 1  # how many lists of one length its operands are: 2 for dot([w1, w2], [x1, x2])
    keeps = False  # whether `forward_keeping(*xs)` gives, beside out, what `pull` takes for the node to have kept
    matrix_product = False  # whether its first two operands are multiplied as matrices: people transpose one of them
    logarithmic = False  # whether a natural log is taken in it, which people may take to another base

    def forward(*xs: Any) -> Any:
        raise TypeError("an operator needs a forward rule")

    def __init_subclass__(cls) -> None:
        if not cls.forward_has_self:
            cls.forward = staticmethod(cls.forward)  # whether it is math.exp, a lambda or a def
        if not isinstance(cls.partials, tuple):
            raise TypeError(f"{cls.__name__}.partials must be a tuple, one rule per input: is a comma missing?")
        if cls.partials and cls.pull is not Operator.pull:
            raise TypeError(f"{cls.__name__} has partials and a pull of its own: which of them is its derivative?")
        cls.has_locals = cls.pull is Operator.pull and (bool(cls.partials) or cls.locals is not Operator.locals)
        if cls.symbol and cls.__init__ is object.__init__:
            cls.__new__ = staticmethod(only_instance)
        elif cls.__new__ is not object.__new__:
            cls.__new__ = staticmethod(new_instance)

    def apply(self, *inputs: Any) -> Any:
        """op(*inputs), on whatever the inputs are; of an operator that is called with lists, on their elements."""
        if self.partials and len(self.partials) != len(inputs):
            raise TypeError(f"{self.name}: has {len(self.partials)} partials and was given {len(inputs)} inputs")
        refused = False
        for x in inputs:
            apply_operator = getattr(x, "apply_operator", None)
            if apply_operator is not None:
                out = apply_operator(self, *inputs)
                if out is not NotImplemented:
                    return out
                refused = True
        if refused:
            raise TypeError(f"{self.name}: cannot be applied to ({', '.join(type(x).__name__ for x in inputs)})")
        for x in inputs:
            if type(x) in self.forward_on:
                return self.forward_on[type(x)](self, *inputs)
        return self.forward(*inputs)

    __call__ = apply

    def locals(self, out: Any, *xs: Any, needs: Sequence[bool]) -> Any:
        """The local derivatives d out / d x_i, one per input; None where there is none or `needs` says no to it."""
        if not self.partials:
            return [None] * len(needs)
        try:
            return [rule(out, *xs) if need else None for rule, need in zip(self.partials, needs)]
        except (TypeError, ValueError) as error:
            told = branching(self, error)
            if told is None:
                raise
            raise told from error

    def pull(self, upstream: Any, out: Any, *xs: Any, needs: Sequence[bool]) -> Any:
        """What the gradient `upstream` of `out` contributes to each input's gradient: local x upstream."""
        if not self.has_locals:
            raise TypeError(f"{self.name}: has neither partials nor a pull, so it has no derivative")
        return [None if local is None else times(local, upstream) for local in self.locals(out, *xs, needs=needs)]

    @property
    def name(self) -> str:
        """What to call it: "sigmoid", "multiply"."""
        return type(self).__name__.lower() if self.infix else self.symbol

    def formula(self, *operands: str) -> str:
        """The operator applied to operands that are written already: "a * b", "-a", "sigmoid(k)"."""
        if not self.infix:
            return f"{self.symbol}({', '.join(operands)})"
        return f" {self.symbol} ".join(operands) if len(operands) > 1 else self.symbol + operands[0]

    @property
    def infix(self) -> bool:
        """Whether the symbol stands between operands (or before a single one) instead of before parentheses."""
        return not self.symbol.isidentifier()

    def __repr__(self) -> str:
        return self.name


def only_instance(cls: Any) -> Any:
    """The one instance of a class of operators that are made with nothing, however often it is made or unpickled."""
    if "instance" not in vars(cls):
        cls.instance = object.__new__(cls)
    return cls.instance


def new_instance(cls: Any, *made_with: Any, **by_name: Any) -> Any:
    return object.__new__(cls)


def times(local: Any, upstream: Any) -> Any:
    """local * upstream, with no trace in a graph of a factor that is 1 or -1; None there if it is 0."""
    for number, other in ((local, upstream), (upstream, local)):
        if type(number) is float:
            if number == 1:
                return other
            if number == -1:
                return -other
            if number == 0 and isinstance(other, Node):
                return None
    return local * upstream


class Node:
    """One value in a graph: what it is, and how it was made.

    data            the value, computed in the forward pass
    grad            d root / d node, stored by `backward`; None as long as it has not been computed
    op, inputs      the operator that made it and, in order, what it was applied to; None and () for a leaf. An
                    operator without inputs says that a backward pass has released the graph behind the node. Each
                    engine keeps inputs in its own way; they read as a tuple
    out, x, y       data of the node and of its inputs as the operator had and made them, on which the backward pass
                    runs; what the operator keeps is behind the inputs, and all are in x if they are more than two
    label           its name, for people; "layer1/neuron2/k" puts it into the groups layer1 and layer1/neuron2
    requires_grad   False for data and constants, and for what depends on nothing else

    Nodes are equal by identity, and are ordered by their data; a number is equal to what holds it. A node holds its
    inputs and nothing holds a node back, so that a graph is freed the moment its root goes.
    """

    __slots__ = ("data", "grad", "op", "out", "x", "y", "label", "requires_grad", "__weakref__")

    data: Any
    grad: Any
    op: Operator | None
    inputs: tuple[Node, ...]
    out: Any
    x: Any
    y: Any
    label: str
    requires_grad: bool
    require_untouched: Callable[[], None]  # where `mutable` is true

    unit: Any = 1.0  # d root / d root
    mutable = False  # whether data may change in place: then `require_untouched` says so before the backward pass
    further_slips: Any = None  # what people do wrong with this kind of number, for `check_steps` (a module)

    def __init__(self, data: Any, label: str, requires_grad: bool) -> None:
        """A leaf. What operators make is put together in `apply_operator`, where every microsecond counts."""
        self.data = data
        self.grad = None
        self.op = None
        self.label = label
        self.requires_grad = requires_grad

    def zero_grad(self) -> None:
        """Forget the gradients of this node and of every node behind it."""
        for node in recorded_order(self):
            node.grad = None

    def __deepcopy__(self, memo: Any) -> Self:
        if self.inputs:
            raise TypeError(
                f"deepcopy: {self.describe()} is computed, and its copy would be cut off from the leaves behind it; "
                f"use the node itself as often as you like, or copy leaves and compute it again"
            )
        data, grad = (x.copy() if hasattr(x, "copy") else x for x in (self.data, self.grad))
        return restored(type(self), data, grad, self.op, (), self.label, self.requires_grad)

    def __reduce__(self) -> Any:
        """Pickled whole, however deep: what is behind the node goes in a list, inputs first, each by its place."""
        if not self.inputs:
            return restored, (type(self), self.data, self.grad, self.op, (), self.label, self.requires_grad)
        order = topological_order(self)
        places = {node: i for i, node in enumerate(order)}
        states = [
            (type(x), x.data, x.grad, x.op, [places[y] for y in x.inputs], x.label, x.requires_grad, x.out, x.x, x.y)
            if x.inputs
            else x
            for x in order
        ]
        return restored_graph, (states,)

    def named(self, label: str) -> Self:
        """Give this node a label, and return it."""
        self.label = label
        return self

    def __eq__(self, other: object) -> bool:
        return self.data == other if type(other) in (int, float) else self is other

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> bool:
        return self.data < data_of(other)

    def __le__(self, other: Any) -> bool:
        return self.data <= data_of(other)

    def __gt__(self, other: Any) -> bool:
        return self.data > data_of(other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= data_of(other)

    def describe(self, depth: int = 2, names: Mapping[Node, str] = NO_NAMES) -> str:
        """What to call this node: its name, or the formula that made it (`depth` operators deep), or its value.

        names       {node: name} of nodes that go by other names than their own
        """
        if self in names:
            return names[self]
        if self.label:
            return self.name
        if self.op is None:
            return self.constant
        return formula(self.op, self.inputs, depth - 1, names) if depth else f"{self.op.name}(...)"

    def formula(self, depth: int = 2, names: Mapping[Node, str] = NO_NAMES) -> str:
        """The operator that made this node, applied to the descriptions of its inputs: "W11 * x1"."""
        return formula(self.op, self.inputs, depth, names)

    @property
    def operands(self) -> Any:
        """Data of the inputs as the operator had it: rules run on it, whatever has been assigned to nodes since.

        If the operator `keeps` something, that is behind them.
        """
        n = len(self.inputs) + self.op.keeps
        return self.x if n > 2 else (self.x, self.y)[:n]

    @property
    def constant(self) -> str:
        """What to call it if it is a leaf without a label: its number."""
        return self.brief(self.data)

    @property
    def name(self) -> str:
        """The label without its groups."""
        return self.label.rpartition("/")[2] or self.label

    @staticmethod
    def brief(quantity: Any) -> str:
        """A value or gradient in a word or two, for a picture or a sentence."""
        return str(quantity)


def restored(kind: Any, data: Any, grad: Any, op: Any, inputs: Any, label: str, requires_grad: bool) -> Any:
    """The node of a class with these attributes."""
    node = kind(data, label, requires_grad)
    node.grad, node.op, node.inputs = grad, op, inputs
    return node


def restored_graph(states: list[Any]) -> Node:
    """The root of a pickled graph, from its leaves and the states of what is computed."""
    nodes: list[Node] = []
    for state in states:
        if not isinstance(state, Node):
            kind, data, grad, op, places, *rest, out, x, y = state
            state = restored(kind, data, grad, op, tuple([nodes[i] for i in places]), *rest)
            state.out, state.x, state.y = out, x, y
        nodes.append(state)
    return nodes[-1]


def data_of(x: Any) -> Any:
    return x.data if isinstance(x, Node) else x


def topological_order(root: Node, leaves: Collection[Node] = ()) -> list[Node]:
    """Every node behind `root`, and `root`: inputs before what is made of them, each node once.

    A depth-first search that keeps its own stack, so that no chain is too long for it. `leaves` are not looked behind.
    """
    order, seen = [], {root}
    path, pending = [root], [iter(root.inputs)]
    while path:
        for node in pending[-1]:
            if node not in seen:
                seen.add(node)
                inputs = node.inputs
                if inputs and node not in leaves:
                    path.append(node)
                    pending.append(iter(inputs))
                    break
                order.append(node)
        else:
            pending.pop()
            order.append(path.pop())
    return order


def recorded_order(root: Node) -> list[Node]:
    """The topological order of a graph of which nothing has been released; RuntimeError otherwise."""
    order = topological_order(root)
    for node in order:
        if not node.inputs and node.op is not None:
            raise released(node, root)
    return order


def released(node: Node, root: Node) -> RuntimeError:
    """The error for a graph whose interior a backward pass has released, and the way to keep it."""
    name, by = node.name or root.name or "this node", getattr(node.op, "by", "an earlier backward pass")
    return RuntimeError(f"the graph behind {name} has been released by {by}; backward(keep=True) there keeps it")


def plain_backward_pass(root: Node) -> dict[Node, Any]:
    """The backward pass as one would write it down: {node: d root / d node}. `backward_pass` does the same, faster."""
    gradients = {root: root.unit}
    for node in reversed(topological_order(root)):
        if node.inputs and node in gradients:
            needs = [x.requires_grad for x in node.inputs]
            contributions = node.op.pull(gradients[node], node.out, *node.operands, needs=needs)
            for x, contribution in zip(node.inputs, contributions):
                if x.requires_grad and contribution is not None:
                    gradients[x] = gradients[x] + contribution if x in gradients else contribution
    return gradients
