"""What x and y may be: the one place where data is checked before it is scaled, trained on or measured.

What can be converted without a doubt is converted. The rest raises ValueError: one line, which names the first
offending row as Python counts it, from 0.
"""

import numpy as np

from scalar_engine.graph import data_of


def checked_x(x, name="x"):
    """x as an array (instances, features), or with more axes, of finite numbers.

    >>> checked_x([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> checked_x([[1.0, float("nan")]], "xtrain")
    Traceback (most recent call last):
        ...
    ValueError: xtrain[0, 1] is nan: every feature must be a finite number
    """
    x = numbers(x, name)
    if x.ndim < 2:
        raise ValueError(f"{name} has shape {x.shape}, and must be (instances, features), also for one instance")
    if not x.size:
        raise ValueError(f"{name} has shape {x.shape}: there are no instances with features in it")
    return finite(x, name, "every feature")


def checked_targets(y, n_instances, n_outputs, name="y"):
    """Targets of a loss of one's own: finite numbers, one row an instance, as a column for a model of one output."""
    y = finite(numbers(y, name), name, "every target")
    same_length(y, n_instances, name)
    return y[:, None] if y.ndim == 1 and n_outputs == 1 else y


def checked_labels(y, n_classes, name="y", n_instances=None):
    """Labels as int64 (instances,), each from 0 to n_classes - 1, one for each of n_instances (None: any number).

    They may come as integers of any width, booleans, whole floats, a column (instances, 1), or one-hot.

    >>> checked_labels([[0.0, 1.0], [1.0, 0.0]], 2).tolist(), checked_labels(np.uint8([[3], [25]]), 26).tolist()
    ([1, 0], [3, 25])
    >>> checked_labels([1, 2, 3], 3)
    Traceback (most recent call last):
        ...
    ValueError: y[2] is 3: labels go from 0 to 2, for 3 classes; these go from 1 to 3: subtract 1
    """
    y = numbers(y, name, "labels are numbers from 0, as np.unique(y, return_inverse=True)[1] gives them")
    if y.ndim > 1 and y.shape[1:] == (1,) * (y.ndim - 1):
        y = y.reshape(len(y))
    elif y.ndim == 2:
        y = out_of_one_hot(y, n_classes, name)
    if y.ndim != 1:
        raise ValueError(f"{name} has shape {y.shape}: labels are one number an instance, or one-hot")
    if n_instances is not None:
        same_length(y, n_instances, name)
    refuse_first(y != np.floor(y) if y.dtype.kind == "f" else [], y, name, "labels are whole numbers")
    refuse_first((y < 0) | (y >= n_classes), y, name, lambda: range_of_labels(y, n_classes))
    return y.astype(np.int64)


def range_of_labels(y, n_classes):
    found = f"; these go from 1 to {n_classes}: subtract 1" if (y.min(), y.max()) == (1, n_classes) else ""
    return f"labels go from 0 to {n_classes - 1}, for {n_classes} classes{found}"


def out_of_one_hot(y, n_classes, name):
    if y.shape[1] != n_classes:
        raise ValueError(f"{name} has shape {y.shape}: one-hot labels need a column for each of {n_classes} classes")
    is_one_hot = (np.count_nonzero(y, axis=1) == 1) & (y.max(axis=1) == 1)
    refuse_first(~is_one_hot, y, name, "no one-hot label; fit takes other targets with a loss of one's own (loss=...)")
    return y.argmax(axis=1)


def refuse_first(wrong, values, name, why):
    """Raise ValueError for the first row that is wrong; `why` is a sentence, or a function that makes one."""
    if np.any(wrong):
        row = int(np.argmax(wrong))
        found = " ".join(str(values[row]).split())
        raise ValueError(f"{name}[{row}] is {found}: {why() if callable(why) else why}")


def same_length(y, n_instances, name):
    if y.ndim == 0 or len(y) != n_instances:
        found = len(y) if y.ndim else 1
        raise ValueError(f"{n_instances} instances x{name[1:]}, but {found} of {name}: one is needed for each")


def finite(array, name, what):
    """The array; ValueError names its first element that is NaN or infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()  # one pass without another array: of finite numbers it is hardly ever anything else
    if not np.isfinite(total):
        for place in np.argwhere(~np.isfinite(array))[:1].tolist():
            found = array[tuple(place)]
            raise ValueError(f"{name}[{', '.join(map(str, place))}] is {found}: {what} must be a finite number")
    return array


def numbers(values, name, otherwise="every element must be a number"):
    """Values (an array, lists, a Tensor) as an array of integers, booleans or floats."""
    try:
        array = np.asarray(data_of(values))
    except ValueError:
        sizes = [np.shape(row) for row in values]
        odd = next((i for i, size in enumerate(sizes) if size != sizes[0]), 0)
        raise ValueError(f"{name}[{odd}] has shape {sizes[odd]}, {name}[0] has {sizes[0]}: all must be alike") from None
    if array.dtype.kind in "biuf":
        return array
    for place in np.ndindex(array.shape):
        try:
            float(array[place])
        except (TypeError, ValueError):
            where = f"[{', '.join(map(str, place))}]" if place else ""
            raise ValueError(f"{name}{where} is {str(array[place])!r}: {otherwise}") from None
    return array.astype(np.float64)


def is_unscaled(x):
    """Whether features look like pixels as they are stored, from 0 to 255: by the first thousand instances."""
    return x[:1000].min() >= 0 and x[:1000].max() >= 100
