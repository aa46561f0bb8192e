"""The local derivatives that predict mode lets a reader choose from: what likely slips make of the operator's own rule.

No derivative is written here: the rule is run on names, on the wrong ones too.
"""

import random

from scalar_engine.checking import slips
from scalar_engine.checking.slips.backward import ACTIVATIONS
from scalar_engine.operators import power

from .formulas import UNDEFINED, factor, is_number, on_symbols

MOST = 3  # wrong ones
POINTS = 5  # at which two formulas are told apart


def wrong_locals(step, names):
    """{formula: kind of slip} of what is likely taken for the local derivative of a backward step on numbers."""
    node, position = step.node, step.position
    right = rule_by(node.op, position)
    found: dict = {}
    for known, rule in likely_rules(node.op, position, len(node.inputs)):
        made, writer = on_symbols(node, names, lambda out, *xs, needs, rule=rule: rule(out, *xs))[:2]
        if made is None or not differ(node, right, rule):
            continue
        formula = factor(made, writer)
        if formula not in found and formula != names.locals(node)[position]:
            found[formula] = known.kind
        if len(found) == MOST:
            break
    return found


def rule_by(op, position):
    """The local derivative by one input, as a function of the output and the inputs."""
    return lambda out, *xs: op.locals(out, *xs, needs=[i == position for i in range(len(xs))])[position]


def likely_rules(op, position, n):
    """Pairs of a slip and what it makes of the rule, the most instructive first."""
    right = rule_by(op, position)
    if n == 1:
        yield slips.AT_INPUT, lambda out, x: right(x, x)
        yield slips.AT_OUTPUT, lambda out, x: right(out, out)
        yield slips.VALUE_FOR_DERIVATIVE, lambda out, x: out
        for other in ACTIVATIONS if op in ACTIVATIONS else ():
            yield slips.OTHER_DERIVATIVE, lambda out, x, other=other: rule_by(other, 0)(out, x)
    if op is power and position == 0:
        yield slips.NO_EXPONENT, lambda out, x, y: right(out, x, y) / y
        yield slips.NOT_LOWERED, lambda out, x, y: y * out
    for by_other in [other for other in range(n) if other != position][: 2 * MOST]:  # of a long sum all are alike
        yield slips.OTHER_OPERAND, rule_by(op, by_other)
    yield slips.SIGN_OF_STEP, lambda *all: -right(*all)
    yield slips.NO_LOCAL, lambda *all: 1.0
    yield slips.VALUE_FOR_DERIVATIVE, lambda out, *xs: out


def differ(node, right, rule):
    """Whether two rules give different numbers somewhere: then one of them is wrong."""
    numbers = random.Random(0)
    for _ in range(POINTS):
        xs = [float(x.data) if is_number(x) else numbers.uniform(-2, 2) for x in node.inputs]
        try:
            out = node.op.forward(*xs)
            a, b = float(right(out, *xs)), float(rule(out, *xs))
        except UNDEFINED:
            continue
        if abs(a - b) > 1e-6 * max(1, abs(a)):
            return True
    return False
