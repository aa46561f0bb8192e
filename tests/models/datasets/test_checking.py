"""What x and y may be: converted where that is safe, refused in one line that names the first offending row."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from models.datasets import load, standardised, symmetric
from models.datasets.checking import checked_labels, checked_x
from models.layers import MLP
from models.training import evaluate, fit
from tensor_engine import Tensor, mse
from tensor_engine.optimizers import SGD

NAN = float("nan")


@pytest.fixture(scope="module")
def digits():
    return standardised(load("digits"))


def fitted(data, **options):
    """The History of one epoch, and the model."""
    model = MLP([data.xtrain.shape[1], 6, 10])
    return fit(model, data, SGD(model.parameters(), 0.1), 1, progress=False, **options), model


CONVERTED = {
    "one-hot floats": lambda y: np.eye(10, dtype=np.float32)[y],
    "one-hot ints": lambda y: np.eye(10, dtype=int)[y],
    "a column": lambda y: y[:, None],
    "uint8": lambda y: y.astype(np.uint8),
    "int8": lambda y: y.astype(np.int8),
    "whole floats": lambda y: y.astype(np.float32),
    "a list": lambda y: y.tolist(),
    "a Tensor": lambda y: Tensor(y.astype(float)),
}


@pytest.mark.parametrize("form", CONVERTED)
def test_labels_in_other_forms_train_and_measure_the_same(digits, form):
    other = replace(digits, ytrain=CONVERTED[form](digits.ytrain), yval=CONVERTED[form](digits.yval))
    (plain, model), (history, _) = fitted(digits), fitted(other)
    assert history.batch_losses == plain.batch_losses and history.epochs[0].validation_accuracy > 0.1
    found, expected = evaluate(model, digits.xval, other.yval), evaluate(model, digits.xval, digits.yval)
    assert np.array_equal(found.confusion, expected.confusion)
    assert np.array_equal(found.worst(other.yval), expected.worst(digits.yval))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_labels_of_few_bits_do_not_wrap_with_26_classes(dtype):
    """25 * 26 + 25 is 675, and no such integer."""
    x, y = np.eye(26, dtype=np.float32).repeat(2, axis=0), np.arange(26, dtype=dtype).repeat(2)
    confusion = evaluate(MLP([26, 26]), x, y).confusion
    assert confusion.sum(axis=1).tolist() == [2] * 26


@pytest.mark.parametrize("y, words", [
    ([1, 2, 3], "y[2] is 3: labels go from 0 to 2, for 3 classes; these go from 1 to 3: subtract 1"),
    ([0, 7, 9], "y[1] is 7: labels go from 0 to 2, for 3 classes"),
    ([0, -1, 2], "y[1] is -1: labels go from 0 to 2"),
    ([0, 1, 0.5], "y[2] is 0.5: labels are whole numbers"),
    ([0, NAN, 1], "y[1] is nan: labels are whole numbers"),
    (["cat", "dog", "cat"], "y[0] is 'cat': labels are numbers from 0, as np.unique("),
    ([[0, 1, 0], [0, 0, 1], [1, 1, 0]], "y[2] is [1 1 0]: no one-hot label"),
    ([[0, 1, 0], [0, 0, 0], [1, 0, 0]], "y[1] is [0 0 0]: no one-hot label"),
    (np.eye(3, 4), "y has shape (3, 4): one-hot labels need a column for each of 3 classes"),
    (np.zeros((3, 2, 2)), "y has shape (3, 2, 2): labels are one number an instance, or one-hot"),
    ([0, 1], "3 instances x, but 2 of y: one is needed for each"),
    ([[0], [1, 2], [0]], "y[1] has shape (2,), y[0] has (1,): all must be alike"),
    (None, "y is 'None'"),
])  # fmt: skip
def test_wrong_labels_name_the_first_row(y, words):
    with pytest.raises(ValueError) as refused:
        checked_labels(y, 3, n_instances=3)
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("x, words", [
    ([[1.0, NAN]], "x[0, 1] is nan: every feature must be a finite number"),
    ([[1.0, 2.0], [float("-inf"), 1.0]], "x[1, 0] is -inf"),
    ([[1, 2], [3]], "x[1] has shape (1,), x[0] has (2,)"),
    ([["1", "2"], ["3", "four"]], "x[1, 1] is 'four': every element must be a number"),
    ([1.0, 2.0], "x has shape (2,), and must be (instances, features), also for one instance"),
    (np.zeros((0, 3)), "there are no instances"),
    (np.array([[1, None]]), "x[0, 1] is 'None'"),
])  # fmt: skip
def test_wrong_features_name_row_and_column(x, words):
    with pytest.raises(ValueError) as refused:
        checked_x(x)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_the_same_check_is_at_every_door(digits):
    """One NaN in the middle: whoever scales, trains or measures hears of it, by the name it has there."""
    x = digits.xtrain.copy()
    x[700, 3] = NAN
    broken = replace(digits, xtrain=x)
    for call in (lambda: fitted(broken), lambda: standardised(broken), lambda: symmetric(broken)):
        with pytest.raises(ValueError, match=r"^xtrain\[700, 3\] is nan"):
            call()
    with pytest.raises(ValueError, match=r"^x\[700, 3\] is nan"):
        evaluate(MLP([64, 10]), x, digits.ytrain)
    with pytest.raises(ValueError, match=r"^xval\[0, 0\] is inf"):
        fitted(replace(digits, xval=np.full_like(digits.xval, np.inf)))
    with pytest.raises(ValueError, match=r"^yval\[0\] is 17: labels go from 0 to 9"):
        fitted(replace(digits, yval=digits.yval + 10))


def test_raw_pixels_and_other_features_than_the_models_are_refused(digits):
    raw = load("digits")
    with pytest.raises(ValueError, match="^xtrain holds pixels as they are stored, uint8 from 0 to 16: scale them"):
        fitted(raw)
    with pytest.raises(ValueError, match="^x holds pixels"):
        evaluate(MLP([64, 10]), raw.xval, raw.yval)
    with pytest.raises(ValueError, match=r"^x has shape \(300, 60\), and the model takes 64 features an instance"):
        evaluate(MLP([64, 10]), digits.xval[:, :60], digits.yval)
    with pytest.raises(ValueError, match=r"^xtrain has shape \(1200, 64\), and xval \(300, 60\)"):
        standardised(replace(raw, xval=raw.xval[:, :60]))
    with pytest.warns(UserWarning, match="xtrain goes from 0 to 255"):
        fitted(replace(digits, xtrain=raw.xtrain * (255 / 16)))


def test_whole_numbers_and_booleans_become_the_models_floats(digits):
    binary = replace(digits, xtrain=load("digits").xtrain > 8, xval=load("digits").xval > 8)
    floats = replace(binary, xtrain=binary.xtrain.astype(np.float32), xval=binary.xval.astype(np.float32))
    assert fitted(binary)[0].batch_losses == fitted(floats)[0].batch_losses
    small = replace(floats, xtrain=binary.xtrain.astype(np.uint8), xval=binary.xval.astype(np.uint8))
    assert fitted(small)[0].batch_losses == fitted(floats)[0].batch_losses


def test_a_constant_feature_is_left_at_0_with_a_word():
    """0.1 a thousand times has a deviation of 1e-17 or so, and not 0."""
    data = load("moons")
    constant = [np.c_[x, np.full(len(x), 0.1)] for x in (data.xtrain, data.xval)]
    with pytest.warns(UserWarning, match="constant in the training data, so left at 0: feature 2$"):
        result = standardised(replace(data, xtrain=constant[0], xval=constant[1]), np.float64)
    assert not result.xtrain[:, 2].any() and np.isfinite(result.xtrain).all()
    assert np.array_equal(result.xtrain[:, :2], standardised(data, np.float64).xtrain)


def test_regression_takes_numbers_as_targets(digits):
    """y (n,) goes with the model's (n, 1): (n, 1) less (n,) would be (n, n)."""
    x, target = digits.xtrain, digits.xtrain[:, 20] - digits.xtrain[:, 30]
    data = replace(digits, ytrain=target, yval=digits.xval[:, 20] - digits.xval[:, 30])
    model = MLP([64, 16, 1], "tanh")
    history = fit(model, data, SGD(model.parameters(), 0.05, momentum=0.9), 8, loss=mse, progress=False)
    assert history.epochs[-1].validation_loss < 0.1 * target.var() and np.isnan(history.epochs[-1].train_accuracy)
    assert history.epochs[-1].train_loss == pytest.approx(((model(x).data[:, 0] - target) ** 2).mean(), rel=1e-4)
    with pytest.raises(ValueError, match=r"^ytrain\[1\] is nan: every target must be a finite number"):
        fit(model, replace(data, ytrain=np.r_[1, NAN, target[2:]]), SGD(model.parameters(), 0.1), 1, loss=mse)


def test_the_checks_are_no_part_of_a_step(digits, monkeypatch):
    """They run once a call of fit: as often for five epochs as for one."""
    from models.training import evaluation

    calls = []
    for name in ("checked_x", "checked_labels"):
        plain = getattr(evaluation, name)
        monkeypatch.setattr(evaluation, name, lambda *given, plain=plain: calls.append(1) or plain(*given))
    for epochs in (1, 5):
        model = MLP([64, 6, 10])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit(model, digits, SGD(model.parameters(), 0.1), epochs, progress=False)
    assert len(calls) == 2 * 4


def test_large_numbers_are_finite_numbers():
    """Their sum is infinite in float32, and they are not."""
    assert checked_x(np.full((2, 2), 3e38, np.float32)).max() == np.float32(3e38)
