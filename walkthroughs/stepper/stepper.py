"""step(root): a graph that Python has just made, to be stepped through on a page, in a terminal, or in a notebook."""

import html
from functools import cached_property
from pathlib import Path

from .page import data_of, page
from .trace import Trace


def step(root):
    """The `Stepper` of the graph behind `root`, a node of either engine.

    Nothing is stored in the graph, and it need not have had a backward pass. Raises RuntimeError if a pass has released
    it, and what the pass raises where a derivative does not exist.
    """
    return Stepper(Trace(root))


class Stepper:
    """Both passes of a graph, frame by frame: `.save(path)` for a page, `.text()` for a listing; a notebook shows it."""

    def __init__(self, trace):
        self.trace = trace

    @cached_property
    def html(self):
        """The page, as text."""
        return page({"graph": data_of(self.trace)}, f"{self.trace.names[self.trace.root]}, step by step")

    def save(self, path):
        """Write the page, one file that needs no other, to `path`; returns the path."""
        path = Path(path)
        path.write_bytes(self.html.encode("utf-8", "xmlcharrefreplace"))
        return path

    def _repr_html_(self):
        frame = html.escape(self.html, quote=True)
        return (
            f'<iframe srcdoc="{frame}" sandbox="allow-scripts" style="width: 100%; height: 760px; border: 1px solid #8888" '
            f'title="stepper"></iframe>'
        )
