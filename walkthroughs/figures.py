"""The figures of the walkthroughs: one look for all of them."""

import math

from matplotlib.figure import Figure  # without pyplot: no screen, and a notebook keeps its own settings

TRAINING = "#0072b2"  # one colour a meaning; from Okabe and Ito's palette for colour-blind readers
FAINT_TRAINING = "#9cc9e3"


def loss_curve(losses, path, window, title):
    """The loss of every step, faintly, and its mean over `window` steps, as a picture file at `path`."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(losses) + 1), losses, ",", color=FAINT_TRAINING)
    starts = range(0, len(losses) - window + 1, window)
    means = [sum(losses[i : i + window]) / window for i in starts]
    axes.plot([i + window / 2 for i in starts], means, color=TRAINING, label=f"mean of {window} instances")
    axes.plot([], [], "o", markersize=3, color=FAINT_TRAINING, label="one instance")
    axes.set(title=title, xlabel="step (instances seen)", ylabel="training loss (cross-entropy, nats)")
    axes.set_ylim(0, 2.2 * min(1e6, max(filter(math.isfinite, means), default=1.0)))
    axes.grid(alpha=0.25)
    axes.legend()
    figure.savefig(path, dpi=150)
