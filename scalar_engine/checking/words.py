"""The words of texts about a graph: those of a sheet, which knows no operators that engines put in by themselves."""

from ..graph import topological_order
from ..naming import shortened, unique_names
from ..passes import Step


def is_silent(node):
    """Whether a sheet would not write the operator that made this node: a broadcast, a vector taken for a matrix."""
    return bool(node.inputs) and not node.label and (node.op.implied or node.op.moves and node.op.name == "reshape")


def spoken_names(order):
    """{node: what texts call it}: unique names, where what a silent operator has made goes by its operand's name,
    and a softmax's logsumexp is written out.
    """
    names, rewritten = unique_names(order), set()
    for node in order:
        if is_silent(node):
            names[node] = names[node.inputs[0]]
        elif node.inputs and not node.label and node.op.name == "logsumexp" and node.op.symmetric:
            names[node] = f"log({' + '.join(shortened([f'exp({names[x]})' for x in node.inputs]))})"
        elif node.inputs and not node.label and not rewritten.isdisjoint(node.inputs):
            names[node] = node.formula(2, {x: names[x] for x in node.inputs})
        else:
            continue
        rewritten.add(node)
    return names


def speaking(node, order):
    """The node that tells of what is done in this one: itself, or what uses it if its operator is silent."""
    while is_silent(node):
        user = next((other for other in order if any(x is node for x in other.inputs)), None)
        if user is None:
            break
        node = user
    return node


def told_of(step, root):
    """A backward Step as texts tell of it."""
    node = speaking(step.node, topological_order(root)) if is_silent(step.node) else step.node
    return step if node is step.node else Step(node, 0, step.upstream, None, step.contribution)


def family_of(node):
    """The label of a node without the number of its element: that of h for h1, h2 and h[3]."""
    return node.label.rstrip("0123456789_[], ")
