"""MSE FTP, "Practical work 04": DenseLayer and SoftmaxLayer with propagate and backpropagate, and their training.

The first index of the data is the sample, as in the sheet's notebooks. A layer is given the derivative of the cost
after it and returns that before it; each sample's is left as it is, and the mean is taken in the weights' gradients.
"""

import numpy as np

from .functions import glorot, sigmoid, softmax


class DenseLayer:
    """x -> sigmoid(x W' + b), with W (units, inputs) and b (units,). `grad_W` and `grad_b` are of the mean cost."""

    def __init__(self, n_inputs, n_units, rng, dtype=np.float32):
        self.W = np.ascontiguousarray(glorot(rng, n_inputs, n_units, dtype).T)
        self.b = np.zeros(n_units, dtype)

    def propagate(self, x):
        """The activations (samples, units) of x (samples, inputs)."""
        self.x = x
        self.y = self.activation(x @ self.W.T + self.b)
        return self.y

    def activation(self, z):
        return sigmoid(z)

    def backpropagate(self, grad_y):
        """dJ/dx (samples, inputs) of each sample's cost J, from dJ/dy (samples, units)."""
        return self.backpropagate_z(grad_y * self.y * (1 - self.y))

    def backpropagate_z(self, grad_z):
        """The linear part: the gradients of W and b, and dJ/dx."""
        self.grad_W = grad_z.T @ self.x / len(self.x)
        self.grad_b = grad_z.mean(axis=0)
        return grad_z @ self.W

    def update(self, learning_rate):
        self.W -= learning_rate * self.grad_W
        self.b -= learning_rate * self.grad_b


class SoftmaxLayer(DenseLayer):
    """x -> softmax(x W' + b)."""

    def activation(self, z):
        return softmax(z, axis=1)

    def backpropagate(self, grad_y):
        """dJ/dz_j = sum_i dJ/dy_i y_i ([i = j] - y_j) = y_j (dJ/dy_j - sum_i dJ/dy_i y_i)."""
        total = (grad_y * self.y).sum(axis=1, keepdims=True)
        return self.backpropagate_z(self.y * (grad_y - total))


class MLP:
    """DenseLayers of `sizes` units (inputs, hidden..., classes), the last one a SoftmaxLayer."""

    def __init__(self, sizes, rng=0, dtype=np.float32):
        rng = np.random.default_rng(rng)
        kinds = [DenseLayer] * (len(sizes) - 2) + [SoftmaxLayer]
        self.layers = [kind(n_in, n_out, rng, dtype) for kind, n_in, n_out in zip(kinds, sizes, sizes[1:])]

    def propagate(self, x):
        for layer in self.layers:
            x = layer.propagate(x)
        return x

    def cost(self, labels):
        """The mean cross-entropy of the last propagation for the labels (samples,)."""
        return -np.log(self.layers[-1].y[np.arange(len(labels)), labels]).mean()

    def backpropagate(self, labels):
        """The gradients of all layers; dJ/dy is -1 / y at each sample's label and 0 elsewhere."""
        y = self.layers[-1].y
        rows = np.arange(len(labels))
        grad = np.zeros_like(y)
        grad[rows, labels] = -1 / y[rows, labels]
        for layer in reversed(self.layers):
            grad = layer.backpropagate(grad)

    def update(self, learning_rate):
        for layer in self.layers:
            layer.update(learning_rate)

    def train(self, x, labels, batch_size, learning_rate, rng):
        """Exercise 3: an epoch of mini-batch gradient descent, each sample once, in an order that `rng` draws."""
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            self.propagate(x[rows])
            self.backpropagate(labels[rows])
            self.update(learning_rate)


def gradient_check(mlp, x, labels, epsilon=1e-5):
    """The sheet's check, over every weight and bias: the largest |backpropagation - central difference| of the cost.

    Returns the largest difference and the number of parameters. Run it in float64: float32 has too few digits.
    """
    mlp.propagate(x)
    mlp.backpropagate(labels)
    worst, count = 0.0, 0
    for layer in mlp.layers:
        for parameters, gradients in ((layer.W, layer.grad_W), (layer.b, layer.grad_b)):
            for i in range(parameters.size):
                kept = parameters.flat[i]
                costs = []
                for moved in (kept + epsilon, kept - epsilon):
                    parameters.flat[i] = moved
                    mlp.propagate(x)
                    costs.append(mlp.cost(labels))
                parameters.flat[i] = kept
                worst = max(worst, abs((costs[0] - costs[1]) / (2 * epsilon) - gradients.flat[i]))
                count += 1
    return worst, count
