"""`from walkthroughs.markup import mathml`, which is in `reports/markup.py`."""

from walkthroughs.reports.markup import marked_up, mathml

__all__ = ["marked_up", "mathml"]
