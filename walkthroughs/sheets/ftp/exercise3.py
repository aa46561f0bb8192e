"""Practical work 04, Exercise 3: Fashion-MNIST with one hidden layer of 150 units, and with 250-150-50.

First the sheet's own layers train, then the engine's with ReLU: a small sweep finds the learning rate and the batch
size of each, the learning curves the number of epochs. Then the test errors, the first layer's weight vectors as
images, and four classes against ten.
"""

import numpy as np

from models.by_hand import ftp
from models.experiment import train
from models.training import evaluate
from walkthroughs.reports.figures import curves_of_many, learning_curves, mosaic
from walkthroughs.reports.readings import listed, nats, percent, points, seconds, times
from walkthroughs.sheets.data import add_data, add_sweeps, setup_for, swept, used
from walkthroughs.sheets.ftp import own_layers
from walkthroughs.sheets.script import parser_for, run_walkthrough

NETWORKS = {"shallow": (150,), "deeper": (250, 150, 50)}
RATES = 0.01, 0.03, 0.1, 0.3
BATCHES = 16, 64, 256
DECAY, WEIGHT_DECAY = 0.8, 0.001


def main(arguments=None):
    parser = parser_for("ftp_exercise3", __doc__)
    add_data(parser, "fashion-mnist")
    add_sweeps(parser)
    return run_walkthrough(parser, build, arguments, "Fashion-MNIST, shallow and deeper")


def build(report, options):
    nets, own_errors = own_layers.own_layers(report, options, setup_for(options), NETWORKS)
    base = setup_for(options, activation="relu", learning_rate_decay=DECAY, weight_decay=WEIGHT_DECAY)
    best = small_sweep(report, options, base)
    epochs = number_of_epochs(report, options, base, best)
    test_errors(report, options, base, best, epochs, own_errors)
    weights_as_images(report, nets["shallow"], used(report, options, base.but(final=True)), options.seed)
    four_against_ten(report, options)


def small_sweep(report, options, base):
    """Validation accuracies by rate and batch size; returns {network: (rate, batch size)}, the best of each."""
    report.section("Suitable learning rates and batch sizes")
    data = used(report, options, base)
    report.prose(
        "From here on the engine's layers train, with ReLU in the hidden ones, a learning rate that falls by "
        f"{percent(1 - DECAY, 0)} after each epoch, and weight decay {WEIGHT_DECAY:g} against overfitting; the steps "
        f"are plain ones, without momentum. {len(data.xtrain):,} images train and {len(data.xval):,} others validate."
    )
    epochs = 1 if options.quick else 8
    sizes = BATCHES[1:] if options.quick else BATCHES
    keys = [(name, rate, size) for name in NETWORKS for rate in RATES for size in sizes]
    setups = [base.but(hidden=NETWORKS[name], learning_rate=rate, batch_size=size, epochs=epochs)
              for name, rate, size in keys]  # fmt: skip
    histories = swept(options, setups, "sweep")
    found = {key: history.epochs[-1].validation_accuracy for key, history in zip(keys, histories)}
    best = {name: max((key for key in keys if key[0] == name), key=found.__getitem__)[1:] for name in NETWORKS}
    report.table(
        "sweep", f"Accuracy on {len(data.xval):,} validation images after epoch {epochs}.",
        {"network": "", "batch size": "d", **{f"rate {rate:g}": ".2%" for rate in RATES}},
        [(f"{name}, {setup_name(base, name)}", size, *(found[name, rate, size] for rate in RATES))
         for name in NETWORKS for size in sizes],
    )  # fmt: skip
    report.reading(suited(found, best))
    return best


def setup_name(base, name):
    return base.but(hidden=NETWORKS[name]).layers


def suited(found, best):
    """Which rate and batch size suit each network, and how they depend on each other."""
    sentences = []
    for name, (rate, size) in best.items():
        accuracy = found[name, rate, size]
        worst = min(v for key, v in found.items() if key[0] == name)
        sentences.append(
            f"The {name} network does best at rate {rate:g} in batches of {size} ({percent(accuracy)}), and "
            f"{points(accuracy - worst)} worse with the least suitable rate and size."
        )
        if rate in (RATES[0], RATES[-1]):
            sentences.append("That rate is at the edge of those tried: one beyond may be better still.")
        sizes = sorted({key[2] for key in found})
        if size in (sizes[0], sizes[-1]):
            end = "smallest" if size == sizes[0] else "largest"
            sentences.append(f"These batches are the {end} tried.")
        rates = [max(RATES, key=lambda rate: found[name, rate, size]) for size in sizes]
        sentences.append(f"Its best rates are {listed(f'{r:g} (batches of {s})' for s, r in zip(sizes, rates))}.")
    return " ".join(sentences)


def number_of_epochs(report, options, base, best):
    """Train each network for long, and choose its number of epochs: where the validation loss is lowest."""
    report.section("A suitable number of epochs")
    limit = 3 if options.quick else 20
    setups = [base.but(hidden=hidden, learning_rate=best[name][0], batch_size=best[name][1], epochs=limit)
              for name, hidden in NETWORKS.items()]  # fmt: skip
    histories = dict(zip(NETWORKS, swept(options, setups, "epochs")))
    titled = {f"{name}, {setup_name(base, name)}": history for name, history in histories.items()}
    for measure in ("loss", "accuracy"):
        figure = curves_of_many(titled, measure, n_columns=2, size=(4.4, 3.2))
        report.figure(f"epochs_{measure}", figure, f"{measure.capitalize()} per epoch with the rates and sizes above.")
    report.reading(f"{turning(histories)} Each network is trained for as many epochs as it takes to its lowest loss.")
    return {name: history.best.epoch for name, history in histories.items()}


def turning(histories):
    """Where each network's validation turns, and whether to train beyond it has done harm."""
    sentences = []
    for name, history in histories.items():
        lowest, last = history.best, history.epochs[-1]
        most = max(history.epochs, key=lambda e: e.validation_accuracy)
        rise, gap = last.validation_loss - lowest.validation_loss, last.validation_loss - last.train_loss
        sentences.append(
            f"The {name} network has most validation images right after epoch {most.epoch} of {last.epoch}, "
            f"{percent(most.validation_accuracy, 2)}. Its validation loss is lowest after epoch {lowest.epoch}; in "
            f"the end it is {nats(rise)} above that, and {nats(abs(gap))} {'above' if gap > 0 else 'below'} the "
            f"training loss: {since_the_lowest(rise, lowest, last)}."
        )
    return " ".join(sentences)


def since_the_lowest(rise, lowest, last):
    if lowest is last:
        return "it was still falling, and more epochs may help"
    if rise > 0.05 * lowest.validation_loss:
        return "the epochs in between have done harm, it overfits"
    return "the epochs in between have done little to it"


def test_errors(report, options, base, best, epochs, own_errors):
    """Train both networks on all training images, and compare them with the hand-written ones' {name: test error}."""
    report.section("Test errors")
    rows, confusions = [], {}
    for name, hidden in NETWORKS.items():
        rate, size = best[name]
        setup = base.but(hidden=hidden, learning_rate=rate, batch_size=size, epochs=epochs[name], final=True)
        model, history = train(setup, options.data_dir)
        data = used(report, options, setup)
        last = history.epochs[-1]
        confusions[name] = evaluate(model, data.xval, data.yval).confusion
        rows.append((
            name, setup.layers, rate, size, epochs[name], 1 - last.train_accuracy, 1 - last.validation_accuracy,
            history.seconds,
        ))  # fmt: skip
        report.figure(f"final_{name}", learning_curves(history, name), f"The {name} network's final run.")
    report.table(
        "errors", f"ReLU layers on {len(data.xtrain):,} training images with the hyperparameters found, measured on "
        f"{len(data.xval):,} test images.",
        {"": "", "layers": "", "rate": "g", "batch size": "d", "epochs": "d", "training error": ".2%",
         "test error": ".2%", "seconds": ".1f"},
        rows,
    )  # fmt: skip
    report.numbers["test_accuracy"] = {row[0]: 1 - row[6] for row in rows}
    report.reading(f"{errors_compared(rows, confusions['deeper'], data.class_names)} {against_own(rows, own_errors)}")


def errors_compared(rows, confusion, names):
    """Shallow against deeper, and the two classes that are confused most often: of rows (name, ..., test error, s)."""
    (shallow, *_, a, _), (deeper, *_, b, _) = rows
    better = f"{points(a - b, 2)} {'less' if b < a else 'more'}"
    mixed = confusion + confusion.T
    np.fill_diagonal(mixed, 0)
    i, j = np.unravel_index(mixed.argmax(), mixed.shape)
    return (
        f"The test error is {percent(a, 2)} for the {shallow} network and {percent(b, 2)} for the {deeper} one, "
        f"{better}. The {deeper} network confuses {names[min(i, j)]} and {names[max(i, j)]} most often, {mixed[i, j]} "
        f"times of its {int(mixed.sum() / 2)} errors."
    )


def against_own(rows, own_errors):
    """What ReLU and its hyperparameters add to the sheet's own layers: of rows (name, ..., test error, seconds)."""
    gains = {name: own_errors[name] - error for name, *_, error, _ in rows}
    said = listed(f"{points(gain, 2)} {'less' if gain > 0 else 'more'} ({name})" for name, gain in gains.items())
    return f"Their test errors are {said} than with the sheet's own layers above."


def weights_as_images(report, net, data, seed):
    """The first layer of the hand-written net, and what training has added to it."""
    report.section("The weight vectors of the first layer")
    untrained = ftp.MLP([data.xtrain.shape[1], *NETWORKS["shallow"], data.num_classes], seed)
    after, before = (mlp.layers[0].W for mlp in (net, untrained))
    learned = after - before * (np.vdot(after, before) / np.vdot(before, before))
    tiles = {name: W.reshape(-1, *data.image_shape) for name, W in
             (("before", before), ("after", after), ("learned", learned))}  # fmt: skip
    report.figure(
        "weights", mosaic(tiles["after"], 15),
        "Each tile is one hidden unit of the shallow network that was trained by hand: where it is red, a bright pixel "
        "excites the unit, where it is blue, a dark one does.",
    )  # fmt: skip
    report.figure(
        "weights_learned", mosaic(tiles["learned"], 15),
        "The same units without what is left of their random initial weights: what training has added.",
    )  # fmt: skip
    contrasts = {name: share_in_contrasts(W, data.xtrain, data.ytrain) for name, W in
                 (("before", before), ("learned", learned))}  # fmt: skip
    report.reading(f"{smoothness(tiles)} {contrasted(contrasts, data.num_classes, data.xtrain.shape[1])}")
    report.prose(
        "A unit of the first layer takes the sum of the image's pixels times its tile's, so of images of one norm it "
        "answers most to the one that is most like its tile. For higher layers there is no such picture, since their "
        "inputs are the units before them, not pixels."
    )


def smoothness(tiles):
    """How alike neighbouring pixels' weights are: of {"before", "after", "learned": tiles}."""
    before, after, learned = (neighbour_correlation(tiles[name]) for name in ("before", "after", "learned"))
    kind = "they show shapes" if after > 0.5 else "shapes under the noise that they began with"
    if learned <= 0.3:
        kind = "there are no shapes in them yet"
    return (
        f"Neighbouring pixels' weights correlate by {after:.2f} over the {len(tiles['after'])} tiles, and by "
        f"{learned:.2f} in what training has added to them, where before training it was {round(before, 2) + 0:.2f}: "
        f"{kind}."
    )


def neighbour_correlation(tiles):
    """The correlation of horizontally neighbouring pixels over tiles (n, rows, columns): 0 for noise, 1 for a plane."""
    centred = tiles - tiles.mean(axis=(1, 2), keepdims=True)
    return float((centred[:, :, 1:] * centred[:, :, :-1]).mean() / (centred**2).mean())


def share_in_contrasts(W, x, y):
    """How much of the squares of W (units, pixels) lies in the space of the differences of the classes' mean images."""
    means = np.array([x[y == c].mean(axis=0) for c in np.unique(y)])
    differences = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][:-1]
    return float(((W @ differences.T) ** 2).sum() / (W**2).sum())


def contrasted(shares, n_classes, n_pixels):
    """Of what training has added, how much tells the classes' mean images apart: of {"before", "learned": share}."""
    return (
        f"Of the squares of what training has added, {percent(shares['learned'])} lie in the {n_classes - 1} of "
        f"{n_pixels} dimensions in which the classes' mean images differ, of those before training "
        f"{percent(shares['before'])}."
    )


def four_against_ten(report, options):
    report.section("Four classes against ten")
    setup = setup_for(options, hidden=(100,), batch_size=16, epochs=2 if options.quick else 5)
    rows = []
    for classes in ((0, 1, 2, 3), None):
        one = setup.but(classes=classes)
        data = used(report, options, one)
        _, history = own_layers.trained(one, data)
        rows.append((
            one.layers, len(data.xtrain), 1 - history.epochs[-1].validation_accuracy,
            float(np.mean([e.seconds for e in history.epochs])),
        ))  # fmt: skip
    report.table(
        "classes", f"By hand, one hidden layer of 100 sigmoid units, batches of 16 at rate {setup.learning_rate:g}, "
        f"after epoch {setup.epochs}.",
        {"layers": "", "training images": ",d", "validation error": ".2%", "seconds an epoch": ".2f"}, rows,
    )  # fmt: skip
    report.reading(classes_compared(rows))


def classes_compared(rows):
    (_, few, error_4, seconds_4), (_, many, error_10, seconds_10) = rows
    easier = "lower" if error_4 < error_10 else "HIGHER"
    return (
        f"An epoch of ten classes takes {seconds(seconds_10)} and one of four {seconds(seconds_4)}: "
        f"{times(seconds_10 / seconds_4)} as long with {many / few:.1f} times the images. The error with four "
        f"classes is {easier}: {percent(error_4)} against {percent(error_10)}. The sheet's own figures are 13 s "
        "and 5 s, and an error of about 10% with ten classes."
    )
