"""Figures and numbers as files, and figures as a part of a page."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from markupsafe import Markup

from models.keeping.files import write_whole
from models.plotting import own_settings
from walkthroughs.reports.tables import inert


@contextmanager
def laid_out(figure: Any) -> Iterator[None]:
    """A figure is laid out once for all the files that are made of it, which takes half the time."""
    engine = figure.get_layout_engine()
    with own_settings():
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


@own_settings()
def save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=150, metadata={"CreationDate": None} if path.suffix == ".pdf" else None)
    return path


@own_settings()
def svg_of(figure: Any) -> str:
    """A figure as SVG text, without a background of its own."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return stream.getvalue()


def inline_svg(svg: str, prefix: str, words: str = "") -> str:
    """SVG text for a page, with ids that no other figure has: a picture of what `words` say."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}-', svg)
    return svg.replace("url(#", f"url(#{prefix}-").replace(
        "<svg", Markup('<svg role="img" aria-label="{}"').format(words), 1
    )


def recoloured(svg: str) -> str:
    """SVG text with black in the colour of the page's text, for dark pages."""
    return re.sub(r'(stroke|fill)(: |=")(#000000|black)\b', r"\1\2currentColor", svg)


def write_file(path: Path, content: str | Callable[[Path], object]) -> Path:
    if callable(content):
        content(path)
    else:
        write_whole(path, content)
    return path


def write_columns(path: Path, columns: dict[str, Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(inert(columns))
        writer.writerows(map(inert, zip(*columns.values(), strict=True)))
