"""The page of a watched run: one file of HTML, opened from disk.

While the run goes on, a script beside it brings new data, which the page puts in again and again: browsers let a page
from disk read no other file. At the end the data is in the page, and the script is gone.
"""

import json
import time
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from ..keeping.files import as_json, write_whole
from .diagnoses import findings
from .record import Record

HERE = resources.files(__package__).joinpath("browser")
POINTS = 400  # of the curve of the batches' losses


class Page:
    """The page `path`, and its script while the run goes on."""

    def __init__(self, path: Path, title: str) -> None:
        self.path, self.title = path, title
        self.script = path.with_suffix(".js")
        self.written = 0.0

    def update(self, record: Record) -> None:
        """Write the script with what there is, and the page that follows it before the first."""
        data = markup_free(data_of(record, self.title, "running"))
        write_whole(self.script, f"show({data});\n")
        if not self.written:
            write_whole(self.path, rendered(self.title, "null", self.script.name))
        self.written = time.perf_counter()

    def end(self, record: Record, state: str) -> None:
        """Write the page that stands alone."""
        write_whole(self.path, rendered(self.title, markup_free(data_of(record, self.title, state)), ""))
        self.script.unlink(missing_ok=True)


def rendered(title: str, data: str, script: str) -> str:
    texts = {name: HERE.joinpath(f"health.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(texts["html"])
    return template.render(title=title, style=texts["css"], code=texts["js"], data=data, script=script)


def data_of(record: Record, title: str, state: str) -> dict[str, Any]:
    """The record as plain data: of the batches' losses means, so that there are at most POINTS."""
    width = max(1, -(-len(record.losses) // POINTS))
    parts = [record.losses[i : i + width] for i in range(0, len(record.losses), width)]
    batches = [
        [min(i * width + width, len(record.losses)) / record.per_epoch, sum(p) / len(p)] for i, p in enumerate(parts)
    ]
    low, high, _ = record.inputs
    return {
        "title": title, "state": state, "heldOut": record.held_out, "loss": record.loss, "batches": batches,
        "epochs": [asdict(epoch) for epoch in record.epochs], "looks": record.looks, "tiles": record.tiles,
        "inputs": [low, high], "findings": [asdict(finding) for finding in findings(record)],
    }  # fmt: skip


def markup_free(data: Any) -> str:
    """JSON in which nothing can end a script, whatever a label contains."""
    text = json.dumps(rounded(as_json(data)), allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def rounded(value: Any) -> Any:
    """Data with floats of five digits: a page needs no more."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
