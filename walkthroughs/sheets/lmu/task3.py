"""Exercise Sheet 3, Tasks 3 and 4: a five-layer ReLU network on MNIST with Adam, and what its hidden layers see.

The activations after each ReLU, for every test image, are projected onto their two principal components and compared
with the pixels themselves.
"""

import inspect

import numpy as np

from models.experiment import train
from models.layers import MLP, ReLU
from models.training import evaluate
from tensor_engine import no_grad
from walkthroughs.reports.figures import OTHERS, finish, image_grid, learning_curves, new_figure, scatter_classes
from walkthroughs.reports.readings import percent, points, seconds
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.lmu.components import nearest_to_own_mean, neighbour_accuracy, principal_components, projected
from walkthroughs.sheets.script import parser_for, run_walkthrough


def main(arguments=None):
    parser = parser_for("lmu_task3", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "What an MLP's layers see")


def build(report, options):
    setup = setup_for(
        options, hidden=(100,) * 4, activation="relu", optimizer="adam", learning_rate=1e-4, batch_size=64, epochs=5,
        final=True, scaling="symmetric",
    )  # fmt: skip
    data = used(report, options, setup)
    model, history = training(report, options, setup)
    predicted = evaluate(model, data.xval, data.yval).predictions
    report.reading(f"{learned(history)} {recounted(accuracy_in_percent(predicted, data.yval), history)}")
    rows = hidden_layers(report, model, data)
    wrong = np.flatnonzero(predicted != data.yval)
    caption = f"Ten of the {len(wrong)} test images that the network gets wrong: the true class, then what it says."
    report.figure("errors", mistakes(data, predicted, wrong[:10]), caption)
    report.reading(suitable(history, rows))
    report.prose(
        "What is similar: each plane still shows ten groups that touch, and the pairs that look alike touch most. What "
        "has changed: pixels vary most where strokes are thick or slanted, which says little about the class, so that "
        "the first components are spent on it. The network is trained to make its last layer linear, so each hidden "
        "layer turns the differences that matter into large ones, and lets the others shrink."
    )


def training(report, options, setup):
    report.section("Task 3: the network and its training")
    report.prose(
        f"Five linear layers, {setup.layers}, with ReLU after each of the four hidden ones, trained with Adam at a "
        f"learning rate of 1e-4 and the cross-entropy loss for {setup.epochs} epochs. Images are Task 2's vectors "
        "in [-1, 1]."
    )
    model, history = train(setup, options.data_dir)
    report.code(inspect.getsource(MLP), f'The network is `MLP({model.sizes}, "{setup.activation}")`:')
    report.code(inspect.getsource(accuracy_in_percent), "The accuracy of a batch of predictions:")
    report.figure("learning", learning_curves(history), "After each epoch, on the training and the test split.")
    report.table(
        "epochs", "Accuracy in percent after each epoch.",
        {"epoch": "d", "training loss": ".4f", "test loss": ".4f", "training accuracy (%)": ".2f",
         "test accuracy (%)": ".2f", "seconds": ".1f"},
        [(e.epoch, e.train_loss, e.validation_loss, 100 * e.train_accuracy, 100 * e.validation_accuracy, e.seconds)
         for e in history.epochs],
    )  # fmt: skip
    return model, history


def hidden_layers(report, model, data):
    """Project the pixels and each hidden layer's activations; returns the rows of the table of how they separate."""
    report.section("Task 4: the hidden layers")
    features = activations(model, data.xval)
    sets = {"pixels": data.xval, **{f"ReLU {i}": f for i, f in enumerate(features, start=1)}}
    report.prose(f"The activations after each ReLU are {len(features)} arrays of shape {features[0].shape}.")
    planes, rows = {}, []
    for name, x in sets.items():
        components, variances = principal_components(x)
        planes[name] = projected(x, components[:2])
        share = float(variances[:2].sum() / variances.sum())
        rows.append((
            name, share, nearest_to_own_mean(planes[name], data.yval, data.num_classes).mean(),
            neighbour_accuracy(planes[name], data.yval), neighbour_accuracy(x, data.yval),
        ))  # fmt: skip
    report.figure(
        "features", scatters(planes, data), "Test images in the two principal components of the pixels and of each "
        "layer, coloured by class; the discs mark the classes' medians.",
    )  # fmt: skip
    report.table(
        "separation", "How well the classes separate: the mean over the classes of the fraction of points nearest to "
        "their own class's mean in the plane, and the fraction whose 10 neighbours are mostly of their own class.",
        {"": "", "variance in the plane": ".1%", "nearest to own mean": ".1%", "neighbours in the plane": ".1%",
         "neighbours in all dimensions": ".1%"},
        rows,
    )  # fmt: skip
    figure, axes = new_figure(width=7)
    places = range(len(rows))
    axes.plot(places, [100 * row[2] for row in rows], "s--", color=OTHERS[0], label="nearest to own mean, in the plane")
    axes.plot(places, [100 * row[3] for row in rows], "o-", color=OTHERS[1], label="neighbours, in the plane")
    axes.plot(places, [100 * row[4] for row in rows], "D:", color=OTHERS[2], label="neighbours, in all dimensions")
    axes.set_xticks(places, [row[0] for row in rows])
    finish(axes, "", "own class (%)")
    report.figure("separation_curve", figure, "The same numbers, from the pixels to the last hidden layer.")
    report.reading(layers_compared(rows))
    return rows


def accuracy_in_percent(predictions, labels):
    """How many of a batch's predicted classes (batch,) are those of `labels` (batch,), in percent."""
    return 100 * float((predictions == labels).mean())


def recounted(accuracy, history):
    same = abs(accuracy - 100 * history.epochs[-1].validation_accuracy) < 1e-6
    said = "the same" if same else f"NOT the same, {accuracy:.2f}%"
    return f"The function above, on all {history.held_out} images after training, gives {said}."


def activations(model, x):
    """The array after each ReLU, for all instances x: a list of (instances, units)."""
    found = []
    with no_grad():
        for layer in model.layers:
            x = layer(x)
            if isinstance(layer, ReLU):
                found.append(x.data)
    return found


def mistakes(data, predicted, rows):
    titles = [f"{data.class_names[c]}, {data.class_names[s]}" for c, s in zip(data.yval[rows], predicted[rows])]
    return image_grid(data.xval[rows].reshape(-1, *data.image_shape), titles, 10)


def scatters(planes, data, n=3000):
    figure, panels = new_figure(3, 2, width=10, height=3.2)
    for axes, (name, plane) in zip(panels.flat, planes.items()):
        scatter_classes(axes, plane[:n], data.yval[:n], data.class_names, size=2)
        finish(axes, "first component", "second component", name, legend=False)
    for axes in panels.flat[len(planes) :]:
        axes.set_visible(False)
    return figure


def learned(history):
    first, last = history.epochs[0], history.epochs[-1]
    gap = last.train_accuracy - last.validation_accuracy
    over = "above" if gap > 0 else "below"
    return (
        f"After the first epoch {percent(first.validation_accuracy, 2)} of the {history.held_out} images are "
        f"right, after epoch {last.epoch} {percent(last.validation_accuracy, 2)}. The training accuracy is then "
        f"{points(gap, 2)} {over} that. An epoch took {seconds(np.mean([e.seconds for e in history.epochs]))}."
    )


def layers_compared(rows):
    """Where the classes separate best, against the pixels: of (name, ..., in the plane, in all dimensions)."""
    pixels, layers = rows[0], rows[1:]
    best = max(layers, key=lambda row: row[3])
    more = "more" if best[3] > pixels[3] else "fewer"
    growing = all(a[3] < b[3] for a, b in zip(rows, layers))
    way = "The number grows from layer to layer." if growing else "It does not grow with every layer."
    gain = layers[-1][4] - pixels[4]
    whole = "more" if gain > 0 else "fewer"
    return (
        f"In the pixels' plane {percent(pixels[3])} of the points have mostly neighbours of their own class, in "
        f"that of {best[0]} {percent(best[3])}, {points(best[3] - pixels[3])} {more}. {way} In all dimensions it "
        f"is {percent(pixels[4])} for the pixels and {percent(layers[-1][4])} for {layers[-1][0]}, {points(gain)} "
        f"{whole}: the plane hides much of what the pixels know."
    )


def suitable(history, rows):
    last = history.epochs[-1]
    said = "is" if last.validation_accuracy > 0.95 else "is not yet"
    change = rows[-1][3] - rows[0][3]
    purer = "purer" if change > 0 else "less pure"
    return (
        f"With {percent(last.validation_accuracy)} of the test images right, and neighbourhoods {points(change)} "
        f"{purer} in the last layer's plane than in the pixels', an MLP so trained {said} a suitable method for "
        "MNIST. It sees a vector: it would do as well with the pixels in any other fixed order, and has to learn "
        "each shift of a digit anew, which convolutions would spare it."
    )
