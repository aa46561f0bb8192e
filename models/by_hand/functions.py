"""The functions that the sheets' networks share, in NumPy."""

import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x)), written with tanh so that no exp overflows."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x, axis):
    """exp(x) / sum exp(x) along an axis. The largest element is subtracted first, so that no exp overflows."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def glorot(rng, n_inputs, n_outputs, dtype):
    """Weights (inputs, outputs), uniform in +- sqrt(6 / (inputs + outputs)): Glorot and Bengio (2010)."""
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs)).astype(dtype)
