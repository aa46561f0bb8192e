"""Reductions, over all elements or along axes: sums, means, the largest, and the softmax family.

Each says in `pull` what the gradient of its output contributes to its inputs' gradients. A pull is made of operators
and of the notation that arrays and Tensors share (`@`, `.T`, `.sum`, `.reshape`), so that it runs on both, and the
derivative of a derivative comes for free.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from scalar_engine import functions
from scalar_engine import operators as scalar
from scalar_engine.operators import equal, exp

from ..kernels import halves_widened, logsumexp_over
from .array_operator import ArrayOperator
from .elements import along, array_of, extreme, total
from .rearranging import BroadcastTo


class Reduction(ArrayOperator):
    """A reduction over `axis`: None for all axes, an int, or a tuple of them; `keepdims` leaves them with length 1.

    of_list(xs)     the same of a list of Values
    """

    def __init__(self, axis=None, keepdims=False):
        self.axis = axis
        self.keepdims = keepdims

    def formula(self, x):
        options = [f"axis={self.axis}"] * (self.axis is not None) + ["keepdims=True"] * self.keepdims
        if self.postfix:
            return f"{x}.{self.symbol}({', '.join(options)})"
        return f"{self.symbol}({', '.join([x, *options])})"

    @property
    def axes(self):
        return self.axis if isinstance(self.axis, tuple) else (self.axis,)

    def expanded(self, reduced, x):
        """An array of the output's shape, repeated to the shape of x."""
        if self.axis is not None and not self.keepdims and x.shape:
            axes = [axis % len(x.shape) for axis in self.axes]
            reduced = reduced.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
        return BroadcastTo(x.shape)(reduced)

    def group_size(self, x):
        """How many elements of x go into one of the output."""
        if self.axis is None or not x.shape:
            return math.prod(x.shape)
        return math.prod(x.shape[axis] for axis in self.axes)

    def scalars(self, x):
        return along(self.of_list, x, range(x.ndim) if self.axis is None else self.axes, self.keepdims)


class SumOver(Reduction):
    symbol = "sum"
    postfix = True
    of_list = staticmethod(total)

    @halves_widened
    def forward(self, x):
        return np.add.reduce(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream, x)]

    def scalar_count(self, out, x):
        return out.size * (self.group_size(x) != 1)


class MeanOver(Reduction):
    symbol = "mean"
    postfix = True
    of_list = staticmethod(functions.mean)

    @halves_widened
    def forward(self, x):
        total, n = np.add.reduce(x, axis=self.axis, keepdims=self.keepdims), self.group_size(x)
        if not n and total.size:
            raise ValueError("which has no elements to take the mean of")
        return total / (n or 1)

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream * (1 / self.group_size(x)), x)]

    def scalar_count(self, out, x):
        return 3 * out.size


class MaxOver(Reduction):
    """The largest element; equal ones share its derivative."""

    symbol = "max"
    postfix = True
    of_list = staticmethod(partial(extreme, scalar.maximum))

    def forward(self, x):
        return np.maximum.reduce(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        is_largest = equal(x, self.expanded(out, x))
        share = upstream / is_largest.sum(axis=self.axis, keepdims=self.keepdims)
        return [is_largest * self.expanded(share, x)]

    def scalar_count(self, out, x):
        n = self.group_size(x)
        return out.size * (n - 1 if n <= 2 else 2 * n + 2)


class MinOver(MaxOver):
    """The smallest element; equal ones share its derivative."""

    symbol = "min"
    of_list = staticmethod(partial(extreme, scalar.minimum))

    def forward(self, x):
        return np.minimum.reduce(x, axis=self.axis, keepdims=self.keepdims)


class LogSumExpOver(Reduction):
    """log(sum(exp(x))), computed from exp(x - max x), which never overflows."""

    symbol = "logsumexp"
    logarithmic = True
    of_list = staticmethod(scalar.logsumexp)

    @halves_widened
    def forward(self, x):
        out = logsumexp_over(x, self.axis)
        return out if self.keepdims else np.squeeze(out, axis=self.axis)

    def pull(self, upstream, out, x, needs):
        # Softmax anew: of large numbers, out may have lost the digits that exp(x - out) needs.
        return [Softmax(self.axis)(x) * self.expanded(upstream, x)]

    def formula(self, x):
        return f"logsumexp({x}{last_axis(self.axis)}{', keepdims=True' * self.keepdims})"


class AlongAxis(ArrayOperator):
    """An operator along one axis, which keeps its length.

    of_list(xs)     the same of a list of Values
    """

    def __init__(self, axis=-1):
        self.axis = axis

    def formula(self, x):
        return f"{self.symbol}({x}, axis={self.axis})"

    def scalars(self, x):
        moved = np.moveaxis(x, self.axis, -1)
        values = [value for index in np.ndindex(moved.shape[:-1]) for value in self.of_list(moved[index])]
        return np.moveaxis(array_of(values, moved.shape), -1, self.axis)


class Softmax(AlongAxis):
    """exp(x) / sum(exp(x)) along one axis, computed from exp(x - max x), which never overflows."""

    symbol = "softmax"
    of_list = staticmethod(functions.softmax)

    @halves_widened
    def forward(self, x):
        out = np.exp(x - np.maximum.reduce(x, axis=self.axis, keepdims=True))
        out /= np.add.reduce(out, axis=self.axis, keepdims=True)
        return out

    def pull(self, upstream, out, x, needs):
        return [out * (upstream - (upstream * out).sum(axis=self.axis, keepdims=True))]

    def formula(self, x):
        return f"{self.symbol}({x}{last_axis(self.axis)})"

    def scalar_count(self, out, x):
        return 2 * x.size + x.size // x.shape[self.axis]


class LogSoftmax(Softmax):
    """log(softmax(x)), as x - max x - log(sum(exp(x - max x)))."""

    symbol = "log_softmax"
    logarithmic = True
    of_list = staticmethod(functions.log_softmax)

    @halves_widened
    def forward(self, x):
        out = x - np.maximum.reduce(x, axis=self.axis, keepdims=True)
        out -= np.log(np.add.reduce(np.exp(out), axis=self.axis, keepdims=True))
        return out

    def pull(self, upstream, out, x, needs):
        return [upstream - exp(out) * upstream.sum(axis=self.axis, keepdims=True)]

    def scalar_count(self, out, x):
        return x.size + x.size // x.shape[self.axis]


def last_axis(axis):
    """The axis of a function that goes along the last one unless it is told otherwise."""
    return "" if axis == -1 else f", axis={axis}"


def sum(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The sum of the elements of x over an axis, or several, or all; `keepdims` leaves them with length 1.

    >>> sum(np.ones((2, 3)), axis=0).tolist()
    [2.0, 2.0, 2.0]
    """
    return SumOver(axis, keepdims)(x)


def mean(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The mean of the elements of x over an axis, or several, or all; `keepdims` leaves them with length 1.

    >>> mean(np.array([[1.0, 2.0], [3.0, 6.0]]), axis=1).tolist()
    [1.5, 4.5]
    """
    return MeanOver(axis, keepdims)(x)


def max(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The largest element of x over an axis, or several, or all; equal ones share its derivative evenly.

    >>> max(np.array([[1.0, 2.0], [5.0, 4.0]]), axis=1, keepdims=True).tolist()
    [[2.0], [5.0]]
    """
    return MaxOver(axis, keepdims)(x)


def min(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The smallest element of x over an axis, or several, or all; equal ones share its derivative evenly.

    >>> min(np.array([[1.0, 2.0], [5.0, 4.0]]), axis=0).tolist()
    [1.0, 2.0]
    """
    return MinOver(axis, keepdims)(x)


def logsumexp(x: Any, axis: int | tuple[int, ...] | None = -1, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over an axis, the last one if none is said, or several; None for all. It never overflows.

    >>> logsumexp(np.array([[1000.0, 1000.0], [0.0, -np.inf]])).round(4).tolist()
    [1000.6931, 0.0]
    """
    return LogSumExpOver(axis, keepdims)(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis, in the shape of x: positive numbers that sum to 1. It never overflows.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    return Softmax(axis)(x)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)) along an axis, in the shape of x; finite where softmax is too small for a float.

    >>> log_softmax(np.array([1000.0, 0.0])).tolist()
    [0.0, -1000.0]
    """
    return LogSoftmax(axis)(x)
