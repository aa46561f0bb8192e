"""Recordings of training: each state kept once, every n-th step, and the graph of each step."""

from itertools import pairwise

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Value
from tensor_engine import Tensor
from walkthroughs.stepper import Recording, step


def test_an_update_that_raises_is_not_recorded():
    w = Value(1.0, "w")
    recording = Recording([w], 0.1)
    with pytest.raises(ZeroDivisionError), recording.step(w):
        raise ZeroDivisionError
    assert recording.losses == [] and recording.updates == []
    assert step(recording).text() == ""


def trained(steps, **options):
    """A recording of w <- w - 0.5 * dw on a Tensor, by in-place updates."""
    W = Tensor(np.arange(6.0).reshape(2, 3), "W", requires_grad=True)
    recording = Recording([W, W], 0.5, **options)
    for _ in range(steps):
        loss = (W * W).sum()
        loss.backward()
        with recording.step(float(loss.data)):
            W.data -= 0.25 * W.grad
        W.grad = None
    return recording


def test_a_recording_keeps_every_state_once_and_a_parameter_once():
    recording = trained(4)
    assert recording.names == ["W"] and [len(updates) for updates in recording.updates] == [1] * 4
    for (earlier,), (later,) in pairwise(recording.updates):
        assert later.before is earlier.after
        assert not np.array_equal(later.after, later.before)
    W = recording.parameters[0]
    W.data[:] = 7.0  # by somebody else, in between
    with recording.step(1.0):
        W.data[:] = 8.0
    assert recording.updates[-1][0].before[0, 0] == 7.0 and recording.updates[-2][0].after[0, 0] != 7.0


def test_a_recording_of_every_third_step():
    recording = trained(8, every=3)
    every = trained(8)
    assert recording.steps == [1, 4, 7] and recording.losses == [every.losses[i] for i in (0, 3, 6)]
    assert "step 4: loss" in step(recording).text() and "step 2" not in step(recording).text()
    with pytest.raises(ValueError, match="at least 1, not 0"):
        Recording([], every=0)
    with pytest.raises(ValueError, match="a number of steps, at least 1, not 2.5"):
        Recording([], every=2.5)
    for what, name in [([1.0], "float"), (None, "NoneType")]:
        with pytest.raises(TypeError, match=f"takes Values or Tensors, such as .*, not {name}"):
            Recording(what)


def test_a_loss_that_is_no_number_is_refused_before_the_update():
    W = Tensor([1.0, 2.0], "W", requires_grad=True)
    recording = Recording([W])
    for loss, what in [(W * 2.0, r"not shape \(2,\)"), ("0.5 or so", "not a str"), (None, "not a NoneType")]:
        with pytest.raises(TypeError, match=what), recording.step(loss):
            W.data[:] = 0.0
    assert W.data.tolist() == [1.0, 2.0] and not recording.losses


def trained_on_batches(n=5, keep=True, **options):
    """(a recording of a small network of tensors on mini-batches, the losses and the texts of its steps' graphs)"""
    random = np.random.default_rng(0)
    W, V = Tensor(random.normal(size=(4, 5)), "W", True), Tensor(random.normal(size=(5, 3)), "V", True)
    recording, losses, texts = Recording([W, V], 0.5, **options), [], []
    for i in range(n):
        x, classes = random.normal(size=(6 - i % 2, 4)), random.integers(0, 3, 6 - i % 2)  # batches of two sizes
        loss = te.cross_entropy(te.tanh(Tensor(x, "x") @ W).named("h") @ V, classes).named("loss")
        texts.append(step(loss).text())
        losses.append(loss.item())
        loss.backward(keep=keep)
        with recording.step(loss):
            for parameter in (W, V):
                parameter.data -= 0.5 * parameter.grad
                parameter.grad = None
    return recording, losses, texts


def test_the_graph_of_a_step_is_computed_again_to_the_last_bit():
    recording, losses, texts = trained_on_batches()
    for number, loss, text, updates in zip(recording.steps, losses, texts, recording.updates):
        root = recording.graph_of(number)
        assert root.item() == loss and step(root).text() == text
        root.backward(keep=True)
        h = root.inputs[0].inputs[0]
        for parameter, update in zip((h.inputs[0].inputs[1], root.inputs[0].inputs[1]), updates):
            assert np.array_equal(parameter.data, update.before) and np.array_equal(parameter.grad, update.gradient)
            parameter.data[:] = 0.0  # the graph's own
            assert update.before.all()


def test_the_data_of_a_graph_is_kept_once():
    W, x = Tensor(np.ones((2, 3)), "W", True), Tensor(np.ones((4, 2)), "x")
    recording = Recording([W], 0.5)
    for _ in range(3):
        loss = (x @ W).sum()
        loss.backward(keep=True)
        with recording.step(loss):
            W.data -= 0.5 * W.grad
        W.grad = None
    first, second, third = recording.graphs
    assert first.parts is second.parts is third.parts
    assert any(data is recording.updates[1][0].before for data in second.data.values())
    assert len({id(data) for graph in recording.graphs for data in graph.data.values()}) == 3 + 1  # W, W, W and x
    x.data[:] = 7.0  # a loader that fills one array again and again
    assert recording.graph_of(3).item() == loss.item() != (x @ W).sum().item()


def test_why_a_step_has_no_graph_is_said():
    recording, *_ = trained_on_batches(keep=False)  # without a warning: the curve needs no graph
    with pytest.raises(ValueError, match=r"step 2 has no graph: its backward pass has released it; .*keep=True"):
        recording.graph_of(2)
    with pytest.raises(ValueError, match="step 1 has no graph: recording.step was given a number"):
        trained(1).graph_of(1)
    recording, _, texts = trained_on_batches(8, every=3)
    assert step(recording.graph_of(4)).text() == texts[3]
    with pytest.raises(ValueError, match="step 5 is not kept; steps 1, 4, 7 are"):
        recording.graph_of(5)
    w = Value(1.0, "w")
    recording, chain = Recording([w]), w
    for _ in range(1_000):
        chain = chain * 1.5
    with recording.step(chain):
        pass
    with pytest.raises(ValueError, match="it has 2,001 nodes"):
        recording.graph_of(1)
