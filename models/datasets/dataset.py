"""What a data set is, and how its features are scaled."""

import hashlib
import warnings
from dataclasses import dataclass, replace

import numpy as np

from .checking import checked_x


@dataclass(frozen=True)
class Columns:
    """The columns of a table, which a network trained on it needs to read another one.

    names       of all that may be features, in the table's order; without a header "column 1" and so on
    used        which of them the features are, by their places in `names`: constant ones are dropped
    label       the place of the label column in the table, from 0; None without one
    """

    names: tuple[str, ...]
    used: tuple[int, ...]
    label: int | None


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split, with what a report says about it.

    xtrain, xval     (instances, features)   pixels as stored or coordinates; floats once `standardised`
    ytrain, yval     (instances,)            the classes, from 0 to num_classes - 1
    class_names      a word for each class
    image_shape      (rows, columns) of the pictures that the features are; None if they are none
    digest           SHA-256 of the four arrays as they were loaded, so of this data, split and selection
    columns          which columns of a table the features are; None for pictures, and for points
    notes            what was drawn, dropped, renamed or scaled since it was stored: a phrase each
    mean, deviation  what scaling has subtracted and divided by: the stored x is mean + deviation * x
    """

    name: str
    xtrain: np.ndarray
    ytrain: np.ndarray
    xval: np.ndarray
    yval: np.ndarray
    class_names: tuple[str, ...]
    image_shape: tuple[int, int] | None
    digest: str
    columns: Columns | None = None
    notes: tuple[str, ...] = ()
    mean: float | np.ndarray = 0.0
    deviation: float | np.ndarray = 1.0

    @property
    def num_classes(self):
        return len(self.class_names)


def standardised(dataset, dtype=np.float32):
    """The data set with x of mean 0 and deviation 1 in `dtype`, by the mean and deviation of the training data alone.

    Images have one mean and one deviation, of all pixels; points have their own for each coordinate. What is constant
    in the training data has no deviation: it becomes 0 there, and a warning says so.
    """
    x, axis = checked_x(dataset.xtrain, "xtrain"), 0 if dataset.image_shape is None else None
    mean, deviation = mean_and_deviation(x, axis)
    constant = x.min(axis) == x.max(axis)  # by its deviation, 0.1 a thousand times is not
    if constant.any():
        which = ", ".join(map(str, np.flatnonzero(constant))) if axis == 0 else "all"
        warnings.warn(f"constant in the training data, so left at 0: feature {which}", stacklevel=2)
        mean, deviation = np.where(constant, x.max(axis), mean), np.where(constant, 1.0, deviation)
    what = f"each of {x.shape[1]} columns" if axis == 0 else "all pixels alike"
    note = f"scaled: {what}, to mean 0 and deviation 1 in the training data"
    return rescaled(dataset, mean, deviation, dtype, note)


def symmetric(dataset, dtype=np.float32):
    """The images of a data set in [-1, 1]: the pixels less half the largest, divided by half the largest."""
    half = float(checked_x(dataset.xtrain, "xtrain").max()) / 2
    if half <= 0:
        raise ValueError("the pixels of xtrain are all 0 or below: there is nothing to scale by")
    return rescaled(dataset, half, half, dtype, "scaled: pixels to [-1, 1]")


def rescaled(dataset, mean, deviation, dtype, note):
    """The data set with (x - mean) / deviation for x, and a note on that."""
    if np.shape(dataset.xval)[1:] != np.shape(dataset.xtrain)[1:]:
        shapes = np.shape(dataset.xtrain), np.shape(dataset.xval)
        raise ValueError("xtrain has shape {}, and xval {}: both need the same features".format(*shapes))
    xtrain, xval = (scaled(x, mean, deviation, dtype) for x in (dataset.xtrain, checked_x(dataset.xval, "xval")))
    return replace(dataset, xtrain=xtrain, xval=xval, mean=mean, deviation=deviation, notes=(*dataset.notes, note))


def scaled(x, mean, deviation, dtype):
    """(x - mean) / deviation in dtype: what a network sees of the stored x."""
    x = np.array(x, dtype)
    x -= mean
    x /= deviation
    return x


def mean_and_deviation(x, axis):
    """Mean and deviation of x over an axis, or of all of x for None, in float64."""
    if x.dtype != np.uint8:
        return x.mean(axis), x.std(axis)
    # Sums of whole numbers are exact, and x.std() would take eight times the memory and time.
    mean = x.mean(axis, dtype=np.float64)
    return mean, np.sqrt(np.square(x, dtype=np.int32).mean(axis, dtype=np.float64) - mean**2)


def digest_of(*arrays):
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(f"{array.dtype.str}{array.shape}".encode())
        sha.update(array.ravel())
    return sha.hexdigest()
