"""gradcheck itself: it agrees with right rules, names the leaf of a wrong one, and reads any graph."""

import pytest

from scalar_engine import Value, gradcheck, log, operators, relu, sigmoid


def test_a_right_graph_passes_and_reports_the_worst():
    a, b = Value(0.3, "a"), Value(-1.2, "b")
    check = gradcheck(sigmoid(a * b) / (a + 2))
    assert check.ok and bool(check)
    assert {leaf for leaf, *_ in check.entries} == {a, b}
    assert check.entries[0][3] == max(entry[3] for entry in check.entries)
    assert "agree on 2 leaves" in str(check)


def test_a_wrong_rule_is_noticed_and_the_leaf_named(monkeypatch):
    monkeypatch.setattr(operators.Sigmoid, "partials", (lambda out, x: out * (1 + out),))
    a, b = Value(0.3, "a"), Value(-1.2, "b")
    check = gradcheck(sigmoid(a) + b * 2)
    assert not check.ok and check.entries[0][0] is a
    assert "DISAGREE" in str(check) and "the worst is a:" in str(check)


def test_a_kink_is_reported_as_it_is():
    assert not gradcheck(relu(Value(0.0))).ok


def test_a_graph_whose_data_has_changed_is_refused():
    x = Value(2.0, "x")
    f = x * x
    x.data = 3.0
    with pytest.raises(ValueError, match="data has changed since the graph was made"):
        gradcheck(f)


def test_small_and_large_numbers():
    assert gradcheck(log(Value(1e-3))).ok and gradcheck(sigmoid(Value(1e8) * 1e-8)).ok


def test_a_pole_nearby_is_named():
    with pytest.raises(ValueError, match=r"gradcheck: log\(x\) does not exist at x = -\d"):
        gradcheck(log(Value(1e-6, "x")))


def test_it_changes_nothing_and_checks_only_what_takes_a_gradient():
    x, data = Value(2.0), Value(3.0, requires_grad=False)
    f = x * data
    check = gradcheck(f)
    assert len(check.entries) == 1
    assert (x.data, x.grad, f.data, f.grad) == (2, None, 6, None)
    with pytest.raises(ValueError, match="no leaf that requires a gradient"):
        gradcheck(data * 2)
