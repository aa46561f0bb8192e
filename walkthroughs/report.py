"""`from walkthroughs.report import Report`, which is in `reports/report.py`, and `svg_of`."""

from walkthroughs.reports.report import Report
from walkthroughs.reports.saving import svg_of

__all__ = ["Report", "svg_of"]
