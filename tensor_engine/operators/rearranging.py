"""Array operators that move elements about: shapes, broadcasting, types, choosing and joining.

Each gradient goes back the way its element came. As in reductions.py, a pull is made of operators and of the notation
that arrays and Tensors share, so that it runs on both.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from scalar_engine.graph import Node, data_of

from ..errors import alignment, joining
from ..kernels import halves_widened
from .array_operator import ArrayOperator, filled, is_choice, key_of, listed, may_repeat, written
from .elements import collected, numbered, total

# ---- shapes and types


class Reshape(ArrayOperator):
    symbol = "reshape"
    postfix = True
    moves = True

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return np.reshape(x, self.shape)

    def pull(self, upstream, out, x, needs):
        return [upstream.reshape(x.shape)]

    def formula(self, x):
        return f"{x}.reshape({listed(self.shape)})"


class Transpose(ArrayOperator):
    """axes: the order of the input's axes in the output, as for np.transpose."""

    symbol = "transpose"
    postfix = True
    moves = True

    def __init__(self, axes):
        self.axes = axes

    def forward(self, x):
        return np.transpose(x, self.axes)

    def pull(self, upstream, out, x, needs):
        axes = [axis % len(self.axes) for axis in self.axes]
        return [upstream.transpose(tuple(axes.index(i) for i in range(len(axes))))]

    def formula(self, x):
        n = len(self.axes)
        reverses = [axis % n for axis in self.axes] == [*reversed(range(n))]
        return f"{x}.T" if reverses else f"{x}.transpose({listed(self.axes)})"


class BroadcastTo(ArrayOperator):
    """An array repeated along new and along length-1 axes; SumTo, its transpose, undoes it.

    Every operand that takes a gradient and is broadcast by an elementwise operator goes through here, so that no rule
    of these has to undo it.
    Two operators broadcast by themselves, and undo it in their own pulls: `@` its batches, `linear` its bias.
    """

    symbol = "broadcast_to"
    implied = True
    moves = True

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        out = np.broadcast_to(x, self.shape)
        return out if np.ndim(x) else np.copy(out)

    def pull(self, upstream, out, x, needs):
        return [SumTo(x.shape)(upstream)]


class SumTo(ArrayOperator):
    """An array summed over the axes along which one of `shape` would be repeated: the transpose of BroadcastTo."""

    symbol = "sum_to"

    def __init__(self, shape):
        self.shape = shape

    @halves_widened
    def forward(self, x):
        new = x.ndim - len(self.shape)
        repeated = [new + i for i, n in enumerate(self.shape) if n == 1 and x.shape[new + i] != 1]
        return np.add.reduce(x, axis=(*range(new), *repeated)).reshape(self.shape)

    def pull(self, upstream, out, x, needs):
        return [BroadcastTo(x.shape)(upstream)]

    def scalars(self, x):
        return collected(total, x, np.broadcast_to(numbered(self.shape), x.shape), self.shape)

    def scalar_count(self, out, x):
        return out.size * (x.size != out.size)


class Cast(ArrayOperator):
    symbol = "cast"
    postfix = True
    moves = True

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)

    def forward(self, x):
        return x.astype(self.dtype)

    def pull(self, upstream, out, x, needs):
        return [Cast(x.dtype)(upstream)]

    def formula(self, x):
        return f"{x}.astype({self.dtype})"

    def scalars(self, x):
        return x


# ---- choosing and joining


class Index(ArrayOperator):
    """x[key], for any key that NumPy takes: slices, integers, arrays of either integers or booleans.

    Arrays may be operands, behind x: the key has a PLACE for each.
    """

    symbol = "index"
    postfix = True
    moves = True
    chooses = True

    def __init__(self, key):
        self.key = key_of(key)

    def forward(self, x, *arrays):
        return x[filled(self.key, arrays)]

    def pull(self, upstream, out, x, *arrays, needs):
        return [Scatter(self.key, x.shape)(upstream, *arrays), *[None] * len(arrays)]

    def formula(self, x, *arrays):
        return f"{x}[{listed(filled(self.key, arrays))}]"


class Scatter(ArrayOperator):
    """Zeros of `shape` with the input added at [key]: the transpose of Index. An element named twice gets both."""

    symbol = "scatter"
    chooses = True

    def __init__(self, key, shape):
        self.key = key_of(key)
        self.shape = shape

    def forward(self, x, *arrays):
        out, key = np.zeros_like(x, shape=self.shape), filled(self.key, arrays)
        if may_repeat(key):
            np.add.at(out, key, x)
        else:
            out[key] = x
        return out

    def pull(self, upstream, out, x, *arrays, needs):
        return [Index(self.key)(upstream, *arrays), *[None] * len(arrays)]

    def formula(self, x, *arrays):
        return f"scatter({x}, [{listed(filled(self.key, arrays))}], {written(self.shape)})"

    def scalars(self, x, *arrays):
        return collected(total, x, np.asarray(numbered(self.shape)[filled(self.key, arrays)]), self.shape)

    def scalar_count(self, out, x, *arrays):
        named = np.ravel(numbered(out.shape)[filled(self.key, arrays)])
        return np.count_nonzero(np.bincount(named, minlength=out.size) != 1)


class Concatenate(ArrayOperator):
    symbol = "concatenate"
    moves = True

    def __init__(self, axis):
        self.axis = axis

    def forward(self, *xs):
        return np.concatenate(xs, axis=self.axis)

    def pull(self, upstream, out, *xs, needs):
        before = (slice(None),) * (self.axis % len(out.shape))
        stops = np.cumsum([x.shape[self.axis] for x in xs]).tolist()
        parts = zip([0, *stops], stops, needs)
        return [Index((*before, slice(a, b)))(upstream) if need else None for a, b, need in parts]

    def formula(self, *operands):
        return f"concatenate([{', '.join(operands)}], axis={self.axis})"

    def mismatch(self, error, *shapes):
        return super().mismatch(joining(shapes, self.axis) or error, *shapes)


class Where(ArrayOperator):
    """a where the array `condition` is true, b elsewhere; without an array, the condition is the first operand."""

    symbol = "where"
    moves = True
    chooses = True

    def __init__(self, condition=None):
        self.condition = None if condition is None else np.array(condition)  # the caller may fill his array anew

    def forward(self, *operands):
        return np.where(*self.with_condition(operands))

    def pull(self, upstream, out, *operands, needs):
        *condition, _, _ = operands
        by_a = self(*condition, upstream, 0.0) if needs[-2] else None
        by_b = self(*condition, 0.0, upstream) if needs[-1] else None
        return [*[None] * len(condition), by_a, by_b]

    def formula(self, *operands):
        return f"where({', '.join(map(written, self.with_condition(operands)))})"

    def with_condition(self, operands):
        return operands if self.condition is None else (self.condition, *operands)


def one_axis(name, axis):
    """The axis, if it is one, and not another Tensor that should stand in the list."""
    if np.ndim(data_of(axis)):
        raise TypeError(f"{name}: takes a list of Tensors, and one axis: {name}([x, y])")
    return axis


def concatenate(tensors: Iterable[Any], axis: int = 0) -> Any:
    """The Tensors joined along an axis that they have; their other axes must be equal.

    >>> concatenate([np.zeros((1, 2)), np.ones((2, 2))]).tolist()
    [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
    """
    return Concatenate(one_axis("concatenate", axis))(*tensors)


def stack(tensors: Iterable[Any], axis: int = 0) -> Any:
    """The Tensors, all of one shape, joined along a new axis.

    >>> stack([np.zeros(2), np.ones(2)], axis=1).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    tensors = list(tensors)
    shapes = [np.shape(data_of(x)) for x in tensors]
    if len(set(shapes)) != 1:
        raise ValueError(f"stack: {', '.join(map(str, shapes)) or 'nothing'}, needs one Tensor or more, of one shape")
    shape = list(shapes[0])
    axis = one_axis("stack", axis)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return concatenate([Reshape(tuple(shape))(x) for x in tensors], axis)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the array of booleans `condition` is true, b elsewhere; all three broadcast.

    >>> where([True, False], np.array([[1.0, 2.0], [3.0, 4.0]]), 0.0).tolist()
    [[1.0, 0.0], [3.0, 0.0]]
    """
    operands = [condition] if is_choice(condition) else []
    condition = np.asarray(data_of(condition))
    shapes = [np.shape(data_of(x)) for x in (condition, a, b)]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"where: {', '.join(map(str, shapes))}, {alignment(shapes)}") from None
    nodes = [x.data for x in (a, b) if isinstance(x, Node)]
    if nodes:  # beside which an array of integers holds numbers, and chooses nothing
        whole = [isinstance(x, np.ndarray) and x.dtype.kind in "biu" for x in (a, b)]
        a, b = (x.astype(np.result_type(nodes[0])) if is_whole else x for x, is_whole in zip((a, b), whole))
    a, b = (BroadcastTo(shape)(x) if isinstance(x, Node) and np.shape(x.data) != shape else x for x in (a, b))
    return Where(None if operands else condition)(*operands, a, b)
