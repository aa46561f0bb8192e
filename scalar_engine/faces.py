"""What a notebook shows of the engines' objects: pieces of HTML, in which text from labels stays text."""

from __future__ import annotations

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 40  # rows of a table


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_written(text: str) -> str:
    """Text in lines of its own, as a terminal shows it."""
    return f"<pre>{escaped(text)}</pre>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; of many rows, the first."""
    written = [row_of("td", row) for row in rows]
    more = f"<p>and {len(written) - MOST:,} more</p>" if len(written) > MOST else ""
    return f"<table>{row_of('th', head)}{''.join(written[:MOST])}</table>{more}"


def row_of(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escaped(cell)}</{tag}>' for cell in cells)}</tr>"
