"""A table, and what a report makes of it: a page's cells, LaTeX, CSV, and text for a terminal."""

import csv
import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from walkthroughs.reports.markup import FORMULA

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "[": "{[}",  # at a row's start it would be an option of the row before
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows of values under headers.

    name        of its files: NAME.tex and NAME.csv
    caption     a sentence, with formulas as LaTeX between dollars
    columns     {header: how its numbers are written, a format specification such as ".2%"}
    rows        a value for each column; None is an empty cell

    >>> table = Table("rates", "What was tried.", {"rate": "g", "right": ".1%"}, [(0.1, 0.9312), (1, None)])
    >>> print(table.text())
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

    def latex(self) -> str:
        """The table in LaTeX, with the rules of the package booktabs."""
        caption = "".join(
            piece if re.fullmatch(FORMULA, piece) else escaped(piece)
            for piece in re.split(f"({FORMULA})", self.caption)
        )
        spec = "".join("r" if numeric else "l" for numeric in self.numeric())
        lines = [" & ".join(map(escaped, row)) + r" \\" for row in [list(self.columns), *self.cells()]]
        return "\n".join([
            r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{tab:{self.name}}}",
            rf"\begin{{tabular}}{{{spec}}}", r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule",
            r"\end{tabular}", r"\end{table}", "",
        ])  # fmt: skip

    def records(self) -> list[dict[str, Any]]:
        """The rows as {header: value}."""
        return [dict(zip(self.columns, row)) for row in self.rows]

    def write(self, folder: str | PathLike[str]) -> list[Path]:
        """Write NAME.tex and NAME.csv; returns their paths."""
        tex, table = Path(folder) / f"{self.name}.tex", Path(folder) / f"{self.name}.csv"
        tex.write_text(self.latex(), encoding="utf-8")
        with table.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([list(self.columns), *self.rows])
        return [tex, table]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def written(value: Any, spec: str) -> str:
    """A cell's text. A specification is for numbers: words stay as they are."""
    if value is None:
        return ""
    if not is_number(value):
        return str(value)
    text = format(value, spec)
    return text[1:] if text.startswith("-") and not text.strip("-0.%") else text  # 0, never -0


def escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(LATEX.get(character, character) for character in text)
