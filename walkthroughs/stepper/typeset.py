"""Formulas as a lecturer shows them: LaTeX, as in the derivations, and MathML, which browsers set by themselves.

A form has a place for each operand, since a page puts names in, or numbers: h1 * (1 - h1) and 0.88 * (1 - 0.88) are one
form, and so are the products of all the weights with their inputs.
"""

import re

from scalar_engine.formulas.symbol import Symbol, symbol
from scalar_engine.formulas.writing import SUM, Latex, latex_name
from scalar_engine.naming import shortened
from walkthroughs.markup import mathml

from .quantities import is_of_arrays

BARE, GUARDED = 0xF0000, 0xF8000  # a character for each place: alone, and where a formula needs parentheses
DOTS = "..."


class Places(Latex):
    """LaTeX with a place for each name, in the order in which they are met."""

    def __init__(self):
        self.met = {}

    def formula(self, x, level=SUM):
        if x.kind != "symbol":
            return super().formula(x, level)
        if x.name == DOTS:
            return r"\ldots"
        return chr((BARE if level == SUM else GUARDED) + self.met.setdefault(x, len(self.met)))


class Forms:
    """The forms of a trace's frames, each written once.

    math    of each form: "{0}" for the first operand, "(0)" where a formula, or a negative number, needs parentheses
    """

    def __init__(self, trace):
        self.trace = trace
        self.places = {}  # {LaTeX: the number of the form}
        self.math = []

    def of(self, frame):
        """{"math": [form, the operands in it]} of what a frame computes, or of its local derivative, as indices; {} for
        what is about arrays as wholes, for operators with a `pull` of their own, and for the turn.
        """
        step = frame.step
        has_no_local = step and step.position is not None and step.local is None
        if not step or has_no_local or is_of_arrays(step.node):
            return {}
        try:
            found = self.forward(step.node) if step.position is None else self.local(step.node, step.position)
        except ValueError:  # a symbol that browsers have no way to set
            found = None
        return {"math": found} if found else {}

    def forward(self, node):
        places = shortened(list(range(len(node.inputs))), node.op.lists)
        marks = [Symbol(place) for place in places]
        operands = {mark: node.inputs[int(mark.name)] for mark in marks if mark.name != DOTS}
        return self.entered(Symbol.apply_operator(node.op, *marks), operands)

    def local(self, node, position):
        made, marks = self.trace.names.local_formulas(node)
        if not made or made[position] is None:
            return None
        return self.entered(symbol(made[position]), {mark: x for x, mark in marks.items()}, as_factor=True)

    def entered(self, formula, operands, as_factor=False):
        writer = Places()
        latex = re.sub(r"\\ldots( \\, \\ldots|\^\{2\})", r"\\ldots", writer.formula(formula, SUM + as_factor))
        if as_factor and latex.startswith("-"):
            latex = writer.parenthesised(latex)
        if latex not in self.places:
            self.places[latex] = len(self.math)
            self.math.append(in_places(inner(latex)))
        return [self.places[latex], *[self.trace.index[operands[mark]] for mark in writer.met]]


def in_places(math):
    """MathML with "{0}" and "(0)" instead of the characters."""

    def place(found):
        code = ord(found[1])
        return f"({code - GUARDED})" if code >= GUARDED else f"{{{code - BARE}}}"

    return re.sub("<m[io]>([\U000f0000-\U000fffff])</m[io]>", place, math)


def name_in_math(label):
    """A name in MathML; None for what browsers have no way to set."""
    try:
        return inner(latex_name(label))
    except ValueError:
        return None


def inner(latex):
    """What is within the `math` element, its characters as they are."""
    found = re.sub(r"^<math[^>]*>(<mrow>)?|(</mrow>)?</math>$", "", mathml(latex, "inline"))
    return re.sub(r"&#x([0-9A-Fa-f]+);", lambda code: chr(int(code[1], 16)), found)
