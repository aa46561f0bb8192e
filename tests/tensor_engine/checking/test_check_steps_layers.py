"""check_steps on arrays: hand-written backward functions of layers, and claims about matrices."""

import math

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import check_steps, gradients, sigmoid
from tensor_engine import Tensor


def layer():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(4, 3)), "x")
    W, b = (Tensor(rng.normal(size=s), n, requires_grad=True) for s, n in (((3, 3), "W"), (3, "b")))
    return x, W, b, te.linear(x, W, b).named("k")


LINEAR = {"dx": lambda u, x, W: u @ W.T, "dW": lambda u, x, W: x.T @ u, "db": lambda u, x, W: u.sum(axis=0)}


def backward_of_linear(**wrong):
    rules = LINEAR | wrong

    def backward(upstream, x, W, b):
        return tuple(rule(upstream, x, W) for rule in rules.values())

    return backward


def test_the_backward_function_of_a_linear_layer_is_right():
    *_, k = layer()
    assert check_steps(k, backward_of_linear())
    assert check_steps(k, lambda upstream, x, W, b: (x.T @ upstream, upstream.sum(axis=0)))  # x is data
    assert check_steps(k, lambda upstream, x: {"dx": upstream @ k.inputs[1].data.T})


@pytest.mark.parametrize(
    "name, wrong, kind",
    [
        ("W", lambda u, x, W: (x.T @ u).T, "transposed"),
        ("W", lambda u, x, W: u.T @ x, "transposed"),
        ("x", lambda u, x, W: u @ W, "transposed"),
        ("b", lambda u, x, W: u, "broadcast not summed"),
        ("b", lambda u, x, W: u.sum(axis=1), "broadcast not summed"),
        ("b", lambda u, x, W: u.mean(axis=0), "broadcast not summed"),
        ("b", lambda u, x, W: u[-1], "broadcast not summed"),
        ("W", lambda u, x, W: x.T @ u / len(x), "factor of the batch size"),
        ("W", lambda u, x, W: -x.T @ u, "missing minus"),
        ("W", lambda u, x, W: x.T @ np.ones_like(u), "upstream forgotten"),
    ],
)
def test_a_slip_in_the_backward_function_of_a_linear_layer(name, wrong, kind):
    x, W, b, k = layer()
    found = check_steps(k, backward_of_linear(**{"d" + name: wrong}))
    assert found.node is {"x": x, "W": W, "b": b}[name] and found.slip.kind == kind, found


@pytest.mark.parametrize(
    "wrong, kind",
    [
        (lambda y, t, n: (y - t) / n, None),
        (lambda y, t, n: y - t, "factor of the batch size"),
        (lambda y, t, n: (t - y) / n, "missing minus"),
        (lambda y, t, n: (y - t) / n / math.log(2), "base of the log"),
    ],
)
def test_the_backward_function_of_softmax_cross_entropy(wrong, kind):
    classes = np.array([0, 2, 1, 1])
    o = Tensor(np.random.default_rng(1).normal(size=(4, 3)), "o", requires_grad=True)
    loss = te.softmax_cross_entropy(o, classes).named("l")

    def backward(upstream, o):
        y = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        return upstream * wrong(y, np.eye(3)[classes], 4)

    found = check_steps(loss, backward)
    assert found.ok == (kind is None) and (found.ok or found.node is o and found.slip.kind == kind), found


def test_a_slip_within_a_layer_is_placed():
    """sigmoid'(k) is taken at the input, inside the function: all of dx, dW and db are wrong, and it shows where."""
    x, W, b, k = layer()
    h = sigmoid(k).named("h")

    def backward(upstream, x, W, b, at_output):
        k = x @ W + b
        h = 1 / (1 + np.exp(-k)) if at_output else k
        by_k = upstream * h * (1 - h)
        return by_k @ W.T, x.T @ by_k, by_k.sum(axis=0)

    assert check_steps(h, lambda upstream, x, W, b: backward(upstream, x, W, b, True))
    found = check_steps(h, lambda upstream, x, W, b: backward(upstream, x, W, b, False))
    assert found.node is b and found.slip.node is k and found.slip.kind == "input instead of output"
    assert "perhaps a slip at k" in str(found)


def test_a_slip_that_the_graphs_own_numbers_hide():
    """W = 0 at the start of training: dx is 0, transposed or not. With other weights it shows."""
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], "x")
    W, b = Tensor(np.zeros((2, 2)), "W", requires_grad=True), Tensor([0.0, 0.0], "b", requires_grad=True)
    found = check_steps(te.linear(x, W, b).named("k"), backward_of_linear(dx=lambda u, x, W: u @ W))
    assert found.node is x and found.slip.kind == "transposed" and "with other data" in str(found)


# ---- claims about arrays


def test_claims_about_arrays():
    x, W, b, k = layer()
    loss = te.softmax_cross_entropy(k, np.array([0, 2, 1, 1])).named("l")
    right = gradients(loss)
    claimed = {
        "k": k.data.round(4).tolist(),
        "l": round(loss.item(), 4),
        "dW": right[W].round(4),
        "db": right[b].round(4),
    }
    assert check_steps(loss, claimed)
    found = check_steps(loss, claimed | {"dW": 4 * right[W].round(4), "db": 4 * right[b].round(4)})
    assert found.node is b and found.slip.kind == "factor of the batch size" and found.slip.node is k
    found = check_steps(loss, claimed | {"dW": right[W].round(4).T})
    assert found.node is W and found.slip.kind == "transposed"


def test_float32_raises_no_alarm():
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(20, 10)).astype("float32"), "W", requires_grad=True)
    loss = te.softmax_cross_entropy(rng.normal(size=(50, 20)).astype("float32") @ W, np.arange(50) % 10).named("l")
    right = gradients(loss)[W]
    assert check_steps(loss, {"dW": right, "l": loss.data}) and check_steps(loss, {"dW": right.round(4)})
    assert not check_steps(loss, {"dW": right * 1.01})


def test_a_released_graph_says_so():
    *_, k = layer()
    loss = k.sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="released by an earlier backward pass"):
        check_steps(loss, {"dW": 0.0})
