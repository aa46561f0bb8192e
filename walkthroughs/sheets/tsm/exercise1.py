"""Practical Work 03, Exercise 1: object-oriented Python, on the example of a class that is a layer of a network.

The smallest layer is written here, run, and compared with the project's own; then what each of its methods is for,
what a layer inherits, and how a network finds its parameters.
"""

import inspect

import numpy as np

from models.layers import MLP, Linear, ReLU, Sequential, glorot, parameter_count
from models.module import Module
from tensor_engine import SGD, Tensor, mse
from walkthroughs.reports.readings import listed
from walkthroughs.sheets.script import parser_for, run_walkthrough

X = np.random.default_rng(5).normal(size=(32, 2))  # (instances, inputs)
TARGETS = np.sin(2 * X)


class Layer:
    """x @ W + b: the smallest class that is a layer."""

    def __init__(self, n_inputs, n_outputs, rng):
        self.W = Tensor(glorot(rng, n_inputs, n_outputs), "W", requires_grad=True)
        self.b = Tensor(np.zeros(n_outputs), "b", requires_grad=True)

    def __call__(self, x):
        return x @ self.W + self.b

    def parameters(self):
        return [self.W, self.b]


class Residual(Module):
    """x + f(x), with a network of two layers as f: a layer made of layers."""

    def __init__(self, n_inputs, n_hidden, rng):
        self.f = Sequential(
            Linear(n_inputs, n_hidden, rng, dtype=np.float64, label="first"),
            ReLU("first"),
            Linear(n_hidden, n_inputs, rng, dtype=np.float64, label="second"),
        )

    def __call__(self, x):
        return x + self.f(x)

    def parameters(self):
        return self.f.parameters()

    def parts(self):
        return [self.f]


class Forgetful(Residual):
    """A layer whose author has not said what its parameters are."""

    parameters = Module.parameters


def main(arguments=None):
    parser = parser_for("tsm_exercise1", __doc__)
    return run_walkthrough(parser, build, arguments, "What a class needs to be a layer")


def build(report, options):
    smallest(report, options.seed)
    methods(report, options.seed)
    inheritance(report)
    finding_parameters(report, options.seed)


def smallest(report, seed):
    report.section("The smallest layer")
    report.prose(
        "A class describes what its objects know and can do. Three methods make a layer: `__init__` gives a new object "
        "its state, the weights and biases, as attributes of `self`; `__call__` says what `layer(x)` computes; "
        "`parameters` names what training changes. No method computes a derivative: the Tensors remember how the "
        "output was made."
    )
    report.code(inspect.getsource(Layer))
    mine, other = Layer(2, 2, np.random.default_rng(seed)), Layer(2, 2, np.random.default_rng(seed))
    untouched = other.W.data.copy()
    theirs = Linear(2, 2, np.random.default_rng(seed), dtype=np.float64)
    report.code(inspect.getsource(Linear), "The project's own, in `models/layers/dense.py`, differs by its options:")
    apart = largest_difference(mine, theirs)
    optimizer = SGD(mine.parameters(), 0.1)
    mse(mine(X), TARGETS).backward()
    optimizer.step()
    moved = not np.array_equal(mine.W.data, untouched)
    report.reading(f"{agreement(apart)} {own_state(moved, np.array_equal(other.W.data, untouched))}")


def largest_difference(mine, theirs):
    """Of the outputs and of any gradient of two layers with two parameters; leaves no gradients behind."""
    results = []
    for layer in (mine, theirs):
        out = layer(X)
        mse(out, TARGETS).backward()
        results.append([out.data, *(parameter.grad for parameter in layer.parameters())])
        for parameter in layer.parameters():
            parameter.grad = None
    return max(float(np.abs(a - b).max()) for a, b in zip(*results, strict=True))


def agreement(apart):
    same = "are the same" if apart < 1e-12 else "DIFFER"
    return (
        f"From the same weights the outputs of both for {len(X)} instances and the gradients {same}: the largest "
        f"difference is {apart:.0e}."
    )


def own_state(moved, other_is_as_it_was):
    if moved and other_is_as_it_was:
        return "Two objects of one class have a state each: after a step of the one, the other's weights are unmoved."
    return "The objects do NOT have a state each: a step of the one moved both, or none."


def methods(report, seed):
    report.section("What each method is for")
    report.prose(
        "Nothing declares that a class is a layer: whatever has the methods is one. Here each is left out in turn, and "
        "the class is used as a network uses it."
    )
    rows = [(name, without(name, seed)) for name in ("__init__", "__call__", "parameters")]
    report.table("methods", "What Python says without each method.", {"left out": "", "what happens": ""}, rows)
    report.reading(needed(rows))


def without(name, seed):
    """What happens if a Layer without this method is made, called and trained; "" if nothing does."""
    crippled = type("Layer", (), {key: value for key, value in vars(Layer).items() if key != name})
    try:
        network = Sequential(crippled(2, 2, np.random.default_rng(seed)))
        mse(network(X), TARGETS).backward()
        SGD(network.parameters(), 0.1).step()
    except (TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def needed(rows):
    spared = [name for name, said in rows if not said]
    if spared:
        return f"A layer works without {listed(spared)}."
    return f"Each of {listed(name for name, _ in rows)} is needed: without it there is no training step."


def inheritance(report):
    report.section("Inheritance")
    report.prose(
        "`Linear` is a `Module`: it has the methods of that class without writing them, and may replace any of them. "
        "Python looks a method up in the object's class, then in the classes that it inherits from, in order."
    )
    report.code(inspect.getsource(Module))
    names = "__init__", "__call__", "__repr__", "parameters", "named_parameters", "parts", "zero_grad", "train"
    rows = [(name, *(definer(cls, name).__name__ for cls in (Linear, ReLU, MLP))) for name in names]
    report.table(
        "lookup", f"In which class the method is found: MLP inherits from {listed(ancestors(MLP))}.",
        {"method": "", "Linear": "", "ReLU": "", "MLP": ""}, rows,
    )  # fmt: skip
    report.reading(inherited(rows))


def definer(cls, name):
    """The class in which Python finds a method of `cls`."""
    return next(each for each in cls.__mro__ if name in vars(each))


def ancestors(cls):
    return [each.__name__ for each in cls.__mro__[1:-1]]


def inherited(rows):
    of_mlp = {name: found for name, *_, found in rows}
    own = [name for name, found in of_mlp.items() if found == "MLP"]
    return (
        f"MLP writes {len(own)} of these {len(rows)} methods itself ({listed(own)}) and inherits the others: a network "
        "is its list of layers, and how that is called and searched is said once."
    )


def finding_parameters(report, seed):
    report.section("How a network finds its parameters")
    report.prose(
        "A container asks its parts: `Module.parameters` joins the lists of its `parts`, which may be containers "
        "again. So a class made of layers hands the question on, and is a layer itself. (PyTorch's `nn.Module` notes "
        "what is assigned to an attribute instead, and so needs no list, except for layers that are hidden in a plain "
        "Python list, which it does not see.)"
    )
    report.code(inspect.getsource(Residual))
    report.code(inspect.getsource(Forgetful), "What is easily forgotten: `Module`'s own list is empty.")
    rows = []
    for cls in (Residual, Forgetful):
        block = cls(2, 8, np.random.default_rng(seed))
        network = Sequential(block, Linear(2, 2, np.random.default_rng(seed), dtype=np.float64, label="last"))
        before = block.f.layers[0].W.data.copy()
        losses = trained(network)
        moved = float(np.abs(block.f.layers[0].W.data - before).max())
        rows.append((cls.__name__, ", ".join(network.named_parameters()), parameter_count(network), moved, *losses))
    report.table(
        "found", "A network of such a layer and a Linear one, before and after 200 steps of gradient descent.",
        {"class": "", "parameters found": "", "numbers": "d", "its first weights moved by": ".2g", "loss before": ".4f",
         "loss after": ".4f"},
        rows,
    )  # fmt: skip
    report.reading(forgotten(*rows))


def trained(network):
    """The loss before and after 200 steps."""
    optimizer, losses = SGD(network.parameters(), 0.1), []
    for _ in range(200):
        loss = mse(network(X), TARGETS)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses[0], mse(network(X), TARGETS).item()


def forgotten(whole, forgetful):
    """What it costs not to name parameters, from the rows of the table."""
    (name, _, count, _, _, loss), (other, _, found, other_moved, _, other_loss) = whole, forgetful
    stays = "its weights stay as they were" if other_moved == 0 else f"its weights move by {other_moved:.2g}"
    worse = f"{other_loss:.4f} instead of {loss:.4f}"
    end = f"the loss ends at {worse}" if other_loss > loss else f"the loss all the same ends at {worse}"
    return (
        f"With {name} in it the network finds {count} numbers, with {other} {found}: nothing raises an error, {stays}, "
        f"and {end}. "
        "The count of parameters is worth a look before training."
    )
