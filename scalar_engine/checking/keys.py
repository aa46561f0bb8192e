"""The keys of what is claimed, read: which node "k1", "dl/dW" or a node itself is about, and what of it.

A node may be called by its label, "layer1/w", by what texts call it, "layer1.w", and by its label without groups where
no other node has it, "w". W stands for W11, W12, ... where lists are given for it. Gradients are written in many ways:
dW, d_W, dl/dW, dl_dW, grad_W, W_grad, W.grad, and with the sign for partial derivatives.
"""

from ..graph import Node, Operator
from .claims import Claims, Group
from .elements import elements, plain

LOSSES = ("l", "loss", "j", "e", "c", "cost", "error")  # what people call a root that is one of these


def read(root, names, claimed):
    """The `Claims` in a dict; ValueError, with the names there are, where a key is about no node of the graph.

    `names` is {node: what texts call it}, for each node of the graph.
    """
    claims, named = Claims(names), named_nodes(names)
    for key, given in claimed.items():
        given = plain(given)
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
    return claims.settled()


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
    text = key.strip().replace("\N{PARTIAL DIFFERENTIAL}", "d")
    names = {name for name in labels_of(root) if name} | {x for x, node in named.items() if node is root}
    if any(name.lower() in LOSSES for name in names):
        names |= set(LOSSES)
    readings = [(text, "value"), *((name, "gradient") for name in gradient_of(text, names, not root.label, named))]
    for name, kind in readings:
        found = look_up(name, given, named)
        if found is not None:
            return found, kind
    if text.startswith("d") and "/d" in text:
        raise ValueError(f"check_steps: {key!r} is no gradient of the root, {root.describe()}")
    return None, ""


def gradient_of(text, roots, any_root, named):
    """The names of the nodes whose gradient a key may be, by a root that goes by one of these names."""
    if text.startswith("d"):
        yield text[1:]
        for between in ("/d", "_d", "d"):
            for start in range(2, len(text)):
                of, by = text[1:start], text[start + len(between) :]
                is_root = of in roots or of.lower() in roots or any_root and between == "/d" and of not in named
                if text.startswith(between, start) and by and is_root:
                    yield by.lstrip("_")
        yield text[1:].lstrip("_")
    for before in ("gradient_", "grad_", "grad", "nabla_"):
        if text.lower().startswith(before):
            yield text[len(before) :]
    for behind in ("_grad", ".grad", "_gradient"):
        if text.endswith(behind):
            yield text[: -len(behind)]


def look_up(name, given, named):
    """The node of that name, or the Group of the nodes W11, W12, ... where lists are given for W; None without one."""
    if named.get(name) is not None:
        return named[name]
    if name in named:
        raise ValueError(f"check_steps: more than one node is named {name}; give the label with its groups, or a node")
    shape = elements(given)[0] if not callable(given) else ()
    is_blank = given is None or isinstance(given, str) and not given.strip()
    for dimensions in (1, 2) if is_blank else (len(shape), len([n for n in shape if n != 1])):
        found = numbered_as(name, dimensions, given, named)
        if found is not None:
            return found
    return None


def numbered_as(name, dimensions, given, named):
    """The Group of the nodes that are called so, with a number for each of the dimensions; None if there are none."""
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
