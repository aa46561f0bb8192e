"""Value: Python's notation, numbers of all kinds on either side, and errors that teach."""

import math
from fractions import Fraction

import numpy as np
import pytest

from scalar_engine import Value, exp, log, maximum, sqrt


def test_numbers_on_either_side():
    x = Value(4.0)
    results = [x + 1, 1 + x, x - 1, 1 - x, x * 3, 3 * x, x / 2, 2 / x, x**2, 2**x, -x, abs(-x)]
    assert [v.data for v in results] == [5, 5, 3, -3, 12, 12, 2, 0.5, 16, 16, -4, 4]


@pytest.mark.parametrize("number", [2, 2.0, True + 1, Fraction(2), np.float64(2), np.float32(2), np.int64(2)])
def test_numbers_of_all_kinds_become_floats(number):
    x = Value(3.0)
    for result in (x * number, number * x):
        assert isinstance(result, Value) and type(result.data) is float and result.data == 6
    assert type(Value(number).data) is float


def test_methods_are_the_operators():
    x = Value(0.3)
    methods = [x.exp(), x.log(), x.sqrt(), x.sin(), x.cos(), x.tanh(), x.sigmoid(), x.softplus(), x.relu()]
    names = [method.op.name for method in methods]
    assert names == ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "relu"]
    assert methods[5].data == math.tanh(0.3)


def test_an_array_times_a_value_is_an_array_of_values():
    x = Value(3.0)
    for product in (np.array([1.0, 2.0]) * x, x * np.array([1.0, 2.0])):
        assert [v.data for v in product] == [3, 6]


@pytest.mark.parametrize("stranger", ["3", None, [1.0], 1j])
def test_strangers_are_refused_by_name(stranger):
    with pytest.raises(TypeError, match="unsupported operand"):
        Value(1.0) + stranger
    with pytest.raises(TypeError, match=f"maximum: .*Value, {type(stranger).__name__}"):
        maximum(Value(1.0), stranger)


def test_comparison_is_by_value_and_equality_by_identity():
    a, b = Value(1.0), Value(2.0)
    assert a < b and a <= b and b > a and b >= a and a < 1.5 and a > 0.5 and a >= 1
    assert max([a, b]) is b and sorted([b, a]) == [a, b]
    assert a != Value(1.0) and a == a
    assert len({a, b, Value(1.0)}) == 3


def test_repr_shows_data_gradient_and_label():
    x = Value(2.0, "x")
    assert repr(x) == "Value(data=2.0, grad=None, label='x')"
    (x * x).backward()
    assert repr(x) == "Value(data=2.0, grad=4.0, label='x')"
    assert repr(Value(1)) == "Value(data=1.0, grad=None)"


def test_a_domain_error_names_the_operator_its_inputs_and_their_labels():
    y = Value(0.0, "softmax/y2")
    with pytest.raises(ValueError, match=r"^log: log\(y2\) does not exist at softmax/y2 = 0 \("):
        log(y)
    a, b = Value(1.0, "a"), Value(2.0, "b")
    with pytest.raises(ZeroDivisionError, match=r"^divide: a / \(b - 2\) does not exist at a = 1, b - 2 = 0 \("):
        a / (b - 2)
    with pytest.raises(OverflowError, match=r"^exp: exp\(q\) does not exist at q = 1000 \("):
        exp(Value(1000.0, "q"))
    with pytest.raises(ValueError, match=r"^power: a \*\* 0.5 does not exist at a = -8 \("):
        Value(-8.0, "a") ** 0.5


def test_a_pole_of_a_derivative_is_named_in_the_backward_pass():
    x = Value(0.0, "x")
    root = sqrt(x)
    with pytest.raises(ZeroDivisionError, match=r"^sqrt: the derivative of sqrt\(x\) does not exist at x = 0 \("):
        root.backward()
    base, exponent = Value(-2.0, "base"), Value(2.0, "exponent")
    with pytest.raises(ValueError, match=r"^power: the derivative of base \*\* exponent does not exist at base = -2"):
        (base**exponent).backward()
