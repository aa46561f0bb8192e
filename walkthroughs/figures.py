"""`from walkthroughs.figures import learning_curves`, which is in `reports/figures.py`."""

from walkthroughs.reports.figures import learning_curves, loss_curve, new_figure

__all__ = ["learning_curves", "loss_curve", "new_figure"]
