"""What a student claims: a number for the value or the gradient of a node, and how precisely it is given."""

from .elements import elements, shape_of, size_of
from .rounding import EXACT, half_units, working_decimals


class Claim:
    """A number, or an array, that a student gives for a node.

    node, name      the node, and what texts call it
    kind            whether this is its "value" or its "gradient"
    given           the number as it was given
    data            the same as data for the node's engine
    half            half a unit of its last decimal
    group           the `Group` that it is an element of, or None
    """

    def __init__(self, node, name, kind, given, group=None):
        self.node = node
        self.name = name
        self.kind = kind
        self.given = given
        self.group = group
        self.half = None
        shape = shape_of(node.data)
        try:
            self.data = type(node)(given).data
        except (TypeError, ValueError):
            holds = f"an array of shape {shape}" if shape else "one number"
            raise ValueError(f"check_steps: {name} holds {holds}, not {given!r}") from None
        if shape_of(self.data) != shape and size_of(self.data) == 1 == size_of(node.data):
            self.data = self.data.reshape(shape)

    @property
    def fits(self):
        """Whether it has the node's shape."""
        own = shape_of(self.data) == shape_of(self.node.data)
        return own and (self.group is None or self.group.shape == self.group.shape_given)


class Group:
    """Nodes claimed together: W for W11 ... W23, as nested lists."""

    def __init__(self, name, shape, nodes, given):
        self.name = name
        self.shape = shape
        self.nodes = nodes  # in nested lists of the group's own shape
        self.given = given
        self.shape_given, self.numbers = elements(given)

    def mapped(self, function):
        """function(node) for each node, in nested lists as they are."""

        def over(nodes):
            return [over(node) for node in nodes] if isinstance(nodes, list) else function(nodes)

        return over(self.nodes)


class Claims:
    """All that a student claims of a graph.

    names       {node: what texts call it}
    numbers     {"value": {node: Claim}, "gradient": {node: Claim}}
    rules       {operator: the rule for it, or one per input}
    half        half a unit of the last decimal that the student seems to work with
    """

    def __init__(self, names):
        self.names = names
        self.numbers = {"value": {}, "gradient": {}}
        self.rules = {}
        self.half = 0.0

    @property
    def all(self):
        return [claim for claims in self.numbers.values() for claim in claims.values()]

    def of(self, node, kind):
        """The Claim about the node's value or gradient; None if there is none."""
        return self.numbers[kind].get(node)

    def in_order(self, order, kind):
        """The Claims of that kind as the pass comes to them, through a graph of that topological order."""
        path = order if kind == "value" else reversed(order)
        return [self.numbers[kind][node] for node in path if node in self.numbers[kind]]

    def add(self, node, kind, given, group=None):
        self.numbers[kind][node] = Claim(node, self.names[node], kind, given, group)

    def add_group(self, group, kind):
        """A claim for each node of the group: its own element, or NaN where the group was given in another size."""
        nodes = elements(group.nodes)[1]
        numbers = group.numbers if len(group.numbers) == len(nodes) else [float("nan")] * len(nodes)
        for node, number in zip(nodes, numbers):
            self.add(node, kind, number, group)

    def about(self, twins):
        """The same claims, about the copy of the graph."""
        claims = Claims(twins.named(self.names))
        for claim in self.all:
            group = claim.group
            if group is not None:
                group = Group(group.name, group.shape, group.mapped(twins.of.get), group.given)
            claims.add(twins.of[claim.node], claim.kind, claim.given, group)
        claims.rules = self.rules
        claims.judge_precision()
        return claims

    def judge_precision(self):
        """Set `half`, and that of each claim, from the decimals that are seen."""
        given = [(claim, elements(claim.given)[1]) for claim in self.all]
        working = working_decimals(x for _, numbers in given for x in numbers)
        self.half = 0.5 * 10.0**-working if working < EXACT else 0.0
        for claim, numbers in given:
            halves, shape = half_units(numbers, working), shape_of(claim.data)
            claim.half = type(claim.node)(halves).data.reshape(shape) if shape else halves[0]
