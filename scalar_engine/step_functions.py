"""Piecewise constant operators: what the rules of functions with a kink are made of, instead of comparisons.

Their own derivative is 0 wherever it exists, so that a rule made of them can be differentiated again.
"""

from .graph import Operator


class UnitStep(Operator):
    """step(x): 1 where x > 0, else 0; the slope of relu."""

    symbol = "step"
    forward = lambda x: 1.0 if x > 0 else 0.0
    partials = (lambda out, x: 0.0,)


class Sign(Operator):
    """sign(x): 1, 0 or -1; slope 0."""

    symbol = "sign"
    forward = lambda x: 1.0 if x > 0 else -1.0 if x < 0 else x
    partials = (lambda out, x: 0.0,)


class Comparison(Operator):
    """sign(a - b), and 0 where a and b are one infinity."""

    symbol = "comparison"
    forward = lambda a, b: 0.0 if a == b else sign.forward(a - b)
    partials = (
        lambda out, a, b: 0.0,
        lambda out, a, b: 0.0,
    )


class Equal(Operator):
    """1 where a = b, else 0."""

    symbol = "equal"
    symmetric = True
    forward = lambda a, b: 1.0 if a == b else 0.0
    partials = (
        lambda out, a, b: 0.0,
        lambda out, a, b: 0.0,
    )


step, sign, comparison, equal = UnitStep(), Sign(), Comparison(), Equal()
