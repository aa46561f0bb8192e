"""Graphs to step through, and what a stepper must show of them, from the engine's records."""

import math
import random

import numpy as np

import tensor_engine as te
from models.question3 import Question3, random_case
from scalar_engine import Value, maximum, sigmoid, sin, softmax, steps, sum, tanh, topological_order
from tensor_engine import Tensor


def random_graph(seed):
    """A root made of random operators on random earlier nodes, often used more than once, some without a name."""
    rng = random.Random(seed)
    nodes = [Value(rng.uniform(-2, 2), f"x{i}", requires_grad=i < 3) for i in range(4)]
    unary = [sin, tanh, sigmoid, lambda x: x * x, lambda x: 1.5 - x, lambda x: x / 3, lambda x: -x]
    binary = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a / (b * b + 1), maximum]
    for i in range(rng.randint(6, 14)):
        f = rng.choice(unary + binary)
        node = f(rng.choice(nodes), rng.choice(nodes)) if f in binary else f(rng.choice(nodes))
        nodes.append(node.named(f"group{i % 3}/n{i}") if rng.random() < 0.5 else node)
    return sum(softmax(nodes[-3:])[:2] + [nodes[0] * nodes[1]]) + nodes[-1]


def odd_graph():
    """Numbers that are written wrongly easily: nan, infinities, -0.0, 1e-300, and large ones."""
    x = [Value(number, f"x{i}") for i, number in enumerate([math.nan, math.inf, -0.0, 1e-300, 12345.678, 1e22])]
    return (sum(x[:3]) + x[3] * 1.0 + x[4] * -2.0 + x[5] - x[1] * x[3]).named("odd")


def graphs():
    """(name, root)"""
    found = [(f"random graph {seed}", random_graph(seed)) for seed in range(4)]
    found += [(f"question 3, seed {seed}", Question3(random_case(seed)).l) for seed in range(2)]
    return [*found, ("odd numbers", odd_graph()), ("one node", Value(2.0, "x")), ("no name", Value(2.0) * Value(3.0))]


def states(root):
    """What is known at each position: lists [values by node, gradients by node], None for what is not, and the record.

    The positions are: before everything, after each forward record, after the root's own derivative, after each
    backward record.
    """
    nodes = topological_order(root)
    values = {node: None if node.inputs else node.data for node in nodes}
    gradients = dict.fromkeys(nodes)
    yield dict(values), dict(gradients), None
    records = steps(root)
    for step in records:
        if step.position is None:
            values[step.node] = step.node.data
            yield dict(values), dict(gradients), step
    gradients[root] = root.unit
    yield dict(values), dict(gradients), None
    for step in records:
        if step.position is not None:
            before = gradients[step.input]
            gradients[step.input] = step.contribution if before is None else before + step.contribution
            yield dict(values), dict(gradients), step


def tensor_loss():
    random = np.random.default_rng(0)
    x = Tensor(random.normal(size=(3, 4)), "X")
    W, b = Tensor(random.normal(size=(4, 2)), "W", True), Tensor(random.normal(size=2), "b", True)
    Y = (x @ W + b).named("Y")
    return te.softmax_cross_entropy(te.sigmoid(Y).named("H"), np.array([0, 1, 1])).named("L")


def matrices():
    random = np.random.default_rng(0)
    A, B = (Tensor(random.normal(size=shape), name, True) for shape, name in [((2, 3), "A"), ((3, 4), "B")])
    return A, B
