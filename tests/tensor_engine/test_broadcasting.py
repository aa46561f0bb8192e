"""Operands of unequal shapes and types: Tensors, arrays, lists and numbers on either side of an operator."""

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import tensor_engine as te
from scalar_engine import Value, gradcheck, gradients
from tensor_engine import Tensor

from ..array_expressions import array

TWINS = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.divide,
    te.maximum: np.maximum,
}
DTYPES = [np.float32, np.float64]
pytestmark = pytest.mark.filterwarnings("ignore:.*expands to")  # (N, 1) with (N,) is meant here


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(TWINS)),
    mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0),
    st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
    st.tuples(st.booleans(), st.booleans()),
)
def test_any_two_shapes_that_broadcast(f, shapes, dtypes, needs):
    """Values are NumPy's; each gradient has its node's shape and dtype and is that of finite differences."""
    x, y = (array(*shape).astype(dtype) + shift for shape, dtype, shift in zip(shapes.input_shapes, dtypes, (0.0, 0.2)))
    a, b = Tensor(x, "a", requires_grad=needs[0]), Tensor(y, "b", requires_grad=needs[1])
    out, expected = f(a, b), TWINS[f](x, y)
    assert out.shape == expected.shape == shapes.result_shape and out.dtype == expected.dtype
    assert np.array_equal(out.data, expected)
    if not any(needs):
        assert not out.requires_grad
        return
    found = gradients(out)
    assert all(gradient.shape == node.shape and gradient.dtype == node.dtype for node, gradient in found.items())
    assert (a in found, b in found) == needs
    if dtypes == (np.float64, np.float64):
        check = gradcheck(out * (array(*out.shape) + 3))
        assert not check.entries or check.ok, str(check)


@settings(max_examples=50, deadline=None)
@given(mutually_broadcastable_shapes(signature="(n,k),(k,m)->(n,m)", max_dims=2, max_side=3))
def test_any_two_batches_of_matrices_that_broadcast(shapes):
    x, y = (array(*shape) for shape in shapes.input_shapes)
    a, b = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    out = a @ b
    assert out.data == pytest.approx(np.matmul(x, y), rel=1e-13, abs=1e-13)
    out.sum().backward()
    ones = np.ones(out.shape)
    by_a, by_b = np.matmul(ones, y.swapaxes(-1, -2)), np.matmul(x.swapaxes(-1, -2), ones)
    assert a.grad == pytest.approx(summed_to(by_a, x.shape), rel=1e-13, abs=1e-13)
    assert b.grad == pytest.approx(summed_to(by_b, y.shape), rel=1e-13, abs=1e-13)


def summed_to(x, shape):
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def test_a_bias_gets_the_sum_over_the_batch():
    """x + b with x (3, 2) and b (2,): every row adds its 1 to db."""
    b = Tensor([1.0, 2.0], requires_grad=True)
    (np.ones((3, 2)) + b).sum().backward()
    assert b.grad.tolist() == [3, 3]


@pytest.mark.parametrize("f", [*TWINS, operator.pow, operator.matmul])
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_or_a_list_on_either_side(f, dtype):
    """No array takes the operator for its own and returns an array of Tensors."""
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]], dtype), np.array([[2.0, 1.0], [1.0, 3.0]], dtype)
    twin = TWINS.get(f, f)
    for a, b in [(Tensor(x, requires_grad=True), other) for other in (y, y.tolist(), y.astype(int), y > 0)]:
        for left, right, expected in [(a, b, twin(x, y)), (b, a, twin(y, x))]:
            out = f(left, right)
            assert type(out) is Tensor and out.dtype == dtype and out.requires_grad
            if not isinstance(b, np.ndarray) or b.dtype == dtype:
                assert out.data == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("f", [*TWINS, operator.pow])
@pytest.mark.parametrize("number", [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True)])
def test_a_number_on_either_side_leaves_float32_alone(f, number):
    """np.float64(2) * x is x's to compute, and a number is no array, so that it does not widen float32."""
    for shape in ((3,), ()):
        x = Tensor(np.full(shape, 0.5, np.float32), requires_grad=True)
        for out in (f(x, number), f(number, x)):
            assert type(out) is Tensor and out.dtype == np.float32 and out.shape == shape
            out.sum().backward()
            assert x.grad.dtype == np.float32


def test_float32_with_float64_gives_float64_and_each_gradient_the_dtype_of_its_node():
    for join in [
        operator.mul,
        operator.matmul,
        te.maximum,
        lambda a, b: te.concatenate([a, b]),
        lambda a, b: te.stack([a, b]),
        lambda a, b: te.where(np.eye(2) > 0, a, b),
        lambda a, b: te.linear(a, b, a[0]),
        te.mse,
        te.softmax_cross_entropy,
    ]:
        a = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
        b = Tensor(np.full((2, 2), 2.0), requires_grad=True)
        for out in (join(a, b), join(b, a)):
            assert out.dtype == np.float64
            assert all(gradient.dtype == node.dtype for node, gradient in gradients(out * 1.5).items())


def test_a_sum_of_float32_is_float32_and_so_is_what_is_made_of_it():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    for out in (x.sum() * [1, 2], x.mean() * np.array([1, 2]), x.sum() / 3, np.array([True]) * x.max(), x[0] * 2):
        assert out.dtype == np.float32
        assert {gradient.dtype for gradient in gradients(out).values()} == {np.dtype(np.float32)}


def test_every_other_array_operator_takes_arrays_and_numbers_too():
    x = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    whole, mask = np.ones((2, 2), int), np.eye(2) > 0
    for out in [
        te.concatenate([x, whole]),
        te.concatenate([[[1.0, 2.0]], x]),
        te.stack([x, mask]),
        te.where(mask, x, 0.0),
        te.where(mask, 1, x),
        te.mse(x, whole),
        te.mse(x, [[1.0, 0.0], [0.0, 1.0]]),
        te.linear(whole, x, [1, 2]),
        te.clip(x, np.float64(0), 2),
        te.softmax_cross_entropy(x, mask),
        te.softmax_cross_entropy(x, [[0, 1], [1, 0]]),
    ]:
        assert out.dtype == np.float32 and out.requires_grad
        gradients(out)


def test_strangers_are_refused():
    x = Tensor([1.0, 2.0])
    for stranger in (Value(1.0), "a", None, (1.0, 2.0), 1j):
        for f in (operator.add, operator.mul, operator.matmul):
            with pytest.raises(TypeError):
                f(x, stranger)
            with pytest.raises(TypeError):
                f(stranger, x)
    with pytest.raises(TypeError, match="maximum: cannot be applied to"):
        te.maximum(x, "a")
    with pytest.raises(TypeError, match="a Tensor holds real numbers, not complex128"):
        Tensor([1j])
    with pytest.raises(TypeError, match="a Tensor holds real numbers, not complex128"):
        x * np.array([1j])


def test_a_subclass_is_a_tensor():
    class Parameter(Tensor):
        __slots__ = ()

    w = Parameter([1.0, 2.0], requires_grad=True)
    ((w * 2 + w) @ w).sum().backward()
    assert w.grad.tolist() == [6, 12]
    assert te.linear(np.ones((1, 2)), Parameter(np.ones((2, 1))), Parameter([0.0])).data.tolist() == [[2]]


def test_whole_numbers_and_booleans_become_floats():
    assert Tensor([1, 2]).dtype == Tensor([True]).dtype == Tensor(3).dtype == np.float64
    assert Tensor(np.ones(2, np.float32)).dtype == np.float32


def test_comparisons_give_plain_masks():
    x = Tensor([1.0, 3.0])
    assert (
        (x > 2).tolist() == (x >= Tensor([2.0, 3.0])).tolist() == (np.array([2.0, 2.0]) < x).tolist() == [False, True]
    )
    assert (x < 2).tolist() == (x <= np.array([1.0, 2.0])).tolist() == [True, False]
    assert x[x > 2].data.tolist() == [3]
