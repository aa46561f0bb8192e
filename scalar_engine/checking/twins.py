"""A copy of a graph, with other data or other needs."""

from copy import copy

from ..graph import topological_order


class Twins:
    """A copy of the graph whose nodes are `order`.

    requires_grad   the nodes whose copies take a gradient, as do those that did before
    data            {leaf: the data of its copy}, where it differs
    """

    def __init__(self, order, requires_grad=(), data=None):
        self.of = {}
        for node in order:
            if node.inputs:
                twin = type(node).apply_operator(node.op, *[self.of[x] for x in node.inputs])
            else:
                twin = copy(node)
                twin.data = (data or {}).get(node, node.data)
                twin.grad = None
            twin.label = node.label
            twin.requires_grad = twin.requires_grad or node in requires_grad
            self.of[node] = twin
        self.original = {twin: node for node, twin in self.of.items()}
        self.root = self.of[order[-1]]
        self.order = topological_order(self.root)

    def told_of_originals(self, found):
        """A StepCheck of the copy, told about the nodes of the graph."""
        found.root = self.original[found.root]
        found.node = self.original.get(found.node, found.node)
        if found.slip is not None:
            found.slip.node = self.original.get(found.slip.node, found.slip.node)
        return found
