"""The scalar graph behind a small graph of tensors: every element a node of its own, and the two agree."""

import numpy as np

from tensor_engine import Tensor, scalarize
from tensor_engine.scalarize import count_of, recipe_of

from .trace import Trace

SMALL = 1_500  # Values: of a larger graph nobody follows the elements


def scalars_behind(trace):
    """(the Trace of the scalar graph, {node: the places of its elements in it}); (None, {}) if it is not small.

    Both are indices. Where an element has no effect on the root, there is none.
    """
    root = trace.root
    if not isinstance(root, Tensor) or root.size != 1 or not root.requires_grad:
        return None, {}
    try:
        if sum(count_of(*entry) for entry in recipe_of(root)) > SMALL:
            return None, {}
        graph = scalarize(root)
    except (ArithmeticError, TypeError, ValueError):  # an operator that scalars do not have, or no value on floats
        return None, {}
    scalars = Trace(graph.root)
    behind = {}
    for i, node in enumerate(trace.nodes):
        if node in graph.values:
            places = [scalars.index[value] for value in graph[node].flat if value in scalars.index]
            if places:
                behind[i] = places
    return scalars, behind


def disagreement(trace, scalars, behind):
    """The largest difference between a number of the tensor graph and its element's, over all values and gradients.

    A node that only moves elements about has those of the node before it, whose gradients they hold.
    """
    owners: dict = {}
    worst = 0.0
    gradients, of_scalars = trace.gradients, scalars.gradients
    for i, places in behind.items():
        node = trace.nodes[i]
        elements = [scalars.nodes[place] for place in places]
        is_first = all(owners.setdefault(place, i) == i for place in places)
        if len(places) != node.size:
            continue
        worst = max(worst, np.abs(np.ravel(node.data) - [element.data for element in elements]).max(initial=0))
        if is_first and node in gradients:
            expected = [of_scalars.get(element, 0.0) for element in elements]
            worst = max(worst, np.abs(np.ravel(gradients[node]) - expected).max(initial=0))
    return float(worst)
