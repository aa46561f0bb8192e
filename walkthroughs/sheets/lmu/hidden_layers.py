"""Task 4: the activations after each ReLU of a network in their principal components, beside the pixels."""

import inspect

import numpy as np

from models.layers import ReLU
from tensor_engine import no_grad
from walkthroughs.reports.figures import OTHERS, finish, new_figure, scatter_classes
from walkthroughs.reports.readings import listed, percent, points
from walkthroughs.sheets.lmu.components import (
    between_classes,
    between_in_all,
    nearest_means,
    neighbour_accuracy,
    principal_components,
    projected,
)


def hidden_layers(report, model, data):
    """Project the pixels and each hidden layer's activations; returns the rows of the table of how they separate."""
    report.section("Task 4: the hidden layers")
    report.code(inspect.getsource(activations))
    features = activations(model, data.xval)
    sets = {"pixels": data.xval, **{f"ReLU {i}": f for i, f in enumerate(features, start=1)}}
    report.prose(f"The activations after each ReLU are {len(features)} arrays of shape {features[0].shape}.")
    planes, rows, confusions = {}, [], {}
    y, n_classes = data.yval, data.num_classes
    for name, x in sets.items():
        components, variances = principal_components(x)
        plane = planes[name] = projected(x, components[:2])
        confusions[name] = nearest_means(plane, y, n_classes)
        share, own = float(variances[:2].sum() / variances.sum()), confusions[name].diagonal().mean()
        of_plane = float(between_classes(plane, y, n_classes) @ variances[:2] / variances[:2].sum())
        rows.append((name, share, of_plane, between_in_all(x, y, n_classes), own, neighbour_accuracy(plane, y),
                     neighbour_accuracy(x, y)))  # fmt: skip
    report.figure(
        "features", scatters(planes, data), "Test images in the two principal components of the pixels, as Task 2 "
        "plots training images, and of each layer; coloured by class, with discs at the classes' medians.",
    )  # fmt: skip
    report.table(
        "separation", f"How well the classes of {len(y):,} test images separate. Variance: the plane's share of all. "
        "Between: the part of the variance that is between the classes' means, in the plane and in all dimensions. "
        "Nearest: the points nearest to their own class's mean in the plane, the mean over the classes. Neighbours: "
        "the points whose class is the most frequent among their ten nearest neighbours, in the plane and in all.",
        {"": "", "variance": ".1%", "between": ".1%", "between, all": ".1%", "nearest": ".1%", "neighbours": ".1%",
         "neighbours, all": ".1%"},
        rows,
    )  # fmt: skip
    report.table(
        "classes", "The same for each class: the points (%) that are nearest to their own class's mean in the plane.",
        {"": "", **dict.fromkeys(data.class_names, ".0f")},
        [(name, *(100 * confusion.diagonal())) for name, confusion in confusions.items()],
    )  # fmt: skip
    report.figure("separation_curve", curves(rows), "From the pixels to the last hidden layer.")
    report.reading(layers_compared(rows))
    report.reading(classes_compared(confusions, data.class_names))
    report.reading(between_compared(rows))
    report.prose(
        "The last layer is linear: it tells two classes apart where the activations of the fourth ReLU lie on two "
        "sides of a plane (of as many dimensions as there are units, less one). So to train the network is to train "
        "the hidden layers to put the classes on different sides of such planes, and PCA's directions, which are those "
        "of the largest variance, have the more to do with the classes the more of the variance is between them."
    )
    return rows


def activations(model, x):
    """The array after each ReLU, for all instances x: a list of (instances, units)."""
    found = []
    with no_grad():
        for layer in model.layers:
            x = layer(x)
            if isinstance(layer, ReLU):
                found.append(x.data)
    return found


def scatters(planes, data, n=3000):
    figure, panels = new_figure(3, 2, width=10, height=3.2)
    for axes, (name, plane) in zip(panels.flat, planes.items()):
        scatter_classes(axes, plane[:n], data.yval[:n], data.class_names, size=2)
        finish(axes, "first component", "second component", name, legend=False)
    for axes in panels.flat[len(planes) :]:
        axes.set_visible(False)
    return figure


def curves(rows):
    figure, axes = new_figure(width=7)
    places = range(len(rows))
    for label, column, look, colour in [
        ("nearest to own mean, in the plane", 4, "s--", OTHERS[0]), ("neighbours, in the plane", 5, "o-", OTHERS[1]),
        ("neighbours, in all dimensions", 6, "D:", OTHERS[2]),
    ]:  # fmt: skip
        axes.plot(places, [100 * row[column] for row in rows], look, color=colour, label=label)
    axes.set_xticks(places, [row[0] for row in rows])
    finish(axes, "", "own class (%)")
    return figure


def layers_compared(rows):
    """Where the classes separate best, against the pixels, by neighbours in the plane and in all dimensions."""
    pixels, layers = rows[0], rows[1:]
    best = max(layers, key=lambda row: row[5])
    more = "more" if best[5] > pixels[5] else "fewer"
    growing = all(a[5] < b[5] for a, b in zip(rows, layers))
    way = "The number grows from layer to layer." if growing else "It does not grow with every layer."
    gain = layers[-1][6] - pixels[6]
    whole = "more" if gain > 0 else "fewer"
    hidden = min(row[6] - row[5] for row in rows)
    hides = (
        f"Every plane hides {points(hidden)} of that or more." if hidden > 0 else "Not every plane hides some of that."
    )
    return (
        f"In the pixels' plane the most frequent class among a point's ten nearest neighbours is its own for "
        f"{percent(pixels[5])}, in that of {best[0]} {percent(best[5])}, {points(best[5] - pixels[5])} {more}. {way} "
        f"In all dimensions it is {percent(pixels[6])} for the pixels and {percent(layers[-1][6])} for "
        f"{layers[-1][0]}, {points(gain)} {whole}. {hides}"
    )


def classes_compared(confusions, names):
    """Which classes stand apart in the planes, which gain and lose by the last, and which two are mixed up most.

    Of {name: confusion}, where row c says which classes' means the points of class c are nearest to, as fractions.
    """
    (first, before), (last, after) = list(confusions.items())[0], list(confusions.items())[-1]
    gains = after.diagonal() - before.diagonal()
    up, down = int(gains.argmax()), int(gains.argmin())
    rises, falls = (f"{percent(before[c, c], 0)} to {percent(after[c, c], 0)}" for c in (up, down))
    other = int(np.where(np.arange(len(names)) == down, -1, after[down]).argmax())
    lost = (
        f"{names[down]} loses most, from {falls}: in that plane {percent(after[down, other], 0)} of its points are "
        f"nearest to the mean of {names[other]}"
        if gains[down] < 0
        else f"{names[down]} gains least, from {falls}"
    )
    pairs = [mixed_up(confusion) for confusion in (before, after)]
    said = [f"{names[a]} and {names[b]}" for a, b in pairs]
    alike = f"{said[0]}, in both" if pairs[0] == pairs[1] else f"{said[0]} for the {first}, {said[1]} for {last}"
    clear = [name for name, a, b in zip(names, before.diagonal(), after.diagonal()) if min(a, b) > 0.5]
    both = f"{listed(clear)} {'has' if len(clear) == 1 else 'have'}" if clear else "none of the classes has"
    return (
        f"What is similar: {both} more than half of the points nearest to their own mean, in the plane of the {first} "
        f"as in that of {last}. What has changed: {int((gains > 0).sum())} of the {len(names)} classes stand apart "
        f"better in that of {last}. {names[up]} gains most, from {rises}; {lost}. The two that are taken for each "
        f"other most: {alike}."
    )


def mixed_up(confusion):
    """The two classes, the smaller first, of which the most points are nearer to the other's mean."""
    both = np.triu(confusion + confusion.T, 1)
    return divmod(int(both.argmax()), len(confusion))


def between_compared(rows):
    """How much of the variance is between the classes, from layer to layer."""
    shares = [row[3] for row in rows]
    growing = all(a < b for a, b in zip(shares, shares[1:]))
    way = "It grows with every layer" if growing else "It does not grow with every layer"
    return (
        f"Of the variance in all dimensions {percent(shares[0])} is between the classes' means for the pixels, "
        f"{percent(shares[-1])} for {rows[-1][0]}. {way}; of the variance in the plane it is {percent(rows[0][2])} and "
        f"{percent(rows[-1][2])}."
    )
