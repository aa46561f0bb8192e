"""Forward rules for arrays, to be written before batched programs. Nothing here is imported: only its text is used."""

import numpy as np


def sigmoid(x):
    with np.errstate(over="ignore"):  # exp(-x) may overflow to inf, and 1 / inf is the 0 that sigmoid then is
        return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def step(x):
    return np.where(np.greater(x, 0), 1.0, 0.0)


def nonzero(x):
    return np.where(np.equal(x, 0), 0.0, 1.0)


def lowered(x, y):
    zero = np.equal(x, 0) & np.equal(y, 0)
    return np.where(zero, 0.0, np.power(np.where(zero, 1.0, x), np.subtract(y, 1.0)))


def xlogy(x, y):
    zero = np.equal(x, 0)
    return np.where(zero, 0.0, x * np.log(np.where(zero, 1.0, y)))


def logsumexp(*xs):
    stacked = np.stack(np.broadcast_arrays(*xs))
    largest = np.max(stacked, axis=0)
    shift = np.where(np.isinf(largest), 0.0, largest)
    with np.errstate(divide="ignore", over="ignore"):  # all may be -inf, or the largest inf
        return np.log(np.sum(np.exp(stacked - shift), axis=0)) + shift
