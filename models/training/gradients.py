"""The gradient of a batch, which goes through a network in pieces, and its size.

What the caches of a core hold goes through at once.
"""

import math

import numpy as np

from tensor_engine import cross_entropy

PIECE_BYTES = 3 << 20  # about what the caches of a core hold: larger batches go through the network in pieces


def piece_size(x):
    """How many rows of x (instances, features) go through a network at once."""
    return max(1, PIECE_BYTES // max(1, x[:1].nbytes))


def backward(model, x, y, piece=None, loss=cross_entropy):
    """Add the gradient of the batch's mean loss to the parameters' gradients; returns the loss.

    The batch x (instances, features), y (instances,) goes through the model in pieces of at most `piece` instances
    (None: as many as the caches hold), each weighted by its share of the batch, so that the sum is the whole batch's
    gradient, to rounding. `piece=1` is the accumulation over a few instances that "Assignment 1" suggests.
    """
    mean_loss, n = 0.0, len(x)
    piece = piece or piece_size(x)
    for start in range(0, n, piece):
        stop = min(n, start + piece)
        found = loss(model(x[start:stop]), y[start:stop])
        if stop - start < n:
            found = found * ((stop - start) / n)
        found.backward()
        mean_loss += found.item()
    return mean_loss


def pieces(x, model=None):
    """Slices of the rows of x that go through a network at once, by what it makes of them."""
    size = max(1, piece_size(x) // getattr(model, "growth", 1))
    return [slice(start, start + size) for start in range(0, len(x), size)]


def clip(model, largest):
    """Scale the gradients of all parameters to the Euclidean norm `largest`, if theirs together is larger."""
    norm = math.sqrt(sum(square**2 for square in gradient_norms(model).values()))
    if norm > largest:
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad = parameter.grad * parameter.dtype.type(largest / norm)


def gradient_norms(model):
    """{layer: the Euclidean norm of the gradient of its parameters}."""
    squares: dict[str, float] = {}
    for parameter in model.parameters():
        if parameter.grad is None:
            continue
        layer = parameter.label.rpartition("/")[0]
        squares[layer] = squares.get(layer, 0.0) + float(np.vdot(parameter.grad, parameter.grad))
    return {layer: square**0.5 for layer, square in squares.items()}
