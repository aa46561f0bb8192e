"""Python's own syntax on Tensors: what readers of NumPy and PyTorch expect, or a refusal that says what to write."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Value
from tensor_engine import Tensor


def test_hazard_equality_is_element_by_element():
    x = Tensor([0.0, 1.0, 2.0], "x", requires_grad=True)
    assert (x == 0).tolist() == [True, False, False] and (x != 0).tolist() == [False, True, True]
    assert (x == Tensor([0.0, 5.0, 2.0])).tolist() == [True, False, True] and (x == 0).tolist() == [True, False, False]
    assert te.where(x == 0, 9.0, x).data.tolist() == [9, 1, 2] and x[x == 0].data.tolist() == [0]
    assert x is not None and (x == None) is False and (x != None) is True  # noqa: E711
    assert {x: 1}[x] == 1 and x in {x} and len({x, Tensor([0.0, 1.0, 2.0])}) == 2
    with pytest.raises(ValueError):
        x == np.ones(2)  # noqa: B015


def test_hazard_equality_of_values():
    x = Value(2.0)
    assert float(x) == 2.0 and x == 2 and x == 2.0 and x != 3 and x != Value(2.0) and len({x, Value(2.0)}) == 2


@pytest.mark.parametrize("data, truth", [(0.0, False), ([0.0], False), (-1.0, True), ([[2.0]], True)])
def test_hazard_the_truth_of_one_number(data, truth):
    assert bool(Tensor(data)) is truth


def test_hazard_the_truth_of_an_array():
    for shape in ((2,), (0,), (1, 2)):
        with pytest.raises(
            ValueError, match=r"x has shape .*, neither true nor false: write .data.any\(\) or .all\(\)"
        ):
            bool(Tensor(np.zeros(shape), "x"))


def test_hazard_iteration():
    rows = list(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert [row.data.tolist() for row in rows] == [[1, 2], [3, 4]] and list(Tensor(np.ones((0, 2)))) == []
    for f in (list, len, sum):
        with pytest.raises(TypeError, match="s is one number, and has no length"):
            f(Tensor(3.0, "s"))
    w = Tensor([1.0, 2.0], requires_grad=True)
    a, b = w
    (a * b).backward()
    assert w.grad.tolist() == [2, 1] and sum(w).item() == 3


def test_hazard_numpys_functions_of_tensors():
    x = Tensor([-1.0, 2.0], "x", requires_grad=True)
    for f in (
        lambda: np.where(x > 0, x, 0),
        lambda: np.asarray(x),
        lambda: np.concatenate([x, x]),
        lambda: np.array([x, x]),
    ):
        with pytest.raises(TypeError, match="x takes a gradient, and NumPy would lose it"):
            f()
    with pytest.raises(TypeError):
        np.exp(x)
    data = Tensor([-1.0, 2.0])
    assert np.where(data > 0, data, 0).tolist() == [0, 2] and np.asarray(x.detach()).tolist() == [-1, 2]
    assert np.asarray(data, np.float32).dtype == np.float32 and float(Tensor(2.5)) == 2.5


def test_hazard_transpose_with_two_axes():
    A = Tensor(np.ones((2, 3)), "A")
    with pytest.raises(ValueError, match=r"transpose\(0, 1\) leaves the axes as they are; to exchange them write .T"):
        A.transpose(0, 1)
    assert A.transpose(1, 0).shape == A.T.shape == A.swapaxes(0, 1).shape == (3, 2) and A.swapaxes(1, 1).shape == (2, 3)
    with pytest.raises(ValueError, match="axes don't match|transpose"):
        Tensor(np.ones((2, 3, 4)), "A").transpose(1, 2)
