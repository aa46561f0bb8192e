"""The pictures of a page: where Graphviz puts nodes and arrows, for the ways in which groups are folded and open.

A page has no Graphviz to ask, so the layouts that a reader can come to by opening and folding are made beforehand.
They are `draw`'s pictures, as plain data; the page draws them again, coloured by state.
"""

import re
from itertools import combinations
from xml.etree import ElementTree

from ..draw import FOLD_FROM, LARGEST, draw, folding, groups_around, prefixes

WHOLE = 5_000  # nodes: a larger graph is never shown whole
PICTURES = 24  # of one graph, at most
SVG = "{http://www.w3.org/2000/svg}"


def views_of(trace):
    """The pictures of a trace as plain data, the one to begin with first; an empty list if none can be read.

    Each is {"open": groups left open, None for all; "width", "height", "nodes", "ops", "boxes", "edges"}, in points.
    """
    groups = sorted({p for group in set(trace.groups) for p in prefixes(group)})
    folded = dict(zip(trace.nodes, trace.groups))
    groups = [group for group in groups if group in set(folding(trace.nodes, folded, around(group)).values())]
    wanted = [*openings(groups), None] if groups else [None]
    if len(trace.nodes) <= (FOLD_FROM if groups else WHOLE):
        wanted.reverse()
    views = []
    for opened in wanted:
        if opened is None and len(trace.nodes) > WHOLE:
            continue
        try:
            views.append(view(trace, opened))
        except ValueError:  # too large to read
            continue
    return views


def around(group):
    """The groups to open before `group` is shown as a box."""
    return set(prefixes(group)[:-1])


def openings(groups):
    """Tuples of some of the groups, to leave open: none, each with those around it, then pairs and more, as many as are allowed."""
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
    """One picture, with the groups `opened` open, or all of them with None."""
    drawing = draw(trace.root, fold=opened is not None, open=opened or (), gradients=trace.gradients, largest=WHOLE)
    if opened is None and len(trace.nodes) > LARGEST:
        drawing.graph_attr.update(QUICK)
    svg = ElementTree.fromstring(drawing.pipe("svg", encoding="utf-8"))
    _, _, width, height = map(float, svg.get("viewBox").split())
    graph = svg.find(f"{SVG}g")
    left, top = map(float, re.findall(r"translate\(([-\d.]+) ([-\d.]+)\)", graph.get("transform"))[0])
    picture = {"open": None if opened is None else list(opened), "width": width, "height": height, "left": left, "top": top}
    items = {"nodes": {}, "ops": {}, "boxes": [], "edges": []}
    for element in graph.iter(f"{SVG}g"):
        name, kind = element.get("id"), element.get("class")
        if kind == "edge":
            items["edges"].append(arrow(element))
        elif kind == "node" and name in drawing.boxes:
            group = drawing.boxes[name]
            size = sum(folded_into(node_group, group) for node_group in trace.groups)
            items["boxes"].append({"id": name, "group": group, "size": size, "at": place(element)})
        elif kind == "node" and name.endswith("_op"):
            items["ops"][name[1:-3]] = place(element)
        elif kind == "node":
            items["nodes"][name[1:]] = {"at": place(element), "title": title(element, trace.nodes[int(name[1:])])}
    return picture | items


# For more than hundreds of nodes: a layout that is worse, and comes in seconds instead of minutes.
QUICK = {"nslimit": "0.2", "nslimit1": "0.5", "mclimit": "0.05", "splines": "line"}


def folded_into(node_group, group):
    return node_group == group or node_group.startswith(f"{group}/")


def place(element):
    """The middle, width and height of a node in the picture."""
    ellipse = element.find(f"{SVG}ellipse")
    if ellipse is not None:
        x, y, rx, ry = (float(ellipse.get(name)) for name in ("cx", "cy", "rx", "ry"))
        return rounded([x, y, 2 * rx, 2 * ry])
    numbers = []
    for shape in element:
        numbers += [float(n) for n in re.findall(r"-?[\d.]+", shape.get("d") or shape.get("points") or "")]
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
