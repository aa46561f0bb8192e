"""`from walkthroughs.figures import learning_curves`, which is in `reports/figures.py`."""

from walkthroughs.reports.figures import finish, learning_curves, loss_curve, new_figure

__all__ = ["finish", "learning_curves", "loss_curve", "new_figure"]
