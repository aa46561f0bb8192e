"""VU, "Assignment 1", Questions 5 and 6: k = W'x + b, h = sigmoid(k), o = V'h + c, y = softmax(o), l = -log y_c.

W is (inputs, hidden) and V (hidden, classes), as the sheet writes them. `Network` takes one instance at a time;
`BatchedNetwork` takes a batch, its instances as rows, and every line of it is one NumPy call.
"""

import numpy as np

from .functions import glorot, sigmoid, softmax


class Network:
    """The two-layer network. `backward` adds to the gradients dW, db, dV, dc, and `update` takes a step along their
    mean, so that a few instances may share a step.

    rng     a NumPy Generator for the weights, or a seed; biases start at 0
    """

    def __init__(self, n_inputs, n_hidden, n_classes, rng=0, dtype=np.float32):
        rng = np.random.default_rng(rng)
        self.W, self.b = glorot(rng, n_inputs, n_hidden, dtype), np.zeros(n_hidden, dtype)
        self.V, self.c = glorot(rng, n_hidden, n_classes, dtype), np.zeros(n_classes, dtype)
        self.zero_gradients()

    def zero_gradients(self):
        self.dW, self.db, self.dV, self.dc = (np.zeros_like(p) for p in (self.W, self.b, self.V, self.c))
        self.n_instances = 0

    def forward(self, x, target):
        """The loss l of one instance x (inputs,) of the class `target`."""
        self.x, self.target = x, target
        self.k = x @ self.W + self.b  # (hidden,)
        self.h = sigmoid(self.k)
        self.o = self.h @ self.V + self.c  # (classes,)
        self.y = softmax(self.o, axis=0)
        return -np.log(self.y[target])

    def backward(self):
        """Add the derivatives of the last `forward`'s loss to the gradients."""
        do = self.y.copy()
        do[self.target] -= 1  # dl/do_j = y_j - [j = c]: Questions 1 and 2 together
        dh = self.V @ do
        dk = dh * self.h * (1 - self.h)
        self.dV += np.outer(self.h, do)
        self.dc += do
        self.dW += np.outer(self.x, dk)
        self.db += dk
        self.n_instances += 1

    def update(self, learning_rate):
        """A step of gradient descent on the mean loss of the instances since the last step."""
        scale = learning_rate / self.n_instances
        for parameter, gradient in ((self.W, self.dW), (self.b, self.db), (self.V, self.dV), (self.c, self.dc)):
            parameter -= scale * gradient
        self.zero_gradients()


def train(net, x, y, group, learning_rate):
    """One pass of a Network over instances x and their classes y, a step after every `group` of them; yields the loss
    of each before its step."""
    for i, (one, target) in enumerate(zip(x, y), start=1):
        loss = net.forward(one, target)
        net.backward()
        if i % group == 0 or i == len(x):
            net.update(learning_rate)
        yield loss


class BatchedNetwork(Network):
    """The same network on a batch: x (batch, inputs) and targets (batch,) instead of one of each."""

    def forward(self, x, target):
        """The summed loss of the batch. Each line is that of `Network.forward` with an axis for the batch in front."""
        self.x, self.target = x, target
        self.k = x @ self.W + self.b  # (batch, hidden)
        self.h = sigmoid(self.k)
        self.o = self.h @ self.V + self.c  # (batch, classes)
        self.y = softmax(self.o, axis=1)
        return -np.log(self.y[np.arange(len(x)), target]).sum()

    def backward(self):
        """The outer products of the single instances, summed over the batch, are one matrix product."""
        do = self.y.copy()
        do[np.arange(len(self.x)), self.target] -= 1
        dh = do @ self.V.T
        dk = dh * self.h * (1 - self.h)
        self.dV += self.h.T @ do
        self.dc += do.sum(axis=0)
        self.dW += self.x.T @ dk
        self.db += dk.sum(axis=0)
        self.n_instances += len(self.x)
