"""Convolution, pooling and einsum beside PyTorch's, with all their options; what errors say; the order of memory."""

from functools import partial

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import compile_graph
from tensor_engine import Tensor
from tensor_engine.operators.convolution import Transposed

from ..array_expressions import array

IMAGES = array(3, 4, 9, 8)
CONVOLUTIONS = [
    {}, {"stride": 2}, {"stride": (1, 3)}, {"padding": 1}, {"padding": (2, 0)}, {"dilation": 2}, {"groups": 2},
    {"groups": 4}, {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}, {"padding": 4},
    {"stride": (3, 2), "padding": (5, 3), "dilation": (2, 1)},
]  # fmt: skip
POOLINGS = [(2, {}), (3, {}), ((2, 4), {}), (3, {"stride": 2}), (3, {"stride": 1, "padding": 1}),
            ((2, 3), {"stride": (3, 1), "padding": (1, 0)})]  # fmt: skip


def require_pytorchs(torch, ours, theirs, arrays):
    """The same values, and the same gradients by every array, from an upstream of no two equal numbers."""
    inputs = [Tensor(x, requires_grad=True) for x in arrays]
    twins = [torch.tensor(x, requires_grad=True) for x in arrays]
    out, twin = ours(*inputs), theirs(*twins)
    upstream = array(*out.shape)
    out.backward(upstream)
    twin.backward(torch.tensor(upstream))
    assert out.data == pytest.approx(twin.detach().numpy(), rel=1e-12, abs=1e-12)
    for x, y in zip(inputs, twins):
        assert x.grad == pytest.approx(y.grad.numpy(), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("options", CONVOLUTIONS, ids=str)
def test_conv2d_is_pytorchs(options, torch):
    filters = array(8, 4 // options.get("groups", 1), 3, 2)
    f = torch.nn.functional.conv2d
    require_pytorchs(
        torch, lambda *xs: te.conv2d(*xs, **options), lambda *xs: f(*xs, **options), [IMAGES, filters, array(8)]
    )
    require_pytorchs(torch, lambda *xs: te.conv2d(*xs, **options), lambda *xs: f(*xs, **options), [IMAGES, filters])


def test_what_goes_over_signals_is_pytorchs(torch):
    signals, options = array(2, 4, 11), {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    f = torch.nn.functional
    for ours, theirs in [
        (lambda x, w: te.conv1d(x, w, **options), lambda x, w: f.conv1d(x, w, **options)),
        (lambda x, w: te.max_pool1d(x * w.sum(), 3, 2), lambda x, w: f.max_pool1d(x * w.sum(), 3, 2)),
        (lambda x, w: te.avg_pool1d(x * w.sum(), 2), lambda x, w: f.avg_pool1d(x * w.sum(), 2)),
    ]:
        require_pytorchs(torch, ours, theirs, [signals, array(6, 2, 3)])


@pytest.mark.parametrize("size, options", POOLINGS, ids=str)
def test_poolings_are_pytorchs(size, options, torch):
    for name in ("max_pool2d", "avg_pool2d"):
        ours, theirs = (partial(getattr(of, name), **options) for of in (te, torch.nn.functional))
        require_pytorchs(torch, lambda x, f=ours: f(x, size), lambda x, f=theirs: f(x, size), [IMAGES])


def test_im2col_is_unfold(torch):
    options = {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2)}
    f = torch.nn.functional
    require_pytorchs(
        torch, lambda x: te.im2col(x, (3, 2), **options), lambda x: f.unfold(x, (3, 2), **options), [IMAGES]
    )
    patches = te.im2col(IMAGES, (3, 2), **options)
    require_pytorchs(
        torch,
        lambda x: te.col2im(x, (9, 8), (3, 2), **options),
        lambda x: f.fold(x, (9, 8), (3, 2), **options),
        [patches],
    )


def test_equal_elements_of_a_window_share_its_derivative():
    """As they do in `max`; in PyTorch's max_pool2d the first takes all."""
    x = Tensor([[[[1.0, 1.0, 2.0, 0.0], [1.0, 0.0, 2.0, 2.0]]]], requires_grad=True)
    te.max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[1 / 3, 1 / 3, 1 / 3, 0], [1 / 3, 0, 1 / 3, 1 / 3]]]]


@pytest.mark.parametrize("f, message", [
    (lambda x: te.conv2d(x, np.ones((8, 3, 3, 3))), r'conv2d: \(3, 4, 9, 8\), \(8, 3, 3, 3\), axis 1: the input has 4 '
     r'channels, the weight\'s filters take 3 \(input "x"\)'),
    (lambda x: te.conv2d(x, np.ones((8, 4, 3, 3)), groups=2), "the weight's filters take 4 in each of 2 groups"),
    (lambda x: te.conv2d(x, np.ones((3, 2, 3, 3)), groups=2), "axis 0 of the weight: 3 filters do not go into 2"),
    (lambda x: te.conv2d(x, np.ones((8, 4, 3, 3)), np.ones(4)), r"the bias must have shape \(8,\), a number for each"),
    (lambda x: te.conv2d(x[0], np.ones((8, 4, 3, 3))), r"both must have 4 axes: \(instances, channels, ...\)"),
    (lambda x: te.conv2d(x, np.ones((8, 4, 3))), r"conv2d: the weight has shape \(8, 4, 3\), not \(filters, channels"),
    (lambda x: te.conv2d(x, np.ones((8, 4, 12, 3)), padding=1), r"span \(12, 3\) do not fit into \(11, 10\)"),
    (lambda x: te.conv2d(x, np.ones((8, 4, 3, 3)), stride=0), "stride=0: needs a whole number of at least 1, or 2 of"),
    (lambda x: te.conv2d(x, np.ones((8, 4, 3, 3)), stride=1.5), "stride=1.5: needs a whole number of at least 1"),
    (lambda x: te.max_pool2d(x, 2, padding=2), r"max_pool2d: padding \(2, 2\) is more than half of the window"),
    (lambda x: te.col2im(x, (9, 8), 3), r"col2im: .*, must be \(instances, channels \* 9, 42\), as im2col makes them"),
    (lambda x: Transposed((2, 2), (1, 1), (0, 0), (1, 1), 1, (9, 9))(x, np.ones((4, 1, 2, 2))),
     r"conv_transpose2d: .*, images \(9, 9\) have \(8, 8\) places, not \(9, 8\)"),
    (lambda x: te.max_pool2d(x[0], 2), r"max_pool2d: \(4, 9, 8\), the input must be \(instances, channels, ...\)"),
])  # fmt: skip
def test_errors_say_what_does_not_fit(f, message):
    with pytest.raises(ValueError, match=message):
        f(Tensor(IMAGES, "x"))


def test_the_first_nan_is_named():
    x = Tensor(np.where(IMAGES > 1.9, np.inf, IMAGES), "x", requires_grad=True)
    with te.detect_anomaly(), pytest.raises(FloatingPointError, match="conv2d made NaN and infinity .forward.: conv2d"):
        te.conv2d(x, np.where(array(1, 4, 2, 2) > 0, 1.0, 0.0))


def test_instances_stay_innermost_in_memory():
    """In both passes, eager and compiled: runs of them are what is copied and added; another order is twice as slow."""
    x, w = Tensor(IMAGES, "x", requires_grad=True), Tensor(array(2, 4, 2, 2), "w", requires_grad=True)
    k = te.conv2d(x, w)
    y = te.max_pool2d(te.relu(k), 2)
    loss = (y.reshape(3, -1) @ array(y.size // 3, 2)).sum()
    found = te.gradients(loss)
    for node in (k, y):
        assert np.argmin(node.data.strides) == 0 == np.argmin(found[node].strides) or node is y
    assert np.argmin(te.conv2d(x, array(4, 2, 2, 2), groups=2).data.strides) == 0
    source = compile_graph(loss, parameters=[x, w]).source
    assert ".transpose(3, 0, 1, 2)" in source


def test_a_wide_bias_is_not_narrowed():
    x, w, b = np.float32(IMAGES), np.ones((2, 4, 3, 2), np.float32), Tensor([1.0, 2.0], requires_grad=True)
    out = te.conv2d(Tensor(x), w, b)
    out.sum().backward()
    assert out.dtype == b.grad.dtype == np.float64
    ones = np.ones((1, 1, 1, 1), int)
    assert te.conv2d(ones, ones, np.array([0.5])).item() == 1.5


def test_float16_and_no_instances():
    x = Tensor(np.ones((1, 1, 3, 3), np.float16) * 200, requires_grad=True)
    te.avg_pool2d(te.conv2d(x, np.ones((1, 1, 1, 1), np.float16)), 3).sum().backward()
    assert x.grad.dtype == np.float16 and te.avg_pool2d(x * 200, 3).item() == pytest.approx(40_000, rel=1e-2)
    x, w = [Tensor(np.ones(shape), requires_grad=True) for shape in ((0, 1, 6, 6), (2, 1, 3, 3))]
    out = te.max_pool2d(te.avg_pool2d(te.conv2d(x, w), 3, 2, 1), 2, 1)
    out.sum().backward()
    assert out.shape == (0, 2, 1, 1) and x.grad.shape == x.shape and w.grad.tolist() == np.zeros(w.shape).tolist()


@pytest.mark.parametrize("subscripts, shapes", [
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("ijj->i", [(2, 3, 3)]), ("...ij,...jk", [(2, 2, 3), (3, 4)]),
    ("i,jk,kli->lj", [(2,), (3, 4), (4, 2, 2)]),
])  # fmt: skip
def test_einsum_is_pytorchs(subscripts, shapes, torch):
    arrays = [array(*shape) for shape in shapes]
    for ours in (te.einsum, np.einsum):
        require_pytorchs(torch, partial(ours, subscripts), partial(torch.einsum, subscripts), arrays)


@pytest.mark.parametrize("subscripts, message", [
    ("ij,jk->ik", r"einsum: ij,jk->ik, ij \(2, 3\), jk \(2, 3\): axis j has 3 elements in one place and 2 in another"),
    ("ij->i", "names 1 operands, and 2 were given"),
    ("ij,j->i", r"does not name the axes of \(2, 3\), a letter for each"),
    ("ij,ij->ik", "the result may have each letter of the operands once"),
])  # fmt: skip
def test_einsum_says_what_does_not_fit(subscripts, message):
    with pytest.raises(ValueError, match=message):
        te.einsum(subscripts, *[Tensor(array(2, 3), requires_grad=True)] * 2)
