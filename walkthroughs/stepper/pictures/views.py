"""The pictures of a page: where Graphviz puts nodes and arrows, for the ways in which groups are folded and open.

A page has no Graphviz to ask, so the layouts that a reader can come to by opening and folding are made beforehand.
They are `draw`'s pictures, as plain data; the page draws them again, coloured by state.
"""

import json
import sys
from collections import Counter
from itertools import combinations

from scalar_engine.naming import abridged
from walkthroughs.drawing.groups import prefixes
from walkthroughs.drawing.sketch import FOLD_FROM, LARGEST, sketch

WHOLE = 5_000  # nodes: a larger graph is never shown whole
READABLE = 1_000  # nodes: a larger whole is laid out in layers, for Graphviz takes minutes
PICTURES = 24  # of one graph, or as many as open one group each
PARTS = 6_000  # nodes and arrows in all the pictures but the whole one
MARGIN = 4  # points, around Graphviz's layout


def views_of(trace):
    """The pictures of a trace as plain data, the one to begin with first; an empty list if none can be read.

    Each is {"open": groups left open, None for all; "width", "height", "nodes", "ops", "boxes", "edges"}, in points.
    """
    groups = boxes_of(trace)
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


def boxes_of(trace):
    """The groups that a picture may show as a box: those of more than one node."""
    sizes = Counter(p for group in trace.groups for p in prefixes(group))
    return sorted(group for group, size in sizes.items() if size > 1)


def openings(groups):
    """Tuples of some of the groups, to leave open: none, each with those around it, then pairs, up to a limit."""
    found = [()]
    for n in range(1, len(groups) + 1):
        for chosen in combinations(groups, n):
            opened = tuple(sorted({p for group in chosen for p in prefixes(group)}))
            if opened not in found and len(opened) < len(groups):  # open everywhere is the whole picture
                found.append(opened)
            if len(found) >= PICTURES and n > 1:
                return found
    return found


def view(trace, opened):
    """One picture, with the groups `opened` open, or all of them with None. Raises ValueError if it is too large."""
    is_whole = opened is None
    drawing = sketch([trace.root], not is_whole, opened or (), trace.gradients, WHOLE if is_whole else LARGEST)
    if is_whole and len(trace.nodes) > LARGEST:
        drawing.graph_attr.update(QUICK)
    layout = layout_of(drawing)
    places = {found["name"]: place(found) for found in layout["objects"]}
    nodes = {name[1:]: {"at": places[name], "title": lines} for name, lines in drawing.titles.items()}
    ops = {name[1:-3]: at for name, at in places.items() if name.endswith("_op")}
    boxes = [
        {"id": name, "group": group, "size": size, "at": places[name]} for name, (group, size) in drawing.boxes.items()
    ]
    boxes.sort(key=lambda box: box["at"][1::-1])  # from the top down, as the Tab key goes through them
    edges = [arrow(found) for found in layout.get("edges", [])]
    *_, width, height = map(float, layout["bb"].split(","))
    extent = {"width": width + 2 * MARGIN, "height": height + 2 * MARGIN, "left": MARGIN, "top": height + MARGIN}
    return {"open": opened, **extent, "nodes": nodes, "ops": ops, "boxes": boxes, "edges": edges}


def layout_of(drawing):
    """What Graphviz says of its layout, as plain data: this machine's, or in the playground that of the page."""
    if sys.platform == "emscripten":
        from js import layout

        return json.loads(layout(drawing.source))
    from walkthroughs.drawing.rendering import Drawing  # whose package a page has not

    return json.loads(Drawing.of(drawing).pipe("json"))


# For more than hundreds of nodes: a layout that is worse, and comes in seconds.
QUICK = {"nslimit": "0.2", "nslimit1": "0.5", "mclimit": "0.05", "splines": "line"}


# ---- what Graphviz says of its layout: points from the lower left corner, sizes in inches, and how each thing is drawn


def place(found):
    """The middle, width and height of a node in the picture."""
    x, y = map(float, found["pos"].split(","))
    return [*point((x, y)), *rounded(72 * float(found[side]) for side in ("width", "height"))]


def arrow(found):
    """An edge: what it joins, its path, the corners of its head, and the number of its operand where one is written."""
    tail, head, *position = found["id"].split("-")
    start, *curves = drawn(found["_draw_"], "b")["points"]
    edge = {"tail": tail, "head": head, "path": f"M{corners([start])}C{corners(curves)}"}
    if position:
        edge["position"] = int(position[0])
    if "_hdraw_" in found:
        edge["tip"] = corners(drawn(found["_hdraw_"], "P")["points"])
    if "_hldraw_" in found:
        number = drawn(found["_hldraw_"], "T")
        edge["number"] = [number["text"], *point(number["pt"])]
    return edge


def drawn(operations, kind):
    """The first of some drawing operations that is of a kind: "b" a curve, "P" a polygon, "T" a text."""
    return next(operation for operation in operations if operation["op"] == kind)


def corners(points):
    return " ".join("{:g},{:g}".format(*point(each)) for each in points)


def point(xy):
    """A point as the page counts it, downwards."""
    x, y = xy
    return rounded((x, -y))


def rounded(numbers):
    return [round(number, 1) + 0.0 for number in numbers]


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
        known = {i: [where[x] for x in inputs[i] if x in where] or [i] for i in rows[depth]}
        rows[depth].sort(key=lambda i: sum(known[i]) / len(known[i]))
        for place, i in enumerate(rows[depth]):
            where[i] = (place + (longest - len(rows[depth])) / 2) * COLUMN
    at = [[round(where[i], 1), layer[i] * ROW, 78, 41] for i in range(len(trace.nodes))]
    ends: dict = {}
    titles = [abridged(node.name, ends) for node in trace.nodes]
    nodes = {str(i): {"at": at[i], "title": [title] if title else []} for i, title in enumerate(titles)}
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
