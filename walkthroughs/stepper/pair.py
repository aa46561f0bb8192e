"""Two graphs beside each other: before and after an update, a student's and the key's, x * x against x ** 2."""

from __future__ import annotations

import html
from functools import cached_property

from scalar_engine import Node
from walkthroughs.drawing.palette import palette

from .page import filled
from .stepper import Stepper, step


def beside(a: Node, b: Node, title: str = "", names: tuple[str, str] = ("first", "second")) -> Pair:
    """Two graphs that are stepped through together, and marked where their numbers differ.

    Steps and nodes of one name belong together. Raises what `step` raises.

    >>> from scalar_engine import Value
    >>> x = Value(3.0, "x")
    >>> print(beside((x * x).named("y"), (x**2).named("y")).text())
    nodes that differ: none
    """
    steppers = [step(root, name) for root, name in zip((a, b), names)]
    return Pair(steppers, title or f"{names[0]} and {names[1]}, step by step")


class Pair:
    """Two `Stepper`s: `.save(path)` for a page, `.text()` for the differences; a notebook shows it as it is."""

    def __init__(self, steppers: list[Stepper], title: str) -> None:
        self.steppers = steppers
        self.title = title

    @cached_property
    def html(self) -> str:
        """The page, as text."""
        pages = [(html.escape(stepper.title), html.escape(stepper.html)) for stepper in self.steppers]
        frames = "\n".join(f'  <iframe srcdoc="{page}" title="{title}"></iframe>' for title, page in pages)
        return filled("pair.html", title=html.escape(self.title), palette=palette(), frames=frames)

    def text(self) -> str:
        """The nodes of one name that differ in value or gradient, and those that only one has, a line each."""
        first, second = (dict(numbers(stepper)) for stepper in self.steppers)
        a, b = (stepper.title for stepper in self.steppers)
        named = [
            [whole_name(stepper.trace, node) for node in stepper.trace.nodes if node.label] for stepper in self.steppers
        ]
        lines = [
            f"  {name}: {a} {line}; {b} {second[name]}"
            for name, line in first.items()
            if second.get(name, line) != line
        ]
        lines += [f"  {name}: only in {a}" for name in named[0] if name not in second]
        lines += [f"  {name}: only in {b}" for name in named[1] if name not in first]
        return "\n".join(["nodes that differ:", *lines]) if lines else "nodes that differ: none"

    save = Stepper.save
    _repr_html_ = Stepper._repr_html_

    def __repr__(self) -> str:
        return f"<Pair: {self.title}>"


def numbers(stepper):
    """Pairs of a node's name, and its value and gradient in writing."""
    trace = stepper.trace
    gradients = trace.gradients
    for node in trace.nodes:
        gradient = f", gradient {node.brief(gradients[node])}" if node in gradients else ""
        yield whole_name(trace, node), f"{node.brief(node.data)}{gradient}"


def whole_name(trace, node):
    """What a node is called, or its label, where that is cut in the middle: two graphs may agree in both ends."""
    name = trace.names[node]
    return node.label if node.label and "…" in name else name
