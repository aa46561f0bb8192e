"""Values and slopes at the edges of the numbers: infinities, zeros, subnormal numbers, and digits that get lost.

Where PyTorch, NumPy and JAX differ, PyTorch's documented convention holds; each test is named after its hazard.
"""

import math

import pytest

from scalar_engine import Value, grad, logsumexp, maximum, minimum, softmax

INF = math.inf


def slopes(f, *xs):
    """f and its derivatives, at Values."""
    values = [Value(x) for x in xs]
    root = f(*values)
    root.backward()
    return root.data, *[x.grad for x in values]


@pytest.mark.parametrize("f", [maximum, minimum])
@pytest.mark.parametrize("x", [-INF, INF, 0.0, 2.0])
def test_hazard_equal_arguments_share_the_slope(f, x):
    assert slopes(f, x, x) == (x, 0.5, 0.5)


@pytest.mark.parametrize("f, winner", [(maximum, 1), (minimum, 0)])
def test_hazard_one_infinity_takes_the_slope(f, winner):
    assert slopes(f, 1.0, INF)[1:] == (1 - winner, winner) and slopes(f, -INF, 1.0)[1:] == (1 - winner, winner)
    assert slopes(f, -INF, INF)[1:] == (1 - winner, winner)
    assert all(map(math.isnan, slopes(f, math.nan, 1.0)))


@pytest.mark.parametrize("x", [0.0, 5e-324, -5e-324, 1e-310, -1e-308, 2.0, -3.0])
def test_hazard_a_power_of_zero_is_flat(x):
    value, slope = slopes(lambda x: x**0, x)
    assert (value, slope) == (1, 0)


@pytest.mark.parametrize("x", [0.0, 1e-300])
def test_hazard_slopes_of_a_whole_power_come_to_zero_and_stay_there(x):
    for y, expected in [(0, [0, 0, 0, 0]), (1, [1, 0, 0, 0]), (2, [2 * x, 2, 0, 0])]:
        root, found = Value(x, "x"), []
        leaf, root = root, root**y
        for _ in expected:
            root = grad(root, leaf, create_graph=True)
            found.append(root.data)
        assert found == expected


def test_hazard_a_power_of_one_has_slope_one():
    assert slopes(lambda x: x**1, 0.0) == (0, 1) and slopes(lambda x: x**1, 5e-324) == (5e-324, 1)


@pytest.mark.parametrize("y", [0.0, 0.5, 2.0])
def test_hazard_zero_to_any_power_has_slope_zero_by_the_exponent(y):
    """PyTorch and JAX say 0 at 0 ** 0 too. All further derivatives by y are 0."""
    x, exponent = Value(0.0, requires_grad=False), Value(y)
    root = x**exponent
    assert grad(root, exponent) == 0
    first = grad(root, exponent, create_graph=True)
    second = grad(first, exponent, create_graph=True)
    assert (first.data, second.data, grad(second, exponent)) == (0, 0, 0)
    assert grad(grad(0.0**exponent, exponent, create_graph=True), exponent) == 0


def test_the_slope_by_the_exponent_elsewhere():
    """d2 (x ** y) / dy2 = x ** y log(x) ** 2, and d2 / dx dy = x ** (y - 1) (1 + y log x)."""
    x, y = Value(1.7), Value(2.5)
    first = grad(x**y, y, create_graph=True)
    assert first.data == pytest.approx(1.7**2.5 * math.log(1.7))
    by_x, by_y = grad(first, [x, y])
    assert by_y == pytest.approx(1.7**2.5 * math.log(1.7) ** 2)
    assert by_x == pytest.approx(1.7**1.5 * (1 + 2.5 * math.log(1.7)))


@pytest.mark.parametrize("x", [1e3, 1e8, 1e17, 1e300, -1e300])
def test_hazard_logits_so_large_that_their_logarithm_loses_the_number_of_them(x):
    assert slopes(lambda a, b: logsumexp([a, b]), x, x)[1:] == pytest.approx((0.5, 0.5), rel=1e-12)
    values = [Value(x), Value(x)]
    assert [y.data for y in softmax(values)] == pytest.approx([0.5, 0.5], rel=1e-12)


def test_hazard_the_logarithm_of_a_sum_of_nothing():
    assert logsumexp([]) == -INF and logsumexp([-INF, -INF]) == -INF
