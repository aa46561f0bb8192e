"""What a student claims: a number for the value or the gradient of a node, and how precisely it is given."""

import struct

from .elements import elements, largest, number_in, plain, roundoff, shape_of, size_of, without_ones
from .rounding import FULL, half_units, seen_in, working_figures

NAN = float("nan")
MANY = 500  # elements of an array that are looked at to tell how precisely it is given


class Claim:
    """A number, or an array, that a student gives for a node.

    node, name      the node, and what texts call it
    kind            whether this is its "value" or its "gradient"
    given           the number as it was given
    data            the same as data for the node's engine; NaN where it was left blank
    blank           where it was left blank
    half            half a unit of its last decimal
    roundoff        the relative error of one operation, by the coarser type of the claim and of the node
    group           the `Group` that it is an element of, or None
    remark          what there is to say of its layout
    """

    def __init__(self, node, name, kind, given, group=None):
        self.node = node
        self.name = name
        self.kind = kind
        self.given = given = plain(given)
        self.group = group
        self.half = None
        self.remark = ""
        shape = shape_of(node.data)
        try:
            self.shape_given, numbers = elements(given)
            if hasattr(given, "dtype"):
                self.data = type(node)(given).data
            else:
                numbers = [NAN if x is None else x for x in map(number_in, numbers)]
                if not shape and len(numbers) != 1:
                    raise ValueError
                self.data = type(node)(numbers).data.reshape(self.shape_given) if shape else type(node)(numbers[0]).data
        except (TypeError, ValueError, ArithmeticError):
            holds = f"an array of shape {shape}" if shape else "one number"
            raise ValueError(f"check_steps: {name} holds {holds}, not {given!r}") from None
        self.numbers = numbers
        self.roundoff = max(roundoff(node.data), roundoff(given) if hasattr(given, "dtype") else precision_of(numbers))
        self.blank = False if hasattr(given, "dtype") else self.data != self.data
        if self.shape_given != shape and without_ones(self.shape_given) == without_ones(shape):
            self.reshape(shape, "shape")

    def reshape(self, shape, what):
        """Take what was given in another layout for one of the node's own shape."""
        if size_of(self.data) > 1:
            self.remark = f"given in {what} {self.shape_given}, and here {shape}"
        self.data = self.data.reshape(shape) if shape else self.data

    @property
    def is_blank(self):
        return self.blank is not False and bool(self.blank.all() if shape_of(self.blank) else self.blank)

    @property
    def fits(self):
        """Whether it has the node's shape."""
        own = shape_of(self.data) == shape_of(self.node.data)
        return own and (self.group is None or self.group.fits)

    def filled(self, number):
        """The claim, with what follows in the place of blanks."""
        if self.blank is False or not shape_of(self.data) or not self.blank.any():
            return self.data
        data, blank = self.data.copy(), self.blank.reshape(self.data.shape)
        data[blank] = number[blank]
        return data


class Group:
    """Nodes claimed together: W for W11 ... W23, as nested lists."""

    def __init__(self, name, shape, nodes, given):
        self.name = name
        self.shape = shape
        self.nodes = nodes  # in nested lists of the group's own shape
        self.given = given
        self.shape_given, self.numbers = elements(given)
        self.fits = without_ones(shape) == without_ones(self.shape_given)

    def mapped(self, function):
        """function(node) for each node, in nested lists as they are."""

        def over(nodes):
            return [over(node) for node in nodes] if isinstance(nodes, list) else function(nodes)

        return over(self.nodes)


class Claims:
    """All that a student claims of a graph.

    names       {node: what texts call it}
    numbers     {"value": {node: Claim}, "gradient": {node: Claim}}
    blanks      Claims in which nothing is filled in
    rules       {operator: the rule for it, or one per input}
    halves      {"value" or "gradient": half a unit of the last decimal that the student seems to work with, and of the
                last digit of 1}
    roundoff    the coarsest of all claims
    """

    def __init__(self, names):
        self.names = names
        self.numbers = {"value": {}, "gradient": {}}
        self.blanks = []
        self.rules = {}
        self.halves = {"value": (0.0, 0.0), "gradient": (0.0, 0.0)}
        self.roundoff = 0.0

    @property
    def all(self):
        return [claim for claims in self.numbers.values() for claim in claims.values()]

    def of(self, node, kind):
        """The Claim about the node's value or gradient; None if there is none."""
        return self.numbers[kind].get(node)

    def in_order(self, order, kind):
        """The Claims of that kind as the pass comes to them, through a graph of that topological order.

        Gradients come by how many operators they are from the root, so that all of a layer are before the next.
        """
        claims, steps = self.numbers[kind], {order[-1]: 0}
        if kind == "value":
            return [claims[node] for node in order if node in claims]
        backwards = order[::-1]
        for node in backwards:
            for x in node.inputs:
                steps[x] = max(steps.get(x, 0), steps[node] + 1)
        return [claims[node] for node in sorted(backwards, key=steps.get) if node in claims]

    def add(self, node, kind, given, group=None):
        claim = Claim(node, self.names[node], kind, given, group)
        if claim.is_blank:
            self.blanks.append(claim)
        else:
            self.numbers[kind][node] = claim

    def add_group(self, group, kind):
        """A claim for each node of the group: its own element, or NaN where the group was given in another size."""
        nodes = elements(group.nodes)[1]
        numbers = group.numbers if len(group.numbers) == len(nodes) else ["nan"] * len(nodes)
        if not group.shape_given and number_in(group.given) is None:
            numbers = [None] * len(nodes)
        for node, number in zip(nodes, numbers):
            self.add(node, kind, number, group)

    def about(self, twins):
        """The same claims, about the copy of the graph."""
        claims = Claims(twins.named(self.names))
        for claim in [*self.all, *self.blanks]:
            group = claim.group
            if group is not None:
                group = Group(group.name, group.shape, group.mapped(twins.of.get), group.given)
            claims.add(twins.of[claim.node], claim.kind, claim.given, group)
        claims.rules = self.rules
        return claims.settled()

    def settled(self):
        """These claims, with layouts and precision judged by all of them together."""
        self.settle_layouts()
        self.judge_precision()
        return self

    def computed(self):
        """These claims, as what a program has computed, which rounds nothing."""
        self.settle_layouts()
        self.roundoff = max([claim.roundoff for claim in self.all], default=0.0)
        for claim in self.all:
            claim.half = 32 * claim.roundoff * largest(abs(claim.data))
        return self

    def settle_layouts(self):
        """Of two matrices or more that are all given the other way about, take each for its transpose.

        A sheet may write W (outputs, inputs) where the graph has (inputs, outputs). One alone is a slip.
        """
        matrices = [claim for claim in self.all if claim.group is None and len(shape_of(claim.node.data)) == 2]
        turned = [is_turned(claim.shape_given, claim.node.data.shape) for claim in matrices]
        if turned.count(True) > 1 and False not in turned:
            for claim, is_other in zip(matrices, turned):
                if is_other or len(set(claim.shape_given)) == 1 < claim.shape_given[0]:
                    claim.data = claim.data.T
                    claim.remark = "given in the layout of the transpose"

    def judge_precision(self):
        """Set `halves`, and the half unit of each claim, from the decimals that are seen in all of its kind."""
        self.roundoff = max([claim.roundoff for claim in self.all], default=0.0)
        seen = {claim: [seen_in(x) for x in sampled(claim.numbers)] for claim in self.all}
        everything = [figures for found in seen.values() for figures in found]
        is_array = any(size_of(claim.data) > 1 for claim in self.all)  # of zeros, which nothing says are rounded
        untold = is_array and not any(decimals or digits for decimals, digits in everything)
        for kind, claims in self.numbers.items():
            of_kind = [figures for claim in claims.values() for figures in seen[claim]]
            tells = any(decimals or digits for decimals, digits in of_kind)
            working = FULL if untold else working_figures(of_kind if tells else everything)
            if working != FULL:
                self.halves[kind] = 0.5 * 10.0 ** -working[0], 5 * 10.0 ** -working[1] * working[2]
            for claim in claims.values():
                halves, shape = half_units(seen[claim], working), shape_of(claim.data)
                if len(halves) < size_of(claim.data):
                    claim.half = max(halves)
                else:
                    claim.half = type(claim.node)(halves).data.reshape(shape) if shape else halves[0]


def is_turned(given, shape):
    """Whether a matrix is given in the shape of its transpose; None for one whose shape does not tell."""
    return None if len(given) != 2 or given[0] == given[1] or 1 in shape else given == shape[::-1]


def precision_of(numbers):
    """The roundoff of numbers in a list: of float32 if none has more digits than that, as `tolist` hands them on."""
    long = [x for x in numbers if x == x and isinstance(x, float) and len(repr(x)) > 12]
    if long and all(struct.unpack("f", struct.pack("f", x))[0] == x for x in long if abs(x) < 3e38):
        return 2.0**-17
    return max(map(roundoff, numbers), default=0.0)


def sampled(numbers):
    """All the numbers, or MANY of them."""
    return numbers[:: len(numbers) // MANY] if len(numbers) > 2 * MANY else numbers
