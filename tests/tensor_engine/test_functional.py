"""Derivatives of functions: values known by hand, nesting, and every one against finite differences of the function."""

import math

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, grad, hessian, jacobian, jvp, value_and_grad, vjp

X = np.array([0.3, -0.8, 1.2])


def f(x):
    return np.sum(np.exp(x) * x[::-1] + np.sin(x[0] * x))


def curl(x):
    return np.stack([x[0] * x[1], np.exp(x[2]), x[1] ** 3, x[0]])


def differences(g, x, h=1e-6):
    """d g / d x by central differences: (*shape of g, *shape of x)."""
    moved = [(np.asarray(g(x + h * e)) - np.asarray(g(x - h * e))) / (2 * h) for e in np.eye(x.size)]
    return np.stack(moved, axis=-1)


def test_derivatives_of_one_number_by_hand():
    slope = grad(lambda x: x**3)
    assert slope(2.0) == 12 and grad(slope)(2.0) == 12 and grad(grad(grad(slope)))(2.0) == 0
    assert type(slope(2.0)) is float and slope(np.float32(2)) == 12
    assert (
        value_and_grad(lambda x, y: x * y, (0, 1))(2.0, 3.0) == (6, (3, 2)) and grad(lambda x, n: x**n)(3.0, n=2) == 6
    )
    assert grad(lambda x, y: x / y, 1)(1.0, 2.0) == -0.25 and grad(lambda x, y: y, -1)(1.0, 2.0) == 1


def test_nested_functions_keep_their_variables_apart():
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1
    assert grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(3.0) == 24
    assert grad(lambda t: jvp(lambda x: x**3, [t], [1.0])[1])(2.0) == 12


def test_against_finite_differences():
    assert np.allclose(grad(f)(X), differences(f, X)) and np.allclose(jacobian(curl)(X), differences(curl, X))
    assert np.allclose(hessian(f)(X), differences(grad(f), X)) and np.allclose(hessian(f)(X), hessian(f)(X).T)
    assert jacobian(jacobian(curl))(X).shape == (4, 3, 3)


def test_products_with_the_jacobian():
    v, u = np.array([1.0, 2.0, -1.0]), np.array([1.0, 0.0, 2.0, -3.0])
    value, pull = vjp(curl, X)
    assert np.allclose(value, curl(X)) and np.allclose(pull(u)[0], u @ jacobian(curl)(X))
    value, tangent = jvp(curl, [X], [v])
    assert np.allclose(value, curl(X)) and np.allclose(tangent, jacobian(curl)(X) @ v)
    assert np.allclose(jvp(grad(f), [X], [v])[1], hessian(f)(X) @ v)


def test_of_tensors_they_are_part_of_a_graph():
    w = Tensor([1.0, 2.0], "w", requires_grad=True)
    penalty = np.sum(grad(lambda v: np.sum(v**3))(w) ** 2)
    penalty.backward()
    assert w.grad.tolist() == [36, 288]


def test_of_a_networks_parameters_it_is_the_same_list_and_dict():
    """As HIPS autograd's examples have them: a list of (W, b), or a dict; nested, too."""
    layers = [(np.ones((3, 2)), np.zeros(2)), (np.ones((2, 1)), 0.5)]

    def network(layers, x, scale):
        for W, b in layers:
            x = np.tanh(np.dot(x, W) + b)
        return np.sum(x) * scale["by"]

    (dW, db), (dV, dc) = grad(network)(layers, X, {"by": 2.0})
    moved = lambda W: network([(W, layers[0][1]), layers[1]], X, {"by": 2.0})
    assert np.allclose(dW, differences(lambda w: moved(w.reshape(3, 2)), layers[0][0].ravel()).reshape(3, 2))
    assert (db.shape, dV.shape, type(dc)) == ((2,), (2, 1), float)
    of_both, by_scale = grad(network, (0, 2))(layers, X, {"by": 2.0})
    assert np.array_equal(of_both[0][0], dW) and by_scale == {"by": network(layers, X, {"by": 1.0})}
    of_c = lambda c: grad(network)([layers[0], (layers[1][0], c[0])], X, {"by": 2.0})[0][1].sum()
    slope = grad(lambda layers: np.sum(grad(network)(layers, X, {"by": 2.0})[0][1]))(layers)
    assert slope[1][1] == pytest.approx(differences(of_c, np.array([0.5]))[0], rel=1e-6)
    assert grad(lambda x: x[0] * x[1])([2.0, 3.0]).tolist() == [3, 2]  # a list of numbers is an array
    with pytest.raises(ValueError, match="by one array, not by a list, tuple or dict"):
        hessian(network)(layers, X, {"by": 2.0})


def test_nothing_else_is_changed_and_nothing_is_lost():
    x = X.copy()
    with te.no_grad():
        assert np.array_equal(grad(f)(x), grad(f)(X)) and np.array_equal(x, X)
    assert (
        jacobian(lambda x: x[:0])(X).shape == (0, 3)
        and hessian(lambda x: x.sum())(X).tolist() == np.zeros((3, 3)).tolist()
    )
    assert grad(f)(X.astype(np.float32)).dtype == np.float32
    assert grad(lambda x, y: x.sum())(X, 1.0).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "wrong, message",
    {
        "number": (lambda: grad(lambda x: x.item())(1.0), "gives float instead of a Tensor: is it computed of .data"),
        "shape": (lambda: grad(curl)(X), r"shape \(4,\), not one number; jacobian takes such"),
        "argument": (lambda: grad(f, 2)(X), "by argument 2, and called with 1"),
        "a list of arguments": (lambda: grad(np.dot, [0, 1])(X, X), r"by argument \[0, 1\], and called with 2"),
        "a jacobian by two": (lambda: jacobian(np.dot, (0, 1))(X, X), r"one argument at a time, .* not \(0, 1\)"),
        "pulled": (lambda: vjp(curl, X)[1](np.ones(3)), r"has shape \(4,\), and its gradient \(3,\)"),
        "tangents": (lambda: jvp(f, [X], [1.0]), r"jvp: shapes \[\(3,\)\] and tangents \[\(\)\]"),
    }.values(),
)
def test_errors_say_what_is_wrong(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def written(x):
    out = np.zeros(1)
    out[0] = x
    return out.sum()


@pytest.mark.parametrize("lossy", [math.exp, float, lambda x: np.array([x])[0], lambda x: np.sum([x]), written])
def test_numbers_that_would_lose_a_gradient_are_refused_within(lossy):
    with pytest.raises((TypeError, ValueError), match="lose|setting an array element"):
        grad(lambda x: x[0] + lossy(x[1]))(X)
