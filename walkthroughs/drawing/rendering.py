"""A `graphviz.Digraph` that comes out on every machine: by its `dot`, or by the Graphviz that pygraphviz carries.

What it shows is decided elsewhere; here is how it becomes bytes and files.
"""

import subprocess
import sys
from os import PathLike
from pathlib import Path
from typing import Any

import graphviz


class Drawing(graphviz.Digraph):
    """A Digraph that renders with the machine's `dot` if there is one, and else with the Graphviz in pygraphviz.

    In its SVG the i-th node in topological order has the id n{i}, its operator n{i}_op, the arrow from its k-th input
    {tail}-n{i}_op-{k}, and each box an id that `boxes` explains.

    boxes       {id: (group, how many nodes are folded into it)}
    titles      {id: lines} of what each node is called in the picture; no lines where it has no label
    """

    boxes: dict[str, tuple[str, int]]
    titles: dict[str, list[str]]

    def pipe(self, format: str | None = None, **options: Any) -> Any:
        """The picture as bytes, or as text in `encoding`; notebooks call this to show it. Options as in graphviz."""
        try:
            return super().pipe(format, **options)
        except graphviz.ExecutableNotFound:
            data = rendered_by_pygraphviz(self.source, format or self.format)
            return data.decode(options["encoding"]) if options.get("encoding") else data

    def render(self, filename: Any = None, **options: Any) -> str:
        """Write the source to `filename` and the picture beside it; returns its path. Options as in graphviz."""
        try:
            return super().render(filename, **options)
        except graphviz.ExecutableNotFound:
            source = Path(self.save(filename, directory=options.get("directory")))
            picture = self.write(source.with_name(f"{source.name}.{options.get('format') or self.format}"))
            if options.get("cleanup"):
                source.unlink()
            return str(picture)

    def write(self, path: str | PathLike[str]) -> Path:
        """Write the picture to `path`, in the format that its suffix names (svg, png, pdf, ...); returns the path."""
        path = Path(path)
        path.write_bytes(self.pipe(path.suffix[1:].lower() or "svg"))
        return path


def rendered_by_pygraphviz(source: str, format: str) -> bytes:
    """The picture as bytes, made in a process of its own, as by `dot`: the C library prints warnings as it likes."""
    program = (
        "import sys, pygraphviz; graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); "
        "sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog='dot'))"
    )
    process = subprocess.run([sys.executable, "-c", program, format], input=source.encode(), capture_output=True)
    if process.returncode:
        raise RuntimeError(f"neither dot nor pygraphviz could draw:\n{process.stderr.decode(errors='replace')}")
    return process.stdout
