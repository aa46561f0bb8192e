"""MSE TSM, "Practical Work 03", Exercise 3: backpropagation for an MLP of any depth, without autograd.

Instances are rows, and weights are stored as PyTorch's nn.Linear does: W^[l] (units, inputs), b^[l] (units,).
z^[l] = a^[l-1] W^[l]' + b^[l], a^[l] = f(z^[l]), and a^[0] = x. The cost is the mean cross-entropy.
"""

from typing import Any

import numpy as np

from .functions import glorot, sigmoid, softmax

# f(z), and its derivative in terms of z and a = f(z).
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: z > 0),
}


class MLP:
    """An MLP of `nunits` units (inputs, hidden..., classes), softmax at the end.

    What the forward pass remembers for the backward pass is `a` and `z`: a[l] and z[l] are (instances, nunits[l]).
    """

    def __init__(self, nunits, activation="relu", rng=0, dtype=np.float32):
        rng = np.random.default_rng(rng)
        self.f, self.df = ACTIVATIONS[activation]
        pairs = list(zip(nunits, nunits[1:]))
        self.W = [np.ascontiguousarray(glorot(rng, n_in, n_out, dtype).T) for n_in, n_out in pairs]
        self.b = [np.zeros(n_out, dtype) for _, n_out in pairs]
        self.velocities = [np.zeros_like(parameter) for parameter in (*self.W, *self.b)]

    def forward(self, x):
        """The probabilities (instances, classes) of x (instances, inputs)."""
        self.a, self.z = [x], [None]
        for W, b in zip(self.W, self.b):
            self.z.append(self.a[-1] @ W.T + b)
            self.a.append(self.f(self.z[-1]))
        self.a[-1] = softmax(self.z[-1], axis=1)
        return self.a[-1]

    def cost(self, y):
        """The mean cross-entropy of the last forward pass for the classes y (instances,)."""
        return -np.log(self.a[-1][np.arange(len(y)), y]).mean()

    def backward(self, y):
        """dW and db of all layers: lists of arrays in the shapes of W and b."""
        n_layers = len(self.W)
        self.dW: list[Any] = [None] * n_layers
        self.db: list[Any] = [None] * n_layers
        dz = self.a[-1].copy()
        dz[np.arange(len(y)), y] -= 1
        dz /= len(y)
        for l in reversed(range(n_layers)):
            self.dW[l] = dz.T @ self.a[l]
            self.db[l] = dz.sum(axis=0)
            if l:
                dz = (dz @ self.W[l]) * self.df(self.z[l], self.a[l])

    def update(self, learning_rate, momentum=0.0):
        """v <- momentum * v + gradient, and parameter <- parameter - learning_rate * v, for each W and b."""
        gradients = (*self.dW, *self.db)
        for parameter, gradient, v in zip((*self.W, *self.b), gradients, self.velocities, strict=True):
            v *= momentum
            v += gradient
            parameter -= learning_rate * v
