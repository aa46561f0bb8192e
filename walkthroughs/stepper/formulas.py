"""What a step says: an operator applied to names, to numbers and to shapes, and the derivative rule written out.

No rule is written a second time here. A local derivative is the operator's own rule, run on names; the rule of an array
operator is its `pull`, run on Tensors with names, whose graph is the formula.
"""

from scalar_engine.formulas.symbol import Application, Number, Product, Symbol, symbol
from scalar_engine.formulas.writing import Text
from scalar_engine.naming import LONG, operand_of, reads_as_quotient, shortened, unique_names
from scalar_engine.operators import multiply, power
from walkthroughs.drawing.groups import groups_of

from .quantities import is_of_arrays

UNDEFINED = (ArithmeticError, AttributeError, TypeError, ValueError)  # what a rule made for numbers only may raise


class Names(dict):
    """{node: what formulas call it}, no two alike: as `unique_names` has them, and "out" for a root without a label."""

    def __init__(self, nodes):
        super().__init__(unique_names(nodes, grouped=groups_of(nodes), most=LONG))
        self.root = nodes[-1]
        self.rules = {}  # {node: its local derivatives, or what its `pull` gives, made once for all its inputs}
        self.formulas = {}  # {node: its local derivatives as Symbols, and {node: Symbol} of what is in them}
        if not self.root.label and "out" not in self.values():
            self[self.root] = "out"

    def is_formula(self, node):
        """Whether what a node is called is the formula that made it, and not a name."""
        return bool(node.inputs) and not node.label and self[node] != "out"

    def derivative(self, node):
        """ "dl/dk1", "dl/d(a * b)" """
        return f"d{self.closed(self.root)}/d{self.closed(node)}"

    def closed(self, node):
        """A node behind a d, in parentheses where more than a name stands there."""
        return f"({self[node]})" if self.is_formula(node) or {"/", " "} & {*self[node]} else self[node]

    def operand(self, node):
        """A node within a formula: without a name, in parentheses where they may be needed."""
        needs = node.op.infix if self.is_formula(node) else reads_as_quotient(self[node])
        return f"({self[node]})" if needs else self[node]

    def locals(self, node):
        """d node / d input of each input in names, as factors: "h1 * (1 - h1)", "(1 / x)"; None where there is none."""
        if node not in self.rules:
            made, writer, marks = on_symbols(node, self, node.op.locals)
            self.formulas[node] = made or [], marks
            unknown = [f"(d {node.op.name} / d input {i})" for i in range(1, len(node.inputs) + 1)]
            self.rules[node] = [factor(x, writer) for x in made] if made else unknown
        return self.rules[node]

    def local_formulas(self, node):
        """(the same as Symbols, {node: Symbol}); an empty list where there are none."""
        self.locals(node)
        return self.formulas[node]

    def pulled(self, node):
        """What a node's `pull` gives to each input, as Symbols, and what writes them; None where it has no Symbols."""
        if node not in self.rules:
            given = Symbol("upstream")
            made, writer, _ = on_symbols(node, self, lambda *xs, needs: node.op.pull(given, *xs, needs=needs))
            writer.put_in[given] = self.derivative(node)
            self.rules[node] = made, writer
        return self.rules[node]


def in_numbers(node):
    """The operator that made a node, applied to numbers: "1 * (-1)"; to shapes: "(64, 784) @ (784, 300)"."""
    return applied(node.op, [node.brief(operand_of(node.op, x).data) for x in node.inputs])


def applied(op, numbers):
    """An operator applied to numbers; the negative ones in parentheses, but for the first of a sum or a product."""
    is_safe = not (op.infix or op.postfix) or (op.infix and len(numbers) > 1 and op is not power)
    operands = [
        f"({number})" if number.startswith("-") and not (is_safe and (i == 0 or not op.infix)) else number
        for i, number in enumerate(numbers)
    ]
    return op.formula(*shortened(operands, op.lists))


# ---- derivatives


def contribution_formula(step, names):
    """What a backward step adds, in names and in numbers (or shapes).

    ("dl/dh1 * h1 * (1 - h1)", "0 * 0.105"), ("X.T @ dL/dY", "(784, 64) @ (64, 300)")
    """
    node, upstream, brief = step.node, names.derivative(step.node), step.node.brief
    if step.local is not None:
        rule = f"{upstream} * {names.locals(node)[step.position]}"
        return rule, applied(multiply, [brief(step.upstream), brief(step.local)])
    if is_of_arrays(node):
        from .arrays.pulls import formula_on_tensors  # with NumPy, which numbers do without

        found = formula_on_tensors(step, names)
    else:
        found = formula_on_symbols(step, names)
    return found or (f"{node.op.name}.pull({upstream})", brief(step.upstream))


def formula_on_symbols(step, names):
    """(formula, "") of what a `pull` on Symbols gives to one input; None where it has no Symbols."""
    made, writer = names.pulled(step.node)
    return (writer.formula(symbol(made[step.position])), "") if made else None


def on_symbols(node, names, rule):
    """rule(out, *inputs, needs=...) on a Symbol for a node and each input, a writer that has their names to put in, and
    {node: Symbol}.

    The names may hold anything, and two may be alike. None instead of a result if the rule takes numbers only.
    """
    marks = {x: Symbol(f"x{i}") for i, x in enumerate(dict.fromkeys((node, *node.inputs)))}
    writer = Text()
    writer.put_in = {mark: names.operand(x) for x, mark in marks.items()}
    operands = [float(x.data) if is_number(x) else marks[x] for x in node.inputs]
    try:
        return rule(marks[node], *operands, needs=[x.requires_grad for x in node.inputs]), writer, marks
    except UNDEFINED:
        return None, writer, marks


def is_number(x):
    """Whether an input is a constant that is written in full: the 2 of x ** 2, with which a rule may reckon."""
    is_constant = x.op is None and not x.label and not x.requires_grad and not getattr(x.data, "shape", ())
    return is_constant and float(x.brief(x.data)) == float(x.data)


def factor(local, writer):
    """A local derivative as one factor of a product, in parentheses where it needs them; None if there is none."""
    if local is None:
        return None
    formula = symbol(local)
    text = writer.formula(formula)
    is_product = isinstance(formula, Product) and min(formula.parts.values()) > 0
    is_call = isinstance(formula, Application) and not formula.op.infix
    is_bare = is_product or is_call or isinstance(formula, Number) or type(formula) is Symbol
    return text if is_bare and not text.startswith("-") else f"({text})"
