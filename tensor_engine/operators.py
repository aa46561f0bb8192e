"""Operators that exist for arrays only: products of matrices, reductions, and all that moves elements about.

Each says in `pull` what the gradient of its output contributes to its inputs' gradients. A pull is made of operators
and of the notation that arrays and Tensors share (`@`, `.T`, `.sum`, `.reshape`), so that it runs on both, and the
derivative of a derivative comes for free.
"""

import math

import numpy as np

from scalar_engine.graph import Node
from scalar_engine.operators import exp, step

from .kernels import ArrayOperator, logsumexp_over
from .mismatch import alignment

# ---- shapes and types


class Reshape(ArrayOperator):
    symbol = "reshape"

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return np.reshape(x, self.shape)

    def pull(self, upstream, out, x, needs):
        return [upstream.reshape(x.shape)]


class Transpose(ArrayOperator):
    """axes: the order of the input's axes in the output, as for np.transpose."""

    symbol = "transpose"

    def __init__(self, axes):
        self.axes = axes

    def forward(self, x):
        return np.transpose(x, self.axes)

    def pull(self, upstream, out, x, needs):
        axes = [axis % len(self.axes) for axis in self.axes]
        return [upstream.transpose(tuple(axes.index(i) for i in range(len(axes))))]


class BroadcastTo(ArrayOperator):
    """An array repeated along new and along length-1 axes. With SumTo, the one place where broadcasting is undone."""

    symbol = "broadcast_to"

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return np.broadcast_to(x, self.shape) if np.ndim(x) else np.full(self.shape, x)

    def pull(self, upstream, out, x, needs):
        return [SumTo(x.shape)(upstream)]


class SumTo(ArrayOperator):
    """An array summed over the axes along which one of `shape` would be repeated: the transpose of BroadcastTo."""

    symbol = "sum_to"

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        new = x.ndim - len(self.shape)
        repeated = [new + i for i, n in enumerate(self.shape) if n == 1 and x.shape[new + i] != 1]
        return np.add.reduce(x, axis=(*range(new), *repeated)).reshape(self.shape)

    def pull(self, upstream, out, x, needs):
        return [BroadcastTo(x.shape)(upstream)]


class Cast(ArrayOperator):
    symbol = "cast"

    def __init__(self, dtype):
        self.dtype = dtype

    def forward(self, x):
        return x.astype(self.dtype)

    def pull(self, upstream, out, x, needs):
        return [Cast(x.dtype)(upstream)]


# ---- products


class MatMul(ArrayOperator):
    """(..., n, k) @ (..., k, m) -> (..., n, m); batches broadcast. Vectors are made into matrices before."""

    symbol = "@"
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

    def forward(self, x):
        out = x - np.maximum.reduce(x, axis=self.axis, keepdims=True)
        out -= np.log(np.add.reduce(np.exp(out), axis=self.axis, keepdims=True))
        return out

    def pull(self, upstream, out, x, needs):
        return [upstream - exp(out) * upstream.sum(axis=self.axis, keepdims=True)]


# ---- choosing and joining


class Index(ArrayOperator):
    """x[key], for any key that NumPy takes: slices, integers, arrays of either integers or booleans."""

    symbol = "index"

    def __init__(self, key):
        self.key = key

    def forward(self, x):
        return x[self.key]

    def pull(self, upstream, out, x, needs):
        return [Scatter(self.key, x.shape)(upstream)]


class Scatter(ArrayOperator):
    """Zeros of `shape` with the input added at [key]: the transpose of Index. An element named twice gets both."""

    symbol = "scatter"

    def __init__(self, key, shape):
        self.key = key
        self.shape = shape

    def forward(self, x):
        out = np.zeros(self.shape, x.dtype)
        if may_repeat(self.key):
            np.add.at(out, self.key, x)
        else:
            out[self.key] = x
        return out

    def pull(self, upstream, out, x, needs):
        return [Index(self.key)(upstream)]


def may_repeat(key):
    """Whether the key of an index has arrays of integers, which may name an element twice."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype != bool for part in parts)


class Concatenate(ArrayOperator):
    symbol = "concatenate"

    def __init__(self, axis):
        self.axis = axis

    def forward(self, *xs):
        return np.concatenate(xs, axis=self.axis)

    def pull(self, upstream, out, *xs, needs):
        before = (slice(None),) * (self.axis % len(out.shape))
        stops = np.cumsum([x.shape[self.axis] for x in xs]).tolist()
        parts = zip([0, *stops], stops, needs)
        return [Index((*before, slice(a, b)))(upstream) if need else None for a, b, need in parts]


class Where(ArrayOperator):
    """a where the array `condition` is true, b elsewhere."""

    symbol = "where"

    def __init__(self, condition):
        self.condition = condition

    def forward(self, a, b):
        return np.where(self.condition, a, b)

    def pull(self, upstream, out, a, b, needs):
        return [self(upstream, 0.0) if needs[0] else None, self(0.0, upstream) if needs[1] else None]


class Clip(ArrayOperator):
    """x limited to [low, high]; its slope is 1 at both limits, as in PyTorch."""

    symbol = "clip"

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def forward(self, x):
        return np.clip(x, self.low, self.high)

    def pull(self, upstream, out, x, needs):
        return [(1 - step(self.low - x)) * (1 - step(x - self.high)) * upstream]


matmul = MatMul()


def concatenate(tensors, axis=0):
    """The Tensors joined along an axis that they have."""
    return Concatenate(axis)(*tensors)


def stack(tensors, axis=0):
    """The Tensors, all of one shape, joined along a new axis."""
    tensors = list(tensors)
    shapes = [np.shape(data_of(x)) for x in tensors]
    if len(set(shapes)) != 1:
        raise ValueError(f"stack: {', '.join(map(str, shapes)) or 'nothing'}, needs one Tensor or more, of one shape")
    shape = list(shapes[0])
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return concatenate([Reshape(tuple(shape))(x) for x in tensors], axis)


def where(condition, a, b):
    """a where the array of booleans `condition` is true, b elsewhere; all three broadcast."""
    shapes = [np.shape(data_of(x)) for x in (condition, a, b)]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"where: {', '.join(map(str, shapes))}, {alignment(shapes)}") from None
    a, b = (BroadcastTo(shape)(x) if isinstance(x, Node) and np.shape(x.data) != shape else x for x in (a, b))
    return Where(np.asarray(condition))(a, b)


def clip(x, low=-math.inf, high=math.inf):
    """x limited to the interval [low, high] of two numbers."""
    return Clip(float(low), float(high))(x)


def data_of(x):
    return x.data if isinstance(x, Node) else x


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
