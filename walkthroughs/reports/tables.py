"""A table, and what a report makes of it: a page's cells, LaTeX, CSV, and text for a terminal."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from walkthroughs.reports.fitting import fitted
from walkthroughs.reports.latex import prose


@dataclass(frozen=True)
class Table:
    """Rows of values under headers.

    name        of its files: NAME.tex and NAME.csv
    caption     a sentence, with formulas as LaTeX between dollars
    columns     {header: how its numbers are written, a format specification such as ".2%"}
    rows        a value for each column; None is an empty cell

    >>> table = Table("rates", "What was tried.", {"rate": "g", "right": ".1%"}, [(0.1, 0.9312), (1, None)])
    >>> print(table)
      rate  right
       0.1  93.1%
         1
    """

    name: str
    caption: str
    columns: dict[str, str]
    rows: list[Any]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.name}: each row must have {len(self.columns)} values")

    def cells(self) -> list[list[str]]:
        """The rows as texts."""
        return [[written(value, spec) for value, spec in zip(row, self.columns.values())] for row in self.rows]

    def numeric(self) -> list[bool]:
        """For each column, whether it holds numbers, which are set flush right."""
        return [
            any(is_number(row[i]) for row in self.rows)
            and all(row[i] is None or is_number(row[i]) for row in self.rows)
            for i in range(len(self.columns))
        ]

    def text(self) -> str:
        lines = [list(self.columns), *self.cells()]
        widths = [max(map(len, column)) for column in zip(*lines)]
        flush = ["rjust" if numeric else "ljust" for numeric in self.numeric()]
        return "\n".join(
            "  " + "  ".join(getattr(cell, f)(w) for cell, f, w in zip(line, flush, widths)).rstrip() for line in lines
        )

    __str__ = text

    def html(self) -> str:
        """The table in HTML, as a notebook shows it."""
        flush = [' style="text-align: right"' if numeric else ' style="text-align: left"' for numeric in self.numeric()]
        rows = [
            f"<tr>{''.join(f'<{tag}{style}>{escape(cell)}</{tag}>' for cell, style in zip(row, flush))}</tr>"
            for tag, row in [("th", list(self.columns)), *(("td", row) for row in self.cells())]
        ]
        return "\n".join(["<table>", *rows, "</table>"])

    _repr_html_ = html

    def latex(self) -> str:
        """The table in LaTeX, no wider than the page of a plain article, with the rules of the package booktabs."""
        return "\n".join([
            r"\begin{table}", r"\centering", rf"\caption{{{prose(self.caption)}}}", rf"\label{{tab:{self.name}}}",
            self.tabular(), r"\end{table}", "",
        ])  # fmt: skip

    def tabular(self, line: float = 345, scale: float = 1.0) -> str:
        """Its rows as a tabular environment no wider than `line` points, where the type is `scale` times 10 points.

        What is too wide is turned, if it has a row or two, or gets headers of several lines, smaller type, and words
        on several lines.
        """
        return fitted(list(self.columns), self.cells(), self.numeric(), line / scale)

    def records(self) -> list[dict[str, Any]]:
        """The rows as {header: value}."""
        return [dict(zip(self.columns, row)) for row in self.rows]

    def write(self, folder: str | PathLike[str]) -> list[Path]:
        """Write NAME.tex and NAME.csv; returns their paths."""
        tex, table = Path(folder) / f"{self.name}.tex", Path(folder) / f"{self.name}.csv"
        tex.write_text(self.latex(), encoding="utf-8")
        with table.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(map(inert, [list(self.columns), *self.rows]))
        return [tex, table]


def inert(row: Iterable[Any]) -> list[Any]:
    """A row for a CSV file, in which a spreadsheet computes nothing: words that it would take for a formula are quoted
    by an apostrophe, which it does not show."""
    return [f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell for cell in row]


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text: what begins as a formula does and is no number."""
    if text[:1] not in tuple("=+-@\t\r"):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def written(value: Any, spec: str) -> str:
    """A cell's text. A specification is for numbers: words stay as they are."""
    if value is None:
        return ""
    if not is_number(value):
        return str(value)
    text = format(value, spec)
    return text[1:] if text.startswith("-") and not text.strip("-0.%") else text  # 0, never -0
