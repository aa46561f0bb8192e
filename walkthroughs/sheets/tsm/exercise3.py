"""Practical Work 03, Exercise 3: backpropagation for an arbitrary MLP without autograd.

Its gradients against PyTorch's autograd (if torch is installed) and the engine's; then it is trained as Exercise 2
trains the engine's network, from the same weights and on the same batches, and compared with it.
"""

import importlib.util
import inspect

import numpy as np

from models.by_hand import tsm
from models.command_line import positive
from models.experiment import model_of, train
from models.layers import MLP, ReLU
from models.training import backward, evaluate
from tensor_engine import SGD, no_grad
from walkthroughs.reports.figures import MEASURES, finish, new_figure, plot_epochs
from walkthroughs.reports.readings import nats, percent, points, speed
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, history_by_hand, largest_difference
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.tsm.exercise2 import EPOCHS, METHOD, RATES, VARIANTS, standard_error, variant_of

RATE = 0.01  # one of those that Exercise 2 tries
NETWORKS = [((6, 3), "sigmoid"), ((784, 100, 10), "sigmoid"), ((784, 100, 10), "relu"),
            ((784, 100, 200, 50, 10), "relu"), ((784, 30, 30, 30, 30, 30, 10), "sigmoid")]  # fmt: skip


def main(arguments=None):
    parser = parser_for("tsm_exercise3", __doc__)
    add_data(parser, "mnist")
    parser.add_argument("--hidden", nargs="+", type=positive(int), default=[300, 100], help="units (default: 300 100)")
    return run_walkthrough(parser, build, arguments, "Backpropagation without autograd")


def build(report, options):
    report.section("The implementation")
    report.prose(
        "`models/by_hand/tsm.py` is an MLP of any number of layers and units. The forward pass keeps $a$ and $z$ of "
        "each layer; the backward pass goes from $dz$ of the last layer, $(a - \\text{one-hot}) / N$, to the first."
    )
    report.code(inspect.getsource(tsm.MLP))

    variant = variant_of(setup_for(options, **METHOD), tuple(options.hidden), "relu", 0.0)
    setup = variant.but(learning_rate=RATE, epochs=2 if options.quick else EPOCHS)
    compare_gradients(report, setup)
    compare_training(report, options, setup)


def compare_gradients(report, setup):
    report.section("a) The gradients")
    names = [name for name in ("the engine", "PyTorch") if name == "the engine" or importlib.util.find_spec("torch")]
    trained_below = tuple(map(int, setup.layers.split("-"))), setup.activation
    networks = dict.fromkeys([*NETWORKS, trained_below])
    rows = [row for network in networks for row in gradients_beside(*network, names, setup.seed)]
    report.table(
        "gradients", "A batch of 64 in float64: the largest difference of any derivative of any weight or bias.",
        {"layers": "", "activation": "", "compared with": "", "largest derivative": ".3g", "largest difference": ".1e"},
        rows,
    )  # fmt: skip
    report.reading(same(rows))
    if "PyTorch" not in names:
        report.prose('PyTorch is not installed; `pip install "scalar-to-tensor[peers]"` adds it to the comparison.')


def compare_training(report, options, setup):
    report.section("b) Training")
    data = used(report, options, setup)
    report.prose(
        f"Both networks, {setup.layers} with relu, are trained as Exercise 2 trains its variants: SGD with momentum "
        f"{setup.momentum:g} in batches of {setup.batch_size}, for {setup.epochs} epochs, at the rate "
        f"{setup.learning_rate:g}, which falls by {percent(1 - setup.learning_rate_decay, 0)} after each. They start "
        f"from the same weights, and see the same batches. {in_exercise2(setup)}"
    )
    model, by_engine = train(setup, options.data_dir)
    net, by_hand = train_by_hand(setup, data)
    report.code(inspect.getsource(epoch_by_hand), "An epoch of the hand-written network:")
    report.figure(
        "training", curves(by_engine, by_hand),
        "Lines: the engine's network. Circles: the hand-written one, on the same batches.",
    )  # fmt: skip
    report.table(
        "training_table", f"Both networks after {setup.epochs} epochs.",
        {"": "", "training loss": ".4f", "validation loss": ".4f", "training": ".2%", "validation": ".2%",
         "seconds of training": ".1f"},
        [row_of("engine", by_engine), row_of("by hand", by_hand)],
    )  # fmt: skip
    alike = float((predictions(net, data.xval) == evaluate(model, data.xval, data.yval).predictions).mean())
    report.reading(compared(by_engine, by_hand, alike, len(data.xval)))
    rows, parted = drift(setup, data)
    report.table(
        "drift", "The largest difference of any weight or bias between the two, after some steps of an epoch.",
        {"step": "d", "in float32": ".0e", "in float64": ".0e"}, rows,
    )  # fmt: skip
    report.reading(drifted(rows, parted))


def in_exercise2(setup):
    """Whether Exercise 2 has this network among its variants, and this rate among its rates."""
    if (setup.hidden, setup.activation, setup.dropout) not in VARIANTS or setup.learning_rate not in RATES:
        return "Exercise 2 has no such variant, so that the engine's network stands for what it would have obtained."
    return (
        "This is one of Exercise 2's variants and one of the rates that it tries, so that the engine's network is what "
        "is obtained there with that rate."
    )


def curves(by_engine, by_hand):
    figure, both = new_figure(2)
    for axes, (measure, label) in zip(both, MEASURES.items()):
        plot_epochs(axes, by_engine, measure, ", engine", {"linestyle": "-"})
        plot_epochs(axes, by_hand, measure, ", by hand", {"linestyle": "", "marker": "o", "fillstyle": "none"})
        finish(axes, "epoch", label)
    return figure


def row_of(name, history):
    last = history.epochs[-1]
    losses, accuracies = (last.train_loss, last.validation_loss), (last.train_accuracy, last.validation_accuracy)
    return name, *losses, *accuracies, history.seconds


def gradients_beside(sizes, activation, names, seed):
    """Table rows: the hand-written gradients of a batch beside each peer's."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(64, sizes[0])), rng.integers(sizes[-1], size=64)
    net = tsm.MLP(sizes, activation, seed, np.float64)
    net.forward(x)
    net.backward(y)
    parameters = [p for pair in zip(net.W, net.b) for p in pair]
    gradients = [g for pair in zip(net.dW, net.db) for g in pair]
    largest = max(float(np.abs(gradient).max()) for gradient in gradients)
    rows = []
    for name in names:
        peers = gradients_of_engine if name == "the engine" else gradients_of_pytorch
        difference = largest_difference(gradients, peers(parameters, activation, x, y))
        rows.append(("-".join(map(str, sizes)), activation, name, largest, difference))
    return rows


def gradients_of_engine(parameters, activation, x, y):
    model = engine_of(parameters, activation)
    backward(model, x, y)
    return gradients_like(parameters, model)


def gradients_of_pytorch(parameters, activation, x, y):
    import torch  # optional: the extra `peers`

    function = {"sigmoid": torch.sigmoid, "relu": torch.relu}[activation]
    tensors = [torch.tensor(parameter, requires_grad=True) for parameter in parameters]
    out = torch.tensor(x)
    for i in range(0, len(tensors), 2):
        out = torch.nn.functional.linear(function(out) if i else out, tensors[i], tensors[i + 1])
    torch.nn.functional.cross_entropy(out, torch.tensor(y)).backward()
    return [np.asarray(tensor.grad) for tensor in tensors]


def same(rows):
    worst = max(rows, key=lambda row: row[4])
    peers = " and ".join(dict.fromkeys(row[2] for row in rows))
    whose = f"those of {peers} in all {len({row[:2] for row in rows})} networks"
    return f"{agreement('gradients', worst[4], whose)}, in {worst[0]} {worst[1]}."


def train_by_hand(setup, data):
    """The hand-written network and its History, trained as `fit` would: the same weights, the same batches."""
    net = by_hand_of(model_of(setup, data)[0])

    def epoch(rng, rate):
        order = rng.permutation(len(data.xtrain))
        epoch_by_hand(net, data.xtrain, data.ytrain, order, setup.batch_size, rate, setup.momentum)

    return net, history_by_hand(setup, data, epoch, net.forward)


def by_hand_of(model):
    """The hand-written network with a copy of the weights of an engine's MLP."""
    parameters = model.parameters()
    net = tsm.MLP(model.sizes, model.activation, dtype=parameters[0].dtype)
    net.W = [W.data.T.copy() for W in parameters[::2]]
    net.b = [b.data.copy() for b in parameters[1::2]]
    return net


def epoch_by_hand(net, x, y, order, batch_size, learning_rate, momentum):
    """One pass over the instances x (instances, inputs), y (instances,) in this order, a step a batch."""
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        net.forward(x[rows])
        net.backward(y[rows])
        net.update(learning_rate, momentum)


def drift(setup, data):
    """How far apart the weights of the two are after 1, 10, ... steps and after one epoch: (step, float32, float64).

    With them comes the first step of float32, if any, at which a relu is on in the one network and off in the other.
    """
    order = np.random.default_rng(setup.seed).permutation(len(data.xtrain))
    batches = [order[start : start + setup.batch_size] for start in range(0, len(order), setup.batch_size)]
    steps = [step for step in (1, 10, 100) if step < len(batches)] + [len(batches)]
    found, parted = [], []
    for dtype in (np.float32, np.float64):
        model = MLP([data.xtrain.shape[1], *setup.hidden, data.num_classes], setup.activation, 0.0, setup.seed, dtype)
        net = by_hand_of(model)
        optimizer = SGD(model.parameters(), setup.learning_rate, setup.momentum)
        apart = {}
        for step, rows in enumerate(batches, start=1):
            x, y = data.xtrain[rows].astype(dtype), data.ytrain[rows]
            hidden = hidden_layers(model, x) if dtype is np.float32 else []
            backward(model, x, y)
            optimizer.step()
            epoch_by_hand(net, x, y, np.arange(len(x)), len(x), setup.learning_rate, setup.momentum)
            if any(((a > 0) != (b > 0)).any() for a, b in zip(hidden, net.a[1:])):
                parted.append(step)
            if step in steps:
                weights = [array for pair in zip(net.W, net.b) for array in pair]
                engines = [parameter.data.T for parameter in model.parameters()]
                apart[step] = largest_difference(weights, engines)
        found.append(apart)
    return [(step, *(apart[step] for apart in found)) for step in steps], parted[0] if parted else None


def hidden_layers(model, x):
    """The activations (instances, units) of the engine's hidden layers."""
    found = []
    with no_grad():
        for layer in model.layers:
            x = layer(x)
            if isinstance(layer, ReLU):
                found.append(x.data)
    return found


def drifted(rows, parted):
    """Whether rounding is all that tells the two apart: then doubles keep them together. For `parted` see `drift`."""
    (first, *_), (last, single, double) = rows[0], rows[-1]
    grown = (
        f"From step {first} to step {last:,} the weights come apart by up to {single:.0e} in float32, and by "
        f"{double:.0e} in float64"
    )
    if not double < 1e-6 * single:
        return f"{grown}, so that it is NOT rounding alone."
    said = f"{grown}: the difference is float32's rounding, which the steps amplify."
    if parted is None:
        return said
    return f"{said} At step {parted:,} for the first time a relu is on in the one network and off in the other."


def predictions(net, x):
    """The class of the largest probability: (instances,)."""
    return np.concatenate([net.forward(x[start : start + 1000]).argmax(axis=1) for start in range(0, len(x), 1000)])


def compared(by_engine, by_hand, alike, n_val):
    """How the two do on the n_val validation images, of which they put the fraction `alike` into the same class."""
    engine, hand = by_engine.epochs[-1], by_hand.epochs[-1]
    apart = hand.validation_accuracy - engine.validation_accuracy
    error = standard_error(engine.validation_accuracy, n_val)
    verdict = "within" if abs(apart) <= error else "NOT within"
    return (
        f"By hand {percent(hand.validation_accuracy, 2)} of the {n_val:,} validation images are right, with the engine "
        f"{percent(engine.validation_accuracy, 2)}: {points(apart, 2)} apart, {verdict} the standard error of "
        f"{points(error, 2)}. They put {percent(alike)} of the images into the same class, and their validation losses "
        f"differ by {nats(abs(hand.validation_loss - engine.validation_loss), 6)}. "
        f"{speed('the engine', by_engine.seconds, 'the hand-written network', by_hand.seconds)}"
    )
