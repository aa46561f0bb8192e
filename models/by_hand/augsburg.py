"""Augsburg, "Tutorial 04": backpropagation of the error term Delta, with instances as columns.

Layer i has N_i units, and M instances go through at once: H^i (N_i, M), Theta^i (N_i, N_{i-1}), b^i (N_i, 1). The loss
is the mean over the instances, L = -1/M sum_m log H^n_{y_m, m}; Delta carries the 1/M.
"""

from typing import Any

import numpy as np

from .functions import glorot, sigmoid, softmax

HEAD = "  step   training loss  accuracy   test loss  accuracy"
LINE = "{:6d}  {:14.4f}  {:8.2%}  {:10.4f}  {:8.2%}"


def error_term_last_layer(H, y):
    """Exercise 1: Delta^n = dL/dI^n of the last layer, (N_n, M), from its softmax output H (N_n, M) and labels y (M,).

    dL/dY_im = -1 / (M Y_im) for the correct label i, and dY_im/dI_jm = Y_im ([i = j] - Y_jm): their product is
    (Y_jm - [i = j]) / M.
    """
    delta = H.copy()
    delta[y, np.arange(H.shape[1])] -= 1
    delta /= H.shape[1]
    return delta


def del_sigmoid(h):
    """Exercise 2: the sigmoid's derivative in terms of its output h, elementwise."""
    return h * (1 - h)


class NeuralNetwork:
    """Fully connected layers of `sizes` units (N_0, ..., N_n), sigmoid between them and softmax at the end.

    weights, biases                     lists over the layers i = 1..n
    activations                         H^0 = X, H^1, ..., H^n, from the last forward propagation
    deltas                              the error terms Delta^1, ..., Delta^n, from the last backpropagation
    weight_gradients, bias_gradients    from it too, in the shapes of weights and biases
    """

    def __init__(self, sizes, rng=0, dtype=np.float32):
        rng = np.random.default_rng(rng)
        pairs = list(zip(sizes, sizes[1:]))
        self.weights = [np.ascontiguousarray(glorot(rng, n_in, n_out, dtype).T) for n_in, n_out in pairs]
        self.biases = [np.zeros((n_out, 1), dtype) for _, n_out in pairs]

    def forward(self, X):
        """The probabilities H^n (N_n, M) of the instances X (N_0, M)."""
        self.activations = [X]
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases), start=1):
            net_input = weight @ self.activations[-1] + bias
            is_last = i == len(self.weights)
            self.activations.append(softmax(net_input, axis=0) if is_last else sigmoid(net_input))
        return self.activations[-1]

    def loss(self, y):
        """The mean cross-entropy of the last forward propagation for the labels y (M,)."""
        return -np.log(self.activations[-1][y, np.arange(len(y))]).mean()

    def backward(self, y):
        """Exercise 3: all components of the gradient, by Delta^i = (Theta^{i+1}' Delta^{i+1}) * del_sigmoid(H^i)."""
        n = len(self.weights)
        self.deltas: list[Any] = [None] * n
        self.weight_gradients: list[Any] = [None] * n
        self.bias_gradients: list[Any] = [None] * n
        delta = error_term_last_layer(self.activations[-1], y)
        for i in reversed(range(n)):
            self.deltas[i] = delta
            self.weight_gradients[i] = delta @ self.activations[i].T
            self.bias_gradients[i] = delta.sum(axis=1, keepdims=True)
            if i:
                delta = (self.weights[i].T @ delta) * del_sigmoid(self.activations[i])

    def update(self, learning_rate):
        """Exercise 4: one optimisation step, -learning_rate * gradient for weights and biases."""
        for i in range(len(self.weights)):
            self.weights[i] -= learning_rate * self.weight_gradients[i]
            self.biases[i] -= learning_rate * self.bias_gradients[i]

    def train(self, training, test, steps, learning_rate, path, every=100, batch_size=None, rng=0):
        """Exercises 5 and 6: `steps` optimisation steps on training = (X, y), all of it or mini-batches.

        Every `every` steps the loss and the accuracy on the training and the test set are printed into a file, a Path.
        Returns these rows: (step, training loss, accuracy, test loss, accuracy).
        """
        X, y = training
        rows = []
        with path.open("w", encoding="utf-8") as file:
            print(HEAD, file=file)
            for step, columns in zip(range(1, steps + 1), batches(len(y), batch_size, rng)):
                self.forward(X[:, columns])
                self.backward(y[columns])
                self.update(learning_rate)
                if step % every == 0:
                    rows.append((step, *self.measured(*training), *self.measured(*test)))
                    print(LINE.format(*rows[-1]), file=file, flush=True)
        return rows

    def measured(self, X, y):
        """The loss and the fraction of instances whose most probable class is the right one."""
        predicted = self.forward(X).argmax(axis=0)
        return float(self.loss(y)), float((predicted == y).mean())


def batches(n, batch_size, rng):
    """The columns of each step, without end: all n, or batch_size of them, in a new order for each epoch."""
    rng = np.random.default_rng(rng)
    while True:
        if batch_size is None:
            yield slice(None)
            continue
        order = rng.permutation(n)
        for start in range(0, n, batch_size):
            yield order[start : start + batch_size]
