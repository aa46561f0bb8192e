"""Reports: what a walkthrough found, as a page to read and as files to hand in.

A report is written into a folder: report.html, which needs nothing beside it, every figure as PNG and PDF, every table
as LaTeX and CSV, and all numbers as JSON.
"""

import csv
import io
import json
import math
import os
import platform
import re
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from threadpoolctl import threadpool_info

from models.keeping.files import write_whole
from walkthroughs.drawing.palette import palette
from walkthroughs.reports.markup import marked_up, mathml
from walkthroughs.reports.tables import Table, inert

SHORT = 12  # lines of code: a terminal shows no more
TEMPLATE = "report.html.j2"
PACKAGES = "numpy", "matplotlib", "joblib"


@dataclass
class Block:
    """A piece of a report, in the order of reading; kind is the name of the Report's method that made it."""

    kind: str
    content: Any
    name: str = ""
    caption: str = ""


@dataclass
class Report:
    """A report in the making.

    title, source   what it is about, and the sheet and question that it answers
    command         the command line that makes it again, "" if nobody is to know; seed is the one in it
    readings        the sentences that were computed from numbers, for the terminal and for tests
    numbers         {name: anything JSON can hold}, for numbers.json; a number that is not finite is null there
    failures        what is not as it should be, a line each: a script that has any ends with exit status 1
    """

    title: str
    source: str
    command: str
    seed: int | None = None
    blocks: list[Block] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def section(self, title: str) -> None:
        self.blocks.append(Block("section", title))

    def prose(self, text: str) -> None:
        """Paragraphs, a blank line between them; `code` between backticks, LaTeX between dollars."""
        self.blocks.append(Block("prose", text))

    def reading(self, text: str) -> None:
        """What the numbers say: a sentence made from them by a function."""
        self.blocks.append(Block("reading", text))

    def code(self, text: str, caption: str = "") -> None:
        """Source or output, as it stands."""
        self.blocks.append(Block("code", text, caption=caption))

    def math(self, latex: str, caption: str = "") -> None:
        """A formula on lines of its own: LaTeX, as in an align* environment. Raises ValueError if it cannot be set."""
        mathml(latex, "block")  # who cannot have it should not hear of it when all work is done
        self.blocks.append(Block("math", latex, caption=caption))

    def figure(self, name: str, figure: Any, caption: str) -> None:
        """A matplotlib Figure. `name` is that of its files."""
        self.blocks.append(Block("figure", figure, plain_name(name), caption))

    def picture(self, name: str, graph: Any, caption: str) -> None:
        """A picture of a graph (walkthroughs.draw)."""
        self.blocks.append(Block("picture", graph, plain_name(name), caption))

    def table(self, name: str, caption: str, columns: dict[str, str], rows: list[Any]) -> None:
        """A Table, which explains the arguments."""
        self.blocks.append(Block("table", Table(plain_name(name), caption, columns, rows), name, caption))

    def columns(self, name: str, columns: dict[str, Any]) -> None:
        """Long columns of numbers for a file NAME.csv, {header: sequence}, which the page does not show."""
        self.file(f"{name}.csv", lambda path: write_columns(path, columns))

    def file(self, name: str, content: str | Callable[[Path], object]) -> None:
        """A file beside the page: its text, or a function that writes it to a path, such as `Stepper.save`."""
        for part in name.split("/"):
            plain_name(part)
        self.files[name] = content

    def fail(self, line: str) -> None:
        """Say in a line what is not as it should be."""
        self.failures.append(line)

    def used(self, name: str, held_out: str, n_training: int, n_held_out: int, digest: str) -> None:
        """Name data that the report rests on: its sizes, what the held-out instances are, and its SHA-256."""
        self.data[digest] = {
            "data": name, "training": n_training, "held out": n_held_out, "held-out instances": held_out,
            "SHA-256": digest,
        }  # fmt: skip

    @property
    def readings(self) -> list[str]:
        return [block.content for block in self.blocks if block.kind == "reading"]

    def text(self) -> str:
        """The report for a terminal: readings, tables and short pieces of code, under their sections."""
        parts, section = [f"{self.title}\n{self.source}"], None
        for block in self.blocks:
            if block.kind == "section":
                section = block.content
                continue
            if block.kind == "reading":
                text = f"  {plain(block.content)}"
            elif block.kind == "table":
                text = block.content.text()
            elif block.kind == "code" and block.content.count("\n") < SHORT:
                text = textwrap.indent(f"{plain(block.caption)}\n{block.content}".strip(), "  ")
            else:
                continue
            parts += [section, text] if section else [text]
            section = None
        return "\n\n".join(parts)

    def provenance(self) -> dict[str, str]:
        """How this report came about, as {what: text}."""
        blas = sorted({f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info() if pool["version"]})
        versions = [f"{name} {version(name)}" for name in PACKAGES]
        return {
            **({"Command": self.command} if self.command else {}),
            **({} if self.seed is None else {"Seed": str(self.seed)}),
            "Seconds": f"{time.perf_counter() - self.started:.1f}",
            "Versions": ", ".join([f"scalar-to-tensor {version('scalar-to-tensor')}", *versions, *blas]),
            "Python": f"{platform.python_version()}, {platform.system()} {platform.machine()}",
        }

    def write(self, folder: str | PathLike[str]) -> list[Path]:
        """Write everything into a folder; returns the paths, the page first. Raises OSError if it cannot."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / "report.html"
        paths, blocks = [page], []
        for block in self.blocks:
            if block.kind == "figure":
                paths += [save(block.content, folder / f"{block.name}.{suffix}") for suffix in ("png", "pdf")]
                blocks.append({**vars(block), "svg": Markup(recoloured(inline_svg(svg_of(block.content), block.name)))})
            elif block.kind == "picture":
                paths += [block.content.write(folder / f"{block.name}.{suffix}") for suffix in ("png", "pdf")]
                svg = block.content.pipe(format="svg").decode()
                blocks.append({**vars(block), "svg": Markup(inline_svg(svg, block.name))})
            elif block.kind == "table":
                paths += block.content.write(folder)
                blocks.append(vars(block))
            else:
                blocks.append(vars(block))
        paths += [write_file(folder / name, content) for name, content in self.files.items()]
        provenance = self.provenance()
        paths.append(folder / "numbers.json")
        tables = {block.name: block.content.records() for block in self.blocks if block.kind == "table"}
        numbers = {"provenance": provenance, "data": self.data, "tables": tables, "numbers": self.numbers}
        write_whole(paths[-1], json.dumps(as_json(numbers), indent=1, allow_nan=False) + "\n")
        html = environment().get_template(TEMPLATE).render(
            report=self, blocks=blocks, provenance=provenance, data=list(self.data.values()), palette=palette()
        )  # fmt: skip
        write_whole(page, html)
        return paths


def command_line(name: str, arguments: list[str] | None) -> str:
    """The command that a script was called with: `arguments`, or Python's own when None."""
    words = sys.argv[1:] if arguments is None else arguments
    return " ".join(["python -m walkthroughs", name, *map(readable, words)])


def readable(word: str) -> str:
    """A word of a command line in UTF-8, whatever the locale took its bytes for."""
    return os.fsencode(word).decode(errors="backslashreplace")


NAME = re.compile(r"\w([\w. -]*\w)?")


def plain_name(name: str) -> str:
    """The name of a file beside the page. Raises ValueError if it leads elsewhere or says more than a name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"a report's files need names of letters, digits, spaces and ._-, and not {name!r}")
    return name


def environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    found.filters.update(marked_up=marked_up, mathml=mathml)
    return found


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def as_json(value: Any) -> Any:
    """A value as JSON has it: NumPy's numbers and arrays as plain ones, and None for a number that is not finite."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=150, metadata={"CreationDate": None} if path.suffix == ".pdf" else None)
    return path


def svg_of(figure: Any) -> str:
    """A figure as SVG text, without a background of its own."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return stream.getvalue()


def inline_svg(svg: str, name: str) -> str:
    """SVG text for a page, with ids that no other figure has."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    return svg.replace("url(#", f"url(#{name}-")


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
