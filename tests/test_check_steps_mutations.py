"""Slips injected at random nodes of random graphs of both engines: does check_steps name the node, and the slip?

A student is simulated: both passes by hand, with one slip, every number rounded to four decimals. The formulas of the
slips are written out here, as a student would write them. `python -m tests.test_check_steps_mutations` prints the table.

The check was developed with seeds below 1000; the tests use those from 10,000 on.
"""

import itertools
import math
import random
from collections import Counter

import numpy as np

import tensor_engine as te
from scalar_engine import Operator, Value, check_steps, exp, log, relu, sigmoid, sin, softplus, sqrt, tanh
from scalar_engine import mean as scalar_mean
from scalar_engine import sum as scalar_sum
from scalar_engine.graph import topological_order
from tensor_engine import Tensor

FIRST_SEED = 10_000
MUTANTS = 240  # for each engine
GRAPHS = 240  # for each engine, whose right answers must raise no alarm
VISIBLE = 1e-3  # a slip counts if it changes some claimed number by that much: by ten units of the last decimal

# ---- random graphs


def scalar_graph(rng):
    """A root behind which random operators are applied to random earlier nodes, many of them used more than once."""
    one = [sin, tanh, sigmoid, softplus, relu, lambda x: exp(sin(x)), lambda x: log(x * x + 0.5)]
    one += [lambda x: sqrt(x * x + 0.5), lambda x: -x, lambda x: x**2]
    two = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (b * b + 1)]
    two.append(lambda a, b: scalar_mean([a, b, a * b]))
    nodes = [Value(rng.choice((-1, 1)) * rng.uniform(0.2, 2), f"x{i}") for i in range(rng.randint(2, 4))]
    for _ in range(rng.randint(4, 10)):
        f = rng.choice(one + two)
        nodes.append(f(rng.choice(nodes), rng.choice(nodes[-3:])) if f in two else f(rng.choice(nodes[-4:])))
    root = scalar_sum([x * rng.uniform(0.5, 1.5) for x in nodes[-3:]])
    return labelled(root)


def tensor_graph(rng):
    """The loss of a random network of one to three layers, with shapes that hide slips as often as not."""
    draw = np.random.default_rng(rng.randrange(2**32))
    n, width, classes = rng.randint(2, 5), rng.randint(2, 4), rng.randint(2, 4)
    x = Tensor(draw.normal(size=(n, width)), "x")
    for i in range(rng.randint(1, 3)):
        size = rng.choice((width, rng.randint(2, 4)))
        W = Tensor(draw.normal(size=(width, size)), f"W{i}", requires_grad=True)
        b = Tensor(draw.normal(size=size), f"b{i}", requires_grad=True)
        k = te.linear(x, W, b) if rng.random() < 0.4 else x @ W + b
        h = rng.choice((sigmoid, tanh, relu, softplus, sin))(k)
        if rng.random() < 0.4:
            h = h * Tensor(draw.normal(size=size), f"g{i}", requires_grad=True)
        x = h + x if size == width and rng.random() < 0.7 else h * k if rng.random() < 0.3 else h
        width = size
    o = x @ Tensor(draw.normal(size=(width, classes)), "V", requires_grad=True)
    kind = rng.randrange(4)
    if kind == 0:
        root = te.softmax_cross_entropy(o, draw.integers(classes, size=n))
    elif kind == 1:
        root = te.mse(o, draw.normal(size=(n, classes)))
    elif kind == 2:
        root = -(log(te.softmax(o)) * draw.dirichlet(np.ones(classes), n)).sum(axis=1).mean()
    else:
        root = (log(o * o + 1) + o).mean()
    return labelled(root)


def labelled(root):
    for i, node in enumerate(topological_order(root)):
        if node.inputs and not node.label and node.op.symbol != "broadcast_to":
            node.label = f"n{i}"
    return root.named("l")


# ---- the student


class Slip:
    """value(node, value, xs) or contributions(node, [(consumer, position, contribution, upstream, xs)]) made wrong."""

    def __init__(self, kind, node, value=None, gradient=None):
        self.kind = kind
        self.node = node
        self.value = value
        self.gradient = gradient


def passes(root, slip=None):
    """Both passes by hand, with the slip: ({node: value}, {node: gradient}, {node: its contributions})."""
    order = topological_order(root)
    values, gradients, received = {}, {root: root.unit}, {}
    for node in order:
        values[node] = node.data
        if node.inputs:
            values[node] = Operator.__call__(node.op, *[values[x] for x in node.inputs])
        if slip and slip.node is node and slip.value:
            values[node] = slip.value(values[node], [values[x] for x in node.inputs])
    for node in reversed(order):
        if node in received:
            gradients[node] = sum(part[2] for part in received[node][1:]) + received[node][0][2]
            if slip and slip.node is node and slip.gradient:
                gradients[node] = slip.gradient(received[node])
        if node in gradients and node.inputs:
            xs, needs = [values[x] for x in node.inputs], [x.requires_grad for x in node.inputs]
            pulled = node.op.pull(gradients[node], values[node], *xs, needs=needs)
            for position, (x, contribution) in enumerate(zip(node.inputs, pulled)):
                if x.requires_grad:
                    part = (node, position, contribution, gradients[node], xs, values[node])
                    received.setdefault(x, []).append(part)
    return values, gradients, received


AT_INPUT = {
    "sigmoid": lambda x: x * (1 - x),
    "tanh": lambda x: 1 - x**2,
    "exp": lambda x: x,
    "sqrt": lambda x: 0.5 / x,
}
AT_OUTPUT = {
    "sigmoid": lambda out: sigmoid(out) * (1 - sigmoid(out)),
    "tanh": lambda out: 1 - tanh(out) ** 2,
    "sin": lambda out: te.cos(out),
    "softplus": lambda out: sigmoid(out),
    "log": lambda out: 1 / out,
}


def replaced(parts, i, contribution):
    """The sum of the contributions, with another in the place of the i-th."""
    out = contribution
    for j, part in enumerate(parts):
        if j != i:
            out = out + part[2]
    return out


def possible_slips(root):
    """Every Slip that can be made somewhere in the graph, by kind."""
    values, _, received = passes(root)
    found: dict = {}

    def add(kind, node, value=None, gradient=None):
        found.setdefault(kind, []).append(Slip(kind, node, value, gradient))

    for node in topological_order(root):
        parts = received.get(node, [])
        if not node.label:
            continue
        if len(parts) > 1:
            add("missing +=", node, gradient=lambda parts: parts[-1][2])
            add("missing +=", node, gradient=lambda parts: parts[0][2])
        if len(parts) > 2:
            add("missing +=", node, gradient=lambda parts: replaced(parts, 0, 0.0))
        for i, (consumer, position, _, upstream, xs, _) in enumerate(parts):
            name, only = consumer.op.name, len(parts) == 1
            add("missing minus", node, gradient=lambda parts, i=i: replaced(parts, i, -parts[i][2]))
            for rules, place in ((AT_INPUT, 4), (AT_OUTPUT, 5)):
                if name in rules:
                    at = lambda part, place=place: part[place][0] if place == 4 else part[place]
                    wrong = lambda p, i=i, rule=rules[name], at=at: replaced(p, i, p[i][3] * rule(at(p[i])))
                    add("input instead of output", node, gradient=wrong)
            if name == "log" or "entropy" in name:
                for base in (2, 10):
                    wrong = lambda p, i=i, base=base: replaced(p, i, p[i][2] / math.log(base))
                    add("base of the log", node, gradient=wrong)
            n = instances(consumer, position)
            if n:
                add("factor of the batch size", node, gradient=lambda p, i=i, n=n: replaced(p, i, p[i][2] * n))
            if only and name in ("matmul", "linear") and position < 2:
                for wrong in transposed(position, xs):
                    if not node.inputs or np.shape(wrong(parts)) == np.shape(node.data):
                        add("transposed", node, gradient=wrong)
            if only and not node.inputs and np.shape(upstream) != np.shape(node.data):
                if name == "broadcast_to" or (name == "linear" and position == 2):
                    for wrong in unsummed(node.data.shape):
                        add("broadcast not summed", node, gradient=wrong)
        if node.inputs:
            name = node.op.name
            if name == "log" or "entropy" in name:
                for base in (2, 10):
                    add("base of the log", node, value=lambda value, xs, base=base: value / math.log(base))
            if name in ("negative", "subtract"):
                add("missing minus", node, value=lambda value, xs: -value)
            if name == "matmul" and values[node.inputs[1]].shape[0] == values[node.inputs[1]].shape[1]:
                add("transposed", node, value=lambda value, xs: xs[0] @ xs[1].T)
            if instances(node, 0):
                add("factor of the batch size", node, value=lambda value, xs, n=instances(node, 0): value * n)
    return found


def instances(node, position):
    """By what number the operator divides, where it takes a mean; None elsewhere."""
    if node.op.name == "divide" and isinstance(node, Value) and position == 0 and not node.inputs[1].requires_grad:
        return node.inputs[1].data
    if node.op.name in ("mean", "mse"):
        return node.inputs[0].data.size // np.size(node.data)
    return len(node.inputs[0].data) if "entropy" in node.op.name else None


def transposed(position, xs):
    if position == 0:  # dx = upstream @ W.T
        square = xs[1].shape[0] == xs[1].shape[1]
        return [lambda parts: parts[0][3] @ parts[0][4][1]] if square else []
    return [lambda parts: parts[0][3].T @ parts[0][4][0]]  # dW = x.T @ upstream


def unsummed(shape):
    yield lambda parts: parts[0][3]
    yield lambda parts: parts[0][3].mean(axis=0)
    yield lambda parts: parts[0][3].sum(axis=1)
    yield lambda parts: np.full(shape, parts[0][3].sum())


def rounded(number):
    return np.round(number, 4) if np.shape(number) else round(float(number), 4)


def claims_of(root, values, gradients, extent):
    """What the student hands in: all numbers, all gradients, or the gradients of the leaves only."""
    order = [node for node in topological_order(root) if node.label and node.requires_grad]
    claimed = {node: rounded(values[node]) for node in order if extent == "all numbers" and node.inputs}
    for node in order:
        if extent != "leaves" or not node.inputs:
            claimed[root, node] = rounded(gradients[node])
    return claimed


# ---- the experiment

KINDS = [
    "missing +=",
    "missing minus",
    "input instead of output",
    "base of the log",
    "factor of the batch size",
    "transposed",
    "broadcast not summed",
]
EXTENTS = ["all numbers", "all gradients", "leaves"]


def far_apart(a, b):
    return np.shape(a) != np.shape(b) or bool(np.max(np.abs(np.asarray(a) - b)) > VISIBLE)


def well_scaled(root, values, gradients):
    numbers = [np.max(np.abs(x)) for x in (*values.values(), *gradients.values())]
    return all(np.isfinite(numbers)) and max(numbers) < 200


def mutants(make, first_seed, n, extents=EXTENTS):
    """(root, slip, extent, claimed, the node that is to be named) for n random slips, each kind as often as it can."""
    made: Counter = Counter()
    for seed in itertools.count(first_seed):
        if made.total() == n:
            return
        rng = random.Random(seed)
        root = make(rng)
        values, gradients, _ = passes(root)
        slips = possible_slips(root)
        if not slips or not well_scaled(root, values, gradients):
            continue
        kind = min(slips, key=lambda kind: (made[kind], kind))  # that of which there are fewest so far
        slip, extent = rng.choice(slips[kind]), extents[made[kind] % len(extents)]
        if slip.value:
            extent = "all numbers"
        with np.errstate(all="ignore"):
            try:
                values_made, gradients_made, _ = passes(root, slip)
            except (ArithmeticError, ValueError):
                continue
        if not well_scaled(root, values_made, gradients_made):
            continue
        claimed = claims_of(root, values_made, gradients_made, extent)
        wrong = first_difference(root, claimed, values, gradients)
        if wrong is not None:
            made[kind] += 1
            yield root, slip, extent, claimed, wrong


def first_difference(root, claimed, values, gradients):
    """The first claimed node whose number the slip has visibly changed."""
    order = topological_order(root)
    for node in order:
        if node in claimed and far_apart(claimed[node], values[node]):
            return node
    for node in reversed(order):
        if (root, node) in claimed and far_apart(claimed[root, node], gradients[node]):
            return node
    return None


OUTCOMES = ["node and slip", "node, other slip", "node, no slip", "wrong node", "missed"]


def outcome(root, slip, claimed, wrong):
    found = check_steps(root, claimed)
    if found.ok:
        return "missed"
    if found.node is not wrong:
        return "wrong node"
    if found.slip is None:
        return "node, no slip"
    return "node and slip" if found.slip.kind == slip.kind else "node, other slip"


def experiment(first_seed=FIRST_SEED, n=MUTANTS):
    """{(engine, kind of slip, extent): Counter of outcomes}"""
    table: dict = {}
    for engine, make in (("scalar", scalar_graph), ("tensor", tensor_graph)):
        for root, slip, extent, claimed, wrong in mutants(make, first_seed, n):
            table.setdefault((engine, slip.kind, extent), Counter())[outcome(root, slip, claimed, wrong)] += 1
    return table


def summed(table, *places):
    """The table with only the given places of its keys."""
    out: dict = {}
    for key, counts in table.items():
        out.setdefault(tuple(key[i] for i in places), Counter()).update(counts)
    return out


def printed(table, *places):
    lines = [f"{'':44}" + "".join(f"{name:>18}" for name in ["injected", *OUTCOMES])]
    for key, counts in sorted(summed(table, *places).items()):
        row = [counts.total(), *[counts[name] for name in OUTCOMES]]
        lines.append(f"{', '.join(key):44}" + "".join(f"{number:18}" for number in row))
    return "\n".join(lines)


if __name__ == "__main__":
    import sys, time
    t = time.time()
    table = experiment(int(sys.argv[1]), int(sys.argv[2]))
    print(printed(table, 0, 1), printed(table, 0, 2), printed(table, 0), sep="\n\n")
    print(time.time() - t)
