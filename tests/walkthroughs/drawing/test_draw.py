"""Pictures of graphs: what is in them, what is folded, and that they come out with and without a `dot`."""

import json
import re
import shutil
from itertools import combinations, product
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import numpy as np
import pytest

from models.mlp import MLP
from models.question3 import SHEET, Question3
from scalar_engine import Value, topological_order
from tensor_engine import Tensor
from walkthroughs.drawing import rendering
from walkthroughs.drawing.picture import draw
from walkthroughs.drawing.sketch import CONSTANT, INPUT, PARAMETER, ROOT
from walkthroughs.stepper import step


def texts(drawing):
    """Every text in the picture, by the name of the node that it stands in."""
    svg = ElementTree.fromstring(drawing.pipe("svg", encoding="utf-8"))
    found = {}
    for group in svg.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class") == "node":
            name = group.findtext("{http://www.w3.org/2000/svg}title")
            found[name] = [text.text for text in group.iter("{http://www.w3.org/2000/svg}text")]
    return found


def all_texts(drawing):
    return [text for lines in texts(drawing).values() for text in lines]


def edges(drawing):
    return re.findall(r"^\t(\w+) -> (\w+)", drawing.source, flags=re.MULTILINE)


def network():
    model = MLP(2, [3, 3, 1])
    root = model([Value(0.5, "x1", requires_grad=False), Value(-1.0, "x2", requires_grad=False)])
    return (root * root).named("loss")


def test_two_edges_for_a_node_used_twice():
    x = Value(3.0, "x")
    assert sorted(edges(draw(x * x))) == [("n0", "n1_op"), ("n0", "n1_op"), ("n1_op", "n1")]


def test_values_gradients_and_operators_are_shown():
    x = Value(2 / 3, "x")
    f = (x.exp() * 1.5).named("f")
    f.backward()
    assert texts(draw(f)) == {
        "n0": ["x", "data 0.6667", "grad 2.922"],
        "n1": ["data 1.948", "grad 1.5"],
        "n1_op": ["exp"],
        "n2": ["1.5"],
        "n3": ["f", "data 2.922", "grad 1"],
        "n3_op": ["*"],
    }


def test_before_backward_gradients_are_not_computed():
    x = Value(2.0, "x")
    assert all_texts(draw(x * x)).count("grad None") == 2


def test_boxes_keep_their_size_and_place_when_gradients_come():
    question = Question3(SHEET)

    def places():
        text = draw(question.l).pipe("plain").decode()
        return re.findall(r"^node (\w+) ([\d. ]+) <", text, flags=re.MULTILINE)

    before = places()
    question.gradients()
    assert places() == before and len(before) > 50
    wide = [-0.01234, -0.0001234, -1.234e-5, -1.234e-300, 1234567.0, -9999999.0, float("-inf")]
    for node, gradient in zip(topological_order(question.l), wide * 10):
        node.grad = gradient
    assert places() == before


def test_zero_is_never_negative():
    x = Value(-0.0, "x")
    (x * -1).backward()
    x.grad = -0.0
    assert texts(draw(x))["n0"] == ["x", "data 0", "grad 0"]


def test_roles_have_their_colours():
    w, x = Value(1.0, "w"), Value(2.0, "x", requires_grad=False)
    source = draw(w * x + 3).source
    colors = dict(re.findall(r'^\t(n\d) \[.*fillcolor="(#\w+)"', source, flags=re.MULTILINE))
    assert (colors["n0"], colors["n1"], colors["n3"], colors["n4"]) == (PARAMETER, INPUT, CONSTANT, ROOT)


@pytest.mark.parametrize("label", [
    "<b>&amp;|{}\"'</b>", "a\\Nb\\n\\G", "line one\nline two", "\\", "<script>alert(1)</script>", "x\x01\x00y", "-->",
    "ŷ₁ = σ(k)", " ", "{a|b}", "dl/dx", "x/", "👩‍👩‍👧",
])  # fmt: skip
def test_labels_are_shown_as_typed(label):
    lines = texts(draw(Value(1.0, label)))["n0"]
    shown = "\n".join(lines[: lines.index("data 1")])
    assert shown.replace("\xa0", " ") == re.sub("[\x00\x01]", "\ufffd", label)


def test_a_long_label_is_cut_in_the_middle_and_told_whole():
    labels = [f'the "squared" difference, over {who} & \\N, {"at length, " * 20}as a mean' for who in ("all", "some")]
    y = (Value(1.0, labels[0]) * Value(2.0, labels[1])).named("y")
    svg = draw(y).pipe("svg", encoding="utf-8")
    title = "{http://www.w3.org/1999/xlink}title"
    assert {*labels} <= {link.get(title) for link in ElementTree.fromstring(svg).iter()}
    assert '  1  y = the "squared" di… a mean * the "squared" di…er some … a mean = 1 * 2' in step(y).text()


def test_the_same_graph_gives_the_same_source():
    def source():
        question = Question3(SHEET)
        question.gradients()
        return draw(question.l).source

    assert source() == source()


def test_question3_fits_1200_pixels():
    question = Question3(SHEET)
    question.gradients()
    drawing = draw(question.l)
    width_in_points = float(re.search(r'<svg width="(\d+)pt"', drawing.pipe("svg", encoding="utf-8"))[1])
    assert width_in_points * 96 / 72 <= 1200
    named = {lines[0] for lines in texts(drawing).values()}
    assert {"x1", "W23", "b3", "k1", "h2", "V32", "c2", "o1", "y1", "y2", "t2", "l"} <= named


def test_groups_fold_and_open():
    root = network()
    folded = all_texts(draw(root, fold=True))
    assert {"layer1", "layer2", "layer3", "x1", "loss"} <= set(folded) and "w1" not in folded
    one_open = all_texts(draw(root, fold=True, open=["layer1/neuron2"]))
    assert {"layer1/neuron1", "layer1/neuron3", "layer2", "w1", "k", "h"} <= set(one_open)
    assert "layer1" not in one_open
    assert "layer1/neuron2/k" in all_texts(draw(root, fold=False))  # k alone would be ambiguous


def test_a_folded_group_counts_its_nodes_and_has_one_edge_to_each_neighbour():
    drawing = draw(network(), fold=True)
    # 2 weights, a bias, dot, k and h for each of 3 neurons
    assert ["layer1", "18 nodes"] in texts(drawing).values()
    chain = [("n8", "g2"), ("n9", "g2"), ("g2", "g1"), ("g1", "g0"), ("g0", "n47_op"), ("n47_op", "n47")]
    assert sorted(edges(drawing)) == sorted(chain)


def test_nodes_without_a_label_belong_to_the_group_of_their_consumers():
    w, x = Value(1.0, "layer1/w"), Value(2.0, "x")
    k = (w * x + 3).named("layer1/k")
    folded = texts(draw(k * 2, fold=True))
    assert folded["g0"] == ["layer1", "4 nodes"]  # w, w * x, 3 and k; x has a label without a group


def test_operands_keep_their_order():
    """a - b and b - a must not look alike."""
    a, b = Value(3.0, "a"), Value(2.0, "b")
    source = draw((a - b) * (b - a)).source
    assert "n0 -> n2_op [headlabel=1 " in source and "n1 -> n2_op [headlabel=2 " in source
    assert "n1 -> n3_op [headlabel=1 " in source and "n0 -> n3_op [headlabel=2 " in source
    assert "headlabel" not in draw(a * b + a).source


@pytest.mark.parametrize("with_dot", [True, False])
@pytest.mark.parametrize("direction", ["down", "right"])
def test_operands_numbers_stand_clear_of_one_another_and_of_nodes(with_dot, direction, tmp_path, monkeypatch, needed):
    if with_dot:
        needed(shutil.which("dot"), "Graphviz")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    x, y = Value(3.0, "x"), Value(2.0, "y")
    drawing = draw((x - y) * (y - x) / (x + y) ** (x - y) - x / y - 1.0, direction=direction)
    layout = json.loads(drawing.pipe("json"))
    numbers = [(*map(float, edge["head_lp"].split(",")), 2.5, 3.5) for edge in layout["edges"] if "head_lp" in edge]
    places = [(each["pos"].split(","), each["width"], each["height"]) for each in layout["objects"]]
    nodes = [(float(x), float(y), 36 * float(width), 36 * float(height)) for (x, y), width, height in places]
    assert len(numbers) == 16
    for a, b in [*combinations(numbers, 2), *product(numbers, nodes)]:
        assert abs(a[0] - b[0]) > a[2] + b[2] or abs(a[1] - b[1]) > a[3] + b[3]


def test_the_root_is_never_folded_and_unknown_groups_are_named():
    a = Value(2.0, "l/a")
    root = ((a * a).named("l/b") + 1).named("l/out")
    assert ROOT in draw(root, fold=True).source
    with pytest.raises(ValueError, match=r'there is no group "layer9" to open; there are'):
        draw(root, open="layer9")
    assert "layer1" not in all_texts(draw(network(), open="layer1"))


def test_a_tensor_shows_its_shape_and_a_released_graph_says_how_to_keep_it():
    W = Tensor(np.ones((784, 300)), "W", requires_grad=True)
    loss = (np.ones((64, 784)) @ W).mean().named("loss")
    assert {"data (784, 300)", "data (64, 300)", "data 784"} <= set(all_texts(draw(loss)))
    loss.backward()
    assert texts(draw(loss)) == {
        "n0": ["loss", "data 784", "grad None"],
        "n0_op": ["released", "backward(keep=True)", "keeps it"],
    }


def test_large_graphs_fold_by_themselves():
    model = MLP(10, [20, 20, 1])
    assert "layer2" in all_texts(draw(model([0.5] * 10)))


def test_a_graph_too_large_to_read_says_what_to_fold_and_does_not_hang():
    node = Value(1.0)
    for _ in range(20_000):
        node = node + 1
    with pytest.raises(ValueError, match=r'40,001 nodes .* label nodes "layer1/neuron2/k"'):
        draw(node)
    model = MLP(20, [300, 300, 1])
    with pytest.raises(ValueError, match=r'fold=True\).*"layer2" \(91,\d+\), "layer1" \(13,\d+\)'):
        draw(model([0.5] * 20), fold=False)
    with pytest.raises(ValueError, match=r'"layer1" \(300\), "layer2" \(300\)'):
        draw(model([0.5] * 20), open=["layer1", "layer2"])


@pytest.mark.parametrize("with_dot", [True, False])
def test_pictures_come_out_with_and_without_dot(with_dot, tmp_path, monkeypatch, needed):
    if with_dot:
        needed(shutil.which("dot"), "Graphviz")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(graphviz.ExecutableNotFound):
            graphviz.Digraph().pipe("svg")
    x = Value(2.0, "x<y>")
    drawing = draw(x * x)
    for suffix, start in [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]:
        path = drawing.write(tmp_path / f"picture.{suffix}")
        assert path.read_bytes().startswith(start)
    assert "x&lt;y&gt;" in drawing._repr_mimebundle_()["image/svg+xml"]  # what a notebook shows
    assert Path(drawing.render(tmp_path / "rendered", format="png", cleanup=True)).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("script", [
    "exit 1", "exit 0", "echo broken >&2; exit 127", "kill -9 $$",
], ids=["no SVG", "empty output", "a missing library", "killed"])  # fmt: skip
def test_a_dot_that_is_there_but_broken_is_not_needed(script, tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text(f"#!/bin/sh\n{script}\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(Value(2.0, "x") * 3.0)
    assert b"</svg>" in drawing.pipe("svg")
    assert b"</svg>" in Path(drawing.render(tmp_path / "rendered", cleanup=True)).read_bytes()


@pytest.mark.parametrize("with_dot", [True, False])
def test_render_and_view_mean_what_graphviz_means(with_dot, tmp_path, monkeypatch, needed):
    if with_dot:
        needed(shutil.which("dot"), "Graphviz")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    viewed = []
    monkeypatch.setattr(graphviz, "view", lambda path, quiet: viewed.append(Path(path).name))
    monkeypatch.setattr(graphviz.Digraph, "_view", lambda self, path, **_: viewed.append(Path(path).name))
    drawing = draw(Value(2.0, "x") * 3.0)
    assert drawing.render(outfile="picture.png") == "picture.png"
    assert Path("picture.png").read_bytes().startswith(b"\x89PNG") and Path("picture.gv").exists()
    drawing.view("b")
    assert viewed == ["b.svg"]
    assert drawing.render("a", directory="folder", format="pdf", cleanup=True) == str(Path("folder", "a.pdf"))
    assert [path.name for path in Path("folder").iterdir()] == ["a.pdf"]
    if not with_dot:
        with pytest.raises(graphviz.ExecutableNotFound):
            drawing.render("c", renderer="cairo")


def test_without_any_graphviz_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="pip install pygraphviz, or install it from"):
        draw(Value(2.0, "x") * 3.0).pipe("svg")


def test_what_is_no_graph_says_what_to_draw_instead():
    x = Value(2.0, "x")
    y = (x * x).named("y")
    for what, advice in [
        (y.backward, r"draw\(y\) shows the graph behind y"), (MLP(2, [1]), r"draw\(model\(x\)\)"),
        (None, r"then draw\(y\)"), (3.0, "not float"), ([y, 3.0], "list with float in it"), ([], "not list"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=advice):
            draw(what)


def test_several_roots_in_one_picture_and_its_direction():
    x = Value(2.0, "x")
    drawing = draw([x * 2, x * 3], direction="right")
    colors = dict(re.findall(r'^\t(n\d) \[.*fillcolor="(#\w+)"', drawing.source, flags=re.MULTILINE))
    assert list(colors.values()).count(ROOT) == 2 and list(colors.values()).count(PARAMETER) == 1
    assert "rankdir=LR" in drawing.source
    with pytest.raises(ValueError, match='"down" or "right"'):
        draw(x, direction="left")


def test_dots_an_inch():
    x = Value(2.0, "x")
    widths = [int.from_bytes(draw(x * x, dpi=dpi).pipe("png")[16:20], "big") for dpi in (100, 200)]
    assert 180 < widths[1] == pytest.approx(2 * widths[0], abs=3)


def test_no_two_boxes_share_a_title():
    """Labels that are alike are told apart in a picture too."""
    one, two = Value(2.0, "w"), Value(3.0, "w")
    drawing = draw((one * two + Value(1.0, "layer1/b") * Value(2.0, "layer2/b")).named("y"))
    titles = [" ".join(lines) for lines in drawing.titles.values() if lines]
    assert sorted(titles) == ["layer1/b", "layer2/b", "w", "w_2", "y"]
