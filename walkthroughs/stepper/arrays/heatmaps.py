"""Arrays as plain data for the page: heat maps, and the numbers of the small ones."""

import math

import numpy as np

from ..quantities import brief

FEW = 256  # elements: of an array no larger, each is a cell
CELLS = 40  # the most rows and columns of a larger array's heat map, in which a cell is the mean of a block
WRITTEN = 2_000  # elements: of a vector or matrix no larger, each is a cell that has its number
LONGEST = 200  # rows and columns of such an array: more cells would be less than points of a screen
IMAGES = 12  # at most, side by side


def described(array, as_images):
    """An array as plain data: shape, dtype, the least, greatest and mean element, and a heat map.

    A cell is a byte, as two hexadecimal digits: 1 to 255 from the low to the high end of the scale, 0 for nan. The
    scale runs from -m to m, m the largest finite magnitude, so that zero has the middle colour; for images it
    runs from the least to the greatest element. Of four axes, the last two are a map each, side by side, or a matrix.
    """
    with np.errstate(all="ignore"):
        numbers = [array.min(), array.max(), mean(array)] if array.size else [math.nan] * 3
    found = {
        "shape": str(array.shape),
        "dtype": str(array.dtype),
        "min": brief(numbers[0]),
        "max": brief(numbers[1]),
        "mean": brief(numbers[2]),
        "nan": int(np.isnan(array).sum()),
    }
    has_room = array.size <= FEW or (array.size <= WRITTEN and max(array.shape) <= LONGEST)
    is_matrix = math.prod(array.shape[:-2]) == 1  # such as the one channel of one image
    is_written = array.size > 0 and is_matrix and has_room
    if is_written:
        found["written"] = [[brief(x) for x in row] for row in as_matrix(array)]
    finite = array[np.isfinite(array)].astype(float)
    if as_images and finite.size:
        low, high = finite.min(), finite.max()
        images = as_stack(array)[:IMAGES]
        found["images"] = [cells(image, low, high) for image in images]
        found["more"] = len(as_stack(array)) - len(images)
    elif array.size:
        m = np.abs(finite).max(initial=0.0)
        if array.ndim == 4 and not is_written:  # a map for each channel of each instance, or for each filter
            maps = array.reshape(-1, *array.shape[2:])
            found["images"] = [cells(each, -m, m) for each in maps[:IMAGES]]
            found["more"] = len(maps) - IMAGES
        else:
            found["map"] = cells(as_matrix(array), -m, m, is_written)
        found["scale"] = brief(m)
    return found


def mean(array):
    """The mean element; 0 where it is no more than what rounding has left."""
    found = array.mean()
    return 0.0 if abs(found) <= np.finfo(found.dtype).eps * np.abs(array).max() else found


def as_stack(array):
    side = array.shape[2] if array.ndim == 3 else math.isqrt(array.shape[1])
    return array.reshape(len(array), side, side)


def as_matrix(array):
    """Any array as rows and columns: a vector is a row, and matrices stand below one another."""
    return array.reshape(-1, array.shape[-1])


def cells(matrix, low, high, is_written=False):
    """{"rows", "columns", "cells"}: the matrix as bytes, in blocks if it is large and its numbers are not written."""
    matrix = np.asarray(matrix, float)
    if matrix.size > FEW and not is_written:
        matrix = blocks(blocks(matrix, 0), 1)
    with np.errstate(all="ignore"):
        parts = np.clip((matrix - low) / (high - low), 0, 1) if high > low else np.full(matrix.shape, 0.5)
        levels = np.where(np.isnan(matrix), 0, 1 + np.rint(np.nan_to_num(parts) * 254))
    rows, columns = matrix.shape
    return {"rows": rows, "columns": columns, "cells": levels.astype(np.uint8).tobytes().hex()}


def blocks(matrix, axis):
    """The means of at most CELLS blocks along an axis."""
    n = matrix.shape[axis]
    if n <= CELLS:
        return matrix
    starts = np.linspace(0, n, CELLS, endpoint=False).astype(int)
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(matrix, starts, axis=axis)
    counts = np.diff([*starts, n])
    return sums / (counts[:, None] if axis == 0 else counts)
