"""What a mismatch says: the operator, the shapes, how they were aligned, and the labels. And the warning of (N, 1)."""

import warnings
from pathlib import Path

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor


def zeros(*shape, label=""):
    return Tensor(np.zeros(shape), label, requires_grad="/" in label)


x, V = zeros(64, 784, label="x"), zeros(300, 10, label="layer2/V")
MISMATCHES = {
    lambda: x @ V: 'matmul: (64, 784) @ (300, 10), inner axes 784 and 300 differ (input "x", layer 2 "V")',
    lambda: zeros(3) @ zeros(4, 2): "matmul: (3,) @ (4, 2), inner axes 3 and 4 differ",
    lambda: zeros(2, 3) @ zeros(4): "matmul: (2, 3) @ (4,), inner axes 3 and 4 differ",
    lambda: zeros(3) @ zeros(4): "matmul: (3,) @ (4,), inner axes 3 and 4 differ",
    lambda: x @ np.zeros((3, 2)): 'matmul: (64, 784) @ (3, 2), inner axes 784 and 3 differ (input "x")',
    lambda: np.zeros((2, 3)) @ V: 'matmul: (2, 3) @ (300, 10), inner axes 3 and 300 differ (layer 2 "V")',
    lambda: zeros(2, 3, 4) @ zeros(3, 4, 5): (
        "matmul: (2, 3, 4) @ (3, 4, 5), batch axes (2,) and (3,) do not broadcast"
    ),
    lambda: zeros(2, 3) @ 2.0: "matmul: (2, 3) @ (), a number has no axis to multiply along: use *",
    lambda: zeros(2, 3, label="a") + zeros(4, 3, label="block1/layer2/b"): (
        "add: (2, 3) + (4, 3), aligned from the last axis: axis -1 3 with 3, axis -2 2 with 4 differ "
        '(input "a", block 1 layer 2 "b")'
    ),
    lambda: zeros(64, 10) * zeros(64): (
        "multiply: (64, 10) * (64,), aligned from the last axis: axis -1 10 with 64 differ, axis -2 64 with -"
    ),
    lambda: te.maximum(zeros(2), np.zeros(3)): (
        "maximum: (2,), (3,), aligned from the last axis: axis -1 2 with 3 differ"
    ),
    lambda: te.where(np.ones(2) > 0, zeros(3), 1.0): (
        "where: (2,), (3,), (), aligned from the last axis: axis -1 2 with 3 with - differ"
    ),
    lambda: te.linear(x, V, zeros(10)): (
        'linear: (64, 784) @ (300, 10), inner axes 784 and 300 differ (input "x", layer 2 "V")'
    ),
    lambda: te.linear(x, zeros(784, 10), zeros(9, label="layer1/b")): (
        'linear: (64, 784) @ (784, 10) + (9,), the bias must have shape (10,) (input "x", layer 1 "b")'
    ),
    lambda: te.linear(x, zeros(784, 10), zeros(1, 10)): (
        'linear: (64, 784) @ (784, 10) + (1, 10), the bias must have shape (10,) (input "x")'
    ),
    lambda: te.linear(zeros(784), zeros(784, 10), zeros(10)): (
        "linear: (784,) @ (784, 10) + (10,), the input must be (instances, inputs) and the weights (inputs, outputs)"
    ),
    lambda: te.linear(zeros(2, 3, 4), zeros(4, 5), zeros(5)): (
        "linear: (2, 3, 4) @ (4, 5) + (5,), the input must be (instances, inputs) and the weights (inputs, outputs)"
    ),
    lambda: te.linear(zeros(2, 3), zeros(3), zeros()): (
        "linear: (2, 3) @ (3,) + (), the input must be (instances, inputs) and the weights (inputs, outputs)"
    ),
    lambda: te.concatenate([zeros(2, 3, label="a"), zeros(2, 4, label="b")]): (
        "concatenate: (2, 3), (2, 4), joined along axis 0, all other axes must be equal: axis 1 3 with 4 "
        '(input "a", input "b")'
    ),
    lambda: te.concatenate([zeros(2, 3), zeros(4, 3), zeros(2, 3)], axis=-1): (
        "concatenate: (2, 3), (4, 3), (2, 3), joined along axis -1, all other axes must be equal: "
        "axis 0 2 with 4 with 2"
    ),
    lambda: te.concatenate([zeros(2), zeros(3)], axis=1): (
        "concatenate: (2,), (3,), there is no axis 1 to join them along"
    ),
    lambda: te.stack([zeros(2), zeros(3)]): "stack: (2,), (3,), needs one Tensor or more, of one shape",
    lambda: te.stack([]): "stack: nothing, needs one Tensor or more, of one shape",
    lambda: zeros(2, 3, label="a").reshape(4, 2): (
        'reshape: (2, 3), cannot reshape array of size 6 into shape (4,2) (input "a")'
    ),
    lambda: te.mse(zeros(5, 1), zeros(5)): "mse: (5, 1), (5,), which must be equal",
}


@pytest.mark.parametrize("mistake, message", [pytest.param(*case, id=case[1]) for case in MISMATCHES.items()])
def test_a_mismatch_says(mistake, message):
    with pytest.raises(ValueError) as caught:
        mistake()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "mistake, kind, words",
    [
        (lambda: zeros(2, 3).sum(axis=2), ValueError, r"^sum: \(2, 3\), axis 2 is out of bounds"),
        (lambda: zeros(2, 3).broadcast_to((2, 2)), ValueError, r"^broadcast_to: \(2, 3\), "),
        (lambda: zeros(2, 3).transpose(0, 0), ValueError, r"^transpose: \(2, 3\), repeated axis"),
        (lambda: zeros(0, 3).max(), ValueError, r"^max: \(0, 3\), zero-size array"),
        (lambda: zeros(3, label="a")[5], IndexError, r'^index: \(3,\), index 5 is out of bounds .* \(input "a"\)$'),
        (lambda: zeros(3)[[0, 9]], IndexError, r"^index: \(3,\), index 9 is out of bounds"),
    ],
)
def test_numpys_own_words_come_with_the_operator_the_shape_and_the_label(mistake, kind, words):
    with pytest.raises(kind, match=words):
        mistake()


def test_a_mismatch_leaves_no_second_traceback():
    with pytest.raises(ValueError) as caught:
        zeros(2) + zeros(3)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


# ---- (N, 1) with (N,)


def places_warned_of(f, times=2):
    """Where the warnings of f point to, under Python's own rule that each place is warned of once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for _ in range(times):
            f()
    return [(str(warning.message), warning.filename, warning.lineno) for warning in caught]


def line_of(marker):
    """The number of the line of this file that ends with the comment `marker`."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if line.endswith(f"  # {marker}"))


column, row = Tensor(np.ones((5, 1)), requires_grad=True), Tensor(np.ones(5), requires_grad=True)


def by_notation():
    return column * row  # by notation


def by_function():
    return te.maximum(column, row)  # by function


def by_array():
    return np.ones((5, 1)) - row  # by array


def by_array_function():
    return te.maximum(row, np.ones((5, 1)))  # by array function


@pytest.mark.parametrize(
    "f, what",
    [
        (by_notation, "multiply: (5, 1) with (5,)"),
        (by_function, "maximum: (5, 1) with (5,)"),
        (by_array, "subtract: (5, 1) with (5,)"),
        (by_array_function, "maximum: (5,) with (5, 1)"),
    ],
)
def test_the_warning_comes_once_and_points_at_the_users_own_line(f, what):
    ((message, filename, line),) = places_warned_of(f)
    assert message == f"{what} expands to (5, 5); reshape one of them if you meant element by element"
    assert filename == __file__ and line == line_of(f.__name__.replace("_", " "))


def test_two_places_are_two_warnings():
    assert len(places_warned_of(lambda: (by_notation(), by_function()))) == 2


def test_other_expansions_are_silent():
    def others():
        column * 2.0
        column * np.ones((1, 5))
        column + column
        row + np.ones((3, 5))
        column * np.ones(4)
        Tensor(np.ones((1, 1))) * np.ones(1)

    assert places_warned_of(others) == []


def test_an_expansion_is_correct_all_the_same():
    with pytest.warns(UserWarning, match=r"\(5, 1\) with \(5,\) expands to \(5, 5\)"):
        out = by_notation()
    assert out.shape == (5, 5)
