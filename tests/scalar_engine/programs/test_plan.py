"""Plans: what a program does, said in formulas, before any style writes it."""

import ast
import math

import pytest

from scalar_engine import (
    Operator,
    Value,
    compile_graph,
    dot,
    exp,
    grad,
    logsumexp,
    maximum,
    operators,
    sigmoid,
    sin,
    sum,
)
from scalar_engine.formulas.symbol import Application, Number
from scalar_engine.programs.plan import Variable, variables_in
from scalar_engine.programs.planner import plan_of
from tests import ROOT

from ...expressions import EXPRESSIONS, cases


def leaves(*labels):
    return [Value(0.5 + 0.25 * i, label) for i, label in enumerate(labels)]


def texts(statements):
    return [str(statement) for statement in statements]


def test_the_plan_knows_no_style():
    """Its modules import formulas, operators and the graph, and nothing that writes programs or reads rules."""
    known = {"collections", "..formulas.symbol", "..graph", "..naming", "..operators", ".plan", ".patterns"}
    for name in ("plan", "patterns", "planner"):
        tree = ast.parse((ROOT / "scalar_engine" / "programs" / f"{name}.py").read_text())
        for node in ast.walk(tree):
            assert not isinstance(node, ast.Import)
            if isinstance(node, ast.ImportFrom):
                assert "." * node.level + node.module in known


def test_the_statements_of_a_neuron():
    w, x, b = leaves("w", "x", "b")
    plan = plan_of(sigmoid((w * x + b).named("k")).named("h"), [x], [w, b])
    assert texts(plan.forward) == ["v = w * x", "k = v + b", "h = sigmoid(k)"]
    assert texts(plan.backward) == ["dh = 1", "dk = h * (1 - h)", "db = dk", "dw = dk * x"]
    assert texts([*plan.inputs, *plan.parameters, plan.value, *plan.gradients]) == ["x", "w", "b", "h", "dw", "db"]
    assert [s.source.formula.op.name for s in plan.backward[1:]] == ["sigmoid", "add", "multiply"]
    assert plan.operators == [operators.sigmoid]
    assert [s.target.by for s in plan.backward][:2] == [plan.value, plan.forward[1].target]


def test_an_operator_forward_is_applied_as_it_is():
    """Algebra has no say: x - x is no 0 where x is infinite, x / x no 1 at 0, and x * x overflows to infinity."""
    (x,) = leaves("x")
    for f in (lambda x: x - x, lambda x: x / x, lambda x: x * x, lambda x: sum([x, x]), lambda x: dot([x, x], [x, x])):
        (statement,) = plan_of(f(x), [], [x]).forward
        assert type(statement.formula) is Application and len(statement.formula.operands) >= 2
    assert math.isnan(compile_graph(x - x)([], [math.inf])[0])
    assert compile_graph(x * x)([], [1e200]) == (math.inf, [2e200])
    with pytest.raises(ZeroDivisionError):
        compile_graph(x / x)([], [0.0])


def test_backward_a_variable_that_is_there_twice_gets_one_contribution():
    (x,) = leaves("x")
    assert texts(plan_of((x * x).named("y"), [], [x]).backward) == ["dy = 1", "dx = 2 * x"]
    assert texts(plan_of((x - x).named("y"), [], [x]).backward) == ["dy = 1"]
    assert texts(plan_of(dot([x, x], [x, 3.0]).named("y"), [], [x]).backward) == ["dy = 1", "dx = 2 * x + 3"]


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_operands_are_variables_or_numbers_and_variables_have_values(f, points):
    """So that a style writes one operator at a time, and each statement where it stands."""
    xs = [Value(number, label) for number, label in zip(points[0], "abc")]
    plan = plan_of(f(*xs), [], xs)
    known = {*plan.parameters}
    for statement in [*plan.forward, *plan.backward]:
        assert known.issuperset(variables_in(statement.formula)), statement
        assert statement.adds == (statement.target in known)
        known.add(statement.target)
        for formula in parts(statement.formula):
            if type(formula) is Application:
                assert {Variable, Number}.issuperset(map(type, formula.operands)), statement
                assert formula.op in plan.operators or formula in [s.formula for s in plan.forward]
    assert known.issuperset(x for x in (plan.value, *plan.gradients) if type(x) is Variable)


def parts(formula):
    yield formula
    for x in formula.inner:
        yield from parts(x)


def test_what_is_needed_twice_is_computed_once():
    """1 - h, in two formulas, has a variable; a product of two variables is as quick as a variable, and has none."""

    class Twice(Operator):
        symbol = "twice"
        forward = lambda x, y: x * y
        partials = (
            lambda out, x, y: (1 - out) * sin(x + y),
            lambda out, x, y: (1 - out) * sin(x + y) * x,
        )

    x, y = leaves("x", "y")
    plan = plan_of((Twice()(x, y).named("h") * (x * y).named("k")).named("l"), [], [x, y])
    assert texts(plan.backward) == [
        "dl = 1",
        "dh = k",
        "dk = h",
        "dx = dk * y",
        "dy = dk * x",
        "v = 1 - h",
        "v = x + y",
        "v = sin(v)",
        "dx += dh * v * v",
        "dy += dh * v * v * x",
    ]


def test_what_the_forward_pass_has_computed_is_not_computed_again():
    """logsumexp's rule is exp(x - out), and softmax has computed that for every class."""
    xs = leaves("a", "b")
    z = logsumexp(xs).named("z")
    ps = [exp((x - z).named(f"d{x.label}")).named(f"p{x.label}") for x in xs]
    plan = plan_of(sum([ps[0] * z, ps[1]]), [], xs)
    assert [str(s) for s in plan.backward if s.source and s.source.formula.op is operators.logsumexp] == [
        "da += dz * pa",
        "db += dz * pb",
    ]


def test_a_symmetric_operator_counts_its_operands():
    """logsumexp([a, a, b]) is another formula than logsumexp([a, b, b])."""
    a, b = leaves("a", "b")
    root = logsumexp([a, a, b]) / logsumexp([a, b, b])
    assert compile_graph(root)([], [0.5, 0.75]) == (pytest.approx(root.data), pytest.approx(grad(root, [a, b])))
    x, y = leaves("", "")
    assert len(plan_of(logsumexp([x, y, x]) * logsumexp([y, x, y]), [], [x, y]).forward) == 3


def test_derivatives_that_are_numbers_or_variables_need_no_statement():
    """Unless they are of a node that has a name."""
    x, y = leaves("x", "y")
    assert texts(plan_of(3 * (x + y) - 1, [], [x]).backward) == ["dx = 3"]
    root = (3 * (x + y).named("s") - 1).named("l")
    assert texts(plan_of(root, [], [x]).backward) == ["dl = 1", "ds = 3", "dx = ds"]
    assert plan_of(maximum(x, 1.0) * 0.0, [], [x]).gradients == [Number(0)]
