"""Programs for all instances as text: NumPy alone, with the kernels in their own words."""

import ast
import math
import subprocess
import sys

import numpy as np
import pytest

from scalar_engine import Operator, Value, compile_graph, dot, grad, logsumexp, operators, sigmoid, sum
from scalar_engine.operators import equal, lowered, power, step, xlogy
from tensor_engine.kernels import KERNELS
from tensor_engine.programs.instances import InstancesStyle

from ...scalar_engine.programs.test_writer import example
from ..test_kernels import GRID

WITH_FUNCTIONS = [op for op in KERNELS if op not in (operators.sum, operators.dot)]

TEXT = """\
import numpy as np


def sigmoid(x):
    out = np.negative(x)
    with np.errstate(over='ignore'):
        out = np.exp(out, out=out if out.ndim else None)
    out += 1
    return np.divide(1, out, out=out) if out.ndim else 1 / out


def program(inputs, parameters):
    x1, x2, x3, x4 = np.asarray(inputs, float)
    w1, w2, w3, w4, u = parameters

    # forward
    v1 = u * u
    rows = np.stack((x1, x2, x3, x4))
    weights = np.array((w1, w2, w3, w4))
    k = np.dot(weights, rows)
    h = sigmoid(k)
    v2 = v1 * h
    v3 = np.exp(h)
    l = v2 - v3

    # backward: its derivatives, by the rule of the operator named
    share = np.ones_like(x1) / len(x1)
    dl = share
    dv3 = -dl  # subtract
    dh = dv3 * v3  # exp
    dv1 = np.dot(dl, h)  # multiply
    dh = dh + dl * v1  # multiply
    dk = dh * h * (1 - h)  # sigmoid
    v4 = np.dot(rows, dk).tolist()  # dot
    dw1 = v4[0]  # dot
    dw2 = v4[1]  # dot
    dw3 = v4[2]  # dot
    dw4 = v4[3]  # dot
    du = 2 * dv1 * u  # multiply

    return np.mean(l), [dw1, dw2, dw3, dw4, du]
"""


def test_one_text_from_beginning_to_end():
    xs, parameters, root = example()
    assert compile_graph(root, xs, parameters).batched == TEXT


def test_the_text_alone_runs_with_numpy_and_no_engine():
    xs, parameters, root = example()
    program = compile_graph(root, xs, parameters)
    rows, numbers = [[x.data, 2 * x.data] for x in xs], [w.data for w in parameters]
    text = f"import sys\n{program.batched}\nvalue, gradients = program({rows}, {numbers})\n"
    text += "print([float(value), *map(float, gradients)], 'scalar_engine' in sys.modules)"
    out = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=True).stdout
    value, gradients = program(np.array(rows), numbers)
    assert out.strip() == f"{[value, *gradients]} False"


@pytest.mark.parametrize("op", WITH_FUNCTIONS, ids=lambda op: op.name)
def test_an_operator_in_a_program_is_its_kernel(op):
    """Its text, run alone, does to arrays what the kernel does, at zeros, infinities and NaNs too."""
    n = len(op.partials) or 2
    style = InstancesStyle([op])
    rule = style.rules[op]
    if rule.name.startswith("np."):
        assert getattr(np, rule.name[3:]) is KERNELS[op]
    else:
        namespace = {}
        exec(style.head(), namespace)
        columns = np.stack(np.meshgrid(*[GRID] * n), -1).reshape(-1, n).T
        with np.errstate(all="ignore"):
            assert namespace[rule.name](*columns).tolist() == pytest.approx(KERNELS[op](*columns).tolist(), nan_ok=True)


@pytest.mark.parametrize("op", [op for op in WITH_FUNCTIONS if op.partials], ids=lambda op: op.name)
def test_a_kernel_takes_plain_numbers(op):
    """As programs need that compute with parameters alone; NaN, and no complex number, where there is no real one."""
    for numbers in [(0.5, 2.0, 3.0), (0.75, 1.5, 2.0), (1, 0.5, 2)]:
        point = numbers[: len(op.partials)]
        assert type(float(KERNELS[op](*point))) is float
        assert KERNELS[op](*point) == pytest.approx(op.forward(*point))
    with np.errstate(all="ignore"):
        assert math.isnan(KERNELS[power](-8.0, 0.5)) and math.isnan(KERNELS[lowered](-8.0, 0.5, 1))


def test_functions_of_parameters_alone():
    """The mean over instances of f(w) x is f(w) times the mean of x."""
    functions = sigmoid, step, operators.relu, operators.softplus, lambda w: w**w, lambda w: xlogy(w, w)
    for f in (*functions, lambda w: equal(w, 0.3)):
        for number in (0.3, 2.0):
            w, x = Value(number, "w"), Value(1.0, "x", requires_grad=False)
            root = f(w)
            value, (slope,) = compile_graph(root * x, [x], [w])([np.array([1.0, 2.0, 6.0])], [number])
            assert value == pytest.approx(3 * root.data) and slope == pytest.approx(3 * grad(root, w))
    w, x = Value(8.0, "w"), Value(1.0, "x", requires_grad=False)
    program = compile_graph(w**0.5 * x, [x], [w])
    with np.errstate(all="ignore"):
        assert math.isnan(program([np.ones(2)], [-8.0])[0])


@pytest.mark.parametrize("n", [1, 8, 33, 100])
def test_logsumexp_of_many(n):
    """Of equal numbers it is x + log n, and the slope by each is 1/n."""
    xs = [Value(0.0, f"x{i}", requires_grad=False) for i in range(n)]
    ws = [Value(1.0, f"w{i}") for i in range(n)]
    program = compile_graph(logsumexp([w * x for w, x in zip(ws, xs)]), xs, ws)
    value, gradients = program(np.array([[2.0, 1000.0]] * n), [1.0] * n)
    assert value == pytest.approx(501 + math.log(n)) and gradients == pytest.approx([501 / n] * n)


def test_the_label_of_a_variable_is_none_that_the_text_has_already():
    labels = ["np", "n", "share", "rows", "weights", "weights_2", "drows", "sigmoid", "logsumexp_over", "dn", "v1"]
    ws = [Value(0.1 * i, label) for i, label in enumerate(labels)]
    xs = [Value(0.3, label, requires_grad=False) for label in labels]
    root = (logsumexp([dot(ws, xs), sigmoid(dot(xs, ws[::-1])), sum(ws)]) * ws[0]).named("n")
    program = compile_graph(root, xs, ws)
    value, gradients = program(np.full((len(xs), 3), 0.3), [w.data for w in ws])
    assert value == pytest.approx(root.data) and gradients == pytest.approx(grad(root, ws))
    functions = {node.name for node in ast.walk(ast.parse(program.batched)) if isinstance(node, ast.FunctionDef)}
    assert functions == {"sigmoid", "logsumexp", "logsumexp_over", "program"}


class Halved(Operator):
    """x / 2, and the whole of what is negative: a rule that NumPy cannot take as it stands."""

    symbol = "halved"
    forward = lambda x: x / 2 if x > 0 else x
    partials = (lambda out, x: 1 - 0.5 * operators.step(x),)


def test_an_operator_that_is_added_to_the_engines_own(monkeypatch):
    """With nothing but symbol, forward and partials, and no entry anywhere else."""
    halved = Halved()
    monkeypatch.setattr(operators, "Halved", Halved, raising=False)
    monkeypatch.setattr(operators, "halved", halved, raising=False)
    monkeypatch.setattr(Halved, "__module__", operators.__name__)
    w, x = Value(1.0, "w"), Value(3.0, "x", requires_grad=False)
    program = compile_graph(operators.halved(w * x), [x], [w])
    assert program([3.0], [1.0]) == (1.5, [1.5]) and program([-3.0], [1.0]) == (-3, [-3])
    assert program([np.array([3.0, -3.0])], [1.0]) == (-0.75, [-0.75])
    assert "halved = np.vectorize(halved, otypes=[float])" in program.batched
