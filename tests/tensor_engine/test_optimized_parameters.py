"""What the user sees of a parameter is what an optimizer trains, whatever was done to it between two steps."""

import copy
import pickle

import numpy as np
import pytest

from tensor_engine import Tensor
from tensor_engine.optimizers import SGD, Adam

from .test_optimizers import TARGETS, every_optimizer, loss_of, parameters


def losses(weights, optimizer, n=6):
    found = []
    for _ in range(n):
        loss = loss_of(*weights, TARGETS[0])
        loss.backward()
        found.append(loss.item())
        optimizer.step()
    return found


@every_optimizer
@pytest.mark.parametrize(
    "way", ["the same array", "loaded", "clipped in place", "scaled in place", "deepcopy", "pickle"]
)
def test_hazard_the_optimizer_loses_its_parameters(kind, options, way):
    """Whatever is done to parameters between steps, training goes on from what the user sees, as it would have."""
    weights = parameters()
    optimizer = kind(weights, **options)
    twins = parameters()
    twin = kind(twins, **options)
    losses(weights, optimizer, 2), losses(twins, twin, 2)
    if way == "deepcopy":
        weights, optimizer = copy.deepcopy((weights, optimizer))
    if way == "pickle":
        weights, optimizer = pickle.loads(pickle.dumps((weights, optimizer)))
    for x, y in zip(weights, twins):
        if way == "same array":
            x.data = x.data
        if way == "loaded":
            x.data = x.data.copy()
        if way == "clipped in place":
            np.clip(x.data, -1, 1, out=x.data)
            y.data[...] = np.clip(y.data, -1, 1)
        if way == "scaled in place":
            x.data *= 0.5
            y.data = y.data * 0.5
    found = losses(weights, optimizer)
    assert found == losses(twins, twin) and found[-1] != found[0]


@every_optimizer
def test_hazard_two_optimizers_of_the_same_parameters(kind, options):
    """Steps in turn go on from each other's, as plain gradient descent shows it."""
    weights = parameters()
    first, second = SGD(weights, 0.01), kind(weights, **options)
    before = np.concatenate([x.data.ravel() for x in weights])
    for optimizer in (second, first, second, first):
        loss_of(*weights, TARGETS[0]).backward()
        expected = np.concatenate([(x.data - 0.01 * x.grad).ravel() for x in weights])
        optimizer.step()
        found = np.concatenate([x.data.ravel() for x in weights])
        assert optimizer is second or np.array_equal(found, expected)
        assert not np.array_equal(found, before)
        before = found


def test_hazard_a_parameter_of_another_shape_or_dtype():
    w = Tensor([1.0, 2.0], "w", requires_grad=True)
    optimizer = SGD([w], 0.1)
    for wrong in (np.ones(3), np.ones(2, np.float32)):
        w.data = wrong
        w.grad = np.ones(2)
        with pytest.raises(ValueError, match=r"w was \(2,\) float64 when its optimizer was made, and is"):
            optimizer.step()
    w.data = np.ones(2)
    for gradient in (np.ones((1, 2)), np.ones(1), 1.0):
        w.grad = gradient
        with pytest.raises(ValueError, match=r"w has shape \(2,\), its gradient"):
            optimizer.step()
    assert w.data.tolist() == [1, 1]


@every_optimizer
def test_hazard_a_gradient_that_was_read_before_the_step(kind, options):
    weights = parameters()
    optimizer = kind(weights, **options)
    loss_of(*weights, TARGETS[0]).backward()
    kept = [x.grad for x in weights]
    copies = [x.copy() for x in kept]
    optimizer.step()
    assert all(np.array_equal(x, y) for x, y in zip(kept, copies))
    loss_of(*weights, TARGETS[1]).backward()
    row, copy = weights[0].grad[0], weights[0].grad[0].copy()
    weights[1].grad = np.broadcast_to(2.0, 3)
    optimizer.step()
    assert np.array_equal(row, copy)


def test_micrograds_idiom_with_an_optimizer_beside_it():
    w = Tensor([1.0, 2.0], "w", requires_grad=True)
    optimizer = Adam([w], 0.1)
    for _ in range(2):
        (w * w).sum().backward()
        w.data -= 0.05 * w.grad
        w.grad = None
    assert w.data == pytest.approx([0.81, 1.62], rel=1e-15)
    (w * w).sum().backward()
    optimizer.step()
    assert w.data == pytest.approx([0.71, 1.52], rel=1e-7)
