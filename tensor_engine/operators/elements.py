"""Arrays of Values: what array operators are made of, when they are opened into scalars.

Each function makes the Values behind an output from those behind the inputs, by the scalar engine's operators.
"""

import math
from functools import reduce

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.value import Value


def array_of(values, shape):
    """A list of Values as an array."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def each(op, *arrays):
    """A scalar operator on every element; the arrays broadcast."""
    arrays = np.broadcast_arrays(*arrays)
    return array_of([Value.apply_operator(op, *xs) for xs in zip(*[x.flat for x in arrays])], arrays[0].shape)


def along(function, x, axes, keepdims=False):
    """An array with one Value, `function` of a list of Values, instead of the axes."""
    axes = sorted(axis % x.ndim for axis in axes)
    kept = [n for axis, n in enumerate(x.shape) if axis not in axes]
    rows = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(math.prod(kept), -1 if x.size else 0)
    out = array_of([function(list(row)) for row in rows], kept)
    return np.expand_dims(out, axes) if keepdims else out


def collected(function, x, targets, shape):
    """An array of the shape whose element i is `function` of the list of all elements of x with target i."""
    groups = [[] for _ in range(math.prod(shape))]
    for value, target in zip(x.flat, targets.flat):
        groups[target].append(value)
    return array_of([function(group) for group in groups], shape)


def numbered(shape):
    """An array of the shape that holds 0, 1, 2, ...: every element says which one it is."""
    return np.arange(math.prod(shape)).reshape(shape)


def constant(number):
    return Value(number, requires_grad=False)


# ---- functions of a list of Values


def total(xs):
    """Their sum; no new node for a single one, and the constant 0 for none."""
    if not xs:
        return constant(0.0)
    return scalar.sum(xs) if len(xs) > 1 else xs[0]


def extreme(larger, xs):
    """The largest (smallest) of a list, `larger` being maximum (minimum); equal ones share its derivative evenly.

    Maximum shares between two. Of more (finite) ones, it is the mean of those that equal it: dot(mask, x) / sum(mask).
    """
    out = reduce(larger, xs)
    if len(xs) <= 2:
        return out
    mask = [scalar.equal(x, out) for x in xs]
    return scalar.dot(mask, xs) / scalar.sum(mask)
