"""Array operators in each of their forms, at ties and kinks too: all of them open into scalars."""

import numpy as np

from tensor_engine import (
    Tensor,
    argmax,
    argmin,
    clip,
    concatenate,
    linear,
    log_softmax,
    logsumexp,
    max_pool2d,
    mse,
    norm,
    softmax,
    softmax_cross_entropy,
    sort,
    stack,
    where,
)
from tensor_engine.operators.fused import SoftmaxLessOneHot
from tensor_engine.operators.rearranging import Cast, Scatter, SumTo

from .array_expressions import EINSUMS, SYSTEMS, WINDOWS

TIED = np.array([[1.0, 3.0, 3.0, 0.1], [0.1, 0.1, 0.1, -2.0], [2.0, 2.0, 2.0, 2.0]])
LIMITS = np.array([-2.0, -1.0, -0.5, 0.7, 1.0, 1.5])
MASK = np.array([[True, False, True], [False, False, True]])
CLASSES = np.array([2, 0, 2])

# (name, function, the shape or the array of each of its inputs)
ARRAY_OPERATORS = [
    ("matmul", lambda a, b: a @ b, [(2, 3), (3, 4)]),
    ("matmul, inner axis 1", lambda a, b: a @ b, [(3, 1), (1, 2)]),
    ("matmul, vector and matrix", lambda a, b: a @ b, [(3,), (3, 2)]),
    ("matmul, matrix and vector", lambda a, b: a @ b, [(2, 3), (3,)]),
    ("matmul, two vectors", lambda a, b: a @ b, [(4,), (4,)]),
    ("matmul, one batch", lambda a, b: a @ b, [(2, 2, 3), (2, 3, 2)]),
    ("matmul, batches that broadcast", lambda a, b: a @ b, [(2, 1, 2, 3), (4, 3, 2)]),
    ("matmul with itself", lambda a: a @ a, [(3, 3)]),
    ("reshape", lambda x: x.reshape(3, -1), [(2, 3, 2)]),
    ("transpose", lambda x: x.T, [(2, 3)]),
    ("transpose of three axes", lambda x: x.transpose((2, 0, 1)), [(2, 3, 4)]),
    ("broadcast_to", lambda x: x.broadcast_to((4, 2, 3)), [(2, 1)]),
    ("broadcast_to from a number", lambda x: x.broadcast_to((2, 3)), [()]),
    ("sum_to", SumTo((2, 1)), [(4, 2, 3)]),
    ("sum_to, nothing to add", SumTo((1, 3)), [(1, 1, 3)]),
    ("cast", Cast(np.float64), [(2, 3)]),
    ("sum", lambda x: x.sum(), [(2, 3)]),
    ("sum over an axis", lambda x: x.sum(axis=1), [(2, 3, 2)]),
    ("sum over two axes", lambda x: x.sum(axis=(0, -1), keepdims=True), [(2, 3, 2)]),
    ("sum over an axis of length 1", lambda x: x.sum(axis=1), [(3, 1)]),
    ("sum of nothing", lambda x: x[:0].sum(axis=0) + x[0], [(2, 3)]),
    ("mean", lambda x: x.mean(), [(2, 3)]),
    ("mean over an axis", lambda x: x.mean(axis=0, keepdims=True), [(2, 3)]),
    ("max", lambda x: x.max(), [TIED]),
    ("max over an axis", lambda x: x.max(axis=1), [TIED]),
    ("max over the other axis", lambda x: x.max(axis=-2, keepdims=True), [TIED]),
    ("max of two", lambda x: x[:, :2].max(axis=1), [TIED]),
    ("max of one", lambda x: x.max(axis=0), [(1, 3)]),
    ("min", lambda x: x.min(), [TIED]),
    ("min over an axis", lambda x: x.min(axis=1, keepdims=True), [-TIED]),
    ("logsumexp", lambda x: logsumexp(x, axis=None), [(2, 3)]),
    ("logsumexp over an axis", lambda x: logsumexp(x, axis=0), [(2, 3)]),
    ("softmax", softmax, [(2, 3)]),
    ("softmax over the first axis", lambda x: softmax(x, axis=0), [(3, 2, 2)]),
    ("log_softmax", log_softmax, [(2, 3)]),
    ("log_softmax over a middle axis", lambda x: log_softmax(x, axis=1), [(2, 3, 2)]),
    ("index", lambda x: x[1], [(2, 3)]),
    ("index of one element", lambda x: x[1, 2], [(2, 3)]),
    ("index by slices", lambda x: x[::-1, 1:], [(2, 3)]),
    ("index by integers, repeated", lambda x: x[[0, 1, 1], [2, 0, 0]], [(2, 3)]),
    ("index by booleans", lambda x: x[MASK], [(2, 3)]),
    ("scatter", Scatter((np.array([0, 1, 1]),), (3, 2)), [(3, 2)]),
    ("concatenate", lambda a, b: concatenate([a, b, a], axis=1), [(2, 3), (2, 1)]),
    ("stack", lambda a, b: stack([a, b], axis=-1), [(2, 3), (2, 3)]),
    ("where", lambda a, b: where(MASK, a, b), [(2, 3), (3,)]),
    ("where, beside a number", lambda a: where(MASK, a, 0.5), [(2, 3)]),
    ("clip", lambda x: clip(x, -1.0, 1.0), [LIMITS]),
    ("clip from below", lambda x: clip(x, min=0.7), [LIMITS]),
    ("clip from above", lambda x: clip(x[4], max=1.0), [LIMITS]),
    ("prod", lambda x: x.prod(), [(2, 3)]),
    ("prod over an axis of length 1", lambda x: x.prod(axis=1), [(3, 1)]),
    ("norm", lambda x: norm(x, axis=0, keepdims=True), [(2, 3)]),
    ("cumsum", lambda x: x.cumsum(axis=1), [(2, 3)]),
    ("cumprod", lambda x: x.cumprod(axis=0), [(3, 2)]),
    ("sort", sort, [(2, 3)]),
    ("[argmax] and [argmin]", lambda x: x[argmax(x, axis=0), argmin(x, axis=1)], [(3, 3)]),
    ("linear", linear, [(2, 3), (3, 4), (4,)]),
    ("cross-entropy of classes", lambda o: softmax_cross_entropy(o, CLASSES), [(3, 4)]),
    ("cross-entropy of weights", softmax_cross_entropy, [(3, 4), (3, 4)]),
    ("cross-entropy of one-hot data", lambda o: softmax_cross_entropy(o, np.eye(4)[CLASSES]), [(3, 4)]),
    ("softmax less one-hot", SoftmaxLessOneHot(CLASSES), [(3, 4)]),
    ("mse", mse, [(2, 3), (2, 3)]),
    *[(name, f, arrays) for name, f, _, arrays in EINSUMS + SYSTEMS + WINDOWS],
    ("max_pool of equal elements", lambda x: max_pool2d(x, 2, 1, 1), [TIED.reshape(1, 2, 2, 3)]),
    ("mse of one and the same", lambda y: mse(y, y) + y.sum(), [(2, 3)]),
    ("broadcasting", lambda a, b: a * b - b / 2 + 3, [(2, 3), (3,)]),
    ("an array among tensors", lambda a: np.arange(3.0) * a, [(2, 1)]),
]  # fmt: skip


def leaves(*inputs):
    """Tensors a, b, ... of random numbers where an input is a shape."""
    random = np.random.default_rng(1)
    arrays = [x if isinstance(x, np.ndarray) else random.normal(size=x) for x in inputs]
    return [Tensor(x, label, requires_grad=True) for x, label in zip(arrays, "abc")]


def weighted(out):
    """One number in which every element of `out` has another part."""
    return (out * np.random.default_rng(2).normal(size=out.shape)).sum()
