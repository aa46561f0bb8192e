"""Expressions, each listed once and run by the tests through every engine.

An entry is (name, function, points): the function takes as many numbers as each point has, and uses operators only.
The points lie in its domain and away from kinks, so that finite differences apply.
"""

from scalar_engine import (
    arccos,
    arcsin,
    arctan,
    arctan2,
    ceil,
    clip,
    cos,
    cosh,
    cross_entropy,
    dot,
    elu,
    erf,
    exp,
    expm1,
    floor,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    minimum,
    relu,
    round,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softmax,
    softplus,
    sqrt,
    step,
    sum,
    tan,
    tanh,
    xlogy,
)  # fmt: skip
from scalar_engine.further_operators import floor_divide
from scalar_engine.operators import lowered, powlog

EVERYWHERE = [(-3.0,), (-0.7,), (0.4,), (2.5,)]
POSITIVE = [(0.05,), (0.7,), (1.0,), (30.0,)]
WITHIN_ONE = [(-0.9,), (-0.2,), (0.4,), (0.7,)]
PAIRS = [(0.5, -1.5), (-2.0, 0.25), (3.0, 4.0), (-1.0, -2.5)]
TRIPLES = [(0.5, -1.5, 2.0), (-1.0, 3.0, 0.2)]

OPERATORS = [
    ("add", lambda a, b: a + b, PAIRS),
    ("subtract", lambda a, b: a - b, PAIRS),
    ("multiply", lambda a, b: a * b, PAIRS),
    ("divide", lambda a, b: a / b, PAIRS),
    ("power", lambda a, b: a**b, [(0.5, -1.5), (2.0, 3.0), (1.7, 0.0), (3.0, 1.0), (0.3, 0.3)]),
    ("negative", lambda a: -a, EVERYWHERE),
    ("absolute", lambda a: abs(a), EVERYWHERE),
    ("exp", exp, EVERYWHERE),
    ("log", log, POSITIVE),
    ("sqrt", sqrt, POSITIVE),
    ("sin", sin, EVERYWHERE),
    ("cos", cos, EVERYWHERE),
    ("tanh", tanh, EVERYWHERE),
    ("sigmoid", sigmoid, EVERYWHERE),
    ("softplus", softplus, EVERYWHERE),
    ("relu", relu, EVERYWHERE),
    ("maximum", maximum, PAIRS),
    ("minimum", minimum, PAIRS),
    ("lowered", lowered, [(0.5, -1.5, 1.0), (2.0, 3.0, 1.0), (1.7, 0.0, 1.0), (3.0, 1.0, 2.0)]),
    ("powlog", powlog, [(0.5, 1.5), (-2.0, 0.25), (3.0, 4.0)]),
    ("xlogy", xlogy, [(0.5, 1.5), (-2.0, 0.25), (3.0, 4.0)]),
    ("expm1", expm1, EVERYWHERE),
    ("log1p", log1p, POSITIVE),
    ("log2", log2, POSITIVE),
    ("log10", log10, POSITIVE),
    ("erf", erf, EVERYWHERE),
    ("tan", tan, EVERYWHERE),
    ("arcsin", arcsin, WITHIN_ONE),
    ("arccos", arccos, WITHIN_ONE),
    ("arctan", arctan, EVERYWHERE),
    ("arctan2", arctan2, PAIRS),
    ("hypot", hypot, PAIRS),
    ("sinh", sinh, EVERYWHERE),
    ("cosh", cosh, EVERYWHERE),
    ("leaky_relu", leaky_relu, [(0.5, 0.1), (-2.0, 0.25), (3.0, 4.0), (-1.0, -2.5)]),
    ("elu", elu, [(0.5, 0.1), (-2.0, 0.25), (3.0, 4.0), (-1.0, -2.5)]),
    ("clip", clip, [(0.3, -1.5, 2.0), (-1.7, -1.5, 2.0), (2.5, -1.5, 2.0), (0.3, 0.5, 0.4)]),
    ("remainder", lambda a, b: a % b, [(5.3, 2.0), (-2.1, 0.25), (3.1, -4.0), (-7.0, -2.5)]),
    ("sum", lambda a, b, c: sum([a, b, c]), TRIPLES),
    ("dot", lambda a, b, c: dot([a, b, c], [b, c, a]), TRIPLES),
    ("logsumexp", lambda a, b, c: logsumexp([a, b, c]), TRIPLES),
]

COMPOSITIONS = [
    ("numbers on the left", lambda a: 2 + 3 * a - (1 - a) / 4 + 2 / (a * a + 1) - 2**a, EVERYWHERE),
    ("numbers on the right", lambda a: (a + 2) * 3 - 1 - a / 4 + a**2 + (a - 5) ** 3, EVERYWHERE),
    ("negative base", lambda a: a**2 + a**3, [(-4.0,), (-0.5,), (0.0,)]),
    ("one node used thrice", lambda a: a * a * a + a, EVERYWHERE),
    ("diamond", lambda a: sin(a) * cos(a) + exp(sin(a)), EVERYWHERE),
    ("tanh by exp", lambda a: (exp(2 * a) - 1) / (exp(2 * a) + 1), EVERYWHERE),
    ("whole numbers", lambda a, b: floor(a) * b + round(b) * a - ceil(a) * b, [(0.6, -1.7), (-2.3, 0.4)]),
    ("steps", lambda a, b: sign(a) * b + step(b) * a + floor_divide(a, b) * b, [(0.6, -1.7), (-2.3, 0.4)]),
    ("gelu", lambda a: gelu(a), EVERYWHERE),
    ("silu", lambda a: silu(a), EVERYWHERE),
    ("mean", lambda a, b, c: mean([a, b * b, c * a]), TRIPLES),
    ("softmax", lambda a, b, c: dot(softmax([a, b, c]), [1.0, -2.0, 0.5]), TRIPLES),
    ("log_softmax", lambda a, b, c: dot(log_softmax([a, b, c]), [0.3, 0.2, 0.9]), TRIPLES),
    ("cross_entropy", lambda a, b, c: cross_entropy([a, b, c], 1), TRIPLES),
    ("cross_entropy of a list", lambda a, b, c: cross_entropy([a, b, c], [0.2, 0.5, 0.3]), TRIPLES),
    ("a neuron", lambda w, x, b: sigmoid(w * x + b) ** 2, TRIPLES),
]

EXPRESSIONS = OPERATORS + COMPOSITIONS


def cases(expressions):
    """The expressions for pytest.mark.parametrize("f, points", ...)."""
    import pytest

    return [pytest.param(f, points, id=name) for name, f, points in expressions]


def central_difference(f, point, i):
    """df/dx_i at the point, from plain numbers: fourth-order central differences."""
    h = 3e-4 * max(1.0, abs(point[i]))

    def at(shift):
        return f(*[x + shift if j == i else x for j, x in enumerate(point)])

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
