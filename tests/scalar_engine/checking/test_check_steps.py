"""check_steps on worked examples: which node is named, what was expected, and which slip is behind it."""

import math

import numpy as np
import pytest

from models.question3 import SHEET, SHEET_GRADIENTS, Question3, random_case
from scalar_engine import Value, check_steps, exp, gradients, log, maximum, relu, sigmoid, sin, tanh
from scalar_engine.operators import divide, multiply


def question3(case=SHEET):
    network = Question3(case)
    return network, network.gradients()


def neuron():
    """y = sigmoid(w x + b) with w = -1, x = 2, b = 0.5: k = -1.5, y = 0.1824, dy/dk = 0.1491, dy/dw = 0.2983."""
    x, w, b = Value(2.0, "x", requires_grad=False), Value(-1.0, "w"), Value(0.5, "b")
    k = (w * x + b).named("k")
    return x, w, b, k, sigmoid(k).named("y")


# ---- Question 3 of the sheet


def test_the_sheets_own_numbers_are_right():
    network, _ = question3()
    claimed = {"k": [2, 2, 2], "h": [0.8808] * 3, "y": [0.5, 0.5], "l": 0.6931}
    claimed |= {f"d{name}": gradient for name, gradient in SHEET_GRADIENTS.items()}
    found = check_steps(network.l, claimed)
    assert found and found.ok and found.node is None and str(found) == "all 26 are right"


def test_a_second_network_without_the_symmetry():
    network, gradients = question3(random_case(3))
    claimed = {"d" + name: np.round(gradient, 4).tolist() for name, gradient in gradients.items()}
    assert check_steps(network.l, claimed | network.values())


def test_the_minus_of_the_loss_is_missing():
    """dl/dy1 = -1/y1 = -2; with +2 there, all that comes after has the wrong sign, and is not blamed."""
    network, _ = question3()
    wrong = [[0.4404, -0.4404]] * 3
    found = check_steps(network.l, {"dy1": 2.0, "dV": wrong, "dc": [0.5, -0.5]})
    assert not found and found.node is network.y[0] and found.kind == "gradient"
    assert (found.claimed, found.expected) == (2.0, -2.0) and found.slip.kind == "missing minus"


def test_a_sigmoid_differentiated_at_its_input():
    network, right = question3(random_case(3))
    h, k = network.h[0], network.k[0]
    wrong = h.grad * k.data * (1 - k.data)
    found = check_steps(network.l, {"dl/dh1": round(h.grad, 4), "dl/dk1": round(wrong, 4)})
    assert found.node is k and found.expected == pytest.approx(k.grad, abs=1e-4)
    assert found.slip.kind == "input instead of output" and found.slip.node is k
    assert str(found) == (
        "dl/dk1 is claimed -1.463, expected 0.1993\n"
        "  expected is what comes through\n"
        "    h1 = sigmoid(k1)  0.9465 x 0.2106  = 0.1993\n"
        "  likely slip, input instead of output: the rule for sigmoid takes its output h1 = 0.3015, "
        "and was given its input k1 = -0.84"
    )


def test_a_slip_at_a_node_that_was_not_claimed_is_found_from_the_weights():
    """The same slip at every sigmoid, with nothing but what the sheet asks for: dW, db, dV, dc."""
    network, right = question3(random_case(3))
    factors = [k.data * (1 - k.data) / (h.data * (1 - h.data)) for k, h in zip(network.k, network.h)]
    right["b"] = [round(g * factor, 4) for g, factor in zip(right["b"], factors)]
    right["W"] = [[round(g * factor, 4) for g, factor in zip(row, factors)] for row in right["W"]]
    found = check_steps(network.l, {"d" + name: gradient for name, gradient in right.items()})
    assert found.node is network.b[2]  # the first of them in the backward pass
    assert found.slip.kind == "input instead of output" and found.slip.node is network.k[2]
    assert "every sigmoid" in found.slip.text


@pytest.mark.parametrize("name", ["W", "V"])
def test_a_matrix_is_transposed(name):
    network, right = question3(random_case(4))
    found = check_steps(network.l, {f"d{name}": np.round(right[name], 4).T.tolist()})
    assert found.slip.kind == "transposed" and found.node.name.startswith(name)
    assert found.claimed == np.round(right[name], 4).T.tolist() and np.allclose(found.expected, right[name])
    assert str(found).startswith(f"dl/d{name} is claimed with shape {np.transpose(right[name]).shape}")


def test_the_log_to_another_base():
    """l = -log(0.5) = 0.6931; with log2 it is 1, with log10 0.3010."""
    network, _ = question3()
    for claimed, base in [(1.0, "log2"), (0.301, "log10")]:
        found = check_steps(network.l, {"y1": 0.5, "l": claimed})
        assert (found.node, found.kind, found.slip.kind) == (network.l, "value", "base of the log")
        assert base in found.slip.text and found.expected == pytest.approx(0.6931, abs=1e-4)


# ---- one step at a time


def test_the_earliest_is_named_and_what_follows_from_it_is_not():
    """k = 1.5 (its minus lost) leads to y = 0.8176, as it should."""
    *_, k, y = neuron()
    found = check_steps(y, {"k": 1.5, "y": 0.8176, "dy/dk": 0.1491})
    assert found.node is k and found.kind == "value" and found.expected == -1.5
    assert check_steps(y, {"k": -1.5, "y": 0.8176}).node is y


def test_only_one_of_several_paths():
    """e = a b + sin a: de/da = b + cos a = 3 + 0.5403."""
    a, b = Value(1.0, "a"), Value(3.0, "b")
    e = (a * b + sin(a)).named("e")
    for claimed, through in [(0.5403, "sin(a)"), (3.0, "a * b")]:
        found = check_steps(e, {"da": claimed})
        assert found.node is a and found.slip.kind == "missing +=" and through in found.slip.text
    assert check_steps(e, {"da": 3.5403})


@pytest.mark.parametrize(
    "f, wrong, kind",
    [
        (tanh, 1 - 0.5**2, "input instead of output"),
        (exp, 0.5, "input instead of output"),
        (sigmoid, 0.2273, "input instead of output"),  # s'(out)
        (sin, math.cos(math.sin(0.5)), "input instead of output"),
        (log, 2 / math.log(10), "base of the log"),
        (lambda x: 2**x, 2**0.5, "base of the log"),
        (lambda x: x / 4, 1.0, "factor of the batch size"),
        (lambda x: 3 - x, 1.0, "missing minus"),
        (lambda x: 3 * x, 0.5, "operands exchanged"),
        (lambda x: x * x, 0.5, "missing +="),
        (lambda x: x**3, 0.25, "rule of powers"),
    ],
)
def test_the_slip_in_one_derivative(f, wrong, kind):
    x = Value(0.5, "x")
    found = check_steps(f(x).named("y"), {"dx": round(wrong, 4)})
    assert found.node is x and found.slip.kind == kind, found


def test_gradients_of_data_can_be_claimed():
    x, *_, y = neuron()
    assert check_steps(y, {"dx": -0.1491})
    found = check_steps(y, {"dx": 0.1491})
    assert found.node is x and found.slip.kind == "missing minus" and not x.requires_grad


def test_nodes_and_pairs_of_nodes_are_keys_too():
    _, w, _, k, y = neuron()
    assert check_steps(y, {k: -1.5, (y, w): 0.2983})
    assert check_steps(y, {k: -1.5, (y, w): 0.1491}).node is w


@pytest.mark.parametrize(
    "claimed, message",
    [
        ({"q": 1.0}, "'q' is about no node of the graph; it has w, x, b, k, y"),
        ({"dz/dk": 1.0}, "'dz/dk' is no gradient of the root, y"),
        ({"k": [1.0, 2.0]}, "k holds one number, not [1.0, 2.0]"),
        ({sin: lambda out, x: out}, "sin is not used in the graph of y"),
        ({multiply: lambda out, a, b: b}, "multiply has 2 inputs; give a tuple with a rule for each"),
        (lambda upstream, q, w: q, "no node is named q"),
        (lambda upstream, w, b: upstream, "returned 1 gradients, not dw, db"),
        ([1.0], "give a dict of claims or a backward function"),
    ],
)
def test_what_is_not_understood_is_said_in_one_line(claimed, message):
    with pytest.raises(ValueError, match="^check_steps: ") as caught:
        check_steps(neuron()[-1], claimed)
    assert message in str(caught.value) and "\n" not in str(caught.value)


# ---- rounding


@pytest.mark.parametrize("x", [1e-7, 3e-5, 0.02, 1.0, 1.04863, 12345.678, 9.87e8])
@pytest.mark.parametrize("written", [lambda x: round(x, 4), lambda x: float(f"{x:.4g}"), lambda x: x])
def test_rounding_is_no_error_whatever_the_size(x, written):
    x = Value(x, "x")
    y = (x * x).named("y")
    z = (y * 3.3).named("z")
    right = gradients(z)
    assert check_steps(z, {"y": written(y.data), "z": written(z.data), "dx": written(right[x]), "dy": 3.3})
    assert not check_steps(z, {"y": written(y.data), "dx": written(right[x] / 2 + 0.1)})


def test_whoever_goes_on_with_rounded_numbers_is_right_too():
    """1 / 0.0123 is 81.3008, and 1 / 0.01234 is 81.0373: both follow from what was written down."""
    x = Value(0.01234, "x")
    y = (x * 1.0).named("y")
    z = (1 / y).named("z")
    assert check_steps(z, {"y": 0.0123, "z": 81.3008}) and check_steps(z, {"y": 0.0123, "z": 81.0373})
    assert check_steps(z, {"y": 0.0123, "z": 8.13}).node is z
    assert check_steps(z, {"y": 0.0, "z": 81.0373}).node is y  # 0.0123 has been lost


def test_what_is_rounded_to_0_does_not_stop_the_check():
    x = Value(2e-5, "x")
    y = (x * 1.0).named("y")
    z = log(y).named("z")
    assert check_steps(z, {"y": 0.0, "z": -10.8198, "dy": 50000})


def test_a_kink_within_the_rounding_can_be_taken_either_way():
    """y = 0.00003 is 0.0000: the derivative of relu is 1 there, and 0 or 1/2 for who goes on with the 0."""
    x = Value(3e-5, "x")
    y = (x * 1.0).named("y")
    z = (2 * relu(y)).named("z")
    assert check_steps(z, {"y": 0.0, "dy": 2.0}) and check_steps(z, {"y": 0.0, "dy": 0.0})
    assert "a convention" in str(check_steps(z, {"y": 0.0, "dy": 1.0})) and not check_steps(z, {"y": 0.0, "dy": 1.5})


def test_who_rounded_what_was_not_claimed():
    """z = 100 y^2, y = x^2 = 0.1630302: who has 0.1630 gets dz/dx = 200 x 0.163 x 2 x = -26.3258, not -26.3307."""
    x = Value(-0.40377, "x")
    y = x**2
    z = (100 * (y * y)).named("z")
    assert check_steps(z, {"dx": -26.3307}) and check_steps(z, {"dx": -26.3258})
    assert check_steps(z, {"dx": -13.1653}).slip.kind in ("missing +=", "rule of powers")  # one as good as the other


def test_rounding_wakes_no_relu():
    """e = 1.3 relu(x) + x^2 at x = -0.7: the relu is off, so that -0.1 = 1.3 - 1.4 does not pass for -1.4."""
    x = Value(-0.7, "x")
    e = (1.3 * relu(x) + x * x).named("e")
    assert check_steps(e, {"dx": -1.4}) and not check_steps(e, {"dx": -0.1})


# ---- rules


def test_rules_by_hand():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    c = (sigmoid(a) / b).named("c")
    right = {sigmoid: lambda out, x: out * (1 - out), divide: (lambda out, a, b: 1 / b, lambda out, a, b: -a / b**2)}
    assert check_steps(c, right)
    found = check_steps(c, {**right, sigmoid: lambda out, x: x * (1 - x)})
    assert (found.kind, found.node.op, found.slip.kind) == ("rule", sigmoid, "input instead of output")
    assert (found.claimed, found.expected) == (-2.0, pytest.approx(0.1050, abs=1e-4))
    found = check_steps(c, {**right, divide: (lambda out, a, b: 1 / b, lambda out, a, b: a / b**2)})
    assert found.node is c and found.slip.kind == "missing minus"


def test_a_rule_that_is_right_at_the_graphs_own_number_only():
    """At x = 1 the derivative of x log x is that of log x, 1: what is wrong shows at another x."""
    x = Value(1.0, "x")
    found = check_steps(exp(x), {exp: lambda out, x: math.e * x})
    assert not found and "at x = 0.4" in str(found)
    assert found.claimed == pytest.approx(0.4 * math.e) and found.expected == pytest.approx(math.exp(0.4))


def test_a_rule_of_two_inputs_may_be_given_for_one():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert check_steps(maximum(a, b), {maximum: (None, lambda out, a, b: 0.0 + (b > a))})


def test_the_graph_is_left_as_it_was():
    x, w, b, k, y = neuron()
    y.backward()
    before = [(node.data, node.grad, node.requires_grad) for node in (x, w, b, k, y)]
    check_steps(y, {"k": -1.5, "dx": 0.1, "dw": 0.5})
    check_steps(y, lambda upstream, w, b: (upstream, upstream))
    assert before == [(node.data, node.grad, node.requires_grad) for node in (x, w, b, k, y)]
