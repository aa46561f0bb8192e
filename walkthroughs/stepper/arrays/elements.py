"""What a tensor's numbers are made of in the scalar graph behind it, so that a page can follow them.

A value is those of its elements. What a step of the backward pass contributes to an input's gradient is, element by
element, the sum of what some steps of the scalar graph contribute; and where elements are only moved about, of elements
of the gradient that is passed on.
"""

import numpy as np

from scalar_engine.graph import Node
from scalar_engine.value import Value
from tensor_engine.operators.array_operator import ArrayOperator


class Unfollowed(Exception):
    """A tensor's numbers are not those of scalars, or not to be told apart there."""


def followed(trace, values, scalars):
    """(elements, parts): {node: its elements, each a place among the scalars, or a number that never changes} and
    {frame: for each element of the contribution, the backward steps of the scalar graph that make it up, or, where
    elements are moved, the elements of what is passed on}. Nodes, frames, places, and steps are indices.

    values      {node: the array of Values behind it}
    scalars     the trace of these

    Raises Unfollowed if the numbers of the two graphs could not be those of one calculation.
    """
    if not all(node in values for node in trace.nodes):
        raise Unfollowed("some tensors have no scalars of their own")
    if any(node.inputs and node.data.dtype.kind in "biu" for node in trace.nodes):
        raise Unfollowed("some elements are chosen by their order, which may change")
    flat = [
        [x if isinstance(x, Node) else Value(x, requires_grad=False) for x in values[node].flat] for node in trace.nodes
    ]
    elements = {i: [element(value, scalars) for value in found] for i, found in enumerate(flat)}
    made_by = owners(flat)
    received: dict = {}
    backward = [frame.step for frame in scalars.frames if frame.kind == "backward"]
    for k, step in enumerate(backward):
        received.setdefault((made_by[step.node], step.input), []).append(k)
        received[step.node, step.position] = [k]
    parts = {}
    for position, frame in enumerate(trace.frames):
        if frame.kind == "backward":
            parts[position] = parts_of(frame, flat, received)
            require_agreement(frame, trace.gradients, parts[position], backward)
    return elements, parts


def element(value, scalars):
    if value in scalars.index:
        return scalars.index[value]
    if value.inputs:
        raise Unfollowed("some elements have no effect on the root")
    return repr(value.data)


def owners(flat):
    """{Value: the first tensor, in the order of the forward pass, whose elements are made of it}."""
    owner: dict = {}
    for i, found in enumerate(flat):
        pending = list(found)
        while pending:
            value = pending.pop()
            if value not in owner:
                owner[value] = i
                pending.extend(value.inputs)
    return owner


def parts_of(frame, flat, received):
    """For each element of a contribution, what makes it up; of an elementwise operator, the step of its one scalar."""
    step, inputs = frame.step, flat[frame.input]
    node = step.node
    if not isinstance(node.op, ArrayOperator) and len(inputs) == node.size:
        return [received.get((value, step.position), []) for value in flat[frame.node]]
    if sum(x is step.input for x in node.inputs) > 1 or len(set(inputs)) < len(inputs):
        raise Unfollowed("a tensor is used twice by one operator")
    if not node.op.moves:
        return [received.get((frame.node, value), []) for value in inputs]
    places: dict = {}
    for j, value in enumerate(flat[frame.node]):
        places.setdefault(value, []).append(j)
    return [places.get(value, []) for value in inputs]


def require_agreement(frame, gradients, parts, backward):
    """The contribution has to be the sum of its parts already."""
    if frame.step.node.op.moves:
        passed_on = np.ravel(gradients[frame.step.node]).tolist()
        found = [sum(passed_on[j] for j in each) for each in parts]
    else:
        found = [sum(backward[k].contribution for k in each) for each in parts]
    if not np.allclose(found, np.ravel(frame.result), rtol=1e-4, atol=1e-7, equal_nan=True):
        raise Unfollowed("a tensor shares its scalars with another")


def following(trace, openings, reasons):
    """How the page of tensors follows the scalars behind them, {"elements", "parts"}; or why it does not."""
    if len(openings) != 1 or not openings[0].values:
        return {"still": "there are too many elements; a small operator opens into scalars, whose numbers can be"}
    if reasons[1]:
        return {"still": reasons[1]}
    try:
        elements, parts = followed(trace, openings[0].values, openings[0].trace)
    except Unfollowed as reason:
        return {"still": f"{reason}; open the graph into scalars, whose numbers can be"}
    moves = [i for i, node in enumerate(trace.nodes) if node.inputs and node.op.moves]
    return {"still": "", "elements": elements, "parts": parts, "moves": moves}
