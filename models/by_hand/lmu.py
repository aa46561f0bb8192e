"""LMU, "Exercise Sheet 3", Task 1: Linear, ReLU, Softmax and CrossEntropy, each with a forward and a backward pass.

f_j(x) = sum_i w_ji x_i + b_j, so w is (outputs, inputs); instances are rows. The loss is the mean over the N instances,
and its backward pass is where the 1/N comes in.
"""

from typing import Any

import numpy as np


class Linear:
    """x -> x w' + b, with weights as He and others (2015) draw them for ReLU."""

    def __init__(self, in_channels, out_channels, rng, dtype=np.float32):
        deviation = np.sqrt(2 / in_channels)
        self.w = np.ascontiguousarray(rng.normal(0, deviation, (in_channels, out_channels)).astype(dtype).T)
        self.b = np.zeros(out_channels, dtype)

    def forward(self, x):
        self.x = x
        return x @ self.w.T + self.b

    def backward(self, upstream):
        """dL/dx (N, inputs) from dL/df (N, outputs); keeps dL/dw and dL/db."""
        self.dw = upstream.T @ self.x
        self.db = upstream.sum(axis=0)
        return upstream @ self.w

    def update(self, learning_rate):
        self.w -= learning_rate * self.dw
        self.b -= learning_rate * self.db


class ReLU:
    """f -> max(0, f), with slope 0 at 0."""

    def forward(self, f):
        self.positive = f > 0
        return f * self.positive

    def backward(self, upstream):
        return upstream * self.positive

    def update(self, learning_rate):
        """It has nothing to learn."""


class Softmax:
    """p_j = exp(f_j + C) / sum_k exp(f_k + C), with C = -max(f) if `stable`, and C = 0 otherwise."""

    def __init__(self, stable=True):
        self.stable = stable

    def forward(self, f):
        C = -f.max(axis=1, keepdims=True) if self.stable else 0
        e = np.exp(f + C)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, upstream):
        return self.p * (upstream - (upstream * self.p).sum(axis=1, keepdims=True))

    def update(self, learning_rate):
        """It has nothing to learn."""


class CrossEntropy:
    """L = 1/N sum_n -sum_j y_nj log p_nj, with y one-hot."""

    def forward(self, p, y):
        self.p, self.y = p, y
        return -(np.log(p, where=y > 0, out=np.zeros_like(p)) * y).sum() / len(p)

    def backward(self):
        """dL/dp (N, classes)."""
        return -np.divide(self.y, self.p, where=self.y > 0, out=np.zeros_like(self.p)) / len(self.p)


class MLP:
    """Linear layers with a ReLU between each two and a softmax at the end."""

    def __init__(self, in_channels, hidden_channels, out_channels, rng=0, dtype=np.float32):
        rng = np.random.default_rng(rng)
        sizes = [in_channels, *hidden_channels, out_channels]
        self.layers: list[Any] = []
        for n_in, n_out in zip(sizes, sizes[1:]):
            self.layers += [Linear(n_in, n_out, rng, dtype), ReLU()]
        self.layers[-1] = Softmax()
        self.loss = CrossEntropy()

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self):
        """The gradients of all layers, after `loss.forward(p, y)`."""
        upstream = self.loss.backward()
        for layer in reversed(self.layers):
            upstream = layer.backward(upstream)

    def update(self, learning_rate):
        for layer in self.layers:
            layer.update(learning_rate)
