"""Exercise 3 with the sheet's own layers: the hand-written MLP trains itself, beside the engine's."""

import inspect
import textwrap

from models.by_hand import ftp
from models.experiment import train
from walkthroughs.reports.figures import curves_of_many
from walkthroughs.reports.readings import listed, percent, points, seconds, times
from walkthroughs.sheets.beside_engine import FLOAT32, agreement, history_by_hand
from walkthroughs.sheets.data import used

RATES = 0.1, 0.3, 1.0
SIZE = 64


def own_layers(report, options, base, networks):
    """Train each of the networks {name: hidden units} by hand; returns the nets and their test errors, by name."""
    report.section("Training the sheet's own layers")
    epochs = 2 if options.quick else 15
    data, final = used(report, options, base), used(report, options, base.but(final=True))
    report.prose(
        "`MLP` is made of the layers of Exercises 1 and 2: sigmoid in the hidden layers, softmax at the end. It takes "
        f"plain steps of mini-batch gradient descent, at one rate throughout and in batches of {SIZE}."
    )
    report.code(textwrap.dedent(inspect.getsource(ftp.MLP.train)), "An epoch:")
    rate, found = rates_tried(report, options, base, networks, data)
    report.reading(rate_chosen(rate, found, len(data.xval)))
    rows, nets, curves = [], {}, {}
    for name, hidden in networks.items():
        setup = base.but(hidden=hidden, learning_rate=rate, batch_size=SIZE, epochs=epochs, final=True)
        nets[name], by_hand = trained(setup, final)
        _, by_engine = train(setup, options.data_dir)
        curves[f"{name}, {setup.layers}"] = by_hand
        rows += [row_of(name, "by hand", setup, by_hand), row_of(name, "the engine", setup, by_engine)]
    for measure in ("loss", "accuracy"):
        figure = curves_of_many(curves, measure, n_columns=2, size=(4.4, 3.2))
        report.figure(
            f"own_{measure}", figure, f"{measure.capitalize()} of the hand-written networks, after each epoch."
        )
    report.table(
        "own", f"Sigmoid layers on {len(final.xtrain):,} training images, measured on {len(final.xval):,} test images; "
        "by hand and by the engine from the same weights, on the same batches.",
        {"": "", "layers": "", "trained": "", "rate": "g", "epochs": "d", "training error": ".2%",
         "test error": ".2%", "seconds": ".1f"},
        rows,
    )  # fmt: skip
    report.reading(own_compared(rows))
    return nets, {name: errors[6] for name, errors in zip(networks, rows[::2])}


def trained(setup, data):
    """(MLP, History) of the hand-written network, trained as a Setup says."""
    net = ftp.MLP([data.xtrain.shape[1], *setup.hidden, data.num_classes], setup.seed)

    def epoch(rng, rate):
        net.train(data.xtrain, data.ytrain, setup.batch_size, rate, rng)

    return net, history_by_hand(setup, data, epoch, net.propagate)


def rates_tried(report, options, base, networks, data):
    """(best rate, {(network, rate): validation error}), after a few epochs by hand at each rate."""
    epochs = 1 if options.quick else 3
    found = {}
    for name, hidden in networks.items():
        for rate in RATES:
            setup = base.but(hidden=hidden, learning_rate=rate, batch_size=SIZE, epochs=epochs)
            found[name, rate] = 1 - trained(setup, data)[1].epochs[-1].validation_accuracy
    report.table(
        "own_rates", f"Error on {len(data.xval):,} validation images after epoch {epochs} on "
        f"{len(data.xtrain):,} training images.",
        {"network": "", **{f"rate {rate:g}": ".2%" for rate in RATES}},
        [(name, *(found[name, rate] for rate in RATES)) for name in networks],
    )  # fmt: skip
    return min(RATES, key=lambda rate: sum(found[name, rate] for name in networks)), found


def rate_chosen(rate, found, n_validation):
    errors = listed(f"{percent(error, 2)} ({name})" for (name, of), error in found.items() if of == rate)
    edge = " It is at the edge of those tried: one beyond may be better still." if rate in (RATES[0], RATES[-1]) else ""
    return (
        f"Over both networks together rate {rate:g} has the smallest error on the {n_validation:,} validation images, "
        f"{errors}, and trains them here.{edge}"
    )


def row_of(name, trained_by, setup, history):
    last = history.epochs[-1]
    return (name, setup.layers, trained_by, setup.learning_rate, setup.epochs, 1 - last.train_accuracy,
            1 - last.validation_accuracy, history.seconds)  # fmt: skip


def own_compared(rows):
    """What the hand-written networks reach, and the engine's beside them: of rows as `row_of` makes them, in pairs."""
    by_hand, by_engine = rows[::2], rows[1::2]
    (shallow, *_), (deeper, *_) = by_hand
    a, b = by_hand[0][6], by_hand[1][6]
    difference = max(abs(x - y) for pair in zip(by_hand, by_engine) for x, y in zip(pair[0][5:7], pair[1][5:7]))
    ours, theirs = (sum(row[7] for row in part) for part in (by_hand, by_engine))
    slower = f"{times(ours / theirs)} as long as" if ours >= theirs else "less than"
    return (
        f"By hand the {shallow} network reaches a test error of {percent(a, 2)} and the {deeper} one {percent(b, 2)}, "
        f"{points(a - b, 2)} {'less' if b < a else 'more'}. {agreement('errors', difference, rounding=FLOAT32)}. "
        f"The training by hand took {seconds(ours)}, {slower} the engine's {seconds(theirs)}."
    )
