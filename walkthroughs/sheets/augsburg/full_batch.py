"""Exercise 5: the training routine, 1,000 steps on all training examples at once, and what makes that slow.

The hand-written class trains itself for the first steps; the engine starts from the same weights and takes them all.
"""

import inspect
import json
from dataclasses import asdict

import numpy as np

from models.by_hand import augsburg
from models.experiment import model_of
from models.history import History
from models.keeping import checkpoints
from models.sweep import fingerprint_of, run_setup
from models.training import fit
from models.training.threads import Threads
from walkthroughs.reports.figures import OTHERS, finish, learning_curves, new_figure
from walkthroughs.reports.readings import listed, percent, seconds, times
from walkthroughs.sheets.beside_engine import FLOAT32, agreement

BY_HAND, IN_BETWEEN = 10, 5  # steps that the hand-written class takes, and from one line in its file to the next


def full_batch(report, options, setup, data):
    """Train on all training examples at once, and report; returns the History."""
    report.section(f"Exercise 5: {setup.epochs:,} steps on all {len(data.xtrain):,} training examples")
    every = setup.epochs // 10 if options.quick else 100
    model, history = trained(setup, data, every, options.out)
    hand_written(report, options.out, setup, data, history)
    report.code(log_of(history), "What training.txt has, written while the engine trained:")
    report.figure(
        "full_batch", learning_curves(history),
        f"Full-batch gradient descent on {len(data.xtrain):,} images, with {len(data.xval):,} test images; an epoch is "
        "one step.",
    )  # fmt: skip
    report.columns("full_batch", {
        "step": [e.epoch for e in history.epochs], "training loss": [e.train_loss for e in history.epochs],
        "test loss": [e.validation_loss for e in history.epochs],
        "training accuracy": [e.train_accuracy for e in history.epochs],
        "test accuracy": [e.validation_accuracy for e in history.epochs],
    })  # fmt: skip
    report.reading(progress(history, 0.85 if options.long else 0.55, len(data.xtrain), len(data.xval)))
    if not (options.long or options.quick):
        report.prose("With `--long` added, the same command goes on to 10,000 steps, from this run's checkpoint.")
    why_slow(report, setup, data, model, history)
    return history


def hand_written(report, folder, setup, data, history):
    """The class of the sheet trains itself for a few steps, and is compared with the engine's first ones."""
    source = [inspect.getsource(augsburg.NeuralNetwork.train), inspect.getsource(augsburg.NeuralNetwork.measured)]
    report.code("\n".join([*source, "\n" + inspect.getsource(augsburg.batches)]), "Two more methods of the class:")
    net = untrained(setup, data)
    rows = net.train(*sets_of(data), BY_HAND, setup.learning_rate, folder / "by_hand.txt", IN_BETWEEN)
    lines = (folder / "by_hand.txt").read_text(encoding="utf-8").rstrip()
    report.code(lines, f"What it prints into by_hand.txt in {BY_HAND} steps, a line after each {IN_BETWEEN}:")
    difference = max(abs(row[1] - history.batch_losses[row[0]]) for row in rows)  # the engine's, before the next step
    report.reading(
        f"{agreement('training losses', difference, rounding=FLOAT32)}. The engine takes the {setup.epochs:,} steps, "
        f"at {seconds(history.seconds / history.epochs[-1].epoch)} each."
    )


def untrained(setup, data):
    """The hand-written network, with the weights that the engine's of this Setup begins with."""
    return augsburg.NeuralNetwork([data.xtrain.shape[1], *setup.hidden, data.num_classes], setup.seed)


def sets_of(data):
    """(X, y) of the training set and of the test set, with instances as columns."""
    return (data.xtrain.T, data.ytrain), (data.xval.T, data.yval)


def trained(setup, data, every, folder):
    """(model, History) of the full-batch run. The folder's checkpoint is gone on from, if it is of this very run."""
    model, optimizer, rng = model_of(setup, data)
    history, path = History(held_out="test"), folder / f"checkpoint-{every}-{fingerprint_of(run_setup)[:12]}.npz"
    config = asdict(setup.but(epochs=0, eager=True)) | {"threads": Threads().number, "style": "eager"}
    config = json.loads(json.dumps(config))
    if path.exists():
        checkpoint = checkpoints.read(path)
        if checkpoint["config"] == config and len(checkpoint["history"].batch_losses) <= setup.epochs:
            history = checkpoints.restore(checkpoint, path, model, optimizer, rng)

    def after_epoch(history):
        (folder / "training.txt").write_text(log_of(history) + "\n", encoding="utf-8")
        checkpoints.save(path, model, optimizer, rng, history, config)

    history = fit(model, data, optimizer, setup.epochs, "full", rng, history=history, record_norms=True, every=every,
                  after_epoch=after_epoch, style="eager")  # fmt: skip
    if history.interrupted:
        raise KeyboardInterrupt
    return model, history


def log_of(history):
    return "\n".join([augsburg.HEAD, *(
        augsburg.LINE.format(e.epoch, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy)
        for e in history.epochs
    )])  # fmt: skip


def progress(history, goal, n_training, n_test):
    last = history.epochs[-1]
    passed = next((e for e in history.epochs if min(e.train_accuracy, e.validation_accuracy) > goal), None)
    when = (
        f"Both have passed the sheet's {percent(goal, 0)} when they are measured at step {passed.epoch:,}."
        if passed
        else f"They have not both passed the sheet's {percent(goal, 0)}."
    )
    return (
        f"After {last.epoch:,} steps {percent(last.train_accuracy, 2)} of the {n_training:,} training images and "
        f"{percent(last.validation_accuracy, 2)} of the {n_test:,} test images are right, at losses of "
        f"{last.train_loss:.4f} and {last.validation_loss:.4f}. {when} The training took {seconds(history.seconds)}."
    )


# ---- why it is slow


def why_slow(report, setup, data, model, history):
    report.section("Why it is slow")
    norms = {layer: np.array([step[layer] for step in history.gradient_norms]) for layer in history.gradient_norms[0]}
    steps = np.arange(1, len(history.gradient_norms) + 1)
    figure, axes = new_figure(width=7, height=4)
    for (layer, values), color in zip(norms.items(), OTHERS):
        axes.loglog(steps, values, color=color, label=layer)
    finish(axes, "step", "norm of the layer's gradient")
    report.figure("gradient_norms", figure, "The Euclidean norm of the gradient of each layer's weights and biases.")
    report.columns("gradient_norms", {"step": steps, **norms})
    report.reading(norms_compared(norms))
    nets = untrained(setup, data), hand_written_copy(setup, data, model)
    rows = layer_rows(nets, data.xtrain[:1000].T, data.ytrain[:1000])
    report.table(
        "layers", f"The hand-written network before training and with the weights after {len(steps):,} steps, on "
        f"{min(1000, len(data.xtrain)):,} training images: Euclidean norms, and as slope the mean of del_sigmoid(H).",
        {"layer": "d", "Theta before": ".2f", "moved by": ".3f", "input": ".0f", "Delta before": ".4f",
         "Delta after": ".4f", "slope before": ".3f", "slope after": ".3f"},
        rows,
    )  # fmt: skip
    report.reading(f"{moved(rows, len(steps))} {shrinking(rows)}")
    report.prose(
        "On its way back from one layer to the one before, the error term is multiplied by the weights and by "
        "`del_sigmoid(H)`, which is at most 1/4. The gradient of a layer's weights is the error term times the layer's "
        "input, $\\Delta^i {H^{i-1}}^\\top$, summed over the images, so its norm need not follow that of "
        "$\\Delta^i$."
    )


def norms_compared(norms):
    """The first layer's gradient against the last one's, from {layer: the norm at each step}."""
    (name, first), (other, last) = list(norms.items())[0], list(norms.items())[-1]
    n = len(first)
    larger = first > last
    since = n - int(np.argmax(larger[::-1] != larger[-1])) + 1 if (larger != larger[-1]).any() else 1
    throughout = "at every step" if since == 1 else f"from step {since:,} on"
    at = [step for step in (1, 10, 100, 1000, 10_000) if step <= n]
    values = "; ".join(f"{first[i - 1]:.3f} and {last[i - 1]:.3f} at step {i:,}" for i in dict.fromkeys([*at, n]))
    return (
        f"The norms of the gradients of {name} and {other} are {values}. That of {name if larger[-1] else other} is "
        f"the larger one {throughout}."
    )


def hand_written_copy(setup, data, model):
    """The hand-written network with the weights of the engine's."""
    net, parameters = untrained(setup, data), model.parameters()
    net.weights = [weight.data.T.copy() for weight in parameters[::2]]
    net.biases = [bias.data[:, None].copy() for bias in parameters[1::2]]
    return net


def layer_rows(nets, X, y):
    """A row a layer, of the network before and after training: see the table's head."""
    for net in nets:
        net.forward(X)
        net.backward(y)
    before, after = nets
    rows = []
    for i, (weight, trained) in enumerate(zip(before.weights, after.weights)):
        slopes = [augsburg.del_sigmoid(net.activations[i + 1]).mean() for net in nets]
        rows.append((
            i + 1, norm(weight), norm(trained - weight), norm(before.activations[i]), norm(before.deltas[i]),
            norm(after.deltas[i]), *([None, None] if i + 1 == len(before.weights) else map(float, slopes)),
        ))  # fmt: skip
    return rows


def norm(array):
    return float(np.linalg.norm(array))


def moved(rows, steps):
    """How far training has moved the weights: of rows (layer, norm before, moved by, ...)."""
    shares = listed(f"{percent(by / before)} (layer {i})" for i, before, by, *_ in rows)
    return f"After {steps:,} steps at this rate the weights are away from where they began by {shares} of their norm."


def shrinking(rows):
    """How the error term shrinks towards the first layer: of rows (layer, ..., before, after, slope, slope)."""
    (*_, before_1, after_1, _, _), (*_, before_n, after_n, _, _) = rows[0], rows[-1]
    before, after = before_n / before_1, after_n / after_1
    return (
        f"The norm of the last layer's error term is {times(before)} that of the first one's before training, and "
        f"{times(after)} after it."
    )
