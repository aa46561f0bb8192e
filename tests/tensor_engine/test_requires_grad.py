"""Nothing is computed, remembered or stored for what requires no gradient."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Operator
from tensor_engine import Tensor, gradients, modes, no_grad


class Spy(Operator):
    """x * y, which notes what it was asked to compute."""

    symbol = "spy"

    def __init__(self):
        self.asked = []

    def forward(x, y):
        return x * y

    def pull(self, upstream, out, x, y, needs):
        self.asked.append(list(needs))
        return [upstream * y if needs[0] else None, upstream * x if needs[1] else None]


@pytest.mark.parametrize("needs", [(True, False), (False, True), (True, True)])
def test_an_operator_is_told_what_is_needed(needs):
    spy = Spy()
    x, y = (Tensor([1.0, 2.0], requires_grad=need) for need in needs)
    spy(x, y).sum().backward()
    assert spy.asked == [list(needs)]
    assert (x.grad is not None, y.grad is not None) == needs


def test_no_rule_runs_for_data():
    """log of a negative base would be asked for by the exponent's rule."""
    x = Tensor([-2.0, 3.0], requires_grad=True)
    (x ** np.array([2.0, 3.0]) + x**2).sum().backward()
    assert x.grad.tolist() == [-8, 27 + 6]


def test_data_gets_no_gradient_and_what_is_made_of_it_is_not_remembered():
    x, w = Tensor([1.0, 2.0], "x"), Tensor([3.0, 4.0], requires_grad=True)
    shifted = (x - 1).sigmoid() * x
    assert not shifted.requires_grad and shifted.inputs == () and shifted.op is None
    loss = (shifted * w).sum()
    assert set(gradients(loss)) == {loss, loss.inputs[0], w}
    loss.backward(keep=True)
    assert x.grad is None and shifted.grad is None and w.grad is not None


def test_broadcasting_and_casting_make_no_nodes_for_data():
    x, w = Tensor(np.ones((2, 1), np.float32)), Tensor(np.ones((2, 3)), requires_grad=True)
    assert [node.op and node.op.name for node in te.topological_order(x * w)] == [None, None, "multiply"]


def test_no_grad_remembers_nothing():
    w = Tensor([1.0, 2.0], requires_grad=True)
    with no_grad():
        out = te.softmax(w * 2) @ w
        assert not out.requires_grad and out.op is None and out.inputs == ()
        assert w.requires_grad
    assert (w * 2).requires_grad
    with pytest.raises(ValueError, match="depends on nothing that requires a gradient"):
        out.backward()


def test_no_grad_nests_and_survives_exceptions():
    w = Tensor([1.0], requires_grad=True)
    with pytest.raises(KeyError), no_grad():
        with no_grad():
            pass
        assert not (w * 2).requires_grad
        raise KeyError
    assert modes.recording.get() and (w * 2).requires_grad


def test_no_grad_decorates_a_function():
    w = Tensor([1.0], requires_grad=True)

    @no_grad()
    def predict(x):
        return w * x

    for _ in range(2):
        assert not predict(2.0).requires_grad
    assert (w * 2).requires_grad


def test_a_backward_pass_inside_no_grad():
    w = Tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    with no_grad():
        loss.backward()
    assert w.grad.tolist() == [2, 4]


def test_detach_cuts_the_graph_and_shares_the_data():
    w = Tensor([1.0, 2.0], requires_grad=True)
    h = (w * 3).named("h")
    cut = h.detach()
    assert np.shares_memory(cut.data, h.data) and cut.label == "h" and not cut.requires_grad and cut.inputs == ()
    (cut * w).sum().backward()
    assert w.grad.tolist() == [3, 6]


def test_backward_needs_one_number():
    w = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"backward from h: shape \(2,\), and must be one number: \.sum\(\) it\?"):
        (w * 2).named("h").backward()
    assert w.grad is None
    (w[:1] * 2).reshape(1, 1).backward()
    assert w.grad.tolist() == [2, 0]


def test_backward_from_data_says_that_there_is_nothing_to_differentiate():
    with pytest.raises(ValueError, match="depends on nothing that requires a gradient"):
        Tensor([1.0]).sum().backward()


def test_zero_grad_resets_every_gradient_behind_a_node():
    w = Tensor([1.0, 2.0], requires_grad=True)
    square = w * w
    loss = square.sum()
    loss.backward(keep=True)
    loss.zero_grad()
    assert w.grad is square.grad is loss.grad is None
    loss.backward()
    assert w.grad.tolist() == [2, 4]
    w.zero_grad()
    assert w.grad is None
