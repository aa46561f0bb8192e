"""The figures of the walkthroughs: one look for all of them, and one colour a meaning across all of them.

Colours are from palettes made for colour-blind readers: Okabe and Ito's for what there are few of, Petroff's ten for
classes. Where colours say an order, such as that of learning rates, they get darker along it.
"""

import io
import math

import matplotlib
import numpy as np
from matplotlib.figure import Figure  # without pyplot: no screen, and a notebook keeps its own settings
from matplotlib.ticker import LogFormatter

from models.plotting import TRAINING, VALIDATION, own_settings

TEST = "#009e73"
HELD_OUT = {"validation": VALIDATION, "test": TEST}
REFERENCE = "#7a7a7a"  # what something is measured against: a threshold, a baseline
OTHERS = "#e69f00", "#cc79a7", "#56b4e9"  # for what has no colour of its own; layers in their order
CLASSES = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),  # M. A. Petroff, arXiv:2107.02270
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)


class Shown(Figure):
    """A Figure that a notebook shows, as it does those of pyplot."""

    def _repr_png_(self):
        picture = io.BytesIO()
        self.savefig(picture, dpi=110)
        return picture.getvalue()


@own_settings()
def new_figure(n_columns=1, n_rows=1, width=None, height=3.6, share="none", squeeze=True):
    """A Figure and the array of its axes (rows, columns), without the dimensions of size 1 if `squeeze`.

    width, height       in inches, of the figure and of one row; a width of None suits the number of columns
    share               which scales the panels share: "none", "y" or "both"
    """
    figure = Shown(figsize=(width or min(10, 2 + 4.4 * n_columns), height * n_rows), layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, sharex=share == "both", sharey=share != "none", squeeze=squeeze)


@own_settings()
def finish(axes, xlabel, ylabel, title="", legend=True):
    """Labels, a faint grid, plain numbers, and a legend without a frame, which suits light and dark pages."""
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.25)
    plain_numbers(axes)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)


def plain_numbers(axes):
    """On logarithmic axes 0.01 and 1,000 instead of powers of ten, where these are short."""
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if axis.get_scale() == "log" and min(limits) > 1e-4 and max(limits) < 1e5:
            axis.set_major_formatter(PlainLog(labelOnlyBase=False))
            axis.set_minor_formatter(PlainLog(labelOnlyBase=False))


class PlainLog(LogFormatter):
    """matplotlib's choice of which ticks have a number, and plain numbers."""

    def __call__(self, x, pos=None):
        return f"{x:,g}" if super().__call__(x, pos) else ""


def whole_numbers(axes):
    axes.xaxis.get_major_locator().set_params(integer=True)


@own_settings()
def loss_curve(losses, window, title, what="instance", xlabel="step"):
    """The loss of every step, faintly, and its mean over `window` steps. `what` is what a step sees."""
    figure, axes = new_figure(width=7, height=4)
    size, alpha = (4, 0.35) if len(losses) < 1000 else (1.5, 0.12)
    dots = {"marker": "o", "linestyle": "", "markeredgewidth": 0, "color": TRAINING, "alpha": alpha}
    axes.plot(range(1, len(losses) + 1), losses, markersize=size, rasterized=True, **dots)
    starts = range(0, len(losses) - window + 1, window)
    means = [sum(losses[i : i + window]) / window for i in starts]
    several = {"instance": "instances", "batch": "batches"}[what]
    middles = [i + window / 2 for i in starts]
    axes.plot(middles, means, color=TRAINING, linewidth=2, label=f"mean of {window} {several}")
    axes.plot([], [], markersize=4, label=f"one {what}", **{**dots, "alpha": 0.35})
    usual = np.quantile([min(loss, 1e6) for loss in losses if math.isfinite(loss)] or [1.0], 0.995)
    axes.set_ylim(0, max(1.1 * usual, 1e-6))  # a few wild ones should not flatten the rest
    finish(axes, xlabel, "training loss (cross-entropy, nats)", title)
    return figure


@own_settings()
def plot_epochs(axes, history, measure, who="", style=None):
    """Training and held-out values of a measure, "loss" or "accuracy", after each recorded epoch.

    who, style      what tells them from another History's on the same axes: words for the legend, fields of lines
    """
    epochs = [epoch.epoch for epoch in history.epochs]
    style = style or ({"marker": "o", "markersize": 3.5} if len(epochs) <= 15 else {})
    for kind, name, color in [
        ("train", "training", TRAINING),
        ("validation", history.held_out, HELD_OUT[history.held_out]),
    ]:
        factor = 100 if measure == "accuracy" else 1
        values = [factor * getattr(epoch, f"{kind}_{measure}") for epoch in history.epochs]
        axes.plot(epochs, values, color=color, label=name + who, **style)
    whole_numbers(axes)


MEASURES = {"loss": "cross-entropy (nats)", "accuracy": "accuracy (%)"}


@own_settings()
def learning_curves(history, title=""):
    """Loss and accuracy per epoch, side by side."""
    figure, both = new_figure(2)
    for axes, (measure, label) in zip(both, MEASURES.items()):
        plot_epochs(axes, history, measure)
        finish(axes, "epoch", label, title)
    return figure


@own_settings()
def curves_of_many(histories, measure, n_columns=4, scale="linear", size=(2.5, 2.4)):
    """A panel of `size` inches for each history, {title: History}, on the same axes: values per epoch."""
    n_rows = -(-len(histories) // n_columns)
    figure, panels = new_figure(
        n_columns, n_rows, width=size[0] * n_columns, height=size[1], share="both", squeeze=False
    )
    for axes, (title, history) in zip(panels.flat, histories.items()):
        plot_epochs(axes, history, measure)
        axes.set_title(title, fontsize=9)
        axes.set_yscale(scale)
        axes.grid(alpha=0.25)
        plain_numbers(axes)
    for axes in panels.flat[len(histories) :]:
        axes.set_visible(False)
    panels.flat[0].legend(frameon=False, fontsize=8)
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel(MEASURES[measure], fontsize=10)
    return figure


def shades(n):
    """n colours of one order, light to dark, that stay apart in print and on a dark page."""
    return [matplotlib.colormaps["viridis"](0.88 - 0.6 * i / max(1, n - 1)) for i in range(n)]


@own_settings()
def image_grid(images, titles, n_columns, signed=False, size=1.0):
    """Images (n, rows, columns) as tiles with titles; `signed` ones in blue and red around 0, each by its own range."""
    n_rows = -(-len(images) // n_columns)
    figure, panels = new_figure(n_columns, n_rows, width=size * n_columns, height=size + 0.28, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, image, words in zip(panels.flat, images, titles):
        limit = np.abs(image).max() or 1
        look = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray_r"}
        axes.imshow(image, interpolation="nearest", **look)
        axes.set_title(words, fontsize=8, pad=2)
    return figure


@own_settings()
def mosaic(tiles, n_columns):
    """Many signed images (n, rows, columns) in one picture, in blue and red around 0, each by its own range."""
    n, height, width = tiles.shape
    n_rows = -(-n // n_columns)
    canvas = np.full((n_rows * (height + 1) + 1, n_columns * (width + 1) + 1), np.nan)
    for i, tile in enumerate(tiles):
        top, left = 1 + i // n_columns * (height + 1), 1 + i % n_columns * (width + 1)
        canvas[top : top + height, left : left + width] = tile / (np.abs(tile).max() or 1)
    figure, axes = new_figure(width=9, height=9 * n_rows / n_columns)
    axes.set_axis_off()
    axes.imshow(canvas, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    return figure


@own_settings()
def scatter_classes(axes, points, y, class_names, size=3):
    """Points (n, 2) coloured by class, with each class's name at its median."""
    for c in range(len(class_names)):
        of_class = points[y == c]
        axes.plot(*of_class.T, "o", markersize=size, markeredgewidth=0, alpha=0.45, color=CLASSES[c], rasterized=True)
    for c, name in enumerate(class_names):
        place = np.median(points[y == c], axis=0)
        box = {"boxstyle": "circle,pad=0.15", "facecolor": CLASSES[c], "edgecolor": "white", "linewidth": 1}
        words = axes.text(
            *place, name, ha="center", va="center", fontsize=9, color="white", fontweight="bold", bbox=box
        )
        words.set_clip_on(True)
