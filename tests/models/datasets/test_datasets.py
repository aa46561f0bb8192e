"""The data sets: what they hold, how they are split, selected and standardised."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from models import datasets
from models.datasets import (
    CLASS_NAMES,
    NAMES,
    Dataset,
    load,
    load_digits,
    load_fashion_mnist,
    load_mnist,
    load_synth,
    loading,
    make_moons,
    standardised,
    symmetric,
)
from models.datasets.idx_files import VARIABLE


@pytest.fixture
def arrays(monkeypatch):
    """{name: array} of small files, 12 training and 5 test images each, which are read from now on."""
    rng = np.random.default_rng(0)
    contents = {}
    for dataset in ("mnist", "fashion-mnist"):
        for part, n in [("train", 12), ("t10k", 5)]:
            contents[f"{dataset}/{part}-images-idx3-ubyte"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
            contents[f"{dataset}/{part}-labels-idx1-ubyte"] = np.arange(n, dtype=np.uint8) % 10

    def read_idx(name, data_dir):
        assert data_dir == "some folder"
        return contents[name]

    monkeypatch.setattr(loading, "read_idx", read_idx)
    return contents


# Reading and splitting


def test_the_last_images_validate_in_the_stored_order(arrays):
    x = arrays["mnist/train-images-idx3-ubyte"].reshape(12, 784)
    (xtrain, ytrain), (xval, yval), num_cls = load_mnist(data_dir="some folder", num_val=4)
    assert np.array_equal(xtrain, x[:8]) and np.array_equal(xval, x[8:]) and num_cls == 10
    assert ytrain.tolist() == [0, 1, 2, 3, 4, 5, 6, 7] and yval.tolist() == [8, 9, 0, 1]
    assert xtrain.dtype == np.uint8 and ytrain.dtype == np.int64


def test_final_is_the_whole_training_set_and_the_test_set(arrays):
    (xtrain, ytrain), (xtest, ytest), _ = load_fashion_mnist(final=True, flatten=False, data_dir="some folder")
    assert xtrain.shape == (12, 28, 28) and xtest.shape == (5, 28, 28)
    assert np.array_equal(xtest, arrays["fashion-mnist/t10k-images-idx3-ubyte"])
    assert len(ytrain) == 12 and ytest.tolist() == [0, 1, 2, 3, 4]


def test_a_seed_shuffles_as_later_editions_of_the_sheets_loader_do(arrays):
    """They permute the training set, then the test set, with one default_rng, and split after that."""
    x, y = arrays["mnist/train-images-idx3-ubyte"].reshape(12, 784), np.arange(12) % 10
    rng = np.random.default_rng(3)
    order, test_order = rng.permutation(12), rng.permutation(5)
    (xtrain, ytrain), (xval, yval), _ = load_mnist(seed=3, data_dir="some folder", num_val=4)
    assert np.array_equal(np.r_[xtrain, xval], x[order]) and np.array_equal(np.r_[ytrain, yval], y[order])
    assert load_mnist(final=True, seed=3, data_dir="some folder")[1][1].tolist() == test_order.tolist()


@pytest.mark.parametrize("num_val", [0, 12, -1])
def test_training_and_validation_set_must_hold_something(arrays, num_val):
    with pytest.raises(ValueError, match=f"^{num_val} validation instances: must be from 1 to 11$"):
        load_mnist(data_dir="some folder", num_val=num_val)


# What needs no file


def test_digits_are_those_of_scikit_learn():
    """The SHA-256 are those of load_digits().data and .target as uint8."""
    (xtrain, ytrain), (xtest, ytest), num_cls = load_digits(final=True)
    assert xtrain.shape == (1500, 64) and xtest.shape == (297, 64) and num_cls == 10
    x, y = np.r_[xtrain, xtest], np.r_[ytrain, ytest].astype(np.uint8)
    assert x.dtype == np.uint8 and x.min() == 0 and x.max() == 16
    assert hashlib.sha256(x).hexdigest() == "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    assert hashlib.sha256(y).hexdigest() == "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"


def test_digits_are_split_in_order_with_classes_nearly_equal():
    whole = load_digits(final=True)[0]
    train, val, _ = load_digits(flatten=False)
    assert train[0].shape == (1200, 8, 8) and val[0].shape == (300, 8, 8)
    assert np.array_equal(np.r_[train[0], val[0]].reshape(1500, 64), whole[0])
    for _, y in (train, val, load_digits(final=True)[1]):
        assert np.ptp(np.bincount(y)) <= 7 and len(np.bincount(y)) == 10


def test_digits_carry_their_credit():
    path = Path(datasets.__file__).with_name("digits.csv.gz")
    head = gzip.decompress(path.read_bytes()).decode()[:400]
    assert "Alpaydin" in head and "Kaynak" in head and "CC BY 4.0" in head


def test_moons_are_those_of_scikit_learn():
    """make_moons(7, noise=0.1, random_state=3), printed by scikit-learn 1.9.1."""
    x, y = make_moons(7, noise=0.1, seed=3)
    assert y.tolist() == [1, 1, 1, 1, 0, 0, 0]
    first, last = [0.5980553870290882, -0.3633234996049862], [-1.1629157428583616, -0.06389355251899861]
    assert x[[0, -1]] == pytest.approx(np.array([first, last]), abs=1e-12)
    circle, y = make_moons(100, noise=0)
    assert np.hypot(*circle[y == 0].T) == pytest.approx(1) and len(y) == 100
    assert np.hypot(*(circle[y == 1] - [1, 0.5]).T) == pytest.approx(1)


# By name


@pytest.mark.parametrize(
    ("name", "sizes", "final_sizes", "shape"),
    [
        ("synth", (60_000, 10_000), (70_000, 10_000), None),
        ("moons", (2_000, 500), (2_500, 500), None),
        ("digits", (1_200, 300), (1_500, 297), (8, 8)),
    ],
)
def test_load_knows_every_data_set_by_name(name, sizes, final_sizes, shape):
    data, final = load(name), load(name, final=True)
    assert (len(data.ytrain), len(data.yval)) == sizes and (len(final.ytrain), len(final.yval)) == final_sizes
    assert data.image_shape == shape and data.name == name and data.num_classes == len(CLASS_NAMES[name])
    assert np.array_equal(np.r_[data.xtrain, data.xval], final.xtrain)  # so the test set is none of them
    assert len(np.unique(np.r_[final.xtrain, final.xval], axis=0)) == sum(final_sizes)
    assert data.digest == load(name).digest != final.digest
    other = load(name, seed=5)
    assert other.digest != data.digest and other.digest == load(name, seed=5).digest
    assert len(load(name, num_val=7).yval) == 7


def test_load_is_the_loaders(arrays):
    (xtrain, ytrain), (xval, yval), _ = load_synth(seed=2)
    data = load("synth", seed=2)
    assert np.array_equal(data.xtrain, xtrain) and np.array_equal(data.yval, yval)
    (xtrain, _), (_, ytest), _ = load_fashion_mnist(final=True, seed=1, data_dir="some folder")
    data = load("fashion-mnist", final=True, seed=1, data_dir="some folder")
    assert np.array_equal(data.xtrain, xtrain) and np.array_equal(data.yval, ytest)
    assert data.image_shape == (28, 28) and data.class_names[9] == "Ankle boot"


def test_the_digest_is_of_types_shapes_and_bytes():
    data = load("digits")
    sha = hashlib.sha256(b"|u1(1200, 64)" + data.xtrain.tobytes() + b"<i8(1200,)" + data.ytrain.tobytes())
    sha.update(b"|u1(300, 64)" + data.xval.tobytes() + b"<i8(300,)" + data.yval.tobytes())
    assert data.digest == sha.hexdigest() == standardised(data).digest
    assert data.digest.startswith("2885cb22")


def test_classes_are_selected_after_the_split_and_renumbered_in_order():
    whole, data = load("digits"), load("digits", classes=[7, 2, 5])
    assert np.array_equal(data.ytrain == 0, whole.ytrain[np.isin(whole.ytrain, [7, 2, 5])] == 7)
    for new, old in enumerate([7, 2, 5]):
        assert np.array_equal(data.xtrain[data.ytrain == new], whole.xtrain[whole.ytrain == old])
        assert np.array_equal(data.xval[data.yval == new], whole.xval[whole.yval == old])
    assert data.class_names == ("7", "2", "5") and data.num_classes == 3 and data.digest != whole.digest
    assert load("digits", classes=range(10)).digest == whole.digest


@pytest.mark.parametrize("classes", [[], [3], [1, 1], [0, 10], [-1, 2], ["0", "1"], [0.5, 1]])
def test_bad_classes_are_one_clear_line(classes):
    given = " ".join(map(str, classes)) or "none"
    with pytest.raises(
        ValueError, match=rf"^classes {given}: must be two or more of the classes of digits, 0 to 9,.*$"
    ):
        load("digits", classes=classes)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=f"^there is no data set 'cifar', only {', '.join(NAMES)}$"):
        load("cifar")


# Standardising


def test_images_are_standardised_by_the_training_pixels_alone():
    """Pixels 0, 0, 100, 200 have mean 75, their squares 12,500, so the variance is 12,500 - 5,625 = 6,875."""
    x, y = np.array([[0, 0], [100, 200]], np.uint8), np.array([0, 1])
    data = Dataset("tiny", x, y, np.array([[255, 75]], np.uint8), y[:1], ("0", "1"), (1, 2), "")
    result = standardised(data)
    deviation = np.sqrt(6875)
    assert result.xtrain == pytest.approx((x - 75.0) / deviation) and result.xtrain.dtype == np.float32
    assert result.xval == pytest.approx(np.array([[180, 0]]) / deviation)
    assert result.mean == 75 and result.deviation == pytest.approx(deviation)
    assert data.xtrain is x and x.tolist() == [[0, 0], [100, 200]] and result.ytrain is y


def test_images_in_minus_one_to_one():
    """Pixels of the digits go from 0 to 16: 0 is -1, 8 is 0, 16 is 1."""
    data = load("digits")
    result = symmetric(data)
    assert result.xtrain.min() == -1 and result.xtrain.max() == 1 and result.xtrain.dtype == np.float32
    assert (result.xval[data.xval == 8] == 0).all() and (result.mean, result.deviation) == (8, 8)
    np.testing.assert_array_equal(result.mean + result.deviation * result.xval, data.xval)


def test_points_are_standardised_by_coordinate():
    data = load("moons")
    result = standardised(data, dtype=np.float64)
    assert result.xtrain.dtype == np.float64
    assert result.xtrain.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert result.xtrain.std(axis=0) == pytest.approx(1)
    assert result.mean + result.deviation * result.xval == pytest.approx(data.xval)


# The real files, in the folder that SCALAR_TO_TENSOR_DATA names


@pytest.mark.parametrize(
    ("name", "loader", "first_labels", "mean", "deviation"),
    [
        ("mnist", load_mnist, [5, 0, 4, 1, 9], 0.1307, 0.3081),
        ("fashion-mnist", load_fashion_mnist, [9, 0, 0, 3, 0], 0.2860, 0.3530),
    ],
)
def test_the_real_data(needed, name, loader, first_labels, mean, deviation):
    needed(os.environ.get(VARIABLE), f"{name} in a folder named by {VARIABLE}")
    data = standardised(load(name, final=True))
    assert data.xtrain.shape == (60_000, 784) and data.xval.shape == (10_000, 784)
    assert data.ytrain[:5].tolist() == first_labels and np.bincount(data.yval).min() > 800
    assert round(data.mean / 255, 4) == mean and round(data.deviation / 255, 4) == deviation
    assert data.xtrain.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    (xtrain, ytrain), (xval, yval), _ = loader()
    assert xtrain.shape == (55_000, 784) and xtrain.dtype == np.uint8
    assert np.array_equal(yval, data.ytrain[-5_000:]) and np.array_equal(ytrain, data.ytrain[:-5_000])
    stored = np.rint(data.mean + data.deviation * data.xtrain[-5_000:])
    assert np.array_equal(xval, stored)
