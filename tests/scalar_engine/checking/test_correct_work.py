"""Correct work is right, however it is rounded, written, laid out, and in whatever type."""

import numpy as np
import pytest

from models.question3 import Question3, random_case
from scalar_engine import Value, check_steps, gradients, maximum, relu, sigmoid
from scalar_engine.checking.elements import elements
from scalar_engine.operators import absolute

from ...correct_student import WRITTEN, graph, number_of, work


@pytest.mark.parametrize("goes_on_rounded", [False, True], ids=["calculator", "own numbers"])
@pytest.mark.parametrize("style", WRITTEN)
def test_right_work_in_every_rounding(style, goes_on_rounded):
    checked = 0
    for seed in range(2000, 2010):
        root = graph(seed)
        try:
            with np.errstate(all="ignore"):
                written = work(root, style, goes_on_rounded)
        except (ArithmeticError, ValueError):  # what was rounded to 0 has no log
            continue
        if max(abs_of(written)) < 300:
            found = check_steps(root, written)
            assert found.ok and {mark.mark for mark in found.marks} == {"right"}, f"seed {seed}: {found}"
            checked += 1
    assert checked > 5


def abs_of(written):
    return [abs(number_of(x)) for numbers in written.values() for x in elements(numbers)[1]]


def test_what_is_cut_off_is_told_once():
    network = Question3(random_case(9))
    found = check_steps(network.l, {"k1": 0.3399, "h1": 0.5841, "y1": 0.0513, "dc1": -0.9487})
    assert found and str(found) == "all 4 are right; cut off, not rounded (k1, h1, y1, c1)", found


# ---- kinks


@pytest.mark.parametrize("f", [relu, lambda x: maximum(x, 0.0)], ids=["relu", "maximum"])
def test_at_a_kink_every_slope_between_both_sides_is_a_convention(f):
    w, x = Value(1.5, "w"), Value(0.0, "x", requires_grad=False)
    k = (w * x).named("k")
    y = (2 * f(k) + k).named("y")
    for slope in (0, 0.5, 1):
        found = check_steps(y, {"dk": 2 * slope + 1})
        assert found.ok and ("a convention" in str(found)) == (2 * slope + 1 != gradients(y)[k])
    assert not check_steps(y, {"dk": 4})


def test_a_rule_may_take_another_slope_at_a_kink():
    y = relu(Value(0.0, "x")).named("y")
    assert "a convention" in str(check_steps(y, {relu: lambda out, x: 1.0 * (x >= 0)}))
    assert not check_steps(y, {relu: lambda out, x: 1.0 * (x <= 0)})
    assert not check_steps(absolute(Value(0.0, "x")).named("y"), {absolute: lambda out, x: 2.0})


# ---- how precisely a lone number is given


def test_a_lone_claim_is_right_in_a_range_that_is_told():
    x = Value(0.5, "x")
    y = sigmoid(x * 2.0).named("y")  # dy/dx = 0.3932
    assert str(check_steps(y, {"dx": 0.39})) == "right (what is between 0.3689 and 0.4175 passes)"
    assert not check_steps(y, {"dx": 0.36}) and not check_steps(y, {"dx": 0.43})


def test_an_array_of_zeros_is_no_rounding_of_a_small_gradient():
    x = [Value(number, f"x{i}") for i, number in enumerate((3e-5, 2e-5), 1)]
    y = (x[0] * x[1]).named("y")
    assert check_steps(y, {"dx1": "0.0000", "dx2": "0.0000"})
    assert check_steps(y, {"y": 0.0, "dx": [0.0, 0.0]})  # four decimals


# ---- spelling


@pytest.mark.parametrize(
    "key", ["dw", "d_w", "dl/dw", "dL/dw", "dl_dw", "dldw", "grad_w", "w_grad", "w.grad", "\u2202l/\u2202w", "gradw"]
)
def test_a_gradient_is_written_in_many_ways(key):
    w = Value(2.0, "w")
    loss = (w * w).named("l")
    assert check_steps(loss, {key: 4.0}) and not check_steps(loss, {key: 5.0})


def test_blanks_are_blanks_and_leave_the_rest_marked():
    network = Question3(random_case(3))
    found = check_steps(network.l, {"k1": "-0,84", "k2": "", "h": [0.3015, None, 9.0], "dW": None, "dc1": "  "})
    marks = {mark.name: mark.mark for mark in found.marks}
    assert marks["k1"] == marks["h1"] == "right" and marks["h3"] == "wrong"
    assert [name for name, mark in marks.items() if mark == "blank"] == [
        "k2", "h2", *[f"dl/dW{i}{j}" for i in (1, 2) for j in (1, 2, 3)], "dl/dc1",
    ]  # fmt: skip


def test_what_is_no_number_is_said():
    with pytest.raises(ValueError, match="k1 holds one number, not 'two'"):
        check_steps(Question3(random_case(3)).l, {"k1": "two"})
