"""Pictures of what a network gets wrong: its confusion matrix, and its worst mistakes."""

import numpy as np

from ..plotting import own_settings


@own_settings()
def draw_confusion(confusion, class_names, path):
    """The confusion matrix (classes, classes) as a picture file: true classes down, predicted classes across."""
    from matplotlib.figure import Figure

    n = len(class_names)
    size = min(14, 3 + 0.45 * n)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    share = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    if n <= 30:
        for (row, column), count in np.ndenumerate(confusion):
            if count:
                color = "white" if share[row, column] > 0.5 else "black"
                axes.text(column, row, count, ha="center", va="center", fontsize=8, color=color)
    axes.set_xticks(range(n), class_names, rotation=90 if max(map(len, class_names)) > 2 else 0, parse_math=False)
    axes.set_yticks(range(n), class_names, parse_math=False)
    axes.set(xlabel="predicted", ylabel="true")
    figure.savefig(path, dpi=150)


@own_settings()
def draw_mistakes(data, found, path, n=10):
    """The n worst mistakes of an Evaluation `found` on the held-out instances, as a picture file: each instance, what
    it is, and what it was taken for. Instances that are no pictures are drawn as bars, one a feature."""
    from matplotlib.figure import Figure

    worst = found.worst(data.yval, n)
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    for axes, i in zip(figure.subplots(2, -(-n // 2)).flat, worst):
        true, taken_for = (data.class_names[c] for c in (data.yval[i], found.predictions[i]))
        if data.image_shape:
            axes.imshow(data.xval[i].reshape(data.image_shape), cmap="gray_r", interpolation="nearest")
        else:
            axes.bar(range(data.xval.shape[1]), data.xval[i])
        axes.set_title(f"{i}: {true}\ntaken for {taken_for}", fontsize=8, parse_math=False)
    for axes in figure.axes:
        axes.set(xticks=[], yticks=[])
    for axes in figure.axes[len(worst) :]:
        axes.set_axis_off()
    figure.suptitle("The worst mistakes" if len(worst) else "No mistakes", fontsize=10)
    figure.savefig(path, dpi=150)
