"""Question 5 of the assignment: 784-300-10 with sigmoid and softmax on MNIST, written by hand in NumPy.

Instances go through one at a time. A step is taken after every instance, or after a few with their gradients averaged.
"""

import inspect
import time
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from models.by_hand import vu
from models.command_line import positive
from models.training import backward
from walkthroughs.reports.figures import finish, image_grid, loss_curve, new_figure, shades
from walkthroughs.reports.readings import listed, percent, speed
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

RATE_OF_ONE = 0.01  # suits a step an instance; g instances a step take sqrt(g) times as much


@dataclass
class Run:
    """One pass over the training set: the loss of each instance, the accuracy before and after, the time."""

    group: int
    learning_rate: float
    losses: list
    accuracy: float
    seconds: float

    @property
    def name(self):
        return "a step an instance" if self.group == 1 else f"{self.group} instances a step"


def main(arguments=None):
    parser = parser_for("question5", __doc__)
    add_data(parser, "mnist")
    parser.add_argument(
        "--instances", type=positive(int), default=20_000,
        help="training instances that each of the three runs sees (default: 20000)",
    )  # fmt: skip
    return run_walkthrough(parser, build, arguments, "A neural network for MNIST, by hand")


def build(report, options):
    data = used(report, options, setup_for(options))
    n_inputs, n_classes = data.xtrain.shape[1], data.num_classes

    report.section("The data")
    stored = data.mean + data.deviation * np.array([data.xtrain.min(), data.xtrain.max()])
    report.prose(
        f"Pixels are stored as whole numbers from {abs(stored[0]):.0f} to {stored[1]:.0f}, so the data needs to be "
        f"normalised: subtracting the training set's mean ({data.mean:.1f}) and dividing by its standard deviation "
        f"({data.deviation:.1f}) gives numbers of mean 0 and deviation 1. Each image becomes a vector of {n_inputs}."
    )
    images = data.xtrain[:10].reshape(-1, *data.image_shape)
    words = [data.class_names[c] for c in data.ytrain[:10]]
    report.figure("examples", image_grid(images, words, 10), "The first ten training images, with their classes.")

    report.section("The network")
    report.prose(
        f"Two linear layers, {n_inputs}-300-{n_classes}, sigmoid between them and softmax at the end, with the "
        "derivatives of Questions 1 and 2. Weights start uniformly in Glorot and Bengio's range, biases at 0. This is "
        "`models/by_hand/vu.py`, plain NumPy, one instance at a time:"
    )
    report.code(inspect.getsource(vu.Network))
    report.reading(gradients_beside_engine(data, options.seed))
    steps_of_a_few(report, data, min(options.instances, len(data.xtrain)), options.seed)


def steps_of_a_few(report, data, n, seed):
    """One pass over n instances with a step after each, and after a few."""
    report.section("A step after each instance, or after a few")
    runs = [one_pass(data, n, group, seed) for group in (1, 4, 16)]
    figure, axes = new_figure(width=7, height=4)
    for result, color in zip(runs, shades(len(runs))):
        window = max(1, n // 40)
        means = np.add.reduceat(result.losses, range(0, n, window))[: n // window] / window
        axes.plot(window * (np.arange(len(means)) + 0.5), means, color=color, label=result.name)
    finish(axes, "instances seen", "training loss (cross-entropy, nats)")
    report.figure("steps", figure, f"The loss of the instances as they come, the mean of every {window}.")
    report.figure(
        "loss_curve",
        loss_curve(runs[0].losses, window, ""),
        "A step an instance: the loss of each instance, and its mean.",
    )
    report.table(
        "runs", f"One pass over {n:,} training instances; the deviation is that of the losses of the last tenth.",
        {"instances a step": "d", "learning rate": ".3g", "steps": ",d", "deviation of the loss": ".3f",
         "validation accuracy": ".2%", "seconds": ".1f"},
        [(r.group, r.learning_rate, n // r.group, tail_deviation(r), r.accuracy, r.seconds) for r in runs],
    )  # fmt: skip
    report.reading(compared(runs))
    report.prose(
        "Averaging the gradients of a few instances is the same step as a mini-batch of them. It is a better "
        "estimate of the whole training set's gradient, so it allows a larger learning rate, but there are fewer "
        "steps in a pass. The time that it saves is that of the steps left out: each instance still goes through the "
        "network alone, and Question 6 changes that."
    )
    report.columns("losses", {"instance": range(1, n + 1), **{r.name: r.losses for r in runs}})


def one_pass(data, n, group, seed):
    """Train a new network on n instances in random order, a step after every `group` of them."""
    net = vu.Network(data.xtrain.shape[1], 300, data.num_classes, rng=seed)
    rate = RATE_OF_ONE * group**0.5
    order = np.random.default_rng([seed, 1]).permutation(len(data.xtrain))[:n]
    losses = []
    started = time.perf_counter()
    with tqdm(total=n, desc=f"{group} a step", unit=" instances", disable=None, leave=False) as bar:
        for i, row in enumerate(order, start=1):
            losses.append(float(net.forward(data.xtrain[row], data.ytrain[row])))
            net.backward()
            if i % group == 0 or i == n:
                net.update(rate)
            bar.update()
    elapsed = time.perf_counter() - started
    return Run(group, rate, losses, accuracy(net, data.xval, data.yval), elapsed)


def accuracy(net, x, y):
    """The fraction of instances for which the network's most probable class is the true one."""
    return float(np.mean([(net.forward(one, c), net.y.argmax() == c)[1] for one, c in zip(x, y)]))


def tail_deviation(result):
    """The standard deviation of the loss over the last tenth of the instances."""
    return float(np.std(result.losses[-max(2, len(result.losses) // 10) :]))


def gradients_beside_engine(data, seed):
    """The hand-written gradients of a few instances beside the engine's, as a sentence."""
    x, y = data.xtrain[:8].astype(np.float64), data.ytrain[:8]
    net = vu.Network(x.shape[1], 300, data.num_classes, seed, np.float64)
    for one, c in zip(x, y):
        net.forward(one, c)
        net.backward()
    parameters = [net.W.T, net.b, net.V.T, net.c]
    model = engine_of(parameters)
    backward(model, x, y, piece=1)
    gradients = [gradient / len(x) for gradient in (net.dW.T, net.db, net.dV.T, net.dc)]
    difference = largest_difference(gradients, gradients_like(parameters, model))
    return f"{agreement('derivatives of 8 instances', difference)}."


def compared(runs):
    """Which way of stepping is ahead after one pass, and what averaging does to the loss's noise."""
    best = max(runs, key=lambda r: r.accuracy)
    others = [f"{r.name} {percent(r.accuracy)}" for r in runs if r is not best]
    first, last = runs[0], runs[-1]
    start = np.mean(first.losses[: max(1, len(first.losses) // 20)])
    end = np.mean(first.losses[-max(1, len(first.losses) // 20) :])
    return (
        f"With a step an instance the loss falls from {start:.2f} nats over the first twentieth of the instances to "
        f"{end:.2f} over the last. After one pass {best.name} is ahead on the validation set with "
        f"{percent(best.accuracy)}; {listed(others)}. {speed(first.name, first.seconds, last.name, last.seconds)}"
    )
