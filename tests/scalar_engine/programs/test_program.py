"""Programs: straight-line Python made from a graph equals the engine, for one instance and for all at once."""

import ast
import math
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.mlp import MLP
from models.question3 import SHEET, SHEET_GRADIENTS, Question3, agrees, random_case
from scalar_engine import (
    Value,
    compile_graph,
    cross_entropy,
    derive,
    exp,
    grad,
    maximum,
    operators,
    relu,
    sigmoid,
    sum,
    tanh,
    topological_order,
)

from ...expressions import EXPRESSIONS, cases
from ..test_random_graphs import graphs


def flat(values):
    return [x for value in values for x in (flat(value) if isinstance(value, list) else [value])]


def question3(case):
    network = Question3(case)
    parameters = flat([network.W, network.b, network.V, network.c])
    return network, compile_graph(network.l, inputs=network.x + network.t, parameters=parameters)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_every_expression(f, points):
    """Made at the first point, run at all of them: one by one, and at once."""
    xs = [Value(number, label) for number, label in zip(points[0], "abc")]
    program = compile_graph(f(*xs), parameters=xs)
    for point in points:
        values = [Value(number) for number in point]
        root = f(*values)
        value, gradients = program([], list(point))
        assert value == pytest.approx(root.data, rel=1e-12)
        assert gradients == pytest.approx(grad(root, values), rel=1e-12, abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_random_graphs_at_other_numbers_than_they_were_made_with(root, seed):
    """Numbers that flip the side of each maximum. The engine, on a graph made anew, is what they are compared with."""
    order = topological_order(root)
    leaves = [node for node in order if not node.inputs and node.requires_grad]
    data = [node for node in order if not node.inputs and node.label and not node.requires_grad]
    program = compile_graph(root, inputs=data, parameters=leaves)
    rng = random.Random(seed)
    columns = []
    weights = [rng.uniform(-2, 2) for _ in leaves]
    for _ in range(3):
        instance = [rng.uniform(-2, 2) for _ in data]
        again = made_again(order, dict(zip([*data, *leaves], [*instance, *weights])))
        value, gradients = program(instance, weights)
        assert value == pytest.approx(again[root].data, rel=1e-9)
        assert gradients == pytest.approx(grad(again[root], [again[leaf] for leaf in leaves]), rel=1e-9, abs=1e-9)
        columns.append((instance, value, gradients))
    if data:
        value, gradients = program(np.array([instance for instance, _, _ in columns]).T, weights)
        assert value == pytest.approx(np.mean([v for _, v, _ in columns]), rel=1e-9)
        assert gradients == pytest.approx(np.mean([g for _, _, g in columns], axis=0), rel=1e-9, abs=1e-9)


def made_again(order, numbers):
    """{node: its twin} of a graph built anew, on other numbers."""
    twins = {}
    for node in order:
        if node.inputs:
            twins[node] = Value.apply_operator(node.op, *[twins[x] for x in node.inputs])
        else:
            twins[node] = Value(numbers.get(node, node.data), requires_grad=node.requires_grad)
    return twins


def test_a_network_whose_relus_and_maxima_flip():
    rng = random.Random(0)
    model = MLP(2, [5, 4, 2], activation=relu, rng=rng)
    x, t = [Value(0.1, "x1", False), Value(0.2, "x2", False)], [Value(1.0, "t1", False), Value(0.0, "t2", False)]

    def loss_of(x, t):
        outputs = model(x)
        return cross_entropy(outputs, t) + maximum(*outputs) + 0.01 * sum([w * w for w in model.parameters()])

    program = compile_graph(loss_of(x, t), inputs=x + t, parameters=model.parameters())
    weights = [parameter.data for parameter in model.parameters()]
    points = np.random.default_rng(1).normal(size=(40, 2))
    targets = np.eye(2)[np.random.default_rng(2).integers(0, 2, 40)]
    values, gradients, patterns = [], [], set()
    for point, target in zip(points.tolist(), targets.tolist()):
        loss = loss_of(point, target)
        patterns.add(tuple(node.data > 0 for node in topological_order(loss) if node.op is relu))
        values.append(loss.data)
        gradients.append(grad(loss, model.parameters()))
        value, found = program([*point, *target], weights)
        assert value == pytest.approx(values[-1], rel=1e-12) and found == pytest.approx(gradients[-1], abs=1e-12)
    assert len(patterns) > 5
    value, found = program(np.column_stack([points, targets]).T, weights)
    assert value == pytest.approx(np.mean(values), rel=1e-12)
    assert found == pytest.approx(np.mean(gradients, axis=0), abs=1e-12)


@pytest.mark.parametrize("case", [SHEET, random_case(7)], ids=["the sheet's", "without symmetry"])
def test_question_3(case):
    network, program = question3(case)
    value, gradients = program([*case.x, *[t.data for t in network.t]], flat([case.W, case.b, case.V, case.c]))
    assert value == pytest.approx(network.l.data, rel=1e-12)
    assert gradients == pytest.approx(flat(list(network.gradients().values())), abs=1e-12)
    if case is SHEET:
        assert all(agrees(found, expected) for found, expected in zip(gradients, flat(list(SHEET_GRADIENTS.values()))))


def test_the_backward_pass_of_question_3_reads_as_typed_by_hand():
    source = question3(SHEET)[1].source
    for line in [
        "k1 = v1 + v2 + b1",
        "h1 = sigmoid(k1)",
        "dk1 = dh1 * h1 * (1 - h1)  # sigmoid",
        "dW11 = dk1 * x1  # multiply",
        "dV11 = do1 * h1  # multiply",
        "dh1 += do1 * V11  # multiply",
        "dc1 = do1  # sum",
        "do1 += dv13 * y1  # logsumexp",  # exp(o1 - z) is there already
    ]:
        assert f"    {line}\n" in source
    assert source.startswith("from math import exp, ") and source.count("import") == 1 and " 1.0 *" not in source


def test_the_text_alone_runs_without_the_project():
    network, program = question3(random_case(2))
    numbers = flat([network.case.x, [t.data for t in network.t]]), flat([w.data for w in program.parameters])
    text = f"{program.source}\nprint(program(*{numbers!r}))"
    out = subprocess.run([sys.executable, "-I", "-S", "-c", text], capture_output=True, text=True, check=True).stdout
    assert ast.literal_eval(out) == program(*numbers)


def test_the_text_of_a_batched_program_needs_numpy_only():
    network, program = question3(random_case(2))
    tree = ast.parse(program.batched)
    assert [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names] == ["numpy"]
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


@pytest.mark.parametrize(
    "label",
    [
        "x = __import__('os').system('exit 1')",
        "w\n    raise SystemExit  #",
        "lambda",
        "exp",
        "print",
        "program",
        "parameters",
        "np",
        "n",
        "1st",
        "",
        "½²",
        "\u202ew",
        "σ",
        "dl",
        "e",
        "inf",
        "v1",
        "a/b/c",
        "{x0}",
    ],
)
def test_labels_never_become_code(label):
    """Every label becomes a name of its own, for both kinds of program."""
    w, v, x = Value(0.5, label), Value(2.0, label), Value(0.3, f"{label}", requires_grad=False)
    root = exp(w * x + tanh(v)).named(f"{label}\nraise SystemExit")
    program = compile_graph(root, inputs=[x], parameters=[w, v])
    expected = grad(root, [w, v])
    assert program([0.3], [0.5, 2.0]) == (pytest.approx(root.data), pytest.approx(expected))
    assert program([np.array([0.3, 0.3])], [0.5, 2.0]) == (pytest.approx(root.data), pytest.approx(expected))
    for source in (program.source, program.batched):
        called = {node.func.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
                  and isinstance(node.func, ast.Name)}  # fmt: skip
        assert called <= {"exp", "tanh", "len"}


def test_gradients_nobody_asked_for_are_not_computed():
    network, _ = question3(SHEET)
    program = compile_graph(network.l, parameters=network.c)
    assert program([], [0.0, 0.0])[1] == pytest.approx([-0.5, 0.5])
    assert not any(text in program.source for text in ("dW", "dV1", "dh1", "dk1", "# sigmoid"))


def test_common_subexpressions_are_computed_once():
    x, y = Value(0.3, "x"), Value(0.7, "y")
    root = exp(x * y) + exp(y * x) * sigmoid(x * y) + exp(x * y) / y
    program = compile_graph(root)
    assert program.source.count(" exp(x * y)") == 0 and program.source.count("exp(v1)") == 1
    assert program.source.count("x * y") == 1
    assert program([], [0.3, 0.7])[1] == pytest.approx(grad(root, [x, y]))
    assert program.source.count("# sigmoid") == 1


def test_constants_of_the_graph_are_numbers_of_the_program():
    x = Value(2.0, "x")
    program = compile_graph((2 * x + math.inf) * 0.1 + Value(5.0, "bias", requires_grad=False))
    assert program([], [2.0]) == (math.inf, [0.2])
    assert "bias = 5.0" in program.source and "inf" in program.source


def test_flipping_sigmoids_rule_at_run_time_changes_every_face_of_it_alike(monkeypatch):
    """Gradient, formula, LaTeX, program, batched program, and the second derivative of w * sigmoid(w).

    That is 2 s' + w s'', where s' changes its sign and s'', flipped twice, does not.
    """
    s = 1 / (1 + math.exp(-0.3))
    slope, curvature = s * (1 - s), s * (1 - s) * (1 - 2 * s)

    def faces():
        w = Value(0.3, "w")
        root = (w * sigmoid(w).named("h")).named("l")
        found = derive(root, w)
        program = compile_graph(root)
        x = Value(1.0, "x", requires_grad=False)
        batch = compile_graph(sigmoid(w * x).named("h"), [x])
        second = grad(grad(root, w, create_graph=True), w)
        return grad(root, w), str(found), found.latex, program([], [0.3])[1][0], second, program.source, batch.batched

    gradient, formula, latex, compiled, second, source, batched = faces()
    assert gradient == pytest.approx(s + 0.3 * slope) == compiled
    assert second == pytest.approx(2 * slope + 0.3 * curvature)
    (rule,) = operators.Sigmoid.partials
    monkeypatch.setattr(operators.Sigmoid, "partials", (lambda out, x: -rule(out, x),))
    flipped = faces()
    assert flipped[0] == pytest.approx(s - 0.3 * slope) == flipped[3]
    assert flipped[4] == pytest.approx(-2 * slope + 0.3 * curvature)
    assert "dh/dw = h * (1 - h)" in formula and "dh/dw = -h * (1 - h)" in flipped[1]
    assert r"= h \, (1 - h)" in latex and r"= -h \, (1 - h)" in flipped[2]
    assert "dw += dh * h * (1 - h)  # sigmoid" in source and "dw -= dh * h * (1 - h)  # sigmoid" in flipped[5]
    assert "= dh * h * (1 - h)" in batched and "= -dh * h * (1 - h)" in flipped[6]


def test_what_does_not_exist_raises_as_in_the_engine():
    x = Value(1.0, "x")
    program = compile_graph((x - 1) ** 0.5 / x)
    with pytest.raises(ValueError):
        program([], [0.5])
    with pytest.raises(ZeroDivisionError):
        program([], [1.0])  # the slope of the square root at 0


def test_wrong_arguments_say_what_is_wrong():
    x, w = Value(1.0, "x"), Value(2.0, "w")
    y = (w * x).named("y")
    with pytest.raises(ValueError, match="compile_graph: w is given 2 times as an input or a parameter"):
        compile_graph(y, inputs=[w], parameters=[x, w])
    with pytest.raises(ValueError, match=r"compile_graph: y is not a leaf of the graph of exp\(y\)"):
        compile_graph(exp(y), inputs=[y])
    program = compile_graph(y, inputs=[x])
    with pytest.raises(ValueError, match="takes 1 inputs and 1 parameters, not 2 and 1"):
        program([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="a program without inputs has no instances"):
        print(compile_graph(y).batched)
    program = compile_graph(y, inputs=[x, w], parameters=[])
    with pytest.raises(ValueError, match=r"arrays of one length, a number an instance, not of \[2, 3\]"):
        program([np.ones(2), np.ones(3)], [])


def test_a_long_chain_and_a_large_graph():
    x = Value(0.5, "x")
    node = x
    for _ in range(20_000):
        node = sigmoid(node) + x * 0.5
    value, gradients = compile_graph(node)([], [0.5])
    assert value == pytest.approx(node.data, rel=1e-12) and gradients == pytest.approx([grad(node, x)], rel=1e-9)


def test_a_root_that_is_a_leaf_or_a_constant():
    x = Value(2.0, "x")
    assert compile_graph(x)([], [2.0]) == (2, [1])
    assert compile_graph(x, inputs=[x], parameters=[])([3.0], []) == (3, [])
    assert compile_graph(Value(1.0, requires_grad=False) * 2)([], []) == (2, [])
    assert compile_graph(x, inputs=[x], parameters=[])([np.array([3.0, 5.0])], []) == (4, [])
