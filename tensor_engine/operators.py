"""Operators that exist for arrays only: products of matrices and reductions. (What moves elements: rearranging.py.)

Each says in `pull` what the gradient of its output contributes to its inputs' gradients. A pull is made of operators
and of the notation that arrays and Tensors share (`@`, `.T`, `.sum`, `.reshape`), so that it runs on both, and the
derivative of a derivative comes for free.
"""

import math

import numpy as np

from scalar_engine.graph import data_of
from scalar_engine.operators import exp

from .kernels import ArrayOperator, logsumexp_over
from .rearranging import BroadcastTo, SumTo

# ---- products


class MatMul(ArrayOperator):
    """(..., n, k) @ (..., k, m) -> (..., n, m); batches broadcast. Vectors are made into matrices before."""

    symbol = "@"
    matrix_product = True
    forward = np.matmul

    def pull(self, upstream, out, a, b, needs):
        by_a = unbroadcast(upstream @ b.swapaxes(-1, -2), a.shape) if needs[0] else None
        by_b = unbroadcast(a.swapaxes(-1, -2) @ upstream, b.shape) if needs[1] else None
        return [by_a, by_b]


def unbroadcast(gradient, shape):
    return gradient if gradient.shape == shape else SumTo(shape)(gradient)


# ---- reductions


class Reduction(ArrayOperator):
    """A reduction over `axis`: None for all axes, an int, or a tuple of them; `keepdims` leaves them with length 1."""

    def __init__(self, axis=None, keepdims=False):
        self.axis = axis
        self.keepdims = keepdims

    @property
    def axes(self):
        return self.axis if isinstance(self.axis, tuple) else (self.axis,)

    def expanded(self, reduced, x):
        """An array of the output's shape, repeated to the shape of x."""
        if self.axis is not None and not self.keepdims:
            axes = [axis % len(x.shape) for axis in self.axes]
            reduced = reduced.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
        return BroadcastTo(x.shape)(reduced)

    def count(self, x):
        """How many elements of x go into one of the output."""
        if self.axis is None:
            return math.prod(x.shape)
        return math.prod(x.shape[axis] for axis in self.axes)


class Sum(Reduction):
    symbol = "sum"

    def forward(self, x):
        return np.add.reduce(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream, x)]


class Mean(Reduction):
    symbol = "mean"

    def forward(self, x):
        return np.add.reduce(x, axis=self.axis, keepdims=self.keepdims) / self.count(x)

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream * (1 / self.count(x)), x)]


class Max(Reduction):
    """The largest element; equal ones share its derivative."""

    symbol = "max"

    def forward(self, x):
        return np.maximum.reduce(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        # A constant, as its derivative is 0. Compared, not subtracted, so that infinities may tie.
        is_largest = np.equal(data_of(x), data_of(self.expanded(out, x))).astype(x.dtype)
        ties = np.add.reduce(is_largest, axis=self.axis, keepdims=True)
        return [self.expanded(upstream, x) * (is_largest / ties)]


class Min(Max):
    """The smallest element; equal ones share its derivative."""

    symbol = "min"

    def forward(self, x):
        return np.minimum.reduce(x, axis=self.axis, keepdims=self.keepdims)


class LogSumExp(Reduction):
    """log(sum(exp(x))), computed from exp(x - max x), which never overflows."""

    symbol = "logsumexp"
    logarithmic = True

    def forward(self, x):
        out = logsumexp_over(x, self.axis)
        return out if self.keepdims else np.squeeze(out, axis=self.axis)

    def pull(self, upstream, out, x, needs):
        return [exp(x - self.expanded(out, x)) * self.expanded(upstream, x)]


class Softmax(ArrayOperator):
    """exp(x) / sum(exp(x)) along one axis, computed from exp(x - max x), which never overflows."""

    symbol = "softmax"

    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        out = np.exp(x - np.maximum.reduce(x, axis=self.axis, keepdims=True))
        out /= np.add.reduce(out, axis=self.axis, keepdims=True)
        return out

    def pull(self, upstream, out, x, needs):
        return [out * (upstream - (upstream * out).sum(axis=self.axis, keepdims=True))]


class LogSoftmax(Softmax):
    """log(softmax(x)), as x - max x - log(sum(exp(x - max x)))."""

    symbol = "log_softmax"
    logarithmic = True

    def forward(self, x):
        out = x - np.maximum.reduce(x, axis=self.axis, keepdims=True)
        out -= np.log(np.add.reduce(np.exp(out), axis=self.axis, keepdims=True))
        return out

    def pull(self, upstream, out, x, needs):
        return [upstream - exp(out) * upstream.sum(axis=self.axis, keepdims=True)]


matmul = MatMul()


def sum(x, axis=None, keepdims=False):
    return Sum(axis, keepdims)(x)


def mean(x, axis=None, keepdims=False):
    return Mean(axis, keepdims)(x)


def max(x, axis=None, keepdims=False):
    return Max(axis, keepdims)(x)


def min(x, axis=None, keepdims=False):
    return Min(axis, keepdims)(x)


def logsumexp(x, axis=-1, keepdims=False):
    return LogSumExp(axis, keepdims)(x)


def softmax(x, axis=-1):
    return Softmax(axis)(x)


def log_softmax(x, axis=-1):
    return LogSoftmax(axis)(x)
