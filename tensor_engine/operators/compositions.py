"""Functions of arrays composed of the operators in rearranging.py: they move elements about, as NumPy's of their names.

Each takes Tensors and arrays. Two products of more axes than `@` has are here too.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from scalar_engine.graph import data_of

from .array_operator import key_and_operands
from .rearranging import BroadcastTo, Index, Reshape, Scatter, Transpose, where

Axes = int | tuple[int, ...]


def shape_of(x):
    return np.shape(data_of(x))


# ---- axes


def squeeze(x: Any, axis: Axes | None = None) -> Any:
    """x without its axes of length 1, or without those that are said.

    >>> squeeze(np.zeros((1, 3, 1)), axis=0).shape
    (3, 1)
    """
    shape = shape_of(x)
    axes = normalize_axis_tuple(axis, len(shape), "squeeze") if axis is not None else range(len(shape))
    gone = {i for i in axes if shape[i] == 1}
    if axis is not None and len(gone) < len(axes):
        raise ValueError(f"squeeze: {shape}, axis {axis} is not of length 1")
    return Reshape(tuple(n for i, n in enumerate(shape) if i not in gone))(x)


def expand_dims(x: Any, axis: Axes) -> Any:
    """x with a new axis of length 1 in this place of the result, or with several.

    >>> expand_dims(np.zeros(3), axis=-1).shape
    (3, 1)
    """
    shape = shape_of(x)
    n = len(shape) + len(axis if isinstance(axis, tuple) else (axis,))
    axes, old = normalize_axis_tuple(axis, n, "expand_dims"), iter(shape)
    return Reshape(tuple(1 if i in axes else next(old) for i in range(n)))(x)


def ravel(x: Any, order: str = "C") -> Any:
    """The elements of x along one axis, row by row (order "C").

    >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    if order != "C":
        raise ValueError(f'ravel, flatten: order "C", not {order!r}; for (instances, features): x.reshape(len(x), -1)')
    return Reshape((-1,))(x)


def moveaxis(x: Any, source: Axes, destination: Axes) -> Any:
    """x with axes moved to other places, the others in their order.

    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    n = len(shape_of(x))
    sources = normalize_axis_tuple(source, n, "moveaxis")
    destinations = normalize_axis_tuple(destination, n, "moveaxis")
    if len(sources) != len(destinations):
        raise ValueError(f"moveaxis: {len(sources)} axes cannot go to {len(destinations)} places")
    order = [i for i in range(n) if i not in sources]
    for place, axis in sorted(zip(destinations, sources)):
        order.insert(place, axis)
    return Transpose(tuple(order))(x)


def split(x: Any, sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x in as many equal parts along an axis; or, by a list, cut before each of these elements.

    >>> [part.tolist() for part in split(np.arange(4.0), [1, 3])]
    [[0.0], [1.0, 2.0], [3.0]]
    """
    shape = shape_of(x)
    axis = normalize_axis_index(axis, len(shape), "split")
    n = shape[axis]
    if isinstance(sections, (int, np.integer)):
        if sections < 1 or n % sections:
            raise ValueError(
                f"split: {shape}, axis {axis} cannot be cut into {sections} equal parts: say where, as in [2, 5]"
            )
        sections = [n // sections * i for i in range(1, sections)]
    parts = zip([0, *sections], [*sections, n])
    return [Index((slice(None),) * axis + (slice(start, stop),))(x) for start, stop in parts]


# ---- elements again, in another order, or more of them


def tile(x: Any, reps: int | Sequence[int]) -> Any:
    """x as a tile, laid so many times along each axis, the last ones if there are fewer numbers.

    >>> tile(np.array([1.0, 2.0]), (2, 2)).tolist()
    [[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]
    """
    counts, shape = (reps,) if isinstance(reps, (int, np.integer)) else tuple(reps), shape_of(x)
    n = max(len(counts), len(shape))
    counts, shape = (1,) * (n - len(counts)) + counts, (1,) * (n - len(shape)) + shape
    apart = Reshape(tuple(i for size in shape for i in (1, size)))(x)
    laid = BroadcastTo(tuple(i for pair in zip(counts, shape) for i in pair))(apart)
    return Reshape(tuple(count * size for count, size in zip(counts, shape)))(laid)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element so often, one after the other, along an axis, or of all elements; `repeats` may differ.

    >>> repeat(np.array([1.0, 2.0]), [1, 3]).tolist()
    [1.0, 2.0, 2.0, 2.0]
    """
    x, axis = with_axis("repeat", x, axis)
    return take(x, np.repeat(np.arange(shape_of(x)[axis]), repeats), axis)


def roll(x: Any, shift: Axes, axis: Axes | None = None) -> Any:
    """The elements moved on along an axis, or several; what goes over the end comes in at the start.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1).tolist()
    [3.0, 1.0, 2.0]
    """
    if axis is None:
        return Reshape(shape_of(x))(roll(ravel(x), shift, 0))
    shape = shape_of(x)
    axes = normalize_axis_tuple(axis, len(shape), "roll", allow_duplicate=True)
    for by, each in np.broadcast(shift, axes):
        x = take(x, (np.arange(shape[each]) - by) % max(shape[each], 1), int(each))
    return x


def flip(x: Any, axis: Axes | None = None) -> Any:
    """The elements in reverse order along an axis, several, or all.

    >>> flip(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1).tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    n = len(shape_of(x))
    axes = range(n) if axis is None else normalize_axis_tuple(axis, n, "flip")
    return Index(tuple(slice(None, None, -1 if i in axes else None) for i in range(n)))(x)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """x with elements around it: so many before and after along every axis, or (before, after) for each axis.

    mode            "constant", of `constant_values`, one number; or what repeats elements: "edge", "reflect",
                    "symmetric", "wrap"

    >>> pad(np.array([[1.0, 2.0]]), ((0, 1), (1, 1))).tolist()
    [[0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    shape = shape_of(x)
    widths = np.broadcast_to(pad_width, (len(shape), 2)).tolist()
    if min(map(min, widths), default=0) < 0:
        raise ValueError(f"pad: {pad_width}, widths are not negative: to take elements away, write x[1:-1]")
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap") or np.ndim(constant_values):
        raise ValueError(
            f'pad: mode={mode!r}, constant_values={constant_values}: the mode is "constant", of one number, or "edge", '
            f'"reflect", "symmetric" or "wrap"'
        )
    if mode != "constant":
        for axis, (n, width) in enumerate(zip(shape, widths)):
            x = take(x, np.pad(np.arange(n), width, mode), axis)  # type: ignore[call-overload]
        return x
    padded = tuple(before + n + after for n, (before, after) in zip(shape, widths))
    key = tuple(slice(before, before + n) for n, (before, _) in zip(shape, widths))
    out = Scatter(key, padded)(x)
    if not constant_values:
        return out
    inside = np.zeros(padded, bool)
    inside[key] = True
    return where(inside, out, constant_values)


# ---- chosen elements


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements with these indices along an axis, or among all elements, where -1 is the last, as in NumPy.

    An `operand` of indices stays one.

    >>> take(np.array([[1.0, 2.0, 3.0]]), [2, 0, 0], axis=1).tolist()
    [[3.0, 1.0, 1.0]]
    """
    x, axis = with_axis("take", x, axis)
    require_integers("take", indices)
    key, operands = key_and_operands((slice(None),) * axis + (indices,))
    return Index(key)(x, *operands)


def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    """For each line along an axis its own elements, as `argsort` gives them; PyTorch's gather.

    >>> take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1).tolist()
    [[2.0], [3.0]]
    """
    shape, given = shape_of(x), shape_of(indices)
    axis = normalize_axis_index(axis, len(shape), "take_along_axis")
    require_integers("take_along_axis", indices)
    if len(given) != len(shape):
        raise ValueError(f"take_along_axis: {shape}, indices of {given}, which must have as many axes")
    places = [np.arange(n).reshape([-1 if i == j else 1 for j in range(len(shape))]) for i, n in enumerate(shape)]
    key, operands = key_and_operands((*places[:axis], indices, *places[axis + 1 :]))
    return Index(key)(x, *operands)


def require_integers(name, indices):
    if np.asarray(data_of(indices)).dtype == bool:
        raise IndexError(f"{name}: indices are integers; by an array of booleans, write x[mask]")


def one_hot(classes: Any, n: int, dtype: Any = np.float64) -> Any:
    """A row for each class, of n numbers: 1 in its place, and else 0. An `operand` of classes stays one.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    given = np.asarray(data_of(classes))
    if given.dtype.kind not in "iu" and given.size:
        raise IndexError(f"one_hot: the classes are integers, not {given.dtype}")
    for wrong in given[(given < 0) | (given >= n)]:
        raise IndexError(f"one_hot: class {wrong} of {n} classes (they count from 0)")
    return take(np.eye(n, dtype=dtype), classes, 0)


def diag(x: Any, k: int = 0) -> Any:
    """The matrix with the vector x on its k-th diagonal (above the main one if k > 0); of a matrix, that diagonal.

    >>> diag(np.array([1.0, 2.0])).tolist(), diag(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    ([[1.0, 0.0], [0.0, 2.0]], [1.0, 4.0])
    """
    shape = shape_of(x)
    if len(shape) not in (1, 2):
        raise ValueError(f"diag: {shape}, needs a vector or a matrix")
    below, right = max(-k, 0), max(k, 0)
    n = shape[0] if len(shape) == 1 else max(0, min(shape[0] - below, shape[1] - right))
    key = np.arange(n) + below, np.arange(n) + right
    return Index(key)(x) if len(shape) == 2 else Scatter(key, (n + abs(k), n + abs(k)))(x)


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangles of matrices (..., n, m), up to the k-th diagonal; 0 above.

    >>> tril(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    return where(lower(x, k), x, 0.0)


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangles of matrices (..., n, m), from the k-th diagonal on; 0 below.

    >>> triu(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    return where(lower(x, k - 1), 0.0, x)


def lower(x, k):
    """Whether an element of matrices like x is on the k-th diagonal or below it."""
    return np.tri(*shape_of(x)[-2:], k=k, dtype=bool)


def with_axis(name, x, axis):
    """x and the axis, from 0 on; without one, all elements of x, and their axis."""
    return (ravel(x), 0) if axis is None else (x, normalize_axis_index(axis, len(shape_of(x)), name))


# ---- products


def outer(a: Any, b: Any) -> Any:
    """Each element of a times each of b: (elements of a, elements of b).

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    return Reshape((-1, 1))(a) * Reshape((1, -1))(b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over axes of a and as many of b: the last and the first ones, if `axes` is their number.

    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    shapes = shape_of(a), shape_of(b)
    n = len(shapes[0])
    pair = (range(n - axes, n), range(axes)) if isinstance(axes, int) else axes
    summed = [normalize_axis_tuple(each, len(shape), "tensordot") for each, shape in zip(pair, shapes)]
    lengths = [[shape[i] for i in each] for each, shape in zip(summed, shapes)]
    if lengths[0] != lengths[1]:
        raise ValueError(f"tensordot: {shapes[0]}, {shapes[1]}, axes {axes} have lengths {lengths[0]} and {lengths[1]}")
    kept = [[i for i in range(len(shape)) if i not in each] for each, shape in zip(summed, shapes)]
    rows, columns = ([shape[i] for i in each] for each, shape in zip(kept, shapes))
    k = math.prod(lengths[0])
    left = Reshape((math.prod(rows), k))(Transpose((*kept[0], *summed[0]))(a))
    right = Reshape((k, math.prod(columns)))(Transpose((*summed[1], *kept[1]))(b))
    return Reshape((*rows, *columns))(left @ right)
