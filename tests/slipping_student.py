"""A student who makes slips: random graphs of both engines, both passes by hand, and one slip at a random node.

The formulas of the slips are written out, as a student would write them: nothing here is taken from check_steps.
"""

import math

import numpy as np

import tensor_engine as te
from scalar_engine import Value, exp, log, relu, sigmoid, sin, softplus, sqrt, tanh
from scalar_engine import mean as scalar_mean
from scalar_engine import sum as scalar_sum
from scalar_engine.graph import topological_order
from tensor_engine import Tensor

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
    """A slip at a node: value(value, xs) is its wrong value, or gradient(contributions) its wrong gradient.

    A contribution is (consumer, position, contribution, upstream, the consumer's inputs, its output).
    """

    def __init__(self, kind, node, value=None, gradient=None):
        self.kind = kind
        self.node = node
        self.value = value
        self.gradient = gradient


def passes(root, slip=None):
    """Both passes by hand, with the slip: {node: value}, {node: gradient}, and {node: its contributions}."""
    order = topological_order(root)
    values, gradients, received = {}, {root: root.unit}, {}
    for node in order:
        values[node] = node.data
        if node.inputs:
            values[node] = node.op.apply(*[values[x] for x in node.inputs])
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
    _, _, received = passes(root)
    found: dict = {}
    for node in topological_order(root):
        if node.label:
            for slip in [*slips_of_paths(node, received), *slips_of_steps(node, received), *slips_of_value(node)]:
                found.setdefault(slip.kind, []).append(slip)
    return found


def slips_of_paths(node, received):
    parts = received.get(node, [])
    if len(parts) > 1:
        yield Slip("missing +=", node, gradient=lambda parts: parts[-1][2])
        yield Slip("missing +=", node, gradient=lambda parts: parts[0][2])
    if len(parts) > 2:
        yield Slip("missing +=", node, gradient=lambda parts: replaced(parts, 0, 0.0))


def slips_of_steps(node, received):
    parts = received.get(node, [])
    for i, (consumer, position, contribution, upstream, xs, out) in enumerate(parts):
        name = consumer.op.name
        wrong = [("missing minus", -contribution)]
        if name in AT_INPUT:
            wrong.append(("input instead of output", AT_INPUT[name](xs[0]) * upstream))
        if name in AT_OUTPUT:
            wrong.append(("input instead of output", AT_OUTPUT[name](out) * upstream))
        if name == "log" or "entropy" in name:
            wrong += [("base of the log", contribution / math.log(base)) for base in (2, 10)]
        if instances(consumer, position):
            wrong.append(("factor of the batch size", contribution * instances(consumer, position)))
        if len(parts) == 1 and name in ("matmul", "linear") and position < 2:
            wrong += [("transposed", product) for product in transposed(upstream, position, xs)]
        if len(parts) == 1 and (name == "broadcast_to" or name == "linear" and position == 2):
            wrong += [("broadcast not summed", gradient) for gradient in unsummed(upstream, contribution.shape)]
        for kind, instead in wrong:
            if not node.inputs or np.shape(instead) == np.shape(contribution):  # others' gradients could not go on
                yield Slip(kind, node, gradient=lambda parts, i=i, instead=instead: replaced(parts, i, instead))


def slips_of_value(node):
    if node.inputs:
        name, n = node.op.name, instances(node, 0)
        if name == "log" or "entropy" in name:
            for base in (2, 10):
                yield Slip("base of the log", node, value=lambda value, xs, base=base: value / math.log(base))
        if name in ("negative", "subtract"):
            yield Slip("missing minus", node, value=lambda value, xs: -value)
        if name == "matmul" and node.inputs[1].shape[0] == node.inputs[1].shape[1]:
            yield Slip("transposed", node, value=lambda value, xs: xs[0] @ xs[1].T)
        if n:
            yield Slip("factor of the batch size", node, value=lambda value, xs: value * n)


def instances(node, position):
    """By what number the operator divides, where it takes a mean; None elsewhere."""
    if node.op.name == "divide" and isinstance(node, Value) and position == 0 and not node.inputs[1].requires_grad:
        return node.inputs[1].data
    if node.op.name in ("mean", "mse"):
        return node.inputs[0].data.size // np.size(node.data)
    return len(node.inputs[0].data) if "entropy" in node.op.name else None


def transposed(upstream, position, xs):
    if position == 1:  # instead of dW = x.T @ upstream
        yield upstream.T @ xs[0]
    elif xs[1].shape[0] == xs[1].shape[1]:  # instead of dx = upstream @ W.T
        yield upstream @ xs[1]


def unsummed(upstream, shape):
    yield upstream
    yield upstream.mean(axis=0)
    yield upstream.sum(axis=1)
    yield np.full(shape, upstream.sum())
