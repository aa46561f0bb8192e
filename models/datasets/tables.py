"""Tables of one's own, as CSV: a row an instance, with a label column or without.

There may be a header or none, commas, semicolons or tabs, quotes, and gzip around it. What is not a whole table of
numbers beside its labels raises DataError: one line, with the row and the column. A column that has one and the same
word in each row counts as constant, and is read as zeros.
"""

import csv
import gzip
import math
import re
import zlib
from array import array
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from .idx_files import DataError

LABEL_NAMES = "label", "labels", "class", "target", "y", "species"
NAMELESS = "column "  # with its number, a column that has no name
MISSING = "", "na", "n/a", "nan", "null", "none", "?", "-"


@dataclass(frozen=True)
class Table:
    """The features of a CSV file, x (instances, columns) in float64, and its labels as they are written, or None.

    columns     the names of x's columns; without a header "column 1" and so on, as they stand in the file
    label       the position of the label column in the file, from 0, and its name; None without one
    header      whether the file has named its columns
    """

    x: np.ndarray
    labels: list[str] | None
    columns: tuple[str, ...]
    label: int | None
    label_name: str | None
    header: bool


def read_csv(path, choose):
    """The Table in a CSV file. `choose(names, header)` says which column is the label's, and which are features:
    (position or None, positions). Raises DataError."""
    try:
        with open_text(path) as file:
            return table_in(file, path, choose)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({error.reason} at byte {error.start})") from None
    except (csv.Error, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as a CSV file ({error})") from None


def open_text(path):
    with Path(path).open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    opened = gzip.open if is_packed else open
    return opened(path, "rt", encoding="utf-8-sig", newline="")


def table_in(file, path, choose):
    line = file.readline()
    delimiter = max(",;\t", key=line.count)
    rows = csv.reader(chain([line], file), delimiter=delimiter, strict=True)
    first = next(filter(None, rows), None)
    if first is None:
        raise DataError("there are no rows in it")
    header = is_header(first)
    names = names_of(first, header)
    label, features = choose(names, header)
    values, labels, words, n = array("d"), [], {}, 0
    for cells in rows if header else chain([first], rows):
        if not cells:
            continue
        n += 1
        if len(cells) != len(names):
            raise DataError(f"row {n} (line {rows.line_num}) has {len(cells)} cells, the first line {len(names)}")
        if n == 1:
            words = {i: cells[i] for i in features if is_word(cells[i])}
        try:
            row = [0.0 if i in words and cells[i] == words[i] else float(cells[i]) for i in features]
        except ValueError:
            row = [math.nan]
        if not math.isfinite(sum(row)):
            kept = [i for i in features if not (i in words and cells[i] == words[i])]
            refuse_cells(cells, names, kept, f"row {n} (line {rows.line_num})")
        values.extend(row)
        if label is not None:
            labels.append(cells[label].strip())
            if not labels[-1]:
                raise DataError(f"row {n} (line {rows.line_num}), column {names[label]!r}: the label is missing")
    if not n:
        raise DataError("there are no rows in it")
    x = np.frombuffer(values).reshape(n, len(features))
    columns = tuple(names[i] for i in features)
    if label is None:
        return Table(x, None, columns, None, None, header)
    return Table(x, labels, columns, label, names[label], header)


def refuse_cells(cells, names, features, where):
    """Raise DataError for the first cell that is no finite number."""
    for i in features:
        text = cells[i].strip()
        if text.lower() in MISSING:
            found = "a value is missing" + (f" ({text!r})" if text else "")
        elif re.fullmatch(r"[+-]?\d+,\d+", text):
            found = f"{text!r} is not a number; decimals are written with a point"
        elif not is_number(text):
            found = f"{text!r} is not a number"
        elif not math.isfinite(float(text)):
            found = f"{text!r} is not finite"
        else:
            continue
        raise DataError(f"{where}, column {names[i]!r}: {found}")


def is_word(cell):
    return not is_number(cell) and cell.strip().lower() not in MISSING


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_header(cells):
    """Whether a first line names the columns: one is a usual name of labels, or of several cells none is a number."""
    return any(map(is_label_name, cells)) or (len(cells) > 1 and not any(map(is_number, cells)))


def is_label_name(name):
    return name.strip().lower() in LABEL_NAMES


def names_of(first, header):
    """A name for each column, no two alike."""
    names: list[str] = []
    for i, cell in enumerate(first, start=1):
        name = " ".join(cell.split()) if header else ""
        names.append(f"{name} (column {i})" if name in names else name or f"{NAMELESS}{i}")
    return names


def column_of(wanted, names):
    """The position of the column called `wanted`, or numbered so from 1. Raises DataError."""
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(names):
        return int(wanted) - 1
    raise DataError(f"there is no column {wanted!r}, only {brief(names)}")


# What `choose` of read_csv may be: which column is the label's, and which are features


def all_features(names, header):
    return None, list(range(len(names)))


def only_labels(names, header):
    if len(names) != 1:
        raise DataError(f"a file of labels has one column, and this has {len(names)}")
    return 0, []


def label_and_features(wanted):
    """The label column is the one `wanted`, or else the one with a usual name, or else the first. A first column
    without a name in a header, as pandas writes row numbers, is no feature."""

    def choose(names, header):
        numbered = int(header and names[0] == f"{NAMELESS}1")
        if wanted is not None:
            label = column_of(wanted, names)
        else:
            label = next((i for i, name in enumerate(names) if is_label_name(name)), numbered)
        features = [i for i in range(numbered, len(names)) if i != label]
        if not features:
            raise DataError("there is no column beside the label column; commas, semicolons or tabs separate columns")
        return label, features

    return choose


def columns_known(columns, used, label):
    """Those of an earlier table's columns that are used, by their names, or else by their places in it. That one had
    its label column at `label`, and a table without a header may have it there too."""

    def choose(names, header):
        wanted = [columns[i] for i in used]
        if header and set(wanted) <= set(names):
            return None, [names.index(name) for name in wanted]
        if header and not columns[0].startswith(NAMELESS):
            raise DataError(f"the model needs columns that are not there: {brief(n for n in wanted if n not in names)}")
        places = [i for i in range(len(names)) if not (header and is_label_name(names[i]))]
        if len(places) == len(columns) + 1 and label is not None and not header:
            places.remove(label)
        if len(places) != len(columns):
            raise DataError(f"there are {len(places)} columns, and the model takes {len(columns)}")
        return None, [places[i] for i in used]

    return choose


def brief(names, most=8):
    names = [repr(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
