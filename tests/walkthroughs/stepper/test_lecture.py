"""Lecture mode: what is seen from the last row, where the buttons stay, and how few presses a large graph takes."""

import re

import pytest

from models.mlp import MLP
from scalar_engine import Value, exp, log, maximum, sigmoid, sqrt, sum
from tensor_engine import Tensor
from walkthroughs.stepper import step

from .graphs import graphs, tensor_loss
from .pages import node_of, position, wait

PROJECTOR = {"width": 1024, "height": 600}
AREA = "(([w, h]) => w * h)([byId('scroll').clientWidth, byId('scroll').clientHeight]) / (innerWidth * innerHeight)"


@pytest.fixture
def lecture(open_page, question3):
    page = open_page(question3, viewport=PROJECTOR)
    page.keyboard.press("l")
    return page


def mlp():
    return (MLP(2, [16, 16, 1])([0.5, -1.0]) * 2.0).named("loss")


def set_in_math(page, place):
    page.evaluate(f"goTo({place})")
    return page.text_content("#math")


def test_formulas_are_set_as_in_the_derivations(lecture):
    assert set_in_math(lecture, 1) == "W11x1 =1⋅1 =1"
    assert set_in_math(lecture, 4) == "h1= σ(k1) =σ(2) =0.8808"
    assert set_in_math(lecture, 80) == "dldk1+= dldh1⋅h1(1−h1) =0⋅0.105 =0"
    assert lecture.locator("#math mfrac").count() == 2 and lecture.locator("#math msub").count() == 4
    lecture.evaluate("goTo(4), change(state.graph, [[2, 3]]), showNumbers()")
    assert lecture.text_content("#math") == "h1= σ(k1) =σ(4) =0.982"


def test_operands_get_parentheses_where_they_need_them(open_page):
    a, b, c = Value(-2.0, "a"), Value(3.0, "b"), Value(1e-9, "c")
    cases = [
        ((a - b) * c, "= (a−b)c =−5⋅1⋅10−9 =−5⋅10−9"),
        (c - a, "= c−a =1⋅10−9−(−2) =2"),
        (a**2, "= a2 =(−2)2 =4"),
        (exp(-b) + sqrt(b), "= e−b+b =0.04979+1.732 =1.782"),
        (log(b) / (b * b), "= log(b)bb =1.0999 =0.1221"),
        (maximum(a, -1.0), "= max(a,−1) =max(−2,−1) =−1"),
    ]
    page = open_page(step(sum([root.named(f"y{i}") for i, (root, _) in enumerate(cases)])).html)
    page.keyboard.press("l")
    for i, (_, expected) in enumerate(cases):
        assert (
            set_in_math(page, page.evaluate("i => state.graph.computedAt[i]", node_of(page, f"y{i}")))
            == f"y{i}{expected}"
        )


@pytest.mark.parametrize("name, root", graphs()[1::3])
def test_every_frame_can_be_set(open_page, name, root):
    page = open_page(step(root).html)
    page.keyboard.press("l")
    for place in range(1, page.evaluate("state.graph.frames.length") + 1):
        shown, result = set_in_math(page, place), page.text_content("#formula .result")
        assert not re.search(r"[{}]|\(\d+\)\(|undefined", shown)
        assert "e" in result or shown.endswith("=" + result.replace("-", "−")), (place, shown)


def test_what_is_about_arrays_is_read(open_page):
    page = open_page(step(tensor_loss()).html)
    page.keyboard.press("l")
    assert set_in_math(page, page.evaluate("state.graph.frames.length")) == "dLdW= X⊤dLd(XW) (4, 3) @ (3, 2) →(4, 2)"
    assert page.locator("#math msup").count() == 1
    v, W = Tensor([1.0, 2.0], "v", requires_grad=True), Tensor([[3.0, 4.0]], "W", requires_grad=True)
    page = open_page(step((v.sum() * (W @ W.T).sum()).named("L")).html)
    page.keyboard.press("l")
    lefts = page.evaluate("state.graph.frames.map(({ left }) => left)")
    assert set_in_math(page, lefts.index("dL/dv") + 1).startswith("dLdv= broadcast_to(dLd(sum(v)),(2,))")
    assert set_in_math(page, lefts.index("W.T") + 1).startswith("W⊤ ")


def test_long_lists_are_cut_and_names_are_short_in_their_group(open_page):
    page = open_page(step(mlp()).html)
    page.keyboard.press("l")
    k = page.evaluate("state.graph.computedAt[state.graph.nodes.findIndex((n) => n.label === 'layer2/neuron1/k')]")
    shown = set_in_math(page, k - 1)
    assert shown.startswith("w1⋅layer1.neuron1.h+") and "+…+w16⋅layer1.neuron16.h" in shown
    page = open_page(step(Value(2.0, "dL/dw") * Value(3.0, "x")).html)  # which is no group
    page.keyboard.press("l")
    assert set_in_math(page, 1) == "out= dL/dw⋅x =2⋅3 =6"


def test_the_group_at_work_opens_and_closes_behind(lecture):
    def boxes():
        return [box.get_attribute("data-group") for box in lecture.query_selector_all("#scroll .box")]

    lecture.click("#next")
    assert boxes() == ["layer2", "softmax"]
    lecture.evaluate("goTo(20)")
    assert boxes() == ["layer1", "softmax"]
    lecture.evaluate("goTo(85)")
    assert boxes() == ["layer2", "softmax"]


def test_the_graph_fills_a_projector_and_is_read_from_the_last_row(open_page, question3):
    page = open_page(question3, viewport=PROJECTOR)
    assert page.evaluate(AREA) > 0.34  # it was 0.24
    page.click("#lecture")
    assert page.evaluate(AREA) > 0.5
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.words text')).fontSize) * picture.zoom")
    assert size >= 16 and page.is_visible("#node .ledger") and page.is_hidden("#lists") and page.is_hidden("#theme")


@pytest.mark.parametrize("viewport", [PROJECTOR, {"width": 360, "height": 740}])
def test_next_never_moves(open_page, question3, viewport):
    page = open_page(question3, viewport=viewport)
    where = """() => [...Array(86).keys()].map((p) => (goTo(p), byId("next").getBoundingClientRect()))
        .map(({ x, y, width, height }) => [x, y, width, height].join())"""
    for _ in range(2):
        assert len(set(page.evaluate(where))) == 1
        page.keyboard.press("p")
        page.keyboard.press("Escape")
        assert len(set(page.evaluate(where))) == 1
        page.keyboard.press("p")
        page.keyboard.press("l")


def test_steps_over_neurons_layers_and_passes(open_page):
    """777 presses of a graph of 16 and 16 neurons become 67, 8 and 2."""
    page = open_page(step(mlp()).html)
    names = [option.text_content() for option in page.query_selector_all("#unit option")]
    assert names == ["a neuron", "a layer", "a pass"]
    found = {}
    for name in names:
        page.evaluate("goTo(0)")
        page.select_option("#unit", label=name)
        found[name] = page.evaluate("""() => {
            let presses = 0;
            for (; state.position < state.graph.frames.length; presses++) stepOver();
            return presses;
        }""")
    assert found["a neuron"] < 75 and found["a layer"] < 13 and found["a pass"] == 2
    page.evaluate("goTo(0)")
    page.select_option("#unit", label="a neuron")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("s")
    assert page.evaluate("state.graph.nodes[frameAt().node].label") == "layer1/neuron1/h"


def test_from_left_to_right(lecture):
    """What is computed stands to the right of its inputs, and arrows join what they joined."""
    lecture.evaluate("showView(state.graph.views[0])")
    lecture.keyboard.press("d")
    wrong = lecture.evaluate("""() => {
      const { view } = picture;
      const near = ([x, y, w, h], [a, b]) => Math.abs(a - x) <= w / 2 + 3 && Math.abs(b - y) <= h / 2 + 3;
      const at = (name) => (name.endsWith("_op") ? view.ops[parseInt(name.slice(1))] : view.nodes[name.slice(1)].at);
      return view.edges.filter(({ tail, head, path, tip }) => {
        const points = pointsIn(path);
        const end = pointsIn(tip ?? path).at(-1);
        return at(tail)[0] >= at(head)[0] || !near(at(tail), points[0]) || !near(at(head), end);
      });
    }""")
    assert wrong == [] and lecture.get_attribute("#direction", "aria-pressed") == "true"


def test_a_turned_picture_has_room_for_its_words(open_page):
    weight = Value(2.0, "the_weight_of_the_second_layer")
    page = open_page(step(log(exp(sigmoid(weight * 3.0)).named("h")).named("y")).html)
    page.keyboard.press("d")
    room = page.evaluate("""() => [...document.querySelectorAll("#scroll :is(.op, .words) text")].map((text) => {
        const around = (text.closest(".op") ?? text.closest(".words").previousSibling).firstChild.getBBox();
        return text.hasAttribute("textLength") ? -1 : around.width - text.getComputedTextLength();
    })""")
    assert min(room) > 2


def test_dragging_wheel_and_minimap(open_page, lecture):
    box = lecture.locator("#scroll").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lecture.evaluate("goTo(60), select(null)")
    before = lecture.evaluate("[byId('scroll').scrollLeft, byId('scroll').scrollTop]")
    lecture.mouse.move(x, y)
    lecture.mouse.down()
    lecture.mouse.move(x - 40, y - 30, steps=4)
    lecture.mouse.up()
    after = lecture.evaluate("[byId('scroll').scrollLeft, byId('scroll').scrollTop]")
    assert after == pytest.approx([before[0] + 40, before[1] + 30], abs=1.5)
    assert lecture.evaluate("state.selected") is None
    under = f"""(({{ left, top }}) => [({x} - left) / picture.zoom, ({y} - top) / picture.zoom])(
        picture.svg.getBoundingClientRect())"""
    place, zoom = lecture.evaluate(under), lecture.evaluate("picture.zoom")
    lecture.mouse.move(x, y)
    lecture.mouse.wheel(0, -200)
    wait(lecture, f"picture.zoom > {1.2 * zoom}")
    assert lecture.evaluate(under) == pytest.approx(place, abs=2)
    assert lecture.is_hidden("#map")  # from 200 nodes on
    page = open_page(step(mlp()).html)
    assert page.is_hidden("#map")
    page.keyboard.press("l")
    page.evaluate("showView(state.graph.views.find((view) => view.open === null))")
    wait(page, "!isMapAwaited")
    map_box = page.locator("#map").bounding_box()
    page.mouse.click(map_box["x"] + 0.9 * map_box["width"], map_box["y"] + map_box["height"] / 2)
    assert page.evaluate("byId('scroll').scrollLeft / byId('scroll').scrollWidth") > 0.5


def test_colours_by_the_size_of_the_gradients(page):
    page.evaluate("goTo(85), toggleSizes()")
    shares = page.evaluate(
        "[...picture.items].map(([i, { element }]) => [i, Number(element.style.getPropertyValue('--share'))])"
    )
    gradients = dict(page.evaluate("state.graph.nodes.map((_, i) => [i, Number(gradientOf(i)?.totalExact ?? 0)])"))
    largest = max(map(abs, gradients.values()))
    assert all(share == pytest.approx((abs(gradients[i]) / largest) ** 0.5, abs=1e-3) for i, share in shares)
    assert f"of size {largest:g}." in page.text_content("#largest")
    assert position(page) == 85 and node_of(page, "h1") in gradients
