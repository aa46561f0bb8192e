"""A picture of a computation graph, of either engine, as a `graphviz.Digraph`.

Boxes are values, ellipses are the operators that made them; an arrow is an input, so `x * x` has two. Where the order
of the operands matters, as in a - b, the arrows are numbered.

    yellow      a parameter: a leaf that takes a gradient
    blue        an input: data with a name, which takes none
    grey        a constant: data without a name
    white       computed
    red         the root, whose derivatives the gradients are
    dashed      a folded group, such as a layer, with the number of nodes in it
"""

import html
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import graphviz

from scalar_engine.graph import recorded_order

PARAMETER, INPUT, CONSTANT, COMPUTED, ROOT, GROUP = "#fff3c4", "#d6e8fa", "#ececec", "#ffffff", "#fbd9d3", "#f4f1fa"
LINE, GRADIENT = "#50565e", "#a3241b"
FONT = "Helvetica,Arial,sans-serif"

FOLD_FROM = 200  # nodes: a larger graph is folded unless asked otherwise
LARGEST = 400  # nodes in a picture: layout takes seconds there, and nobody can read more

FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


class Drawing(graphviz.Digraph):
    """A Digraph that renders with the machine's `dot` if there is one, and else with the Graphviz in pygraphviz.

    In its SVG the i-th node in topological order has the id n{i}, its operator n{i}_op, the arrow from its k-th input
    {tail}-n{i}_op-{k}, and each box an id that `boxes`, a dict {id: group}, explains.
    """

    boxes: dict[str, str] = {}

    def pipe(self, format=None, **options):
        """The picture as bytes, or as text in `encoding`; notebooks call this to show it. Options as in graphviz."""
        try:
            return super().pipe(format, **options)
        except graphviz.ExecutableNotFound:
            data = rendered_by_pygraphviz(self.source, format or self.format)
            return data.decode(options["encoding"]) if options.get("encoding") else data

    def render(self, filename=None, **options):
        """Write the source to `filename` and the picture beside it; returns its path. Options as in graphviz."""
        try:
            return super().render(filename, **options)
        except graphviz.ExecutableNotFound:
            source = Path(self.save(filename, directory=options.get("directory")))
            picture = self.write(source.with_name(f"{source.name}.{options.get('format') or self.format}"))
            if options.get("cleanup"):
                source.unlink()
            return str(picture)

    def write(self, path):
        """Write the picture to `path`, in the format that its suffix names (svg, png, pdf, ...); returns the path."""
        path = Path(path)
        path.write_bytes(self.pipe(path.suffix[1:].lower() or "svg"))
        return path


def rendered_by_pygraphviz(source, format):
    """The picture as bytes, made in a process of its own, as by `dot`: the C library prints warnings as it likes."""
    program = (
        "import sys, pygraphviz; graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); "
        "sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog='dot'))"
    )
    process = subprocess.run([sys.executable, "-c", program, format], input=source.encode(), capture_output=True)
    if process.returncode:
        raise RuntimeError(f"neither dot nor pygraphviz could draw:\n{process.stderr.decode(errors='replace')}")
    return process.stdout


def draw(root, fold=None, open=(), gradients=None, largest=LARGEST):
    """The graph behind the node `root` as a Drawing: show it in a notebook, or `.write("graph.svg")` it.

    fold        True folds every group into one node, False folds none; None folds if there are more than 200 nodes
    open        a group, such as "layer1/neuron2", or several, to leave open when the others are folded
    gradients   a dict {node: gradient} to show instead of what the nodes' `.grad` holds
    largest     how many nodes may be shown

    The label "layer1/neuron2/k" puts a node into the groups layer1 and layer1/neuron2; a node without a label belongs
    to the group that all its consumers share. Raises ValueError, with advice, if the picture would be too large to
    read, or if there is no group to open, and RuntimeError if a backward pass has released the graph.
    """
    nodes = recorded_order(root)
    groups = groups_of(nodes)
    opened = groups_around([open] if isinstance(open, str) else open, groups)
    folded = folding(nodes, groups, opened) if opened or (len(nodes) > FOLD_FROM if fold is None else fold) else {}
    folded.pop(root, None)

    names = {node: f"n{i}" for i, node in enumerate(nodes)}
    boxes = {group: f"g{i}" for i, group in enumerate(dict.fromkeys(folded.values()))}
    edges = edges_between(nodes, names, boxes, folded)
    require_readable(nodes, groups, folded, edges, largest)
    drawing = Drawing(
        "graph",
        format="svg",
        graph_attr={"bgcolor": "white", "nodesep": "0.15", "ranksep": "0.25"},
        node_attr={"fontname": FONT, "fontsize": "11", "color": LINE, "penwidth": "0.8", "margin": "0.08,0.06"},
        edge_attr={
            "color": LINE,
            "penwidth": "0.8",
            "arrowsize": "0.55",
            "fontname": FONT,
            "fontsize": "9",
            "labeldistance": "1.5",
            "labelangle": "40",
        },
    )
    drawing.boxes = {box: group for group, box in boxes.items()}
    shown = [node for node in nodes if node not in folded]
    bearers, members = Counter(node.name for node in shown), Counter(groups.values())
    for node in shown:
        is_clear = bearers[node.name] == 1 and members[groups[node]] > 1
        gradient = node.grad if gradients is None else gradients.get(node)
        add_node(drawing, node, names[node], node.name if is_clear else node.label, gradient, is_root=node is root)
    sizes = Counter(folded.values())
    for group, box in boxes.items():
        label = f"<<B>{text(group)}</B><BR/>{sizes[group]:,} nodes>"
        drawing.node(box, label, id=box, shape="box", style="rounded,filled,dashed", fillcolor=GROUP)
    for tail, head, position, is_ordered in edges:
        drawing.edge(tail, head, id=f"{tail}-{head}-{position}", headlabel=str(position) if is_ordered else None)
    return drawing


def edges_between(nodes, names, boxes, folded):
    """(tail, head, position, is_ordered), one for each input of a node shown, and one for all those to or from a box.

    The position counts from 1. It is written where the order of the operands matters, as in a - b.
    """
    edges, seen = [], set()
    for node in nodes:
        ordered = len(node.inputs) > 1 and not node.op.symmetric
        for i, x in enumerate(node.inputs, start=1):
            tail = boxes[folded[x]] if x in folded else names[x]
            head = boxes[folded[node]] if node in folded else f"{names[node]}_op"
            if x in folded or node in folded:
                if tail == head or (tail, head) in seen:
                    continue
                seen.add((tail, head))
            edges.append((tail, head, i, ordered and node not in folded))
    return edges


def add_node(drawing, node, name, title, gradient, is_root):
    is_data = not node.inputs and not node.requires_grad
    if is_data and not node.label:
        words = f"<{text(node.brief(node.data))}>"
        drawing.node(name, words, id=name, shape="box", style="filled", fillcolor=CONSTANT)
        return
    rows = [f"<B>{text(title)}</B>"] if node.label else []
    rows.append(f"data {text(node.brief(node.data))}")
    if node.requires_grad:
        words = "not computed" if gradient is None else text(node.brief(gradient))
        rows.append(f'<FONT COLOR="{GRADIENT}">grad {words}</FONT>')
    color = ROOT if is_root else INPUT if is_data else COMPUTED if node.inputs else PARAMETER
    drawing.node(name, f"<{'<BR/>'.join(rows)}>", id=name, shape="box", style="rounded,filled", fillcolor=color)
    if node.inputs:
        label = f"<{text(node.op.symbol)}>"
        drawing.node(
            f"{name}_op", label, id=f"{name}_op", shape="ellipse", height="0.25", width="0.35", margin="0.03,0.01"
        )
        drawing.edge(f"{name}_op", name, id=f"{name}_op-{name}", arrowhead="none")


def groups_of(nodes):
    """{node: its group}, "" for none. `nodes` is in topological order."""
    shared: dict = {}  # what the consumers seen so far have in common, as a path
    groups = {}
    for node in reversed(nodes):
        path = [part for part in node.label.split("/")[:-1] if part] if node.label else shared.get(node, [])
        groups[node] = "/".join(path)
        for x in node.inputs:
            shared[x] = common_prefix(shared[x], path) if x in shared else path
    return groups


def common_prefix(a, b):
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return a[:length]


def prefixes(group):
    """ "layer1/neuron2" -> ["layer1", "layer1/neuron2"]"""
    parts = group.split("/") if group else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def groups_around(wanted, groups):
    """The groups wanted, and those around them."""
    known = {prefix for group in set(groups.values()) for prefix in prefixes(group)}
    for group in wanted:
        if group not in known:
            raise ValueError(f'draw: there is no group "{group}" to open; there are {sorted(known)[:20]}')
    return {prefix for group in wanted for prefix in prefixes(group)}


def folding(nodes, groups, opened):
    """{node: the group that it is folded into}: its outermost group that is not open. A group of one is not folded."""
    into = {node: next((p for p in prefixes(groups[node]) if p not in opened), None) for node in nodes}
    sizes = Counter(into.values())
    return {node: group for node, group in into.items() if group and sizes[group] > 1}


def require_readable(nodes, groups, folded, edges, largest):
    around = [groups[node] for node in nodes if node not in folded]  # the group around each node or box shown
    around += [group.rpartition("/")[0] for group in set(folded.values())]
    total = len(around)
    if total <= largest and len(edges) <= 5 * largest:
        return
    shown = Counter(group.partition("/")[0] for group in around if group)
    most = sorted(shown.items(), key=lambda item: (-item[1], item[0]))[:5]
    crowded = [f'"{group}" ({count:,})' for group, count in most]
    if crowded:
        advice = f"draw(root, fold=True) folds each group into one node; now these show most: {', '.join(crowded)}"
    else:
        advice = 'label nodes "layer1/neuron2/k" and draw can fold layer1 into one node, or draw an inner node'
    size = f"{total:,} nodes" if total > largest else f"{len(edges):,} edges"
    limit = largest if total > largest else 5 * largest
    raise ValueError(f"draw: {size} are more than anybody can read (the limit is {limit:,}): {advice}")


def text(words):
    """Words as they are typed, for a Graphviz HTML label: neither markup nor an escape such as \\N is obeyed."""
    words = str(words).replace("\r\n", "\n").expandtabs(4)
    printable = FORBIDDEN_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)
    return html.escape(printable).replace("\\", "&#92;" * 2).replace("\n", "<BR/>") or " "
