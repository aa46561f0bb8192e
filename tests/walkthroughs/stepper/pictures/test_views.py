"""The pictures of a page: where Graphviz puts things, read from its JSON, by either Graphviz."""

import re
import shutil

import pytest

from models.question3 import SHEET, Question3
from scalar_engine import Value
from walkthroughs.stepper.pictures.views import view, views_of
from walkthroughs.stepper.trace import Trace

from ..graphs import random_graph


@pytest.fixture(params=["dot", "pygraphviz"])
def graphviz(request, monkeypatch, tmp_path, needed):
    """The machine's `dot`, and then none."""
    if request.param == "dot":
        needed(shutil.which("dot"), "Graphviz")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))


def inside(xy, at, slack=1.0):
    x, y, width, height = at
    return abs(xy[0] - x) <= width / 2 + slack and abs(xy[1] - y) <= height / 2 + slack


def test_everything_lies_in_the_picture_and_arrows_go_from_node_to_node(graphviz):
    """Downwards: an input stands above what is made of it, and the picture's corner is the upper left one."""
    trace = Trace(Question3(SHEET).l)
    for opened in (None, (), ("layer1",)):
        found = view(trace, opened)
        corner = -found["left"], -found["top"]
        places = {f"n{i}": item["at"] for i, item in found["nodes"].items()}
        places |= {f"n{i}_op": at for i, at in found["ops"].items()} | {box["id"]: box["at"] for box in found["boxes"]}
        for x, y, width, height in places.values():
            assert corner[0] < x - width / 2 and x + width / 2 < corner[0] + found["width"]
            assert corner[1] < y - height / 2 and y + height / 2 < corner[1] + found["height"]
        for edge in found["edges"]:
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", edge["path"])]
            assert inside(numbers[:2], places[edge["tail"]]) and len(numbers) % 6 == 2
            assert places[edge["tail"]][1] < places[edge["head"]][1]
            ends = [numbers[-2:], *([float(number) for number in xy.split(",")] for xy in edge.get("tip", "").split())]
            assert any(inside(end, places[edge["head"]], slack=3) for end in ends)
            assert "position" in edge or "tip" not in edge  # from an operator to what it makes there is a line


def test_operands_whose_order_matters_have_a_number_beside_the_arrow(graphviz):
    a, b = Value(3.0, "a"), Value(2.0, "b")
    found = view(Trace((a - b) * a), None)
    written = {(edge["tail"], edge["head"]): edge["number"][0] for edge in found["edges"] if "number" in edge}
    assert written == {("n0", "n2_op"): "1", ("n1", "n2_op"): "2"}
    x, y = next(edge["number"][1:] for edge in found["edges"] if "number" in edge)
    assert inside((x, y), found["ops"]["2"], slack=20)


def test_titles_are_the_labels_as_typed(graphviz):
    labels = ['a\\Nb "q" <&>', "one\ntwo", "ŷ₁"]
    root = Value(1.0, labels[0]) * Value(2.0, labels[1]) + Value(3.0, labels[2]) * 4.0
    nodes = view(Trace(root), None)["nodes"]
    found = ["\n".join(item["title"]) for item in nodes.values()]
    assert sorted(found) == sorted([*labels, "", "", "", ""])  # a constant, two products and the sum have no name


def test_boxes_come_from_the_top_down_and_count_what_is_folded(graphviz):
    """6 weights, 3 biases, 6 products, 3 k and 3 h; 6 weights, 2 biases, 6 products and 2 o;
    a logsumexp, 2 differences and 2 y.
    """
    found = view(Trace(Question3(SHEET).l), ())
    assert [(box["group"], box["size"]) for box in found["boxes"]] == [("layer1", 21), ("layer2", 16), ("softmax", 5)]


def test_pictures_hold_every_node_and_arrow_once():
    for root in (Question3(SHEET).l, random_graph(1)):
        trace = Trace(root)
        for found in views_of(trace):
            shown = set(map(int, found["nodes"]))
            folded = {i for i in range(len(trace.nodes)) if any(in_box(trace.groups[i], b) for b in found["boxes"])}
            assert shown | folded == set(range(len(trace.nodes)))
            if found["open"] is None:
                arrows = sum(True for edge in found["edges"] if "position" in edge)
                assert not found["boxes"] and arrows == sum(True for node in trace.nodes for _ in node.inputs)


def in_box(group, box):
    return f"{group}/".startswith(f"{box['group']}/")
