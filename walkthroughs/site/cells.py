"""Cells, as in a notebook: prose, and Python with what it gives, run as the page is made or saved in a notebook."""

import ast
import io
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from walkthroughs.grow import examples
from walkthroughs.site.pages import markdown, plain, python

FACES = {  # in the order of what is rather shown
    "text/html": "_repr_html_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
}


def notebook_html(path: Path) -> str:
    """A notebook as it was saved: prose, Python, and what it gave."""
    pieces = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        pieces.append(markdown(source) if cell["cell_type"] == "markdown" else python(source))
        for output in cell.get("outputs", []):
            bundle = {kind: "".join(text) for kind, text in output.get("data", {}).items()}
            pieces.append(shown(bundle or {"text/plain": "".join(output["text"])}))
    return "\n".join(pieces)


def run_html(block: str, namespace: dict[str, Any]) -> str:
    """Python with what it gives beneath each statement that prints or gives something.

    Raises ValueError if a number that stands beside an expression is not what it gives.
    """
    written, statements = block.splitlines(keepends=True), ast.parse(block).body
    starts = [0, *(statement.lineno - 1 for statement in statements[1:]), len(written)]
    printed, pieces, waiting = io.StringIO(), [], ""
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        lines = examples.lines(block, namespace)
        for i, line in enumerate(lines):
            if not line.right:
                raise ValueError(f"{line.source} gives {line.found}, and {', '.join(line.said)} stands beside it")
            waiting += "".join(written[starts[i] : starts[i + 1]])
            said = printed.getvalue()
            printed.seek(0)
            printed.truncate()
            if said or line.result is not None:
                pieces += [python(waiting.strip("\n")), *([shown({"text/plain": said})] if said else [])]
                pieces += [shown(bundle_of(line.result))] if line.result is not None else []
                waiting = ""
    return "\n".join([*pieces, python(waiting.strip("\n"))] if waiting.strip() else pieces)


def bundle_of(result: Any) -> dict[str, Any]:
    """What a notebook would be given of an object: {kind: text or bytes}."""
    bundle = {kind: getattr(result, name)() for kind, name in FACES.items() if hasattr(result, name)}
    if hasattr(result, "_repr_mimebundle_"):
        bundle |= result._repr_mimebundle_()
    return {kind: text for kind, text in bundle.items() if text} | {"text/plain": repr(result)}


def shown(bundle: dict[str, Any]) -> str:
    """The richest of what a bundle has, as HTML."""
    kind = next((kind for kind in FACES if kind in bundle), "text/plain")
    content = bundle[kind]
    if kind == "image/png":
        source = content if isinstance(content, str) else b64encode(content).decode()
        html = f'<img alt="a picture that the code above has drawn" src="data:image/png;base64,{source.strip()}">'
    elif kind == "image/svg+xml":
        html = f'<div class="graph" tabindex="0">{content[content.index("<svg") :]}</div>'
    elif kind in ("text/markdown", "text/latex"):
        html = markdown(content.replace(r"$\displaystyle ", "$"))
    else:
        html = content if kind == "text/html" else plain(content)
    return f'<div class="output">{html}</div>'


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Work in a folder, and go back: the examples write files into where they are run."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
