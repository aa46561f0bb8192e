"""Every array operator: values against NumPy, gradients element by element against finite differences, and kinks."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Operator, gradcheck
from tensor_engine import Tensor, gradients
from tensor_engine.operators.array_operator import ArrayOperator
from tensor_engine.operators.rearranging import Cast

from ..array_expressions import ARRAY_EXPRESSIONS, CHOICES, array, cases, leaves


def every_array_operator(kind=ArrayOperator):
    """The array operators with a derivative that tensor_engine defines, but for those with nothing but others below."""
    for below in kind.__subclasses__():
        yield from every_array_operator(below)
        own = below.__module__.startswith("tensor_engine.")
        if own and "forward" in vars(below) and below.pull is not Operator.pull:
            yield below


def derivatives(f, *arrays):
    inputs = [Tensor(x, requires_grad=True) for x in arrays]
    f(*inputs).sum().backward()
    return [x.grad.tolist() for x in inputs]


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS + CHOICES))
def test_values_are_numpys(f, twin, arrays):
    out, expected = f(*leaves(arrays)), twin(*arrays)
    assert out.shape == np.shape(expected)
    assert out.data == pytest.approx(expected, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS + CHOICES))
def test_each_gradient_is_that_of_finite_differences(f, twin, arrays):
    """The elements of f are weighted differently, lest errors cancel. The mutation tests expect this to fail."""
    inputs = leaves(arrays)
    out = f(*inputs)
    check = gradcheck(out * (array(*out.shape) + 3))
    assert check.ok, str(check)
    assert {leaf for leaf, *_ in check.entries} == set(inputs)
    assert len(check.entries) == sum(x.size for x in inputs)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS + CHOICES))
def test_each_second_derivative_is_that_of_finite_differences(f, twin, arrays):
    inputs = leaves(arrays)
    out = f(*inputs)
    for x in inputs:
        slope = te.grad((out * out * (array(*out.shape) + 3)).sum(), x, create_graph=True)
        if slope.requires_grad:
            check = gradcheck((slope * (array(*slope.shape) + 3)).sum())
            assert check.ok, str(check)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_a_pull_runs_on_tensors_as_it_does_on_arrays(f, twin, arrays):
    """What makes the derivative of a derivative possible: pulls are made of operators."""
    for node in te.topological_order(f(*leaves(arrays))):
        if isinstance(node.op, ArrayOperator):
            upstream, xs, needs = node.data * 0 + array(*node.shape), [x.data for x in node.inputs], [True, True, True]
            on_arrays = node.op.pull(upstream, node.data, *xs, needs=needs[: len(xs)])
            on_tensors = node.op.pull(
                *[Tensor(x, requires_grad=True) for x in (upstream, node.data, *xs)], needs=needs[: len(xs)]
            )
            for plain, tensor in zip(on_arrays, on_tensors):
                assert isinstance(tensor, Tensor) and tensor.requires_grad
                assert tensor.data == pytest.approx(plain, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_nothing_is_computed_for_what_does_not_need_it(f, twin, arrays):
    for node in te.topological_order(f(*leaves(arrays))):
        if isinstance(node.op, ArrayOperator):
            xs = [x.data for x in node.inputs]
            for position in range(len(xs)):
                needs = [i == position for i in range(len(xs))]
                contributions = node.op.pull(node.unit, node.data, *xs, needs=needs)
                assert [contribution is not None for contribution in contributions] == needs


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_float32_stays_float32(f, twin, arrays):
    inputs = leaves([x.astype(np.float32) for x in arrays])
    out = f(*inputs)
    found = gradients(out * 2)
    if not isinstance(out.op, Cast):
        assert {node.dtype for node in found} == {gradient.dtype for gradient in found.values()} == {out.dtype}
        assert out.dtype == np.float32 and out.data == pytest.approx(twin(*arrays), rel=1e-4, abs=1e-5)
    assert all(gradient.shape == node.shape for node, gradient in found.items())


def test_the_list_of_expressions_has_every_array_operator():
    used = {type(node.op) for _, f, _, arrays in ARRAY_EXPRESSIONS for node in te.topological_order(f(*leaves(arrays)))}
    assert {kind for kind in used if kind is not type(None) and issubclass(kind, ArrayOperator)} == set(
        every_array_operator()
    )


def test_equal_elements_share_the_derivative_of_max_and_min():
    assert derivatives(te.max, [1.0, 3.0, 3.0]) == [[0, 0.5, 0.5]]
    assert derivatives(te.min, [[2.0, 2.0], [2.0, 2.0]]) == [[[0.25, 0.25], [0.25, 0.25]]]
    assert derivatives(lambda x: x.max(axis=1), [[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]]) == [[[0.5, 0.5, 0], [0, 1, 0]]]


def test_infinities_may_tie():
    assert derivatives(te.max, [np.inf, 1.0, np.inf]) == [[0.5, 0, 0.5]]
    assert derivatives(te.max, [-np.inf, 1.0]) == [[0, 1]]
    assert derivatives(te.min, [-np.inf, np.inf]) == [[1, 0]]


def test_clip_has_slope_1_at_its_limits():
    assert derivatives(lambda x: te.clip(x, -1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0]) == [[0, 1, 1, 1, 0]]


def test_kinks_of_elementwise_operators_are_the_scalar_engines():
    assert derivatives(te.relu, [-1.0, 0.0, 2.0]) == [[0, 0, 1]]
    assert derivatives(abs, [-1.0, 0.0, 2.0]) == [[-1, 0, 1]]
    assert derivatives(te.maximum, [2.0, 1.0], [2.0, 3.0]) == [[0.5, 0], [0.5, 1]]
    assert derivatives(te.minimum, [2.0, 1.0], [2.0, 3.0]) == [[0.5, 1], [0.5, 0]]
    assert derivatives(lambda x: x**0 + x**1 + x**2, [0.0, -4.0]) == [[1, -7]]


def test_an_element_named_twice_by_an_index_gets_both_contributions():
    assert derivatives(lambda x: x[[0, 0, 2]], [1.0, 2.0, 3.0]) == [[2, 0, 1]]
    x = Tensor(np.zeros((2, 2)), requires_grad=True)
    (x[np.array([0, 0]), np.array([1, 1])] * np.array([3.0, 4.0])).sum().backward()
    assert x.grad.tolist() == [[0, 7], [0, 0]]


def test_an_unchosen_infinity_leaves_no_nan_behind():
    """where's rule must not multiply the gradient of the branch not taken by 0: 0 * inf is NaN."""
    x = Tensor([1.0, 4.0], requires_grad=True)
    chosen = te.where([True, False], x, -x)
    (chosen * np.array([np.inf, 1.0])).sum().backward()
    assert x.grad.tolist() == [np.inf, -1]


def test_large_and_infinite_logits():
    x = [[1000.0, 0.0, -1000.0], [-np.inf, 5.0, 5.0]]
    assert te.softmax(Tensor(x)).data.tolist() == [[1, 0, 0], [0, 0.5, 0.5]]
    assert te.logsumexp(Tensor(x)).data == pytest.approx([1000, 5 + np.log(2)], rel=1e-15)
    assert te.log_softmax(Tensor(x)).data[0].tolist() == [0, -1000, -2000]
    assert te.logsumexp(Tensor([[-np.inf, -np.inf], [np.inf, 1e3]])).data.tolist() == [-np.inf, np.inf]
    assert np.array(derivatives(te.logsumexp, x)) == pytest.approx(np.array([[[1, 0, 0], [0, 0.5, 0.5]]]), rel=1e-15)


def test_arrays_without_elements():
    x = Tensor(np.zeros((0, 3)), requires_grad=True)
    (x.sum() + x.sum(axis=0).sum() + (x @ np.ones((3, 2))).sum() + te.sigmoid(x * 2).sum()).backward()
    assert x.grad.shape == (0, 3)


def test_functions_take_plain_arrays_too():
    assert te.softmax(np.zeros(2)).tolist() == [0.5, 0.5]
    assert te.where([True, False], np.ones(2), 0.0).tolist() == [1, 0]
    assert te.stack([np.ones(2), np.zeros(2)], axis=1).tolist() == [[1, 0], [1, 0]]
    assert te.linear(np.ones((1, 2)), np.ones((2, 1)), np.ones(1)).tolist() == [[3]]
    assert te.sigmoid(np.zeros(2, np.float32)).dtype == np.float32
