"""grad(root, wrt, create_graph=True): gradients that are nodes, so that they have derivatives of their own."""

import gc

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Value, exp, grad, gradcheck, relu, sigmoid, sign, tanh, topological_order
from tensor_engine import Tensor
from walkthroughs.drawing.picture import draw

from .. import array_expressions, expressions
from ..array_expressions import ARRAY_EXPRESSIONS, array, leaves
from ..expressions import EXPRESSIONS


@pytest.mark.parametrize("f, points", expressions.cases(EXPRESSIONS))
def test_second_and_third_derivatives(f, points):
    """Each derivative, as a node, against finite differences of the one an order below."""
    for point in points:
        xs = [Value(number) for number in point]
        for first in grad(f(*xs), xs, create_graph=True):
            if not first.requires_grad:
                continue  # a constant: its derivatives are 0
            check = gradcheck(first)
            assert check.ok, str(check)
            for second in grad(first, xs, create_graph=True):
                check = gradcheck(second) if second.requires_grad else True
                assert check, str(check)


def test_by_hand():
    """x ** 3 at 2: 12, 12, 6, 0. A derivative by what the root does not depend on is 0."""
    x, y = Value(2.0, "x"), Value(5.0, "y")
    slope, found = x**3, []
    for _ in range(4):
        slope = grad(slope, x, create_graph=True)
        found.append(slope.data)
    assert found == [12, 12, 6, 0]
    assert grad(x**3, x) == 12 and grad(x**3, [x, y]) == [12, 0]
    assert grad(sign(x) * x, x) == 1 and grad(exp(x), x, create_graph=True).data == np.exp(2)


def test_nothing_is_stored_and_nothing_is_a_cycle():
    x = Value(0.5, "x")
    root = tanh(x) * sigmoid(x)
    second = grad(grad(root, x, create_graph=True), x, create_graph=True)
    assert all(node.grad is None for node in topological_order(second))
    gc.collect()
    gc.disable()
    try:
        del root, second
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_backward_graph_is_drawn_beside_the_forward_one():
    """A factor of 1 leaves no node, gradients of named nodes are named, and they form a group of their own."""
    x, w = Value(2.0, "x", requires_grad=False), Value(-1.0, "w")
    k = (w * x).named("k")
    y = sigmoid(k).named("y")
    root = (y - 1).named("l")
    slope = grad(root, w, create_graph=True)
    assert slope.label == "backward/dl_dw" and slope.formula() == "x * dl_dk"
    assert [node.name for node in topological_order(slope) if node.label] == ["x", "w", "k", "y", "dl_dk", "dl_dw"]
    picture = draw(slope, fold=True).pipe("svg", encoding="utf-8")
    assert ">backward<" in picture or "backward" in picture
    assert ">dl_dk<" in draw(slope).pipe("svg", encoding="utf-8")
    assert grad(x * w, w, create_graph=True) is x and x.label == "x"


@pytest.mark.parametrize("f, points", expressions.cases(EXPRESSIONS))
def test_elementwise_operators_of_tensors(f, points):
    """Second derivatives of arrays, element by element, are those of Values."""
    columns = [Tensor(numbers, label, requires_grad=True) for numbers, label in zip(map(list, zip(*points)), "abc")]
    first = grad(f(*columns).sum(), columns, create_graph=True)
    for i, slope in enumerate(first):
        second = grad(slope.sum(), columns) if slope.requires_grad else [0 * x.data for x in columns]
        for row, point in enumerate(points):
            xs = [Value(number) for number in point]
            expected = grad(grad(f(*xs), xs, create_graph=True)[i], xs)
            assert [x[row] for x in second] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("f, twin, arrays", array_expressions.cases(ARRAY_EXPRESSIONS))
def test_array_operators(f, twin, arrays):
    """The gradient of sum(f ** 2 x weights) against finite differences: it depends on x even where f is linear."""
    xs = leaves(arrays)
    out = f(*xs)
    weights = array(*out.shape) if out.shape else 1.3
    slopes = grad((out * out * weights).sum(), xs, create_graph=True)
    assert [slope.shape for slope in slopes] == [x.shape for x in xs]
    total = sum(((slope * slope).sum() for slope in slopes), Tensor(0.0))
    if total.requires_grad and out.size:
        check = gradcheck(total, tolerance=1e-5)
        assert check.ok, str(check)


def test_a_network_of_tensors_and_float32():
    x = array(4, 3).astype("float32")
    W = Tensor(array(3, 2).astype("float32"), "W", requires_grad=True)
    b = Tensor(array(2).astype("float32"), "b", requires_grad=True)
    loss = te.softmax_cross_entropy(te.tanh(te.linear(x, W, b)), [0, 1, 1, 0])
    slopes = grad(loss, [W, b], create_graph=True)
    assert [slope.dtype for slope in slopes] == [np.float32] * 2
    assert [slope.data for slope in slopes] == [pytest.approx(slope) for slope in grad(loss, [W, b])]
    penalty = (slopes[0] * slopes[0]).sum()
    penalty.backward()  # a training step on a gradient penalty
    assert W.grad.shape == (3, 2) and W.grad.dtype == np.float32


def test_the_hessian_of_a_relu_network_ignores_its_kinks():
    x = Value(2.0, "x")
    slope = grad(relu(x) * relu(x), x, create_graph=True)
    assert (slope.data, grad(slope, x)) == (4, 2)
