"""What the stepper's frames say: formulas, sums, notes, and the listing of them all."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest

import tensor_engine as te
from models.mlp import MLP
from models.question3 import SHEET, Question3
from scalar_engine import Operator, Value, dot, exp, log, logsumexp, maximum, sigmoid, steps, sum, tanh
from tensor_engine import Tensor
from tests import ROOT
from walkthroughs.stepper import step
from walkthroughs.stepper.arrays.pulls import pull_on_tensors
from walkthroughs.stepper.trace import Trace

from ...array_operators import ARRAY_OPERATORS, leaves, weighted
from .graphs import graphs, matrices


def last_formula(root):
    return Trace(root).frames[-1].formula


@pytest.mark.parametrize("name, root", graphs())
def test_a_frame_is_a_record(name, root):
    """Nothing but the turn stands beside the records, and sums are the pass's own to the last bit."""
    trace = Trace(root)
    records = steps(root)
    frames = [frame for frame in trace.frames if frame.kind != "turn"]
    assert len(frames) == len(records)
    for frame, record in zip(frames, records):
        same = [(frame.step.node, record.node), (frame.step.position, record.position)]
        assert all(a == b if isinstance(a, int) else a is b for a, b in same)
        assert repr(frame.step.contribution) == repr(record.contribution)
    passed = {record.node: record.upstream for record in records if record.position is not None}
    assert {node: repr(trace.gradients[node]) for node in passed} == {n: repr(g) for n, g in passed.items()}


def x_and_y():
    return Value(2.0, "x"), Value(-3.0, "y")


@pytest.mark.parametrize("root, formula", [
    (lambda x, y: sigmoid(x).named("l"), "dl/dx += dl/dl * l * (1 - l) = 1 * 0.105 = 0.105"),
    (lambda x, y: (x * y).named("l"), "dl/dy += dl/dl * x = 1 * 2 = 2"),
    (lambda x, y: (x - y).named("l"), "dl/dy += dl/dl * (-1) = 1 * (-1) = -1"),
    (lambda x, y: (y / x).named("l"), "dl/dx += dl/dl * (-l / x) = 1 * 0.75 = 0.75"),
    (lambda x, y: (x**3).named("l"), "dl/dx += dl/dl * 3 * x ** 2 = 1 * 12 = 12"),
    (lambda x, y: log(x).named("l"), "dl/dx += dl/dl * (1 / x) = 1 * 0.5 = 0.5"),
    (lambda x, y: tanh(x).named("l"), "dl/dx += dl/dl * (1 - l ** 2) = 1 * 0.07065 = 0.07065"),
    (lambda x, y: exp(x * y).named("l"), "dl/dy += dl/d(x * y) * x = 0.002479 * 2 = 0.004958"),
    (lambda x, y: log(x * -y).named("l"), "dl/dy += dl/d(-y) * (-1) = 0.3333 * (-1) = -0.3333"),
    (lambda x, y: (x * 0.12345678).named("l"), "dl/dx += dl/dl * 0.1235 = 1 * 0.1235 = 0.1235"),
    (lambda x, y: (x**0.5).named("l"), "dl/dx += dl/dl * (1 / (2 * x ** 0.5)) = 1 * 0.3536 = 0.3536"),
    (lambda x, y: x * 2.0 * y, "dout/dx += dout/d(x * 2) * 2 = -3 * 2 = -6"),
    (lambda x, y: logsumexp([x, y]).named("l"), "dl/dy += dl/dl * exp(y - l) = 1 * 0.006693 = 0.006693"),
    (lambda x, y: dot([x], [y]).named("l"), "dl/dy += dl/dl * x = 1 * 2 = 2"),
    (lambda x, y: (x * x).named("l"), "dl/dx += dl/dl * x = 1 * 2 = 2"),
])  # fmt: skip
def test_the_backward_formula(root, formula):
    assert last_formula(root(*x_and_y())) == formula


def test_two_nodes_of_one_name_are_not_taken_for_one():
    """maximum(a, b) has the slope (1 + sign(a - b)) / 2, which is 1/2 only where a is b."""
    first, second = Value(2.0), Value(2.0)
    assert "* 0.5 =" not in last_formula(maximum(first, second).named("l")).partition(" = ")[0]
    assert "sign" in last_formula(maximum(first, second).named("l"))


def test_names_that_groups_share_are_told_apart():
    a, b = (tanh(Value(0.0, f"{layer}/w")).named(f"{layer}/k") for layer in ("layer1", "layer2"))
    assert last_formula((a * b).named("l")) == "dl/dlayer1.w += dl/dlayer1.k * (1 - layer1.k ** 2) = 0 * 1 = 0"
    a, b = (tanh(Value(0.0, f"layer1/w[{i}]")).named(f"layer1/k[{i}]") for i in range(2))
    assert last_formula((a * b).named("l")) == "dl/dw[0] += dl/dk[0] * (1 - k[0] ** 2) = 0 * 1 = 0"


def test_a_slash_under_which_nothing_is_computed_is_a_part_of_the_name():
    a, b = Value(100.0, "distance/km"), Value(2.0, "time/h")
    formulas = [frame.formula for frame in Trace((a / b).named("v")).frames]
    assert formulas[0] == "v = (distance/km) / (time/h) = 100 / 2 = 50"
    assert formulas[-1] == "dv/d(time/h) += dv/dv * (-v / (time/h)) = 1 * (-25) = -25"
    a, b = Value(2.0, "dL/dw"), Value(3.0, "dL/db")
    assert Trace((a * b).named("n")).frames[0].names == "dL/dw * dL/db"


def test_long_lists_are_cut_short():
    xs = [Value(float(i), f"x{i}") for i in range(20)]
    frames = Trace(dot(xs, [2.0] * 20).named("l")).frames
    assert frames[0].formula == (
        "l = dot([x0, x1, x2, ..., x19], [2, 2, 2, ..., 2]) = dot([0, 1, 2, ..., 19], [2, 2, 2, ..., 2]) = 380"
    )
    assert frames[-1].formula == "dl/dx19 += dl/dl * 2 = 1 * 2 = 2"
    assert Trace(sum(xs).named("l")).frames[0].names == "sum(x0, x1, x2, ..., x19)"


class Twice(Operator):
    symbol = "twice"
    forward = lambda x: x + x

    def pull(self, upstream, out, x, needs):
        return [upstream + upstream]


class Opaque(Operator):
    symbol = "opaque"
    forward = lambda x: math.floor(x) * 1.0
    partials = (lambda out, x: math.floor(x) * 0.0 + 2,)


def test_operators_of_ones_own():
    x = Value(2.0, "x")
    assert last_formula(Twice()(x).named("l")) == "dl/dx += 2 * dl/dl = 2"
    assert last_formula(Opaque()(x).named("l")) == "dl/dx += dl/dl * (d opaque / d input 1) = 1 * 2 = 2"


def test_the_note_counts_contributions():
    x = Value(3.0, "x")
    notes = [frame.note for frame in Trace((x * x + x * 2.0 + x).named("l")).frames if "to dl/dx" in frame.note]
    assert [note.split(" contributions")[0] for note in notes] == [
        "First of four", "Second of four", "Third of four", "Fourth of four",
    ]  # fmt: skip
    assert [note.rpartition(" is ")[2] for note in notes] == ["1.", "3.", "6.", "9."]


# ---- tensors


@pytest.mark.parametrize("name, function, inputs", ARRAY_OPERATORS, ids=[entry[0] for entry in ARRAY_OPERATORS])
def test_the_formula_of_an_array_operator_is_a_graph_with_the_contributions_values(name, function, inputs):
    """What is written is the graph that `pull` leaves on Tensors; its value is the contribution of the record."""
    trace = Trace(weighted(function(*leaves(*inputs))))
    for frame in trace.frames:
        assert "pull" not in frame.formula
        if frame.kind == "backward" and frame.step.local is None:
            made, _ = pull_on_tensors(frame.step, trace.names)
            assert np.asarray(made.data) == pytest.approx(np.asarray(frame.step.contribution), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("formula, root", [
    ("dL/dB = A.T @ dL/dY    (3, 2) @ (2, 4) -> (3, 4)",
     lambda A, B: (A @ B).named("Y").sum().named("L")),
    ("dL/dB = A.T @ dL/dY    (3, 2) @ (2, 4) -> (3, 4)",
     lambda A, B: te.linear(A, B, np.zeros(4)).named("Y").sum().named("L")),
    ("dL/dA = dL/dH * H * (1 - H)    (2, 3) * (2, 3) -> (2, 3)",
     lambda A, B: te.sigmoid(A).named("H").sum().named("L")),
    ("dL/dA = broadcast_to(dL/dL, (2, 3))    broadcast_to(1, (2, 3)) -> (2, 3)",
     lambda A, B: A.sum().named("L")),
    ("dL/dA = (dL/dY).T    (3, 2).T -> (2, 3)",
     lambda A, B: A.T.named("Y").sum().named("L")),
    ("dL/dA = (A - array(2, 3)) * dL/dL * 0.3333    (2, 3) * 0.3333 -> (2, 3)",
     lambda A, B: te.mse(A, np.zeros((2, 3))).named("L")),
    ("dL/dA = (softmax(A) - one_hot) * dL/dL * 0.5    (2, 3) * 0.5 -> (2, 3)",
     lambda A, B: te.softmax_cross_entropy(A, np.array([0, 2])).named("L")),
])  # fmt: skip
def test_the_rule_of_arrays(formula, root):
    found = last_formula(root(*matrices()))
    assert found == formula


def test_a_formula_among_the_operands_of_a_rule_is_in_parentheses():
    A, B = matrices()
    formulas = [frame.formula for frame in Trace(((A + A) @ (B * B)).named("Y").sum().named("L")).frames]
    assert "dL/d(B * B) = (A + A).T @ dL/dY    (3, 2) @ (2, 4) -> (3, 4)" in formulas
    assert "dL/d(A + A) = dL/dY @ (B * B).T    (2, 4) @ (4, 3) -> (2, 3)" in formulas


# ---- as text


def test_the_listing_is_the_same_every_time():
    command = [sys.executable, "-m", "walkthroughs.question3", "--step"]
    first, second = (subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout and not first.stderr
    lines = first.stdout.splitlines()
    assert len(lines) == 85 + 3 and "   4  h1 = sigmoid(k1) = sigmoid(2) = 0.8808" in lines
    assert "  80  dl/dk1 += dl/dh1 * h1 * (1 - h1) = 0 * 0.105 = 0" in lines
    assert "\x1b" not in first.stdout


def test_a_label_gives_a_terminal_no_orders():
    root = (Value(1.0, "\x1b[2J\x07evil\r\nDone.") * Value(2.0, "می\u200cخواهم")).named("out\x9b31m")
    text = step(root).text()
    assert len(text.splitlines()) == 7 and "می\u200cخواهم" in text  # which is no order
    assert "evil" in text and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_what_cannot_be_stepped_through_says_why():
    with pytest.raises(TypeError, match="step: takes a Value, a Tensor or a Recording, not float"):
        step(2.0)
    with pytest.raises(TypeError, match=r"step: a model \(MLP\) has no graph .*: step\(model\(x\)\)"):
        step(MLP(2, [1]))
    with pytest.raises(TypeError, match="step: takes one root: of several their sum, say"):
        step([Value(1.0) + 1, Value(2.0) * 2])
    x = Tensor([1.0], "x", requires_grad=True)
    loss = (x * 2).sum().named("loss")
    loss.backward()
    with pytest.raises(RuntimeError, match=r"the graph behind loss has been released .* backward\(keep=True\)"):
        step(loss)


def test_stepping_leaves_the_graph_as_it_is():
    root = Question3(SHEET).l
    _ = step(root).html
    assert all(node.grad is None for node in Trace(root).nodes)
    data = step(Value(1.0, "x", requires_grad=False) * 2).trace
    assert [frame.kind for frame in data.frames] == ["forward"] and data.turn == 1
