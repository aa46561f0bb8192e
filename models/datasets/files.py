"""Data of one's own, from files: CSV, .npz in Keras's layout (x_train, y_train, x_test, y_test), and IDX.

What a file is, is told by its first bytes. `load_file` makes a Dataset of it, and notes what it has scaled, dropped or
renamed. What cannot be read raises DataError, in one line.
"""

import gzip
import math
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten

import numpy as np

from .checking import checked_labels, checked_x
from .dataset import Columns, Dataset, digest_of
from .idx_files import DataError
from .tables import Table, all_features, brief, label_and_features, only_labels, read_csv

IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
HELD_OUT = 0.2  # the part of the training instances that is for validation, unless told otherwise


@dataclass(frozen=True)
class Part:
    """Instances of a file: x (instances, ...), labels as an array of words, whole numbers or one-hot, or None.

    table       what a CSV file says of its columns; test: the test set that is in the same file
    """

    x: np.ndarray
    labels: np.ndarray | None
    table: Table | None = None
    test: "Part | None" = None


def kind_of(path):
    """ "npz", "idx", "picture" or "csv", by the first bytes of the file, unpacked."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(8)
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                start = file.read(8)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if start.startswith(b"PK"):
        return "npz"
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")):
        return "picture"
    return "idx" if start[:2] == b"\0\0" and start[2:3] and start[2] in IDX_TYPES else "csv"


def read_part(path, labels=None):
    """The Part in a file; `labels` is the name or number of its label column, or the path of a file of its labels."""
    kind = kind_of(path)
    if kind == "picture":
        raise DataError(f"{path}: a picture is no data set; `python -m models.predict` takes pictures")
    if kind == "csv":
        in_file = labels is not None and Path(labels).is_file()
        table = read_csv(path, all_features if in_file else label_and_features(labels))
        return Part(table.x, labels_in(labels) if in_file else np.array(table.labels), table)
    part = read_npz(path) if kind == "npz" else Part(read_idx_file(path), None)
    beside = labels or (labels_beside(path) if kind == "idx" else None)
    return replace(part, labels=labels_in(beside)) if beside else part


def labels_beside(path):
    """The labels' file beside an IDX file of images, by the usual names; None if there is none."""
    for images, labels in [("images-idx3", "labels-idx1"), ("images.idx3", "labels.idx1"), ("images", "labels")]:
        path_of_labels = Path(path).with_name(Path(path).name.replace(images, labels))
        if path_of_labels != Path(path) and path_of_labels.is_file():
            return path_of_labels
    return None


def labels_in(path):
    """The labels in a file that holds nothing else: IDX, or CSV with one column."""
    if not Path(path).is_file():
        raise DataError(f"{path}: there is no such column, nor a file of labels")
    if kind_of(path) == "idx":
        return read_idx_file(path)
    return np.array(read_csv(path, only_labels).labels)


def read_npz(path):
    """The Part in an .npz file, with its test set as Keras names it. Nothing that is pickled is read."""
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
    except Exception as error:  # whatever a damaged archive makes of NumPy's and Python's readers
        why = shorten(f"{type(error).__name__}: {error}", 200, placeholder="...")  # some quote half of the file
        raise DataError(f"{path}: not a whole .npz file of arrays ({why})") from None
    for x, y in [("x_train", "y_train"), ("x", "y"), ("X", "y")]:
        if x in arrays:
            test = Part(arrays["x_test"], arrays.get("y_test")) if "x_test" in arrays else None
            return Part(arrays[x], arrays.get(y), None, test)
    raise DataError(f"{path}: needs arrays x_train and y_train (or x and y), and has {brief(arrays)}")


def read_idx_file(path):
    """The array in an IDX file of any origin, gzipped or not, of any of its types."""
    try:
        with Path(path).open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else Path(path).open("rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in IDX_TYPES or not head[3]:
                raise DataError("it does not begin as an IDX file does")
            shape = np.frombuffer(file.read(4 * head[3]), ">u4").tolist()
            dtype = np.dtype(IDX_TYPES[head[2]])
            size = math.prod(shape) * dtype.itemsize
            if not packed and Path(path).stat().st_size < size:
                size = -1
            data = file.read(size + 1)  # no more is unpacked than the header promises
        if len(shape) < head[3] or len(data) != size:
            raise DataError(f"its header promises shape {tuple(shape)}, which the rest of the file is not")
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except Exception as error:  # gzip's, zlib's and the system's, and arrays too large to be
        raise DataError(f"{path}: not a whole IDX file ({error})") from None


def is_file(name):
    """Whether `name`, which is no data set's, is meant as a file's."""
    return Path(name).exists() or bool(Path(name).suffix) or len(Path(name).parts) > 1


def load_file(path, final=False, labels=None, test=None, num_val=None):
    """The Dataset of a file, as `loading.load` gives others; its name is the file's.

    labels      which column, from its name or number, or which file has the labels
    test        a file of the same kind with the test set; an .npz file may have its own
    num_val     how many instances, drawn at random, are for validation; None is a fifth

    Raises DataError.
    """
    part = read_part(path, labels)
    tested = part.test if test is None else read_part(test, labels_of_test(part, labels))
    notes: list[str] = []
    try:
        x, image_shape = features_of(part.x)
        words = label_words(part.labels, len(x))
        class_names = classes_of(words, notes)
        y = numbered(words, class_names)
        if final and tested is None:
            raise DataError("--final needs a test set: name its file by --test")
        if final:
            xval = features_of(in_order_of(part.table, tested))[0]
            yval = numbered(label_words(tested.labels, len(xval)), class_names)
        else:
            (x, y), (xval, yval) = drawn(x, y, num_val, notes)
        columns = None
        if part.table and image_shape is None:
            x, xval, columns = without_constant_columns(x, xval, part.table, notes)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    digest = digest_of(x, y, xval, yval)
    return Dataset(Path(path).name, x, y, xval, yval, class_names, image_shape, digest, columns, tuple(notes))


def labels_of_test(part, labels):
    """Where the labels of the test set are: in the column of the same name, or in a file beside it."""
    table = part.table
    if table is None or table.label is None:
        return None
    return table.label_name if table.header else str(table.label + 1)


def features_of(x):
    """x as (instances, features), and the shape of the pictures that it holds, or None."""
    x = checked_x(x)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    image_shape = x.shape[1:] if x.ndim == 3 else None
    x = x.reshape(len(x), -1)
    side = math.isqrt(x.shape[1])
    if x.dtype == np.float64 and side**2 == x.shape[1] >= 64 and x.min() == 0 and 1 < x.max() <= 255:
        pixels = x.astype(np.uint8)
        if np.array_equal(pixels, x):  # a table that is one of pictures, as Kaggle has MNIST
            return pixels, (side, side)
    return x, image_shape


def label_words(labels, n_instances):
    """The labels as words, "7" for 7.0 and for one-hot."""
    if labels is None:
        raise DataError("there are no labels with it: name the file of its labels by --labels")
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = checked_labels(labels, labels.shape[1], "labels")
    labels = labels.ravel()
    if len(labels) != n_instances:
        raise DataError(f"{n_instances} instances, but {len(labels)} labels")
    try:
        numbers = labels.astype(np.float64)
    except ValueError:
        return labels.astype(str)
    odd = np.flatnonzero(numbers != np.floor(numbers))
    if len(odd):
        raise DataError(
            f"row {odd[0] + 1}: the label {labels[odd[0]]} is neither a word nor a whole number; is it a label? "
            "--labels names the column"
        )
    return numbers.astype(np.int64).astype(str)


def classes_of(words, notes):
    """The names of the classes among the labels: numbers in their order, words in the alphabet's."""
    names = np.unique(words).tolist()
    are_numbers = all(name.lstrip("-").isdigit() for name in names)
    names = sorted(names, key=int) if are_numbers else names
    if len(names) < 2:
        raise DataError(f"all labels are {names[0]}: there must be two classes or more; --labels names their column")
    if len(names) > max(2, len(words) // 2):
        raise DataError(f"{len(names)} different labels in {len(words)} rows are no classes; --labels names the column")
    if not are_numbers or names != [str(i) for i in range(len(names))]:
        notes.append(f"classes: {', '.join(f'{i} is {name!r}' for i, name in enumerate(names))}")
    return tuple(names)


def numbered(words, class_names):
    """Labels as numbers of their classes."""
    order = np.argsort(class_names)
    found = order[np.searchsorted(np.array(class_names), words, sorter=order).clip(0, len(order) - 1)]
    strange = np.flatnonzero(np.array(class_names)[found] != words)
    if len(strange):
        raise DataError(f"row {strange[0] + 1} of the test set is of class {words[strange[0]]}, which was not trained")
    return found.astype(np.int64)


def drawn(x, y, num_val, notes):
    """Two pairs, to train on and to validate with: drawn at random, since files are often sorted by class."""
    n = len(x)
    num_val = max(1, round(HELD_OUT * n)) if num_val is None else num_val
    if not 0 < num_val < n:
        raise DataError(f"{num_val} validation instances: must be from 1 to {n - 1}")
    notes.append(f"held out for validation: {num_val} of {n} rows, drawn at random")
    order = np.random.default_rng(0).permutation(n)
    kept, held_out = np.sort(order[num_val:]), np.sort(order[:num_val])
    return (x[kept], y[kept]), (x[held_out], y[held_out])


def in_order_of(table, tested):
    """The test set's x with its columns in the order of the training table."""
    if table is None or tested.table is None:
        return tested.x
    names, others = table.columns, tested.table.columns
    if sorted(names) == sorted(others):
        return tested.x[:, [others.index(name) for name in names]]
    if len(names) == len(others) and not (table.header and tested.table.header):
        return tested.x
    strange = [name for name in names if name not in others] or others
    raise DataError(f"the test set has other columns: {brief(strange)} is in one of them only")


def without_constant_columns(x, xval, table, notes):
    """x and xval with those columns alone that vary in x, and the Columns that says which."""
    varies = x.min(axis=0) != x.max(axis=0)
    if not varies.any():
        raise DataError("all columns are constant")
    if not varies.all():
        constant = [name for name, each in zip(table.columns, varies) if not each]
        notes.append(f"dropped, since constant: {brief(constant)}")
    used = np.flatnonzero(varies)
    return x[:, used], xval[:, used], Columns(table.columns, tuple(used.tolist()), table.label)
