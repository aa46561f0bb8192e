"""Every operator, value by value and derivative by derivative."""

import itertools
import math

import pytest

from scalar_engine import (
    Value,
    log,
    logsumexp,
    maximum,
    minimum,
    operators,
    relu,
    sigmoid,
    sign,
    softplus,
    sqrt,
    step,
    xlogy,
)
from scalar_engine.graph import Operator

from ..expressions import EXPRESSIONS, OPERATORS, cases, central_difference

INSTANCES = {name: op for name, op in vars(operators).items() if isinstance(op, Operator)}
PIECEWISE_CONSTANT = {"step", "sign", "comparison", "equal"}


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
