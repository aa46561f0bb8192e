"""What a student has written down, read: which node each number is about, and how precisely it is given.

A number says how it was rounded: 0.4404 has four decimals, so that the student's own lies within half a unit of the
fourth. A trailing zero cannot be seen, so that 0.5 may be short for 0.5000; the other numbers tell.
"""

from decimal import Decimal, InvalidOperation

from ..graph import Node, Operator

EXACT = 8  # with this many decimals, or more digits, a number is not taken for rounded by hand


class Claim:
    """A number, or an array, that a student gives for a node.

    node, kind      the node, and whether this is its "value" or its "gradient"
    given           the number as it was given
    data            the same as data for the node's engine
    half            half a unit of its last decimal
    group           the `Group` that it is an element of, or None
    """

    def __init__(self, node, kind, given, group=None):
        self.node = node
        self.kind = kind
        self.given = given
        self.group = group
        try:
            self.data = type(node)(given).data
        except (TypeError, ValueError):
            raise ValueError(f"check_steps: {node.describe()} holds {described(node)}, not {given!r}") from None
        if elements(self.data)[0] != shape_of(node.data) and len(elements(self.data)[1]) == 1 == size_of(node.data):
            self.data = self.data.reshape(shape_of(node.data))
        self.half = None

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
    """All that a student gives: `values` and `gradients`, {node: Claim}, `rules`, {operator: rule or rules}."""

    def __init__(self):
        self.values = {}
        self.gradients = {}
        self.rules = {}
        self.half = 0.0  # half a unit of the last decimal that the student seems to work with

    @property
    def all(self):
        return [*self.values.values(), *self.gradients.values()]

    def add(self, node, kind, given, group=None):
        (self.values if kind == "value" else self.gradients)[node] = Claim(node, kind, given, group)

    def about(self, twins):
        """The same claims, about the copy of the graph."""
        claims = Claims()
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
        seen = {claim: [figures(x) for x in elements(claim.given)[1]] for claim in self.all}
        most = max((decimals for numbers in seen.values() for decimals, _ in numbers), default=0)
        working = most if most >= 2 else 4
        self.half = 0.5 * 10.0**-working if working < EXACT else 0.0
        for claim, numbers in seen.items():
            if max((digits for _, digits in numbers), default=0) > EXACT:
                claim.half = 0.5 * 10.0 ** -max(decimals for decimals, _ in numbers)
                continue
            halves = [half_unit(decimals, digits, min(working, 4)) for decimals, digits in numbers]
            shape = shape_of(claim.data)
            claim.half = type(claim.node)(halves).data.reshape(shape) if shape else halves[0]


def half_unit(decimals, digits, working):
    """Half a unit of the last decimal that was not rounded away, of a number with so many decimals and digits.

    With two decimals or more, or four digits, what is seen is taken for all; with fewer, it is taken that zeros are
    not shown. Four significant digits are enough in any case, for that is what the engine prints.
    """
    last = decimals if decimals >= 2 or digits >= 4 else working
    if 0 < digits < 4:
        last = min(last, decimals - digits + 4)
    return 0.5 * 10.0 ** -min(last, 300)


def figures(x):
    """The decimals and the significant digits with which a number prints; of 0 and what is not finite, none."""
    try:
        _, digits, exponent = Decimal(str(x)).normalize().as_tuple()
    except InvalidOperation:
        return 0, 0
    return (-exponent, len(digits)) if isinstance(exponent, int) and any(digits) else (0, 0)


def elements(x):
    """The shape and the elements, in order, of a number, of nested lists, or of an array."""
    if hasattr(x, "shape"):
        return tuple(x.shape), list(x.ravel()) if x.shape else [x]
    if not isinstance(x, (list, tuple)):
        return (), [x]
    parts = [elements(part) for part in x]
    if len({shape for shape, _ in parts}) > 1:
        raise ValueError(f"check_steps: the rows of {x!r} have different lengths")
    return (len(parts), *(parts[0][0] if parts else ())), [number for _, part in parts for number in part]


def shape_of(data):
    return tuple(getattr(data, "shape", ()))


def size_of(data):
    return getattr(data, "size", 1)


def described(node):
    shape = shape_of(node.data)
    return f"an array of shape {shape}" if shape else "one number"


# ---- which nodes the keys are about


def read(root, order, claimed):
    """The `Claims` in a dict; ValueError, with the names there are, where a key is about no node of the graph."""
    claims, names = Claims(), named_nodes(order)
    for key, given in claimed.items():
        if isinstance(key, Operator):
            claims.rules[key] = given
            continue
        found, kind = meant(key, given, names, root)
        if isinstance(found, Node):
            if found not in order:
                raise ValueError(f"check_steps: {found.describe()} is not part of the graph of {root.describe()}")
            claims.add(found, kind, given)
        else:
            add_group(claims, found, kind)
    claims.judge_precision()
    return claims


def named_nodes(order):
    """{label, or label without its groups: node}; None where two nodes share it."""
    names = {}
    for node in order:
        if node.label:
            for name in dict.fromkeys((node.name, node.label)):
                names[name] = None if name in names else node
    return names


def meant(key, given, names, root):
    """The node, or the Group, that a key is about, and whether it is its value or its gradient."""
    if isinstance(key, Node):
        return key, "value"
    if isinstance(key, tuple) and len(key) == 2 and key[0] is root and isinstance(key[1], Node):
        return key[1], "gradient"
    if not isinstance(key, str):
        raise ValueError(f"check_steps: {key!r} names no node; write 'k1', 'dl/dk1', a node, or (root, node)")
    found = look_up(key, given, names)
    if found is not None:
        return found, "value"
    of, slash, by = key.partition("/d")
    if slash and of not in (f"d{root.name}", f"d{root.label}") and (root.label or of[1:] in names):
        raise ValueError(f"check_steps: {key!r} is no gradient of the root, {root.describe()}")
    if slash or key.startswith("d"):
        found = look_up(by if slash else key[1:], given, names)
        if found is not None:
            return found, "gradient"
    there = ", ".join(name for name, node in list(names.items())[:20] if node is not None)
    raise ValueError(f"check_steps: {key!r} is about no node of the graph; it has {there or 'no labels'}")


def look_up(name, given, names):
    """The node of that name, or the Group of the nodes W11, W12, ... where lists are given for W; None without one."""
    if names.get(name) is not None:
        return names[name]
    if name in names:
        raise ValueError(f"check_steps: more than one node is named {name}; give the label with its groups, or a node")
    dimensions = len(elements(given)[0]) if not callable(given) else 0
    for style, first in STYLES.get(dimensions, ()):
        extents = [extent(style, name, axis, dimensions, first, names) for axis in range(dimensions)]
        if all(extents):
            nodes = nested(style, name, (), extents, first, names)
            return Group(name, tuple(extents), nodes, given)
    return None


# How elements are labelled, by the number of dimensions, and from where they count.
STYLES = {
    1: [("{0}{1}", 1), ("{0}_{1}", 1), ("{0}[{1}]", 0)],
    2: [("{0}{1}{2}", 1), ("{0}_{1}_{2}", 1), ("{0}[{1}, {2}]", 0)],
}


def extent(style, name, axis, dimensions, first, names):
    """How many elements there are along an axis."""
    n = 0
    while names.get(style.format(name, *[first + n if i == axis else first for i in range(dimensions)])) is not None:
        n += 1
    return n


def nested(style, name, index, extents, first, names):
    if not extents:
        return names[style.format(name, *index)]
    return [nested(style, name, (*index, first + i), extents[1:], first, names) for i in range(extents[0])]


def add_group(claims, group, kind):
    """A claim for each node of the group: its own element, or any where the group was given in another shape."""
    nodes = elements(group.nodes)[1]
    numbers = group.numbers if len(group.numbers) == len(nodes) else [float("nan")] * len(nodes)
    for node, number in zip(nodes, numbers):
        claims.add(node, kind, number, group)
