"""Random expression graphs: the backward pass against finite differences, and its records against its result."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scalar_engine import (
    Value,
    gradcheck,
    gradients,
    maximum,
    sigmoid,
    sin,
    softmax,
    steps,
    sum,
    tanh,
    topological_order,
)

UNARY = [sin, tanh, sigmoid, lambda x: x * x, lambda x: 1.5 - x, lambda x: x / 3, lambda x: (x * x + 1) ** -0.5]
BINARY = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (b * b + 1), maximum]
NUMBERS = st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3)


@st.composite
def graphs(draw):
    """A root made of random operators on random earlier nodes, many of them used more than once."""
    nodes = [Value(draw(NUMBERS), f"x{i}", requires_grad=i < 3) for i in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(1, 12))):
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        f = draw(st.sampled_from(UNARY + BINARY))
        if f is maximum:
            assume(a is b or abs(a.data - b.data) > 1e-3)
        nodes.append(f(a, b) if f in BINARY else f(a))
    root = sum(softmax(nodes[-3:])[:2]) + nodes[-1]
    assume(root.requires_grad and abs(root.data) < 1e3)
    return root


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_the_backward_pass_agrees_with_finite_differences(root):
    check = gradcheck(root, tolerance=1e-5)
    assert check.ok, str(check)


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_steps_of_a_pass_add_up_to_its_gradients(root):
    found = gradients(root)
    totals = {root: 1.0}
    for step in steps(root):
        if step.position is not None:
            assert step.contribution == step.local * step.upstream
            assert step.upstream == found[step.node]
            totals[step.input] = totals.get(step.input, 0.0) + step.contribution
    assert totals == found


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_steps_come_in_the_order_of_the_passes(root):
    records = steps(root)
    forward = [step.node for step in records if step.position is None]
    backward = [step.node for step in records if step.position is not None]
    order = [node for node in topological_order(root) if node.inputs]
    assert records[: len(forward)] == [step for step in records if step.position is None]
    assert forward == order
    assert [node for node in reversed(order) if node in set(backward)] == list(dict.fromkeys(backward))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_softmax_is_a_distribution(logits):
    y = [node.data for node in softmax([Value(x) for x in logits])]
    assert math.fsum(y) == pytest.approx(1, abs=1e-9)
    assert min(y) >= 0
