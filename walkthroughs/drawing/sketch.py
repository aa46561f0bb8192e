"""What a picture of a computation graph shows, of either engine, as text in Graphviz's language.

Boxes are values, ellipses are the operators that made them; an arrow is an input, so `x * x` has two. Where the order
of the operands matters, as in a - b, the arrows are numbered.

    yellow      a parameter: a leaf that takes a gradient
    blue        an input: data with a name, which takes none
    grey        a constant: data without a name
    white       computed
    red         the root, whose derivatives the gradients are; or several
    dashed      a folded group, such as a layer, with the number of nodes in it
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from scalar_engine import Node, topological_order
from scalar_engine.naming import LONG, unique_names
from scalar_engine.passes import current_order
from walkthroughs.drawing.groups import folding, groups_around, groups_of

PARAMETER, INPUT, CONSTANT, COMPUTED, ROOT, GROUP = "#fff3c4", "#d6e8fa", "#ececec", "#ffffff", "#fbd9d3", "#f4f1fa"
LINE, GRADIENT = "#50565e", "#a3241b"
FONT = {"fontname": "Helvetica,Arial,sans-serif"}
LINES = {"color": LINE, "penwidth": "0.8"}
GRAPHS = {"bgcolor": "white", "nodesep": "0.15", "ranksep": "0.25"}
NODES = {**FONT, "fontsize": "11", **LINES, "margin": "0.08,0.06"}
EDGES = {**LINES, "arrowsize": "0.55", **FONT, "fontsize": "9", "labeldistance": "1.5", "labelangle": "40"}
DIRECTIONS = {"down": "TB", "right": "LR"}
WIDE, DIGITS = "1.2", 6  # inches: room for "grad -0.4404", so that a box stays as it is when its gradient comes
OPERATOR = {"shape": "ellipse", "height": "0.25", "width": "0.35", "margin": "0.03,0.01"}

BLANK = "________"
RELEASED = "<released<BR/>backward(keep=True)<BR/>keeps it>"  # instead of the operator
FOLD_FROM = 200  # nodes: a larger graph is folded unless asked otherwise
NUMBERED = 5  # operands: the arrows of more carry no numbers
LARGEST = 400  # nodes in a picture: layout takes seconds there, and nobody can read more

FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
BARE = re.compile(r"<.*>|[a-zA-Z_]\w*|-?[0-9]*\.?[0-9]+", re.ASCII | re.DOTALL)


class Sketch:
    """A picture as text in Graphviz's language, which this machine's Graphviz lays out, or that of a browser.

    source      the text, as the `graphviz` package writes it; body: the lines of its nodes and edges
    graph_attr  attributes of the graph
    boxes       {id: (group, how many nodes are folded into it)}
    titles      {id: lines} of what each node is called in the picture; no lines where it has no label
    """

    def __init__(self, boxes: dict[str, tuple[str, int]]) -> None:
        self.graph_attr = dict(GRAPHS)
        self.body: list[str] = []
        self.boxes = boxes
        self.titles: dict[str, list[str]] = {}

    def node(self, name: str, label: str, **attributes: str | None) -> None:
        self.body.append(f"\t{name} [{in_dot({'label': label})} {in_dot(attributes)}]\n")

    def edge(self, tail: str, head: str, **attributes: str | None) -> None:
        self.body.append(f"\t{tail} -> {head} [{in_dot(attributes)}]\n")

    @property
    def source(self) -> str:
        styles = [("graph", self.graph_attr), ("node", NODES), ("edge", EDGES)]
        heads = [f"\t{kind} [{in_dot(attributes)}]\n" for kind, attributes in styles]
        return "".join(['digraph "graph" {\n', *heads, *self.body, "}\n"])


def in_dot(attributes: Mapping[str, str | None]) -> str:
    """Attributes as DOT has them: words, numbers, and markup <...> stand by themselves, all else between quotes."""
    return " ".join(
        f"{name}={value if BARE.fullmatch(value) else chr(34) + value + chr(34)}"
        for name, value in sorted(attributes.items())
        if value is not None
    )


def sketch(
    roots: list[Node],
    fold: bool | None = None,
    open: str | Iterable[str] = (),
    gradients: Mapping[Node, Any] | None = None,
    largest: int = LARGEST,
    blank: bool = False,
    direction: str = "down",
) -> Sketch:
    """The `Sketch` of the graph behind some nodes. Arguments and errors as in `draw`."""
    nodes = list(dict.fromkeys(node for each in roots for node in order_of(each)))
    groups = groups_of(nodes)
    opened = groups_around([open] if isinstance(open, str) else open, groups)
    folded = folding(nodes, groups, opened) if opened or (len(nodes) > FOLD_FROM if fold is None else fold) else {}
    for each in roots:
        folded.pop(each, None)

    names = {node: f"n{i}" for i, node in enumerate(nodes)}
    boxes = {group: f"g{i}" for i, group in enumerate(dict.fromkeys(folded.values()))}
    edges = edges_between(nodes, names, boxes, folded)
    require_readable(nodes, groups, folded, edges, largest)
    sizes = Counter(folded.values())
    made = Sketch({box: (group, sizes[group]) for group, box in boxes.items()})
    made.graph_attr["rankdir"] = DIRECTIONS[direction]
    shown = [node for node in nodes if node not in folded]
    labelled = [node for node in shown if node.label]
    titles, members = unique_names(labelled, grouped=groups, most=LONG), Counter(groups.values())
    for node in shown:
        title = titles.get(node, "")
        if title == node.label.replace("/", ".") or (title == node.name and members[groups[node]] == 1):
            title = node.label
        gradient = node.grad if gradients is None else gradients.get(node)
        add_node(made, node, names[node], title, gradient, is_root=node in {*roots}, blank=blank)
    for box, (group, size) in made.boxes.items():
        label = f"<<B>{text(group)}</B><BR/>{size:,} nodes>"
        made.node(box, label, id=box, shape="box", style="rounded,filled,dashed", fillcolor=GROUP)
    for tail, head, position, is_ordered in edges:
        made.edge(tail, head, id=f"{tail}-{head}-{position}", headlabel=str(position) if is_ordered else None)
    return made


def order_of(root: Node) -> list[Node]:
    """The nodes behind a root; of a graph that was released, those that are left."""
    order = topological_order(root)
    return order if any(map(is_released, order)) else current_order(root, "draw")


def is_released(node: Node) -> bool:
    return node.op is not None and not node.inputs


def edges_between(
    nodes: list[Node], names: dict[Node, str], boxes: dict[str, str], folded: dict[Node, str]
) -> list[tuple[str, str, int, bool]]:
    """(tail, head, position, is_ordered), one for each input of a node shown, and one for all those to or from a box.

    The position counts from 1. It is written where the order of the operands matters, as in a - b, and where there are
    so few that the numbers do not lie upon one another.
    """
    edges, seen = [], set()
    for node in nodes:
        ordered = node.op is not None and 1 < len(node.inputs) <= NUMBERED and not node.op.symmetric
        for i, x in enumerate(node.inputs, start=1):
            tail = boxes[folded[x]] if x in folded else names[x]
            head = boxes[folded[node]] if node in folded else f"{names[node]}_op"
            if x in folded or node in folded:
                if tail == head or (tail, head) in seen:
                    continue
                seen.add((tail, head))
            edges.append((tail, head, i, ordered and node not in folded))
    return edges


def add_node(made: Sketch, node: Node, name: str, title: str, gradient: Any, is_root: bool, blank: bool) -> None:
    is_data = node.op is None and not node.requires_grad
    made.titles[name] = lines_of(title) if node.label else []
    if is_data and not node.label:
        words = f"<{text(node.brief(node.data))}>"
        made.node(name, words, id=name, shape="box", style="filled", fillcolor=CONSTANT)
        return
    rows = [f"<B>{text(title)}</B>"] if node.label else []
    rows.append(f"data {BLANK if blank and node.inputs else quantity(node, node.data)}")
    if node.requires_grad:
        words = BLANK if blank else "None" if gradient is None else quantity(node, gradient)
        rows.append(f'<FONT COLOR="{GRADIENT}">grad {words}</FONT>')
    color = ROOT if is_root else INPUT if is_data else COMPUTED if node.op else PARAMETER
    words, width = f"<{'<BR/>'.join(rows)}>", WIDE if node.requires_grad else None
    is_cut = title != node.label and len(node.label) > LONG
    whole = text(" ".join(lines_of(node.label)).replace("\\", "\\\\")) if is_cut else None  # read for escapes once more
    made.node(name, words, id=name, shape="box", style="rounded,filled", fillcolor=color, width=width, tooltip=whole)
    if node.op is not None:
        label = f"<{text(node.op.symbol)}>" if node.inputs else RELEASED
        made.node(f"{name}_op", label, id=f"{name}_op", **OPERATOR)
        made.edge(f"{name}_op", name, id=f"{name}_op-{name}", arrowhead="none")


def quantity(node: Node, data: Any) -> str:
    """A value or gradient for an HTML label: a number longer than most is written smaller, for a box stays as it is."""
    words = text(node.brief(data))
    digits = len(words) - (words.count("-") + words.count(".")) / 2  # as wide as so many
    if not node.requires_grad or words.startswith("(") or digits <= DIGITS:  # an array's shape is in the box before
        return words
    return f'<FONT POINT-SIZE="{67 / digits:.1f}">{words}</FONT>'


def require_readable(
    nodes: list[Node], groups: dict[Node, str], folded: dict[Node, str], edges: list[Any], largest: int
) -> None:
    around = [groups[node] for node in nodes if node not in folded]  # the group around each node or box shown
    around += [group.rpartition("/")[0] for group in set(folded.values())]
    n_shown = len(around)
    if n_shown <= largest and len(edges) <= 5 * largest:
        return
    shown = Counter(group.partition("/")[0] for group in around if group)
    most = sorted(shown.items(), key=lambda item: (-item[1], item[0]))[:5]
    crowded = [f'"{group}" ({count:,})' for group, count in most]
    if crowded:
        advice = f"draw(root, fold=True) folds each group into one node; now these show most: {', '.join(crowded)}"
    else:
        advice = 'label nodes "layer1/neuron2/k" and draw can fold layer1 into one node, or draw an inner node'
    size = f"{n_shown:,} nodes" if n_shown > largest else f"{len(edges):,} edges"
    limit = largest if n_shown > largest else 5 * largest
    raise ValueError(f"draw: {size} are more than anybody can read (the limit is {limit:,}): {advice}")


def text(words: str) -> str:
    """Words as they are typed, for a Graphviz HTML label: neither markup nor an escape such as \\N is obeyed."""
    return "<BR/>".join(html.escape(line).replace("\\", "&#92;" * 2) for line in lines_of(words)) or " "


def lines_of(words: str) -> list[str]:
    """Words as lines that a picture can hold."""
    printable = FORBIDDEN_IN_XML.sub("\N{REPLACEMENT CHARACTER}", str(words).replace("\r\n", "\n").expandtabs(4))
    return printable.split("\n")
