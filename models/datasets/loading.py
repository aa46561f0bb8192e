"""The data sets that the models train on.

Each `load_...` returns (xtrain, ytrain), (xval, yval), num_cls, as the sheet's loaders do; `load` finds any of them by
name and says more about it. Images are pixels as stored, uint8; labels count from 0. With `final=True` the instances
to evaluate on are the test set, which takes no part otherwise, and the training set is everything else.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from .dataset import Dataset, digest_of
from .files import is_file, load_file
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


def load(name, final=False, seed=None, data_dir=None, classes=None, num_val=None, labels=None, test=None):
    """The Dataset called `name`, one of NAMES, or that of a file: CSV, .npz or IDX, as `files.load_file` reads it.

    final      evaluate on the test set, and train on everything else
    seed       draws other points of synth and moons (None is 0); shuffles images before the split (None does not)
    data_dir   as for `load_mnist`
    classes    those to keep, in this order: the first becomes class 0. Chosen after the split
    num_val    how many training instances are for validation, before classes are chosen; None is NUM_VAL[name]
    labels, test    where a file's labels and test set are, see `files.load_file`

    synth and moons have 60,000 and 2,000 training instances beside NUM_VAL, and test sets of 10,000 and 500.
    Raises ValueError, in one line, for other names, classes and numbers; of these DataError for the files.
    """
    if name not in NAMES:
        if not is_file(name):
            raise ValueError(f"there is no data set {name!r}, only {', '.join(NAMES)}")
        dataset = load_file(name, final, labels, test, num_val)
        return dataset if classes is None else selected(dataset, classes)
    if labels is not None or test is not None:
        raise ValueError(f"{name} has its own labels and test set; other ones go with a file as the data")
    class_names, image_shape = CLASS_NAMES[name], IMAGE_SHAPES.get(name)
    if classes is not None:
        check_classes(name, classes, len(class_names))  # before a minute is spent on reading
    pool, tested = instances(name, final, seed or 0, data_dir)
    shuffle_seed = None if image_shape is None else seed
    (xtrain, ytrain), (xval, yval) = split(
        pool, tested, final, shuffle_seed, NUM_VAL[name] if num_val is None else num_val
    )
    digest = digest_of(xtrain, ytrain, xval, yval) if classes is None else ""  # that of the selection follows
    dataset = Dataset(name, xtrain, ytrain, xval, yval, class_names, image_shape, digest)
    return dataset if classes is None else selected(dataset, classes)


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


def check_classes(name, classes, num_classes):
    last = num_classes - 1
    if len(classes) < 2 or len(set(classes)) < len(classes) or not set(classes) <= set(range(last + 1)):
        given = " ".join(map(str, classes)) or "none"
        raise ValueError(f"classes {given}: must be two or more of the classes of {name}, 0 to {last}, each once")


def selected(dataset, classes):
    """The data set with the instances of these classes alone, which become 0, 1, ... in the order given."""
    check_classes(dataset.name, classes, dataset.num_classes)
    pairs = (dataset.xtrain, dataset.ytrain), (dataset.xval, dataset.yval)
    arrays = [array for pair in pairs for array in keep_classes(pair, classes, dataset.num_classes)]
    parts = dict(zip(("xtrain", "ytrain", "xval", "yval"), arrays))
    names = tuple(dataset.class_names[c] for c in classes)
    return replace(dataset, **parts, class_names=names, digest=digest_of(*arrays))


def keep_classes(pair, classes, num_classes):
    """The instances of these classes, which become 0, 1, ... in the order given."""
    x, y = pair
    renumbered = np.full(num_classes, -1)
    renumbered[list(classes)] = np.arange(len(classes))
    y = renumbered[y]
    return x[y >= 0], y[y >= 0]
