"""All instances at once: the mean of the single ones, for lists of every length and for rules that are not as usual."""

import random

import numpy as np
import pytest

from scalar_engine import (
    Operator,
    Value,
    compile_graph,
    dot,
    grad,
    logsumexp,
    operators,
    relu,
    sum,
    tanh,
    topological_order,
)
from scalar_engine.programs.plan import Variable, variables_in
from tensor_engine.programs.averaging import LONG, plan_for_all

SHARE = "share = np.ones_like(x) / len(x)"


def shared(n, seed=1):
    rng = random.Random(seed)
    return [Value(rng.uniform(-1, 1), f"w{i}") for i in range(n)]


def varying(n):
    return [Value(0.1 * i - 0.2, f"x{i}", requires_grad=False) for i in range(n)]


def batch_is_mean(root, inputs, parameters):
    """The program, once it has been seen that seven instances at once are the mean of them one by one."""
    behind = set(topological_order(root))
    inputs, parameters = ([node for node in nodes if node in behind] for nodes in (inputs, parameters))
    program = compile_graph(root, inputs, parameters)
    weights = [w.data for w in parameters]
    batch = np.random.default_rng(0).normal(size=(len(inputs), 7))
    alone = [program(column, weights) for column in batch.T.tolist()]
    value, gradients = program(batch, weights)
    assert value == pytest.approx(np.mean([v for v, _ in alone]), rel=1e-12)
    assert gradients == pytest.approx(np.mean([g for _, g in alone], axis=0), rel=1e-12, abs=1e-15)
    return program


def halves(n):
    """Lists of n: one half is shared, as the weights of a dot product are, and the other varies; and a mixture."""
    ws, xs = shared(n - n // 2), varying(n // 2)
    mixed = random.Random(2).sample([*ws, *xs], n)
    return ws, xs, [[*ws, *xs], [*xs, *ws], mixed]


@pytest.mark.parametrize("n", [2, 3, 8, 9, 16, 40, 100])
@pytest.mark.parametrize("f", [sum, logsumexp], ids=["sum", "logsumexp"])
def test_lists_of_the_shared_and_of_what_varies(f, n):
    """What looks like a dot product, and is none."""
    ws, xs, lists = halves(n)
    for members in lists:
        program = batch_is_mean(f(members) ** 2, xs, ws)
        assert "rows" not in program.batched


def test_a_sum_of_four_products():
    """1 x 1 + 1 x 2 + 1 x 3 + 1 x 4 = 10 at x = 1, twice that at x = 2, and the slopes are the means of i x."""
    xs, ws = varying(4), [Value(1.0, f"w{i}") for i in range(4)]
    program = compile_graph(sum([w * x for w, x in zip(ws, xs)]), xs, ws)
    assert program(np.array([[1, 2], [2, 4], [3, 6], [4, 8]]), [1.0] * 4) == (15, [1.5, 3, 4.5, 6])
    assert "rows" not in program.batched


@pytest.mark.parametrize("n", [1, LONG - 1, LONG, 8, 33, 100])
def test_dot_products_of_any_length(n):
    ws, xs = shared(n), varying(n)
    hs = [tanh(x + ws[0]) for x in xs]
    for a, b, one_half_is_shared in [
        (ws, xs, True),
        (xs, ws, True),
        (ws, hs, True),
        (ws[::-1], hs, True),
        (hs, xs, False),
        (ws, ws[::-1], False),
        (ws[:-1] + xs[:1], hs, False),
    ]:
        program = batch_is_mean(dot(a, b) ** 2 + ws[0] * xs[0], xs, ws)
        assert ("np.stack" in program.batched) == (one_half_is_shared and n >= LONG)


def test_dot_products_of_the_same_rows():
    """Several, with weights that are numbers, 0 among them, and rows that are used again elsewhere."""
    ws, xs = shared(10), varying(5)
    hs = [relu(x * ws[i]) + 1 for i, x in enumerate(xs)]
    fixed = dot([0.5, 0.0, 2.0, -1.0, 3.0], hs)
    root = dot(ws[:5], hs) * dot(ws[5:], hs) + fixed**2 + hs[1] * hs[2] + tanh(hs[4])
    program = batch_is_mean(root, xs, ws)
    assert program.batched.count("np.stack") == 1
    assert program.batched.count("drows +=") == 1  # of two: where a weight is 0, each row has a statement of its own


def test_rows_that_pass_their_gradients_on_as_they_are():
    """h = x + b without a name: the gradient by b is that by h, which has been a row of a matrix."""
    ws, xs = shared(4), varying(4)
    bs = [Value(0.3, requires_grad=True) for _ in xs]
    batch_is_mean(dot(ws, [x + b for x, b in zip(xs, bs)]) ** 2, xs, [*ws, *bs])


def test_weights_and_rows_that_are_there_twice():
    ws, xs = shared(5), varying(5)
    hs = [tanh(x * ws[0]) for x in xs]
    for factors in [
        ([ws[0]] * 5, hs),
        (ws, [hs[0]] * 5),
        (ws[:3] + ws[:2], hs),
        (ws, hs[:3] + hs[:2]),
        (ws, hs[:4] + xs[:1]),
    ]:
        batch_is_mean(dot(*factors) ** 2, xs, ws)


@pytest.mark.parametrize("n", [3, 8])
@pytest.mark.parametrize("scale", [lambda i: -1.0, lambda i: 2.5, lambda i: i + 1.0, lambda i: 0.0 if i % 2 else -1.0])
def test_rules_of_dot_that_are_changed_at_run_time(monkeypatch, scale, n):
    """Alike for all weights, it is a matrix product still; not alike, it is one product a weight. Both are the mean."""
    right = operators.Dot.locals

    def changed(self, out, *inputs, needs):
        return [scale(i) * local for i, local in enumerate(right(self, out, *inputs, needs=needs))]

    monkeypatch.setattr(operators.Dot, "locals", changed)
    ws, xs = shared(n), varying(n)
    hs = [tanh(x * ws[i]) for i, x in enumerate(xs)]
    root = dot(ws, hs).named("y") ** 2
    program = batch_is_mean(root, xs, ws)
    is_alike = len({scale(i) for i in range(2 * n)}) == 1
    assert ("drows = " in program.batched) == (is_alike and n >= LONG)
    gradients = program([x.data for x in xs], [w.data for w in ws])[1]
    assert gradients == pytest.approx(grad(root, ws))
    monkeypatch.undo()
    assert gradients != pytest.approx(grad(root, ws))


def test_what_is_computed_from_parameters_alone_is_shared():
    """Numbers, computed once: no array is made of them, not even where their derivative is a mean of arrays."""
    w, x = Value(2.0, "w"), Value(3.0, "x", requires_grad=False)
    plan = plan_for_all((operators.exp(w).named("e") * x + w * w).named("y"), [x], [w])
    assert [str(s) for s in plan.backward] == [
        SHARE,
        "dy = share",
        "v = np.sum(dy)",
        "dw = 2 * w * v",
        "de = np.dot(dy, x)",
        "dw += de * e",
    ]


def test_one_sum_for_all_weights():
    """Where a loss has the squares of all of them in it, and no sum at all where a number is in front of that."""
    ws, xs = [Value(0.5, label) for label in "uvw"], [Value(2.0, "x", requires_grad=False)]
    squares = sum([w * w for w in ws])
    plan = plan_for_all((xs[0] + squares).named("l"), xs, ws)
    assert [str(s) for s in plan.backward[2:4]] == ["v = np.sum(dl)", "dw = 2 * w * v"] and len(plan.backward) == 6
    plan = plan_for_all((xs[0] + 0.1 * squares).named("l"), xs, ws)
    assert [str(s) for s in plan.backward[2:4]] == ["dv = 0.1 * np.sum(dl)", "dw = 2 * dv * w"]


@pytest.mark.parametrize(
    "slope, total",
    [
        (lambda w, x, y: x, "np.dot(dl, x)"),
        (lambda w, x, y: x * y, "np.sum(dl * x * y)"),
        (lambda w, x, y: -2 * w * x * y, "-2 * w * np.sum(dl * x * y)"),
        (lambda w, x, y: x**2 * y, "np.sum(dl * x ** 2 * y)"),
        (lambda w, x, y: y / x, "np.sum(dl * y / x)"),
        (lambda w, x, y: y * (x + w), "np.sum(dl * y * (x + w))"),
    ],
)
def test_the_sum_of_a_formula_over_the_instances(slope, total):
    """What is shared is in front of it, and two that vary are a product of NumPy's."""
    partials = (lambda out, w, x, y: slope(w, x, y), lambda out, w, x, y: 0.0, lambda out, w, x, y: 0.0)
    op = type("Any", (Operator,), {"symbol": "any", "forward": lambda w, x, y: w * x * y, "partials": partials})()
    w, x, y = Value(2.0, "w"), Value(3.0, "x", requires_grad=False), Value(4.0, "y", requires_grad=False)
    plan = plan_for_all(op(w, x, y).named("l"), [x, y], [w])
    assert [str(s) for s in plan.backward] == [SHARE, "dl = share", f"dw = {total}"]


def test_a_variable_has_its_value_before_it_is_used():
    ws, xs = shared(9), varying(4)
    hs = [tanh(dot(ws[i : i + 4], xs)).named(f"h{i}") for i in range(5)]
    root = logsumexp([dot(ws[:5], hs), dot(ws[4:], hs) * 2, sum(hs)])
    plan = plan_for_all(root, xs, ws)
    known = {*plan.inputs, *plan.parameters}
    for statement in [*plan.forward, *plan.backward]:
        assert known.issuperset(variables_in(statement.formula)), statement
        assert not statement.adds or statement.target in known
        known.add(statement.target)
    assert all(type(gradient) is Variable for gradient in plan.gradients) and known.issuperset(plan.gradients)


def test_a_program_without_inputs_has_no_instances():
    w = Value(2.0, "w")
    with pytest.raises(ValueError, match="a program without inputs has no instances"):
        plan_for_all(w * w, [], [w])
