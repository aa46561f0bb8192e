"""A hand-written network beside the engine's: the same weights, and how far apart what they compute is.

Hand-written parameters come as a list, weights (units, inputs) and biases, layer by layer.
"""

import numpy as np

from models.layers import MLP

ROUNDING = 1e-12  # what numbers of float64 may differ by


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


def agreement(what, difference, whose="the engine's"):
    """ "The hand-written gradients agree with the engine's: the largest difference is 1e-17" """
    verb = "agree with" if difference < ROUNDING else "DIFFER from"
    return f"The hand-written {what} {verb} {whose}: the largest difference is {difference:.0e}"
