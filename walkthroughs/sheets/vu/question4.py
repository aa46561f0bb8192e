"""Question 4 of the assignment: a small network of scalars learns the sheet's synthetic data, instance by instance.

The loops of Question 3, in plain Python, train it; beside them the engine trains the same network of Values.
"""

import inspect
import random
import time
from dataclasses import dataclass, field
from itertools import islice, pairwise

import numpy as np
from tqdm.auto import tqdm

from models import scalar_training
from models.by_hand import vu_lists
from models.command_line import positive
from models.datasets import digest_of, load_synth
from models.mlp import MLP
from scalar_engine import sigmoid
from walkthroughs.reports.figures import loss_curve
from walkthroughs.sheets.script import parser_for, run_walkthrough

INSTANCES = 60_000  # the sheet's
DIVERGED = 1e6  # a loss above it comes back no more, and soon overflows
ON_GRAPHS = 1_000  # steps that build a graph each, thirty times as slow
SAME = 1e-9  # what losses of the same training may differ by, after many steps
CONTROLLED = 0.05  # how far from 0 a mean, and from 1 a deviation, may be


@dataclass
class Run:
    """A way to train, and how it went: the loss of each step, the seconds, and why it stopped early, if it did."""

    name: str
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    why: str = ""
    accuracy: float | None = None


def main(arguments=None):
    parser = parser_for("question4", __doc__)
    parser.add_argument(
        "--hidden", nargs="+", type=positive(int), default=[3], help="units of each hidden layer (default: 3)"
    )
    parser.add_argument("--learning-rate", type=positive(float), default=0.1, help="default: 0.1")
    parser.add_argument("--instances", type=positive(int), help="how many of the 60000 (default: all; --quick: 2000)")
    parser.add_argument("--epochs", type=positive(int), default=1, help="passes over the instances (default: 1)")
    return run_walkthrough(parser, build, arguments, "A network of scalars learns")


def build(report, options):
    n_instances = 2_000 if options.quick else options.instances or INSTANCES
    if n_instances > INSTANCES:
        raise ValueError(f"--instances {n_instances}: there are {INSTANCES}")
    (xtrain, ytrain), (xval, yval), n_classes = load_synth()
    loaded, ytrain = xtrain[:n_instances], ytrain[:n_instances]
    mean, deviation = loaded.mean(axis=0), loaded.std(axis=0) + 1e-12
    xtrain, xval = (loaded - mean) / deviation, (xval - mean) / deviation
    report.used("synth", "validation", len(xtrain), len(xval), digest_of(xtrain, ytrain, xval, yval))
    show_data(report, loaded, ytrain, xtrain)

    sizes = [2, *options.hidden, n_classes]
    rng = random.Random(options.seed)
    layers = [vu_lists.initial_weights(rng, n, m) for n, m in pairwise(sizes)]
    runs = trained(layers, (xtrain.tolist(), ytrain.tolist()), (xval.tolist(), yval.tolist()), options)
    name = "-".join(map(str, sizes))
    lines = [
        f"{len(xtrain)} training and {len(xval)} validation instances, {n_classes} classes; the first three:",
        *(f"  x = ({x[0]:7.4f}, {x[1]:7.4f})   class {y}" for x, y in zip(loaded[:3], ytrain)),
        *described("as loaded", loaded),
        *described("standardised", xtrain),
        f"{name} network, sigmoid and softmax, {sum(n * m + m for n, m in pairwise(sizes))} parameters",
    ]
    if runs[-1].why:
        report.fail(runs[-1].why)
    if runs[0].losses:
        first, last = first_and_last(runs[0].losses)
        lines += [
            f"{len(runs[0].losses)} steps in {runs[0].seconds:.1f} s; loss {first:.4f} over the first tenth, "
            f"{last:.4f} over the last",
            f"validation accuracy {runs[0].accuracy:.4f}",
        ]
        fill(report, name, runs, options.learning_rate, len(xtrain), len(xval))
        lines += [report.readings[-1]] if len(runs) > 1 else []
    return "\n".join(lines)


def trained(layers, training, validation, options):
    """A Run of each way to train the network with these initial weights, until one of them stops early.

    By hand first, which is for one hidden layer; then the engine's program, and the start of that on graphs.
    """
    rate = options.learning_rate
    runs = []
    if len(layers) == 2:
        weights = [part for layer in layers for part in copied(layer)]
        by_hand = fit(
            "by hand", lambda x, y: vu_lists.train(x, y, rate, *weights), training, options.epochs, options.seed
        )
        by_hand.accuracy = vu_lists.accuracy(*validation, *weights)
        runs.append(by_hand)
    for name, train, n_steps in [
        ("the engine, a program", scalar_training.train, None),
        ("the engine, a graph a step", scalar_training.train_on_graphs, ON_GRAPHS),
    ]:
        if runs and runs[-1].why:
            break
        model = model_of(layers)
        train_on = lambda x, y, train=train, model=model: train(model, x, y, rate)
        run = fit(name, train_on, training, options.epochs, options.seed, n_steps)
        run.accuracy = scalar_training.accuracy(model, *validation) if n_steps is None else None
        runs.append(run)
    return runs


def copied(layer):
    """The weights and biases of a layer, to be changed."""
    W, b = layer
    return [row[:] for row in W], b[:]


def model_of(layers):
    """The network of Values with these weights."""
    model = MLP(len(layers[0][0]), [len(b) for _, b in layers], activation=sigmoid)
    for layer, (W, b) in zip(model.layers, layers):
        for j, neuron in enumerate(layer.neurons):
            neuron.b.data = b[j]
            for w, row in zip(neuron.w, W):
                w.data = row[j]
    return model


def fit(name, train_on, training, epochs, seed, n_steps=None):
    """A Run with a progress bar (on a terminal), in a new order in every epoch, of `n_steps` steps or all.

    train_on    a function of instances and targets that yields the loss of each before its step

    What was done before a key stopped it, or a loss that is no number, counts.
    """
    run, pairs, rng = Run(name), list(zip(*training)), random.Random(seed)
    started = time.perf_counter()
    with tqdm(total=epochs * len(pairs), desc=name, unit=" instances", disable=None, leave=False) as bar:
        try:
            for _ in range(epochs):
                rng.shuffle(pairs)
                for loss in islice(train_on(*zip(*pairs)), n_steps and n_steps - len(run.losses)):
                    if not loss < DIVERGED:
                        raise ArithmeticError(f"the loss is {loss:.3g}")
                    run.losses.append(loss)
                    bar.update()
        except (ArithmeticError, ValueError) as error:  # math.log has a ValueError for 0
            run.why = f"stopped at step {len(run.losses) + 1}: {error}; try a smaller --learning-rate"
        except KeyboardInterrupt:
            run.why = f"interrupted after {len(run.losses)} steps"
    run.seconds = time.perf_counter() - started
    return run


def show_data(report, loaded, targets, standardised):
    """The sheet's look at the data before training: some instances, and the range of each feature."""
    report.section("The data")
    report.table(
        "data", "The first five training instances.",
        {"x1": ".4f", "x2": ".4f", "class": "d", "x1 standardised": ".4f", "x2 standardised": ".4f"},
        [(*map(float, x), int(y), *map(float, z)) for x, y, z in zip(loaded[:5], targets[:5], standardised[:5])],
    )  # fmt: skip
    report.table(
        "ranges", "The range of each feature, as loaded and standardised.",
        {"": "", "smallest": ".2f", "largest": ".2f", "mean": ".4f", "deviation": ".4f",
         "smallest standardised": ".2f", "largest standardised": ".2f"},
        [(f"x{i + 1}", *(float(number) for number in (
            x.min(), x.max(), x.mean(), x.std(), z.min(), z.max()
        ))) for i, (x, z) in enumerate(zip(loaded.T, standardised.T))],
    )  # fmt: skip
    report.reading(normalised(loaded, standardised))


def normalised(loaded, standardised):
    """Whether the data need to be normalised, and what it changes."""
    mean, deviation = np.abs(loaded.mean(axis=0)).max(), np.abs(loaded.std(axis=0) - 1).max()
    moved = np.abs(standardised - loaded).max()
    said = (
        f"As loaded the features go from {loaded.min():.2f} to {loaded.max():.2f}, which is neither [0, 1] nor "
        f"[-1, 1]. Their means are within {rounded_up(mean)} of 0 and their deviations within "
        f"{rounded_up(deviation)} of 1: "
    )
    if max(mean, deviation) < CONTROLLED:
        return (
            f"{said}that is a controlled range already, and about what normalising would give. Standardising, done "
            f"here anyway, moves no number by more than {rounded_up(moved)}."
        )
    return (
        f"{said}so they need to be normalised. Standardised they have mean 0 and deviation 1, and go from "
        f"{standardised.min():.2f} to {standardised.max():.2f}."
    )


def rounded_up(number):
    """A bound to three decimals: 0.0042 is within 0.005."""
    return f"{np.ceil(1000 * number) / 1000:.3f}"


def fill(report, sizes, runs, learning_rate, n_instances, n_validation):
    """The report of the runs."""
    losses, correct = runs[0].losses, runs[0].accuracy
    report.section("The training loop")
    report.prose(
        f"A {sizes} network, sigmoid and softmax, one instance a step, learning rate {learning_rate:g}, on "
        f"{n_instances:,} of the sheet's 60,000 synthetic points, standardised. Weights start normally distributed, "
        "biases at 0. Class 1 lies outside an ellipse, so that no straight line separates the classes."
    )
    if runs[0].name == "by hand":
        report.code(
            "\n\n".join(inspect.getsource(f) for f in (vu_lists.initial_weights, vu_lists.train)),
            "`forward` and `backward` are those of Question 3 (`models/by_hand/vu_lists.py`); this is what trains:",
        )
    figure = loss_curve(losses, max(1, len(losses) // 40), f"{sizes} on synthetic data", xlabel="step (instances seen)")
    report.figure("loss_curve", figure, "The loss of each instance before its step, and its mean.")
    report.columns("loss", {"step": range(1, len(losses) + 1), "loss": losses})
    report.reading(learned(losses, correct, n_validation))

    report.section("Beside the engine")
    report.code(
        "\n\n".join(inspect.getsource(f) for f in (scalar_training.train_on_graphs, scalar_training.sgd_step)),
        "With the engine there is no backward pass to write. A graph is built for each instance:",
    )
    report.prose("Compiled once, the graph is a program, and the loop the same without the building.")
    report.table(
        "ways", "The same network from the same weights, on the same instances in the same order.",
        {"": "", "steps": ",d", "mean loss": ".6f", "largest difference": ".0e", "validation accuracy": ".2%",
         "microseconds a step": ".0f"},
        [(r.name, len(r.losses), float(np.mean(r.losses)), difference(r, runs[0]), r.accuracy,
          1e6 * r.seconds / len(r.losses)) for r in runs if r.losses],
    )  # fmt: skip
    if len(runs) > 1:
        report.reading(agreement(runs))


def first_and_last(losses):
    """The mean loss over the first tenth of the steps, and over the last."""
    tenth = max(1, len(losses) // 10)
    return np.mean(losses[:tenth]), np.mean(losses[-tenth:])


def learned(losses, correct, n_validation):
    """Whether the loss drops, by how much, and what the network then gets right."""
    first, last = first_and_last(losses)
    drops = "drops" if last < first else "does NOT drop"
    return (
        f"The training loss {drops}: {first:.4f} nats over the first tenth of the steps, {last:.4f} over the last. "
        f"{100 * correct:.2f}% of the {n_validation:,} validation instances are classified correctly."
    )


def difference(run, other):
    """The largest difference of the losses of two Runs, as far as both have gone."""
    return max(abs(a - b) for a, b in zip(run.losses, other.losses))


def agreement(runs):
    """Whether the ways to train give the same losses."""
    first, *others = runs
    worst = max(difference(run, first) for run in others)
    are = "are the same to rounding" if worst < SAME else "are NOT the same"
    return f"Step by step the losses {are}, however the network is trained: the largest difference is {worst:.0e}."


def described(state, x):
    yield f"features {state}:"
    for i, column in enumerate(x.T, start=1):
        spread = f"mean {column.mean() + 0.0:5.2f}, deviation {column.std():.2f}"
        yield f"  x{i} from {column.min():.2f} to {column.max():.2f}, {spread}".replace("-0.00", " 0.00")
