"""The data sets that the models train on.

Each `load_...` returns (xtrain, ytrain), (xval, yval), num_cls, as the sheet's loaders do; `load` finds any of them by
name and says more about it. Images are pixels as stored, uint8; labels count from 0. With `final=True` the instances
to evaluate on are the test set, which takes no part otherwise, and the training set is everything else.
"""

import hashlib
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .checking import checked_x
from .idx_files import read_idx

CLASS_NAMES = {
    "synth": ("inside", "outside"),
    "moons": ("upper", "lower"),
    "digits": tuple("0123456789"),
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}
NAMES = tuple(CLASS_NAMES)
IMAGE_SHAPES = {"digits": (8, 8), "mnist": (28, 28), "fashion-mnist": (28, 28)}
# How many of the training instances each data set holds back for validation, unless told otherwise.
NUM_VAL = {"synth": 10_000, "moons": 500, "digits": 300, "mnist": 5_000, "fashion-mnist": 5_000}


def load_synth(num_train=60_000, num_val=10_000, seed=0):
    """Points in the plane, class 1 outside an ellipse: the sheet's synthetic data ("Assignment 1", Question 4).

    Returns (xtrain, ytrain), (xval, yval), num_cls with x of shape (instances, 2) in float64 and y of (instances,)
    in int. As the sheet's loader does, it takes x from NumPy's legacy generator: class 1 is where x' Q x > 0.6.
    """
    q = np.array([[1.0, -0.05], [1.0, 0.4]])
    points = np.random.RandomState(seed).randn(num_train + num_val, 2)
    classes = ((points @ q * points).sum(axis=1) > 0.6).astype(int)
    return (points[:num_train], classes[:num_train]), (points[num_train:], classes[num_train:]), 2


def make_moons(n, noise=0.1, seed=0):
    """Two interleaving half circles, n points in random order: x of shape (n, 2) in float64, y of (n,).

    Class 0 is the upper one. `noise` is the deviation of the normal noise added to each coordinate. The points are
    those of scikit-learn's `make_moons(n, noise=noise, random_state=seed)`.
    """
    rng = np.random.RandomState(seed)
    upper, lower = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    x = np.concatenate([np.c_[np.cos(upper), np.sin(upper)], np.c_[1 - np.cos(lower), 0.5 - np.sin(lower)]])
    y = np.repeat([0, 1], [len(upper), len(lower)])
    order = np.arange(n)
    rng.shuffle(order)
    return x[order] + rng.normal(scale=noise, size=x.shape), y[order]


def load_digits(final=False, flatten=True, seed=None, num_val=NUM_VAL["digits"]):
    """The UCI handwritten digits that come with the project: 1,797 images of 8x8, pixels from 0 to 16.

    Returns (xtrain, ytrain), (xval, yval), 10 with x of shape (n, 64), or (n, 8, 8) with `flatten=False`. In the stored
    order, which is by writer, 1,200 images are for training, the next 300 for validation and the last 297 the test set;
    classes are nearly equal in each. `seed` and `num_val` are as for `load_mnist`.
    """
    return load_images("digits", final, flatten, seed, None, num_val)


def load_mnist(final=False, flatten=True, seed=None, data_dir=None, num_val=NUM_VAL["mnist"]):
    """MNIST: handwritten digits, 60,000 images of 28x28 and a test set of 10,000, pixels from 0 to 255.

    Returns (xtrain, ytrain), (xval, yval), 10 with x of shape (n, 784), or (n, 28, 28) with `flatten=False`. The last
    `num_val` images are the validation set. MNIST is ordered by writer: with `seed`, the images are shuffled first,
    into the order that later editions of the sheet's loader give them with `shuffle_seed=seed`; None keeps the stored
    order, as its first editions do. `idx_files.read_idx` says where the data comes from. Raises its DataError.
    """
    return load_images("mnist", final, flatten, seed, data_dir, num_val)


def load_fashion_mnist(final=False, flatten=True, seed=None, data_dir=None, num_val=NUM_VAL["fashion-mnist"]):
    """Fashion-MNIST: as `load_mnist`, with pictures of ten kinds of clothing, which CLASS_NAMES lists."""
    return load_images("fashion-mnist", final, flatten, seed, data_dir, num_val)


def load_images(name, final, flatten, seed, data_dir, num_val):
    pool, test = instances(name, final, seed, data_dir)
    (xtrain, ytrain), (xval, yval) = split(pool, test, final, seed, num_val)
    if not flatten:
        xtrain, xval = (x.reshape(-1, *IMAGE_SHAPES[name]) for x in (xtrain, xval))
    return (xtrain, ytrain), (xval, yval), 10


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split, with what a report says about it.

    xtrain, xval     (instances, features)   pixels as stored or coordinates; floats once `standardised`
    ytrain, yval     (instances,)            the classes, from 0 to num_classes - 1
    class_names      a word for each class
    image_shape      (rows, columns) of the pictures that the features are; None if they are none
    digest           SHA-256 of the four arrays as they were loaded, so of this data, split and selection
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
    mean: float | np.ndarray = 0.0
    deviation: float | np.ndarray = 1.0

    @property
    def num_classes(self):
        return len(self.class_names)


def load(name, final=False, seed=None, data_dir=None, classes=None, num_val=None):
    """The Dataset called `name`, one of NAMES.

    final      evaluate on the test set, and train on everything else
    seed       draws other points of synth and moons (None is 0); shuffles images before the split (None does not)
    data_dir   as for `load_mnist`
    classes    those to keep, in this order: the first becomes class 0. Chosen after the split
    num_val    how many training instances are for validation, before classes are chosen; None is NUM_VAL[name]

    synth and moons have 60,000 and 2,000 training instances beside NUM_VAL, and test sets of 10,000 and 500.
    Raises ValueError, in one line, for other names, classes and numbers; of these DataError for the files.
    """
    if name not in NAMES:
        raise ValueError(f"there is no data set {name!r}, only {', '.join(NAMES)}")
    class_names, image_shape = CLASS_NAMES[name], IMAGE_SHAPES.get(name)
    if classes is not None:
        check_classes(name, classes)
    pool, test = instances(name, final, seed or 0, data_dir)
    shuffle_seed = None if image_shape is None else seed
    train, val = split(pool, test, final, shuffle_seed, NUM_VAL[name] if num_val is None else num_val)
    if classes is not None:
        train, val = (keep_classes(pair, classes, len(class_names)) for pair in (train, val))
        class_names = tuple(class_names[c] for c in classes)
    (xtrain, ytrain), (xval, yval) = train, val
    return Dataset(name, xtrain, ytrain, xval, yval, class_names, image_shape, digest_of(xtrain, ytrain, xval, yval))


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
    return rescaled(dataset, mean, deviation, dtype)


def symmetric(dataset, dtype=np.float32):
    """The images of a data set in [-1, 1]: the pixels less half the largest, divided by half the largest."""
    half = float(checked_x(dataset.xtrain, "xtrain").max()) / 2
    if half <= 0:
        raise ValueError("the pixels of xtrain are all 0 or below: there is nothing to scale by")
    return rescaled(dataset, half, half, dtype)


def rescaled(dataset, mean, deviation, dtype):
    """The data set with (x - mean) / deviation for x."""

    if np.shape(dataset.xval)[1:] != np.shape(dataset.xtrain)[1:]:
        shapes = np.shape(dataset.xtrain), np.shape(dataset.xval)
        raise ValueError("xtrain has shape {}, xval {}: both need the same features".format(*shapes))
    xtrain, xval = (scaled(x, mean, deviation, dtype) for x in (dataset.xtrain, checked_x(dataset.xval, "xval")))
    return replace(dataset, xtrain=xtrain, xval=xval, mean=mean, deviation=deviation)


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


# Reading, splitting, selecting: of (x, y) pairs


def instances(name, final, seed, data_dir):
    """The data set as two pairs: what may be trained on, and the test set, which for MNIST is None unless final."""
    if name == "synth":
        pool, test, _ = load_synth(70_000, 10_000, seed)
        return pool, test
    if name == "moons":
        x, y = make_moons(3_000, seed=seed)
        return (x[:2_500], y[:2_500]), (x[2_500:], y[2_500:])
    return read_digits() if name == "digits" else read_images(name, final, data_dir)


def read_digits():
    """The digits as two pairs, the first 1,500 and the test set: x uint8 (n, 64), y int64 (n,)."""
    table = np.loadtxt(Path(__file__).with_name("digits.csv.gz"), dtype=np.uint8, delimiter=",")
    x, y = table[:, :-1].copy(), table[:, -1].astype(np.int64)
    return (x[:1_500], y[:1_500]), (x[1_500:], y[1_500:])


def read_images(name, final, data_dir):
    """MNIST or Fashion-MNIST as two pairs, the training images and, only if final, the test images; else None."""

    def read(part):
        x = read_idx(f"{name}/{part}-images-idx3-ubyte", data_dir)
        y = read_idx(f"{name}/{part}-labels-idx1-ubyte", data_dir)
        return x.reshape(len(x), -1), y.astype(np.int64)

    return read("train"), read("t10k") if final else None


def split(pool, test, final, seed, num_val):
    """The pair to train on and the pair to evaluate on: all of `pool` and `test`, or the two parts of `pool`."""
    if seed is not None:
        rng = np.random.default_rng(seed)
        pool = shuffled(pool, rng)
        test = shuffled(test, rng) if final else None
    if final:
        return pool, test
    x, y = pool
    if not 0 < num_val < len(y):
        raise ValueError(f"{num_val} validation instances: must be from 1 to {len(y) - 1}")
    return (x[:-num_val], y[:-num_val]), (x[-num_val:], y[-num_val:])


def shuffled(pair, rng):
    x, y = pair
    order = rng.permutation(len(y))
    return x[order], y[order]


def check_classes(name, classes):
    last = len(CLASS_NAMES[name]) - 1
    if len(classes) < 2 or len(set(classes)) < len(classes) or not set(classes) <= set(range(last + 1)):
        given = " ".join(map(str, classes)) or "none"
        raise ValueError(f"classes {given}: must be two or more of the classes of {name}, 0 to {last}, each once")


def keep_classes(pair, classes, num_classes):
    """The instances of these classes, which become 0, 1, ... in the order given."""
    x, y = pair
    renumbered = np.full(num_classes, -1)
    renumbered[list(classes)] = np.arange(len(classes))
    y = renumbered[y]
    return x[y >= 0], y[y >= 0]


def digest_of(*arrays):
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(f"{array.dtype.str}{array.shape}".encode())
        sha.update(array.ravel())
    return sha.hexdigest()
