"""Reports: what a walkthrough found, as a page to read and as files to hand in.

A report is written into a folder: report.html, which needs nothing beside it, report.tex, which needs the figures,
every figure as PNG and PDF, every table as LaTeX and CSV, and all numbers as JSON.
"""

import json
import os
import platform
import re
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from markupsafe import Markup
from threadpoolctl import threadpool_info

from models.keeping.files import as_json, write_whole
from walkthroughs.drawing.palette import palette
from walkthroughs.markup import marked_up, mathml, plain
from walkthroughs.reports.document import document
from walkthroughs.reports.saving import inline_svg, laid_out, recoloured, save, svg_of, write_columns, write_file
from walkthroughs.reports.tables import Table

SHORT = 12  # lines of code: a terminal shows no more
LONG = 4  # sections: a page that has more begins with a list of them
TEMPLATE = "report.html.j2"
PACKAGES = "scalar-to-tensor", "numpy", "matplotlib", "joblib"


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
    notice          what a reader has to know first, at the top: "" if there is nothing
    links           {target: address} for [words](target) in prose; where the address is a command, it makes the page
    around          a sentence on what comes before and after the page, with links
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
    notice: str = ""
    links: dict[str, str] = field(default_factory=dict)
    around: str = ""
    taken: set[str] = field(default_factory=lambda: {"report.html", "report.tex", "report.pdf", "numbers.json"})
    started: float = field(default_factory=time.perf_counter)

    def section(self, title: str) -> None:
        self.blocks.append(Block("section", title))

    def prose(self, text: str) -> None:
        """Paragraphs, a blank line between them; `code` between backticks, LaTeX between dollars."""
        self.blocks.append(Block("prose", text))

    def reading(self, text: str) -> None:
        """What the numbers say: sentences made from them by a function, the first with a capital letter."""
        self.blocks.append(Block("reading", text[:1].upper() + text[1:]))

    def code(self, text: str, caption: str = "") -> None:
        """Source or output, as it stands."""
        self.blocks.append(Block("code", text, caption=caption))

    def math(self, latex: str, caption: str = "") -> None:
        """A formula on lines of its own: LaTeX, as in an align* environment. Raises ValueError if it cannot be set."""
        mathml(latex, "block")  # who cannot have it should not hear of it when all work is done
        self.blocks.append(Block("math", latex, caption=caption))

    def figure(self, name: str, figure: Any, caption: str) -> None:
        """A matplotlib Figure. `name` is that of its files."""
        self.take(plain_name(name), ".png", ".pdf")
        self.blocks.append(Block("figure", figure, name, caption))

    def picture(self, name: str, graph: Any, caption: str) -> None:
        """A picture of a graph (walkthroughs.draw)."""
        self.take(plain_name(name), ".png", ".pdf")
        self.blocks.append(Block("picture", graph, name, caption))

    def table(self, name: str, caption: str, columns: dict[str, str], rows: list[Any]) -> None:
        """A Table, which explains the arguments."""
        self.take(plain_name(name), ".tex", ".csv")
        self.blocks.append(Block("table", Table(name, caption, columns, rows), name, caption))

    def columns(self, name: str, columns: dict[str, Any]) -> None:
        """Long columns of numbers for a file NAME.csv, {header: sequence}, which the page does not show."""
        self.file(f"{name}.csv", lambda path: write_columns(path, columns))

    def file(self, name: str, content: str | Callable[[Path], object]) -> None:
        """A file beside the page: its text, or a function that writes it to a path, such as `Stepper.save`."""
        for part in name.split("/"):
            plain_name(part)
        self.take(name, "")
        self.files[name] = content

    def take(self, name: str, *suffixes: str) -> None:
        """Keep names of files for what is added: raises ValueError if one is taken, before the first is overwritten."""
        names = {f"{name}{suffix}" for suffix in suffixes}
        if names & self.taken:
            raise ValueError(f"the report has a {min(names & self.taken)} already: give one of the two another name")
        self.taken |= names

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
        if self.notice:
            parts.append(noticed(self.notice))
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
        """How this report came about, as {what: text}; nothing if nobody is to know."""
        if not self.command:
            return {}
        blas = sorted({f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info() if pool["version"]})
        return {
            "Command": self.command,
            **({} if self.seed is None else {"Seed": str(self.seed)}),
            "Seconds": f"{time.perf_counter() - self.started:.1f}",
            "Versions": ", ".join([*map(version_of, PACKAGES), *blas]),
            "Python": f"{platform.python_version()}, {platform.system()} {platform.machine()}",
        }

    def made(self, provenance: dict[str, str]) -> list[tuple[str, str]]:
        """The provenance and the data, for a reader."""
        of_data = []
        for one in self.data.values():
            held_out = f" and {one['held out']:,} {one['held-out instances']}" if one["held out"] else ""
            sizes = f"{one['training']:,} training{held_out} instances"
            of_data.append(("Data", f"{one['data']}: {sizes}; SHA-256 of the arrays {one['SHA-256']}"))
        return [*provenance.items(), *of_data] if provenance else []

    def write(self, folder: str | PathLike[str]) -> list[Path]:
        """Write everything into a folder; returns the paths, the page first. Raises OSError if it cannot."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        page, source = folder / "report.html", folder / "report.tex"
        paths, pictures = [page, source], {}
        for i, block in enumerate(self.blocks):
            words = plain(block.caption)
            if block.kind == "figure":
                with laid_out(block.content):
                    paths += [save(block.content, folder / f"{block.name}.{suffix}") for suffix in ("png", "pdf")]
                    pictures[i] = recoloured(inline_svg(svg_of(block.content), f"f{i}", words))
            elif block.kind == "picture":
                paths += [block.content.write(folder / f"{block.name}.{suffix}") for suffix in ("png", "pdf")]
                pictures[i] = inline_svg(block.content.pipe(format="svg").decode(), f"f{i}", words)
            elif block.kind == "table":
                paths += block.content.write(folder)
        paths += [write_file(folder / name, content) for name, content in self.files.items()]
        provenance = self.provenance()
        paths.append(folder / "numbers.json")
        tables = {block.name: block.content.records() for block in self.blocks if block.kind == "table"}
        numbers = {
            "provenance": provenance,
            "data": self.data,
            "tables": tables,
            "numbers": self.numbers,
            "failures": self.failures,
        }
        write_whole(paths[-1], json.dumps(as_json(numbers), indent=1, allow_nan=False) + "\n")
        made = self.made(provenance)
        write_whole(page, self.page(pictures, made))
        write_whole(source, document(self, made))
        return paths

    def page(self, pictures: Mapping[int, str] = MappingProxyType({}), made: Sequence[tuple[str, str]] = ()) -> str:
        """The page by itself: SVG of the blocks that are `pictures`, by their places, and how it was made."""
        blocks = [
            {**vars(block), "svg": Markup(pictures.get(i, "")), "id": f"part-{i}"}
            for i, block in enumerate(self.blocks)
        ]
        contents = [block for block in blocks if block["kind"] == "section"]
        return environment(self.links).get_template(TEMPLATE).render(
            report=self, blocks=blocks, made=made, palette=palette(),
            contents=contents if len(contents) > LONG else [], beside=[n for n in self.files if n.endswith(".html")],
        )  # fmt: skip


def noticed(notice: str) -> str:
    """A notice for a terminal."""
    return textwrap.fill(plain(notice), 100)


def command_line(name: str, arguments: list[str] | None) -> str:
    """The command that a script was called with: `arguments`, or Python's own when None."""
    words = sys.argv[1:] if arguments is None else arguments
    return " ".join(["python -m walkthroughs", name, *map(readable, words)])


def readable(word: str) -> str:
    """A word of a command line in UTF-8, whatever the locale took its bytes for."""
    return os.fsencode(word).decode(errors="backslashreplace")


NAME = re.compile(r"\w([\w. ()-]*[\w)])?")


def plain_name(name: str) -> str:
    """The name of a file beside the page. Raises ValueError if it leads elsewhere or says more than a name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"a report's files need names of letters, digits, spaces and ._-(), and not {name!r}")
    return name


def version_of(package: str) -> str:
    """A package and its version; of a clone that is not installed nobody knows it."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


def environment(links: dict[str, str]) -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    shown = {target: link_to(address) for target, address in links.items()}
    found.filters.update(marked_up=lambda text: marked_up(text, shown), mathml=mathml)
    return found


def link_to(address: str) -> Markup:
    """What is shown for a link, with {} for its words: where there is no page yet, the command that makes it."""
    if " " in address:
        return Markup("{{}} (<code>{}</code>)").format(address)
    return Markup('<a href="{}">{{}}</a>').format(address)
