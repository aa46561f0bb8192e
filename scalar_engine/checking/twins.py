"""A copy of a graph, with other data or other needs."""

from ..passes import Step, forward_pass


class Twins:
    """A copy of the graph whose nodes are `order`.

    requires_grad   the nodes whose copies take a gradient, as do those that did before
    data            {leaf: the data of its copy}, where it differs
    of              {node: its copy}, and `original` the other way about
    """

    def __init__(self, order, requires_grad=(), data=None):
        requires_grad = set(requires_grad)  # whose members are found by identity

        def leaf(node):
            twin = type(node)(0.0, node.label)
            twin.data = (data or {}).get(node, node.data)
            twin.requires_grad = node.requires_grad
            return twin

        def alike(node, twin):
            twin.label = node.label
            twin.requires_grad = twin.requires_grad or node in requires_grad
            return twin

        self.of = forward_pass(order, leaf, revise=alike)
        self.original = {twin: node for node, twin in self.of.items()}
        self.root = self.of[order[-1]]

    def named(self, names):
        """{node: name}, and each copy called as its node is."""
        return names | {self.of[node]: name for node, name in names.items()}

    def about_originals(self, found):
        """A StepCheck of the copy, made one of the graph."""

        def original(node):
            return self.original.get(node, node)

        found.root, found.node = original(found.root), original(found.node)
        found.steps = [
            Step(original(step.node), step.position, step.upstream, step.local, step.contribution)
            for step in found.steps
        ]
        if found.slip is not None:
            found.slip.node = original(found.slip.node)
        return found
