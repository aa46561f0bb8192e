"""`from walkthroughs.tables import Table, table`, which are in `reports/tables.py` and `reports/values.py`."""

from walkthroughs.reports.tables import Table
from walkthroughs.reports.values import table

__all__ = ["Table", "table"]
