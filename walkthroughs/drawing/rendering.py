"""A `graphviz.Digraph` that comes out on every machine: by its `dot`, or by the Graphviz that pygraphviz carries.

What it shows is decided elsewhere; here is how it becomes bytes and files.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import graphviz

from walkthroughs.drawing.fonts import fonts_for
from walkthroughs.drawing.operands import placed
from walkthroughs.drawing.sketch import EDGES, NODES, Sketch

BITMAPS = {"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"}  # what has dots an inch
DRAWN = {"pdf", "ps", "eps"}  # what has letters as shapes
FOREIGN = re.compile("[\u0590-\u1fff\u2e80-\ufaff\ufe70-\uffee\U00010000-\U000fffff]")  # scripts beyond Europe's, emoji
UNUSABLE = (graphviz.ExecutableNotFound, graphviz.CalledProcessError, OSError)  # what a missing or broken dot raises
OF_DOT = {"renderer", "formatter", "neato_no_op", "engine", "raise_if_result_exists", "overwrite_source"}
NO_GRAPHVIZ = "draw: pictures need Graphviz: pip install pygraphviz, or install it from https://graphviz.org/download"


class Drawing(graphviz.Digraph):
    """A Digraph that renders with the machine's `dot` if there is one that works, and else with pygraphviz's Graphviz.

    In its SVG the i-th node in topological order has the id n{i}, its operator n{i}_op, the arrow from its k-th input
    {tail}-n{i}_op-{k}, and each box an id that `boxes` explains.

    boxes       {id: (group, how many nodes are folded into it)}
    titles      {id: lines} of what each node is called in the picture; no lines where it has no label
    dpi         dots an inch of PNG and other bitmaps
    """

    boxes: dict[str, tuple[str, int]]
    titles: dict[str, list[str]]
    dpi: int = 200

    @classmethod
    def of(cls, sketch: Sketch) -> "Drawing":
        styles = {"graph_attr": sketch.graph_attr, "node_attr": NODES, "edge_attr": EDGES}
        drawing = cls("graph", format="svg", body=sketch.body, **styles)
        drawing.boxes, drawing.titles = sketch.boxes, sketch.titles
        return drawing

    def pipe(self, format: str | None = None, **options: Any) -> Any:
        """The picture as bytes, or as text in `encoding`; notebooks call this to show it. Options as in graphviz.

        Raises RuntimeError if neither Graphviz can draw.
        """
        format = format or self.format
        self.resolve(format)
        if format in BITMAPS | DRAWN and (foreign := "".join(FOREIGN.findall(self.source))):
            fonts_for(foreign, "draw", graphviz=True)
        if self.engine != "dot" or any(options.get(name) for name in OF_DOT) or "headlabel=" not in self.source:
            return rendered(super().pipe, self.source, format, self.engine, options)
        laid_out = placed(rendered(super().pipe, self.source, "dot", "dot", options | {"encoding": "utf-8"}))
        again = graphviz.Source(laid_out, engine="neato").pipe
        return rendered(again, laid_out, format, "nop2", options | {"neato_no_op": 2})

    def render(self, filename: Any = None, **options: Any) -> str:
        """Write the source to a file and the picture beside it, or to `outfile`; returns its path. As in graphviz."""
        outfile = None if options.get("outfile") is None else Path(self.directory, options["outfile"])
        format = options.get("format") or (outfile and outfile.suffix[1:].lower()) or self.format
        if any(options.get(name) for name in OF_DOT):
            self.resolve(format)
            return super().render(filename, **options)
        filename = filename or (outfile and outfile.with_suffix(".gv"))
        picture = self.pipe(format, quiet=options.get("quiet", False))
        source = Path(self.save(filename, directory=options.get("directory")))
        path = outfile or source.with_name(f"{source.name}.{format}")
        path.write_bytes(picture)
        if options.get("cleanup"):
            source.unlink()
        if options.get("view") or options.get("quiet_view"):
            graphviz.view(path, quiet=bool(options.get("quiet_view")))
        return str(path)

    def write(self, path: str | PathLike[str]) -> Path:
        """Write the picture to `path`, in the format that its suffix names (svg, png, pdf, ...); returns the path."""
        path = Path(path)
        path.write_bytes(self.pipe(path.suffix[1:].lower() or "svg"))
        return path

    def resolve(self, format: str) -> None:
        """Say how many dots an inch has, where there are any: others would be stretched."""
        self.graph_attr.pop("dpi", None)
        if format in BITMAPS:
            self.graph_attr["dpi"] = str(self.dpi)


def rendered(pipe: Callable[..., Any], source: str, format: str, prog: str, options: dict[str, Any]) -> Any:
    """pipe(format, **options), and where the machine's Graphviz does not work, the same by pygraphviz's `prog`."""
    said: object = "nothing"
    try:
        data = pipe(format, **options)
        if data:
            return data
    except UNUSABLE as error:
        said = error
    data = rendered_by_pygraphviz(source, format, prog, said)
    return data.decode(options["encoding"]) if options.get("encoding") else data


def rendered_by_pygraphviz(source: str, format: str, prog: str, dot_said: object) -> bytes:
    """The picture as bytes, made in a process of its own, as by `dot`: the C library prints warnings as it likes."""
    if find_spec("pygraphviz") is None:
        raise RuntimeError(f"{NO_GRAPHVIZ} (dot said: {dot_said})")
    program = (
        "import sys, pygraphviz; graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); "
        "sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog=sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, format, prog]
    process = subprocess.run(command, input=source.encode(), capture_output=True)
    if process.returncode or not process.stdout:
        said = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"neither dot ({dot_said}) nor pygraphviz ({said}) could draw this as {format!r}")
    return process.stdout
