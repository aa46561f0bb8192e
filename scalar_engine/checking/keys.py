"""The keys of what is claimed, read: which node "k1", "dl/dW" or a node itself is about, and what of it.

A node may be called by its label, "layer1/w", by what texts call it, "layer1.w", and by its label without groups where
no other node has it, "w". W stands for W11, W12, ... where lists are given for it.
"""

from ..graph import Node, Operator
from .claims import Claims, Group
from .elements import elements


def read(root, names, claimed):
    """The `Claims` in a dict; ValueError, with the names there are, where a key is about no node of the graph.

    `names` is {node: what texts call it}, for each node of the graph.
    """
    claims, named = Claims(names), named_nodes(names)
    for key, given in claimed.items():
        if isinstance(key, Operator):
            claims.rules[key] = given
            continue
        found, kind = meant(key, given, named, root)
        if isinstance(found, Group):
            claims.add_group(found, kind)
        elif found in names:
            claims.add(found, kind, given)
        elif found is None:
            raise ValueError(f"check_steps: {key!r} is about no node of the graph; it has {labels_in(names)}")
        else:
            raise ValueError(f"check_steps: {found.describe()} is not part of the graph of {root.describe()}")
    claims.judge_precision()
    return claims


def named_nodes(names):
    """{name: the node that may be called so}; None where two nodes share the name."""
    named = {}
    for node in names:
        if node.label:
            for name in labels_of(node):
                named[name] = None if name in named else node
    for node, name in names.items():
        if node.inputs or node.requires_grad:  # a constant is called by its number, as others may be
            named.setdefault(name, node)
    return named


def labels_of(node):
    """What a node may be called by its label: "w", "layer1/w", "layer1.w"."""
    return dict.fromkeys((node.name, node.label, node.label.replace("/", ".")))


def labels_in(names):
    """The names of the nodes that have labels, for an error that tells what there is."""
    return ", ".join([name for node, name in names.items() if node.label][:20]) or "no labels"


def meant(key, given, named, root):
    """The node, or the Group, that a key is about, and whether it is its value or its gradient; None for none."""
    if isinstance(key, Node):
        return key, "value"
    if isinstance(key, tuple) and len(key) == 2 and key[0] is root and isinstance(key[1], Node):
        return key[1], "gradient"
    if not isinstance(key, str):
        raise ValueError(f"check_steps: {key!r} names no node; write 'k1', 'dl/dk1', a node, or (root, node)")
    readings = [(key, "value")]
    of, slash, by = key[1:].partition("/d")
    if key.startswith("d"):
        readings.append((key[1:], "gradient"))
        if of in labels_of(root) or named.get(of) is root or not root.label and of not in named:
            readings.append((by, "gradient"))
    for name, kind in readings:
        found = look_up(name, given, named)
        if found is not None:
            return found, kind
    if slash and len(readings) == 2:
        raise ValueError(f"check_steps: {key!r} is no gradient of the root, {root.describe()}")
    return None, ""


def look_up(name, given, named):
    """The node of that name, or the Group of the nodes W11, W12, ... where lists are given for W; None without one."""
    if named.get(name) is not None:
        return named[name]
    if name in named:
        raise ValueError(f"check_steps: more than one node is named {name}; give the label with its groups, or a node")
    dimensions = len(elements(given)[0]) if not callable(given) else 0
    for style, first in STYLES.get(dimensions, ()):
        extents = [extent(style, name, axis, dimensions, first, named) for axis in range(dimensions)]
        if all(extents):
            nodes = nested(style, name, (), extents, first, named)
            return Group(name, tuple(extents), nodes, given)
    return None


# How elements are labelled, by the number of dimensions, and from where they count.
STYLES = {
    1: [("{0}{1}", 1), ("{0}_{1}", 1), ("{0}[{1}]", 0)],
    2: [("{0}{1}{2}", 1), ("{0}_{1}_{2}", 1), ("{0}[{1}, {2}]", 0)],
}


def extent(style, name, axis, dimensions, first, named):
    """How many elements there are along an axis."""
    n = 0
    while named.get(style.format(name, *[first + n if i == axis else first for i in range(dimensions)])) is not None:
        n += 1
    return n


def nested(style, name, index, extents, first, named):
    """The nodes of all elements, in nested lists."""
    if not extents:
        return named[style.format(name, *index)]
    return [nested(style, name, (*index, first + i), extents[1:], first, named) for i in range(extents[0])]
