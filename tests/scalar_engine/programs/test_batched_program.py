"""Batched programs: all instances at once are the mean of the single ones, with the parameters shared."""

import random

import numpy as np
import pytest

from scalar_engine import (
    Value,
    compile_graph,
    dot,
    grad,
    logsumexp,
    maximum,
    relu,
    sigmoid,
    softplus,
    sum,
    tanh,
    topological_order,
)

from ...expressions import EXPRESSIONS, cases


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_every_expression_batched(f, points):
    """f(w * x) with w shared: the value and gradients are those of the mean of the single instances."""
    xs = [Value(number, f"x{i}", requires_grad=False) for i, number in enumerate(points[0])]
    ws = [Value(1.0, f"w{i}") for i in range(len(xs))]
    program = compile_graph(f(*[w * x for w, x in zip(ws, xs)]), inputs=xs, parameters=ws)
    alone = [program(list(point), [1.0] * len(ws)) for point in points]
    value, gradients = program(np.array(points).T, [1.0] * len(ws))
    assert value == pytest.approx(np.mean([v for v, _ in alone]), rel=1e-12)
    assert gradients == pytest.approx(np.mean([g for _, g in alone], axis=0), rel=1e-12, abs=1e-15)


OPERATIONS = [
    lambda a, b, more: a * b,
    lambda a, b, more: a - b,
    lambda a, b, more: a / (b * b + 1),
    lambda a, b, more: 0.5 * sigmoid(a),
    lambda a, b, more: maximum(a, b),
    lambda a, b, more: relu(a - b),
    lambda a, b, more: softplus(a) - 0.5,
    lambda a, b, more: tanh(a) ** 2,
    lambda a, b, more: dot(more[:5], more[5:]),
    lambda a, b, more: logsumexp(more[:3]),
    lambda a, b, more: sum(more[:4]),
]


@pytest.mark.parametrize("seed", range(100))
def test_random_graphs_of_sums_and_products_batched(seed):
    """Shared weights, labels that clash, lists that name a node twice: the batch is the mean of its instances."""
    rng = random.Random(seed)
    xs = [Value(rng.uniform(0.2, 1.5), f"x{i}", requires_grad=False) for i in range(3)]
    ws = [Value(rng.uniform(0.2, 1.5), rng.choice(["w", "layer/w", "a b", f"w{i}"])) for i in range(4)]
    pool = xs + ws
    for _ in range(rng.randrange(3, 25)):
        node = rng.choice(OPERATIONS)(rng.choice(pool), rng.choice(pool), rng.choices(pool, k=10))
        if abs(node.data) < 50:
            pool.append(node.named(rng.choice(["", "", "k", "z/k"])))
    root = pool[-1] + pool[-2] * 0.1
    behind = set(topological_order(root))
    inputs, parameters = [x for x in xs if x in behind], [w for w in ws if w in behind]
    program, weights = compile_graph(root, inputs, parameters), [w.data for w in parameters]
    assert program([x.data for x in inputs], weights) == (
        pytest.approx(root.data, rel=1e-10), pytest.approx(grad(root, parameters), rel=1e-10, abs=1e-12),
    )  # fmt: skip
    if inputs:
        batch = np.array([[x.data * (1 + 0.3 * i) for i in range(4)] for x in inputs])
        alone = [program(column, weights) for column in batch.T.tolist()]
        value, gradients = program(batch, weights)
        assert value == pytest.approx(np.mean([v for v, _ in alone]), rel=1e-10)
        assert gradients == pytest.approx(np.mean([g for _, g in alone], axis=0), rel=1e-10, abs=1e-12)


def test_a_term_of_parameters_alone_counts_once():
    """mean(w x) + w^2 at w = 3, x = 1, 2, 6: the mean of x is 3, so 9 + 9, and the slope is 3 + 6."""
    w, x = Value(3.0, "w"), Value(1.0, "x", requires_grad=False)
    program = compile_graph(w * x + w * w, inputs=[x])
    assert program([np.array([1.0, 2.0, 6.0])], [3.0]) == (18, [9])
    program = compile_graph(w * w, inputs=[], parameters=[w])
    assert program([], [3.0]) == (9, [6])


def test_dot_products_of_all_kinds():
    """Long and short, weights on either side, shared rows used again elsewhere, weights used twice, known numbers."""
    rng = random.Random(3)
    x = [Value(rng.uniform(-1, 1), f"x{i}", requires_grad=False) for i in range(5)]
    w = [Value(rng.uniform(-1, 1), f"w{i}") for i in range(5)]
    h = [tanh(w[0] * number + w[i]) for i, number in enumerate(x)]
    root = sum(
        [
            dot(w, h),
            dot(h, w) * 2,
            dot(w[::-1], h) ** 2,
            dot([w[0]] * 5, h),
            dot(w[:2], h[:2]),
            dot(w, x),
            dot(h, x),
            dot(w, w[::-1]),
            dot([1.0, 2.0, -1.0, 0.5, 3.0], h),
            dot([w[1], 2.0, w[2], -1.0, w[3]], h),
            h[0] * h[3],
        ]
    )
    program = compile_graph(root, inputs=x, parameters=w)
    weights = [parameter.data for parameter in w]
    batch = np.random.default_rng(0).normal(size=(5, 7))
    alone = [program(column, weights) for column in batch.T.tolist()]
    value, gradients = program(batch, weights)
    assert value == pytest.approx(np.mean([v for v, _ in alone]), rel=1e-12)
    assert gradients == pytest.approx(np.mean([g for _, g in alone], axis=0), rel=1e-12)
    value, gradients = program([number.data for number in x], weights)
    assert value == pytest.approx(root.data) and gradients == pytest.approx(grad(root, w))
