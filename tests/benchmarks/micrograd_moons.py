"""The scalar engine beside micrograd, in one process, on micrograd's own example.

The network is 2-16-16-1 on 100 points of two moons, with hinge loss and L2 regularisation; a round is one forward and
one backward pass. Needs micrograd (pip install -e '.[peers]'), then: python -m tests.benchmarks.micrograd_moons
"""

import gc
import importlib.util
import math
import platform
import random
import statistics
import sys
import time

import micrograd.engine
import micrograd.nn

import models.mlp
import scalar_engine

ROUNDS = 7


def moons(n, noise=0.1):
    rng = random.Random(1)
    points, labels = [], []
    for i in range(n):
        angle, upper = math.pi * rng.random(), i % 2 == 0
        x, y = math.cos(angle), math.sin(angle)
        x, y = (x, y) if upper else (1 - x, 0.5 - y)
        points.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        labels.append(1 if upper else -1)
    return points, labels


def micrograd_layers_on(value_class):
    """micrograd's own nn module, with its Value replaced."""
    spec = importlib.util.spec_from_file_location("micrograd_layers", micrograd.nn.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.Value = value_class
    return module


def loss_of(model, value_class, points, labels):
    """The loss of micrograd's demo, as its notebook writes it."""
    inputs = [list(map(value_class, row)) for row in points]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum(p * p for p in model.parameters())
    return data_loss + reg_loss


def one_round(model, value_class, points, labels):
    """Seconds of the forward and of the backward pass, and the loss."""
    model.zero_grad()
    start = time.perf_counter()
    loss = loss_of(model, value_class, points, labels)
    middle = time.perf_counter()
    loss.backward()
    return middle - start, time.perf_counter() - middle, loss.data


def main():
    sys.setrecursionlimit(100_000)  # micrograd's backward pass is recursive
    points, labels = moons(100)
    contestants = {
        "micrograd": (micrograd.nn, micrograd.engine.Value),
        "our Value in micrograd's layers": (micrograd_layers_on(scalar_engine.Value), scalar_engine.Value),
        "the same program, import changed": (models.mlp, scalar_engine.Value),
    }
    networks = {}
    for name, (layers, value_class) in contestants.items():
        random.seed(1337)
        networks[name] = layers.MLP(2, [16, 16, 1]), value_class
    print(f"Python {platform.python_version()}, median of {ROUNDS} rounds, milliseconds")
    for collector, switch in [("on, as shipped", gc.enable), ("off", gc.disable)]:
        switch()
        rounds = {name: [] for name in networks}
        for _ in range(ROUNDS):
            for name, (model, value_class) in networks.items():
                gc.collect()
                rounds[name].append(one_round(model, value_class, points, labels))
        print(f"\ngarbage collector {collector:<16} forward  backward     both   times micrograd   loss")
        baseline = None
        for name, times in rounds.items():
            forward, backward = (1e3 * statistics.median(time[i] for time in times) for i in range(2))
            both = 1e3 * statistics.median(time[0] + time[1] for time in times)
            baseline = baseline or both
            print(f"{name:<34}{forward:8.1f}  {backward:8.1f} {both:8.1f} {baseline / both:17.1f}   {times[-1][2]:.9f}")


if __name__ == "__main__":
    main()
