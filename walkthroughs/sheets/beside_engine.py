"""A hand-written network beside the engine's: the same weights, and how far apart what they compute is.

Hand-written parameters come as a list, weights (units, inputs) and biases, layer by layer.
"""

import time

import numpy as np
from tqdm.auto import tqdm

from models.history import Epoch, History
from models.layers import MLP
from models.training import pieces

ROUNDING = 1e-12  # what numbers of float64 may differ by
FLOAT32 = 1e-4  # what losses and accuracies may differ by after some hundred steps in float32


def engine_of(parameters, activation="sigmoid"):
    """The engine's MLP with a copy of these parameters."""
    sizes = [parameters[0].shape[1], *(len(weights) for weights in parameters[::2])]
    model = MLP(sizes, activation, dtype=parameters[0].dtype)
    for parameter, array in zip(model.parameters(), parameters, strict=True):
        parameter.data[...] = array.T
    return model


def gradients_like(parameters, model):
    """The model's gradients, in the shapes of the hand-written parameters."""
    return [found.grad.T.reshape(array.shape) for found, array in zip(model.parameters(), parameters, strict=True)]


def largest_difference(arrays, others):
    return max(float(np.abs(a - b).max()) for a, b in zip(arrays, others, strict=True))


def agreement(what, difference, whose="the engine's", rounding=ROUNDING):
    """ "The hand-written gradients agree with the engine's: the largest difference is 1e-17" """
    verb = "agree with" if difference < rounding else "DIFFER from"
    size = f"{difference:.0e}" if difference else "0"
    return f"The hand-written {what} {verb} {whose}: the largest difference is {size}"


def history_by_hand(setup, data, epoch, probabilities):
    """The History of a hand-written network, trained for a Setup's epochs on the batches that the engine would take.

    epoch           trains it for one epoch: `epoch(rng, learning_rate)`, of which rng draws the instances' order
    probabilities   the network's output (instances, classes) for instances x
    """
    history = History(held_out="test" if setup.final else "validation")
    rng = np.random.default_rng([setup.seed, 1])
    for number in tqdm(range(1, setup.epochs + 1), "by hand", disable=None, leave=False):
        rate = setup.learning_rate * setup.learning_rate_decay ** (number - 1)
        started = time.perf_counter()
        epoch(rng, rate)
        took = time.perf_counter() - started
        loss, accuracy = measured(probabilities, data.xtrain, data.ytrain)
        val_loss, val_accuracy = measured(probabilities, data.xval, data.yval)
        history.epochs.append(Epoch(number, loss, accuracy, val_loss, val_accuracy, rate, took))
    return history


def measured(probabilities, x, y):
    """(mean cross-entropy, fraction correct) of a hand-written network, in pieces that fit the caches."""
    losses, hits = [], 0
    for part in pieces(x):
        found = probabilities(x[part])
        losses.append(-np.log(found[np.arange(len(found)), y[part]]).sum(dtype=np.float64))
        hits += int((found.argmax(axis=1) == y[part]).sum())
    return float(sum(losses)) / len(x), hits / len(x)
