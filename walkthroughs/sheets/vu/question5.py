"""Question 5 of the assignment: 784-300-10 with sigmoid and softmax on MNIST, written by hand in NumPy.

Instances go through one at a time. A step is taken after every instance, or after a few with their gradients averaged,
each way at the learning rate that suits it.
"""

import inspect
import time
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from models.by_hand import vu
from models.command_line import positive
from models.experiment import Setup, data_of
from models.sweep import sweep
from models.training import backward
from walkthroughs.reports.figures import finish, image_grid, loss_curve, new_figure, shades
from walkthroughs.reports.readings import listed, percent, points, speed
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.data import add_data, add_sweeps, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

RATES = {  # to choose from, for each number of instances a step
    1: (0.01, 0.02, 0.04, 0.08),
    4: (0.04, 0.08, 0.16, 0.32),
    16: (0.16, 0.32, 0.64, 1.28),
}
SEEDS = 3  # initialisations, other than that of the choice, that run at the rate chosen
QUICK = 500  # training instances of a pass with --quick
SAMPLE = 256  # instances whose gradients are compared


@dataclass
class Run:
    """One pass over some training instances: the loss of each, the validation accuracy after it, the time."""

    losses: list[float]
    accuracy: float
    seconds: float


def main(arguments=None):
    parser = parser_for("question5", __doc__)
    add_data(parser, "mnist")
    add_sweeps(parser)
    parser.add_argument(
        "--instances", type=positive(int), default=10_000,
        help="training instances that each run sees (default: 10000)",
    )  # fmt: skip
    return run_walkthrough(parser, build, arguments, "A neural network for MNIST, by hand")


def build(report, options):
    data = used(report, options, setup_for(options))
    n_inputs, n_classes = data.xtrain.shape[1], data.num_classes

    report.section("The data")
    stored = data.mean + data.deviation * np.array([data.xtrain.min(), data.xtrain.max()])
    report.prose(
        f"Pixels are stored as whole numbers from {abs(stored[0]):.0f} to {stored[1]:.0f}, so the data needs to be "
        f"normalised: subtracting the training images' mean ({data.mean:.1f}) and dividing by their standard deviation "
        f"({data.deviation:.1f}) gives them mean 0 and deviation 1. Each image becomes a vector of {n_inputs}."
    )
    images = data.xtrain[:10].reshape(-1, *data.image_shape)
    words = [data.class_names[c] for c in data.ytrain[:10]]
    report.figure("examples", image_grid(images, words, 10), "The first ten training images, with their classes.")

    report.section("The network")
    report.prose(
        f"Two linear layers, {n_inputs}-300-{n_classes}, sigmoid between them and softmax at the end, with the "
        "derivatives of [Questions 1 and 2](derivations). Weights are drawn uniformly from Glorot and Bengio's "
        "range, biases are 0. This is `models/by_hand/vu.py`, plain NumPy, one instance at a time:"
    )
    report.code("\n\n".join(map(inspect.getsource, (vu.Network, vu.train))))
    report.reading(gradients_beside_engine(data, options.seed))
    n = QUICK if options.quick else options.instances
    steps_of_a_few(report, options, data, min(n, len(data.xtrain)))


def steps_of_a_few(report, options, data, n):
    """A step after each instance or after a few: the rate that suits each, and how far they get with it."""
    rates = {group: tried[1:3] if options.quick else tried for group, tried in RATES.items()}
    seeds = [options.seed + i for i in range(1, 1 + (2 if options.quick else SEEDS))]
    tried = passes(options, n, [(group, rate, options.seed) for group in rates for rate in rates[group]])
    grid = {g: {rate: tried[g, rate, options.seed].accuracy for rate in rates_of_g} for g, rates_of_g in rates.items()}
    best = {group: max(found, key=found.__getitem__) for group, found in grid.items()}
    repeated = passes(options, n, [(group, rate, seed) for group, rate in best.items() for seed in seeds])
    runs = {group: [repeated[group, rate, seed] for seed in seeds] for group, rate in best.items()}

    report.section("The learning rate that suits each")
    report.prose(
        "Averaging the gradients of a few instances is the same step as a mini-batch of them. In one pass there are "
        "fewer such steps, so one rate for all would not be fair: a step along the mean of g gradients at rate g r "
        "does what g steps at rate r do, as long as the weights hardly move in between. Each way of stepping gets a "
        "learning rate of its own, by the validation set."
    )
    every = sorted({rate for found in grid.values() for rate in found})
    report.table(
        "rates", f"Validation accuracy after one pass over {n:,} training instances, seed {options.seed}.",
        {"learning rate": "g", **{name_of(group): ".2%" for group in grid}},
        [(rate, *(found.get(rate) for found in grid.values())) for rate in every],
    )  # fmt: skip
    report.reading(suited(grid))

    report.section("A step after each instance, or after a few")
    curves(report, {group: found[0].losses for group, found in runs.items()}, n)
    noise = noise_of_steps(data, n, options.seed, best[max(best)])
    report.table(
        "runs", f"One pass over {n:,} training instances: means over {len(seeds)} other initialisations. The noise is "
        "that of a step's gradient, as said below; the seconds are those of runs side by side.",
        {"instances a step": "d", "learning rate": "g", "steps": ",d", "validation accuracy": ".2%",
         "its deviation": ".2%", "noise": ".2f", "seconds a run": ".1f"},
        [(group, best[group], -(-n // group), mean_accuracy(found), deviation(found), noise[group], mean_seconds(found))
         for group, found in runs.items()],
    )  # fmt: skip
    report.reading(compared(runs))
    report.reading(steadied(noise))
    report.prose(
        "This compares one pass over these instances, each way at a constant rate chosen from a few. It says nothing "
        "of several passes, of rates in between, or of rates that fall. Each instance goes through the network alone "
        "here, so all that averaging saves is the time of the steps left out; [Question 6](question6) changes that."
    )


def passes(options, n, wanted):
    """{(group, rate, seed): Run} for those wanted, by a sweep."""
    configs = [
        {"setup": asdict(setup_for(options).but(seed=seed)), "instances": n, "group": group, "rate": rate}
        for group, rate, seed in wanted
    ]
    workers = options.workers or (1 if options.quick else None)
    run = partial(one_pass, data_dir=options.data_dir)
    found = sweep(run, configs, options.out / "sweep.jsonl", workers, options.dask, "passes")
    return {key: Run(**result) for key, result in zip(wanted, found)}


def one_pass(config, data_dir=None):
    """The Run of a configuration of the sweep, as a dict: a new network, instances in random order."""
    setup = Setup(**config["setup"])
    data = data_of(setup, data_dir)
    net = vu.Network(data.xtrain.shape[1], 300, data.num_classes, rng=setup.seed)
    rows = random_rows(data, config["instances"], setup.seed)
    started = time.perf_counter()
    losses = list(map(float, vu.train(net, data.xtrain[rows], data.ytrain[rows], config["group"], config["rate"])))
    seconds = time.perf_counter() - started
    return asdict(Run(losses, accuracy(net, data.xval, data.yval), seconds))


def random_rows(data, n, seed):
    return np.random.default_rng([seed, 1]).permutation(len(data.xtrain))[:n]


def accuracy(net, x, y):
    """The fraction of instances for which the network's most probable class is the true one."""
    return float(np.mean([(net.forward(one, c), net.y.argmax() == c)[1] for one, c in zip(x, y)]))


def curves(report, losses, n):
    """The losses of one run of each way of stepping, {instances a step: losses}, as figures and as a file."""
    figure, axes = new_figure(width=7, height=4)
    window = max(1, n // 40)
    for (group, values), color in zip(losses.items(), shades(len(losses))):
        means = np.add.reduceat(values, range(0, n, window))[: n // window] / window
        axes.plot(window * (np.arange(len(means)) + 0.5), means, color=color, label=name_of(group))
    finish(axes, "instances seen", "training loss (cross-entropy, nats)")
    report.figure(
        "steps", figure, f"The loss of the instances as they come, the mean of every {window}, each at its own rate."
    )
    first = losses[min(losses)]
    report.figure(
        "loss_curve", loss_curve(first, window, ""), "A step an instance: the loss of each instance, and its mean."
    )
    report.reading(falling(first))
    report.columns("losses", {"instance": range(1, n + 1), **{name_of(g): values for g, values in losses.items()}})


def noise_of_steps(data, n, seed, learning_rate):
    """{instances a step: how far the gradients of steps, of SAMPLE instances in all, are from the mean over all n, in
    multiples of that mean's length}.

    All at the same weights: those after one pass in batches of as many instances as the largest step has.
    """
    net = vu.BatchedNetwork(data.xtrain.shape[1], 300, data.num_classes, rng=seed)
    rows, largest = random_rows(data, n, seed), max(RATES)
    for start in range(0, n, largest):
        batch = rows[start : start + largest]
        net.forward(data.xtrain[batch], data.ytrain[batch])
        net.backward()
        net.update(learning_rate)
    sample = random_rows(data, SAMPLE, seed)

    def mean_gradient(batch):
        net.zero_gradients()
        net.forward(data.xtrain[batch], data.ytrain[batch])
        net.backward()
        return np.concatenate([g.ravel() for g in (net.dW, net.db, net.dV, net.dc)]) / len(batch)

    mean = mean_gradient(rows)
    return {
        group: float(np.sqrt(np.mean([
            np.sum((mean_gradient(batch) - mean) ** 2) for batch in sample.reshape(-1, group)
        ])) / np.linalg.norm(mean))
        for group in RATES
    }  # fmt: skip


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


# What the numbers say


def name_of(group):
    return "one step per instance" if group == 1 else f"{group} instances a step"


def mean_accuracy(runs):
    return float(np.mean([run.accuracy for run in runs]))


def deviation(runs):
    return float(np.std([run.accuracy for run in runs], ddof=1))


def mean_seconds(runs):
    return float(np.mean([run.seconds for run in runs]))


def falling(losses):
    """Whether the loss falls along a run."""
    twentieth = max(1, len(losses) // 20)
    start, end = np.mean(losses[:twentieth]), np.mean(losses[-twentieth:])
    return (
        f"With one step per instance the loss {'falls' if end < start else 'RISES'} from {start:.2f} nats over the "
        f"first twentieth of the instances to {end:.2f} over the last."
    )


def suited(grid):
    """Which rate suits each way of stepping, of {instances a step: {rate: accuracy}}."""
    best = {group: max(found, key=found.__getitem__) for group, found in grid.items()}
    said = listed(
        f"{rate:g} for {name_of(group)} ({percent(grid[group][rate], 2)})" for group, rate in sorted(best.items())
    )
    in_order = [best[group] for group in sorted(best)]
    grows = all(a < b for a, b in zip(in_order, in_order[1:]))
    trend = (
        "The more instances are averaged, the larger the best rate." if grows else "It does NOT grow with their number."
    )
    at_the_edge = [name_of(g) for g, rate in best.items() if rate in (min(grid[g]), max(grid[g]))]
    edge = (
        f" At the edge of the rates tried for {listed(at_the_edge)}: one beyond may be better." if at_the_edge else ""
    )
    return f"The best rate is {said}. {trend}{edge}"


def compared(runs):
    """Which way of stepping is ahead, of {instances a step: Runs}, and whether by more than initialisations differ."""
    order = sorted(runs, key=lambda group: mean_accuracy(runs[group]), reverse=True)
    accuracies = listed(f"{name_of(group)} {percent(mean_accuracy(runs[group]), 2)}" for group in order)
    first, second = runs[order[0]], runs[order[1]]
    lead = mean_accuracy(first) - mean_accuracy(second)
    error = ((deviation(first) ** 2 + deviation(second) ** 2) / len(first)) ** 0.5
    verdict = (
        f"more than two standard errors of that ({points(error, 2)}): {name_of(order[0])} is ahead"
        if lead > 2 * error
        else f"within two standard errors of that ({points(error, 2)} each), so {len(first)} initialisations do not "
        "tell which is ahead"
    )
    one, many = min(runs), max(runs)
    return (
        f"Each at its own rate, they reach: {accuracies}. The first is {points(lead, 2)} ahead of the next, "
        f"{verdict}. "
        f"{speed(name_of(one), mean_seconds(runs[one]), name_of(many), mean_seconds(runs[many]))}"
    )


def steadied(noise):
    """What averaging does to the gradient of a step, of {instances a step: noise}."""
    one, many = min(noise), max(noise)
    said = listed(f"{noise[group]:.2f} for {name_of(group)}" for group in sorted(noise))
    return (
        "How far the gradient of a step is from the mean over all these instances, at the weights after one pass, in "
        f"multiples of that mean's length, measured on {SAMPLE} instances: {said}. So a step of {many} is "
        f"{noise[one] / noise[many]:.1f} times as steady as one of {one}; for instances drawn independently it is the "
        f"square root of their number, {(many / one) ** 0.5:g}, on average."
    )
