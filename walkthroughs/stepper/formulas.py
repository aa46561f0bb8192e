"""What a step says: an operator applied to names, to numbers and to shapes, and the derivative rule written out.

No rule is written a second time here. A local derivative is the operator's own rule, run on names; the rule of an array
operator is its `pull`, run on Tensors with names, whose graph is the formula.
"""

from collections import Counter

import numpy as np

from scalar_engine import Value
from scalar_engine.graph import Node
from scalar_engine.operators import Dot, multiply, power
from tensor_engine import Tensor, modes, operators, rearranging
from tensor_engine.kernels import ArrayOperator

LONGEST = 8  # operands in a formula; of more, the first ones and the last are written
DEPTH = 2  # operators in the description of a node without a name


class Names:
    """What formulas call the nodes of a graph.

    A node goes by its label without the groups, or with them ("layer1.W") where two nodes would share the name; without
    a label, by the formula that made it. A root without a label is "out".
    """

    def __init__(self, nodes):
        self.root = nodes[-1]
        bearers = Counter(node.name for node in nodes)
        self.short = {
            node: node.name if bearers[node.name] == 1 else node.label.replace("/", ".") for node in nodes if node.label
        }
        self.short.setdefault(self.root, "out")

    def __getitem__(self, node):
        return self.short[node] if node in self.short else write(node, self.short, DEPTH)

    def derivative(self, node):
        """ "dl/dk1", "dl/d(a * b)" """
        return f"d{self[self.root]}/d{self[node]}" if node in self.short else f"d{self[self.root]}/d({self[node]})"

    def formula(self, node):
        """The operator that made a node, applied to the names of its inputs: "W11 * x1"."""
        return write_operator(node, self.short, DEPTH)


def write(node, names, depth):
    """A node by its name, or else by the formula that made it, `depth` operators deep."""
    if node in names or node.label:
        return names.get(node, node.label)
    if node.op is None:
        return constant(node)
    return write_operator(node, names, depth) if depth else f"{node.op.name}(...)"


def write_operator(node, names, depth):
    operands = []
    for x in node.inputs:
        is_named = x in names or x.label
        if type(x.op) is rearranging.BroadcastTo and not is_named and not isinstance(node.op, ArrayOperator):
            x = x.inputs[0]  # elementwise operators broadcast by themselves
            is_named = x in names or x.label
        text = write(x, names, depth - 1)
        is_formula = not is_named and x.op is not None and x.op.infix and depth != 1
        is_quotient = is_named and "/" in text
        chained = is_formula and x.op is node.op and node.op.symmetric
        if type(node.op) in METHODS:
            text = f"({text})" if is_formula or is_quotient else text
        elif node.op.infix and not chained:
            text = f"({text})" if is_formula or text.startswith("-") else text
        operands.append(text)
    return applied(node.op, operands)


def constant(node):
    """A leaf without a name: its number, or what kind of array it is."""
    data = node.data
    if np.size(data) == 1:
        return node.brief(data)
    is_one_hot = np.ndim(data) == 2 and np.isin(data, (0, 1)).all() and (np.sum(data, axis=1) == 1).all()
    return "one_hot" if is_one_hot else f"array{np.shape(data)}"


def in_numbers(node):
    """The operator that made a node, applied to numbers: "1 * (-1)"; arrays give their shapes, "(64, 784) @ (784, 300)"."""
    return applied(node.op, signed(node.op, [node.brief(x.data) for x in node.inputs]))


def signed(op, numbers):
    """Numbers as operands: the negative ones in parentheses, but for the first of a sum or a product."""
    is_safe = not op.infix or (len(numbers) > 1 and op is not power)
    return [
        f"({number})" if number.startswith("-") and not (is_safe and (i == 0 or not op.infix)) else number
        for i, number in enumerate(numbers)
    ]


def applied(op, operands):
    """The operator applied to operands in writing; of a long list of them, only the first ones and the last."""
    if isinstance(op, Dot):
        n = len(operands) // 2
        first, second = shortened(operands[:n]), shortened(operands[n:])
        return op.formula(*first, *second)
    write_call = METHODS.get(type(op)) or FUNCTIONS.get(type(op))
    return write_call(op, *operands) if write_call else op.formula(*shortened(operands))


def shortened(operands):
    return operands if len(operands) <= LONGEST else [*operands[:3], "...", operands[-1]]


def over_axis(op, x):
    options = [] if op.axis is None else [f"axis={op.axis}"]
    return f"{x}.{op.symbol}({', '.join(options + ['keepdims=True'] * op.keepdims)})"


def transposed(op, x):
    reverses = len(op.axes) == 2 and tuple(axis % 2 for axis in op.axes) == (1, 0)
    return f"{x}.T" if reverses else f"{x}.transpose{tuple(op.axes)}"


# What NumPy writes as a method, and what takes more than its operands: {operator: function(op, *operands)}.
METHODS = {
    rearranging.Reshape: lambda op, x: f"{x}.reshape{tuple(op.shape)}",
    rearranging.Transpose: transposed,
    rearranging.Cast: lambda op, x: f"{x}.astype({np.dtype(op.dtype)})",
    operators.Sum: over_axis,
    operators.Mean: over_axis,
    operators.Max: over_axis,
    operators.Min: over_axis,
}
FUNCTIONS = {
    rearranging.BroadcastTo: lambda op, x: f"broadcast_to({x}, {op.shape})",
    rearranging.SumTo: lambda op, x: f"sum_to({x}, {op.shape})",
}


# ---- derivatives


def contribution_formula(step, names):
    """What a backward step adds, in names and in numbers (or shapes).

    ("dl/dh1 * h1 * (1 - h1)", "0 * 0.105"), ("X.T @ dL/dY", "(784, 64) @ (64, 300)")
    """
    node, upstream, brief = step.node, names.derivative(step.node), step.node.brief
    if step.local is not None:
        rule = f"{upstream} * {local_formula(node, step.position, names)}"
        return rule, applied(multiply, signed(multiply, [brief(step.upstream), brief(step.local)]))
    made = run_pull(step, names)
    if made is None:
        return f"{node.op.name}.pull({upstream})", brief(step.upstream)
    return write(made, {}, depth=-1), in_numbers(made) if made.inputs else brief(made.data)


def local_formula(node, position, names):
    """d node / d input in names: "h1 * (1 - h1)"."""
    named = {x: Value(0.5, names[x]) for x in (*node.inputs, node)}
    needs = [i == position for i in range(len(node.inputs))]
    local = node.op.locals(named[node], *[named[x] for x in node.inputs], needs=needs)[position]
    if not isinstance(local, Node):
        return f"({local:g})" if local < 0 else f"{local:g}"
    text = write(local, {}, depth=-1)
    return f"({text})" if not local.label and local.op.infix and local.op is not multiply else text


def run_pull(step, names):
    """What the operator's `pull` gives for one input, as a Tensor with its graph; None if it runs on arrays only."""
    node = step.node
    named = {x: Tensor(np.asarray(x.data), names[x], requires_grad=True) for x in (*node.inputs, node)}
    upstream = Tensor(np.asarray(step.upstream), names.derivative(node), requires_grad=True)
    needs = [i == step.position for i in range(len(node.inputs))]
    before, modes.recording = modes.recording, True
    try:
        return node.op.pull(upstream, named[node], *[named[x] for x in node.inputs], needs=needs)[step.position]
    except (AttributeError, TypeError, ValueError):
        return None
    finally:
        modes.recording = before
