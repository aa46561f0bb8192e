"""Movements, further reductions and order at their edges; the lists of expressions have them everywhere else."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import compile_graph
from tensor_engine import Tensor, grad

from ..array_expressions import array

MOVES = [
    ("squeeze", (), {}), ("expand_dims", (0,), {}), ("ravel", (), {}), ("moveaxis", (0, -1), {}), ("tile", (2,), {}),
    ("repeat", (2,), {"axis": 1}), ("roll", (1,), {"axis": 0}), ("flip", (), {}), ("pad", (1,), {}), ("tril", (), {}),
    ("diag", (), {}), ("cumsum", (), {"axis": 0}), ("cumprod", (), {"axis": 1}), ("prod", (), {}),
    ("prod", (), {"axis": 0}), ("sort", (), {}),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments, options", MOVES, ids=lambda x: x if isinstance(x, str) else "")
@pytest.mark.parametrize("shape", [(0, 3), (1, 1)])
def test_hazard_arrays_with_no_element_and_with_one(name, arguments, options, shape):
    x = Tensor(np.full(shape, 2.0), requires_grad=True)
    out, expected = getattr(te, name)(x, *arguments, **options), getattr(np, name)(x.data, *arguments, **options)
    assert out.shape == np.shape(expected) and np.array_equal(out.data, expected)
    if out.size:
        out.sum().backward()
        assert x.grad.shape == shape


@pytest.mark.parametrize("f", [te.prod, te.norm, te.std, te.var, te.cumsum, te.cumprod, te.ravel, te.sort])
def test_hazard_a_number_without_axes(f):
    x = Tensor(-3.0, requires_grad=True)
    out = f(x, axis=None) if f is te.sort else f(x)
    out.sum().backward()
    assert x.grad == {te.norm: -1, te.std: 0, te.var: 0}.get(f, 1)


def test_kinks_are_pytorchs(needed):
    """The length of 0 and the deviation of equal numbers have slope 0, not NaN."""
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    for f, twin in [(te.norm, torch.norm), (lambda x: te.std(x, ddof=1), torch.std)]:
        x, other = Tensor(np.zeros(3), requires_grad=True), torch.zeros(3, dtype=torch.float64, requires_grad=True)
        f(x).backward()
        twin(other).backward()
        assert x.grad.tolist() == other.grad.tolist() == [0, 0, 0]


def test_hazard_second_derivatives_of_products_with_zeros():
    """x y z at (0, 0, 3): all first derivatives are 0, and d2 / dx dy is 3."""
    for f in (te.prod, lambda x: te.cumprod(x)[-1]):
        x = Tensor([0.0, 0.0, 3.0], requires_grad=True)
        first = grad(f(x), x, create_graph=True)
        assert first.data.tolist() == [0, 0, 0]
        assert [grad(first[i], x).tolist() for i in range(3)] == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]


def test_hazard_an_infinity_beside_a_triangle_and_a_pad():
    """What is left out is left out: 0 * infinity would be NaN."""
    x = Tensor(np.full((2, 2), np.inf), requires_grad=True)
    assert te.tril(x).data.tolist() == [[np.inf, 0], [np.inf, np.inf]]
    te.pad(te.triu(x), 1, constant_values=-np.inf).backward(np.ones((4, 4)))
    assert x.grad.tolist() == [[1, 1], [0, 1]]


def test_order_has_no_derivative_and_is_followed():
    x = Tensor([3.0, 1.0, 2.0], "x", requires_grad=True)
    assert (te.argmax(x).item(), te.argsort(x).data.tolist()) == (0, [1, 2, 0])
    assert not te.argsort(x).requires_grad and te.argsort(x).describe() == "argsort(x, axis=0)"
    with pytest.raises(ValueError, match="depends on nothing that requires a gradient"):
        (te.argmax(x) * 2.0).backward()
    ranks = x * te.argsort(te.argsort(x)) + te.topk(x, 2)[1] @ np.ones(2)  # integers taken for numbers, too
    program = compile_graph(ranks.sum(), parameters=[x])
    value, (slope,) = program([], [np.array([1.0, 5.0, 2.0])])
    assert value == 12 + 3 * 3 and slope.tolist() == [0, 2, 1]


def test_ties_keep_their_order_and_nan_comes_last():
    x = np.array([2.0, np.nan, 1.0, 2.0])
    assert te.argsort(x).tolist() == [2, 0, 3, 1] and te.topk(x, 2)[1].tolist() == [0, 3]
    assert te.sort(Tensor([])).shape == (0,) and te.topk(x, 0)[0].shape == (0,)


T = Tensor(array(2, 3, 4), "x", requires_grad=True)


@pytest.mark.parametrize("f, words", [
    (lambda: te.squeeze(T, 0), r"squeeze: \(2, 3, 4\), axis 0 is not of length 1"),
    (lambda: te.squeeze(T, 5), "squeeze: axis 5 is out of bounds"),
    (lambda: te.split(T, 2, 1), "split: .* axis 1 cannot be cut into 2 equal parts: say where"),
    (lambda: te.moveaxis(T, (0, 1), 0), "moveaxis: 2 axes cannot go to 1 places"),
    (lambda: te.roll(T, 1, 7), "roll: axis 7 is out of bounds"),
    (lambda: te.pad(T, -1), "pad: -1, widths are not negative"),
    (lambda: te.pad(T, 1, "mean"), "pad: mode='mean', .* or \"edge\""),
    (lambda: te.pad(T, 1, constant_values=(1, 2)), r"pad: .* constant_values=\(1, 2\): the mode is .*one num"),
    (lambda: T.flatten(1), r"flatten: order .* not 1; for \(instances, features\): x.reshape"),
    (lambda: te.diag(T), r"diag: \(2, 3, 4\), needs a vector or a matrix"),
    (lambda: te.take(T, 9, 0), 'index 9 is out of bounds for axis 0 with size 2 .*"x"'),
    (lambda: te.take_along_axis(T, [1], 0), "take_along_axis: .* must have as many axes"),
    (lambda: te.one_hot([0, -1], 3), "one_hot: class -1 of 3 classes"),
    (lambda: te.one_hot(te.operand([3]), 3), "one_hot: class 3 of 3 classes"),
    (lambda: te.one_hot([1.0], 3), "one_hot: the classes are integers, not float64"),
    (lambda: te.one_hot([True], 3), "one_hot: the classes are integers, not bool"),
    (lambda: te.take(T, [True, False], 0), r"take: indices are integers; by an array of booleans, write x\[mask\]"),
    (lambda: te.take(T, -3, 0), "index -3 is out of bounds for axis 0 with size 2"),
    (lambda: te.take_along_axis(T, T > 0, 0), "take_along_axis: indices are integers"),
    (lambda: te.take_along_axis(T, np.full((1, 1, 1), 3), 1), "index 3 is out of bounds for axis 1 with size 3"),
    (lambda: te.tensordot(T, T, 1), r"tensordot: .* axes 1 have lengths \[4\] and \[2\]"),
    (lambda: te.topk(T, 7), "topk: .* axis 2 has not 7 elements"),
    (lambda: te.var(T, 0, ddof=2), "var: .* 2 elements, and with ddof=2 it takes more than 2"),
    (lambda: T.cumsum(7), "cumsum: axis 7 is out of bounds"),
    (lambda: T.argmax(axis=7), "argmax: .* axis 7 is out of bounds"),
])  # fmt: skip
def test_what_does_not_fit_is_said(f, words):
    with pytest.raises((ValueError, IndexError), match=words):
        f()
