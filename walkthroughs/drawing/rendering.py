"""A `graphviz.Digraph` that comes out on every machine: by its `dot`, or by the Graphviz that pygraphviz carries.

What it shows is decided elsewhere; here is how it becomes bytes and files.
"""

import subprocess
import sys
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import graphviz

from walkthroughs.drawing.sketch import EDGES, NODES, Sketch

BITMAPS = {"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"}  # what has dots an inch
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
        self.resolve(format or self.format)
        said: object = "nothing"
        try:
            data = super().pipe(format, **options)
            if data:
                return data
        except UNUSABLE as error:
            said = error
        data = rendered_by_pygraphviz(self.source, format or self.format, said)
        return data.decode(options["encoding"]) if options.get("encoding") else data

    def render(self, filename: Any = None, **options: Any) -> str:
        """Write the source to a file and the picture beside it, or to `outfile`; returns its path. As in graphviz."""
        outfile = None if options.get("outfile") is None else Path(self.directory, options["outfile"])
        format = options.get("format") or (outfile and outfile.suffix[1:].lower()) or self.format
        self.resolve(format)
        try:
            picture = super().render(filename, **options)
            if Path(picture).stat().st_size:
                return picture
        except UNUSABLE:
            if any(options.get(name) for name in OF_DOT):
                raise
        filename = filename or (outfile and outfile.with_suffix(".gv"))
        source = Path(self.save(filename, directory=options.get("directory")))
        picture = outfile or source.with_name(f"{source.name}.{format}")
        picture.write_bytes(self.pipe(format))
        if options.get("cleanup"):
            source.unlink()
        if options.get("view") or options.get("quiet_view"):
            graphviz.view(picture, quiet=bool(options.get("quiet_view")))
        return str(picture)

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


def rendered_by_pygraphviz(source: str, format: str, dot_said: object) -> bytes:
    """The picture as bytes, made in a process of its own, as by `dot`: the C library prints warnings as it likes."""
    if find_spec("pygraphviz") is None:
        raise RuntimeError(f"{NO_GRAPHVIZ} (dot said: {dot_said})")
    program = (
        "import sys, pygraphviz; graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); "
        "sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog='dot'))"
    )
    process = subprocess.run([sys.executable, "-c", program, format], input=source.encode(), capture_output=True)
    if process.returncode or not process.stdout:
        said = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"neither dot ({dot_said}) nor pygraphviz ({said}) could draw this as {format!r}")
    return process.stdout
