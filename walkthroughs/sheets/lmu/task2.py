"""Exercise Sheet 3, Task 2: MNIST's statistics, ten examples, principal components, and the projection onto two.

What is said of a component is measured: how it goes with the ink and the slant of images, and with their classes. How
much two numbers an image can tell is measured too, by small networks behind them.
"""

import inspect
from dataclasses import replace

import numpy as np

from models import datasets
from models.layers import MLP, Linear, Sequential
from walkthroughs.reports.figures import OTHERS, finish, image_grid, new_figure, scatter_classes
from walkthroughs.reports.readings import listed, percent, points
from walkthroughs.sheets.data import add_data, data_and_limit
from walkthroughs.sheets.lmu.components import (
    between_classes,
    between_in_all,
    contrast,
    ink_and_slant,
    nearest_means,
    neighbour_accuracy,
    principal_components,
    projected,
    roughness,
)
from walkthroughs.sheets.lmu.networks import trained
from walkthroughs.sheets.script import parser_for, run_walkthrough

SHOWN = 4_000  # points in a scatter plot: more hide each other
TOP = 10  # components that are looked at
STRONG, ALIKE = 0.5, 0.8  # a correlation, and a cosine, that are worth a word


def main(arguments=None):
    parser = parser_for("lmu_task2", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "Images, looked at")


def build(report, options):
    name, limit = data_and_limit(options)
    loaded = datasets.load(name, final=True, data_dir=options.data_dir)
    loaded = loaded if limit is None else first_instances(loaded, limit)
    report.used(name, "test", len(loaded.ytrain), len(loaded.yval), loaded.digest)

    first_look(report, loaded)
    scaled = datasets.symmetric(loaded)
    vectors(report, loaded, scaled)
    x, y = scaled.xtrain, scaled.ytrain
    components, variances = principal_components(x)
    coordinates = projected(x, components[:TOP])
    between = between_classes(coordinates, y, scaled.num_classes)
    share = variances / variances.sum()
    as_images(report, loaded, components, share)
    what_they_are(report, scaled, components, coordinates, share, between)
    projection(report, options.seed, coordinates[:, :2], scaled, share[:2].sum())
    two_numbers(report, options, scaled, components[:2])


def first_instances(loaded, n):
    """The first n training instances, and a quarter as many of the test set."""
    arrays = loaded.xtrain[:n], loaded.ytrain[:n], loaded.xval[: n // 4], loaded.yval[: n // 4]
    parts = dict(zip(("xtrain", "ytrain", "xval", "yval"), arrays))
    return replace(loaded, **parts, digest=datasets.digest_of(*arrays))


def first_look(report, loaded):
    report.section("1. Ten examples, and statistics")
    images = loaded.xtrain.reshape(-1, *loaded.image_shape)
    firsts = [int(np.flatnonzero(loaded.ytrain == c)[0]) for c in range(loaded.num_classes)]
    report.figure("examples", image_grid(images[firsts], loaded.class_names, 10), "The first example of each class.")
    report.table(
        "statistics", f"The {len(images):,} training images of {loaded.name} that this page looks at, as one array.",
        {"statistic": "", "value": ""},
        [("min", str(images.min())), ("max", str(images.max())), ("mean", f"{images.mean():.4f}"),
         ("shape", str(images.shape)), ("dtype", str(images.dtype))],
    )  # fmt: skip


def vectors(report, loaded, scaled):
    report.section("2. Vectors in [-1, 1]")
    report.code(inspect.getsource(as_vectors))
    images = loaded.xtrain.reshape(-1, *loaded.image_shape)
    x, y = as_vectors(images), loaded.ytrain
    background = float((images == 0).mean())
    same = float(np.abs(x - scaled.xtrain).max())
    report.reading(
        f"The images are now an array of shape {x.shape} in {x.dtype}, from {x.min():g} to {x.max():g}, the labels one "
        f"of shape {y.shape} in {y.dtype}. {in_range(background, float(x.mean()))} {converted(same)}"
    )


def as_vectors(images):
    """Images (n, rows, columns) of pixels from 0 on as vectors (n, pixels) in [-1, 1]."""
    half = images.max() / 2
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(half) - 1


def in_range(background, mean):
    """Where the mean of pixels in [-1, 1] is, and why, from the fraction of pixels that are background."""
    middle = "close to" if abs(mean) < 0.05 else "below" if mean < 0 else "above"
    return (
        f"0 is the middle of the range; the mean of all pixels, {mean:.3f}, is {middle} it: {percent(background)} of "
        "the pixels are background, which is -1."
    )


def converted(difference):
    same = "the same to rounding" if difference < 1e-6 else f"NOT the same, but up to {difference:.1g} away"
    return f"The vectors that the networks of this sheet train on (`models.datasets.symmetric`) are {same}."


def as_images(report, loaded, components, share):
    report.section("3. Principal components")
    report.code(inspect.getsource(principal_components), "What the sheet calls `do_pca`:")
    tiles = components[:TOP].reshape(-1, *loaded.image_shape)
    titles = [f"{i}: {percent(part)}" for i, part in enumerate(share[:TOP], start=1)]
    report.figure(
        "components", image_grid(tiles, titles, 5, signed=True, size=1.5),
        "The ten components of the largest variance, with their share of it: red pixels add, blue ones subtract.",
    )  # fmt: skip
    figure, axes = new_figure(width=7)
    axes.plot(range(1, len(share) + 1), 100 * share.cumsum(), color=OTHERS[0])
    axes.set_xscale("log")
    finish(axes, "number of components", "variance explained (%)")
    report.figure("variance", figure, "How much of the variance the first components explain together.")
    report.reading(explained(share))


def what_they_are(report, scaled, components, coordinates, share, between):
    """The table and the sentences that say what the first components are."""
    x, y, names = scaled.xtrain, scaled.ytrain, scaled.class_names
    images = (x + 1).reshape(-1, *scaled.image_shape)  # so that the background is 0
    of_ink, of_slant = (correlations(coordinates, what) for what in ink_and_slant(images))
    rows = []
    for i in range(TOP):
        plus, minus, cosine = contrast(x, y, components[i], len(names))
        finer = roughness(components[i].reshape(scaled.image_shape))
        pair = f"{names[plus]} against {names[minus]}"
        rows.append((i + 1, float(share[i]), between[i], pair, cosine, of_ink[i], of_slant[i], finer))
    report.table(
        "meaning", "What the components go with. Between classes: the share of a component's variance that is between "
        "the means of the classes, the rest being within them. Contrast: the classes with the largest and the smallest "
        "mean along it, and its cosine with the difference of their mean images. Ink and slant: its correlation with "
        "the sum of an image's pixels, and with how far its strokes lean to the right. Roughness: the squared "
        "differences between neighbouring pixels, added up.",
        {"component": "d", "variance": ".1%", "between classes": ".2f", "contrast": "", "cosine": ".2f",
         "ink": ".2f", "slant": ".2f", "roughness": ".2f"},
        rows,
    )  # fmt: skip
    report.reading(f"{meanings(rows)} {detail([row[-1] for row in rows])}")
    report.prose(
        "A component is a direction in the space of images, so it is an image itself: a pattern that images have more "
        "or less of. PCA does not know the classes: it finds what varies most, within a class as well as between. Were "
        "the problem easy, these would be the same: the components would look like one class, or like the difference "
        "of two, few of them would hold nearly all the variance, and that variance would be between the classes."
    )
    report.reading(easy(share, between_in_all(x, y, len(names))))


def correlations(coordinates, measure):
    return [float(np.corrcoef(column, measure)[0, 1]) for column in coordinates.T]


def projection(report, seed, flat, scaled, share):
    """The scatter plot of `flat`, the training images in the plane of two components with their `share`."""
    report.section("4. The projection onto two components")
    report.code(inspect.getsource(projected))
    x, y, class_names = scaled.xtrain, scaled.ytrain, scaled.class_names
    some = np.random.default_rng(seed).permutation(len(x))[:SHOWN]
    figure, axes = new_figure(width=7, height=6)
    scatter_classes(axes, flat[some], y[some], class_names)
    finish(axes, "first component", "second component", legend=False)
    caption = f"{len(some):,} of the {len(x):,} images, coloured by class; the discs mark each class's median."
    report.figure("projection", figure, caption)
    pure = neighbour_accuracy(flat[some], y[some]), neighbour_accuracy(x[some], y[some])
    recalls = dict(zip(class_names, nearest_means(flat, y, len(class_names)).diagonal().tolist()))
    report.reading(separated(len(x), recalls, share, len(some), pure))


def two_numbers(report, options, scaled, plane):
    """How many test images a network gets right from two numbers an image, PCA's or learned ones, and from ten."""
    report.prose(
        "A projection can put points on one spot that are far from each other, so what overlaps in the plane need not "
        "overlap in all dimensions: it is no proof that the problem is hard. How much PCA's two numbers lose, and how "
        "much any two of a linear map, networks behind them can say."
    )
    rng = np.random.default_rng([options.seed, 2])
    mean, deviation = scaled.xtrain.mean(axis=0), projected(scaled.xtrain, plane).std()
    flat = [((x - mean) @ plane.T / deviation).astype(np.float32) for x in (scaled.xtrain, scaled.xval)]
    in_plane = replace(scaled, xtrain=flat[0], xval=flat[1])
    n_pixels, n_classes = scaled.xtrain.shape[1], scaled.num_classes
    small = [2, 100, 100, n_classes]
    learned = Sequential(Linear(n_pixels, 2, rng, label="map"), *MLP(small, "relu", rng=rng).layers)
    epochs = 5
    rows = [
        (what, trained(model, data, options.seed, epochs, rate=1e-3).epochs[-1].validation_accuracy)
        for what, model, data in [
            ("PCA's two numbers, 2-100-100-10 behind", MLP(small, "relu", rng=rng), in_plane),
            ("two learned ones, 2-100-100-10 behind", learned, scaled),
            ("ten learned ones, nothing behind", MLP([n_pixels, n_classes], rng=rng), scaled),
        ]
    ]
    report.table(
        "two_numbers", f"Networks behind a linear map of an image to a few numbers, after {epochs} epochs on "
        f"{len(scaled.ytrain):,} images with Adam at rate 0.001: accuracy on {len(scaled.yval):,} test images.",
        {"linear map to": "", "accuracy": ".1%"}, rows,
    )  # fmt: skip
    of_plane, of_learned, linear = (accuracy for _, accuracy in rows)
    report.reading(difficulty(of_plane, of_learned, linear, scaled.name))


def explained(share):
    """How many dimensions the variance needs, and whether two are enough."""
    so_far = share.cumsum()
    needed = int(np.searchsorted(so_far, 0.9)) + 1
    few = "far fewer dimensions than they have pixels" if needed < 0.2 * len(share) else "not many fewer dimensions"
    plane = "but not near a plane" if so_far[1] < 0.5 else "and near a plane, even"
    return (
        f"The first component explains {percent(share[0])} of the variance, the first two {percent(so_far[1])}, the "
        f"first ten {percent(so_far[9])}; it takes {needed} of {len(share)} for 90%. So the images lie near a space of "
        f"{few}, {plane}."
    )


def meanings(rows):
    """What the components go with, of the table's rows."""
    said = []
    for what, column in (("ink", 5), ("slant", 6)):
        strong = [f"{row[0]} (correlation {row[column]:.2f})" for row in rows if abs(row[column]) >= STRONG]
        if strong:
            said.append(f"How much {what} an image has goes with component {listed(strong)}.")
    alike = [f"{row[0]} ({row[3]}, cosine {row[4]:.2f})" for row in rows if row[4] >= ALIKE]
    if alike:
        said.append(f"Like the difference of two classes' mean images is component {listed(alike)}.")
    order = sorted(rows, key=lambda row: -row[2])
    most, least = order[0], order[-1]
    return " ".join([
        *said, f"The classes differ most along component {most[0]}, where {percent(most[2], 0)} of the variance is "
        f"between their means, then along {order[1][0]} ({percent(order[1][2], 0)}), and least along {least[0]} "
        f"({percent(least[2], 0)}).",
    ])  # fmt: skip


def detail(rough):
    """Whether the later of these components are finer than the earlier."""
    half = len(rough) // 2
    first, second = float(np.mean(rough[:half])), float(np.mean(rough[half:]))
    finer = "finer" if second > first else "no finer"
    return f"The later half of them is {finer} than the first: their roughness is {second:.2f} against {first:.2f}."


def easy(share, between):
    """How far from easy the problem is by what components show: how few hold the variance, and whose it is."""
    much = "more" if between > 0.5 else "less"
    return (
        f"Here the first ten components hold {percent(share[:10].sum())} of the variance, and of the variance in all "
        f"dimensions {percent(between)} is between the means of the classes, {much} than half of it."
    )


def separated(n, recalls, share, n_shown, pure):
    """How well two components separate the classes: overall, the best one, the worst one."""
    best, worst = max(recalls, key=recalls.__getitem__), min(recalls, key=recalls.__getitem__)
    return (
        f"The two components hold {percent(share)} of the variance. Of all {n:,} images, in the plane the nearest of "
        f"the classes' means is that of the own class for {percent(np.mean(list(recalls.values())))} (the mean over "
        f"the classes): most often for {best} ({percent(recalls[best])}), least for {worst} ({percent(recalls[worst])}"
        f"). Of the {n_shown:,} that are shown, {percent(pure[0])} have the class that is most frequent among their "
        f"ten nearest neighbours in the plane; with all pixels it is {percent(pure[1])}."
    )


def difficulty(plane, learned, linear, name):
    """What two numbers tell, and ten: accuracies behind PCA's plane, a learned one, and of a linear classifier."""
    much = (
        "much of the overlap is PCA's, which chooses by variance and not by class"
        if learned - plane > 0.1
        else "this training has found no two numbers that are much better than PCA's"
    )
    hard = "need no more than" if linear > 0.9 else "need more than such training of"
    gain = f"{points(learned - plane)} {'more' if learned > plane else 'fewer'}"
    return (
        f"A small network behind the two components gets {percent(plane)} of the test images right, behind two numbers "
        f"that a linear map has learned {percent(learned)}, {gain}: {much}. Ten learned numbers, the largest of which "
        f"is the answer, get {percent(linear)}: nine in ten images of {name} {hard} a linear classifier."
    )
