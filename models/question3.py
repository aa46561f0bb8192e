"""Question 3 of the assignment: its tiny network, built from Values and named as on the sheet.

    k = W'x + b,   h = sigmoid(k),   o = V'h + c,   y = softmax(o),   l = -log y[target]

The sheet is "Assignment 1: Implementing an MLP using Numpy". The same code builds a network of any sizes.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from scalar_engine import Value, log, sigmoid, softmax, sum

from .keeping.plausible import shortened


@dataclass(frozen=True)
class Case:
    """The numbers of one network and one instance, as nested lists.

    x           (inputs)            the instance
    W, b        (inputs, hidden), (hidden)
    V, c        (hidden, classes), (classes)
    target      the target class, counted from 0

    Raises ValueError if these are no such lists or their shapes do not fit together.
    """

    x: list
    W: list
    b: list
    V: list
    c: list
    target: int = 0

    def __post_init__(self):
        for name in ("x", "b", "c"):
            require_numbers(name, getattr(self, name))
        sizes = f"x has {len(self.x)} values, b has {len(self.b)}, c has {len(self.c)}"
        for name, n_rows, n_columns in [("W", len(self.x), len(self.b)), ("V", len(self.b), len(self.c))]:
            rows = getattr(self, name)
            if not isinstance(rows, list) or len(rows) != n_rows:
                raise ValueError(f"{name} must be a list of {n_rows} rows: {sizes}")
            for i, row in enumerate(rows, start=1):
                require_numbers(f"row {i} of {name}", row)
                if len(row) != n_columns:
                    raise ValueError(f"row {i} of {name} has {len(row)} numbers, and must have {n_columns}: {sizes}")
        if type(self.target) is not int or self.target not in range(len(self.c)):
            raise ValueError(f"target is {shortened(self.target)}, and must be a class from 0 to {len(self.c) - 1}")


def require_numbers(name, row):
    if not isinstance(row, list) or not row or not all(type(number) in (int, float) for number in row):
        raise ValueError(f"{name} must be a list of numbers, not {shortened(row)}")
    if not all(abs(number) < 1e300 for number in row):
        raise ValueError(f"{name} has a number that is not finite: {shortened(row)}")


SHEET = Case(
    x=[1.0, -1.0],
    W=[[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]],
    b=[0.0, 0.0, 0.0],
    V=[[1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]],
    c=[0.0, 0.0],
)

# As the sheet prints them, to four decimals.
SHEET_GRADIENTS = {
    "W": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    "b": [0.0, 0.0, 0.0],
    "V": [[-0.4404, 0.4404], [-0.4404, 0.4404], [-0.4404, 0.4404]],
    "c": [-0.5, 0.5],
}


def random_case(seed):
    """A Case of the sheet's shape with x, weights and target from a seed: a second exercise, without the symmetry."""
    rng = random.Random(seed)

    def draw(*shape):
        return [draw(*shape[1:]) for _ in range(shape[0])] if shape else round(rng.uniform(-2, 2), 1)

    return Case(x=draw(2), W=draw(2, 3), b=draw(3), V=draw(3, 2), c=draw(2), target=rng.randrange(2))


def read_case(path):
    """The Case in a JSON file {"W": [[...]], "b": [...], ...}; what the file leaves out is as on the sheet.

    Raises ValueError, naming the file, if it is not such a file.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # Windows editors add a mark
        given = json.loads(text, object_pairs_hook=without_doubles)
        if not isinstance(given, dict) or not set(given) <= {"x", "W", "b", "V", "c", "target"}:
            raise ValueError("expected an object with the keys x, W, b, V, c, target")
        return replace(SHEET, **given)
    except (OSError, RecursionError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def without_doubles(pairs):
    """The dict of a JSON object. Raises ValueError for a key that is there twice, of which json takes the last."""
    [(key, count)] = Counter(key for key, _ in pairs).most_common(1) or [("", 0)]
    if count > 1:
        raise ValueError(f"{shortened(key)} is given twice")
    return dict(pairs)


@dataclass
class Question3:
    """The network as a graph: each attribute holds the Values of that name, numbered from 1 as on the sheet.

    t is the target as one-hot data, so that every class takes part in l = -sum_i t_i log y_i. The loss is the sheet's,
    by way of y: where a y underflows to 0 it does not exist, while `cross_entropy` of the logits does.
    """

    case: Case
    x: list = field(init=False)
    W: list = field(init=False)
    b: list = field(init=False)
    k: list = field(init=False)
    h: list = field(init=False)
    V: list = field(init=False)
    c: list = field(init=False)
    o: list = field(init=False)
    y: list = field(init=False)
    t: list = field(init=False)
    l: Value = field(init=False)

    def __post_init__(self):
        given = self.case
        one_hot = [float(i == given.target) for i in range(len(given.c))]
        self.x = vector(given.x, "x", requires_grad=False)
        self.t = vector(one_hot, "t", requires_grad=False)
        self.W, self.b = matrix(given.W, "layer1/W"), vector(given.b, "layer1/b")
        self.V, self.c = matrix(given.V, "layer2/V"), vector(given.c, "layer2/c")

        self.k = numbered(linear(self.x, self.W, self.b), "layer1/k")
        self.h = numbered(map(sigmoid, self.k), "layer1/h")
        self.o = numbered(linear(self.h, self.V, self.c), "layer2/o")
        self.y = numbered(softmax(self.o), "softmax/y")
        self.l = (-sum([t * log(y) for t, y in zip(self.t, self.y)])).named("l")

    def values(self):
        """The forward pass as plain lists: {"k": [...], "h": [...], "o": [...], "y": [...], "l": number}."""
        return {name: data_of(getattr(self, name)) for name in ("k", "h", "o", "y", "l")}

    def gradients(self):
        """dl/dW, dl/db, dl/dV and dl/dc as plain lists, by one backward pass."""
        self.l.zero_grad()
        self.l.backward()
        return {name: gradient_of(getattr(self, name)) for name in ("W", "b", "V", "c")}


def linear(x, W, b):
    """k_j = sum_i W_ij x_i + b_j, with every product a node of its own, as a person would draw it."""
    return [sum([W[i][j] * x[i] for i in range(len(x))] + [b[j]]) for j in range(len(b))]


def vector(numbers, label, requires_grad=True):
    return [Value(number, f"{label}{i}", requires_grad) for i, number in enumerate(numbers, start=1)]


def matrix(rows, label):
    return [vector(row, f"{label}{i}") for i, row in enumerate(rows, start=1)]


def numbered(values, label):
    return [value.named(f"{label}{i}") for i, value in enumerate(values, start=1)]


def data_of(values):
    return [data_of(value) for value in values] if isinstance(values, list) else values.data + 0.0


def gradient_of(values):
    return [gradient_of(value) for value in values] if isinstance(values, list) else values.grad + 0.0  # -0.0 is 0.0


def agrees(gradients, expected, decimals=4):
    """Whether every gradient, rounded to `decimals`, is the one expected."""
    if isinstance(expected, list):
        return len(gradients) == len(expected) and all(map(agrees, gradients, expected, [decimals] * len(expected)))
    return round(gradients, decimals) == round(expected, decimals)
