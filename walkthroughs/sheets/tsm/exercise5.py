"""Practical Work 03, Exercise 5: the review questions, shown and not told.

Parameters of an MLP; what linear layers without activations collapse to; what backpropagation saves; and what each
layer remembers for the backward pass.
"""

import time

import numpy as np

from models.by_hand import tsm
from models.layers import MLP, parameter_count
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import seconds, times
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.tsm.linear_layers import linear_layers
from walkthroughs.sheets.tsm.memory import memory

HIDDEN = 100, 200, 50


def main(arguments=None):
    parser = parser_for("tsm_exercise5", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "An MLP under review")


def build(report, options):
    setup = setup_for(options, hidden=HIDDEN, activation="relu", momentum=0.9, learning_rate=0.01, epochs=3)
    sizes = [784, *HIDDEN, 10]
    parameters(report, sizes)
    data = used(report, options, setup)
    linear_layers(report, setup, data)
    cost_of_a_gradient(report, options, sizes)
    memory(report, setup, data)


def parameters(report, sizes):
    report.section("a) The number of parameters")
    layers = "-".join(map(str, sizes))
    rows = [(f"{m} to {n}", m * n, n, (m + 1) * n) for m, n in zip(sizes, sizes[1:])]
    weights, biases = sum(row[1] for row in rows), sum(row[2] for row in rows)
    rows.append(("together", weights, biases, weights + biases))
    report.table(
        "parameters", f"{layers}: a layer from m to n units has m n weights and n biases.",
        {"layer": "", "weights": ",d", "biases": ",d", "parameters": ",d"}, rows,
    )  # fmt: skip
    report.reading(counted(layers, weights + biases, parameter_count(MLP(sizes))))


def counted(layers, computed, found):
    said = "the same" if found == computed else f"NOT the same: {found:,}"
    return f"{layers} has {computed:,} parameters. Counting the numbers in the network gives {said}."


def cost_of_a_gradient(report, options, sizes):
    report.section("c) What backpropagation saves")
    report.prose(
        "The derivative by central finite differences takes two forward passes for each parameter. Backpropagation "
        "goes through the network twice, once in each direction, and has the derivatives by all of them: it shares "
        "what they have in common. It is also exact to rounding, where a difference has to balance truncation "
        "against cancellation. And it needs no formula for the network as a whole, only a rule for each operation, so "
        "that any network of these operations has its gradient."
    )
    widths = (5, 10, 20) if options.quick else (5, 10, 20, 40, 80)
    rows = [timed_gradients(width, options.seed) for width in widths]
    counts = [row[1] for row in rows]
    figure, axes = new_figure(width=7, height=4)
    axes.loglog(counts, [1e3 * row[2] for row in rows], "o-", color=OTHERS[0], label="backpropagation")
    axes.loglog(counts, [1e3 * row[3] for row in rows], "s--", color=REFERENCE, label="finite differences")
    finish(axes, "parameters", "time of one gradient (milliseconds)")
    report.figure("gradient_time", figure, "One gradient of the loss of 64 instances, in float64.")
    report.table(
        "gradient_times", "One gradient, in milliseconds; finite differences with steps of 1e-5. The last column is "
        "the largest difference of any derivative between the two.",
        {"layers": "", "parameters": ",d", "backpropagation": ".3f", "finite differences": ",.0f", "ratio": ",.0f",
         "largest difference": ".0e"},
        [(layers, count, 1e3 * a, 1e3 * b, ratio, worst) for layers, count, a, b, ratio, worst in rows],
    )  # fmt: skip
    report.reading(f"{saved(rows)} {extrapolated(*timed_passes(sizes, options.seed))}")


def network_and_batch(sizes, seed):
    """The hand-written sigmoid network in float64, and 64 random instances."""
    rng = np.random.default_rng(seed)
    return (
        tsm.MLP(sizes, "sigmoid", seed, np.float64),
        rng.normal(size=(64, sizes[0])),
        rng.integers(sizes[-1], size=64),
    )


def shortest(work):
    """The shortest of five runs, in seconds."""
    rounds = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - started)
    return min(rounds)


def timed_passes(sizes, seed):
    """(layers, parameters, seconds of a forward pass with its cost, seconds of a gradient by backpropagation)."""
    net, x, y = network_and_batch(sizes, seed)
    forward = shortest(lambda: (net.forward(x), net.cost(y)))
    both = shortest(lambda: (net.forward(x), net.backward(y)))
    return "-".join(map(str, sizes)), sum(p.size for p in (*net.W, *net.b)), forward, both


def timed_gradients(width, seed):
    """(layers, parameters, seconds by backpropagation, seconds by finite differences, ratio, largest difference)."""
    sizes = [64, width, 10]
    net, x, y = network_and_batch(sizes, seed)

    def cost():
        net.forward(x)
        return net.cost(y)

    backpropagation = shortest(lambda: (net.forward(x), net.backward(y)))
    started, worst, count = time.perf_counter(), 0.0, 0
    for array, gradient in zip([*net.W, *net.b], [*net.dW, *net.db]):
        for i in range(array.size):
            kept, costs = array.flat[i], []
            for moved in (kept + 1e-5, kept - 1e-5):
                array.flat[i] = moved
                costs.append(cost())
            array.flat[i] = kept
            worst = max(worst, abs((costs[0] - costs[1]) / 2e-5 - gradient.flat[i]))
            count += 1
    differences = time.perf_counter() - started
    return "-".join(map(str, sizes)), count, backpropagation, differences, differences / backpropagation, float(worst)


def saved(rows):
    """The ratio at the largest network, and how it grows with the number of parameters."""
    layers, count, backpropagation, differences, ratio, _ = rows[-1]
    smallest = rows[0]
    return (
        f"For {layers} with its {count:,} parameters backpropagation takes {seconds(backpropagation)} and finite "
        f"differences {seconds(differences)}, {times(ratio)} as long; with {smallest[1]:,} parameters it is "
        f"{times(smallest[4])}. Their largest difference in any derivative is {max(row[5] for row in rows):.0e}."
    )


def extrapolated(layers, count, forward, both):
    """What finite differences would take for a network, from the time of one of its forward passes."""
    total = 2 * count * forward
    return (
        f"For {layers} a gradient by backpropagation takes {seconds(both)}, and a forward pass {seconds(forward)}: the "
        f"2 x {count:,} of them that finite differences need would be {seconds(total)}, about "
        f"{rounded(total / both):,.0f} times as long."
    )


def rounded(number):
    """To two digits: an extrapolation has no more."""
    return float(f"{number:.2g}")
