"""Tutorial 04: its sentences come from their numbers, and mini-batches' gradients are compared with the whole set's."""

import numpy as np
import pytest

from models.experiment import Setup, data_of, model_of
from models.training import backward
from walkthroughs.sheets.augsburg import full_batch, mini_batches, tutorial04
from walkthroughs.sheets.augsburg.full_batch import trained

from .test_readings import history

DIGITS = Setup("digits", hidden=(12,), learning_rate=0.1, limit=256, epochs=1, final=True)


def test_what_the_full_batch_reaches():
    good = full_batch.progress(history([1.0, 0.9], validation_accuracy=0.6), 0.55, 60_000, 10_000)
    assert good.startswith("After 2 steps 95.00% of the 60,000 training images and 60.00% of the 10,000 test images")
    assert "Both have passed the sheet's 55% when they are measured at step 1." in good
    assert "have not both passed" in full_batch.progress(history([1.0], validation_accuracy=0.5), 0.55, 9, 9)
    assert tutorial04.one_step(2.0, 1.9).endswith("it falls.") and "does NOT fall" in tutorial04.one_step(1.9, 2.0)


def test_whose_gradient_is_the_larger_and_since_when():
    crossing = {"layer1": np.array([0.5, 0.4, 0.3, 0.2]), "layer2": np.ones(4), "layer3": np.array([4, 0.5, 0.2, 0.1])}
    said = full_batch.norms_compared(crossing)
    assert said.startswith(
        "The norms of the gradients of layer1 and layer3 are 0.500 and 4.000 at step 1; 0.200 and 0."
    )
    assert said.endswith("That of layer1 is the larger one from step 3 on.")
    swapped = {"layer1": crossing["layer3"], "layer3": crossing["layer1"]}
    assert full_batch.norms_compared(swapped).endswith("That of layer3 is the larger one from step 3 on.")
    above = {"layer1": np.full(3, 0.1), "layer3": np.ones(3)}
    assert full_batch.norms_compared(above).endswith("That of layer3 is the larger one at every step.")


def test_how_far_the_weights_have_moved_and_how_the_error_term_shrinks():
    rows = [(1, 20.0, 1.0, 9, 0.002, 0.004, 0.2, 0.2), (2, 4.0, 1.0, 9, 0.03, 0.02, None, None)]
    assert "by 5.0% (layer 1) and 25.0% (layer 2) of their norm" in full_batch.moved(rows, 10)
    assert "is 15.0 times that of the first one's before training, and 5.0 times after" in full_batch.shrinking(rows)


def test_the_rows_of_the_layers_are_those_of_the_engine():
    data = data_of(DIGITS)
    model, _, _ = model_of(DIGITS, data)
    model.parameters()[0].data[...] *= 1.5
    nets = full_batch.untrained(DIGITS, data), full_batch.hand_written_copy(DIGITS, data, model)
    first, last = full_batch.layer_rows(nets, data.xtrain.T, data.ytrain)
    assert first[2] == pytest.approx(0.5 * first[1]) and last[2] == 0  # moved by half of what it was, and not at all
    backward(model, data.xtrain, data.ytrain)
    bias = model.parameters()[1].grad
    np.testing.assert_allclose(nets[1].deltas[0].sum(axis=1), bias, atol=1e-6)
    assert first[5] == pytest.approx(np.linalg.norm(nets[1].deltas[0])) and last[6:] == (None, None)


def test_mini_batches_against_the_full_batch():
    full = ("all examples, rate 0.01", 100, 900.0, 0.78, 0.79, 800.0)
    mini = ("batches of 64, rate 0.1", 9370, 30.0, 0.95, 0.94, 8.0)
    said = mini_batches.faster([full, mini])
    assert "has 94.00% of the test images right, 15.0 percentage points above" in said
    assert said.endswith("is reached after 8.0 s instead of 13.3 min, 100 times as fast.")
    assert mini_batches.faster([full, (*mini[:5], 1600.0)]).endswith("instead of 13.3 min, 2.0 times as long.")
    slow = (mini[0], mini[1], 30.0, 0.7, 0.7, None)
    assert "9.0 percentage points below" in mini_batches.faster([full, slow])
    assert "No mini-batch run reaches" in mini_batches.faster([full, slow])


def test_how_mini_batches_are_aimed_is_said_from_the_cosines():
    rows = [(0, 64, 0.93, 0.99, 3.2, 3.5), (938, 64, 0.35, 0.97, 0.4, 1.1)]
    said = mini_batches.aimed(rows, 938, 4.0, 0.8)
    assert "on average 0.93 after 0 steps and 0.35 after 938 steps; that of the mean of 64" in said
    assert "between 0.97 and 0.99" in said and "has 938 of these steps and takes 4.0 s, as long as 5.0 steps" in said
    assert "0.12 after 938 steps" in mini_batches.aimed([rows[0], (938, 64, 0.12, 0.9, 1, 1)], 938, 4.0, 0.8)


def test_directions_by_the_definition():
    """Four batches that are the whole set: their mean is the full gradient, and nothing is left in the model."""
    data = data_of(DIGITS)
    model, _, _ = model_of(DIGITS, data)
    n, cosine, of_mean, whole, one = mini_batches.direction(model, data.xtrain, data.ytrain, 0)
    assert n == 4 and of_mean == pytest.approx(1, abs=1e-6) and 0 < cosine < of_mean and one > whole
    assert all(parameter.grad is None for parameter in model.parameters())
    assert mini_batches.cosine(np.array([3.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(0.5**0.5)


def test_the_full_batch_run_goes_on_from_its_checkpoint(tmp_path):
    """Ten steps, then twenty in the same folder: the losses of twenty at once, and the first ten are not run again."""
    setup = Setup("digits", (8,), activation="sigmoid", limit=100, epochs=10, final=True)
    data = data_of(setup)
    _, first = trained(setup, data, 5, tmp_path)
    _, longer = trained(setup.but(epochs=20), data, 5, tmp_path)
    (tmp_path / "other").mkdir()
    _, at_once = trained(setup.but(epochs=20), data, 5, tmp_path / "other")
    assert longer.batch_losses == at_once.batch_losses and len(longer.batch_losses) == 20
    assert longer.epochs[:2] == first.epochs and longer.epochs[0].seconds != at_once.epochs[0].seconds
