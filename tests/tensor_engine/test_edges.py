"""Arrays at the edges: infinities, zeros, halves of a float, no axes, no elements; named after the hazard."""

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, cross_entropy, grad, gradcheck, logsumexp, maximum, minimum, mse, xlogy

REDUCTIONS = [te.sum, te.mean, te.max, te.min, te.logsumexp, te.softmax, te.log_softmax]


def slopes(f, *arrays):
    xs = [Tensor(x, f"x{i}", requires_grad=True) for i, x in enumerate(arrays)]
    with np.errstate(all="ignore"):
        f(*xs).sum().backward()
    return [x.grad for x in xs]


# ---- chosen elements


@pytest.mark.parametrize("key, expected", [
    ([0, 0], [[2, 2], [0, 0]]),
    (((0, 0), (1, 1)), [[0, 2], [0, 0]]),
    (((0, 0), slice(None)), [[2, 2], [0, 0]]),
    ((slice(None), (1, 1, 1)), [[0, 3], [0, 3]]),
    ((range(1), (0,)), [[1, 0], [0, 0]]),
    ((Ellipsis, [0, 0]), [[2, 0], [2, 0]]),
    ((np.array([0, 0], np.uint8), 1), [[0, 2], [0, 0]]),
    (([[0, 0], [1, 1]], [0, 1]), [[1, 1], [1, 1]]),
    ((None, [1, 1], 0), [[0, 0], [2, 0]]),
    ([[True, False], [True, True]], [[1, 0], [1, 1]]),
    (([True, False], [0, 0]), [[2, 0], [0, 0]]),
    ([], [[0, 0], [0, 0]]),
    ((-1, [-1, 1]), [[0, 0], [0, 2]]),
])  # fmt: skip
def test_hazard_an_element_named_twice_counts_twice(key, expected):
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], "x", requires_grad=True)
    x[key].sum().backward()
    assert x.grad.tolist() == expected


def test_hazard_index_arrays_of_other_libraries(needed):
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    for key in (torch.tensor([0, 0]), (torch.tensor([0, 0]), 1), Tensor([0.0, 1.0]) > 0.5, torch.tensor([True, False])):
        x, twin = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), torch.ones(2, 2, requires_grad=True)
        x[key].sum().backward()
        twin[torch.as_tensor(key) if isinstance(key, np.ndarray) else key].sum().backward()
        assert x.grad.tolist() == twin.grad.tolist()
    with pytest.raises(IndexError, match="an index is of integers or booleans, not float64"):
        Tensor([1.0, 2.0])[Tensor([0.0])]


# ---- infinities and zeros


@pytest.mark.parametrize("f", [maximum, minimum])
def test_hazard_equal_infinities_share_the_slope(f):
    x = np.array([-np.inf, np.inf, 1.0])
    assert [slope.tolist() for slope in slopes(f, x, x.copy())] == [[0.5] * 3] * 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("x", [0.0, 1e-310, 1e-40, -1e-320])
def test_hazard_a_power_of_zero_is_flat(x, dtype):
    assert slopes(lambda x: x**0, np.array([x, 2.0], dtype))[0].tolist() == [0, 0]
    base, exponent = slopes(lambda x, y: x**y, np.array([x, 0.0], dtype), np.zeros(2, dtype))
    assert base.tolist() == [0, 0] and exponent[1] == 0
    x, y = Tensor([x, x, x], requires_grad=True), np.array([0.0, 1.0, 2.0])
    second = grad(grad((x**y).sum(), x, create_graph=True).sum(), x, create_graph=True)
    assert second.data.tolist() == [0, 0, 2] and grad(second.sum(), x).tolist() == [0, 0, 0]


def test_hazard_second_derivatives_of_zero_to_a_power():
    y = Tensor([0.5, 2.0], "y", requires_grad=True)
    first = grad((0.0**y).sum(), y, create_graph=True)
    assert first.data.tolist() == [0, 0] and grad(first.sum(), y).tolist() == [0, 0]


@pytest.mark.parametrize("number", [0.0, np.array([0.0, 0.0])], ids=["Python's number", "array"])
def test_hazard_numbers_and_arrays_meet_zero_alike(number):
    """Division by 0 and log 0 are inf or nan in the tensor engine, be it a number or an array."""
    y = np.array([1.0, 2.0])
    with np.errstate(all="ignore"):
        assert np.isinf(slopes(lambda y: y / number, y)[0]).all()
        assert (slopes(lambda y: xlogy(y, number), y)[0] == -np.inf).all()
        assert np.isnan(slopes(lambda y: xlogy(y, number - 1), y)[0]).all()
        x = Tensor(y, requires_grad=True)
        second = grad((y / number * x * x).sum(), x, create_graph=True)
        assert np.isinf(second.data).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_do_not_widen(dtype):
    x = Tensor(np.ones((2, 3), dtype), requires_grad=True)
    for y in (x * 2, 2 * x, x / 3, x**2, 2**x, x**0.5, 1 - x, x + np.float64(0.5) * 0 + 1, maximum(x, 0), xlogy(2, x)):
        assert y.dtype == dtype and y.shape == (2, 3)
    assert gradcheck((Tensor(np.full(2, 1.5), requires_grad=True) ** 2 / 3 - 1).sum()).ok


def test_hazard_logsumexp_of_large_float32():
    x = np.array([1e8, 1e8], np.float32)
    assert slopes(logsumexp, x)[0].tolist() == [0.5, 0.5]
    assert (
        slopes(lambda x: te.logsumexp(x, axis=(0, 1)), np.full((2, 2), 1e8, np.float32))[0].tolist() == [[0.25] * 2] * 2
    )
    assert (
        slopes(lambda x: te.logsumexp(x, axis=None), np.full((2, 2), 1e8, np.float32))[0].tolist() == [[0.25] * 2] * 2
    )


# ---- float16


def test_hazard_sums_of_float16():
    assert te.mean(Tensor(np.full(1000, 100, np.float16))).item() == 100
    assert te.sum(Tensor(np.full(3000, 10, np.float16))).item() == 30_000
    assert te.sum(Tensor(np.full(5000, 1, np.float16))).item() == 5_000
    assert te.sum(np.full(3, 30_000, np.int16)) == 90_000  # of two bytes too, but no halves
    x = Tensor(np.full((4, 1000), 50, np.float16), requires_grad=True)
    out = x.mean(axis=1)
    assert out.dtype == np.float16 and out.data.tolist() == [50] * 4
    out.sum().backward()
    assert x.grad.dtype == np.float16 and x.grad == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("loss", [
    lambda o: cross_entropy(o, np.zeros(70_000, int)),
    lambda o: cross_entropy(o, np.eye(2, dtype="float16")[[0] * 70_000]),
    lambda o: mse(o, np.full((70_000, 2), 2, np.float16)),
], ids=["classes", "weights", "mse"])  # fmt: skip
def test_hazard_losses_of_float16_over_many_instances(loss):
    numbers = np.tile(np.array([[1.0, 3.0]]), (70_000, 1))
    wide, half = (Tensor(numbers.astype(dtype), requires_grad=True) for dtype in (np.float64, np.float16))
    losses = loss(wide), loss(half)
    assert losses[1].dtype == np.float16 and losses[1].item() == pytest.approx(losses[0].item(), rel=2e-3)
    for each in losses:
        each.backward()
    assert half.grad.dtype == np.float16 and np.allclose(half.grad, wide.grad, rtol=0.05, atol=1e-12)


# ---- no axes, no elements


@pytest.mark.parametrize("f", REDUCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [0, -1, None])
def test_hazard_an_axis_of_a_single_number(f, axis):
    """As in NumPy and PyTorch: axis 0 of a number is the number."""
    if axis is None and f in (te.softmax, te.log_softmax):
        return
    x = Tensor(3.0, "x", requires_grad=True)
    out = f(x, axis=axis)
    out.backward()
    assert out.shape == () and x.grad == (0 if "softmax" in f.__name__ else 1)


@pytest.mark.parametrize("f", REDUCTIONS, ids=lambda f: f.__name__)
def test_hazard_an_axis_that_is_not_there(f):
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        f(Tensor(np.ones((2, 2)), "x"), axis=2)


def test_hazard_empty_arrays():
    """The sum of nothing is 0; the largest of nothing, and a mean of nothing, are refused in a line."""
    x = Tensor(np.ones((0, 3)), "x", requires_grad=True)
    out = x.sum() + (x @ np.ones((3, 2))).sum() + x[:, 1].sum() + te.concatenate([x, x]).sum()
    out.backward()
    assert out.item() == 0 and x.grad.shape == (0, 3)
    for f, words in [
        (lambda: x.mean(), "mean: .* no elements"), (lambda: x.mean(axis=0), "mean: .* no elements"),
        (lambda: x.max(), "max: .*"), (lambda: x.max(axis=0), "max: .*"),
        (lambda: cross_entropy(x, np.zeros(0, int)), "no instances"),
        (lambda: cross_entropy(x, np.zeros((0, 3))), "no instances"),
        (lambda: mse(x, x), "no elements"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            f()
    assert x.mean(axis=1).shape == (0,) and te.softmax(x).shape == (0, 3)


# ---- the gradient of the output


def test_hazard_backward_takes_a_gradient():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], "x", requires_grad=True)
    y = (x * x).named("y")
    y.backward(np.array([[1.0, 0.0], [0.0, 10.0]]), keep=True)
    assert x.grad.tolist() == [[2, 0], [0, 80]] and y.grad.tolist() == [[1, 0], [0, 10]]
    (x * 1).sum().backward(2.0)
    assert x.grad.tolist() == [[4, 2], [2, 82]]
    for wrong in (2.0, np.ones(2), np.ones((2, 1)), True):
        with pytest.raises(ValueError, match=r"backward from y: it has shape \(2, 2\), and its gradient"):
            y.backward(wrong)
    with pytest.raises(TypeError):
        y.backward(np.ones((2, 2)), True)
    with pytest.raises(ValueError, match=r"shape \(2, 2\), and must be one number"):
        y.backward()


def test_the_gradient_is_the_callers_own():
    x = Tensor([1.0, 2.0], requires_grad=True)
    upstream = np.array([1.0, 1.0])
    (x + 0.0).backward(upstream)
    x.grad += 1
    assert upstream.tolist() == [1, 1]
