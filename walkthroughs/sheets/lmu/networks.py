"""The sheet's network, 784-100-100-100-100-10 with ReLU, and how it starts: as He draws weights, or as PyTorch does."""

import numpy as np

from models.experiment import model_of
from models.history import History
from models.layers import Linear
from models.training import fit
from tensor_engine import Adam
from walkthroughs.sheets.data import setup_for

RATE, BATCH = 1e-4, 64


def setup_of(options):
    """The sheet's network and training: four hidden layers of 100 units, five epochs of Adam at 1e-4."""
    return setup_for(
        options, hidden=(100,) * 4, activation="relu", optimizer="adam", learning_rate=RATE, batch_size=BATCH, epochs=5,
        final=True, scaling="symmetric",
    )  # fmt: skip


def started(setup, data, by_pytorch=False):
    """The untrained network of a Setup, and the Generator of its batches; drawn after He, or as PyTorch draws."""
    model, _, rng = model_of(setup, data)
    if by_pytorch:
        drawn_as_pytorch(model, np.random.default_rng([setup.seed, 2]))
    return model, rng


def drawn_as_pytorch(model, rng):
    """Draw weights and biases anew as `torch.nn.Linear` does: uniform in +- 1 / sqrt(inputs)."""
    for layer in model.layers:
        if isinstance(layer, Linear):
            limit = 1 / np.sqrt(len(layer.W.data))
            for parameter in layer.parameters():
                parameter.data[...] = rng.uniform(-limit, limit, parameter.shape)


def trained(model, data, rng, epochs, rate=RATE, batch_size=BATCH):
    """The History of training a model with Adam."""
    optimizer, history = Adam(model.parameters(), rate), History(held_out="test")
    fit(model, data, optimizer, epochs, batch_size, rng, history=history)
    if history.interrupted:
        raise KeyboardInterrupt
    return history
