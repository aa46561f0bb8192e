"""step(root): a graph that Python has just made, to be stepped through on a page, in a terminal, or in a notebook."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from scalar_engine import Node
from walkthroughs.drawing.roots import roots_of

from .listing import listing, listing_of_training
from .page import graph_page
from .recording import Recording
from .trace import Trace
from .training_page import training_page


def step(what: Node | Recording, title: str = "") -> Stepper:
    """The `Stepper` of the graph behind a node of either engine, or of a `Recording` of training.

    Nothing is stored in the graph, and it need not have had a backward pass. Raises RuntimeError if a pass has released
    it, ValueError if data was changed since it was made, what the pass raises where a derivative does not exist, and
    TypeError for anything else than a node.

    >>> from scalar_engine import Value
    >>> x = Value(3.0, "x")
    >>> step((x * x).named("y"))
    <Stepper: y, step by step, 4 steps>
    """
    if isinstance(what, Recording):
        return Stepper(None, what, title or "Training, step by step")
    root, *others = roots_of(what, "step", "a Value, a Tensor or a Recording")
    if others:
        raise TypeError("step: takes one root: of several their sum, say, or two beside each other: beside(a, b)")
    trace = Trace(root)
    return Stepper(trace, None, title or f"{trace.names[root]}, step by step")


class Stepper:
    """Something to step through: `.save(path)` for a page, `.text()` for a listing; a notebook shows it as it is.

    trace       of both passes of a graph; None if it is of training
    recording   of training; None if it is of a graph
    """

    def __init__(self, trace: Any, recording: Any, title: str) -> None:
        self.trace = trace
        self.recording = recording
        self.title = title

    @cached_property
    def html(self) -> str:
        """The page, as text."""
        if self.trace:
            return graph_page(self.trace, self.title)
        return training_page(self.recording, self.title)

    def text(self) -> str:
        """Every frame as text, a line each: the same text for the same numbers."""
        return listing(self.trace) if self.trace else listing_of_training(self.recording)

    def run(self) -> None:
        """Step in the terminal; where there is none (a pipe), print the text."""
        if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
            encoding = sys.stdout.encoding or "utf-8"  # a pipe may have no σ, and shows the rest
            print(self.text().encode(encoding, "backslashreplace").decode(encoding))
            return
        from .terminal import app, graph, training  # Textual takes a quarter of a second, which a page should not cost

        if self.trace:
            app.run(graph.GraphSteps(self.trace, self.title))
        else:
            app.run(training.TrainingSteps(self.recording, self.title))

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page, one file that needs no other, to `path`; returns the path."""
        path = Path(path)
        path.write_bytes(self.html.encode("utf-8", "xmlcharrefreplace"))
        return path

    def animate(self, path: str | PathLike[str], seconds: float = 1.0, dpi: int = 72, progress: bool = True) -> Path:
        """Write a GIF (or .mp4 or .webm, by ffmpeg) with a picture of `seconds` for every step; returns the path.

        Raises ValueError for another kind of file, without its folder or ffmpeg, and for a graph too large to read;
        TypeError for a recording.
        """
        return self._film().animate(self.trace, path, seconds, dpi, progress)

    def slides(self, path: str | PathLike[str], progress: bool = True) -> Path:
        """Write a PDF with a page for every step; returns the path. Raises as `animate` does."""
        return self._film().slides(self.trace, path, progress)

    def _film(self) -> Any:
        if self.trace is None:
            raise TypeError("a recording of training has no graph to be animated: step(loss)")
        from .pictures import film  # matplotlib takes half a second, which a page should not cost

        return film

    def _repr_html_(self) -> str:
        """A frame of its own, so that two steppers in a notebook share neither names nor styles; it covers a picture,
        which is left where frames are taken away."""
        from .pictures.still import still

        page = self.html.replace("&", "&amp;").replace("'", "&#39;")
        around = "position: relative; height: 760px; overflow: hidden"
        style = "position: absolute; left: 0; top: 0; width: 100%; height: 100%; border: 1px solid #8888"
        frame = (
            f"<iframe srcdoc='{page}' sandbox='allow-scripts allow-downloads' style='{style}' title='stepper'></iframe>"
        )
        return f"<div style='{around}'>{still(self)}{frame}</div>"

    def __repr__(self) -> str:
        frames = self.trace.frames if self.trace else self.recording.losses
        return f"<Stepper: {self.title}, {len(frames)} steps>"
