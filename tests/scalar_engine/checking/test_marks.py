"""Marks: right, wrong, consistent with an earlier mistake, or blank; text, HTML and records say the same."""

import numpy as np

from models.question3 import Question3, random_case
from scalar_engine import Value, check_steps, log, sigmoid


def at_input(seed=3):
    """Question 3 with sigmoid differentiated at its input, and all that follows from it; the right network beside."""
    network = Question3(random_case(seed))
    right = network.gradients()
    dh = [h.grad for h in network.h]
    dk = np.array([d * k.data * (1 - k.data) for d, k in zip(dh, network.k)])
    x = [x.data for x in network.x]
    claimed = {"h": [h.data for h in network.h], "dV": right["V"], "dh": dh, "dk": dk, "dW": np.outer(x, dk), "db": dk}
    return network, {key: np.round(value, 4).tolist() for key, value in claimed.items()}


def test_what_follows_from_a_mistake_is_consistent_with_it():
    network, claimed = at_input()
    found = check_steps(network.l, claimed)
    marks = {mark.name: mark for mark in found.marks}
    assert {name for name, mark in marks.items() if mark.mark == "wrong"} == {"dl/dk1", "dl/dk2", "dl/dk3"}
    assert {mark.mark for name, mark in marks.items() if name.startswith(("dl/dW", "dl/db"))} == {"consistent"}
    assert "right would be 0.1994" in marks["dl/db1"].remark and marks["dl/dh1"].ok
    assert "was given its input" in marks["dl/dk3"].remark


def test_units_that_are_wrong_in_the_same_way_are_named_together():
    network, claimed = at_input()
    assert str(check_steps(network.l, claimed)).startswith("dl/dk, all three: dl/dk3 is claimed")
    claimed["dk"][0] = round(network.k[0].grad, 4)
    found = check_steps(network.l, {key: claimed[key] for key in ("dh", "dk")})
    assert str(found).startswith("dl/dk3, dl/dk2: dl/dk3 is claimed")


def test_all_wrong_gradients_are_listed_from_the_loss_back():
    network, claimed = at_input()
    claimed = {key: claimed[key] for key in ("dV", "dh")} | {"dW": (3 - np.array(claimed["dW"])).tolist()}
    claimed["dh"][1] = 5.0
    lines = str(check_steps(network.l, claimed)).splitlines()
    assert lines[0].startswith("dl/dh2 is claimed 5") and sum("also wrong: dl/dW" in line for line in lines) == 6


def test_a_slip_that_was_not_claimed_is_counted_once():
    """dk is not handed in: of dW and db, which both come from it, the first is wrong and the rest follow."""
    network, claimed = at_input()
    found = check_steps(network.l, {key: claimed[key] for key in ("dW", "db")})
    assert [mark.mark for mark in found.marks].count("wrong") == 1 and "same slip" in found.marks[-1].remark


def test_html_has_the_remark_and_the_marks_and_runs_nothing():
    x = Value(2.0, "<b>x</b>")
    y = (x * x).named("y")
    html = check_steps(y, {"y": 5.0, "d<b>x</b>": None})._repr_html_()
    assert "<td>y</td><td>wrong</td>" in html and "<td>blank</td>" in html and "<b>x" not in html


def test_the_words_are_those_of_the_sheet():
    network = Question3(random_case(3))
    found = check_steps(network.l, {"y1": 0.9, "do1": 0.3})
    assert "logsumexp" not in str(found) and "log(exp(o1) + exp(o2))" in str(found)


def test_nothing_that_changes_nothing_is_a_slip():
    """At k = 0, where sigmoid's slope is 1/4: 4 times too large, and nothing about its output, which is 0.5."""
    k = Value(0.0, "k")
    found = check_steps((sigmoid(k) * 3.0).named("y"), {"dk": 3.0})
    assert found.slip.kind == "local derivative forgotten"
    x = Value(0.5, "x", requires_grad=False)
    w = Value(2.0, "w")
    assert check_steps((w * x).named("y"), {"dw": 1.0}).slip.kind == "local derivative forgotten"
    assert check_steps(log(Value(1.0, "z")).named("y"), {"y": 0.7}).slip is None


def test_an_exception_in_a_rule_or_a_backward_function_is_a_verdict():
    y = sigmoid(Value(0.3, "x")).named("y")
    for claimed in ({sigmoid: lambda out, x: x.nothing}, lambda upstream, x: upstream[3]):
        found = check_steps(y, claimed)
        assert not found and " raised " in str(found) and " in line " in str(found) and "\n" not in str(found)
        assert [mark.mark for mark in found.marks] == ["wrong"]
