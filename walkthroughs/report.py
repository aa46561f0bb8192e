"""`from walkthroughs.report import Report`, which is in `reports/report.py`."""

from walkthroughs.reports.report import Report, svg_of

__all__ = ["Report", "svg_of"]
