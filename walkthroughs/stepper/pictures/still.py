"""The picture that a stepper leaves where frames are taken away, as on GitHub: of the graph, or of the losses."""

import io
from base64 import b64encode
from html import escape
from typing import Any

from walkthroughs.drawing.picture import draw

DPI, READABLE = 72, 200  # dots an inch, and nodes: enough for a screen, and a notebook holds it beside the page


def still(stepper: Any) -> str:
    """`<img>` of what a Stepper or a Pair steps through; a line of text where that cannot be drawn."""
    return "".join(map(picture, getattr(stepper, "steppers", [stepper])))


def picture(stepper: Any) -> str:
    title = escape(repr(stepper), quote=True).replace("'", "&#39;")
    try:
        content = graph(stepper.trace) if stepper.trace else losses(stepper.recording)
    except (RuntimeError, ValueError):  # no Graphviz, or too large to be read
        return f"<p>{title}</p>"
    data = b64encode(content).decode()
    return f"<img alt='{title}' src='data:image/png;base64,{data}' style='max-width: 100%; max-height: 100%'>"


def graph(trace: Any) -> bytes:
    return draw(trace.root, gradients=trace.gradients, dpi=DPI, largest=READABLE).pipe(format="png")


def losses(recording: Any) -> bytes:
    from matplotlib.figure import Figure

    figure, content = Figure(figsize=(6, 3), layout="constrained"), io.BytesIO()
    axes = figure.subplots()
    axes.plot(recording.steps, recording.losses)
    axes.set(xlabel="step", ylabel="loss")
    figure.savefig(content, dpi=DPI)
    return content.getvalue()
