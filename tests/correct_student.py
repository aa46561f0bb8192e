"""A student who makes no slips, and writes the numbers down as people do: rounded, cut off, in few digits, as text."""

import random
from decimal import ROUND_DOWN, Decimal

import numpy as np

from models.question3 import Question3, random_case
from scalar_engine.graph import topological_order

from .slipping_student import scalar_graph, tensor_graph


def cut(x, decimals):
    return float(Decimal(repr(float(x))).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN))


# How a value, and how a gradient, is written down.
WRITTEN = {
    "2 decimals": [lambda x: round(float(x), 2)] * 2,
    "4 decimals": [lambda x: round(float(x), 4)] * 2,
    "6 decimals": [lambda x: round(float(x), 6)] * 2,
    "cut off at 3": [lambda x: cut(x, 3)] * 2,
    "cut off at 4": [lambda x: cut(x, 4)] * 2,
    "2 digits": [lambda x: float(f"{float(x):.2g}")] * 2,
    "3 digits": [lambda x: float(f"{float(x):.3g}")] * 2,
    "4 digits": [lambda x: float(f"{float(x):.4g}")] * 2,
    "text": [lambda x: f"{float(x):.2f}"] * 2,
    "decimal commas": [lambda x: f"{float(x):.3f}".replace(".", ",")] * 2,
    "2 and 4 decimals": [lambda x: round(float(x), 2), lambda x: round(float(x), 4)],
    "4 and 2 decimals": [lambda x: round(float(x), 4), lambda x: round(float(x), 2)],
    "exact": [float] * 2,
    "float32": [np.float32] * 2,
    "float32 in lists": [lambda x: float(np.float32(x))] * 2,
}


def graph(seed):
    rng = random.Random(seed)
    return [lambda: Question3(random_case(seed)).l, lambda: scalar_graph(rng), lambda: tensor_graph(rng)][seed % 3]()


def number_of(written):
    return float(written.replace(",", ".")) if isinstance(written, str) else float(written)


def each(function, x):
    return [each(function, part) for part in x] if np.ndim(x) else function(x)


def work(root, style, goes_on_rounded):
    """{node or (root, node): what is written down}; the student goes on with that, or with what a calculator keeps."""
    order, written, values, gradients = topological_order(root), {}, {}, {root: root.unit}
    of_value, of_gradient = WRITTEN[style]

    def kept(key, number, rule):
        written[key] = each(rule, number)
        rounded = np.array(each(number_of, written[key])) if np.ndim(number) else number_of(written[key])
        return rounded if goes_on_rounded else number

    for node in order:
        values[node] = node.op.apply(*[values[x] for x in node.inputs]) if node.inputs else node.data
        if node.inputs and node.label and node.requires_grad:
            values[node] = kept(node, values[node], of_value)
    for node in reversed(order):
        if node not in gradients or not node.requires_grad:
            continue
        if node.label and node is not root:
            gradients[node] = kept((root, node), gradients[node], of_gradient)
        if node.inputs:
            needs = [x.requires_grad for x in node.inputs]
            pulled = node.op.pull(gradients[node], values[node], *[values[x] for x in node.inputs], needs=needs)
            for x, part in zip(node.inputs, pulled):
                if x.requires_grad:
                    gradients[x] = gradients[x] + part if x in gradients else part
    return written
