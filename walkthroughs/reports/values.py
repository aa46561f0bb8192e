"""table(root): every named node of a graph with its value and its gradient, as text, HTML or LaTeX."""

import numpy as np

from scalar_engine import Node
from scalar_engine.naming import unique_names
from scalar_engine.passes import backward_pass, current_order
from walkthroughs.drawing.groups import groups_of
from walkthroughs.reports.tables import Table


def table(root: Node) -> Table:
    """The named nodes behind `root` with their values and the derivatives of `root`: `.text()`, `.html()`, `.latex()`.

    An array is told by its shape. Nothing is stored in the graph, and it need not have had a backward pass. Raises
    RuntimeError if a pass has released it, ValueError if data was changed since it was made, TypeError for anything
    else than a node.

    >>> from scalar_engine import Value
    >>> x = Value(3.0, "x")
    >>> print(table((x * x).named("y")))
      name  value  gradient
      x         3         6
      y         9         1
    """
    if not isinstance(root, Node):
        raise TypeError(f"table: takes a Value or a Tensor, not {type(root).__name__}")
    nodes = current_order(root, "table")
    names = unique_names(nodes, grouped=groups_of(nodes))
    with np.errstate(all="ignore"):
        gradients = dict(backward_pass(root)) if root.requires_grad else {}
    rows = [[names[node], cell(node, node.data), cell(node, gradients.get(node))] for node in nodes if node.label]
    return Table("values", "Values and gradients.", {"name": "", "value": ".4g", "gradient": ".4g"}, rows)


def cell(node, quantity):
    """A number, or what there is to say of an array."""
    if quantity is None:
        return None
    return float(np.asarray(quantity).item()) if np.size(quantity) == 1 else node.brief(quantity)
