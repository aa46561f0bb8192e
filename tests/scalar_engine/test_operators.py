"""Every operator, value by value and derivative by derivative."""

import itertools
import math
from fractions import Fraction

import pytest

from scalar_engine import (
    Value,
    arccos,
    arcsin,
    arctan,
    arctan2,
    ceil,
    clip,
    elu,
    erf,
    expm1,
    floor,
    further_operators,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logsumexp,
    maximum,
    minimum,
    operators,
    relu,
    round,
    sigmoid,
    sign,
    silu,
    softplus,
    sqrt,
    step,
    tan,
    xlogy,
)
from scalar_engine.graph import Operator

from ..expressions import EXPRESSIONS, OPERATORS, cases, central_difference

DEFINED = {**vars(further_operators), **vars(operators)}
INSTANCES = {name: op for name, op in DEFINED.items() if isinstance(op, Operator)}
PIECEWISE_CONSTANT = {"step", "sign", "comparison", "equal", "floor", "ceil", "round", "floor_divide"}


def derivatives(f, point):
    inputs = [Value(x) for x in point]
    f(*inputs).backward()
    return [x.grad for x in inputs]


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_each_derivative_is_that_of_finite_differences(f, points):
    """test_mutations runs this on wrong rules, and expects it to fail."""
    for point in points:
        for i, derivative in enumerate(derivatives(f, point)):
            assert derivative == pytest.approx(central_difference(f, point, i), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_values_are_those_of_plain_numbers(f, points):
    for point in points:
        assert f(*[Value(x) for x in point]).data == pytest.approx(f(*point), rel=1e-15)


def test_the_list_of_expressions_has_every_operator():
    assert set(INSTANCES) - PIECEWISE_CONSTANT == {name for name, _, _ in OPERATORS}


@pytest.mark.parametrize("op, at_0", [(step, 0), (sign, 0)])
def test_piecewise_constants_have_slope_zero(op, at_0):
    assert op(0.0) == at_0
    for x in (-2.0, 0.0, 3.0):
        assert derivatives(op, (x,)) == [0]


def test_kinks_take_pytorchs_side():
    assert derivatives(relu, (0.0,)) == [0]
    assert derivatives(abs, (0.0,)) == [0]
    assert derivatives(maximum, (2.0, 2.0)) == [0.5, 0.5]
    assert derivatives(minimum, (2.0, 2.0)) == [0.5, 0.5]
    assert derivatives(lambda a: maximum(a, a), (2.0,)) == [1]


@pytest.mark.parametrize("f, point, slopes", [
    (leaky_relu, (0.0, 0.1), [0.1, 0]),
    (elu, (0.0, 0.3), [0.3, 0]),
    (clip, (2.0, -1.0, 2.0), [1, 0, 0]),
    (clip, (-1.0, -1.0, 2.0), [1, 0, 0]),
    (clip, (3.0, 3.0, 3.0), [1, 0, 0]),
    (clip, (0.0, 2.0, 1.0), [0, 0, 1]),
])  # fmt: skip
def test_kinks_of_two_and_three_numbers_take_pytorchs_side(f, point, slopes):
    assert derivatives(f, point) == slopes


def test_whole_numbers():
    """Rounded, and divided with a rest, as Python does it: the rest has the sign of the divisor."""
    assert [f(-2.5) for f in (floor, ceil, operators.sign)] == [-3, -2, -1] and [*map(round, (0.5, 1.5, 2.5))] == [
        0,
        2,
        2,
    ]
    assert round(Value(1.234), 2).data == 1.23 and round(1234.0, -2) == 1200
    for f in (floor, ceil, round):
        assert f(math.inf) == math.inf and math.isnan(f(math.nan)) and derivatives(f, (2.0,)) == [0]
    a, b = Value(-7.0, "a"), Value(2.0, "b")
    assert ((a // b).data, (a % b).data, (1 // b).data, (1 % b).data, (a // 2).data, (a % 2).data) == (
        -4,
        1,
        0,
        1,
        -4,
        1,
    )
    assert derivatives(lambda a, b: a % b + a // b, (-7.0, 2.0)) == [1, 4]
    assert derivatives(lambda b: 1 % b, (0.1,)) == pytest.approx([-9]), "1 / 0.1 is rounded to 10"
    assert +a is a
    with pytest.raises(ZeroDivisionError, match="remainder: .*a % 0"):
        a % 0


def test_digits_that_a_formula_would_lose():
    assert log1p(1e-20) == expm1(1e-20) == 1e-20
    near_1 = Fraction(1 - 3e-10)
    assert derivatives(arcsin, (float(near_1),)) == pytest.approx([float(1 - near_1**2) ** -0.5], rel=1e-14)
    assert derivatives(arctan, (1e200,)) == derivatives(erf, (-1e200,)) == [0]
    assert gelu(-40.0) == silu(-800.0) == 0 and gelu(40.0) == 40
    assert derivatives(gelu, (-40.0,)) == [0] and derivatives(elu, (-1e4, 1.0)) == [0, -1]
    assert derivatives(elu, (math.inf, 1.0)) == derivatives(leaky_relu, (math.inf, 0.1)) == [1, 0]
    assert derivatives(clip, (-math.inf, -math.inf, 1.0)) == [1, 0, 0]
    assert derivatives(arctan2, (1e-200, 1e-200)) == pytest.approx([5e199, -5e199])
    assert derivatives(arctan2, (0.0, -1e200)) == [-1e-200, 0]
    assert derivatives(hypot, (3e200, -4e200)) == pytest.approx([0.6, -0.8])


@pytest.mark.parametrize(
    "f, x", [(arcsin, 1.0), (arccos, -1.0), (log1p, -1.0), (log2, 0.0), (log10, 0.0), (tan, math.inf)]
)
def test_poles_raise_and_name_the_node(f, x):
    with pytest.raises((ValueError, ZeroDivisionError), match="here"):
        f(Value(x, "here")).backward()


@pytest.mark.parametrize("f", [arctan2, hypot])
def test_a_point_at_the_origin_has_a_value_and_no_slope(f):
    assert f(0.0, 0.0) == 0
    with pytest.raises(ZeroDivisionError, match="does not exist at y = 0, x = 0"):
        f(Value(0.0, "y"), Value(0.0, "x")).backward()


def test_powers_of_zero():
    """x ** 0 is 1 with slope 0 and x ** 1 has slope 1, also at 0; 0 ** y is 0 with slope 0 in y."""
    assert derivatives(lambda x: x**0, (0.0,)) == [0]
    assert derivatives(lambda x: x**1, (0.0,)) == [1]
    assert derivatives(lambda x: x**2, (0.0,)) == [0]
    assert derivatives(lambda y: 0.0**y, (2.0,)) == [0]


def test_a_number_as_exponent_never_asks_for_the_logarithm_of_a_negative_base():
    assert derivatives(lambda x: x**2, (-4.0,)) == [-8]


@pytest.mark.parametrize("f", [relu, sigmoid, softplus, abs, sign, sqrt, log])
def test_a_nan_stays_a_nan(f):
    assert math.isnan(f(math.nan))
    assert math.isnan(f(Value(math.nan)).data)


@pytest.mark.parametrize("f", [maximum, minimum, lambda a, b: logsumexp([a, b])])
def test_a_nan_stays_a_nan_beside_a_number(f):
    assert math.isnan(f(math.nan, 1.0)) and math.isnan(f(1.0, math.nan))


def test_sigmoid_and_softplus_are_stable():
    assert [sigmoid(x) for x in (-1000.0, 0.0, 1000.0)] == [0, 0.5, 1]
    assert [softplus(x) for x in (-1000.0, 1000.0)] == [0, 1000]
    assert softplus(-40.0) == pytest.approx(math.exp(-40), rel=1e-12, abs=0)
    assert sigmoid(-40.0) == pytest.approx(math.exp(-40), rel=1e-12, abs=0)
    assert derivatives(sigmoid, (-1000.0,)) == derivatives(sigmoid, (1000.0,)) == [0]
    assert derivatives(softplus, (-1000.0,)) == [0] and derivatives(softplus, (1000.0,)) == [1]


def test_xlogy_of_zero_and_zero_is_zero():
    assert xlogy(0.0, 0.0) == 0 and xlogy(Value(0.0), Value(0.0)).data == 0
    assert xlogy(2.0, math.e) == 2


def test_logsumexp_of_infinities():
    assert logsumexp([-math.inf, 3.0]) == 3
    assert logsumexp([-math.inf, -math.inf]) == -math.inf
    assert logsumexp([math.inf, 3.0]) == math.inf
    for xs in itertools.permutations([math.nan, math.inf, -math.inf, 3.0], 2):
        assert math.isnan(logsumexp(xs)) == any(map(math.isnan, xs))
