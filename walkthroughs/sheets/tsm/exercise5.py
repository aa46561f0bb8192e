"""Practical Work 03, Exercise 5: the review questions, shown and not told.

Parameters of an MLP; what linear layers without activations collapse to; what backpropagation saves; and what each
layer remembers for the backward pass.
"""

import time

import numpy as np

from models.by_hand import tsm
from models.experiment import train
from models.layers import MLP, Linear, Sequential, parameter_count
from models.training import evaluate, fit
from scalar_engine.graph import topological_order
from tensor_engine import softmax_cross_entropy
from tensor_engine.optimizers import SGD
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import percent, points, seconds, times
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

HIDDEN = 100, 200, 50


def main(arguments=None):
    parser = parser_for("tsm_exercise5", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "An MLP under review")


def build(report, options):
    setup = setup_for(options, hidden=HIDDEN, activation="relu", momentum=0.9, learning_rate=0.03, epochs=3)
    data = used(report, options, setup)
    parameters(report, setup)
    linear_layers(report, options, setup, data)
    cost_of_a_gradient(report, options)
    memory(report, setup, data)


def parameters(report, setup):
    report.section("a) The number of parameters")
    sizes = list(map(int, setup.layers.split("-")))
    rows = [(f"{m} to {n}", m * n, n, (m + 1) * n) for m, n in zip(sizes, sizes[1:])]
    weights, biases = sum(row[1] for row in rows), sum(row[2] for row in rows)
    rows.append(("together", weights, biases, weights + biases))
    report.table(
        "parameters", f"{setup.layers}: a layer from m to n units has m n weights and n biases.",
        {"layer": "", "weights": ",d", "biases": ",d", "parameters": ",d"}, rows,
    )  # fmt: skip
    model = MLP(sizes)
    counted = parameter_count(model)
    said = "the same" if counted == rows[-1][3] else f"NOT the same: {counted:,}"
    report.reading(f"{setup.layers} has {rows[-1][3]:,} parameters. Counting the numbers in the network gives {said}.")


def linear_layers(report, options, setup, data):
    report.section("b) Linear layers without activations")
    report.prose(
        "A linear layer after a linear layer is a linear layer: $(x W_1 + b_1) \\, W_2 + b_2 = x \\, (W_1 W_2) + "
        "(b_1 W_2 + b_2)$. So the four layers can be multiplied out into one, and the network can separate classes by "
        "planes only, as the network without hidden layers can."
    )
    sizes = list(map(int, setup.layers.split("-")))
    rng = np.random.default_rng(setup.seed)
    deep = Sequential(
        *(Linear(m, n, rng, label=f"layer{i}") for i, (m, n) in enumerate(zip(sizes, sizes[1:]), start=1))
    )
    fit(deep, data, SGD(deep.parameters(), 0.01, 0.9), setup.epochs, rng=rng)
    W, b = collapsed(deep)
    logits, single = deep(data.xval).data, data.xval @ W + b
    of_deep = evaluate(deep, data.xval, data.yval).accuracy
    flat = setup.but(hidden=(), learning_rate=0.01)
    of_flat = train(flat, options.data_dir)[1].epochs[-1].validation_accuracy
    of_relu = train(setup, options.data_dir)[1].epochs[-1].validation_accuracy
    difference = float(np.abs(logits - single).max() / np.abs(logits).max())
    rows = [
        (f"{setup.layers}, no activations", parameter_count(deep), of_deep),
        ("the same, multiplied out into one layer", W.size + b.size, float((single.argmax(1) == data.yval).mean())),
        (f"{flat.layers}, trained as it is", W.size + b.size, of_flat),
        (f"{setup.layers}, relu", parameter_count(deep), of_relu),
    ]
    report.table(
        "linear", f"After {setup.epochs} epochs: SGD with momentum 0.9, batches of 64.",
        {"": "", "parameters": ",d", "validation accuracy": ".2%"}, rows,
    )  # fmt: skip
    report.reading(collapse(difference, of_deep, of_flat, of_relu))
    report.prose(
        "Could the linear layers be beneficial all the same? Only in how they learn, not in what they can "
        "represent: a narrow one forces the product's rank down, here to at most 50, and the product of several "
        "matrices takes other paths in training than one matrix does. For more than planes an activation is "
        "needed in between."
    )


def collapsed(network):
    """The one matrix (inputs, outputs) and bias (outputs,) that a chain of Linear layers amounts to."""
    W, b = network.layers[0].W.data, network.layers[0].b.data
    for layer in network.layers[1:]:
        W, b = W @ layer.W.data, b @ layer.W.data + layer.b.data
    return W, b


def collapse(difference, of_deep, of_flat, of_relu):
    said = "the same, to rounding" if difference < 1e-4 else "NOT the same"
    more = "more" if of_relu > of_deep else "fewer"
    return (
        f"One matrix gives logits that are {said} (relative difference {difference:.0e}). Without activations "
        f"the deep network gets {percent(of_deep)} of the validation set right, one layer {percent(of_flat)}; with "
        f"relu between the same layers it is {percent(of_relu)}, {points(of_relu - of_deep)} {more} than without."
    )


def cost_of_a_gradient(report, options):
    report.section("c) What backpropagation saves")
    report.prose(
        "The derivative by finite differences takes two forward passes for each parameter. Backpropagation goes "
        "through the network twice, once in each direction, and has the derivatives by all of them: it shares "
        "what they have in common. It is also exact to rounding, where a difference has to balance truncation "
        "against cancellation."
    )
    widths = (5, 10, 20) if options.quick else (5, 10, 20, 40, 80)
    rows = [timed_gradients(width, options.seed) for width in widths]
    counts = [row[1] for row in rows]
    figure, axes = new_figure(width=7, height=4)
    axes.loglog(counts, [1e3 * row[2] for row in rows], "o-", color=OTHERS[0], label="backpropagation")
    axes.loglog(counts, [1e3 * row[3] for row in rows], "s--", color=REFERENCE, label="finite differences")
    finish(axes, "parameters", "time of one gradient (milliseconds)")
    report.figure("gradient_time", figure, "The gradient of the loss of 64 instances by all parameters, in float64.")
    report.table(
        "gradient_times", "One gradient, in milliseconds.",
        {"layers": "", "parameters": ",d", "backpropagation": ".3f", "finite differences": ",.0f", "ratio": ",.0f",
         "largest difference": ".0e"},
        [(layers, count, 1e3 * a, 1e3 * b, ratio, worst) for layers, count, a, b, ratio, worst in rows],
    )  # fmt: skip
    report.reading(saved(rows, 109_260))


def timed_gradients(width, seed):
    """(layers, parameters, seconds by backpropagation, seconds by finite differences, ratio, largest difference)."""
    sizes = [64, width, 10]
    net = tsm.MLP(sizes, "sigmoid", seed, np.float64)
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(64, sizes[0])), rng.integers(sizes[-1], size=64)

    def cost():
        net.forward(x)
        return net.cost(y)

    rounds = []
    for _ in range(5):
        started = time.perf_counter()
        net.forward(x)
        net.backward(y)
        rounds.append(time.perf_counter() - started)
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
    return "-".join(map(str, sizes)), count, min(rounds), differences, differences / min(rounds), float(worst)


def saved(rows, n_parameters):
    """The ratio at the largest network, and what it would be for one of `n_parameters`."""
    layers, count, backpropagation, differences, ratio, _ = rows[-1]
    return (
        f"For {layers} with its {count:,} parameters backpropagation takes {seconds(backpropagation)} and finite "
        f"differences {seconds(differences)}, {times(ratio)} as long. That is {ratio / count:.1f} for each "
        f"parameter, so that at {n_parameters:,} parameters it would be about "
        f"{rounded(ratio * n_parameters / count):,.0f} times."
    )


def rounded(number):
    """To two digits: an extrapolation has no more."""
    return float(f"{number:.2g}")


def memory(report, setup, data):
    report.section("d) What each layer remembers")
    report.prose(
        "A layer's backward pass needs what its derivatives are made of. $z = a W^{\\top} + b$ has $dW = dz^{\\top} "
        "a$, so it needs its input $a$, and $W$, which is there anyway. An activation needs its slope: sigmoid's is "
        "$a \\, (1 - a)$, so its output is enough; relu's is 1 where $z > 0$, which its output tells as well. So one "
        "array a layer has to be kept, its activation. (The class of Exercise 3 keeps $z$ as well, for activations "
        "whose slope is not to be had from the output.) The softmax with its cross-entropy needs the probabilities."
    )
    x, y = data.xtrain[:64], data.ytrain[:64]
    net = tsm.MLP([x.shape[1], *setup.hidden, data.num_classes], setup.activation)
    net.forward(x)
    weight_bytes = [None, *(W.nbytes for W in net.W)]
    names = ["input", *(f"layer {l}" for l in range(1, len(net.a)))]
    rows = [
        (name, f"a[{l}]", str(a.shape), a.nbytes, n_bytes)
        for l, (name, a, n_bytes) in enumerate(zip(names, net.a, weight_bytes))
    ]
    rows.append(("together", "", "", sum(a.nbytes for a in net.a), sum(W.nbytes for W in net.W)))
    report.table(
        "memory", "What has to be kept of a batch of 64 in float32, beside the weights, which are there anyway.",
        {"": "", "remembered": "", "shape": "", "bytes": ",d", "bytes of W": ",d"}, rows,
    )  # fmt: skip
    model = MLP([x.shape[1], *setup.hidden, data.num_classes], setup.activation)
    loss = softmax_cross_entropy(model(x), y)
    nodes = [node for node in topological_order(loss) if node.inputs]
    report.table(
        "graph", "What the engine's graph of the same pass holds until the backward pass has used it.",
        {"node": "", "operator": "", "shape": "", "bytes": ",d"},
        [(n.label or "loss", n.op.symbol, str(np.shape(n.data)), np.asarray(n.data).nbytes) for n in nodes if n.op],
    )  # fmt: skip
    report.reading(remembered(sum(a.nbytes for a in net.a), len(x), sum(W.nbytes for W in net.W)))


def remembered(n_bytes, batch, weight_bytes):
    each = n_bytes / batch
    more = int(weight_bytes / each) + 1
    return (
        f"A batch of {batch} remembers {n_bytes / 1e3:,.0f} kB, {each / 1e3:.1f} kB an instance. It grows with the "
        f"batch, as the weights' {weight_bytes / 1e3:,.0f} kB do not: from {more:,d} instances a batch on, "
        "it is more."
    )
