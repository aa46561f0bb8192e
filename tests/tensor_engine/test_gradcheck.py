"""gradcheck on arrays: element by element, with the leaf and the index of the worst in its report."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import gradcheck, operators
from tensor_engine import Tensor

from ..array_expressions import array


def leaf(data, label):
    return Tensor(data, label, requires_grad=True)


def test_every_element_of_every_leaf_is_checked():
    W, b, x = leaf(array(3, 2), "W"), leaf(array(2), "b"), Tensor(array(4, 3), "x")
    check = gradcheck(te.sigmoid(te.linear(x, W, b)).mean())
    assert check.ok
    assert sorted((leaf.label, index) for leaf, _, _, _, index in check.entries) == [
        *[("W", (i, j)) for i in range(3) for j in range(2)],
        *[("b", (i,)) for i in range(2)],
    ]
    assert "agree on 2 leaves of 8 elements; the worst is " in str(check)


def test_the_report_names_the_leaf_and_the_index(monkeypatch):
    """A pull that is wrong for one element only."""
    right = te.operators.rearranging.Transpose.pull

    def pull(self, upstream, out, x, needs):
        (contribution,) = right(self, upstream, out, x, needs=needs)
        contribution = contribution.copy()
        contribution[2, 1] += 1
        return [contribution]

    monkeypatch.setattr(te.operators.rearranging.Transpose, "pull", pull)
    W = leaf(array(3, 2), "W")
    check = gradcheck(W.T.sum() + leaf([5.0], "b").sum())
    assert not check.ok and check.entries[0][0] is W and check.entries[0][4] == (2, 1)
    assert str(check).startswith(
        "backward pass and finite differences DISAGREE on 2 leaves of 7 elements; the worst is W[2, 1]: 2 and 1, error"
    )


def test_a_root_that_is_an_array_stands_for_its_sum():
    x = leaf([1.0, 2.0], "x")
    check = gradcheck(x * x)
    assert check.ok and sorted(entry[1] for entry in check.entries) == [2, 4]


def test_a_wrong_rule_of_the_scalar_engine_is_noticed(monkeypatch):
    monkeypatch.setattr(operators.Tanh, "partials", (lambda out, x: 1 - out,))
    assert not gradcheck(te.tanh(leaf(array(3), "x"))).ok


def test_it_changes_nothing():
    x = leaf(array(3), "x")
    f = te.softmax_cross_entropy((x * x).reshape(1, 3), [1])
    before, loss = x.data.copy(), f.data
    assert gradcheck(f).ok
    assert np.array_equal(x.data, before) and x.grad is None and f.data == loss and f.grad is None
    f.backward()
    assert x.grad is not None


def test_float32_has_too_few_digits():
    with pytest.raises(ValueError, match="gradcheck: x is float32; finite differences need float64"):
        gradcheck(leaf(np.ones(2, np.float32), "x").sum())


def test_data_that_has_changed_is_refused():
    x = leaf([1.0, 2.0], "x")
    f = x * x
    x.data[1] = 5
    with pytest.raises(ValueError, match="data has changed since the graph was made"):
        gradcheck(f)


def test_a_released_graph_is_refused():
    x = leaf([1.0, 2.0], "x")
    f = (x * x).sum()
    f.backward()
    with pytest.raises(RuntimeError, match="released"):
        gradcheck(f)


def test_a_kink_and_a_pole_are_reported_as_they_are():
    assert not gradcheck(te.relu(leaf([0.0, 1.0], "x"))).ok
    with np.errstate(all="ignore"):
        check = gradcheck(te.sqrt(leaf([0.0, 1.0], "x")))
    assert not check.ok and check.entries[0][4] == (0,)
