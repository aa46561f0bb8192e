"""A neuron, a layer, and Question 3 of the assignment with the sheet's numbers.

Nothing about derivatives is new: a network is an expression like any other, and its weights are leaves. A layer is a
loop over neurons, and a neuron a sum of products.
"""

import random

from walkthroughs.grow.step04 import Value, exp, log, sigmoid, tanh


def linear(x, W, b):
    """k_j = sum_i W_ij x_i + b_j, with lists of lists as the sheet has them: W[i][j] leads from x_i to k_j."""
    return [sum((W[i][j] * x[i] for i in range(len(x))), b[j]) for j in range(len(b))]


def softmax(o):
    """y_i = exp(o_i) / sum_j exp(o_j)"""
    e = [exp(o_i) for o_i in o]
    total = sum(e)
    return [e_i / total for e_i in e]


def parameter(rows, name):
    """Numbers in nested lists as Values, named as people number up to nine of them: W11, W12, ..."""
    if isinstance(rows, list):
        return [parameter(row, f"{name}{i}") for i, row in enumerate(rows, start=1)]
    return Value(float(rows), name)


def question3(x, W, b, V, c, target):
    """The loss l = -log y[target] of the network in "Implementing an MLP using Numpy", Question 3: two inputs, three
    sigmoid units, softmax over two classes."""
    k = linear(x, W, b)
    h = [sigmoid(k_i) for k_i in k]
    y = softmax(linear(h, V, c))
    return -log(y[target])


class Layer:
    """`n_outputs` neurons f(w . x + b), their weights drawn at random."""

    def __init__(self, n_inputs, n_outputs, f, rng):
        self.W = [[Value(rng.uniform(-1, 1)) for _ in range(n_outputs)] for _ in range(n_inputs)]
        self.b, self.f = [Value(0.0) for _ in range(n_outputs)], f

    def __call__(self, x):
        return [self.f(k) for k in linear(x, self.W, self.b)]

    def parameters(self):
        return [w for row in [*self.W, self.b] for w in row]


def gradient_descent(parameters, rate):
    for p in parameters:
        p.data -= rate * p.grad
        p.grad = None


def grads(rows):
    return [grads(row) for row in rows] if isinstance(rows, list) else rows.grad


if __name__ == "__main__":
    W, b = parameter([[1, 1, 1], [-1, -1, -1]], "W"), parameter([0, 0, 0], "b")
    V, c = parameter([[1, 1], [-1, -1], [-1, -1]], "V"), parameter([0, 0], "c")
    l = question3([1.0, -1.0], W, b, V, c, target=0)
    l.backward()
    l.data  # 0.6931
    grads(V)  # [[-0.4404, 0.4404], [-0.4404, 0.4404], [-0.4404, 0.4404]]
    grads(c)  # [-0.5, 0.5]
    grads(b)  # [0.0, 0.0, 0.0]

    # A network learns XOR, in a hundred steps.
    rng = random.Random(1)
    first, last = Layer(2, 4, tanh, rng), Layer(4, 1, lambda k: k, rng)
    for _ in range(100):
        xor = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
        loss = sum((last(first(x))[0] - t) ** 2 for x, t in xor)
        loss.backward()
        gradient_descent(first.parameters() + last.parameters(), 0.1)
    loss.data < 0.01  # True

    # What still goes wrong: dW is 0 on the sheet, and here but for rounding. The numbers do not say why, nor whether it
    # really is 0.
    max(abs(dw) for row in grads(W) for dw in row) < 1e-16  # True
