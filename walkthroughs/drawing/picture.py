"""A picture of a computation graph, of either engine, as a `graphviz.Digraph`: `draw(root)`.

What it shows: sketch.py. How it becomes a file: rendering.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scalar_engine import Node
from walkthroughs.drawing.rendering import Drawing
from walkthroughs.drawing.roots import roots_of
from walkthroughs.drawing.sketch import DIRECTIONS, LARGEST, sketch


def draw(
    root: Node | Iterable[Node],
    fold: bool | None = None,
    open: str | Iterable[str] = (),
    gradients: Mapping[Node, Any] | None = None,
    largest: int = LARGEST,
    blank: bool = False,
    *,
    direction: str = "down",
    dpi: int = 200,
) -> Drawing:
    """The graph behind a node, or behind several, as a Drawing: a notebook shows it; `.write("graph.svg")` for a file.

    root        a Value or a Tensor, or several
    fold        True folds every group into one node, False folds none; None folds if there are more than 200 nodes
    open        a group, such as "layer1/neuron2", or several, to leave open when the others are folded
    gradients   a dict {node: gradient} to show instead of what the nodes' `.grad` holds
    largest     how many nodes may be shown
    blank       True leaves what is computed blank, values and gradients: a picture to fill in
    direction   "down" or "right": where the inputs' arrows lead
    dpi         dots an inch, of PNG and other bitmaps

    The label "layer1/neuron2/k" puts a node into the groups layer1 and layer1/neuron2, if something is computed there;
    a node without a label belongs to the group that all its consumers share. Of a graph that a backward pass has
    released, what is left is shown. Raises TypeError, with what to draw instead, for anything but nodes; ValueError,
    with advice, if the picture would be too large to read, if there is no group to open, or if data was changed since
    the graph was made.

    >>> from scalar_engine import Value
    >>> x = Value(3.0, "x")
    >>> draw(x * x).source.count(" -> ")  # two arrows into the operator, and one to what it makes
    3
    """
    if direction not in DIRECTIONS:
        raise ValueError(f'draw: direction is "down" or "right", not {direction!r}')
    roots = roots_of(root)
    made = sketch(roots, fold, open, gradients, largest, blank, direction)
    drawing = Drawing.of(made)
    drawing.dpi = dpi
    return drawing
