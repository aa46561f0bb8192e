"""The scalar engine's expressions, through Tensors: all points of an expression at once, as a batch."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Value, gradcheck, operators
from tensor_engine import Tensor

from ..expressions import EXPRESSIONS, OPERATORS, cases
from ..scalar_engine.test_mutations import mutants, mutate
from ..scalar_engine.test_operators import INSTANCES


def by_values(f, points):
    """f's value and derivatives at each point, from one graph of Values a point: (points,), (points, arguments)."""
    values, derivatives = [], []
    for point in points:
        inputs = [Value(x) for x in point]
        root = f(*inputs)
        root.backward()
        values.append(root.data)
        derivatives.append([x.grad for x in inputs])
    return np.array(values), np.array(derivatives)


def by_tensors(f, points, dtype=np.float64, shape=(-1,)):
    """The same from one graph of Tensors, each argument an array of all points' in the given shape."""
    inputs = [Tensor(np.array(column, dtype).reshape(shape), requires_grad=True) for column in zip(*points)]
    out = f(*inputs)
    out.sum().backward()
    assert all(x.grad.shape == x.shape and x.grad.dtype == dtype for x in inputs) and out.dtype == dtype
    return out.data.ravel(), np.array([x.grad.ravel() for x in inputs]).T


@pytest.mark.parametrize("shape", [(-1,), (1, -1, 1)])
@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_values_and_gradients_are_those_of_the_scalar_engine(f, points, shape):
    """The mutation tests expect this to fail."""
    values, derivatives = by_values(f, points)
    batch_values, batch_derivatives = by_tensors(f, points, shape=shape)
    assert batch_values == pytest.approx(values, rel=1e-12, abs=1e-12)
    assert batch_derivatives == pytest.approx(derivatives, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_an_array_without_axes_is_a_number(f, points):
    for point in points:
        value, derivatives = by_tensors(f, [point], shape=())
        expected, expected_derivatives = by_values(f, [point])
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
        assert derivatives == pytest.approx(expected_derivatives, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_float32_stays_float32(f, points):
    values, derivatives = by_values(f, points)
    batch_values, batch_derivatives = by_tensors(f, points, np.float32)
    assert batch_values == pytest.approx(values, rel=1e-4, abs=1e-5)
    assert batch_derivatives == pytest.approx(derivatives, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_gradients_are_those_of_finite_differences(f, points):
    inputs = [Tensor(column, requires_grad=True) for column in zip(*points)]
    check = gradcheck(f(*inputs))
    assert check.ok, str(check)
    assert {leaf for leaf, *_ in check.entries} == set(inputs)


OF_THREE = [case for case in OPERATORS if len(case[2][0]) == 3 and case[0] != "lowered"]  # whose third is a count


@pytest.mark.parametrize("f, points", cases(OF_THREE))
def test_operators_of_a_list_broadcast_and_take_arrays_and_numbers(f, points):
    """Tensors of shapes (2, 1) and (3,), and a number or an array beside them."""
    a, b = Tensor([[0.5], [-1.0]], "a", requires_grad=True), Tensor([0.3, 2.0, -0.7], "b", requires_grad=True)
    for c in (2.5, np.array([[1.1], [3.0]]), np.float64(0.6)):
        out = f(a, b, c)
        expected = [[f(x, y, z) for y in b.data.tolist()] for x, z in zip(a.data[:, 0], np.ravel(c * np.ones((2, 1))))]
        assert out.data == pytest.approx(np.array(expected), rel=1e-14)
        check = gradcheck(out)
        assert check.ok, str(check)
        out.sum().backward()
        assert (a.grad.shape, b.grad.shape) == ((2, 1), (3,))


@pytest.mark.parametrize("name, position, mutation", list(mutants(["flipped"])))
def test_flipping_a_rule_of_the_scalar_engine_flips_the_gradient_of_tensors(name, position, mutation, monkeypatch):
    """There is no second copy of the calculus: what is wrong with a scalar rule is wrong with arrays."""
    f, points = next((f, points) for other, f, points in OPERATORS if other == name)
    _, right = by_tensors(f, points)
    mutate(monkeypatch, INSTANCES[name], position, mutation)
    _, wrong = by_tensors(f, points)
    _, wrong_values = by_values(f, points)
    assert wrong == pytest.approx(wrong_values, rel=1e-12, abs=1e-12)
    assert not np.allclose(wrong, right)


def test_flipping_sigmoids_rule_flips_its_gradient(monkeypatch):
    """At 0 the slope of sigmoid is 0.25."""
    monkeypatch.setattr(operators.Sigmoid, "partials", (lambda out, x: -out * (1 - out),))
    x = Tensor(np.zeros(2), requires_grad=True)
    te.sigmoid(x).sum().backward()
    assert x.grad.tolist() == [-0.25, -0.25]


def test_a_node_used_by_several_operators_adds_up_all_contributions():
    """f = x * x + x at x = (1, 3): 2 x + 1."""
    x = Tensor([1.0, 3.0], requires_grad=True)
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3, 7]
