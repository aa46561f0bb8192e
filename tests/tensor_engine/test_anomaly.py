"""detect_anomaly names the first node that made a NaN or an infinity, its inputs' ranges, and the way out."""

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, detect_anomaly, modes


def leaf(data, label="x"):
    return Tensor(data, label, requires_grad=True)


def softmax_by_hand(o):
    e = te.exp(o)
    return e / e.sum(axis=-1, keepdims=True)


FORWARD = {
    "log of softmax": (
        lambda: te.log(te.softmax(leaf([0.0, -1000.0], "o"))),
        "log made infinity (forward): log(softmax(o)) of softmax(o) (2,) from 0 to 1. "
        "Stable: log_softmax(o) instead of log(softmax(o))",
    ),
    "log of a class of softmax": (
        lambda: te.log(te.softmax(leaf([[0.0, -1000.0]], "o"))[[0], [1]]),
        "log made infinity (forward): log(softmax(o)[[0], [1]]) of softmax(o)[[0], [1]] (1,) from 0 to 0. "
        "Stable: log_softmax(o) instead of log(softmax(o))",
    ),
    "log of sigmoid": (
        lambda: te.log(te.sigmoid(leaf([-1000.0, 3.0]))),
        "log made infinity (forward): log(sigmoid(x)) of sigmoid(x) (2,) from 0 to 0.9526. "
        "Stable: -softplus(-x) instead of log(sigmoid(x))",
    ),
    "exp that overflows": (
        lambda: te.exp(leaf([1.0, 1000.0])),
        "exp made infinity (forward): exp(x) of x (2,) from 1 to 1000. "
        "Stable: softmax, logsumexp or sigmoid, which never overflow, if that is what it is for",
    ),
    "0 / 0": (
        lambda: leaf([0.0, 1.0], "a") / leaf([0.0, 2.0], "b"),
        "divide made NaN (forward): a / b of a (2,) from 0 to 1; b (2,) from 0 to 2",
    ),
    "1 / 0 and 0 / 0": (
        lambda: leaf([0.0, 1.0], "a") / 0.0,
        "divide made NaN and infinity (forward): a / 0 of a (2,) from 0 to 1; 0 () from 0 to 0",
    ),
    "log of a negative number": (
        lambda: te.log(leaf([-1.0, 2.0])),
        "log made NaN (forward): log(x) of x (2,) from -1 to 2. "
        "It does not exist there, however it is written: look at where the operands come from",
    ),
    "a NaN in the data": (
        lambda: leaf([1.0, np.nan, np.inf]) * 2,
        "multiply made NaN and infinity (forward): x * 2 of x (3,) from 1 to 1, 2 not finite; 2 () from 2 to 2",
    ),
    "nothing finite": (
        lambda: leaf([np.nan]).sum(),
        "sum made NaN (forward): x.sum() of x (1,), nothing finite",
    ),
    "a matrix product": (
        lambda: leaf([[1e200]], "a") @ leaf([[1e200]], "b"),
        "matmul made infinity (forward): a @ b of a (1, 1) from 1e+200 to 1e+200; b (1, 1) from 1e+200 to 1e+200",
    ),
}


@pytest.mark.parametrize("name", FORWARD)
def test_the_first_node_of_a_forward_pass_is_named(name):
    mistake, message = FORWARD[name]
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        mistake()
    assert str(caught.value) == message


def test_it_is_the_first_node_and_not_what_comes_of_it():
    x = leaf([0.0])
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"^log made infinity \(forward\)"):
        (te.log(x) * 0 + x).sum()


def test_softmax_by_hand_is_told_of_softmax():
    with detect_anomaly(), pytest.raises(FloatingPointError, match="^exp made infinity.*Stable: softmax"):
        softmax_by_hand(leaf([1000.0, 0.0]))
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"log_softmax\(o\) instead of log\(exp"):
        te.log(softmax_by_hand(leaf([-800.0, 0.0])))


def test_sqrt_at_0_is_named_in_the_backward_pass():
    """Its value is fine; its slope is infinite."""
    x, y = leaf([0.0, 4.0]), leaf([1.0, 1.0], "y")
    with detect_anomaly():
        loss = (te.sqrt(x) * y).sum()
        with pytest.raises(FloatingPointError) as caught:
            loss.backward()
    assert str(caught.value) == (
        "sqrt made infinity (backward, for x): sqrt(x) of x (2,) from 0 to 4. "
        "Stable: sqrt(x + 1e-12), whose slope is finite at 0"
    )
    assert x.grad is None and y.grad is None  # a pass that raises changes no gradient


def test_a_backward_pass_alone_may_be_watched():
    """The gradient of the norm at 0 is 0 / 0: the sum of squares passes inf on, and x * inf is NaN at x = 0."""
    x = leaf([0.0, 0.0])
    norm = te.sqrt((x * x).sum()).named("norm")
    with (
        detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"^sqrt made infinity \(backward, for \(x \* x\)\.sum\(\)\)"),
    ):
        norm.backward()


def test_the_stable_rewrites_are_stable():
    o = leaf([[0.0, -1000.0], [1000.0, 0.0]])
    with detect_anomaly():
        loss = -te.log_softmax(o)[[0, 1], [1, 0]].mean() + te.logsumexp(o).sum()
        (loss + te.softplus(-o).mean() + te.sigmoid(o).sum() + te.sqrt(o * o + 1e-12).mean()).backward()
    assert np.isfinite(o.grad).all()


def test_numpys_warnings_are_silent_inside_and_are_back_after():
    with detect_anomaly(), pytest.raises(FloatingPointError):
        te.log(leaf([0.0]))
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        te.log(leaf([0.0]))


def test_nothing_is_watched_outside():
    assert not modes.watching.get()
    with detect_anomaly():
        with detect_anomaly():
            pass
        assert modes.watching.get()
    assert not modes.watching.get()
    with pytest.raises(KeyError), detect_anomaly():
        raise KeyError
    assert not modes.watching.get()


def test_what_is_not_watched_is_not_looked_at(monkeypatch):
    """Off, it costs nothing: no array is checked, and the pass makes no step records."""

    def refuse(*arguments):
        raise AssertionError("looked at")

    monkeypatch.setattr("tensor_engine.tensor.require_finite", refuse)
    monkeypatch.setattr("tensor_engine.tensor.require_finite_contribution", refuse)
    monkeypatch.setattr("scalar_engine.passes.Step", refuse)
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_a_watched_pass_gives_the_same_gradients():
    gradients = []
    for watched in (False, True):
        x = leaf([[0.3, -0.7], [1.2, 0.1]])
        loss = te.softmax_cross_entropy(te.tanh(x) @ x, [0, 1])
        if watched:
            with detect_anomaly():
                loss.backward()
        else:
            loss.backward()
        gradients.append(x.grad)
    assert np.array_equal(*gradients)


@pytest.mark.parametrize("operator", [te.log, te.sqrt])
def test_outside_of_its_domain_no_other_way_of_writing_is_advised(operator):
    with detect_anomaly(), pytest.raises(FloatingPointError, match="It does not exist there") as caught:
        operator(leaf([-1.0, 2.0]))
    assert "Stable" not in str(caught.value)
