"""Exercise 6: stochastic gradient descent in mini-batches of 64, against all training examples at once."""

import numpy as np

from models.experiment import model_of
from models.history import History
from models.training import backward, fit
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import listed, percent, points, seconds, times
from walkthroughs.sheets.augsburg.full_batch import sets_of, untrained
from walkthroughs.sheets.beside_engine import FLOAT32, agreement

SIZE = 64
MEASURED = 0, 1, 2, 5, 10  # after so many epochs mini-batches' gradients are compared with the full one
N_BATCHES = 64  # of them


def mini_batches(report, options, setup, data, full):
    """Train in mini-batches at two rates, and report; `full` is the History of all examples at once."""
    report.section(f"Exercise 6: stochastic gradient descent, in mini-batches of {SIZE}")
    rate = setup.learning_rate
    small = setup.but(batch_size=SIZE, epochs=2 if options.quick else 10)
    directions: list[tuple] = []
    _, slow = trained(small, data)
    _, fast = trained(small.but(learning_rate=10 * rate), data, directions)
    runs = {f"batches of {SIZE}, rate {rate:g}": slow, f"batches of {SIZE}, rate {10 * rate:g}": fast}
    hand_written(report, options.out, small, data, slow)
    all_of_them = f"all {len(data.xtrain):,} examples, rate {rate:g}"
    figure, axes = new_figure(width=8, height=4.2)
    plot_against_time(axes, full, REFERENCE, all_of_them, "s")
    for (name, history), color in zip(runs.items(), OTHERS):
        plot_against_time(axes, history, color, name, "o")
    axes.set_xscale("log")
    finish(axes, "seconds of training", "test accuracy (%)")
    report.figure("mini_batches", figure, "Test accuracy against training time: each marker is an evaluation.")
    rows = [row_of(all_of_them, full, full), *(row_of(name, history, full) for name, history in runs.items())]
    report.table(
        "mini_batches", f"{len(data.xtrain):,} training images, shuffled anew for each epoch of the mini-batches, and "
        f"{len(data.xval):,} test images.",
        {"": "", "steps": ",d", "seconds": ".1f", "training accuracy": ".2%", "test accuracy": ".2%",
         "as good as all examples after (s)": ".1f"},
        rows,
    )  # fmt: skip
    report.reading(faster(rows))
    report.table(
        "directions", f"At rate {10 * rate:g}, the gradients of mini-batches beside that of all {len(data.xtrain):,} "
        "examples at the same weights: the cosine between the two, on average and of the mini-batches' mean, and the "
        "Euclidean norms.",
        {"steps": ",d", "mini-batches": "d", "cosine": ".3f", "cosine of their mean": ".3f", "norm of all": ".3f",
         "norm of one": ".3f"},
        directions,
    )  # fmt: skip
    per_epoch = len(fast.batch_losses) // small.epochs
    report.reading(aimed(directions, per_epoch, fast.seconds / small.epochs, full.seconds / full.epochs[-1].epoch))
    report.prose(
        "At the same weights the mean of the gradients of an epoch's mini-batches, each weighted by its size, is the "
        "full gradient: one mini-batch errs, all of them together do not."
    )


def trained(setup, data, directions=None):
    """(model, History) of a Setup; a row of `directions` is added after each epoch in MEASURED."""
    model, optimizer, rng = model_of(setup, data)

    def after_epoch(history):
        if directions is not None and (history.epochs[-1].epoch if history.epochs else 0) in MEASURED:
            directions.append((len(history.batch_losses), *direction(model, data.xtrain, data.ytrain, setup.seed)))

    history = History(held_out="test")
    after_epoch(history)
    fit(model, data, optimizer, setup.epochs, setup.batch_size, rng, history=history, after_epoch=after_epoch)
    if history.interrupted:
        raise KeyboardInterrupt
    return model, history


def direction(model, x, y, seed):
    """How mini-batches' gradients lie to the whole set's at the model's weights: the numbers of the table's columns."""
    n = min(N_BATCHES, len(x) // SIZE)
    chosen = np.random.default_rng(seed).permutation(len(x))[: n * SIZE].reshape(n, SIZE)
    whole = gradient(model, x, y)
    each = [gradient(model, x[rows], y[rows]) for rows in chosen]
    cosines = [cosine(whole, one) for one in each]
    norms = [float(np.linalg.norm(one)) for one in each]
    return (
        n,
        float(np.mean(cosines)),
        cosine(whole, np.mean(each, axis=0)),
        float(np.linalg.norm(whole)),
        np.mean(norms),
    )


def gradient(model, x, y):
    """All derivatives in one array; the model's own are left as they were found, without any."""
    backward(model, x, y)
    found = np.concatenate([parameter.grad.ravel() for parameter in model.parameters()])
    for parameter in model.parameters():
        parameter.grad = None
    return found


def cosine(a, b):
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def hand_written(report, folder, setup, data, history):
    """The class of the sheet goes through one epoch, on the same mini-batches as the engine."""
    net, steps = untrained(setup, data), history.batches_per_epoch
    (row,) = net.train(
        *sets_of(data), steps, setup.learning_rate, folder / "by_hand_mini_batches.txt", steps, SIZE, [setup.seed, 1]
    )
    first = history.epochs[0]
    theirs = first.train_loss, first.train_accuracy, first.validation_loss, first.validation_accuracy
    difference = max(abs(a - b) for a, b in zip(row[1:], theirs))
    report.reading(
        f"The routine of Exercise 5, with batches of {SIZE}, goes through one epoch in {steps:,} steps: a loss of "
        f"{row[1]:.4f} and {percent(row[2], 2)} right on the {len(data.xtrain):,} training images, {row[3]:.4f} and "
        f"{percent(row[4], 2)} on the {len(data.xval):,} test images. "
        f"{agreement('losses and accuracies', difference, rounding=FLOAT32)}."
    )


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
        f"{best[0][0].upper()}{best[0][1:]} has {percent(best[4], 2)} of the test images right, "
        f"{points(best[4] - full[4])} {'above' if best[4] >= full[4] else 'below'} the {percent(full[4], 2)} of all "
        "examples at once."
    )
    if not sooner:
        return f"{sentence} No mini-batch run reaches the full batch's accuracy in this time."
    first = min(sooner, key=lambda row: row[5])
    ratio = full[5] / first[5]
    compared = f"{times(ratio)} as fast" if ratio >= 1 else f"{times(1 / ratio)} as long"
    return (
        f"{sentence} With {first[0]} the full batch's last accuracy is reached after {seconds(first[5])} instead of "
        f"{seconds(full[5])}, {compared}."
    )


def aimed(directions, per_epoch, epoch_seconds, step_seconds):
    """How well mini-batches' gradients are aimed, and what they cost: of rows (steps, n, cosine, of the mean, ...)."""
    cosines = listed(f"{row[2]:.2f} after {row[0]:,} steps" for row in directions)
    of_means = [row[3] for row in directions]
    return (
        f"The cosine between a mini-batch's gradient and the full one is on average {cosines}; that of the mean of "
        f"{directions[0][1]} mini-batches' gradients is between {min(of_means):.2f} and {max(of_means):.2f}. An epoch "
        f"has {per_epoch:,} of these steps and takes {seconds(epoch_seconds)}, as long as "
        f"{epoch_seconds / step_seconds:.1f} steps on all examples, of {seconds(step_seconds)} each."
    )
