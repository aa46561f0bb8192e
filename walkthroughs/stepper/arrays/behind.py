"""The scalar graph behind tensors: every element a node of its own, and the two agree.

A graph that is small enough opens as a whole. In a larger one a node opens alone: its own operator, between its inputs
and the gradient that it has in the whole graph.
"""

import math
from dataclasses import dataclass

import numpy as np

from tensor_engine import Tensor, operand, scalarize
from tensor_engine.operators.array_operator import is_choice
from tensor_engine.scalar_graph import count_of, recipe_of, recorded

from ..quantities import brief
from ..trace import Trace

SMALL = 2_000  # Values: of a larger graph nobody follows the elements
IN_ALL = 4_000  # Values of all the nodes of one graph that open alone, the smallest first


@dataclass(frozen=True)
class Opening:
    """Scalars to step through instead of tensors.

    trace       of the scalar graph
    places      {node: the places of its elements in it} of the nodes that open into it. Both are indices, and an
                element without effect on the root has no place
    note        what it is, and how far it agrees with the tensors
    values      {node: the array of Values behind it} of an opening of all nodes, or {}
    """

    trace: Trace
    places: dict
    note: str
    values: dict


def openings_of(trace):
    """The `Opening`s of a graph: one of all its nodes, or one each of the nodes that are small enough."""
    root = trace.root
    if not isinstance(root, Tensor) or root.size != 1 or not root.requires_grad:
        return []
    if size_of(root) <= SMALL:
        found = opening(trace, root, {node: node for node in trace.nodes}, trace.gradients)
        if found:
            return [found]
    gradients = trace.gradients
    alone = {node: by_itself(trace, node, gradients[node]) for node in trace.nodes if may_open(node, gradients)}
    sizes = {node: size_of(root) for node, (root, _, _) in alone.items()}
    openings, room = [], IN_ALL
    for node in sorted(sizes, key=sizes.__getitem__):
        room -= sizes[node]
        if room < 0:
            break
        root, counterparts, expected = alone[node]
        found = opening(trace, root, counterparts, expected, node) if sizes[node] <= SMALL else None
        openings += [found] if found else []
    return openings


def may_open(node, gradients):
    """Whether a node is made by an operator that does more than move elements about, and from few of them."""
    is_small = node in gradients and node.size + sum(x.size for x in node.inputs) <= SMALL
    return bool(node.inputs) and is_small and not node.op.moves


def size_of(root):
    """How many Values are behind a Tensor."""
    return sum(count_of(*entry) for entry in recipe_of(root))


def by_itself(trace, node, upstream):
    """A node's operator alone, its inputs leaves: (a root, {node of the graph: node there}, the gradients there).

    The root is sum(node * upstream), `upstream` being d L / d node in the whole graph: so that is the derivative of the
    root too, and what an input receives is what this operator contributes to its gradient.
    """
    names = trace.names
    leaves = {}
    for x in node.inputs:
        is_constant = x.op is None and not x.label and x.size == 1
        label = "" if is_constant else label_of(names.operand(x))
        leaves[x] = operand(x.data, label) if is_choice(x) else Tensor(x.data, label, requires_grad=x.requires_grad)
    here = recorded(node.op, [leaves[x] for x in node.inputs]).named(label_of(names.operand(node)))
    gradients = {node: upstream}
    for frame in trace.frames:
        if frame.kind == "backward" and frame.step.node is node:
            x, contribution = frame.step.input, frame.step.contribution
            gradients[x] = gradients[x] + contribution if x in gradients else contribution
    root = here
    if node is not trace.root:
        given = Tensor(upstream, label_of(names.derivative(node)))
        root = recorded(lambda out: (out * given).sum(), [here])
    return root, leaves | {node: here}, gradients


def label_of(text):
    """A name for elements: "/" would put them into groups, and is another character here."""
    return text.replace("/", "\N{DIVISION SLASH}")


def opening(trace, root, counterparts, gradients, opens=None):
    """The `Opening` into the scalars behind `root`, for the node `opens` or for all; None if they have no values.

    counterparts    {node of the trace: what it is in the graph of `root`}
    gradients       {node of the trace: what its elements' gradients have to be}
    """
    try:
        graph = scalarize(root)
    except (ArithmeticError, TypeError, ValueError):  # an operator that scalars do not have, or no value on floats
        return None
    scalars = Trace(graph.root)
    places = {}
    for node, there in counterparts.items():
        if there in graph.values:
            found = [scalars.index[value] for value in graph[there].flat if value in scalars.index]
            if found:
                places[trace.index[node]] = found
    agreement = f"are the tensors' own (largest difference {brief(disagreement(trace, scalars, places, gradients))})."
    if opens is None:
        return Opening(scalars, places, f"All values and gradients {agreement}", graph.values)
    name = trace.names.operand(opens)
    note = f"{name} by itself: its inputs are leaves"
    if opens is not trace.root:
        note += f", and out = sum({name} * {trace.names.derivative(opens)}) hands it its gradient in the whole graph"
    note += f". Values and gradients {agreement}"
    i = trace.index[opens]
    return Opening(scalars, {i: places[i]}, note, {}) if i in places else None


def disagreement(trace, scalars, places, gradients):
    """The largest difference between a number of the tensor graph and its element's, over all values and gradients.

    A node that only moves elements about has those of the node before it, whose gradients they hold.
    """
    owners: dict = {}
    worst = 0.0
    of_scalars = scalars.gradients
    for i, found in places.items():
        node = trace.nodes[i]
        elements = [scalars.nodes[place] for place in found]
        is_first = all(owners.setdefault(place, i) == i for place in found)
        if len(found) != node.size:
            continue
        worst = max(worst, difference(node.data, [element.data for element in elements]))
        if is_first and node in gradients:
            worst = max(worst, difference(gradients[node], [of_scalars.get(element, 0.0) for element in elements]))
    return worst


def difference(array, numbers):
    """The largest difference between elements; none between two that are the same inf or nan."""
    pairs = zip(np.ravel(array).tolist(), numbers)
    found = [abs(a - b) for a, b in pairs if a != b and not (math.isnan(a) and math.isnan(b))]
    return max((math.inf if math.isnan(each) else each for each in found), default=0.0)
