"""Exercise Sheet 3, Task 5: batch and layer normalisation, what they compute, their derivatives, and what they do.

The sheet's network with PyTorch's initial weights, with and without; small batches; and why evaluation has running
averages.
"""

import importlib.util
import inspect
import random
from dataclasses import replace

import numpy as np

from models.layers.normalisation import EPSILON, BatchNorm, LayerNorm, Normalisation
from tensor_engine import Tensor, gradcheck, no_grad
from walkthroughs.reports.figures import MEASURES, OTHERS, REFERENCE, finish, new_figure, whole_numbers
from walkthroughs.reports.readings import listed, percent, points
from walkthroughs.sheets.answer import POINTS, TOLERANCE, error_of
from walkthroughs.sheets.beside_engine import ROUNDING, largest_difference
from walkthroughs.sheets.data import add_data, used
from walkthroughs.sheets.lmu import normalisation
from walkthroughs.sheets.lmu.hidden_layers import activations
from walkthroughs.sheets.lmu.networks import RATE, setup_of, started, trained
from walkthroughs.sheets.lmu.normalisation import with_normalisation
from walkthroughs.sheets.lmu.normalisation_answers import batch_answer, layer_answer
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, set_out

KINDS = {"no normalisation": None, "batch normalisation": BatchNorm, "layer normalisation": LayerNorm}
COLOURS = dict(zip(KINDS, (REFERENCE, *OTHERS)))
SMALL, N_SMALL = 4, 10_000  # a small batch, and the training instances of those runs


def main(arguments=None):
    parser = parser_for("lmu_task5", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "Batch and layer normalisation")


def build(report, options):
    batch_section(report)
    layer_section(report)
    checks(report, options.seed)
    setup = setup_of(options)
    data = used(report, options, setup)
    with_and_without(report, setup, data)
    small_batches(report, setup, data)


def batch_section(report):
    report.section("Batch normalisation")
    report.prose(
        "A linear layer's outputs have whatever mean and variance the weights below give them, and every step of "
        "training changes these. Batch normalisation (Ioffe and Szegedy, 2015) takes each feature of the batch to mean "
        "0 and variance 1, and then to a mean $\\beta$ and a deviation $\\gamma$ that are learned. Here it stands "
        "between a linear layer and its activation; the linear layer's bias has no effect then, since the mean takes "
        "it away."
    )
    report.code("\n\n".join(map(inspect.getsource, (Normalisation, BatchNorm))), "As a layer:")
    report.prose(
        "While training, an instance's output depends on the other instances of its batch. For evaluation it should "
        f"not: there, running averages take the place of the batch's mean and variance, of which each batch renews "
        f"{percent(BatchNorm.share, 0)}. With $\\epsilon$, {EPSILON:g}, nothing is divided by 0 where a feature does "
        f"not vary. {NOTATION}"
    )
    set_out(report, batch_answer())


def layer_section(report):
    report.section("Layer normalisation")
    report.prose(
        "Layer normalisation (Ba, Kiros and Hinton, 2016) takes mean and variance over the features of each instance, "
        "the other axis. No instance depends on another, training and evaluation compute the same, and a batch may be "
        "of one."
    )
    report.code(inspect.getsource(LayerNorm))
    set_out(report, layer_answer())
    report.prose(
        "In both, the gradient by $x$ loses its mean, and its part along $z$: what would only move or stretch all the "
        "$x$ together changes no $z$ (but for $\\epsilon$), so no gradient goes that way. For the same reason weights "
        "and biases below that are all twice as large give the same outputs, and have half the gradient."
    )
    report.code(inspect.getsource(normalisation.backward_by_hand), "The formulas in NumPy, for both:")


def checks(report, seed):
    """The formulas and the layers, by finite differences, by hand, and by PyTorch if it is installed."""
    report.section("Are these derivatives right?")
    rng = random.Random(seed)
    errors = [error_of(row, rng) for answer in (batch_answer(), layer_answer()) for row in answer.rows]
    rows = [compared(kind, seed) for kind in (BatchNorm, LayerNorm)]
    report.table(
        "checks", "Six instances of five features in float64: the largest difference of any derivative by x, gamma and "
        "beta from the engine's (of finite differences the largest error, relative to derivatives above 1).",
        {"layer": "", "finite differences": ".1e", "by hand": ".1e", "PyTorch": ".1e"}, rows,
    )  # fmt: skip
    report.reading(f"{formulas_right(errors)} {layers_right(rows)}")


def compared(kind, seed):
    """(name, error of finite differences, difference by hand, difference of PyTorch or None) of a layer's gradients."""
    rng = np.random.default_rng(seed)
    n, width = 6, 5
    x = Tensor(rng.normal(1, 2, (n, width)), "x", requires_grad=True)
    layer = kind(width, np.float64)
    for parameter in layer.parameters():
        parameter.data[...] = rng.normal(size=width)
    upstream = rng.normal(size=(n, width))
    loss = (layer(x) * upstream).sum()
    found = gradcheck(loss)
    loss.backward()
    ours = [leaf.grad for leaf in (x, *layer.parameters())]
    axis = 0 if kind is BatchNorm else 1
    deviation = np.sqrt(x.data.var(axis, keepdims=True) + EPSILON)
    z = (x.data - x.data.mean(axis, keepdims=True)) / deviation
    by_hand = normalisation.backward_by_hand(upstream, z, deviation, layer.gamma.data, axis)
    pytorchs = of_pytorch(kind, x.data, layer, upstream)
    difference = largest_difference(ours, pytorchs) if pytorchs else None
    return kind.__name__, found.entries[0][3], largest_difference(ours, by_hand), difference


def of_pytorch(kind, x, layer, upstream):
    """The gradients by x, gamma and beta of PyTorch's layer; None without torch."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch  # optional: the extra `peers`

    inputs, gamma, beta = (torch.tensor(array, requires_grad=True) for array in (x, layer.gamma.data, layer.beta.data))
    if kind is BatchNorm:
        y = torch.nn.functional.batch_norm(inputs, None, None, gamma, beta, training=True, eps=EPSILON)
    else:
        y = torch.nn.functional.layer_norm(inputs, x.shape[1:], gamma, beta, eps=EPSILON)
    (y * torch.tensor(upstream)).sum().backward()
    return [np.asarray(leaf.grad) for leaf in (inputs, gamma, beta)]


def with_and_without(report, setup, data):
    """The sheet's network without normalisation, and with either kind after each hidden linear layer."""
    report.section("With and without, on the sheet's network")
    report.prose(
        f"{setup.layers} with ReLU, Adam at {RATE:g}, batches of {setup.batch_size}, {setup.epochs} epochs on "
        f"{len(data.ytrain):,} images, as in Task 3. The initial weights are drawn as `torch.nn.Linear` draws them, "
        "and are the same for all three."
    )
    rows, histories = [], {}
    for name, kind in KINDS.items():
        at_first, _ = network(setup, data, kind)  # one that BatchNorm's running averages may learn from
        sizes = [float(np.sqrt((h**2).mean())) for h in activations(at_first, data.xtrain[:1000])]
        model, rng = network(setup, data, kind)
        history = histories[name] = trained(model, data, rng, setup.epochs)
        last = history.epochs[-1]
        rows.append((name, sizes[0], sizes[-1], last.train_loss, last.validation_loss, last.validation_accuracy,
                     history.seconds))  # fmt: skip
        if kind is BatchNorm:
            running = last.validation_accuracy
            any_order, by_class = own_batches(model, data, setup.batch_size, setup.seed)
    report.figure("with_and_without", curves(histories), "After each epoch, on the test split.")
    report.table(
        "normalisations", "Sizes: the root mean square of what comes out of the first ReLU and the fourth before "
        f"training, of 1,000 training images as one batch. Accuracy on {len(data.yval):,} test images.",
        {"": "", "size 1": ".3f", "size 4": ".3f", "training loss": ".4f", "test loss": ".4f", "accuracy": ".2%",
         "seconds": ".1f"},
        rows,
    )  # fmt: skip
    report.reading(gained(rows))
    report.reading(averages(running, any_order, by_class, setup.batch_size))


def curves(histories):
    figure, panels = new_figure(2)
    for axes, (measure, label) in zip(panels, MEASURES.items()):
        for name, history in histories.items():
            factor = 100 if measure == "accuracy" else 1
            values = [factor * getattr(epoch, f"validation_{measure}") for epoch in history.epochs]
            axes.plot([e.epoch for e in history.epochs], values, "o-", color=COLOURS[name], label=name, markersize=3.5)
        whole_numbers(axes)
        finish(axes, "epoch", f"test {label}")
    return figure


def network(setup, data, kind):
    """The sheet's network with this kind of normalisation or None, and the Generator of its batches."""
    model, rng = started(setup, data, by_pytorch=True)
    return (with_normalisation(model, kind) if kind else model), rng


def own_batches(model, data, size, seed):
    """Test accuracies with the mean and variance of each test batch itself: images in any order, and by class."""
    any_order = np.random.default_rng(seed).permutation(len(data.yval))
    return [own_statistics(model, data, order, size) for order in (any_order, data.yval.argsort(kind="stable"))]


def own_statistics(model, data, order, size):
    """The test accuracy of a model with BatchNorm that normalises each test batch by itself, as in training."""
    model.train(True)
    with no_grad():
        found = [model(data.xval[order[i : i + size]]).data.argmax(axis=1) for i in range(0, len(order), size)]
    return float((np.concatenate(found) == data.yval[order]).mean())


def small_batches(report, setup, data):
    """One epoch on part of the data, in small batches and in the sheet's."""
    report.section("Which one when: small batches")
    n = min(N_SMALL, len(data.ytrain))
    part = replace(data, xtrain=data.xtrain[:n], ytrain=data.ytrain[:n])
    report.prose(
        f"The mean of {SMALL} independent values has half their deviation: normalised by so few, what an instance is "
        "told depends much on which others are in its batch. Layer normalisation does not have that, so it is what "
        "models can use that are trained in small batches, or on sequences of any length. To compare: the same "
        f"networks after one epoch on {n:,} images."
    )
    found = {}
    for name, kind in KINDS.items():
        for size in (setup.batch_size, SMALL):
            model, rng = network(setup, data, kind)
            found[name, size] = trained(model, part, rng, 1, batch_size=size).epochs[-1].validation_accuracy
    rows = [(name, *(found[name, size] for size in (setup.batch_size, SMALL))) for name in KINDS]
    headers = [f"batches of {size}: {-(-n // size):,} steps" for size in (setup.batch_size, SMALL)]
    report.table(
        "small", f"Accuracy on {len(data.yval):,} test images.", {"": "", **dict.fromkeys(headers, ".1%")}, rows
    )
    report.reading(in_small_batches(rows, setup.batch_size))


def formulas_right(errors):
    """Whether the formulas of both derivations agree with finite differences."""
    wrong = sum(not error <= TOLERANCE for error in errors)
    verb = "agree" if not wrong else f"DISAGREE in {wrong} cases"
    return (
        f"The {len(errors)} formulas {verb} with finite differences at {POINTS} random points each; the largest error "
        f"is {max(errors):.0e}."
    )


def layers_right(rows):
    """Whether gradients by the engine, by hand and by PyTorch are the same: of (layer, errors, or None)."""
    by_hand = max(row[2] for row in rows)
    pytorchs = [row[3] for row in rows if row[3] is not None]
    said = same("the backward pass by hand", by_hand)
    if pytorchs:
        said += f" and {same('PyTorch', max(pytorchs))}"
    else:
        said += '; PyTorch is not installed, and `pip install "scalar-to-tensor[peers]"` adds it here'
    return f"The engine, which has no rule for either layer, finds by those of their parts {said}."


def same(whose, difference):
    verb = "the gradients of" if difference < ROUNDING else "OTHER gradients than"
    return f"{verb} {whose} (largest difference {difference:.0e})"


def gained(rows):
    """What normalisation does to sizes and to the test accuracy: of (name, size, size, loss, loss, accuracy, s)."""
    plain, *others = rows
    ways = listed(f"{percent(row[5], 2)} with {row[0]} ({gain(row[5] - plain[5])})" for row in others)
    sizes = listed(f"{row[2] / row[1]:.2f} ({row[0]})" for row in rows)
    longest = max(others, key=lambda row: row[6])
    return (
        f"After the last epoch {percent(plain[5], 2)} of the test images are right without normalisation, {ways}. "
        f"Before training the size after the fourth ReLU is {sizes} of that after the first. Training took "
        f"{longest[6] / plain[6]:.1f} times as long with {longest[0]} as without."
    )


def gain(difference):
    return f"{points(difference, 2)} {'more' if difference > 0 else 'fewer'}"


def averages(running, any_order, by_class, size):
    """What becomes of test accuracy where each test batch is normalised by itself instead of by running averages."""
    depends = max(abs(running - any_order), abs(any_order - by_class)) > 0.01
    so = "An answer then depends on the others of its batch" if depends else "Here that makes little difference"
    return (
        f"With the running averages {percent(running)} of the test images are right. Were each test batch of {size} "
        f"normalised by its own mean and variance, it would be {percent(any_order)} in any order, and "
        f"{percent(by_class)} sorted by class. {so}."
    )


def in_small_batches(rows, size):
    """Who gains and who loses in small batches: of (name, accuracy in the usual batches, in small ones)."""
    gains = {row[0]: row[2] - row[1] for row in rows}
    changes = listed(
        f"{100 * gains[row[0]]:+.1f} percentage points with {row[0]} ({percent(row[1])} to {percent(row[2])})"
        for row in rows
    )
    least, best = min(gains, key=gains.__getitem__), max(rows, key=lambda row: row[2])
    return (
        f"Batches of {SMALL} make about {size // SMALL} times as many steps as batches of {size} of the same images. "
        f"The test accuracy changes by {changes}; least is gained with {least}. The best in batches of {SMALL} is "
        f"{best[0]}."
    )
