"""Batch and layer normalisation in the sheet's network, and their derivatives by hand. (The layers: models/layers.)"""

from models.layers import Linear, Sequential


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
            layers.append(kind(layer.W.shape[1], layer.W.dtype, f"{layer.label}/norm"))
    return Sequential(*layers)
