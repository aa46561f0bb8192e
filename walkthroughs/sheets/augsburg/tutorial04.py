"""Tutorial 04: backpropagation for 784-400-400-10, 1,000 optimisation steps on all training examples, and mini-batches.

The class is written by hand (models/by_hand/augsburg.py) and equals the engine, which trains here because it is faster.
The full-batch run writes training.txt every 100 steps, and a checkpoint, from which a killed run goes on.
"""

import inspect
import json
from dataclasses import asdict

import numpy as np

from models.by_hand import augsburg
from models.experiment import model_of, train
from models.history import History
from models.keeping import checkpoints
from models.sweep import fingerprint_of, run_setup
from models.training import backward, fit
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, learning_curves, new_figure
from walkthroughs.reports.readings import percent, points, seconds, times
from walkthroughs.sheets.answers import jacobian_answer, sigmoid_answer
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, set_out

HIDDEN = 400, 400
RATE = 0.01


def main(arguments=None):
    parser = parser_for("augsburg", __doc__)
    add_data(parser, "mnist")
    parser.add_argument("--long", action="store_true", help="10,000 steps instead of 1,000: past 85%%, in hours")
    title = "Backpropagation, full-batch and in mini-batches"
    return run_walkthrough(parser, build, arguments, title, threads=None)


def build(report, options):
    steps = 10_000 if options.long else 50 if options.quick else 1_000
    setup = setup_for(
        options, hidden=HIDDEN, learning_rate=RATE, batch_size="full", epochs=steps, final=True
    )  # fmt: skip
    data = used(report, options, setup)
    by_hand(report, data, options.seed)
    history = full_batch(report, options, setup, data)
    gradient_norms(report, history)
    mini_batches(report, options, setup, history)
    report.section("Exercise 7: the derivative of the softmax function")
    report.prose(NOTATION)
    set_out(report, jacobian_answer())


def by_hand(report, data, seed):
    report.section("Exercise 1: the error term of the last layer")
    report.code(inspect.getsource(augsburg.error_term_last_layer))
    H, y = np.array([[0.7, 0.1], [0.2, 0.3], [0.1, 0.6]]), np.array([0, 2])
    delta = augsburg.error_term_last_layer(H, y)
    report.table(
        "error_term", "Three classes, two instances (the columns), labels 0 and 2: H and Delta, (N_n, M) = (3, 2).",
        {"class": "d", "H, m = 0": ".2f", "H, m = 1": ".2f", "Delta, m = 0": ".2f", "Delta, m = 1": ".2f"},
        [(i, *map(float, H[i]), *map(float, delta[i])) for i in range(3)],
    )  # fmt: skip
    report.section("Exercise 2: the derivative of the sigmoid")
    report.code(inspect.getsource(augsburg.del_sigmoid), "By hand:")
    report.prose(f"The engine comes to the same from its operators' own rules. {NOTATION}")
    set_out(report, sigmoid_answer())
    report.prose(
        "$h \\, (1 - h)$ is at most 1/4, at $h = 1/2$, and next to nothing where the unit is saturated, with "
        "$h$ near 0 or 1."
    )
    report.section("Exercises 3 and 4: backpropagation and one optimisation step")
    report.code(inspect.getsource(augsburg.NeuralNetwork))
    rows, losses = beside_engine(data.xtrain[:100].astype(np.float64), data.ytrain[:100], data.num_classes, seed)
    report.table(
        "gradients", "100 training images in float64: the hand-written gradients beside the engine's.",
        {"": "", "shape": "", "largest element": ".3g", "largest difference": ".0e"}, rows,
    )  # fmt: skip
    report.reading(f"{agreement('gradients', max(row[3] for row in rows))}. {one_step(*losses)}")


def beside_engine(x, y, n_classes, seed):
    """Rows (name, shape, largest element, largest difference), and the loss before and after one step."""
    sizes = [x.shape[1], *HIDDEN, n_classes]
    net = augsburg.NeuralNetwork(sizes, seed, np.float64)
    parameters = [p for pair in zip(net.weights, net.biases) for p in pair]
    model = engine_of(parameters)
    net.forward(x.T)
    before = net.loss(y)
    net.backward(y)
    backward(model, x, y)
    gradients = [g for pair in zip(net.weight_gradients, net.bias_gradients) for g in pair]
    names = [f"dL/d{kind}^{i}" for i in range(1, len(sizes)) for kind in ("Theta", "b")]
    rows = [
        (name, str(ours.shape), float(np.abs(ours).max()), float(np.abs(ours - theirs).max()))
        for name, ours, theirs in zip(names, gradients, gradients_like(parameters, model), strict=True)
    ]
    net.update(RATE)
    net.forward(x.T)
    return rows, (float(before), float(net.loss(y)))


def one_step(before, after):
    falls = "falls" if after < before else "does NOT fall"
    return (
        f"One optimisation step at rate {RATE:g} takes the loss of these images from {before:.4f} to {after:.4f}: it "
        f"{falls}."
    )


def full_batch(report, options, setup, data):
    """Train on all training examples at once, and report; returns the History."""
    report.section(f"Exercise 5: {setup.epochs:,} steps on all {len(data.xtrain):,} training examples")
    every = setup.epochs // 10 if options.quick else 100
    history = trained(setup, data, every, options.out)
    report.code(log_of(history), "What training.txt has, written while the network trained:")
    report.figure("full_batch", learning_curves(history), "Full-batch gradient descent; an epoch is one step.")
    report.columns("full_batch", {
        "step": [e.epoch for e in history.epochs], "training loss": [e.train_loss for e in history.epochs],
        "test loss": [e.validation_loss for e in history.epochs],
        "training accuracy": [e.train_accuracy for e in history.epochs],
        "test accuracy": [e.validation_accuracy for e in history.epochs],
    })  # fmt: skip
    report.reading(progress(history, 0.85 if options.long else 0.55))
    if not options.long:
        report.prose("`python -m walkthroughs augsburg --long` goes on to 10,000 steps, from this run's checkpoint.")
    return history


def trained(setup, data, every, folder):
    """The History of the full-batch run. The folder's checkpoint is gone on from, if it is of this very run."""
    model, optimizer, rng = model_of(setup, data)
    history, path = History(held_out="test"), folder / "checkpoint.npz"
    config = asdict(setup.but(epochs=0)) | {"every": every, "fingerprint": fingerprint_of(run_setup)}
    config = json.loads(json.dumps(config))
    if path.exists():
        checkpoint = checkpoints.read(path)
        if checkpoint["config"] == config and len(checkpoint["history"].batch_losses) <= setup.epochs:
            history = checkpoints.restore(checkpoint, path, model, optimizer, rng)

    def after_epoch(history):
        (folder / "training.txt").write_text(log_of(history) + "\n", encoding="utf-8")
        checkpoints.save(path, model, optimizer, rng, history, config)

    history = fit(model, data, optimizer, setup.epochs, "full", rng, history=history, record_norms=True, every=every,
                  after_epoch=after_epoch)  # fmt: skip
    if history.interrupted:
        raise KeyboardInterrupt
    return history


def log_of(history):
    head = "  step   training loss  accuracy   test loss  accuracy"
    return "\n".join([head, *(
        f"{e.epoch:6d}  {e.train_loss:14.4f}  {e.train_accuracy:8.2%}  {e.validation_loss:10.4f}  "
        f"{e.validation_accuracy:8.2%}"
        for e in history.epochs
    )])  # fmt: skip


def progress(history, goal):
    last = history.epochs[-1]
    passed = next((e for e in history.epochs if min(e.train_accuracy, e.validation_accuracy) > goal), None)
    when = (
        f"Training and test accuracy have both passed the sheet's {percent(goal, 0)} at step {passed.epoch:,}."
        if passed
        else f"They have not both passed the sheet's {percent(goal, 0)}."
    )
    return (
        f"After {last.epoch:,} steps the training accuracy is {percent(last.train_accuracy, 2)} and the test "
        f"accuracy {percent(last.validation_accuracy, 2)}, at losses of {last.train_loss:.4f} and "
        f"{last.validation_loss:.4f}. {when} The training took {seconds(history.seconds)}, "
        f"{seconds(history.seconds / last.epoch)} a step."
    )


def gradient_norms(report, history):
    report.section("Why it is slow")
    norms = {layer: np.array([step[layer] for step in history.gradient_norms]) for layer in history.gradient_norms[0]}
    steps = np.arange(1, len(history.gradient_norms) + 1)
    figure, axes = new_figure(width=7, height=4)
    for (layer, values), color in zip(norms.items(), OTHERS):
        axes.loglog(steps, values, color=color, label=layer)
    finish(axes, "step", "norm of the layer's gradient")
    report.figure("gradient_norms", figure, "The Euclidean norm of the gradient of each layer's weights and biases.")
    report.columns("gradient_norms", {"step": steps, **norms})
    report.reading(slowness({layer: float(values[0]) for layer, values in norms.items()},
                            {layer: float(values[-1]) for layer, values in norms.items()}, len(steps)))  # fmt: skip
    report.prose(
        "On its way back the error term is multiplied by `del_sigmoid(H)`, at most 1/4 and mostly less, once for "
        "each sigmoid layer, so the first layer learns from a fraction of what reaches the last. And a step moves "
        "the weights by the learning rate times that norm: at rate 0.01 a thousand steps are a short way, however "
        "exactly each step's direction is known from all the examples."
    )


def slowness(first, last, steps):
    """How the layers' gradients compare at the start and at the end."""
    layers = list(first)
    ratio = first[layers[-1]] / first[layers[0]]
    compared = f"{times(ratio)} that" if ratio >= 1 else f"only {ratio:.2f} of that"
    moved = RATE * max(last.values())
    turned = (
        f" By then that of {layers[0]} is the larger one, being made of far more weights."
        if ratio >= 1 and last[layers[0]] > last[layers[-1]]
        else ""
    )
    return (
        f"In the first step the gradient of {layers[-1]} has norm {first[layers[-1]]:.2f}, {compared} of "
        f"{layers[0]} ({first[layers[0]]:.2f}). At step {steps:,} the norms are "
        f"{', '.join(f'{value:.3f} ({layer})' for layer, value in last.items())}: one step then moves no layer's "
        f"weights by more than {moved:.4f} in all.{turned}"
    )


def mini_batches(report, options, setup, full):
    report.section("Exercise 6: stochastic gradient descent, in mini-batches of 64")
    epochs = 2 if options.quick else 10
    rates = RATE, 10 * RATE
    runs = {}
    for rate in rates:
        small = setup.but(batch_size=64, learning_rate=rate, epochs=epochs)
        _, runs[f"batches of 64, rate {rate:g}"] = train(small, options.data_dir)
    figure, axes = new_figure(width=8, height=4.2)
    plot_against_time(axes, full, REFERENCE, f"all examples, rate {RATE:g}", "s")
    for (name, history), color in zip(runs.items(), OTHERS):
        plot_against_time(axes, history, color, name, "o")
    axes.set_xscale("log")
    finish(axes, "seconds of training", "test accuracy (%)")
    report.figure("mini_batches", figure, "Test accuracy against training time: each marker is an evaluation.")
    rows = [row_of(f"all examples, rate {RATE:g}", full, full), *(row_of(name, h, full) for name, h in runs.items())]
    report.table(
        "mini_batches", "The training set is shuffled anew for each epoch of the mini-batches.",
        {"": "", "steps": ",d", "seconds": ".1f", "training accuracy": ".2%", "test accuracy": ".2%",
         "as good as all examples after (s)": ".1f"},
        rows,
    )  # fmt: skip
    report.reading(faster(rows))


def plot_against_time(axes, history, color, name, marker):
    elapsed = np.cumsum([epoch.seconds for epoch in history.epochs])
    accuracies = [100 * epoch.validation_accuracy for epoch in history.epochs]
    axes.plot(elapsed, accuracies, f"{marker}-", markersize=4, color=color, label=name)


def row_of(name, history, full):
    """name, steps, seconds, accuracies, and after how many seconds the full batch's final accuracy is reached."""
    last, goal = history.epochs[-1], full.epochs[-1].validation_accuracy
    elapsed = np.cumsum([epoch.seconds for epoch in history.epochs])
    reached = [s for s, epoch in zip(elapsed, history.epochs) if epoch.validation_accuracy >= goal]
    return (name, len(history.batch_losses), float(elapsed[-1]), last.train_accuracy, last.validation_accuracy,
            float(reached[0]) if reached else None)  # fmt: skip


def faster(rows):
    """What mini-batches reach, and how much sooner: of rows as `row_of` makes them, the full batch's first."""
    full, others = rows[0], rows[1:]
    best = max(others, key=lambda row: row[4])
    sooner = [row for row in others if row[5] is not None]
    sentence = (
        f"{best[0][0].upper()}{best[0][1:]} ends at {percent(best[4], 2)} on the test set, {points(best[4] - full[4])} "
        f"{'above' if best[4] >= full[4] else 'below'} the {percent(full[4], 2)} of all examples at once."
    )
    if not sooner:
        return f"{sentence} No mini-batch run reaches the full batch's accuracy in this time."
    first = min(sooner, key=lambda row: row[5])
    return (
        f"{sentence} With {first[0]} the full batch's accuracy is passed after {seconds(first[5])} instead of "
        f"{seconds(full[2])}, {times(full[2] / first[5])} as fast: a mini-batch's gradient is nearly as good a "
        "direction, and costs a small part."
    )
