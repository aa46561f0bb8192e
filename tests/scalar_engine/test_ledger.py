"""The gradient ledger and the step records, on graphs small enough to work out by hand."""

import pytest

from scalar_engine import Value, explain, sigmoid, steps


def example():
    """f = a * b + a at a = 2, b = -3: df/da = b + 1 = -2, df/db = a = 2."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    product = (a * b).named("p")
    return a, b, product, (product + a).named("f")


def test_the_ledger_lists_every_contribution_and_the_sum():
    a, b, product, f = example()
    f.backward()
    ledger = explain(a, f)
    assert [(step.node, step.local, step.upstream, step.contribution) for step in ledger.entries] == [
        (f, 1, 1, 1),
        (product, -3, 1, -3),
    ]
    assert ledger.gradient == a.grad == -2
    assert str(ledger) == (
        "df/da = -2, the sum of upstream x local over\n"
        "  f = p + a  1 x 1   = 1\n"
        "  p = a * b  1 x -3  = -3"
    )  # fmt: skip


def test_a_node_used_twice_by_one_operator_has_two_entries():
    x = Value(3.0, "x")
    f = (x * x).named("f")
    f.backward()
    ledger = explain(x, f)
    assert [step.position for step in ledger.entries] == [0, 1]
    assert [step.contribution for step in ledger.entries] == [3, 3]


def test_before_backward_it_says_not_computed():
    a, b, product, f = example()
    assert str(explain(a, f)) == "df/da: not computed, call backward() on the root first"
    assert explain(a, f).entries == [] and explain(a, f).gradient is None


def test_explaining_does_not_touch_gradients():
    a, b, product, f = example()
    f.backward()
    explain(a, f)
    assert (a.grad, b.grad, product.grad, f.grad) == (-2, 2, 1, 1)


def test_a_leaf_that_holds_more_than_one_pass_says_so():
    a, b, product, f = example()
    f.backward()
    f.backward()
    assert ".grad is -4: from other passes too, or the data has changed since" in str(explain(a, f))
    f.zero_grad()
    f.backward()
    a.grad = None  # as an optimizer leaves it
    assert str(explain(a, f)).startswith("df/da = -2")


def test_data_the_root_and_strangers():
    x = Value(1.0, "x", requires_grad=False)
    w = Value(2.0, "w")
    f = (w * x).named("f")
    f.backward()
    assert str(explain(x, f)) == "df/dx: none, for it is data or depends on data only"
    assert str(explain(f, f)) == "df/df = 1: a node's derivative by itself"
    with pytest.raises(ValueError, match="y is not part of the graph of f"):
        explain(Value(1.0, "y"), f)


def test_steps_of_both_passes_in_order():
    """k = w * x = 0, h = sigmoid(k) = 0.5: dh/dk = 0.25, dh/dw = 0.25 * x."""
    w, x = Value(0.0, "w"), Value(3.0, "x", requires_grad=False)
    k = (w * x).named("k")
    h = sigmoid(k).named("h")
    forward_k, forward_h, to_k, to_w = steps(h)
    assert (forward_k.node, forward_k.input, forward_h.node) == (k, None, h)
    assert (to_k.node, to_k.input, to_k.local, to_k.upstream, to_k.contribution) == (h, k, 0.25, 1.0, 0.25)
    assert (to_w.node, to_w.input, to_w.local, to_w.upstream, to_w.contribution) == (k, w, 3.0, 0.25, 0.75)
    assert repr(forward_h) == "<forward: h = 0.5>" and repr(to_w) == "<backward: k adds 0.75 to w>"


def test_nodes_without_a_label_are_described_by_how_they_were_made():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert (a * b).describe() == "a * b"
    assert ((a + b) * -a).describe() == "(a + b) * (-a)"
    assert sigmoid(a - 2).describe() == "sigmoid(a - 2)"
    assert (a - Value(-4.0)).describe() == "a - (-4)"
    assert (((a + 1) * 2 - b) ** 2).describe() == "(multiply(...) - b) ** 2"
    assert (a * b).named("layer1/neuron2/k").describe() == "k"
