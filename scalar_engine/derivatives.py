"""Derivatives for whom a backward pass is asked: as data, as nodes that can be differentiated again, step by step."""

from .graph import Node, Step, backward_pass, topological_order


def gradients(root, watch=None):
    """A dict {node: d root / d node} of every node that takes a gradient. Stores none in a node."""
    return dict(backward_pass(root, watch))


def grad(root, wrt, create_graph=False):
    """d root / d node for a node `wrt`, or a list of them for a list: as data, or with `create_graph` as nodes.

    Such a node is made of the nodes of the graph, by the operators' own rules, so that it can be drawn, evaluated and
    differentiated again. Stores nothing in a node. The derivative by what `root` does not depend on is 0.

    >>> x = Value(2.0, "x")
    >>> slope = grad(x**3, x, create_graph=True)
    >>> slope.data, grad(slope, x)
    (12.0, 12.0)
    """
    wanted = wrt if isinstance(wrt, (list, tuple)) else [wrt]
    if create_graph:
        unit = root.unit if type(root.unit) is float else type(root)(root.unit, requires_grad=False)
        found = dict(backward_pass(root, on=lambda x: x if x.requires_grad or x.label else x.data, unit=unit))
        name_gradients(root, found)
    else:
        found = gradients(root)
    result = [found.get(node, 0.0 * node.unit) for node in wanted]
    if create_graph:
        result = [x if isinstance(x, Node) else type(root)(x, requires_grad=False) for x in result]
    return result if isinstance(wrt, (list, tuple)) else result[0]


def name_gradients(root, found):
    """Label the gradients that a pass has made, {node: its gradient}: "backward/dl_dk1" is the gradient of k1."""
    forward = set(topological_order(root))
    for node, gradient in found.items():
        if node.label and isinstance(gradient, Node) and gradient.op and not gradient.label and gradient not in forward:
            gradient.label = f"backward/d{root.name}_d{node.name}"


def steps(root):
    """Both passes as a list of `Step`s: each operator as it is applied, then each contribution as it is passed back.

    Nothing is stored in the graph.
    """
    backward = []
    gradients(root, watch=backward.append)
    return [Step(node) for node in topological_order(root) if node.inputs] + backward
