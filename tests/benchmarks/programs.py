"""Programs beside micrograd, in one process, on micrograd's own example: 2-16-16-1 on two moons, forward + backward.

Needs micrograd (pip install -e '.[peers]'), then: python -m tests.benchmarks.programs
"""

import gc
import platform
import random
import statistics
import sys
import time

import micrograd.engine
import micrograd.nn
import numpy as np

import models.mlp
from scalar_engine import Value, compile_graph, sum

from .micrograd_moons import moons, one_round

ROUNDS = 5


def network():
    random.seed(1337)
    return models.mlp.MLP(2, [16, 16, 1])


def hinge(score, label):
    return (1 - label * score).relu()


def whole_program(model, points, labels):
    """The loss over all points as one program, and what to call it with."""
    inputs = [[Value(number, requires_grad=False) for number in point] for point in points]
    targets = [Value(label, requires_grad=False) for label in labels]
    data_loss = sum([hinge(model(x), label) for x, label in zip(inputs, targets)]) * (1.0 / len(points))
    loss = data_loss + 1e-4 * sum([p * p for p in model.parameters()])
    leaves = [leaf for x in inputs for leaf in x] + targets
    return compile_graph(loss, leaves, model.parameters()), [leaf.data for leaf in leaves]


def batched_program(model, points, labels):
    """The loss of one point as a program, and what to call it with for all of them at once."""
    x, label = [Value(0.1, "x1", False), Value(0.2, "x2", False)], Value(1.0, "t", False)
    loss = hinge(model(x), label) + 1e-4 * sum([p * p for p in model.parameters()])
    return compile_graph(loss, [*x, label], model.parameters()), np.column_stack([points, labels]).T.copy()


def milliseconds(rounds, run, *arguments):
    """The median time of some rounds, and the result. No round has to clear up what another has left."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        out = run(*arguments)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), out


def main():
    sys.setrecursionlimit(100_000)  # micrograd's backward pass is recursive
    print(f"Python {platform.python_version()}, collector as shipped, median of the rounds, milliseconds")
    print(f"{'points':>6}  {'':<18} {'ms':>9} {'times micrograd':>16}   loss")
    for n in (100, 1000):
        points, labels = moons(n)
        random.seed(1337)
        theirs = micrograd.nn.MLP(2, [16, 16, 1])
        baseline, (*_, loss) = milliseconds(ROUNDS, one_round, theirs, micrograd.engine.Value, points, labels)
        print(f"{n:6}  {'micrograd':<18} {baseline:9.2f} {1:16.0f}   {loss:.9f}")
        model = network()
        weights = [parameter.data for parameter in model.parameters()]
        makers = {"program": whole_program} if n == 100 else {}
        makers["batched program"] = batched_program
        for name, make in makers.items():
            program, inputs = make(model, points, labels)
            program(inputs, weights)
            ms, (loss, _) = milliseconds(20 * ROUNDS, program, inputs, weights)
            print(f"{n:6}  {name:<18} {ms:9.2f} {baseline / ms:16.0f}   {loss:.9f}")


if __name__ == "__main__":
    main()
