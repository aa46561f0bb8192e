"""The computation graph: operators, the nodes they make, and the one backward pass.

Nothing in this file knows what flows through the graph. Floats, arrays and formulas share every line of it.
"""


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
    partials = ()
    forward_on: dict = {}  # {type: function(op, *xs)}: how forward rules run on operands of a type that is not a number

    def forward(*xs):
        raise TypeError("an operator needs a forward rule")

    def __init_subclass__(cls):
        cls.forward = staticmethod(cls.forward)  # a rule has no self, whether it is math.exp, a lambda or a def
        if not isinstance(cls.partials, tuple):
            raise TypeError(f"{cls.__name__}.partials must be a tuple, one rule per input: is a comma missing?")

    def __call__(self, *inputs):
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

    def locals(self, out, *xs, needs):
        """The local derivatives d out / d x_i, one per input; None where there is none or `needs` says no to it."""
        if not self.partials:
            return [None] * len(xs)
        return [rule(out, *xs) if need else None for rule, need in zip(self.partials, needs)]

    def pull(self, upstream, out, *xs, needs):
        """What the gradient `upstream` of `out` contributes to each input's gradient: local x upstream."""
        if not self.partials:
            raise TypeError(f"{self.name}: has neither partials nor a pull, so it has no derivative")
        return [None if local is None else times(local, upstream) for local in self.locals(out, *xs, needs=needs)]

    @property
    def name(self):
        """What to call it: "sigmoid", "multiply"."""
        return type(self).__name__.lower() if self.infix else self.symbol

    def formula(self, *operands):
        """The operator applied to operands that are written already: "a * b", "-a", "sigmoid(k)"."""
        if not self.infix:
            return f"{self.symbol}({', '.join(operands)})"
        return f" {self.symbol} ".join(operands) if len(operands) > 1 else self.symbol + operands[0]

    @property
    def infix(self):
        """Whether the symbol stands between operands (or before a single one) instead of before parentheses."""
        return not self.symbol.isidentifier()

    def __repr__(self):
        return self.name


def times(local, upstream):
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
                    operator without inputs says that a backward pass has released the graph behind the node
    label           its name, for people; "layer1/neuron2/k" puts it into the groups layer1 and layer1/neuron2
    requires_grad   False for data and constants, and for what depends on nothing else

    Nodes are equal by identity, and are ordered by their data. A node holds its inputs and nothing holds a node back,
    so that a graph is freed the moment its root goes.
    """

    __slots__ = ("data", "grad", "op", "inputs", "label", "requires_grad", "__weakref__")

    unit = 1.0  # d root / d root

    def __init__(self, data, label, requires_grad):
        """A leaf. What operators make is put together in `apply_operator`, where every microsecond counts."""
        self.data = data
        self.grad = None
        self.op = None
        self.inputs = ()
        self.label = label
        self.requires_grad = requires_grad

    def backward(self):
        """Compute d self / d node for every node behind this one and store it in `.grad`.

        Gradients of interior nodes belong to this pass and replace older ones; those of leaves accumulate over
        passes, until `zero_grad`. If a derivative does not exist, the pass raises and no gradient is changed.
        """
        if not self.requires_grad:
            raise ValueError(f"backward from {self.describe()}: it depends on nothing that requires a gradient")
        for node, gradient in gradients(self).items():
            if node.inputs or node.grad is None:
                node.grad = gradient
            else:
                node.grad = node.grad + gradient

    def zero_grad(self):
        """Forget the gradients of this node and of every node behind it."""
        for node in recorded_order(self):
            node.grad = None

    def named(self, label):
        """Give this node a label, and return it."""
        self.label = label
        return self

    def __lt__(self, other):
        return self.data < data_of(other)

    def __le__(self, other):
        return self.data <= data_of(other)

    def __gt__(self, other):
        return self.data > data_of(other)

    def __ge__(self, other):
        return self.data >= data_of(other)

    def describe(self, depth=2):
        """What to call this node: its label, or the formula that made it (`depth` operators deep), or its value."""
        if self.label:
            return self.name
        if self.op is None:
            return self.brief(self.data)
        if depth == 0 or len(self.inputs) > 6:
            return f"{self.op.name}(...)"
        return self.formula(depth - 1)

    def formula(self, depth=2):
        """The operator that made this node, applied to the descriptions of its inputs: "W11 * x1"."""
        return formula(self.op, self.inputs, depth)

    @property
    def name(self):
        """The label without its groups."""
        return self.label.rpartition("/")[2] or self.label

    @staticmethod
    def brief(quantity):
        """A value or gradient in a word or two, for a picture or a sentence."""
        return str(quantity)


def data_of(x):
    return x.data if isinstance(x, Node) else x


class Step:
    """One step through a graph: `node` was computed (forward), or it passed its gradient on to one input (backward).

    node            the node at work
    position        backward: which of its inputs receives; None for a forward step
    upstream        backward: d root / d node
    local           backward: d node / d input; None where the operator has no such factor (a matrix product)
    contribution    backward: what is added to the input's gradient
    """

    __slots__ = ("node", "position", "upstream", "local", "contribution")

    def __init__(self, node, position=None, upstream=None, local=None, contribution=None):
        self.node = node
        self.position = position
        self.upstream = upstream
        self.local = local
        self.contribution = contribution

    @property
    def input(self):
        """The node that receives; None for a forward step."""
        return None if self.position is None else self.node.inputs[self.position]

    def __repr__(self):
        node = self.node
        if self.position is None:
            return f"<forward: {node.describe()} = {node.brief(node.data)}>"
        return f"<backward: {node.describe()} adds {node.brief(self.contribution)} to {self.input.describe()}>"


def topological_order(root, leaves=()):
    """Every node behind `root`, and `root`: inputs before what is made of them, each node once.

    A depth-first search that keeps its own stack, so that no chain is too long for it. `leaves` are not looked behind.
    """
    order, seen = [], {root}
    path, pending = [root], [iter(root.inputs)]
    while path:
        for node in pending[-1]:
            if node not in seen:
                seen.add(node)
                if node.inputs and node not in leaves:
                    path.append(node)
                    pending.append(iter(node.inputs))
                    break
                order.append(node)
        else:
            pending.pop()
            order.append(path.pop())
    return order


def recorded_order(root):
    """The topological order of a graph of which nothing has been released; RuntimeError otherwise."""
    order = topological_order(root)
    for node in order:
        if not node.inputs and node.op is not None:
            raise released(node, root)
    return order


def released(node, root):
    """The error for a graph whose interior a backward pass has released, and the way to keep it."""
    name = node.name or root.name
    return RuntimeError(
        f"the graph behind {name or 'this node'} has been released by an earlier backward pass; "
        f"backward(keep=True) there keeps it"
    )


def backward_pass(root, watch=None, on=None, unit=None, leaves=(), revise=None):
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
    hurried = watch is None and on is None
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
        op, out = node.op, node.data
        try:
            # Two cases of the general one below, written out, for they are most of a graph and run three times as fast.
            if hurried and len(op.partials) == 2:
                (a, b), (by_a, by_b) = inputs, op.partials
                x, y = a.data, b.data
                if a.requires_grad:
                    contribution = by_a(out, x, y) * upstream
                    pending[a] = pending[a] + contribution if a in pending else contribution
                if b.requires_grad:
                    contribution = by_b(out, x, y) * upstream
                    pending[b] = pending[b] + contribution if b in pending else contribution
            elif hurried and len(op.partials) == 1:
                (a,), (by_a,) = inputs, op.partials
                contribution = by_a(out, a.data) * upstream
                pending[a] = pending[a] + contribution if a in pending else contribution
            else:
                needs = [x.requires_grad for x in inputs]
                if on is None:
                    xs = [x.data for x in inputs]
                else:
                    out, xs = on(node), [on(x) for x in inputs]
                contributions = op.pull(upstream, out, *xs, needs=needs)
                for x, contribution, need in zip(inputs, contributions, needs):
                    if need and contribution is not None:
                        pending[x] = pending[x] + contribution if x in pending else contribution
                locals_ = op.locals(out, *xs, needs=needs) if watch else ()
        except (ArithmeticError, ValueError) as error:
            raise undefined(op, inputs, error, "the derivative of ") from error
        if watch is not None:
            for position, local in enumerate(locals_):
                if needs[position]:
                    watch(Step(node, position, upstream, local, contributions[position]))
        yield node, upstream


def gradients(root, watch=None):
    """A dict {node: d root / d node} of every node that takes a gradient. Stores none in a node."""
    return dict(backward_pass(root, watch))


def grad(root, wrt, create_graph=False):
    """d root / d node for a node `wrt`, or a list of them for a list: as data, or with `create_graph` as nodes.

    Such a node is made of the nodes of the graph, by the operators' own rules, so that it can be drawn, evaluated and
    differentiated again. Stores nothing in a node. The derivative by what `root` does not depend on is 0.

    >>> x = Value(2.0, "x")
    >>> slope = grad(x**3, x, create_graph=True)
    >>> slope.data, grad(slope, x)
    (12.0, 12.0)
    """
    wanted = wrt if isinstance(wrt, (list, tuple)) else [wrt]
    if create_graph:
        unit = root.unit if type(root.unit) is float else type(root)(root.unit, requires_grad=False)
        found = dict(backward_pass(root, on=lambda x: x if x.requires_grad or x.label else x.data, unit=unit))
        name_gradients(root, found)
    else:
        found = gradients(root)
    result = [found.get(node, 0.0 * node.unit) for node in wanted]
    if create_graph:
        result = [x if isinstance(x, Node) else type(root)(x, requires_grad=False) for x in result]
    return result if isinstance(wrt, (list, tuple)) else result[0]


def name_gradients(root, found):
    """Label the gradients that a pass has made, {node: its gradient}: "backward/dl_dk1" is the gradient of k1."""
    forward = set(topological_order(root))
    for node, gradient in found.items():
        if node.label and isinstance(gradient, Node) and gradient.op and not gradient.label and gradient not in forward:
            gradient.label = f"backward/d{root.name}_d{node.name}"


def steps(root):
    """Both passes as a list of `Step`s: each operator as it is applied, then each contribution as it is passed back.

    Nothing is stored in the graph.
    """
    backward = []
    gradients(root, watch=backward.append)
    return [Step(node) for node in topological_order(root) if node.inputs] + backward


def formula(op, inputs, depth=2):
    """op(*inputs) in writing, each input as it describes itself."""
    operands = []
    for x in inputs:
        text = x.describe(depth)
        bare = x.label or not op.infix or not (text.startswith("-") or x.op and x.op.infix and depth > 0)
        operands.append(text if bare else f"({text})")
    return op.formula(*operands)


def undefined(op, inputs, error, what=""):
    """The error for a value that does not exist: "log: log(y2) does not exist at y2 = 0 (math domain error)"."""
    kind = next(
        kind for kind in (ZeroDivisionError, OverflowError, ArithmeticError, ValueError) if isinstance(error, kind)
    )
    known = [f"{x.label or x.describe()} = {x.brief(x.data)}" for x in inputs if x.label or x.op]
    where = f" at {', '.join(dict.fromkeys(known))}" if known else ""
    return kind(f"{op.name}: {what}{formula(op, inputs)} does not exist{where} ({error})")
