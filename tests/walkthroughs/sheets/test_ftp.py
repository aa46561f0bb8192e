"""Practical work 04: its sentences come from their numbers, and the hand-written training is the engine's."""

import numpy as np
import pytest

from models.experiment import Setup, data_of, train
from walkthroughs.sheets.ftp import exercise2, exercise3, own_layers

from .test_readings import history


def test_what_passes_the_check():
    good, single = ("a", "float64", 100, 1e-10, "passes", 0.1), ("a", "float32", 100, 1e-2, "FAILS", 0.1)
    wrong = ("b", "float64", 50, 0.2, "FAILS", 0.1)
    said = exercise2.passed([good, single, wrong])
    assert "1 of 1 networks in float64 pass; over all their 100 parameters" in said and "wrong fails with 2e-01" in said
    assert "4,000 times below the threshold" in said and "the same code fails (1e-02)" in said
    assert "0 of 1 networks in float64 pass" in exercise2.passed([wrong, single, wrong])
    assert "ABOVE the threshold" in exercise2.passed([wrong, single, wrong])
    said = exercise2.valley([1e-6, 1e-5, 1e-1], [1e-9, 1e-10, 1e-2])
    assert "at epsilon = 1e-05, where the rule of thumb says 6e-06" in said
    assert "2 of the 3 epsilons tried, the smallest 1e-06 and the largest 1e-05." in said
    assert "with 0 of the 1 epsilons tried." in exercise2.valley([1.0], [1.0])


def test_the_hand_written_network_trains_as_the_engines_does():
    setup = Setup("digits", hidden=(12, 8), learning_rate=0.3, learning_rate_decay=1.0, momentum=0.0, batch_size=16,
                  limit=200, epochs=3)  # fmt: skip
    _, engine = train(setup)
    net, by_hand = own_layers.trained(setup, data_of(setup))
    assert net.layers[0].W.shape == (12, 64) and len(by_hand.epochs) == 3
    for ours, theirs in zip(by_hand.epochs, engine.epochs):
        assert (ours.epoch, ours.train_accuracy, ours.validation_accuracy) == (
            theirs.epoch, theirs.train_accuracy, theirs.validation_accuracy,
        )  # fmt: skip
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-5)
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-5)


def test_what_the_sheets_own_layers_reach():
    errors = {"shallow": 0.116, "deeper": 0.131}
    rows = [(name, "l", who, 0.3, 15, 0.05, errors[name], 3.0) for name in errors for who in ("by hand", "the engine")]
    said = own_layers.own_compared(rows)
    assert (
        "the shallow network reaches a test error of 11.60% and the deeper one 13.10%, 1.50 percentage points more"
        in said
    )
    assert "errors agree with the engine's" in said and "took 6.0 s, 1.0 times as long as the engine's 6.0 s" in said
    rows[2:] = [(*row[:6], 0.1, 4.0) for row in rows[2:]]
    rows[3] = (*rows[3][:6], 0.11, 1.0)
    said = own_layers.own_compared(rows)
    assert (
        "1.60 percentage points less" in said
        and "errors DIFFER from the engine's: the largest difference is 1e-02" in said
    )
    found = {("shallow", 0.1): 0.2, ("shallow", 0.3): 0.1, ("deeper", 0.1): 0.3, ("deeper", 0.3): 0.2}
    said = own_layers.rate_chosen(0.3, found, 5000)
    assert (
        "rate 0.3 has the smallest error on the 5,000 validation images, 10.00% (shallow) and 20.00% (deeper)" in said
    )
    assert "edge" not in said and "edge" in own_layers.rate_chosen(0.1, found, 5000)


def test_the_networks_are_compared():
    confusion = np.array([[5, 2, 0], [1, 6, 0], [0, 0, 7]])
    rows = [("shallow", "l", 0.1, 64, 5, 0.1, 0.12, 3.0), ("deeper", "l", 0.1, 64, 5, 0.1, 0.11, 3.0)]
    said = exercise3.errors_compared(rows, confusion, ("shirt", "coat", "bag"))
    assert "11.00% for the deeper one, 1.00 percentage points less" in said
    assert "confuses shirt and coat most often, 3 times of its 3 errors" in said
    rows = [(*rows[0][:6], 0.11, 3.0), (*rows[1][:6], 0.13, 3.0)]
    said = exercise3.errors_compared(rows, confusion, ("shirt", "coat", "bag"))
    assert "2.00 percentage points more" in said
    assert exercise3.against_own(rows, {"shallow": 0.12, "deeper": 0.12}) == (
        "Their test errors are 1.00 percentage points less (shallow) and 1.00 percentage points more (deeper) than "
        "with the sheet's own layers above."
    )
    found = {("shallow", rate, 64): value for rate, value in zip(exercise3.RATES, (0.8, 0.9, 0.7, 0.7))}
    assert "does best at rate 0.03 in batches of 64 (90.0%), and 20.0" in exercise3.suited(
        found, {"shallow": (0.03, 64)}
    )
    assert "at the edge" not in exercise3.suited(found, {"shallow": (0.03, 64)})
    assert "at the edge" in exercise3.suited(found, {"shallow": (0.01, 64)})
    ten, four = ("784-100-10", 60_000, 0.12, 3.0), ("784-100-4", 24_000, 0.05, 1.0)
    assert "lower: 5.0% against 12.0%" in exercise3.classes_compared([four, ten])
    assert "HIGHER" in exercise3.classes_compared([(*four[:2], 0.2, 1.0), ten])


def test_whether_more_epochs_have_done_harm():
    rising, flat = history([0.5, 0.3, 0.4], [0.5, 0.3, 0.1]), history([0.5, 0.3, 0.301], [0.5, 0.3, 0.2])
    said = exercise3.turning({"shallow": rising})
    assert "lowest after epoch 2; in the end it is 0.100 nats above that, and 0.300 nats above the training" in said
    assert said.endswith("the epochs in between have done harm, it overfits.")
    assert exercise3.turning({"shallow": flat}).endswith("have done little to it.")
    falling = history([0.5, 0.4, 0.3])
    assert exercise3.turning({"shallow": falling}).endswith("still falling, and more epochs may help.")


def test_tiles_of_noise_are_told_from_shapes():
    noise = np.random.default_rng(0).normal(size=(5, 28, 28))
    shapes = np.array([np.add.outer(np.arange(28), np.arange(28)) / 8.0] * 5)

    def said(after, learned):
        return exercise3.smoothness({"before": noise, "after": after, "learned": learned})

    assert "no shapes in them yet" in said(noise, noise)
    assert "they show shapes" in said(shapes, shapes)
    assert "shapes under the noise" in said(0.1 * shapes + noise, shapes)


def test_what_lies_in_the_contrasts_of_the_classes():
    """Two classes whose means differ in the first pixel only."""
    x, y = np.array([[1.0, 5, 5], [3, 5, 5], [7, 5, 5]]), np.array([0, 0, 1])
    assert exercise3.share_in_contrasts(np.array([[3.0, 0, 4], [0, 0, 0]]), x, y) == pytest.approx(9 / 25)
    said = exercise3.contrasted({"before": 0.011, "learned": 0.15}, 10, 784)
    assert "15.0% lie in the 9 of 784 dimensions" in said and said.endswith("of those before training 1.1%.")
