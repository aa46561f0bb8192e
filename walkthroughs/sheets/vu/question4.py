"""Question 4 of the assignment: a small network of scalars learns the sheet's synthetic data, instance by instance."""

import inspect
import random
import time

import numpy as np
from tqdm import tqdm

from models.command_line import positive
from models.datasets import digest_of, load_synth
from models.mlp import MLP
from models.scalar_training import accuracy, sgd_step, train, train_on_graphs
from scalar_engine import sigmoid
from walkthroughs.reports.figures import loss_curve
from walkthroughs.sheets.script import parser_for, run_walkthrough

INSTANCES = 60_000  # the sheet's
DIVERGED = 1e6  # a loss above it comes back no more, and soon overflows


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

    model = MLP(2, [*options.hidden, n_classes], activation=sigmoid, rng=random.Random(options.seed))
    sizes = "-".join(map(str, [2, *options.hidden, n_classes]))
    losses, seconds, why = fit(model, xtrain.tolist(), ytrain.tolist(), options)
    lines = [
        f"{len(xtrain)} training and {len(xval)} validation instances, {n_classes} classes; the first three:",
        *(f"  x = ({x[0]:7.4f}, {x[1]:7.4f})   class {y}" for x, y in zip(loaded[:3], ytrain)),
        *described("as loaded", loaded),
        *described("standardised", xtrain),
        f"{sizes} network, sigmoid and softmax, {len(model.parameters())} parameters",
    ]
    if why:
        report.fail(why)
    if losses:
        correct = accuracy(model, xval.tolist(), yval.tolist())
        first, last = first_and_last(losses)
        lines += [
            f"{len(losses)} steps in {seconds:.1f} s; loss {first:.4f} over the first tenth, {last:.4f} over the last",
            f"validation accuracy {correct:.4f}",
        ]
        fill(report, sizes, losses, correct, options.learning_rate, len(xtrain))
    return "\n".join(lines)


def show_data(report, loaded, targets, standardised):
    """The sheet's look at the data before training: some instances, and the range of each feature."""
    report.section("The data")
    report.table(
        "data", "The first five training instances.",
        {"x1": ".4f", "x2": ".4f", "class": "d", "x1 standardised": ".4f", "x2 standardised": ".4f"},
        [(*map(float, x), int(y), *map(float, z)) for x, y, z in zip(loaded[:5], targets[:5], standardised[:5])],
    )  # fmt: skip
    report.table(
        "ranges", "The ranges of the features, which are neither [0, 1] nor [-1, 1], and so are standardised.",
        {"": "", "smallest": ".2f", "largest": ".2f", "mean": ".2f", "deviation": ".2f", "smallest standardised": ".2f",
         "largest standardised": ".2f"},
        [(f"x{i + 1}", *(float(number) for number in (
            x.min(), x.max(), x.mean(), x.std(), z.min(), z.max()
        ))) for i, (x, z) in enumerate(zip(loaded.T, standardised.T))],
    )  # fmt: skip


def fill(report, sizes, losses, correct, learning_rate, n_instances):
    """The report of a run."""
    report.section("The training loop")
    report.code(
        inspect.getsource(train_on_graphs) + "\n\n" + inspect.getsource(sgd_step),
        "One pass over the instances; what trains here does the same with the graph compiled once:",
    )
    report.prose(
        f"A {sizes} network of `Value`s, sigmoid and softmax, one instance a step, learning rate "
        f"{learning_rate:g}, on {n_instances:,} of the sheet's 60,000 synthetic points, standardised. Class 1 lies "
        "outside an ellipse, so that no straight line separates the classes."
    )
    figure = loss_curve(losses, max(1, len(losses) // 40), f"{sizes} on synthetic data", xlabel="step (instances seen)")
    report.figure("loss_curve", figure, "The loss of each instance before its step, and its mean.")
    report.columns("loss", {"step": range(1, len(losses) + 1), "loss": losses})
    report.reading(learned(losses, correct))


def first_and_last(losses):
    """The mean loss over the first tenth of the steps, and over the last."""
    tenth = max(1, len(losses) // 10)
    return np.mean(losses[:tenth]), np.mean(losses[-tenth:])


def learned(losses, correct):
    """Whether the loss drops, by how much, and what the network then gets right."""
    first, last = first_and_last(losses)
    drops = "drops" if last < first else "does NOT drop"
    return (
        f"The training loss {drops}: {first:.4f} nats over the first tenth of the steps, {last:.4f} over the last. "
        f"{100 * correct:.2f}% of the 10,000 validation instances are classified correctly."
    )


def described(state, x):
    yield f"features {state}:"
    for i, column in enumerate(x.T, start=1):
        spread = f"mean {column.mean() + 0.0:5.2f}, deviation {column.std():.2f}"
        yield f"  x{i} from {column.min():.2f} to {column.max():.2f}, {spread}".replace("-0.00", " 0.00")


def fit(model, instances, targets, options):
    """Train with a progress bar (on a terminal); returns the losses, the seconds, and why it stopped early, if so.

    What was done before a key stopped it, or a loss that is no number, counts.
    """
    pairs, rng = list(zip(instances, targets)), random.Random(options.seed)
    losses: list[float] = []
    why = None
    started = time.perf_counter()
    with tqdm(total=options.epochs * len(pairs), unit=" instances", disable=None, leave=False) as bar:
        try:
            for _ in range(options.epochs):
                rng.shuffle(pairs)
                instances, targets = zip(*pairs)
                for loss in train(model, instances, targets, options.learning_rate):
                    if not loss < DIVERGED:
                        raise ArithmeticError(f"the loss is {loss:.3g}")
                    losses.append(loss)
                    bar.update()
        except ArithmeticError as error:
            why = f"stopped at step {len(losses) + 1}: {error}; try a smaller --learning-rate"
        except KeyboardInterrupt:
            why = f"interrupted after {len(losses)} steps"
    return losses, time.perf_counter() - started, why
