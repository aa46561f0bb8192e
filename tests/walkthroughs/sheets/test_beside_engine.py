"""Hand-written networks beside the engine's, and the Setup that the sheets' networks train with."""

import numpy as np
import pytest

from models.by_hand import augsburg, tsm
from models.training import backward
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.data import add_data, add_sweeps, setup_for
from walkthroughs.sheets.script import parser_for

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(9, 6)), np.array([0, 2, 1, 1, 0, 2, 2, 1, 0])


def of_tsm():
    net = tsm.MLP([6, 5, 4, 3], "sigmoid", dtype=np.float64)
    net.forward(X)
    net.backward(Y)
    return [p for pair in zip(net.W, net.b) for p in pair], [g for pair in zip(net.dW, net.db) for g in pair]


def of_augsburg():
    net = augsburg.NeuralNetwork([6, 5, 4, 3], dtype=np.float64)
    net.forward(X.T)
    net.backward(Y)
    gradients = zip(net.weight_gradients, net.bias_gradients)
    return [p for pair in zip(net.weights, net.biases) for p in pair], [g for pair in gradients for g in pair]


@pytest.mark.parametrize("by_hand", [of_tsm, of_augsburg])
def test_gradients_come_in_the_shapes_of_the_hand_written_ones(by_hand):
    """Vectors and columns of biases alike; one wrong element is seen."""
    parameters, gradients = by_hand()
    model = engine_of(parameters)
    backward(model, X, Y)
    found = gradients_like(parameters, model)
    assert [g.shape for g in found] == [p.shape for p in parameters]
    assert largest_difference(gradients, found) < 1e-12
    gradients[3].flat[1] += 1e-9
    assert largest_difference(gradients, found) == pytest.approx(1e-9, rel=1e-3)


def test_a_copy_of_the_parameters():
    parameters, _ = of_tsm()
    engine_of(parameters).parameters()[0].data[...] = 0
    assert parameters[0].any()


def test_agreement_is_said_to_rounding():
    assert agreement("gradients", 2e-13) == (
        "The hand-written gradients agree with the engine's: the largest difference is 2e-13"
    )
    assert agreement("losses", 0.0).endswith("the largest difference is 0")
    assert "losses agree" in agreement("losses", 1e-7, rounding=1e-4) and "DIFFER" in agreement("losses", 1e-7)
    assert "costs DIFFER from PyTorch's: the largest difference is 2e-12" in agreement("costs", 2e-12, "PyTorch's")


def test_the_sheets_networks_learn_by_plain_gradient_descent():
    parser = parser_for("question7", "")
    add_data(parser, "mnist")
    add_sweeps(parser)
    setup = setup_for(parser.parse_args(["--seed", "3"]), epochs=2)
    assert (setup.data, setup.limit, setup.seed, setup.epochs, setup.optimizer) == ("mnist", None, 3, 2, "sgd")
    assert (setup.learning_rate, setup.learning_rate_decay, setup.momentum) == (0.1, 1.0, 0.0)
    assert setup_for(parser.parse_args(["--quick", "--data", "digits"]), momentum=0.5).but(seed=1) == setup.but(
        data="digits", limit=1_000, seed=1, epochs=5, momentum=0.5
    )
