"""What a step says: an operator applied to names, to numbers and to shapes, and the derivative rule written out.

No rule is written a second time here. A local derivative is the operator's own rule, run on names; the rule of an array
operator is its `pull`, run on Tensors with names, whose graph is the formula.
"""

from collections import Counter

import numpy as np

from scalar_engine.formulas.symbol import Application, Number, Product, Symbol, symbol
from scalar_engine.operators import Dot, multiply, power
from tensor_engine import Tensor, modes, operators, rearranging
from tensor_engine.array_operator import ArrayOperator

LONGEST = 9  # operands in a formula; of more, the first ones and the last are written
FEW = 3  # operands in the description of a node without a name; of more, the first and the last
WIDE = 160  # letters of operands, beyond which a formula too has but FEW of them
DEPTH = 2  # operators in the description of a node without a name; a formula goes one deeper


class Names:
    """What formulas call the nodes of a graph.

    A node goes by its label without the groups, or with them ("layer1.W") where two nodes would share the name; without
    a label, by the formula that made it. A root without a label is "out".
    """

    def __init__(self, nodes):
        self.root = nodes[-1]
        prefixes: dict = {}  # {name without an element's place: the groups that have it}
        for node in nodes:
            if node.label:
                prefixes.setdefault(without_place(node.name), Counter())[node.label.rpartition("/")[0]] += 1
        self.short = {
            node: node.name if len(prefixes[without_place(node.name)]) == 1 else node.label.replace("/", ".")
            for node in nodes
            if node.label
        }
        self.short.setdefault(self.root, "out")
        self.written: dict = {}

    def __getitem__(self, node):
        return self.short[node] if node in self.short else write(node, self.short, DEPTH)

    def derivative(self, node):
        """ "dl/dk1", "dl/d(a * b)" """
        return f"d{self[self.root]}/d{self[node]}" if node in self.short else f"d{self[self.root]}/d({self[node]})"

    def operand(self, node):
        """A node within a formula: without a label, in parentheses."""
        is_formula = node not in self.short and node.op is not None and node.op.infix
        return f"({self[node]})" if is_formula else self[node]

    def locals(self, node):
        """The local derivatives of a node, written with the names of its inputs; made once for all of them."""
        if node not in self.written:
            self.written[node] = local_formulas(node, self)
        return self.written[node]

    def formula(self, node):
        """The operator that made a node, applied to the names of its inputs: "W11 * x1"."""
        return write_operator(node, self.short, DEPTH + 1)


def without_place(name):
    """ "W[0, 1]" -> "W" """
    return name.partition("[")[0]


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
        x = before_broadcast(x, node.op, names)
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
    return applied(node.op, operands, FEW if 0 <= depth <= DEPTH else LONGEST)


def before_broadcast(x, op, names):
    """What an operand was before it was broadcast, for an elementwise operator: those broadcast by themselves."""
    is_written = type(x.op) is not rearranging.BroadcastTo or x in names or x.label or isinstance(op, ArrayOperator)
    return x if is_written else x.inputs[0]


def constant(node):
    """A leaf without a name: its number, or what kind of array it is."""
    data = node.data
    if np.size(data) == 1:
        return node.brief(data)
    is_one_hot = np.ndim(data) == 2 and np.isin(data, (0, 1)).all() and (np.sum(data, axis=1) == 1).all()
    return "one_hot" if is_one_hot else f"array{np.shape(data)}"


def in_numbers(node):
    """The operator that made a node, applied to numbers: "1 * (-1)"; to shapes: "(64, 784) @ (784, 300)"."""
    shown = [before_broadcast(x, node.op, {}) for x in node.inputs]
    return applied(node.op, signed(node.op, [node.brief(x.data) for x in shown]))


def signed(op, numbers):
    """Numbers as operands: the negative ones in parentheses, but for the first of a sum or a product."""
    is_safe = not op.infix or (len(numbers) > 1 and op is not power)
    return [
        f"({number})" if number.startswith("-") and not (is_safe and (i == 0 or not op.infix)) else number
        for i, number in enumerate(numbers)
    ]


def applied(op, operands, longest=LONGEST):
    """The operator applied to operands in writing; of a list of more than `longest`, the first third and the last."""
    if isinstance(op, Dot):
        n = len(operands) // 2
        first, second = shortened(operands[:n], longest), shortened(operands[n:], longest)
        return op.formula(*first, *second)
    write_call = METHODS.get(type(op)) or FUNCTIONS.get(type(op))
    return write_call(op, *operands) if write_call else op.formula(*shortened(operands, longest))


def shortened(operands, longest):
    if len(operands) > FEW and sum(map(len, operands)) > WIDE:
        longest = FEW
    return operands if len(operands) <= longest else [*operands[: longest // 3], "...", operands[-1]]


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
    operators.SumOver: over_axis,
    operators.MeanOver: over_axis,
    operators.MaxOver: over_axis,
    operators.MinOver: over_axis,
}
FUNCTIONS = {
    rearranging.BroadcastTo: lambda op, x: f"broadcast_to({x}, {op.shape})",
    rearranging.SumTo: lambda op, x: f"sum_to({x}, {op.shape})",
}


# ---- derivatives

UNDEFINED = (ArithmeticError, AttributeError, TypeError, ValueError)  # what a rule made for numbers only may raise
FIRST_MARK, LAST_MARK = 0x20000, 0x2A6D6  # rare letters of Unicode: names for Symbols that no operator has in its own


def contribution_formula(step, names):
    """What a backward step adds, in names and in numbers (or shapes).

    ("dl/dh1 * h1 * (1 - h1)", "0 * 0.105"), ("X.T @ dL/dY", "(784, 64) @ (64, 300)")
    """
    node, upstream, brief = step.node, names.derivative(step.node), step.node.brief
    if step.local is not None:
        rule = f"{upstream} * {names.locals(node)[step.position]}"
        return rule, applied(multiply, signed(multiply, [brief(step.upstream), brief(step.local)]))
    if isinstance(node.op, ArrayOperator):
        made = pull_on_tensors(step, names)
        if made is not None:
            return write(made, {}, depth=-1), in_numbers(made) if made.inputs else brief(made.data)
    else:
        mark = Symbol(chr(LAST_MARK))
        made, words = on_symbols(node, names, lambda *xs, needs: node.op.pull(mark, *xs, needs=needs))
        if made:
            return str(symbol(made[step.position])).translate(words | {LAST_MARK: upstream}), ""
    return f"{node.op.name}.pull({upstream})", brief(step.upstream)


def local_formulas(node, names):
    """d node / d input of each input in names, as factors: "h1 * (1 - h1)", "(1 / x)"; None where there is none."""
    made, words = on_symbols(node, names, node.op.locals)
    if not made:
        return [f"(d {node.op.name} / d input {i})" for i in range(1, len(node.inputs) + 1)]
    return [None if local is None else factor(symbol(local)).translate(words) for local in made]


def on_symbols(node, names, rule):
    """rule(out, *inputs, needs=...) run on marks for a node and its inputs, and the names of the marks for `translate`.

    The names may hold anything, and two may be alike. None instead of a result if the rule takes numbers only.
    """
    marks: dict = {}
    for x in (node, *node.inputs):
        marks.setdefault(x, Symbol(chr(FIRST_MARK + len(marks))))
    operands = [float(x.data) if is_number(x) else marks[x] for x in node.inputs]
    words = {ord(mark.name): names.operand(x) for x, mark in marks.items()}
    try:
        return rule(marks[node], *operands, needs=[x.requires_grad for x in node.inputs]), words
    except UNDEFINED:
        return None, words


def is_number(x):
    """Whether an input is a constant that is written in full: the 2 of x ** 2, with which a rule may reckon."""
    is_constant = x.op is None and not x.label and not x.requires_grad and np.size(x.data) == 1
    return is_constant and float(x.brief(x.data)) == float(x.data)


def factor(formula):
    """A formula as one factor of a product, in parentheses where it needs them."""
    text = str(formula)
    is_product = isinstance(formula, Product) and min(formula.parts.values()) > 0
    is_call = isinstance(formula, Application) and not formula.op.infix
    is_bare = is_product or is_call or isinstance(formula, Number) or type(formula) is Symbol
    return text if is_bare and not text.startswith("-") else f"({text})"


def pull_on_tensors(step, names):
    """What the operator's `pull` gives for one input, as a Tensor with its graph; None if it runs on arrays only."""
    node = step.node
    named = {x: Tensor(np.asarray(x.data), names[x], requires_grad=True) for x in (*node.inputs, node)}
    upstream = Tensor(np.asarray(step.upstream), names.derivative(node), requires_grad=True)
    needs = [i == step.position for i in range(len(node.inputs))]
    before, modes.recording = modes.recording, True
    try:
        return node.op.pull(upstream, named[node], *[named[x] for x in node.inputs], needs=needs)[step.position]
    except UNDEFINED:
        return None
    finally:
        modes.recording = before
