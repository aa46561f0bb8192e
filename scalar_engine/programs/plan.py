"""What a plan is: a program as statements `target = formula`, whose formulas are Symbols made of Variables.

Nothing in it knows how a program is written; that is a style's affair (writer.py). How a plan is made: planner.py.
"""

from ..formulas.symbol import Number, Symbol


class Variable(Symbol):
    """What a statement gives a value to. No two are equal, whatever they are called.

    name    what to call it, as far as may be; "v" if it has no name
    named   whether it has one, the label of a node
    by      the variable by which it is the root's derivative; None if it is none
    """

    __slots__ = ("named", "by")

    __eq__, __hash__ = object.__eq__, object.__hash__

    def __init__(self, name="", by=None):
        self.name = f"d{by.name}" if by else name or "v"
        self.tex = ""
        self.named = bool(name)
        self.by = by


class Statement:
    """target = formula, or target += formula if it `adds`.

    source      of what an operator's rule passes on in the backward pass: the statement that applies the operator
    """

    __slots__ = ("target", "formula", "adds", "source")

    def __init__(self, target, formula, adds=False, source=None):
        self.target = target
        self.formula = formula
        self.adds = adds
        self.source = source

    def __repr__(self):
        return f"{self.target} {'+=' if self.adds else '='} {self.formula}"


class Plan:
    """What a program does, in order.

    inputs, parameters  the Variables that it is given
    forward             Statements, most of them target = op(operands), an operand being a Variable or a Number
    value               the Variable of the root; or its Number, if it is known
    backward            Statements of the root's derivatives, by the operators' rules
    gradients           the Variable or Number of the derivative by each parameter
    operators           those that occur in formulas; arithmetic does not, for it is written with + - * / and **
    noted               further Variables of the forward pass that the program gives, beside the root's
    """

    def __init__(self, inputs, parameters, forward, value, backward, gradients, operators, noted=()):
        self.inputs = inputs
        self.parameters = parameters
        self.forward = forward
        self.value = value
        self.backward = backward
        self.gradients = gradients
        self.operators = operators
        self.noted = noted


def is_flat(formula):
    """Whether a formula is made of nothing but Variables and Numbers, or is one of them."""
    return {Variable, Number}.issuperset(map(type, formula.inner))


def variables_in(formula):
    """The Variables of a formula, one that occurs twice maybe twice."""
    if type(formula) is Variable:
        yield formula
    for x in formula.inner:
        yield from variables_in(x)
