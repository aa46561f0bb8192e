"""The text of programs: one whole, names for labels of every kind, and rules that take something from elsewhere."""

import gc
import math
import subprocess
import sys

import numpy as np
import pytest

from scalar_engine import Operator, Value, compile_graph, dot, exp, grad, logsumexp, maximum, operators, sigmoid, sum

TEXT = """\
from math import exp


def sigmoid(x):
    if x >= 0:
        return 1 / (1 + exp(-x))
    e = exp(x)
    return e / (1 + e)


def program(inputs, parameters):
    x1, x2, x3, x4 = inputs
    w1, w2, w3, w4, u = parameters

    # forward
    v1 = u * u
    k = w1 * x1 + w2 * x2 + w3 * x3 + w4 * x4
    h = sigmoid(k)
    v2 = v1 * h
    v3 = exp(h)
    l = v2 - v3

    # backward: its derivatives, by the rule of the operator named
    dl = 1.0
    dh = -v3  # exp
    dh += v1  # multiply
    dk = dh * h * (1 - h)  # sigmoid
    dw1 = dk * x1  # dot
    dw2 = dk * x2  # dot
    dw3 = dk * x3  # dot
    dw4 = dk * x4  # dot
    du = 2 * h * u  # multiply

    return l, [dw1, dw2, dw3, dw4, du]
"""


def example():
    """l = u^2 h - exp(h) with h = sigmoid(w'x): inputs, parameters and l."""
    xs = [Value(0.1 * i, f"x{i}", requires_grad=False) for i in range(1, 5)]
    ws = [Value(0.5 - 0.2 * i, f"w{i}") for i in range(1, 5)]
    u = Value(2.0, "u")
    h = sigmoid(dot(ws, xs).named("k")).named("h")
    return xs, [*ws, u], (u * u * h - exp(h)).named("l")


def is_right(root, inputs, parameters):
    """The program of a graph, once both its texts have been seen to give the engine's value and gradients."""
    program = compile_graph(root, inputs, parameters)
    numbers, weights = [x.data for x in inputs], [w.data for w in parameters]
    expected = pytest.approx(root.data), pytest.approx(grad(root, parameters))
    assert program(numbers, weights) == expected
    if inputs:
        assert program([np.array([number, number]) for number in numbers], weights) == expected
    return program


def test_one_text_from_beginning_to_end():
    xs, parameters, root = example()
    assert is_right(root, xs, parameters).source == TEXT


@pytest.mark.parametrize("n", [1, 2, 40])
def test_labels_of_any_length(n):
    """The program's lines of names are broken between names only; labels of 97 letters once were broken themselves."""
    for length in (*range(1, 120), 1000):
        ws = [Value(0.3, f"{'w' * length}{i}") for i in range(n)]
        xs = [Value(0.2, f"{'a-b ' * length}{i}", requires_grad=False) for i in range(n)]
        if length in (1, 120 // n, 94, 95, 96, 97, 98, 1000):
            is_right(dot(ws, xs), xs, ws)
        else:
            compile_graph(dot(ws, xs), xs, ws)


def test_labels_that_end_in_a_slash():
    """Such a label is a name, not a group without one."""
    for labels in [("a/", "a"), ("a/", "a/"), ("/", "//"), ("layer/w/", "w")]:
        w, x = Value(0.5, labels[0]), Value(2.0, labels[1], requires_grad=False)
        is_right(((w * x).named("k/") * w).named("/"), [x], [w])
    assert "da = " in compile_graph((Value(2.0, "a/") * 3).named("l/")).source


def test_a_name_that_a_called_function_has_is_given_to_no_variable():
    labels = ["sigmoid", "exp", "logsumexp", "v1", "dv1", "v", "d", "max", "logsumexp_2"]
    ws = [Value(0.1 * i, label) for i, label in enumerate(labels)]
    is_right(logsumexp([sigmoid(ws[0]), exp(ws[1]), *ws]), [], ws)
    assert "    sigmoid, exp = parameters\n" in compile_graph(ws[0] * ws[1]).source


def test_two_variables_of_one_name():
    ws = [Value(0.5, label) for label in ("w", "w", "layer/w", "w_2", "w 2")]
    source = is_right(sum([w * w for w in ws]).named("w"), [], ws).source
    assert "    w, w_2, layer_w, w_2_2, w_2_3 = parameters\n" in source


def test_constants_that_are_no_numbers_of_arithmetic():
    x = Value(2.0, "x")
    for number in (math.inf, -math.inf):
        assert compile_graph(x + number)([], [2.0]) == (number, [1])
        assert compile_graph(maximum(x, -abs(number)) * 2)([], [2.0]) == (4, [2])
    assert math.isnan(compile_graph(x * math.nan)([], [2.0])[0])
    assert compile_graph(logsumexp([x, -math.inf]))([], [2.0]) == (2, [1])


def test_a_list_of_nothing():
    """logsumexp([]) is the logarithm of 0, sum([]) is 0; in a program they are numbers."""
    assert logsumexp([]) == -math.inf and sum([]) == 0 and dot([], []) == 0
    w = Value(2.0, "w")
    assert compile_graph(exp(logsumexp([]) + w) + sum([]) + w)([], [2.0]) == (2, [1])
    source = compile_graph(logsumexp([w, w * 2])).source.partition("def program")[0]
    namespace = {}
    exec(source, namespace)
    assert namespace["logsumexp"]() == -math.inf


# ---- forward rules that take something from elsewhere

HALF, MINUS, NOT_A_NUMBER = 0.5, -2.0, math.nan
hash = 0.25  # to Python a function


def less_half(x):
    return x - HALF


def factorial(n):
    return n * factorial(n - 1) if n > 1 else 1.0


def operator_of(symbol, rule):
    return type("Made", (Operator,), {"symbol": symbol, "forward": rule, "partials": (lambda out, x: 3.0,)})()


def with_a_number(x):
    return x * HALF + MINUS**2 + sys.float_info.min


def with_a_name_of_pythons(x):
    return x * hash


def with_a_function(x):
    return less_half(x) * less_half(x)


def with_another_rule(x):
    return operators.sigmoid.forward(x) + operators.relu.forward(x)


def with_a_function_of_its_own_name(x):
    return factorial(3) + x


def with_a_name_twice(x):
    less_half = x
    return less_half + 1


RULES = [with_a_number, with_a_name_of_pythons, with_a_function, with_another_rule, with_a_name_twice]


@pytest.mark.parametrize("rule", [*RULES, with_a_function_of_its_own_name, less_half, factorial])
def test_a_rule_brings_along_what_it_calls(rule):
    """The text runs alone, in both styles, though the rule names numbers, functions and rules of its module."""
    w, x = Value(3.0, "w"), Value(1.0, "x", requires_grad=False)
    root = operator_of("made", rule)(w * x) + operator_of("less_half", rule)(w) + sigmoid(w)
    program = is_right(root, [x], [w])
    assert "has to be given" not in program.source + program.batched
    text = f"{program.source}\nprint(program([1.0], [3.0])[0])"
    out = subprocess.run([sys.executable, "-I", "-S", "-c", text], capture_output=True, text=True, check=True).stdout
    assert float(out) == pytest.approx(root.data)


def with_no_number(x):
    return x if x > 0 else NOT_A_NUMBER


def with_a_module(x):
    return x + sys.getrecursionlimit() * 0


def with_an_operator(x):
    return sigmoid(x)


def with_a_class(x):
    return Operator.__call__(sigmoid, x) if Operator else x


def with_a_list(x):
    return x + RULES.__len__()


def with_its_own_exp(x):
    exp = x
    return math.exp(exp)


GIVEN = [with_no_number, with_a_module, with_an_operator, with_a_class, with_a_list, with_its_own_exp]


@pytest.mark.parametrize("rule", [*GIVEN, math.sin, abs, float.__neg__])
def test_a_rule_that_cannot_be_written_is_given(rule):
    w, x = Value(3.0, "w"), Value(1.0, "x", requires_grad=False)
    program = is_right(operator_of("made", rule)(w * x), [x], [w])
    assert ("# made is the forward rule of an operator, which has to be given." in program.source) == (
        rule not in (math.sin, abs)
    )


class Raised(Operator):
    symbol = "raised"
    forward = lambda a, b: a**b
    partials = (lambda out, a, b: 3.0, lambda out, a, b: 3.0)


def test_a_negative_number_in_the_place_of_an_argument():
    """(-2) ** 2 is not -2 ** 2."""
    x, raised = Value(2.0, "x"), Raised()
    assert compile_graph(raised(-2.0, x) + raised(x, -2.0))([], [2.0]) == (4.25, [6])


class Root(Operator):
    """x ** 1.5, whose derivative alone has a power in it."""

    symbol = "root"
    forward = lambda x: x * math.sqrt(x)
    partials = (lambda out, x: 1.5 * x**0.5,)


def test_a_power_that_only_a_derivative_has():
    """Its exponent is no whole number, so that it is called: `**` gives complex numbers where `math` raises."""
    w, x = Value(4.0, "w"), Value(1.0, "x", requires_grad=False)
    program = is_right((Root()(w * x) * w).named("l"), [x], [w])
    assert "pow(v1, 0.5)" in program.source and "power(v1, 0.5)" in program.batched


class Halved(Operator):
    symbol = "halved"
    forward = lambda x: {True: x / 2, False: x}[x > 0]
    partials = (lambda out, x: 1 - 0.5 * operators.step(x),)


def test_a_rule_with_braces():
    w = Value(3.0, "w")
    assert "def halved(x):" in is_right(Halved()(w * 2), [], [w]).source


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_as_it_was(is_on):
    """It is off while a program is made, and then as before, whatever has happened."""
    w, was_on = Value(2.0, "w"), gc.isenabled()

    class NoRule(Operator):
        symbol = "norule"
        forward = lambda x: x

    try:
        gc.enable() if is_on else gc.disable()
        compile_graph(w * 2)
        assert gc.isenabled() == is_on
        with pytest.raises(TypeError, match="norule: has neither partials nor a pull"):
            compile_graph(NoRule()(w))
        assert gc.isenabled() == is_on
    finally:
        gc.enable() if was_on else gc.disable()
