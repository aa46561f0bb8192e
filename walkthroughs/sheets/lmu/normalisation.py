"""Batch and layer normalisation as layers: a mean, a variance and a division, composed of the engine's operators.

No rule for their derivatives is written down here; they follow from those of mean, square, square root and quotient.
"""

import numpy as np

from models.layers import Linear, Sequential
from models.module import Module
from tensor_engine import Tensor, sqrt

EPSILON = 1e-5  # added to a variance, so that nothing is divided by 0


class Normalisation(Module):
    """What both kinds learn: a deviation gamma and a mean beta for each of the `n` features, 1 and 0 at first."""

    def __init__(self, n, dtype=np.float32, label="norm"):
        self.gamma = Tensor(np.ones(n, dtype), f"{label}/gamma", requires_grad=True)
        self.beta = Tensor(np.zeros(n, dtype), f"{label}/beta", requires_grad=True)

    def parameters(self):
        return [self.gamma, self.beta]

    def scaled(self, centred, variance):
        """gamma z + beta, with z = (x - mean) / sqrt(variance + epsilon)."""
        return self.gamma * (centred / sqrt(variance + EPSILON)) + self.beta


class BatchNorm(Normalisation):
    """Each feature of a Tensor (instances, features) by its mean and variance in the batch: Ioffe and Szegedy (2015).

    An instance's output then depends on the others of its batch. For evaluation there are running averages of the
    batches' means and variances in their place, over about the last ten batches.
    """

    pure = False  # it keeps running averages, which a program would not
    share = 0.1  # of a new batch in the running averages

    def __init__(self, n, dtype=np.float32, label="norm"):
        super().__init__(n, dtype, label)
        self.mean, self.variance = np.zeros(n, dtype), np.ones(n, dtype)

    def __call__(self, x):
        if not self.training:
            return self.scaled(x - self.mean, self.variance)
        mean = x.mean(axis=0)
        centred = x - mean
        variance = (centred**2).mean(axis=0)
        self.mean += self.share * (mean.data - self.mean)
        unbiased = variance.data * (len(x) / max(1, len(x) - 1))  # it estimates that of instances to come
        self.variance += self.share * (unbiased - self.variance)
        return self.scaled(centred, variance)


class LayerNorm(Normalisation):
    """Each instance of a Tensor (instances, features) by mean and variance of its own features: Ba and others (2016).

    No instance depends on another, so training and evaluation compute the same.
    """

    pure = True

    def __call__(self, x):
        centred = x - x.mean(axis=1, keepdims=True)
        return self.scaled(centred, (centred**2).mean(axis=1, keepdims=True))


def backward_by_hand(upstream, z, deviation, gamma, axis):
    """(dL/dx, dL/dgamma, dL/dbeta) from upstream = dL/dy (instances, features), by the formula of the derivation.

    `axis` is the one that mean and variance were taken over: 0 for batch normalisation, 1 for layer normalisation.
    """
    g = gamma * upstream
    dx = (g - g.mean(axis, keepdims=True) - z * (g * z).mean(axis, keepdims=True)) / deviation
    return dx, (upstream * z).sum(axis=0), upstream.sum(axis=0)


def with_normalisation(model, kind):
    """The MLP's layers, and a normalisation of this kind between each hidden linear layer and its activation."""
    layers = []
    for layer in model.layers:
        layers.append(layer)
        if isinstance(layer, Linear) and layer is not model.layers[-1]:
            layers.append(kind(layer.W.shape[1], layer.W.dtype, layer.label.replace("/k", "/norm")))
    return Sequential(*layers)
