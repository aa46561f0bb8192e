"""Pooling of signals (instances, channels, length) and images (instances, channels, height, width), by windows.

A window is looked at in place where windows tile an image, and through im2col where they overlap or are padded.
"""

import math
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from scalar_engine.operators import add, equal, maximum

from ..kernels import halves_widened
from .elements import array_of, extreme
from .rearranging import BroadcastTo
from .windows import Col2Im, Im2Col, Windowed, per_axis


class Pooling(Windowed):
    """One number for each window of each channel, made of its elements. Windows that tile an image are not copied."""

    usual = None, None, 0
    made_with = "size", "stride", "padding"
    fill = 0.0

    def __init__(self, size, stride, padding):
        super().__init__(size, stride, padding, (1,) * len(size))

    @property
    def symbol(self):
        return f"{self.kind}_pool{len(self.size)}d"

    def tiles(self, lengths):
        return self.size == self.stride and not any(self.padding) and not any(n % k for n, k in zip(lengths, self.size))

    def windows_of(self, x):
        """The elements of windows along axes of their own: x in another shape, and which axes these are."""
        n, channels, *lengths = x.shape
        if len(lengths) != len(self.size):
            raise ValueError(f"the input must be (instances, channels, ...), {len(self.size) + 2} axes")
        places = self.places(lengths)
        if self.tiles(lengths):
            pairs = [m for pair in zip(places, self.size) for m in pair]
            return x.reshape(n, channels, *pairs), tuple(range(3, 3 + len(pairs), 2))
        patches = Im2Col(*self.window, self.fill)(x)
        return patches.reshape(n, channels, math.prod(self.size), *places), (2,)

    def from_windows(self, gradient, x):
        """The gradient by x from that by the elements of the windows."""
        if self.tiles(x.shape[2:]):
            return gradient.reshape(x.shape)
        n, channels, *lengths = x.shape
        gradient = gradient.reshape(n, channels * math.prod(self.size), math.prod(self.places(lengths)))
        return Col2Im(*self.window, lengths)(gradient)


def of_windows(function, windows, axes):
    """The array function(a, b) -> c of all elements of each window, which lie along the axes."""
    offsets = product(*[range(windows.shape[axis]) for axis in axes])
    keys = [dict(zip(axes, offset)) for offset in offsets]
    return reduce(function, [windows[tuple(key.get(i, slice(None)) for i in range(windows.ndim))] for key in keys])


def expanded(reduced, windows, axes):
    """Numbers for windows, repeated to their elements."""
    shape = tuple(1 if i in axes else n for i, n in enumerate(windows.shape))
    return BroadcastTo(windows.shape)(reduced.reshape(shape))


def laid_out(x):
    """x as it is, in memory as convolutions have it: rows outermost, instances innermost."""
    axes = *range(2, x.ndim - 1), 1, x.ndim - 1, 0
    rows = x.transpose(axes)
    return rows.reshape(-1).reshape(rows.shape).transpose([axes.index(axis) for axis in range(x.ndim)])


class MaxPool(Pooling):
    """The largest element of each window; equal ones share its derivative. Padding is never the largest."""

    kind = "max"
    fill = -math.inf

    def forward(self, x):
        return of_windows(np.maximum, *self.windows_of(x))

    def pull(self, upstream, out, x, needs):
        windows, axes = self.windows_of(x)
        is_largest = equal(windows, expanded(out, windows, axes))
        share = laid_out(upstream) / of_windows(add, is_largest, axes)  # whose sum NumPy takes half again as long for
        return [self.from_windows(is_largest * expanded(share, windows, axes), x)]

    def scalars(self, x):
        values = x.ravel()
        windows = self.sources_of_windows(x.shape)
        rows = windows.reshape(-1, windows.shape[-1])
        return array_of([extreme(maximum, [*values[row[row > 0] - 1]]) for row in rows], windows.shape[:-1])

    def scalar_count(self, out, x):
        sizes = (self.sources_of_windows(x.shape) > 0).sum(axis=-1)
        return int(np.where(sizes <= 2, sizes - 1, 2 * sizes + 2).sum())

    def sources_of_windows(self, shape):
        """(instances, channels, *places, size): the `sources` of each window."""
        n, channels, *lengths = shape
        windows = self.sources(shape).reshape(n, channels, math.prod(self.size), *self.places(lengths))
        return np.moveaxis(windows, 2, -1)


class AveragePool(Pooling):
    """The mean of each window, to which padding contributes zeros."""

    kind = "avg"

    @halves_widened
    def forward(self, x):
        return of_windows(np.add, *self.windows_of(x)) * (1 / math.prod(self.size))

    def pull(self, upstream, out, x, needs):
        windows, axes = self.windows_of(x)
        share = laid_out(upstream) * (1 / math.prod(self.size))
        return [self.from_windows(expanded(share, windows, axes), x)]

    def composition(self, x):
        windows, axes = self.windows_of(x)
        return windows.mean(axis=axes)


def pooling(kind: Any, d: int, x: Any, size: Any, stride: Any, padding: Any) -> Any:
    size, padding = per_axis(size, d, "size"), per_axis(padding, d, "padding", 0)
    stride = size if stride is None else per_axis(stride, d, "stride")
    if any(2 * p > k for p, k in zip(padding, size)):
        raise ValueError(f"{kind.kind}_pool{d}d: padding {padding} is more than half of the window {size}")
    return kind(size, stride, padding)(x)


def max_pool1d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The largest element of each window of a signal (instances, channels, length); see max_pool2d.

    >>> max_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2).tolist()
    [[[3.0, 2.0]]]
    """
    return pooling(MaxPool, 1, x, size, stride, padding)


def max_pool2d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The largest element of each window of images (instances, channels, height, width).

    size and stride (the size, if none is said) are a number, or one for each of both axes. Equal elements share the
    derivative, as in `max`; PyTorch's max_pool2d gives it to the first of them.

    >>> max_pool2d(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), 2).tolist()
    [[[[4.0]]]]
    """
    return pooling(MaxPool, 2, x, size, stride, padding)


def avg_pool1d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window of a signal (instances, channels, length); padding contributes zeros.

    >>> avg_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2).tolist()
    [[[2.0, 1.0]]]
    """
    return pooling(AveragePool, 1, x, size, stride, padding)


def avg_pool2d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window of images (instances, channels, height, width); padding contributes zeros.

    >>> avg_pool2d(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), 2).tolist()
    [[[[2.5]]]]
    """
    return pooling(AveragePool, 2, x, size, stride, padding)
