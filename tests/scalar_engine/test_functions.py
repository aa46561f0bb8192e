"""Softmax and its relatives on lists: exact small cases, and logits of any size."""

import math

import numpy as np
import pytest

from scalar_engine import Value, cross_entropy, dot, gradients, log_softmax, logsumexp, mean, softmax, sum

HUGE = [10_000.0, -10_000.0, 9_999.0]
OFFSET = [1e8 + 1.0, 1e8 + 2.0, 1e8 + 3.0]


def values(numbers):
    return [Value(x) for x in numbers]


def data(nodes):
    return [node.data for node in nodes]


def test_lists_of_numbers_give_numbers():
    assert sum([1.0, 2.0, 3.0]) == 6 and mean([1.0, 2.0, 6.0]) == 3 and dot([1.0, 2.0], [3.0, 4.0]) == 11
    assert softmax([0.0, math.log(3)]) == pytest.approx([0.25, 0.75])
    assert cross_entropy([0.0, math.log(3)], 1) == pytest.approx(-math.log(0.75))


def test_sum_and_dot_are_one_node_each():
    a, b = values([1.0, 2.0]), values([3.0, 4.0])
    assert sum(a).inputs == tuple(a) and dot(a, b).inputs == (*a, *b)
    assert dot([1.0, 2.0], b).data == dot(b, [1.0, 2.0]).data == 11


def test_softmax_derivatives_are_the_sheets():
    """dy_i/do_i = y_i (1 - y_i) and dy_i/do_j = -y_i y_j (Question 1)."""
    o = values([0.5, -1.0, 2.0])
    y = softmax(o)
    for i in range(3):
        found = gradients(y[i])
        for j in range(3):
            expected = y[i].data * ((i == j) - y[j].data)
            assert found[o[j]] == pytest.approx(expected, abs=1e-15)


def test_cross_entropy_derivative_is_y_minus_one_hot():
    """Question 2: dl/do = y - onehot."""
    o = values([0.5, -1.0, 2.0])
    cross_entropy(o, 1).backward()
    y = softmax([0.5, -1.0, 2.0])
    assert [x.grad for x in o] == pytest.approx([y[0], y[1] - 1, y[2]], abs=1e-15)


@pytest.mark.parametrize("target", [0, 1, 2, [0.0, 1.0, 0.0], (0.2, 0.5, 0.3)])
def test_the_target_is_a_class_or_a_list(target):
    weights = target if isinstance(target, (list, tuple)) else [float(i == target) for i in range(3)]
    logits = [0.5, -1.0, 2.0]
    expected = -dot(weights, log_softmax(logits))
    assert cross_entropy(values(logits), target).data == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("logits", [HUGE, OFFSET])
def test_logits_of_any_size(logits):
    o = values(logits)
    shifted = [x - max(logits) for x in logits]
    total = math.fsum(map(math.exp, shifted))
    expected = [math.exp(x) / total for x in shifted]
    assert data(softmax(o)) == pytest.approx(expected, abs=1e-7)
    assert data(log_softmax(o)) == pytest.approx([x - math.log(total) for x in shifted], rel=1e-7)
    assert logsumexp(o).data == pytest.approx(max(logits) + math.log(total))
    for target in range(3):
        for x in o:
            x.grad = None
        loss = cross_entropy(o, target)
        loss.backward()
        assert loss.data == pytest.approx(math.log(total) - shifted[target], rel=1e-7)
        assert [x.grad for x in o] == pytest.approx([p - (i == target) for i, p in enumerate(expected)], abs=1e-7)


@pytest.mark.parametrize("offset", [1e4, 1e8, 1e12, 1e15])
def test_a_shared_offset_changes_nothing(offset):
    """The offsets and differences are exact in floating point, so the results must be, too."""
    logits = [0.0, 1.0, -2.0]
    shifted = [x + offset for x in logits]
    assert data(softmax(values(shifted))) == pytest.approx(softmax(logits), rel=1e-12)
    assert data(log_softmax(values(shifted))) == pytest.approx(log_softmax(logits), rel=1e-12)
    assert cross_entropy(values(shifted), 2).data == pytest.approx(cross_entropy(logits, 2), rel=1e-12)
    o = values(shifted)
    cross_entropy(o, 2).backward()
    assert [x.grad for x in o] == pytest.approx([y - (i == 2) for i, y in enumerate(softmax(logits))], rel=1e-12)


def test_any_iterable_will_do():
    logits = [0.5, -1.0]
    assert data(softmax(Value(x) for x in logits)) == data(softmax(values(logits)))
    assert mean(x for x in logits) == -0.25
    assert cross_entropy(map(Value, logits), np.array([1.0, 0.0])).data == pytest.approx(cross_entropy(logits, 0))


@pytest.mark.parametrize("call, words", [
    (lambda: dot([1.0], [1.0, 2.0]), "dot: needs two lists of one length, not 1 and 2"),
    (lambda: cross_entropy([1.0, 2.0], 2), r"class 2 of 2 classes \(they count from 0\)"),
    (lambda: cross_entropy([1.0, 2.0], -1), "class -1 of 2 classes"),
    (lambda: cross_entropy([1.0, 2.0], [1.0]), "2 logits and 1 target values"),
    (lambda: mean([]), "mean: the list is empty"),
])  # fmt: skip
def test_lists_that_do_not_fit_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
