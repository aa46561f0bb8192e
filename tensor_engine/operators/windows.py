"""Windows over signals (instances, channels, length) and images (instances, channels, height, width).

What im2col cuts out by them and col2im puts back, and what convolution and pooling ask of them. Inside, the instances
are the innermost axis in memory, so that whatever is copied or added is so in long runs.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from scalar_engine.graph import data_of

from ..kernels import halves_widened
from .array_operator import ArrayOperator, written
from .elements import array_of, collected, constant, numbered, total


class Windowed(ArrayOperator):
    """What looks at an array (instances, channels, *lengths) through windows, one entry an axis of `lengths`.

    size        the elements of a window
    stride      how far it moves from one place to the next
    padding     how many elements are put before and behind each axis
    dilation    how far its elements are apart
    """

    made_with = "size", "stride", "padding", "dilation"
    usual = None, 1, 0, 1  # what is not written

    def __init__(self, size, stride, padding, dilation):
        self.size, self.stride, self.padding, self.dilation = size, stride, padding, dilation

    @property
    def window(self):
        return self.size, self.stride, self.padding, self.dilation

    def formula(self, *operands):
        values = [vars(self)[name] if name == "lengths" else alike(vars(self)[name]) for name in self.made_with]
        options = zip(self.made_with, values, self.usual)
        shown = [f"{name}={written(value)}" for name, value, usual in options if value != usual]
        return f"{self.symbol}({', '.join([*operands, *shown])})"

    def places(self, lengths):
        """How many places a window has along each axis. Raises ValueError where it has none."""
        spans = [d * (k - 1) + 1 for k, d in zip(self.size, self.dilation)]
        padded = [n + 2 * p for n, p in zip(lengths, self.padding)]
        if len(lengths) != len(spans) or any(span > n for span, n in zip(spans, padded)):
            raise ValueError(f"windows that span {written(tuple(spans))} do not fit into {written(tuple(padded))}")
        return tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, self.stride))

    def slices(self, offset, places):
        """Where the elements at one offset of all windows are, along the padded axes."""
        found = [(i * d, s, n) for i, d, s, n in zip(offset, self.dilation, self.stride, places)]
        return tuple(slice(a, a + s * (n - 1) + 1, s if s > 1 else None) for a, s, n in found)

    def windows(self, padded):
        """A view of padded images (channels, *lengths, instances): (channels, *size, *places, instances)."""
        axes = range(1, 1 + len(self.size))
        spans = tuple(d * (k - 1) + 1 for k, d in zip(self.size, self.dilation))
        windows = sliding_window_view(padded, spans, axis=tuple(axes))  # (channels, *starts, instances, *spans)
        steps = 1, *self.stride, 1, *self.dilation
        if any(step != 1 for step in steps):
            windows = windows[tuple(slice(None, None, step) for step in steps)]
        return windows.transpose((0, *[len(spans) + 1 + axis for axis in axes], *axes, len(spans) + 1))

    def sources(self, shape):
        """The patches of an array of the shape: which of its elements each element is, from 1; 0 of padding."""
        return Im2Col(*self.window).forward(numbered(shape) + 1)

    def inner(self, lengths):
        """Where the elements themselves are, along the padded axes."""
        return tuple(slice(p, p + n) for p, n in zip(self.padding, lengths))


def alike(numbers):
    """(2, 2) as 2."""
    return numbers[0] if isinstance(numbers, tuple) and len({*numbers}) == 1 else numbers


def batch_last(x):
    """(instances, *rest) as (*rest, instances)."""
    return x.transpose((*range(1, len(x.shape)), 0))


def batch_first(x):
    """(*rest, instances) as (instances, *rest)."""
    return x.transpose((len(x.shape) - 1, *range(len(x.shape) - 1)))


class Im2Col(Windowed):
    """The patches of images as columns: (instances, channels * size, places), as PyTorch's unfold has them.

    fill        what the padding holds
    """

    symbol = "im2col"
    moves = True

    def __init__(self, size, stride, padding, dilation, fill=0.0):
        super().__init__(size, stride, padding, dilation)
        self.fill = fill

    def forward(self, x):
        n, channels, *lengths = x.shape
        places = self.places(lengths)
        padded = np.empty_like(x, order="C", shape=(channels, *grown(lengths, self.padding), n))
        if any(self.padding):
            padded[...] = self.fill
        padded[(slice(None), *self.inner(lengths))] = batch_last(x)
        patches = np.empty_like(x, order="C", shape=(channels, *self.size, *places, n))
        patches[...] = self.windows(padded)
        return batch_first(patches.reshape(channels * math.prod(self.size), math.prod(places), n))

    def pull(self, upstream, out, x, needs):
        return [Col2Im(*self.window, x.shape[2:])(upstream)]

    def scalars(self, x):
        return array_of([constant(self.fill), *x.flat], x.size + 1)[self.sources(x.shape)]

    def scalar_count(self, out, x):
        return not self.sources(x.shape).all()


class Col2Im(Windowed):
    """Patches (instances, channels * size, places) added up where they came from in images: im2col, transposed."""

    symbol = "col2im"
    made_with = "lengths", *Windowed.made_with
    usual = None, *Windowed.usual

    def __init__(self, size, stride, padding, dilation, lengths):
        super().__init__(size, stride, padding, dilation)
        self.lengths = tuple(lengths)

    @halves_widened
    def forward(self, x):
        places = self.places(self.lengths)
        if len(x.shape) != 3 or x.shape[1] % math.prod(self.size) or x.shape[2] != math.prod(places):
            needed = f"channels * {math.prod(self.size)}, {math.prod(places)}"
            raise ValueError(f"must be (instances, {needed}), as im2col makes them")
        n, rows, _ = x.shape
        patches = batch_last(x).reshape(rows // math.prod(self.size), *self.size, *places, n)
        padded = np.empty_like(x, order="C", shape=(len(patches), *grown(self.lengths, self.padding), n))
        padded[...] = 0
        for offset in np.ndindex(self.size):
            part = padded[(slice(None), *self.slices(offset, places))]
            np.add(part, patches[(slice(None), *offset)], out=part)
        return batch_first(padded[(slice(None), *self.inner(self.lengths))])

    def pull(self, upstream, out, x, needs):
        return [Im2Col(*self.window)(upstream)]

    def scalars(self, x):
        out = (x.shape[0], x.shape[1] // math.prod(self.size), *self.lengths)
        found = collected(total, x, self.sources(out), (1 + math.prod(out),))
        return found[1:].reshape(out)

    def scalar_count(self, out, x):
        return np.count_nonzero(np.bincount(self.sources(out.shape).ravel(), minlength=1 + out.size)[1:] != 1)


def grown(lengths, padding):
    return [n + 2 * p for n, p in zip(lengths, padding)]


# ---- functions


def per_axis(value: int | tuple[int, ...], d: int, of: str, least: int = 1) -> tuple[int, ...]:
    """One number for each of d axes, from one for all or from a tuple of them."""
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,) * d
    if len(numbers) != d or any(not isinstance(n, (int, np.integer)) or n < least for n in numbers):
        raise ValueError(f"{of}={value}: needs a whole number of at least {least}, or {d} of them, one an axis")
    return numbers


def im2col(x: Any, size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """The patches of images (instances, channels, *lengths) as columns: (instances, channels * size, places).

    As PyTorch's unfold has them, of signals too; a convolution is `weight.reshape(filters, -1) @ im2col(x, size)`.

    >>> im2col(np.array([[[1.0, 2.0, 4.0, 8.0]]]), 2).tolist()
    [[[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]]
    """
    d = max(1, np.ndim(data_of(x)) - 2)
    return Im2Col(**window_of(d, size, stride, padding, dilation))(x)


def col2im(x: Any, lengths: tuple[int, ...], size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """Patches (instances, channels * size, places) added up where they came from: (instances, channels, *lengths).

    The transpose of im2col, and so its backward pass. As PyTorch's fold.

    >>> col2im(np.array([[[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]]), (4,), 2).tolist()
    [[[1.0, 4.0, 8.0, 8.0]]]
    """
    return Col2Im(**window_of(len(lengths), size, stride, padding, dilation), lengths=lengths)(x)


def window_of(d: int, size: Any, stride: Any, padding: Any, dilation: Any) -> dict[str, Any]:
    """What a window of d axes is made with, as tuples."""
    named = {"size": size, "stride": stride, "padding": padding, "dilation": dilation}
    return {name: per_axis(value, d, name, int(name != "padding")) for name, value in named.items()}
