"""Practical Work 03, Exercise 3: backpropagation for an arbitrary MLP without autograd.

Its gradients against PyTorch's autograd (if torch is installed) and the engine's; then it is trained, on the same
batches as the engine's network, and compared with it.
"""

import importlib.util
import inspect
import time

import numpy as np
from tqdm import tqdm

from models.by_hand import tsm
from models.command_line import positive
from models.experiment import model_of, train
from models.history import Epoch, History
from models.training import backward
from walkthroughs.reports.figures import MEASURES, finish, new_figure, plot_epochs
from walkthroughs.reports.readings import nats, percent, points, speed
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.tsm.exercise2 import EPOCHS, METHOD

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

    setup = setup_for(options, hidden=tuple(options.hidden), activation="relu", learning_rate=0.03, epochs=5)
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
    _, by_engine = train(setup, options.data_dir)
    by_hand = train_by_hand(setup, data)
    report.figure(
        "training", curves(by_engine, by_hand),
        "Lines: the engine's network. Circles: the hand-written one, on the same batches.",
    )  # fmt: skip
    epochs = 2 if options.quick else EPOCHS
    longer = setup.but(**METHOD, learning_rate=0.01, epochs=epochs)  # the rate that Exercise 2 finds for 300-100 relu
    _, as_exercise2 = train(longer, options.data_dir)
    report.table(
        "training_table", f"{setup.layers}, relu, batches of {setup.batch_size}: by plain steps, and as in Exercise 2.",
        {"": "", "rate": "g", "decay": "g", "momentum": "g", "epochs": "d", "training loss": ".4f",
         "validation loss": ".4f", "training": ".2%", "validation": ".2%", "seconds of training": ".1f"},
        [row_of("engine", setup, by_engine), row_of("by hand", setup, by_hand),
         row_of("engine, as in Exercise 2", longer, as_exercise2)],
    )  # fmt: skip
    report.reading(f"{compared(by_engine, by_hand)} {beside_exercise2(by_hand, as_exercise2)}")


def curves(by_engine, by_hand):
    figure, both = new_figure(2)
    for axes, (measure, label) in zip(both, MEASURES.items()):
        plot_epochs(axes, by_engine, measure, ", engine", {"linestyle": "-"})
        plot_epochs(axes, by_hand, measure, ", by hand", {"linestyle": "", "marker": "o", "fillstyle": "none"})
        finish(axes, "epoch", label)
    return figure


def row_of(name, setup, history):
    last = history.epochs[-1]
    return (
        name, setup.learning_rate, setup.learning_rate_decay, setup.momentum, setup.epochs, last.train_loss,
        last.validation_loss, last.train_accuracy, last.validation_accuracy, history.seconds,
    )  # fmt: skip


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
    """The History of the hand-written network, trained as `fit` would: the same weights, the same batches."""
    model, _, rng = model_of(setup, data)
    net = tsm.MLP(model.sizes, setup.activation)
    net.W = [p.data.T.copy() for p in model.parameters()[::2]]
    net.b = [p.data.copy() for p in model.parameters()[1::2]]
    history = History()
    for epoch in tqdm(range(1, setup.epochs + 1), "by hand", disable=None, leave=False):
        started = time.perf_counter()
        order = rng.permutation(len(data.xtrain))
        for start in range(0, len(order), setup.batch_size):
            rows = order[start : start + setup.batch_size]
            net.forward(data.xtrain[rows])
            net.backward(data.ytrain[rows])
            net.update(setup.learning_rate)
        took = time.perf_counter() - started
        loss, accuracy = measured(net, data.xtrain, data.ytrain)
        val_loss, val_accuracy = measured(net, data.xval, data.yval)
        history.epochs.append(Epoch(epoch, loss, accuracy, val_loss, val_accuracy, setup.learning_rate, took))
    return history


def measured(net, x, y):
    """(mean cross-entropy, fraction correct), in pieces that fit the caches."""
    losses, hits = [], 0
    for start in range(0, len(x), 1000):
        part = slice(start, start + 1000)
        probabilities = net.forward(x[part])
        losses.append(net.cost(y[part]) * len(probabilities))
        hits += int((probabilities.argmax(axis=1) == y[part]).sum())
    return float(sum(losses) / len(x)), hits / len(x)


def compared(by_engine, by_hand):
    """Whether the two networks have learned the same, and which was faster."""
    engine, hand = by_engine.epochs[-1], by_hand.epochs[-1]
    difference = abs(hand.validation_loss - engine.validation_loss)
    same = (
        difference < 0.1 * engine.validation_loss and abs(hand.validation_accuracy - engine.validation_accuracy) < 0.005
    )
    said = (
        "the two have learned the same, but for float32's rounding, which thousands of steps amplify"
        if same
        else "the two have NOT learned the same"
    )
    return (
        f"By hand {percent(hand.validation_accuracy, 2)} of the validation set are right, with the engine "
        f"{percent(engine.validation_accuracy, 2)}; their losses differ by {nats(difference, 6)}: {said}. "
        f"{speed('the engine', by_engine.seconds, 'the hand-written network', by_hand.seconds)}"
    )


def beside_exercise2(by_hand, as_exercise2):
    """What Exercise 2's way of training adds to the hand-written network's accuracy."""
    hand, there = by_hand.epochs[-1], as_exercise2.epochs[-1]
    gain = there.validation_accuracy - hand.validation_accuracy
    more = "more" if gain > 0 else "less"
    return (
        f"Trained as in Exercise 2, with momentum, a falling rate and {there.epoch} epochs, the same network has "
        f"{percent(there.validation_accuracy, 2)} of the validation set right, {points(gain, 2)} {more} than by hand."
    )
