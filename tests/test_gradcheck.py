"""gradcheck itself: it agrees with right rules, names the leaf of a wrong one, and reads any graph."""

import pytest

from scalar_engine import Value, gradcheck, operators, relu, sigmoid


def test_a_right_graph_passes_and_reports_the_worst():
    a, b = Value(0.3, "a"), Value(-1.2, "b")
    check = gradcheck(sigmoid(a * b) / (a + 2))
    assert check.ok and bool(check)
    assert {leaf for leaf, *_ in check.entries} == {a, b}
    assert check.entries[0][3] == max(error for *_, error in check.entries)
    assert "agree on 2 leaves" in str(check)


def test_a_wrong_rule_is_noticed_and_the_leaf_named(monkeypatch):
    monkeypatch.setattr(operators.Sigmoid, "partials", (lambda out, x: out * (1 + out),))
    a, b = Value(0.3, "a"), Value(-1.2, "b")
    check = gradcheck(sigmoid(a) + b * 2)
    assert not check.ok and check.entries[0][0] is a
    assert "DISAGREE" in str(check) and "the worst is a:" in str(check)


def test_a_kink_is_reported_as_it_is():
    assert not gradcheck(relu(Value(0.0))).ok


def test_a_nan_fails_and_comes_first():
    x, y = Value(float("nan"), "x"), Value(1.0, "y")
    check = gradcheck(x * x + y)
    assert not check.ok and check.entries[0][0] is x


def test_it_changes_nothing_and_checks_only_what_takes_a_gradient():
    x, data = Value(2.0), Value(3.0, requires_grad=False)
    f = x * data
    check = gradcheck(f)
    assert len(check.entries) == 1
    assert (x.data, x.grad, f.data, f.grad) == (2, None, 6, None)
    with pytest.raises(ValueError, match="no leaf that requires a gradient"):
        gradcheck(data * 2)
