"""The pictures of a page: where Graphviz puts nodes and arrows, for the ways in which groups are folded and open.

A page has no Graphviz to ask, so the layouts that a reader can come to by opening and folding are made beforehand.
They are `draw`'s pictures, as plain data; the page draws them again, coloured by state.
"""

import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np

from ..drawing.picture import FOLD_FROM, LARGEST, draw, folding, prefixes

WHOLE = 5_000  # nodes: a larger graph is never shown whole
READABLE = 1_000  # nodes: a larger whole is laid out in layers, for Graphviz takes minutes
PICTURES = 24  # of one graph, at most
PARTS = 6_000  # nodes and arrows in all the pictures but the whole one
SVG = "{http://www.w3.org/2000/svg}"


def views_of(trace):
    """The pictures of a trace as plain data, the one to begin with first; an empty list if none can be read.

    Each is {"open": groups left open, None for all; "width", "height", "nodes", "ops", "boxes", "edges"}, in points.
    """
    groups = sorted({p for group in set(trace.groups) for p in prefixes(group)})
    folded = dict(zip(trace.nodes, trace.groups))
    groups = [group for group in groups if group in set(folding(trace.nodes, folded, around(group)).values())]
    views, parts = [], 0
    for opened in openings(groups) if groups else []:
        try:
            views.append(view(trace, opened))
        except ValueError:  # too large to read
            continue
        parts += len(views[-1]["nodes"]) + len(views[-1]["edges"])
        if parts > PARTS:
            break
    if len(trace.nodes) <= WHOLE:
        whole = view(trace, None) if len(trace.nodes) <= READABLE else in_layers(trace)
        views.insert(len(views) if groups and len(trace.nodes) > FOLD_FROM else 0, whole)
    return views


def around(group):
    """The groups to open before `group` is shown as a box."""
    return set(prefixes(group)[:-1])


def openings(groups):
    """Tuples of some of the groups, to leave open: none, each with those around it, then pairs, up to a limit."""
    found = [()]
    for n in range(1, len(groups) + 1):
        for chosen in combinations(groups, n):
            opened = tuple(sorted({p for group in chosen for p in prefixes(group)}))
            if opened not in found and len(opened) < len(groups):  # open everywhere is the whole picture
                found.append(opened)
            if len(found) == PICTURES:
                return found
    return found


def view(trace, opened):
    """One picture, with the groups `opened` open, or all of them with None. Raises ValueError if it is too large."""
    is_whole = opened is None
    drawing = draw(trace.root, not is_whole, opened or (), trace.gradients, WHOLE if is_whole else LARGEST)
    if is_whole and len(trace.nodes) > LARGEST:
        drawing.graph_attr.update(QUICK)
    svg = ElementTree.fromstring(drawing.pipe("svg", encoding="utf-8"))
    _, _, width, height = numbers_in(svg.get("viewBox"))
    graph = svg[0]
    *_, left, top = numbers_in(graph.get("transform"))
    nodes: dict = {}
    ops: dict = {}
    boxes, edges = [], []
    for element in graph.iter(f"{SVG}g"):
        name, kind = element.get("id", ""), element.get("class")
        if kind == "edge":
            edges.append(arrow(element))
        elif kind == "node" and name in drawing.boxes:
            group = drawing.boxes[name]
            size = sum(folded_into(node_group, group) for node_group in trace.groups)
            boxes.append({"id": name, "group": group, "size": size, "at": place(element)})
        elif kind == "node" and name.endswith("_op"):
            ops[name[1:-3]] = place(element)
        elif kind == "node":
            nodes[name[1:]] = {"at": place(element), "title": title(element, trace.nodes[int(name[1:])])}
    size = {"width": width, "height": height, "left": left, "top": top}
    return {"open": opened, **size, "nodes": nodes, "ops": ops, "boxes": boxes, "edges": edges}


# For more than hundreds of nodes: a layout that is worse, and comes in seconds.
QUICK = {"nslimit": "0.2", "nslimit1": "0.5", "mclimit": "0.05", "splines": "line"}


def numbers_in(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text or "")]


def folded_into(node_group, group):
    return node_group == group or node_group.startswith(f"{group}/")


def place(element):
    """The middle, width and height of a node in the picture."""
    ellipse = element.find(f"{SVG}ellipse")
    if ellipse is not None:
        x, y, rx, ry = (float(ellipse.get(name)) for name in ("cx", "cy", "rx", "ry"))
        return rounded([x, y, 2 * rx, 2 * ry])
    numbers = [number for shape in element for number in numbers_in(shape.get("d") or shape.get("points"))]
    xs, ys = numbers[::2], numbers[1::2]
    return rounded([(min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys)])


def rounded(numbers):
    return [round(number, 1) for number in numbers]


def title(element, node):
    """The lines of a node's name in the picture: those above its value."""
    if not node.label:
        return []
    lines = [text.text or "" for text in element.iter(f"{SVG}text")]
    return lines[: -2 if node.requires_grad else -1]


def arrow(element):
    """An edge: what it joins, its path, the corners of its head, and the number of its operand where one is written."""
    tail, head, *position = element.get("id").split("-")
    path, polygon, text = (element.find(f"{SVG}{shape}") for shape in ("path", "polygon", "text"))
    found = {"tail": tail, "head": head, "path": short(path.get("d"))}
    if position:
        found["position"] = int(position[0])
    if polygon is not None:
        found["tip"] = short(polygon.get("points"))
    if text is not None:
        found["number"] = [text.text, *rounded([float(text.get("x")), float(text.get("y"))])]
    return found


def short(path):
    """A path with one digit after the point."""
    return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), path)


# ---- graphs beyond Graphviz's reach

COLUMN, ROW = 92, 110  # points from node to node


def in_layers(trace):
    """The whole of a large graph in layers: inputs above what is made of them, each near the middle of its inputs."""
    layer = layers_of(trace)
    where: dict = {}
    rows: dict = {}
    for i in range(len(trace.nodes)):
        rows.setdefault(layer[i], []).append(i)
    inputs = [[trace.index[x] for x in node.inputs] for node in trace.nodes]
    longest = max(map(len, rows.values()))
    for depth in sorted(rows):
        known = {i: np.mean([where[x] for x in inputs[i] if x in where] or [i]) for i in rows[depth]}
        rows[depth].sort(key=known.get)
        for place, i in enumerate(rows[depth]):
            where[i] = (place + (longest - len(rows[depth])) / 2) * COLUMN
    at = [[round(where[i], 1), layer[i] * ROW, 78, 41] for i in range(len(trace.nodes))]
    nodes = {str(i): {"at": at[i], "title": [node.name] if node.label else []} for i, node in enumerate(trace.nodes)}
    ops = {str(i): [at[i][0], at[i][1] - 40, 40, 18] for i, node in enumerate(trace.nodes) if node.inputs}
    edges: list[dict] = []
    for i in range(len(trace.nodes)):
        x, y = at[i][:2]
        if inputs[i]:
            edges.append({"tail": f"n{i}_op", "head": f"n{i}", "path": f"M{x},{y - 31}L{x},{y - 20}"})
        for position, j in enumerate(inputs[i], start=1):
            path = f"M{at[j][0]},{at[j][1] + 20}L{x},{y - 49}"
            edges.append({"tail": f"n{j}", "head": f"n{i}_op", "path": path, "position": position})
    size = {"width": longest * COLUMN, "height": (max(rows) + 1) * ROW, "left": COLUMN // 2, "top": 60}
    return {"open": None, **size, "nodes": nodes, "ops": ops, "boxes": [], "edges": edges}


def layers_of(trace):
    """Of each node the length of the longest path to it; a leaf stands right above the first of its consumers."""
    layer = [0] * len(trace.nodes)
    for i, node in enumerate(trace.nodes):
        layer[i] = 1 + max((layer[trace.index[x]] for x in node.inputs), default=-1)
    first: dict = {}
    for i, node in enumerate(trace.nodes):
        for x in node.inputs:
            first[x] = min(first.get(x, layer[i]), layer[i])
    return [first[node] - 1 if not node.inputs and node in first else layer[i] for i, node in enumerate(trace.nodes)]
