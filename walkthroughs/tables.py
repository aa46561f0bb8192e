"""`from walkthroughs.tables import Table`, which is in `reports/tables.py`."""

from walkthroughs.reports.tables import Table

__all__ = ["Table"]
