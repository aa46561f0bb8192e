"""Convolution of signals (instances, channels, length) and images (instances, channels, height, width).

A convolution is one product of matrices for each row of places: the filters times the patches that they see there, as
im2col cuts them out. But few elements are copied: with the rows of images outermost in memory, and in each row every
channel once for each offset along the row, the patches of a row of places lie there as a matrix, which overlaps the
next one.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from scalar_engine.graph import data_of

from ..kernels import halves_widened
from .array_operator import written
from .windows import Col2Im, Im2Col, Windowed, batch_first, batch_last, window_of


class Sliding(Windowed):
    """Filters slid along arrays (instances, channels, *lengths), in each of `groups` along its channels only.

    Matrices are (groups, rows, ..., length of a row * instances), those of filters (groups, 1, ...).
    """

    made_with = "stride", "padding", "dilation", "groups"
    usual = 1, 0, 1, 1

    def __init__(self, size, stride, padding, dilation, groups):
        super().__init__(size, stride, padding, dilation)
        self.groups = groups

    @property
    def along(self):
        """The windows' (size, stride, padding, dilation) across the rows, and along a row."""
        across = [] if len(self.size) == 2 else [(1, 1, 0, 1)]
        return [*across, *zip(*self.window)]

    @property
    def extent(self):
        """The height and width of a filter."""
        return of_image(self.size)

    def rows_of(self, x):
        """(instances, channels, *lengths) as (groups, rows, channels / groups, length, instances)."""
        n, channels, *lengths = x.shape
        return x.reshape(n, self.groups, channels // self.groups, *of_image(lengths)).transpose(1, 3, 2, 4, 0)

    def matrices_of(self, x):
        """The same with the rows of all instances end to end, as products take them."""
        x = self.rows_of(x)
        return x.reshape(*x.shape[:3], x.shape[3] * x.shape[4])

    def images_of(self, rows, lengths):
        """What `rows_of` makes of images, put back."""
        groups, _, channels, _, n = rows.shape
        return batch_first(rows.transpose(0, 2, 1, 3, 4).reshape(groups * channels, *lengths, n))

    def filters_of(self, w):
        """w (filters, channels / groups, *size) as matrices, a row a filter: its elements as in those of patches."""
        height, width = self.extent
        filters, channels = w.shape[:2]
        w = w.reshape(self.groups, 1, filters // self.groups, channels, height, width).transpose(0, 1, 2, 4, 3, 5)
        return w.reshape(*w.shape[:3], height * channels * width)

    def by_filters(self, patches, y, shape):
        """The derivative by the filters, of that shape, of what they make of patches: y is the derivative by it."""
        height, width = self.extent
        found = (patches @ self.matrices_of(y).swapaxes(2, 3)).sum(axis=1)
        found = found.reshape(self.groups, height, shape[1], width, shape[0] // self.groups)
        return found.transpose(0, 4, 2, 1, 3).reshape(shape)


def of_image(lengths):
    """The two lengths of an image; a signal is one row."""
    return tuple(lengths) if len(lengths) == 2 else (1, *lengths)


class Patches(Sliding):
    """What im2col gives, as a matrix for each row of places, of which neighbouring ones share their memory.

    (groups, rows of places, height * channels / groups * width, places in a row * instances)
    """

    symbol = "patches"
    moves = True
    made_with = "size", *Sliding.made_with
    usual = None, *Sliding.usual

    def forward(self, x):
        (height, down, above, apart), (width, step, before, aside) = self.along
        rows_of_places, places = of_image(self.places(x.shape[2:]))
        x = self.rows_of(x)
        groups, rows, channels, length, n = x.shape
        padded = surrounded(x, (groups, rows, channels, length + 2 * before, n), 3, before)
        offsets = sliding_window_view(padded, aside * (width - 1) + 1, axis=3)[:, :, :, ::step, :, ::aside]
        offsets = offsets.transpose(0, 1, 2, 5, 3, 4)
        spread = surrounded(offsets, (groups, rows + 2 * above, channels, width, places, n), 1, above)
        patches = sliding_window_view(spread, apart * (height - 1) + 1, axis=1)[:, ::down, ..., ::apart]
        patches = patches.transpose(0, 1, 6, 2, 3, 4, 5)
        return patches.reshape(groups, rows_of_places, height * channels * width, places * n)

    def pull(self, upstream, out, x, needs):
        return [self.put_back(upstream, x.shape)]

    def put_back(self, patches, shape):
        """Patches added up where they came from in images of the shape."""
        height, width = self.extent
        n, channels, *lengths = shape
        places = of_image(self.places(lengths))
        columns = patches.reshape(self.groups, places[0], height, channels // self.groups, width, places[1], n)
        columns = columns.transpose(6, 0, 3, 2, 4, 1, 5).reshape(n, channels * height * width, places[0] * places[1])
        return Col2Im(*self.window, lengths)(columns)

    def composition(self, x):
        height, width = self.extent
        n, channels, *lengths = x.shape
        places = of_image(self.places(lengths))
        columns = Im2Col(*self.window)(x).reshape(n, self.groups, channels // self.groups, height, width, *places)
        columns = columns.transpose(1, 5, 3, 2, 4, 6, 0)
        return columns.reshape(*columns.shape[:2], height * columns.shape[3] * width, places[1] * n)


def surrounded(x, shape, axis, padding):
    """x in an array of the shape, with zeros before and behind it along the axis."""
    out = np.empty_like(x, order="C", shape=shape)
    before = (slice(None),) * axis
    if padding:
        out[(*before, slice(None, padding))] = 0
        out[(*before, slice(-padding, None))] = 0
    out[(*before, slice(padding, shape[axis] - padding))] = x
    return out


class Convolution(Sliding):
    """The product of filters with patches: x (instances, channels, *lengths), w (filters, channels / groups, *size).

    The bias b (filters,) may be left out. The patches are kept for the backward pass.
    """

    keeps = True

    @property
    def symbol(self):
        return f"conv{len(self.size)}d"

    @property
    def kept(self):
        return Patches(*self.window, self.groups)

    def forward(self, x, w, *b):
        return self.forward_keeping(x, w, *b)[0]

    def forward_keeping(self, x, w, *b):
        self.require_fitting(x.shape, w.shape, *[bias.shape for bias in b])
        patches, places = self.kept.forward(x), self.places(x.shape[2:])
        out = np.matmul(self.filters_of(w), patches)
        for bias in b:
            fits = np.can_cast(bias.dtype, out.dtype)
            out = np.add(out, bias.reshape(self.groups, 1, out.shape[2], 1), out=out if fits else None)
        return self.images_of(out.reshape(*out.shape[:3], places[-1], x.shape[0]), places), patches

    def pull(self, upstream, out, x, w, *more, needs):
        patches = more[-1] if len(more) > len(needs) - 2 else None
        by_x = by_w = None
        if needs[0]:
            by_x = Transposed(*self.window, self.groups, x.shape[2:])(upstream, w)
        if needs[1]:
            by_w = self.by_filters(self.kept(x) if patches is None else patches, upstream, w.shape)
        by_b = [self.matrices_of(upstream).sum(axis=3).sum(axis=1).reshape(-1) if need else None for need in needs[2:]]
        return [by_x, by_w, *by_b]

    def composition(self, x, w, *b):
        columns = batch_last(Im2Col(*self.window)(x))
        columns = columns.reshape(self.groups, columns.shape[0] // self.groups, -1)
        out = (w.reshape(self.groups, w.shape[0] // self.groups, -1) @ columns).reshape(w.shape[0], -1)
        for bias in b:
            out = out + bias.reshape(-1, 1)
        return batch_first(out.reshape(w.shape[0], *self.places(x.shape[2:]), x.shape[0]))

    def require_fitting(self, x, w, *b):
        """Raise ValueError if the shapes of images, filters and bias do not fit."""
        axes = len(self.size) + 2
        if len(x) != axes or len(w) != axes:
            raise ValueError(f"both must have {axes} axes: (instances, channels, ...), and (filters, channels, ...)")
        if x[1] != w[1] * self.groups:
            of_groups = f" in each of {self.groups} groups" if self.groups > 1 else ""
            raise ValueError(f"axis 1: the input has {x[1]} channels, the weight's filters take {w[1]}{of_groups}")
        if w[0] % self.groups:
            raise ValueError(f"axis 0 of the weight: {w[0]} filters do not go into {self.groups} groups")
        if b and b[0] != (w[0],):
            raise ValueError(f"the bias must have shape ({w[0]},), a number for each filter")


class Transposed(Sliding):
    """The transpose of a convolution, and so its backward pass: y (instances, filters, *places), w as there.

    Each number of y puts its filter, times itself, into images of `lengths`, where what overlaps is added up.
    """

    made_with = "lengths", *Sliding.made_with
    usual = None, *Sliding.usual

    def __init__(self, size, stride, padding, dilation, groups, lengths):
        super().__init__(size, stride, padding, dilation, groups)
        self.lengths = tuple(lengths)

    @property
    def symbol(self):
        return f"conv_transpose{len(self.size)}d"

    @property
    def convolution(self):
        return Convolution(*self.window, self.groups)

    @halves_widened
    def forward(self, y, w):
        (height, width), (_, step, before, aside) = self.extent, self.along[1]
        if y.shape[2:] != self.places(self.lengths):
            needed = written(self.places(self.lengths))
            raise ValueError(f"images {written(self.lengths)} have {needed} places, not {written(y.shape[2:])}")
        rows, length = of_image(self.lengths)
        y = self.rows_of(y)
        groups, _, filters, places, n = y.shape
        seen = self.seen_from(y, rows)  # (groups, rows, height * filters, places * n)
        w = w.reshape(groups, 1, filters, w.shape[1], height, width)[..., ::-1, :].transpose(0, 1, 3, 5, 4, 2)
        found = np.matmul(w.reshape(groups, 1, w.shape[2] * width, height * filters), seen)
        found = found.reshape(groups, rows, w.shape[2], width, places, n)
        padded = np.empty_like(y, order="C", shape=(groups, rows, w.shape[2], length + 2 * before, n))
        padded[...] = 0
        for j in range(width):
            part = padded[:, :, :, j * aside : j * aside + step * (places - 1) + 1 : step]
            np.add(part, found[:, :, :, j], out=part)
        return self.images_of(padded[:, :, :, before : before + length], self.lengths)

    def seen_from(self, y, rows):
        """The rows of places whose windows reach a row, the highest first, as a matrix for each row of the images."""
        (height, down, above, apart), _ = self.along
        groups, rows_of_places, filters, places, n = y.shape
        reach = apart * (height - 1)
        spread = np.empty_like(y, order="C", shape=(groups, rows + reach, filters, places, n))
        spread[...] = 0
        hidden = max(0, -((reach - above) // down))  # rows of places that see nothing but padding
        part = spread[:, reach - above + hidden * down :: down]
        part[:, : rows_of_places - hidden] = y[:, hidden : hidden + part.shape[1]]
        seen = sliding_window_view(spread, reach + 1, axis=1)[..., ::apart].transpose(0, 1, 5, 2, 3, 4)
        return seen.reshape(groups, rows, height * filters, places * n)

    def pull(self, upstream, out, y, w, needs):
        by_y = self.convolution(upstream, w) if needs[0] else None
        by_w = self.by_filters(self.convolution.kept(upstream), y, w.shape) if needs[1] else None
        return [by_y, by_w]

    def composition(self, y, w):
        patches = self.filters_of(w).swapaxes(2, 3) @ self.matrices_of(y)
        return self.convolution.kept.put_back(patches, (y.shape[0], self.groups * w.shape[1], *self.lengths))


# ---- functions


def convolution(d: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    size = np.shape(data_of(weight))[2:]
    if len(size) != d:
        raise ValueError(f"conv{d}d: the weight has shape {np.shape(data_of(weight))}, not (filters, channels, *size)")
    operands = [x, weight] if bias is None else [x, weight, bias]
    return Convolution(**window_of(d, size, stride, padding, dilation), groups=groups)(*operands)


def conv1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Filters slid along signals: out[n, o, i] = bias[o] + sum over c, j of weight[o, c, j] * x[n, c, i + j].

    x (instances, channels, length), weight (filters, channels / groups, size), bias (filters,), as in PyTorch: stride
    is how far a filter moves, padding how many zeros are put at both ends, dilation how far its elements are apart;
    the filters of one of `groups` see its channels only.

    >>> conv1d(np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]])).tolist()
    [[[1.0, 2.0, 4.0]]]
    """
    return convolution(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Filters slid over images: out[n, o, y, x] = bias[o] + sum of weight[o, c, i, j] * image[n, c, y + i, x + j].

    x (instances, channels, height, width), weight (filters, channels / groups, height, width), bias (filters,), as in
    PyTorch: stride, padding with zeros and dilation are a number, or one for each of both axes; the filters of one of
    `groups` see its channels only. Raises ValueError where shapes do not fit.

    >>> image = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    >>> conv2d(image, np.array([[[[1.0, 0.0], [0.0, -1.0]]]])).tolist()
    [[[[-4.0, -4.0], [-4.0, -4.0]]]]
    """
    return convolution(2, x, weight, bias, stride, padding, dilation, groups)
