"""Layers and networks of Tensors."""

import numpy as np
import pytest

from models.layers import MLP, Dropout, Linear, ReLU, Sequential, Sigmoid, Softmax, Tanh, glorot, he, parameter_count
from tensor_engine import Tensor


def rng(seed=0):
    return np.random.default_rng(seed)


def test_linear_by_hand():
    """[1, 2] @ [[1, 2, 3], [4, 5, 6]] + [1, 0, -1] = [10, 12, 14]."""
    layer = Linear(2, 3, rng(), dtype=np.float64)
    layer.W.data[:] = [[1, 2, 3], [4, 5, 6]]
    layer.b.data[:] = [1, 0, -1]
    assert layer(np.array([[1.0, 2.0]])).data.tolist() == [[10, 12, 14]]


def test_activations_and_softmax():
    x = Tensor([[-1.0, 0.0, 2.0]])
    assert ReLU()(x).data.tolist() == [[0, 0, 2]]
    assert Sigmoid()(x).data[0, 1] == 0.5 and Tanh()(x).data[0, 2] == np.tanh(2.0)
    assert Softmax()(x).data.sum() == pytest.approx(1)


def test_initialisation_has_the_spread_of_its_paper():
    assert np.abs(glorot(rng(), 300, 100)).max() <= np.sqrt(6 / 400)
    assert glorot(rng(), 300, 100).std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    assert he(rng(), 300, 100).std() == pytest.approx(np.sqrt(2 / 300), rel=0.02)
    relu, sigmoid = MLP([300, 100, 10], "relu"), MLP([300, 100, 10], "sigmoid")
    assert relu.layers[0].W.data.std() == pytest.approx(np.sqrt(2 / 300), rel=0.02)
    assert sigmoid.layers[0].W.data.std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    assert not relu.layers[0].b.data.any()


def test_the_same_seed_gives_the_same_weights():
    def weights(seed):
        return [parameter.data for parameter in MLP([5, 4, 3], rng=seed).parameters()]

    assert all(map(np.array_equal, weights(1), weights(1)))
    assert not np.array_equal(weights(1)[0], weights(2)[0])


def test_parameters_are_named_and_counted():
    """784-100-200-50-10 has 784*100+100 + 100*200+200 + 200*50+50 + 50*10+10 = 109,260 (MSE TSM 2022, Exercise 5a)."""
    model = MLP([784, 100, 200, 50, 10])
    assert parameter_count(model) == 109_260
    named = MLP([2, 3, 1]).named_parameters()
    assert {name: p.shape for name, p in named.items()} == {
        "layer1/W": (2, 3), "layer1/b": (3,), "layer2/W": (3, 1), "layer2/b": (1,)
    }  # fmt: skip
    assert repr(MLP([2, 3, 1], "relu")) == "Sequential(Linear(2, 3), ReLU, Linear(3, 1))"


def test_dtypes():
    for dtype in (np.float32, np.float64):
        model = MLP([4, 3, 2], "tanh", dropout=0.5, dtype=dtype)
        assert model(np.zeros((5, 4), dtype)).dtype == dtype


def test_dropout_keeps_the_mean_while_training_and_everything_otherwise():
    layer = Dropout(0.25, rng())
    x = np.ones((200, 100))
    dropped = layer(Tensor(x)).data
    assert set(np.unique(dropped)) == {0, 1 / 0.75}
    assert dropped.mean() == pytest.approx(1, abs=0.02)
    layer.train(False)
    assert layer(x) is x
    with pytest.raises(ValueError, match=r"dropout rate 1: must be at least 0 and below 1"):
        Dropout(1, rng())


def test_training_mode_reaches_every_part():
    inner = Dropout(0.5, rng())
    model = Sequential(Sequential(inner))
    model.train(False)
    assert not inner.training
    model.train()
    assert inner.training
