"""Question 6 of the assignment: the batched forward and backward pass, equal to one instance at a time, and faster."""

import inspect
import time

import numpy as np

from models.by_hand import vu
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import seconds, times
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

NAMES = "dW", "db", "dV", "dc"
BATCHES = 1, 4, 16, 64, 256


def main(arguments=None):
    parser = parser_for("question6", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "A batch in a single 2-tensor")


def build(report, options):
    data = used(report, options, setup_for(options))
    report.section("The passes")
    report.prose(
        "Give every quantity of one instance an axis in front, of the batch's size B, and each line of the passes "
        "stays a single NumPy call. `x @ W` multiplies all rows by W at once; `+ b` is broadcast over the rows. "
        "In the backward pass the outer products of the single instances, `outer(x, dk)`, have to be summed over "
        "the batch, and that sum is one matrix product: $\\sum_b x_{bi} \\, dk_{bj}$ is element $ij$ of `x.T @ dk`. "
        "The bias is used by every instance, so its derivative is the sum over the rows."
    )
    h, n_in, n_out = 300, data.xtrain.shape[1], data.num_classes
    report.table(
        "shapes", "The shapes of one instance and of a batch of B.", {"": "", "one instance": "", "batch": ""},
        [("x", f"({n_in},)", f"(B, {n_in})"), ("k, h, dk", f"({h},)", f"(B, {h})"),
         ("o, y, do", f"({n_out},)", f"(B, {n_out})"), ("W, dW", f"({n_in}, {h})", "the same"),
         ("V, dV", f"({h}, {n_out})", "the same"), ("l", "a number", "their sum")],
    )  # fmt: skip
    report.code(inspect.getsource(vu.BatchedNetwork))

    report.section("The same as one instance at a time")
    x, y = data.xtrain[:64].astype(np.float64), data.ytrain[:64]
    rows = differences(x, y, n_out, options.seed)
    report.table(
        "differences", "64 training images in float64, at once and one by one: the largest difference of any element.",
        {"": "", "shape": "", "largest element": ".3g", "largest difference": ".1e"}, rows,
    )  # fmt: skip
    report.reading(agreement(rows))

    report.section("What it saves")
    per_instance = {batch: time_of(data, batch, options) for batch in BATCHES}
    single = time_of(data, None, options)
    figure, axes = new_figure(width=7, height=4)
    axes.loglog(BATCHES, [1e6 * s for s in per_instance.values()], "o-", color=OTHERS[0], label="batched")
    axes.axhline(1e6 * single, color=REFERENCE, linestyle="--", label="one instance at a time")
    finish(axes, "instances in a batch", "time per instance (microseconds)")
    axes.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
    axes.set_xticks([], minor=True)
    report.figure(
        "time", figure, "Forward, backward and update with one step a batch: the time that an instance takes."
    )
    rows = [("one at a time", 1e6 * single, 1.0), *(
        (f"batch of {batch}", 1e6 * s, single / s) for batch, s in per_instance.items()
    )]  # fmt: skip
    report.table(
        "times", "Microseconds per instance; one step of gradient descent per 256 instances, or per batch.",
        {"": "", "microseconds": ".1f", "times as fast": ".1f"}, rows,
    )  # fmt: skip
    report.reading(saving(single, per_instance))


def differences(x, y, n_classes, seed):
    """For the loss, each gradient and the parameters after a step: name, shape, largest element, largest difference."""
    single, batched = (kind(x.shape[1], 300, n_classes, seed, np.float64) for kind in (vu.Network, vu.BatchedNetwork))
    losses = []
    for one, c in zip(x, y):
        losses.append(single.forward(one, c))
        single.backward()
    found = [("sum of l", np.array(sum(losses)), np.array(batched.forward(x, y)))]
    batched.backward()
    found += [(name, getattr(single, name), getattr(batched, name)) for name in NAMES]
    for net in (single, batched):
        net.update(0.1)
    found += [(f"{name} after the step", getattr(single, name), getattr(batched, name)) for name in ("W", "V")]
    return [(name, str(a.shape), float(np.abs(a).max()), float(np.abs(a - b).max())) for name, a, b in found]


def agreement(rows):
    worst = max(rows, key=lambda row: row[3] / row[2])
    relative = worst[3] / worst[2]
    said = "are the same to rounding" if relative < 1e-12 else "are NOT the same"
    return f"The two {said}: the worst is {worst[0]}, with a difference of {relative:.0e} of its largest element."


def time_of(data, batch, options):
    """Seconds that an instance takes to be trained on: the best of some rounds. `batch` None is one at a time."""
    kind = vu.Network if batch is None else vu.BatchedNetwork
    net = kind(data.xtrain.shape[1], 300, data.num_classes)
    x, y = data.xtrain[:256], data.ytrain[:256]
    rounds = []
    for _ in range(2 if options.quick else 10):
        started = time.perf_counter()
        if batch is None:
            for one, c in zip(x, y):
                net.forward(one, c)
                net.backward()
            net.update(0.01)
        else:
            for start in range(0, len(x), batch):
                net.forward(x[start : start + batch], y[start : start + batch])
                net.backward()
                net.update(0.01)
        rounds.append((time.perf_counter() - started) / len(x))
    return min(rounds)


def saving(single, per_instance):
    """How much faster the best batch is; and why a batch of 1 is slower than one at a time, where it is."""
    slower = (
        f" A batch of 1 takes {times(per_instance[1] / single)} as long as one at a time: each of its instances pays "
        "for a step, which moves all the weights."
        if per_instance.get(1, 0) > single
        else ""
    )
    best = min(per_instance, key=per_instance.__getitem__)
    return (
        f"One at a time an instance takes {seconds(single)}, in batches of {best} it takes "
        f"{seconds(per_instance[best])}: {times(single / per_instance[best])} as fast, mostly because a matrix "
        f"product reads each weight once for the whole batch, instead of once for each instance.{slower}"
    )
