"""NumPy's functions on Tensors: our operators where they are named alike, and nothing lost in silence elsewhere."""

import pickle
import warnings

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, gradcheck

A, B = np.array([[0.5, 1.5], [2.0, -0.3]]), np.array([[0.2, 0.7]])

LOSSES = {
    "exp": lambda x, y: np.exp(x) * y,
    "power": lambda x, y: np.power(np.abs(x), 1.5) + np.square(y) - np.reciprocal(y),
    "array first": lambda x, y: A * x - A / y + (A @ x),
    "products": lambda x, y: np.matmul(x, y[0]) + np.dot(x, B[0]) + np.dot(2.0, y[0]),
    "reductions": lambda x, y: np.sum(x, axis=0) * np.mean(y) + np.max(x, axis=1) - np.amin(x),
    "choice": lambda x, y: np.where(x > 0, x, y) + np.maximum(x, y) + np.clip(x, 0.0, 1.0),
    "joined": lambda x, y: np.concatenate([x, y, B], axis=0) * np.stack([y[0, 0], x[0, 1]]),
    "stacked": lambda x, y: np.vstack([x, y[0], B]) @ np.hstack([y[0], x[0, 0]])[:2] + np.column_stack([x, y[0]])[0, 2],
    "inner": lambda x, y: (
        np.inner(x[0, 0], y) + np.inner(B[0, 0], x) + np.swapaxes(np.inner(x, y[0, 0]), axis1=0, axis2=1)
    ),
    "dotted": lambda x, y: np.dot(x, np.ones((3, 2, 2)) * y)[:, 0] + np.inner(x, y) * np.trace(x),
    "named": lambda x, y: np.transpose(x, axes=(1, 0)) * np.clip(y, a_min=0.1, a_max=0.5) + np.linalg.norm(x, "fro"),
    "moved": lambda x, y: np.transpose(x) + np.reshape(y, (2, 1)) + np.swapaxes(x, 0, 1) + np.broadcast_to(y, (2, 2)),
    "statistics": lambda x, y: np.average(x, axis=1, weights=y[0]) * np.average(x, 0, [3.0, 1.0]) + np.ptp(x, axis=0),
    "averages": lambda x, y: np.average(x) + np.average(x, weights=x**2, keepdims=True),
    "differences": lambda x, y: np.diff(x) * np.diff(y, axis=1) + np.diff(np.append(x, y), 2).sum(),
    "appended": lambda x, y: np.append(x, y, axis=0) * np.select([B > 0.5, B > 0], [y, 2.0 * y], 1.0),
    "vectors": lambda x, y: np.cross(np.append(x, y)[:3], np.append(y, x)[1:4]) + np.vdot(x, x),
    "matrices": lambda x, y: np.diagonal(x, 1) + np.trace(x, -1) + np.flipud(x) * np.fliplr(x) + np.atleast_2d(x[0]),
    "powers": lambda x, y: np.vander(y[0]) + np.vander(x[0], 2, increasing=True) + np.exp2(x),
    "reduced": lambda x, y: np.add.reduce(x) * np.multiply.reduce(x, 1) - np.maximum.reduce(x) + np.minimum.reduce(y),
    "accumulated": lambda x, y: np.add.accumulate(x) + np.multiply.accumulate(x, 1) + np.logaddexp.reduce(x, 1),
    "methods": lambda x, y: x.clip(0.0, 1.0).dot(y[0]) * x.round(1) + np.copy(x).astype(float) + x.clip(max=1.0),
    "limits": lambda x, y: np.clip(x, a_max=1.0, a_min=None) + np.clip(y, a_min=0.5, a_max=None),
    "systems": lambda x, y: np.linalg.solve(x, y[0]) * np.linalg.det(x) + np.linalg.inv(x) * np.arctan2(x, y),
    "lines": lambda x, y: np.interp(x, np.append(y[0], 1.7), [1.0, -2.0, 3.0]) + np.interp(0.5, [0.1, 2.0], y[0]),
    "logs": lambda x, y: np.logaddexp(x, y) + np.log(y) + np.sqrt(y) + np.tanh(x) * np.sin(x) * np.cos(y),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_written_for_numpy(loss):
    x, y = Tensor(A, "x", requires_grad=True), Tensor(B, "y", requires_grad=True)
    out = loss(x, y)
    assert isinstance(out, Tensor) and np.allclose(out.data, loss(A, B), atol=1e-15)
    assert gradcheck(np.sum(out**2))


def test_what_has_no_derivative_is_computed_of_data():
    x = Tensor(A, "x", requires_grad=True)
    assert np.isnan(x).sum() == 0 and np.greater(x, 1).tolist() == (A > 1).tolist() and np.shape(x) == (2, 2)
    assert (np.array([1.0, 2.0]) < x).tolist() == (np.array([1.0, 2.0]) < A).tolist()
    assert np.allclose(x, A) and np.zeros_like(x).tolist() == [[0, 0]] * 2
    assert np.linalg.cond(x.detach()) == np.linalg.cond(A)


def test_what_would_lose_a_gradient_is_refused_by_name():
    x = Tensor(A, "x", requires_grad=True)
    for name, f in {
        "linalg.slogdet": np.linalg.slogdet,
        "add.reduceat": lambda x: np.add.reduceat(x, [0]),
        "fft.fft": np.fft.fft,
    }.items():
        with pytest.raises(TypeError, match=rf"np\.{name} has no counterpart here, and would lose the gradient of x"):
            f(x)
    with pytest.raises(TypeError, match=r"np\.sum of a Tensor: .*'dtype'; what it takes is \(x"):
        np.sum(x, dtype=np.float32)
    with pytest.raises(TypeError, match="its first argument is the letters of the axes"):
        np.einsum(x, [0, 1])
    with pytest.raises(TypeError, match="a Tensor is not written into"):
        np.exp(x, out=np.zeros((2, 2)))


def test_an_array_updated_by_a_tensor_becomes_one():
    x = Tensor(A, "x", requires_grad=True)
    total = before = np.ones((2, 2))
    total += x
    total *= x
    assert isinstance(total, Tensor) and before.tolist() == (1 + A).tolist()
    total.sum().backward()
    assert np.allclose(x.grad, 1 + 2 * A)


def test_float32_stays_float32():
    x = Tensor(A.astype(np.float32), requires_grad=True)
    assert (np.float64(2) * x + np.exp(x) * 0.5).dtype == np.float32


TWO = {"outer", "tensordot"}
MORE = {
    "clip": (0.1, 0.4),
    "expand_dims": (0,), "moveaxis": (0, 1), "pad": (1,), "repeat": (2,), "roll": (1,), "take": ([0, 1],),
    "take_along_axis": (np.array([[0], [1]]), 1), "tile": ([2, 1],),
}  # fmt: skip
SEVERAL = {"where", "concatenate", "stack", "split", "einsum"}


@pytest.mark.parametrize("name", sorted(set(te.__all__) & set(dir(np)) - SEVERAL))
def test_every_function_that_is_named_as_numpys_runs_through_numpy(name):
    x = Tensor(np.abs(A) / 4, "x", requires_grad=True)
    xs = (x, x) if name in TWO or getattr(getattr(np, name), "nin", 1) == 2 else (x, *MORE.get(name, ()))
    assert np.array_equal(getattr(np, name)(*xs).data, getattr(te, name)(*xs).data)


def test_norms_and_parts():
    x = Tensor(A, "x", requires_grad=True)
    assert np.linalg.norm(x).item() == np.linalg.norm(A) and np.linalg.norm(x[0], 2).op.name == "norm"
    assert np.linalg.norm(x, axis=1, keepdims=True).shape == (2, 1) and len(np.split(x, 2)) == 2
    with pytest.raises(TypeError, match="norm: has no ord=1 over 2 axes"):
        np.linalg.norm(x, 1)


def test_copies_are_of_their_own():
    x = Tensor(A.astype(np.float32))
    copied, alike = np.copy(x), np.full_like(x, 2.0)
    x.data[0, 0] = 9
    assert copied.data[0, 0] == 0.5 and copied.dtype == alike.dtype == np.float32 and np.all(alike == 2)


def test_lines_have_the_slope_on_the_left_of_a_corner_and_none_beyond_the_ends():
    x, xp, fp = Tensor([-9.0, 0.0, 1.0, 2.0, 9.0, np.inf], requires_grad=True), [0.0, 1.0, 2.0], [1.0, 3.0, 4.0]
    out = np.interp(x, xp, fp)
    out.sum().backward()
    assert out.data.tolist() == np.interp(x.data, xp, fp).tolist() and x.grad.tolist() == [0, 0, 2, 1, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of as many numbers as there are lines
        assert np.interp(x[1:3], xp, fp).data.tolist() == [1, 3]
    for xs, ys in [(xp, fp[:2]), ([0.0, 1.0, 1.0], fp), ([], [])]:
        with pytest.raises(ValueError, match="np.interp: xp .* needs two vectors of points, xp from small to large"):
            np.interp(x, xs, ys)


def test_whole_numbers_are_of_no_graph():
    x = Tensor(A, "x", requires_grad=True)
    assert (
        x.astype(int).tolist() == [[0, 1], [2, 0]] and x.astype(bool).all() and x.astype("float32").dtype == "float32"
    )
    assert np.searchsorted([0.0, 1.0], x).tolist() == [[1, 2], [2, 0]]
    for f in (np.trace, np.diagonal):
        with pytest.raises(ValueError, match=r"of \(2,\): need a matrix"):
            f(x[0])
    with pytest.raises(ValueError, match="the last axes must have 3 elements"):
        np.cross(x, x)


def test_numbers_and_lists_are_taken_as_numpy_takes_them_and_functions_pickle():
    assert te.norm([3, 4]) == 5 and te.mse([1.0, 2.0], [1.0, 4.0]) == 2 and te.exp([0.0, 0.0]).tolist() == [1, 1]
    x = np.arange(6)
    assert len(te.split(x, np.int64(3))) == 3 and te.tile(x, np.int64(2)).shape == (12,)
    assert te.avg_pool1d(x.reshape(1, 1, 6), np.int64(2)).tolist() == [[[0.5, 2.5, 4.5]]]
    assert pickle.loads(pickle.dumps(te.softmax)) is te.softmax
