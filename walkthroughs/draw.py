"""A picture of a computation graph, of either engine, as a `graphviz.Digraph`.

Boxes are values, ellipses are the operators that made them; an arrow is an input, so `x * x` has two.

    yellow      a parameter: a leaf that takes a gradient
    blue        an input: data with a name, which takes none
    grey        a constant: data without a name
    white       computed
    red         the root, whose derivatives the gradients are
    dashed      a folded group, such as a layer, with the number of nodes in it
"""

import html
import subprocess
import sys
from collections import Counter

import graphviz

from scalar_engine.graph import topological_order

PARAMETER, INPUT, CONSTANT, COMPUTED, ROOT, GROUP = "#fff3c4", "#d6e8fa", "#ececec", "#ffffff", "#fbd9d3", "#f4f1fa"
LINE, GRADIENT = "#50565e", "#a3241b"
FONT = "Helvetica,Arial,sans-serif"

FOLD_FROM = 200  # nodes: a larger graph is folded unless asked otherwise
LARGEST = 400  # nodes in a picture: layout takes seconds there, and nobody can read more


class Drawing(graphviz.Digraph):
    """A Digraph that renders with the machine's `dot` if there is one, and else with the Graphviz in pygraphviz."""

    def pipe(self, format="svg", encoding=None):
        """The picture as bytes, or as text in `encoding`; notebooks call this to show it."""
        try:
            return super().pipe(format=format, encoding=encoding)
        except graphviz.ExecutableNotFound:
            data = rendered_by_pygraphviz(self.source, format)
            return data.decode(encoding) if encoding else data

    def write(self, path):
        """Write the picture to `path`, in the format that its suffix names (svg, png, pdf, ...), and return `path`."""
        path.write_bytes(self.pipe(format=path.suffix[1:]))
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


def draw(root, fold=None, open=()):
    """The graph behind the node `root` as a Drawing: show it in a notebook, or `.write(Path("graph.svg"))` it.

    fold    True folds every group into one node, False folds none; None folds graphs of more than 200 nodes
    open    groups, such as "layer1/neuron2", to leave open all the same

    The label "layer1/neuron2/k" puts a node into the groups layer1 and layer1/neuron2; a node without a label belongs
    to the group that all its consumers share. Raises ValueError, with advice, if more than 400 nodes would be shown.
    """
    nodes = topological_order(root)
    groups = groups_of(nodes)
    folded = folding(nodes, groups, len(nodes) > FOLD_FROM if fold is None else fold, opened(open))
    require_drawable(nodes, groups, folded)

    names = {node: f"n{i}" for i, node in enumerate(nodes)}
    sizes = Counter(folded.values())
    boxes = {group: f"g{i}" for i, group in enumerate(dict.fromkeys(folded.values()))}
    drawing = Drawing(
        "graph",
        graph_attr={"bgcolor": "white", "nodesep": "0.15", "ranksep": "0.25"},
        node_attr={"fontname": FONT, "fontsize": "11", "color": LINE, "penwidth": "0.8", "margin": "0.08,0.06"},
        edge_attr={"color": LINE, "penwidth": "0.8", "arrowsize": "0.55"},
    )
    shown = [node for node in nodes if node not in folded]
    bearers = Counter(node.name for node in shown)
    for node in shown:
        title = node.name if bearers[node.name] == 1 else node.label
        add_node(drawing, node, names[node], title, is_root=node is root)
    for group, box in boxes.items():
        label = f"<<B>{text(group)}</B><BR/>{sizes[group]:,} nodes>"
        drawing.node(box, label, shape="box", style="rounded,filled,dashed", fillcolor=GROUP)

    to_and_from_boxes: dict[tuple[str, str], None] = {}  # an ordered set
    for node in nodes:
        for x in node.inputs:
            tail = boxes[folded[x]] if x in folded else names[x]
            head = boxes[folded[node]] if node in folded else f"{names[node]}_op"
            if x not in folded and node not in folded:
                drawing.edge(tail, head)
            elif tail != head:
                to_and_from_boxes[tail, head] = None
    drawing.edges(to_and_from_boxes)
    return drawing


def add_node(drawing, node, name, title, is_root):
    is_data = not node.inputs and not node.requires_grad
    if is_data and not node.label:
        drawing.node(name, f"<{text(node.brief(node.data))}>", shape="box", style="filled", fillcolor=CONSTANT)
        return
    rows = [f"<B>{text(title)}</B>"] if node.label else []
    rows.append(f"data {text(node.brief(node.data))}")
    if node.requires_grad:
        gradient = "not computed" if node.grad is None else text(node.brief(node.grad))
        rows.append(f'<FONT COLOR="{GRADIENT}">grad {gradient}</FONT>')
    color = ROOT if is_root else INPUT if is_data else COMPUTED if node.inputs else PARAMETER
    drawing.node(name, f"<{'<BR/>'.join(rows)}>", shape="box", style="rounded,filled", fillcolor=color)
    if node.inputs:
        label = f"<{text(node.op.symbol)}>"
        drawing.node(f"{name}_op", label, shape="ellipse", height="0.25", width="0.35", margin="0.03,0.01")
        drawing.edge(f"{name}_op", name, arrowhead="none")


def groups_of(nodes):
    """{node: its group}, "" for none. `nodes` is in topological order."""
    shared: dict = {}  # what the consumers seen so far have in common, as a path
    groups = {}
    for node in reversed(nodes):
        groups[node] = node.label.rpartition("/")[0] if node.label else "/".join(shared.get(node, ()))
        path = groups[node].split("/") if groups[node] else []
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


def opened(groups):
    """The groups to leave open: those asked for and the groups around them."""
    return {prefix for group in groups for prefix in prefixes(group)}


def folding(nodes, groups, fold, opened):
    """{node: the group that it is folded into}: its outermost group that is not open. A group of one is not folded."""
    if not fold:
        return {}
    into = {node: next((p for p in prefixes(groups[node]) if p not in opened), None) for node in nodes}
    sizes = Counter(into.values())
    return {node: group for node, group in into.items() if group and sizes[group] > 1}


def require_drawable(nodes, groups, folded):
    around = [groups[node] for node in nodes if node not in folded]  # the group around each node or box shown
    around += [group.rpartition("/")[0] for group in set(folded.values())]
    total = len(around)
    if total <= LARGEST:
        return
    shown = Counter(group.partition("/")[0] for group in around if group)
    most = sorted(shown.items(), key=lambda item: (-item[1], item[0]))[:5]
    crowded = [f'"{group}" ({count:,})' for group, count in most]
    if crowded:
        advice = f"draw(root, fold=True) folds each group into one node; now these show most: {', '.join(crowded)}"
    else:
        advice = 'label nodes "layer1/neuron2/k" and draw can fold layer1 into one node, or draw an inner node'
    raise ValueError(f"draw: {total:,} nodes are more than anybody can read (the limit is {LARGEST}): {advice}")


def text(words):
    """Words as they are typed, for a Graphviz HTML label: neither markup nor an escape such as \\N is obeyed."""
    printable = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(words))
    return html.escape(printable).replace("\\", "&#92;" * 2).replace("\n", "<BR/>") or " "
