"""Exercises for paper, as graphs of Values: a seed draws the numbers, and the graph is both the question and its key.

Numbers are drawn many times, and the draw whose working is shortest by hand is taken.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models.question3 import linear, matrix, numbered, vector
from scalar_engine import Value, exp, grad, log, mean, relu, sigmoid, sum, tanh
from scalar_engine.graph import topological_order

DRAWS = 100  # of which the one with the shortest working is taken
DECIMALS = 4  # to which answers are asked for


@dataclass
class Exercise:
    """One worksheet's question.

    title, task     what it is called; what is asked, in the reports' markup
    root            the node whose derivatives the gradients are
    given           {name: numbers as nested lists} of the leaves, as the student is to read them
    asked           the keys of the answers as `check_steps` takes them, in the order of working, {key: points}
    picture         whether the graph is small enough to be drawn on the sheet
    """

    title: str
    task: str
    root: Value
    given: dict[str, Any]
    asked: dict[str, int] = field(default_factory=dict)
    picture: bool = True

    def nodes(self) -> list[Any]:
        """All nodes of its graph, in topological order."""
        return topological_order(self.root)

    def answers(self) -> dict[str, float]:
        """The right answer to each key that is asked."""
        named = {node.name: node for node in self.nodes()}
        self.root.zero_grad()
        self.root.backward()
        prefix = f"d{self.root.name}/d"
        return {
            key: (named[key.removeprefix(prefix)].grad if key.startswith(prefix) else named[key].data) + 0.0
            for key in self.asked
        }


def values_then_gradients(root, values, gradients):
    """{key: points} that asks for the nodes' values, and then for the derivatives of the root by the nodes."""
    return {**{node.name: 1 for node in values}, **{f"d{root.name}/d{node.name}": 1 for node in gradients}}


# ---- drawing numbers


def effort(exercise):
    """How long the working is by hand: decimals that have to be written, and numbers that are large."""
    total = 0.0
    for number in exercise.answers().values():
        decimals = f"{number:.6f}".rstrip("0").partition(".")[2]
        total += len(decimals) + max(0.0, abs(number) - 10)
    return total


def faults(exercise):
    """How many things make the answers hang on a convention, or hide mistakes: a kink, many zeros, many numbers alike,
    a large number."""
    numbers = [round(abs(number), 6) for number in exercise.answers().values()]
    at_kink = any(node.op is relu and node.inputs[0].data == 0 for node in exercise.nodes())
    alike = 2 * len(set(numbers)) < len(numbers)
    return at_kink + alike + (3 * numbers.count(0) > len(numbers)) + (max(numbers) >= 100)


def easiest(build: Callable[..., Exercise], seed: int, **options: Any) -> Exercise:
    """Of DRAWS exercises of `build(rng, **options)`, the one with the fewest faults and the shortest working."""
    rng = random.Random(seed)
    return min((build(rng, **options) for _ in range(DRAWS)), key=lambda exercise: (faults(exercise), effort(exercise)))


def whole(rng, *shape, largest=2):
    """Whole numbers other than 0, as nested lists of that shape."""
    if shape:
        return [whole(rng, *shape[1:], largest=largest) for _ in range(shape[0])]
    return rng.choice([n for n in range(-largest, largest + 1) if n])


# ---- the exercises

ACTIVATIONS = {"sigmoid": (sigmoid, r"\sigma"), "relu": (relu, r"\operatorname{relu}"), "tanh": (tanh, r"\tanh")}
# Weights, bias, linear output and activated output of each layer, from the last back: W, b, k and h are the sheet's.
LAYERS = [("V", "c", "o", ""), ("W", "b", "k", "h"), ("U", "a", "m", "g")]


LOSSES = "cross-entropy", "squared"
LARGEST = 4  # units of a layer, and instances: what a person computes by hand


def network(rng, sizes=(2, 2, 2), activation="sigmoid", loss="cross-entropy", batch=1):
    """A network of one to three layers, up to its loss and back."""
    f, f_latex = ACTIVATIONS[activation]
    given = {"x": [whole(rng, sizes[0]) for _ in range(batch)]}
    rows = vectors(given["x"], "x", requires_grad=False)
    letter, formulas, asked, parameters = "x", [], [], []
    for (weight, bias, linear_, activated), n_in, n_out in zip(LAYERS[len(sizes) - 2 :: -1], sizes, sizes[1:]):
        given[weight], given[bias] = whole(rng, n_in, n_out), whole(rng, n_out, largest=1)
        W, b = matrix(given[weight], weight), vector(given[bias], bias)
        parameters += [*flat(W), *b]
        rows = labelled([linear(row, W, b) for row in rows], linear_)
        asked += flat(rows)
        formulas.append(rf"{linear_} = {weight}^{{\top}} {letter} + {bias}")
        if activated:
            rows = labelled([map(f, row) for row in rows], activated)
            asked += flat(rows)
            formulas.append(rf"{activated} = {f_latex}({linear_})")
        letter = activated
    if loss == "cross-entropy":
        targets = [rng.randrange(sizes[-1]) for _ in range(batch)]
        given["t"] = [[int(i == target) for i in range(sizes[-1])] for target in targets]
        rows = labelled([softmax_by_hand(row) for row in rows], "y")
        asked += flat(rows)
        formulas += [r"y = \operatorname{softmax}(o)", r"l = -\sum_j t_j \log y_j"]
        loss_of = cross_entropy_of
    else:
        given["t"] = [whole(rng, sizes[-1]) for _ in range(batch)]
        formulas.append(r"l = \frac{1}{2} \sum_j (o_j - t_j)^2")
        loss_of = squared_error_of
    losses = list(map(loss_of, rows, vectors(given["t"], "t", requires_grad=False)))
    l = (losses[0] if batch == 1 else mean(losses)).named("l")
    if batch == 1:
        given["x"], given["t"] = given["x"][0], given["t"][0]
    of_batch = f" The {batch} instances are the rows of $x$ and $t$, and $l$ is the mean of their losses." * (batch > 1)
    task = f"A network computes {', '.join(f'${formula}$' for formula in formulas)}, with $t$ as its target.{of_batch}"
    keys = values_then_gradients(l, [*asked, l], [*reversed(asked), *reversed(parameters)])
    return Exercise(f"A network {'-'.join(map(str, sizes))}", task, l, given, keys, picture=batch == 1)


def vectors(rows, name, requires_grad):
    """A vector of Values for each row: x1, x2, ..., or of several rows x11, x12, ... and x21, x22, ..."""
    names = [name] if len(rows) == 1 else [f"{name}{i}" for i in range(1, len(rows) + 1)]
    return [vector(map(float, row), each, requires_grad) for row, each in zip(rows, names)]


def labelled(rows, name):
    names = [name] if len(rows) == 1 else [f"{name}{i}" for i in range(1, len(rows) + 1)]
    return list(map(numbered, rows, names))


def flat(rows):
    return [node for row in rows for node in row]


def softmax_by_hand(o):
    """y_i = exp(o_i) / sum_j exp(o_j), as a person computes it: the numbers are small."""
    e = [exp(o_i) for o_i in o]
    s = sum(e)
    return [e_i / s for e_i in e]


def cross_entropy_of(y, t):
    return -sum([t_j * log(y_j) for t_j, y_j in zip(t, y)])


def squared_error_of(o, t):
    return 0.5 * sum([(o_j - t_j) ** 2 for o_j, t_j in zip(o, t)])


def chain(rng):
    """A chain-rule expression of three variables, one of them used twice."""
    x, y, z = (Value(float(number), name) for number, name in zip(whole(rng, 3, largest=3), "xyz"))
    first = rng.choice([("a", "x y", x * y), ("a", "x + y", x + y), ("a", "x - y", x - y)])
    a = first[2].named("a")
    second = rng.choice([("b", "z^2", z * z), ("b", "x z", x * z), ("b", "y - z", y - z)])
    b = second[2].named("b")
    third = rng.choice([("c", r"\operatorname{relu}(a)", relu(a)), ("c", "a^2", a**2), ("c", "2 a + x", 2 * a + x)])
    c = third[2].named("c")
    f = (c * b).named("f")
    definitions = ", ".join(f"${name} = {latex}$" for name, latex, _ in (first, second, third))
    task = f"The function is $f = c \\, b$, where {definitions}. Each variable may reach $f$ by more than one path."
    given = {name: node.data for name, node in zip("xyz", (x, y, z))}
    return Exercise("The chain rule", task, f, given, values_then_gradients(f, [a, b, c, f], [c, b, a, x, y, z]))


def softmax_loss(rng, classes=3):
    """Softmax and the cross-entropy, from logits to their derivatives."""
    logits, target = whole(rng, classes, largest=3), rng.randrange(classes)
    one_hot = [int(i == target) for i in range(classes)]
    o = vector(logits, "o")
    y = numbered(softmax_by_hand(o), "y")
    l = cross_entropy_of(y, vector(one_hot, "t", requires_grad=False)).named("l")
    task = r"$y = \operatorname{softmax}(o)$ and $l = -\sum_j t_j \log y_j$, with the one-hot target $t$."
    asked = values_then_gradients(l, [*y, l], [*y, *o])
    return Exercise("Softmax and cross-entropy", task, l, {"o": logits, "t": one_hot}, asked)


def descent(rng):
    """One step of gradient descent on the squared error of a line, and what it gains."""
    x, t, start, rate = whole(rng, largest=3), whole(rng, largest=4), whole(rng, 2), rng.choice([0.1, 0.5])
    x_, t_ = Value(float(x), "x", requires_grad=False), Value(float(t), "t", requires_grad=False)
    w, b = Value(float(start[0]), "w"), Value(float(start[1]), "b")

    def loss(w, b, mark):
        y = (w * x_ + b).named(f"y{mark}")
        return y, (0.5 * (y - t_) ** 2).named(f"l{mark}")

    y, l = loss(w, b, "")
    slopes = [grad(l, parameter, create_graph=True).named(f"d{parameter.label}") for parameter in (w, b)]
    moved = [(p - rate * slope).named(f"{p.label}_new") for p, slope in zip((w, b), slopes)]
    y_new, l_new = loss(moved[0], moved[1], "_new")
    gain = (l - l_new).named("gain")
    task = (
        r"$y = w x + b$ and $l = \frac{1}{2} (y - t)^2$. Do one step of gradient descent with the learning rate "
        f"${rate:g}$: `dw` and `db` are the derivatives of $l$, `w_new` and `b_new` the parameters after the step, "
        "`y_new` and `l_new` what they give, and `gain` is $l$ less `l_new`."
    )
    given = {"x": x, "t": t, "w": start[0], "b": start[1]}
    asked = values_then_gradients(gain, [y, l, *slopes, *moved, y_new, l_new, gain], [])
    return Exercise("One step of gradient descent", task, gain, given, asked, picture=False)


def matrix_layer(rng, instances=2, inputs=2, units=2):
    """A linear layer on a batch, as matrices: K = X W + b, and its three derivatives."""
    given = {"X": whole(rng, instances, inputs), "W": whole(rng, inputs, units), "b": whole(rng, units)}
    given["G"] = whole(rng, instances, units)
    X, W, b = matrix(given["X"], "X"), matrix(given["W"], "W"), vector(given["b"], "b")
    K = labelled([linear(row, W, b) for row in X], "K")
    G = vectors(given["G"], "G", requires_grad=False)
    l = sum([k * g for k, g in zip(flat(K), flat(G))]).named("l")
    task = (
        r"A linear layer computes $K = X W + b$ for a batch, a row an instance; $b$ is added to each row. From behind "
        r"comes the upstream gradient $G = \partial l / \partial K$. Work out $K$, and the derivatives of $l$ by $X$, "
        "$W$ and $b$ as products of matrices."
    )
    asked = values_then_gradients(l, flat(K), [*flat(X), *flat(W), *b])
    return Exercise("A matrix layer", task, l, given, asked, picture=False)


# {name: (what builds it, the options it takes from the command line)}
EXERCISES: dict[str, tuple[Callable[..., Exercise], tuple[str, ...]]] = {
    "network": (network, ("sizes", "activation", "loss", "batch")),
    "chain": (chain, ()),
    "softmax": (softmax_loss, ()),
    "descent": (descent, ()),
    "matrix": (matrix_layer, ()),
}


def drawn(name: str, seed: int, **options: Any) -> Exercise:
    """The Exercise `name` of a seed: the same seed the same sheet.

    `options` are those of EXERCISES: sizes, two to four numbers of units from 1 to LARGEST; activation, a name of
    ACTIVATIONS; loss, one of LOSSES; batch, from 1 to LARGEST instances. Raises ValueError for any other.
    """
    build, taken = EXERCISES[name]
    for option, value in options.items():
        if option not in taken:
            raise ValueError(f"the exercise {name} takes no {option}")
        numbers = value if isinstance(value, (list, tuple)) else [value]
        fits = {
            "sizes": 2 <= len(numbers) <= 4 and all(type(n) is int and 1 <= n <= LARGEST for n in numbers),
            "batch": type(value) is int and 1 <= value <= LARGEST,
            "activation": value in list(ACTIVATIONS),
            "loss": value in LOSSES,
        }
        if not fits[option]:
            raise ValueError(f"{option}: {value!r} is none that the exercise {name} can have")
    return easiest(build, seed, **options)
