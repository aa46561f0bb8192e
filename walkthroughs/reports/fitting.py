"""A table's cells as a LaTeX tabular that fits the page.

Widths are estimates from above, in points of Computer Modern at 10 points, so that what fits here fits there.
"""

from collections.abc import Sequence

from walkthroughs.reports.latex import text

# How wide letters of each size are, smaller ones being wider for their height; and the gaps between columns.
SIZES = {"": (1.0, 12.0), r"\small": (0.92, 10.0), r"\footnotesize": (0.85, 8.0), r"\scriptsize": (0.8, 6.0)}
SPLIT = "\n\\par\\medskip\n"  # between the parts of a table that is too wide whatever is done
TURNED = 2  # rows of a table that may become its columns
NARROW, WIDE = " .,:;'!ijlI|()[]/-tf", "mMwW%@"


def breadth(words: str) -> float:
    """About how many points wide words are, or a little less."""
    return sum(map(breadth_of, words))


def breadth_of(c: str) -> float:
    if c in NARROW or c in WIDE:
        return 4.0 if c in NARROW else 10.3
    return 7.8 if c.isupper() or not c.isascii() else 5.6


def fitted(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], room: float) -> str:
    """The tabular, of a header and rows of texts, in `room` points; columns of numbers are flush right."""
    columns = list(zip(header, *rows))
    if sum(max(map(breadth, column)) + 12 for column in columns) <= room:
        return tabular("", [*map(text, header)], [[*map(number, row)] for row in rows], spec_of(numeric))
    if 0 < len(rows) <= TURNED and len(columns) > 1 + len(rows):
        return turned(columns, room)
    least = [max(breadth(word) for word in [*name.split(), *cells, ""]) for name, *cells in columns]
    for size, (factor, gap) in SIZES.items():
        space = room / factor - gap / factor * len(columns)
        widths = wrapped_widths(columns, least, numeric, space)
        if sum(widths) <= space:
            return narrowed(size, header, rows, numeric, widths)
    if len(columns) <= 2:
        return narrowed(size, header, rows, numeric, widths)
    halves = [[0, *range(1, len(columns) // 2 + 1)], [0, *range(len(columns) // 2 + 1, len(columns))]]
    parts = [[[row[i] for i in half] for row in (header, numeric, *rows)] for half in halves]
    return SPLIT.join(fitted(head, body, spec, room) for head, spec, *body in parts)


def narrowed(
    size: str, header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], widths: Sequence[float]
) -> str:
    """The tabular with columns of these widths."""
    heads = [stacked(name, width, is_number) for name, width, is_number in zip(header, widths, numeric)]
    body = [
        [number(cell) if is_number or breadth(cell) <= width else parbox(cell, width)
         for cell, width, is_number in zip(row, widths, numeric)]
        for row in rows
    ]  # fmt: skip
    return tabular(size, heads, body, spec_of(numeric))


def wrapped_widths(
    columns: Sequence[Sequence[str]], widths: Sequence[float], numeric: Sequence[bool], space: float
) -> list[float]:
    """The widths, with those of words made narrower, the widest first, until all fit; no word is broken."""
    found = list(widths)
    least = [
        width if is_number else max(breadth(word) for cell in column for word in [*cell.split(), ""])
        for column, width, is_number in zip(columns, widths, numeric)
    ]
    while sum(found) > space:
        widest = max(range(len(found)), key=lambda i: (found[i] > least[i], found[i]))
        if found[widest] <= least[widest]:
            break
        found[widest] = max(least[widest], found[widest] - max(5.0, sum(found) - space) / 3)
    return found


def turned(columns: Sequence[Sequence[str]], room: float) -> str:
    """The table with a row for each column, what does not fit on several lines."""
    names = max(breadth(column[0]) for column in columns)
    rest = (room - names) / (len(columns[0]) - 1) - 24
    body = [
        [text(name), *(number(c) if breadth(c) <= rest else parbox(c, rest) for c in cells)] for name, *cells in columns
    ]
    return tabular("", [], body, "l" * len(columns[0]))


def tabular(size: str, heads: Sequence[str], body: Sequence[Sequence[str]], spec: str) -> str:
    head = [" & ".join(heads) + r" \\", r"\midrule"] if heads else []
    lines = [" & ".join(row) + r" \\" for row in body]
    found = "\n".join([rf"\begin{{tabular}}{{{spec}}}", r"\toprule", *head, *lines, r"\bottomrule", r"\end{tabular}"])
    return f"{{{size}\\setlength{{\\tabcolsep}}{{{SIZES[size][1] / 2}pt}}\n{found}}}" if size else found


def spec_of(numeric: Sequence[bool]) -> str:
    return "".join("r" if is_number else "l" for is_number in numeric)


def number(cell: str) -> str:
    """A cell's text, with a minus sign where there is a number below 0."""
    return f"$-${text(cell[1:])}" if cell[:1] == "-" and cell[1:2].isdigit() else text(cell)


def stacked(name: str, width: float, is_number: bool) -> str:
    """A header on as many lines as its column's width asks for, one above the other."""
    lines: list[str] = []
    for word in name.split():
        if lines and breadth(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) < 2:
        return text(name)
    above_each_other = r" \\ ".join(map(text, lines))
    return rf"\shortstack[{'r' if is_number else 'l'}]{{{above_each_other}}}"


def parbox(cell: str, width: float) -> str:
    return rf"\parbox[t]{{{width / 10:.1f}em}}{{\raggedright\strut {text(cell)}\strut}}"
