"""VU, "Assignment 1", Questions 3 and 4: the network in plain Python, with lists and loops, as the sheet suggests.

    k = W'x + b,   h = sigmoid(k),   o = V'h + c,   y = softmax(o),   l = -log y[target]

W is (inputs, hidden) and V (hidden, classes), each a list of rows; the target class counts from 0, as lists do.
"""

import math


def linear(x, W, b):
    """k_j = sum_i x_i W_ij + b_j."""
    k = [0.0] * len(b)
    for j in range(len(b)):
        for i in range(len(x)):
            k[j] += x[i] * W[i][j]
        k[j] += b[j]
    return k


def sigmoid(k):
    """1 / (1 + exp(-k_j)), written with tanh so that no exp overflows."""
    return [0.5 * (1 + math.tanh(0.5 * k_j)) for k_j in k]


def softmax(o):
    """exp(o_i) / sum_j exp(o_j). The largest o is taken off first, so that no exp overflows."""
    largest = max(o)
    e = [math.exp(o_i - largest) for o_i in o]
    total = sum(e)
    return [e_i / total for e_i in e]


def forward(x, W, b, V, c):
    """The layers k, h, o, y of one instance."""
    k = linear(x, W, b)
    h = sigmoid(k)
    o = linear(h, V, c)
    y = softmax(o)
    return k, h, o, y


def loss(y, target):
    return -math.log(y[target])


def backward(x, target, V, h, y):
    """The derivatives of the loss on all weights, dW, db, dV, dc: from each layer to the one before."""
    inputs, hidden, classes = range(len(x)), range(len(h)), range(len(y))
    dy = [0.0 for _ in classes]
    dy[target] = -1 / y[target]  # Question 1: dl/dy_i, 0 for all other classes

    do = [0.0 for _ in classes]
    for i in classes:
        for j in classes:
            slope = y[i] * (1 - y[i]) if i == j else -y[i] * y[j]  # Question 1: dy_i/do_j
            do[j] += dy[i] * slope

    dV = [[0.0 for _ in classes] for _ in hidden]
    dh = [0.0 for _ in hidden]
    for i in hidden:
        for j in classes:
            dV[i][j] = do[j] * h[i]
            dh[i] += do[j] * V[i][j]  # h_i is used once for each class

    dk = [dh[j] * h[j] * (1 - h[j]) for j in hidden]

    dW = [[0.0 for _ in hidden] for _ in inputs]
    for i in inputs:
        for j in hidden:
            dW[i][j] = dk[j] * x[i]
    db, dc = dk, do  # biases are added as they are
    return dW, db, dV, dc


def initial_weights(rng, n_inputs, n_outputs):
    """A layer's weights, from a normal distribution by a random.Random, and its biases, 0."""
    return [[rng.gauss(0, 1) for _ in range(n_outputs)] for _ in range(n_inputs)], [0.0] * n_outputs


def train(instances, targets, learning_rate, W, b, V, c):
    """One pass over the instances, a step after each; yields the loss of each before its step."""
    for x, target in zip(instances, targets):
        k, h, o, y = forward(x, W, b, V, c)
        l = loss(y, target)
        dW, db, dV, dc = backward(x, target, V, h, y)
        for rows, gradients in ((W, dW), ([b], [db]), (V, dV), ([c], [dc])):
            for row, gradient in zip(rows, gradients):
                for j in range(len(row)):
                    row[j] -= learning_rate * gradient[j]
        yield l


def accuracy(instances, targets, W, b, V, c):
    """The fraction of instances whose most probable class is the target."""
    hits = 0
    for x, target in zip(instances, targets):
        y = forward(x, W, b, V, c)[-1]
        hits += y.index(max(y)) == target
    return hits / len(targets)
