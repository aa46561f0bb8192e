"""Practical Work 03, Exercise 4: examples of autograd, on the engine and in PyTorch, with the same numbers from both.

They are in the manner of Fleuret's lectures 4.1 and 4.2, and all run when the page is made. Without PyTorch (the extra
`peers`) the page has the engine's side.
"""

import importlib.util
import inspect
import textwrap
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.tsm import autograd_examples as examples

TOLERANCE = 1e-10  # relative: float64's rounding, after some hundred steps


@dataclass(frozen=True)
class Example:
    """A pair of functions, what it is about, and `shown(found)`: the sentence that the engine's numbers give."""

    title: str
    prose: str
    engine: Callable
    pytorch: Callable
    shown: Callable


def main(arguments=None):
    parser = parser_for("tsm_exercise4", __doc__)
    return run_walkthrough(parser, build, arguments, "Autograd by examples")


def build(report, options):
    torch = pytorch()
    report.prose(
        "Each example is a function that runs as it stands here, on the engine and then in PyTorch. Both start from "
        "the same numbers, in float64, which is the engine's default and to which PyTorch is set meanwhile."
        if torch
        else "Each example is a function that runs as it stands here, on the engine. PyTorch is not installed, so its "
        'half of each pair is left out; `pip install "scalar-to-tensor[peers]"` adds it.'
    )
    compared = []
    for example in EXAMPLES:
        compared += shown(report, example, torch)
    if torch:
        report.section("Together")
        report.reading(agreed(compared, torch.__version__))
        if not same(compared):
            report.fail("The engine and PyTorch do not agree.")


def pytorch():
    """The module torch, or None where it is not installed."""
    return importlib.import_module("torch") if importlib.util.find_spec("torch") else None


def shown(report, example, torch):
    """One example on the page; returns its (what, the engine's, PyTorch's, difference) where PyTorch is there."""
    report.section(example.title)
    report.prose(example.prose)
    if example.engine is examples.trained:
        report.code(inspect.getsource(examples.quadrants), "The data and the initial weights of both:")
    report.code(inspect.getsource(example.engine))
    found, theirs = example.engine(), {}
    columns = {"": "", "engine": ""}
    if torch:
        report.code(inspect.getsource(example.pytorch))
        with doubles(torch):
            theirs = example.pytorch(torch)
        columns |= {"PyTorch": "", "largest difference": ".0e"}
    compared = [(what, ours, theirs.get(what), difference(ours, theirs.get(what))) for what, ours in found.items()]
    rows = [(what, written(a), written(b), apart)[: len(columns)] for what, a, b, apart in compared]
    report.table(example.engine.__name__, "What both return." if torch else "What it returns.", columns, rows)
    for who, side in [("The engine", 1), ("PyTorch", 2)]:
        for row in compared:
            if isinstance(row[side], Exception):
                sentence = f"{type(row[side]).__name__}: {row[side]}".partition(". ")[0]
                report.code(textwrap.fill(sentence, 88), f"{who} says:")
    report.reading(example.shown(found))
    return compared


@contextmanager
def doubles(torch):
    """PyTorch with float64 as its default."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def numbers(value):
    """What an example returns, of either library, as a flat array."""
    return np.ravel(np.asarray(value.detach() if hasattr(value, "detach") else value, float))


def written(value):
    if isinstance(value, Exception):
        return type(value).__name__
    return ", ".join(f"{number + 0.0:.5g}" for number in np.round(numbers(value), 9))


def difference(ours, theirs):
    """The largest, relative to numbers above 1; None between errors of one kind, infinity where there is but one."""
    if isinstance(ours, Exception) or isinstance(theirs, Exception):
        return None if type(ours) is type(theirs) else float("inf")
    a, b = numbers(ours), numbers(theirs)
    return float((np.abs(a - b) / np.maximum(1, np.abs(b))).max())


def same(compared):
    return all(apart is None or apart < TOLERANCE for *_, apart in compared)


def agreed(compared, version):
    """Whether engine and PyTorch have the same numbers and refuse the same; `compared` as from `shown`."""
    count = sum(numbers(ours).size for _, ours, _, apart in compared if apart is not None)
    worst = max(apart for *_, apart in compared if apart is not None)
    refused = [what for what, *_, apart in compared if apart is None]
    if not same(compared):
        wrong = [what for what, *_, apart in compared if apart is not None and not apart < TOLERANCE]
        return f"The engine and PyTorch {version} DIFFER in {'; '.join(wrong)}: by up to {worst:.0e}."
    return (
        f"The engine and PyTorch {version} agree in all {count} numbers, the largest difference being {worst:.0e}, and "
        f"refuse the same {len(refused)} passes."
    )


# ---- what the numbers of each example show


def said(claim, otherwise, holds):
    return claim if holds else f"NOT so here: {otherwise}"


def of_many_inputs(found):
    t, u = np.array([1.0, 2.0, 4.0]), np.array([10.0, 20.0])
    holds = np.allclose(found["da/dt"], 2 * t) and np.allclose(found["da/du"], 1 / u)
    return said("The gradients are `2 * t` and `1 / u`.", "they are not `2 * t` and `1 / u`.", holds)


def accumulated(found):
    first, second, third = (numbers(value) for value in found.values())
    holds = np.allclose(second, 2 * first) and np.allclose(third, first)
    claim = (
        "Not zeroed, the gradient after the second pass is twice the first; zeroed, the third gives the first again."
    )
    return said(claim, "the passes do not add up.", holds)


def shared_weights(found):
    together, summed = (numbers(value) for value in found.values())
    claim = "The gradient of the matrix that is used twice is the sum of those of two separate ones."
    return said(claim, f"the sum is {np.abs(together - summed).max():.0e} away.", np.allclose(together, summed))


def descended(found):
    (a, b), (a_cut, b_cut) = (numbers(value) + 0.0 for value in found.values())
    whole, cut = (f"a = {x:.4f} and b = {y:.4f}".replace("-0.0000", "0.0000") for x, y in [(a, b), (a_cut, b_cut)])
    return (
        f"The steps end at {whole}. With a detached in the last term, a no longer feels it and ends where its own term "
        f"is smallest, and b half way between -1 and that: {cut}."
        if abs(a_cut - 1) < 1e-6 and abs(b_cut - (a_cut - 1) / 2) < 1e-6
        else f"The steps end at {whole}, and with a detached at {cut}."
    )


def passed_twice(found):
    x, refused = np.array([1.0, 2.0]), isinstance([*found.values()][-1], Exception)
    twice = np.allclose(numbers(found["x.grad after two passes"]), 2 * 2 * x)
    claim = (
        "Two passes through the kept graph add up to twice `2 * x`, and a pass after it was released raises an error."
    )
    return said(claim, "the passes do not add up, or none is refused.", twice and refused and len(found) == 2)


def changed_in_place(found):
    refused = isinstance(found.get("the pass"), Exception)
    return said("The pass, which would have taken the changed numbers, is refused.", "the pass goes through.", refused)


def second_derivative(found):
    x = np.array([1.0, 2.0, 3.0])
    slope, curved = (numbers(value) for value in found.values())
    holds = np.allclose(slope, 3 * x**2) and np.allclose(curved, 36 * x**3)
    return said(
        "The gradient is `3 * x**2`; its squared norm, the sum of `9 * x**4`, has the gradient `36 * x**3`.",
        "they are not `3 * x**2` and `36 * x**3`.", holds,
    )  # fmt: skip


def trained(found):
    first, last = numbers(found["loss before the first and the last step"])
    falls = "falls" if last < first else "does NOT fall"
    return f"The loss {falls}: {first:.4f} before the first step, {last:.4f} before the last."


EXAMPLES = [
    Example(
        "A function of many inputs",
        "One backward pass gives the derivatives by all inputs. Both libraries return them without storing anything.",
        examples.of_many_inputs, examples.of_many_inputs_in_pytorch, of_many_inputs,
    ),
    Example(
        "Gradients accumulate",
        "`backward` stores the gradient in each leaf, and adds it to what is there already: a training loop has to "
        "zero it. (The engine's optimizers do so in `step`.)",
        examples.accumulated, examples.accumulated_in_pytorch, accumulated,
    ),
    Example(
        "Weights that are shared",
        "A node that is used twice gets a contribution from each use, and its gradient is their sum. This is all that "
        "weight sharing needs.",
        examples.shared_weights, examples.shared_weights_in_pytorch, shared_weights,
    ),
    Example(
        "no_grad and detach",
        "Gradient descent by hand. Inside `no_grad` nothing is recorded, so that a parameter can be updated in place; "
        "`detach` gives the same number, as a constant to the graph.",
        examples.descended, examples.descended_in_pytorch, descended,
    ),
    Example(
        "A graph that is passed through twice",
        "A backward pass releases the graph that it has used, unless it is told to keep it: `keep` here, "
        "`retain_graph` in PyTorch.",
        examples.passed_twice, examples.passed_twice_in_pytorch, passed_twice,
    ),
    Example(
        "A change in place",
        "The derivative of $w \\cdot w$ needs $w$ as it was in the forward pass.",
        examples.changed_in_place, examples.changed_in_place_in_pytorch, changed_in_place,
    ),
    Example(
        "A second derivative",
        "With `create_graph` the gradient is a node itself, made by differentiable operations, so that it has "
        "derivatives too.",
        examples.second_derivative, examples.second_derivative_in_pytorch, second_derivative,
    ),
    Example(
        "A small network, trained by hand",
        "A forward pass, a backward pass, an update, and gradients zeroed: the loop that an optimizer hides.",
        examples.trained, examples.trained_in_pytorch, trained,
    ),
]  # fmt: skip
