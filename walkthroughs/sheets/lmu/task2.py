"""Exercise Sheet 3, Task 2: MNIST's statistics, ten examples, principal components, and the projection onto two."""

import numpy as np

from models import datasets
from walkthroughs.reports.figures import OTHERS, finish, image_grid, new_figure, scatter_classes
from walkthroughs.reports.readings import percent
from walkthroughs.sheets.data import add_data, data_and_limit
from walkthroughs.sheets.lmu.components import nearest_to_own_mean, neighbour_accuracy, principal_components, projected
from walkthroughs.sheets.script import parser_for, run_walkthrough

SHOWN = 4_000  # points in a scatter plot: more hide each other


def main(arguments=None):
    parser = parser_for("lmu_task2", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "MNIST, looked at")


def build(report, options):
    name, limit = data_and_limit(options)
    loaded = datasets.load(name, final=True, data_dir=options.data_dir)
    n = limit or len(loaded.xtrain)
    stored, y = loaded.xtrain[:n], loaded.ytrain[:n]
    report.used(name, "test", n, 0, datasets.digest_of(stored, y))

    first_look(report, loaded, stored, y)
    scaled = datasets.symmetric(loaded)
    x = scaled.xtrain[:n]
    vectors(report, x, y, scaled.deviation)
    components, variances = principal_components(x)
    share = variances / variances.sum()
    as_images(report, components, share, loaded.image_shape)
    projection(report, options.seed, projected(x, components[:2]), x, y, loaded.class_names, share[:2].sum())


def first_look(report, loaded, stored, y):
    report.section("1. Ten examples, and statistics")
    images = stored.reshape(-1, *loaded.image_shape)
    firsts = [int(np.flatnonzero(y == c)[0]) for c in range(loaded.num_classes)]
    titles = [loaded.class_names[c] for c in range(loaded.num_classes)]
    report.figure("examples", image_grid(images[firsts], titles, 10), "The first example of each class.")
    report.table(
        "statistics", f"The training set as one array, {len(y):,} images.", {"statistic": "", "value": ""},
        [("min", str(images.min())), ("max", str(images.max())), ("mean", f"{images.mean():.4f}"),
         ("shape", str(images.shape)), ("dtype", str(images.dtype))],
    )  # fmt: skip


def vectors(report, x, y, half):
    report.section("2. Vectors in [-1, 1]")
    report.prose(
        f"$x / {half:g} - 1$ takes the pixels from 0 to {2 * half:g} to the range from {x.min():g} to "
        f"{x.max():g}, centred around 0. The result is an array of images {x.shape} in {x.dtype} and an array of "
        f"labels {y.shape} in {y.dtype}. Most pixels are background, so the mean is {x.mean():.3f}."
    )


def as_images(report, components, share, image_shape):
    report.section("3. Principal components")
    tiles = components[:10].reshape(-1, *image_shape)
    titles = [f"{i}: {percent(part)}" for i, part in enumerate(share[:10], start=1)]
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
    report.prose(
        "A component is a direction in the space of images, so it is an image itself: a pattern that images have "
        "more or less of. The first ones are large, smooth contrasts between strokes at typical places, such as a "
        "ring against a bar; later ones get finer. Were the problem easy, the components would look like the "
        "classes: each a template of one digit, or a contrast of two, and a few of them would hold nearly all the "
        "variance. These are mixtures of several digits' shapes."
    )


def projection(report, seed, flat, x, y, class_names, share):
    """The scatter plot of `flat`, the images x in the plane of two components with their `share` of the variance."""
    report.section("4. The projection onto two components")
    some = np.random.default_rng(seed).permutation(len(x))[:SHOWN]
    figure, axes = new_figure(width=7, height=6)
    scatter_classes(axes, flat[some], y[some], class_names)
    finish(axes, "first component", "second component", legend=False)
    report.figure("projection", figure, f"{len(some):,} images, coloured by class; the discs mark each class's median.")
    of_plane = neighbour_accuracy(flat[some], y[some])
    of_all = neighbour_accuracy(x[some], y[some])
    own = nearest_to_own_mean(flat[some], y[some], len(class_names))
    recalls = dict(zip(class_names, own.tolist()))
    report.reading(separated(of_plane, of_all, recalls, share))
    report.prose(
        "The plot says that the classes are neither scattered without order nor apart: two numbers an image already "
        "tell some classes from some others, and leave the rest on top of each other. It shows a projection, in which "
        "points that are far from each other may fall on one spot, so what overlaps here need not overlap in all "
        "dimensions. So it is no proof that the problem is hard; it shows that no linear map to two numbers solves it."
    )


def explained(share):
    so_far = share.cumsum()
    needed = int(np.searchsorted(so_far, 0.9)) + 1
    return (
        f"The first component explains {percent(share[0])} of the variance, the first two {percent(so_far[1])}, the "
        f"first ten {percent(so_far[9])}; it takes {needed} of {len(share)} for 90%. "
        f"{dimensionality(needed / len(share))}"
    )


def dimensionality(part):
    if part < 0.2:
        return "So the images lie near a space of far fewer dimensions than they have pixels, but not near a plane."
    return "So the variance is spread over many dimensions."


def separated(of_plane, of_all, recalls, share):
    """How well two components separate the classes: overall, the best one, the worst one."""
    best, worst = max(recalls, key=recalls.__getitem__), min(recalls, key=recalls.__getitem__)
    return (
        f"The two components hold {percent(share)} of the variance. Of ten neighbours in the plane most have the "
        f"point's own class for {percent(of_plane)} of the points; with all pixels it is {percent(of_all)}. {best} "
        f"stands apart most clearly ({percent(recalls[best])} are nearest to their own class's mean), {worst} "
        f"least ({percent(recalls[worst])})."
    )
