"""The page on small and large screens, on paper, in forced colours: faults that were found by using it."""

import pytest

from models.mlp import MLP
from models.question3 import SHEET, Question3
from scalar_engine import Value, dot
from walkthroughs.drawing.palette import COLOURS
from walkthroughs.stepper import step

from .graphs import random_graph
from .pages import node_of, wait
from .test_faces import layers

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def large():
    """1,500 nodes in one picture of more parts than are drawn at once."""
    return step(layers(3, 100)).html


def test_the_arrow_at_work_is_there_when_one_end_is_out_of_sight(open_page, large):
    page = open_page(large, viewport={"width": 800, "height": 600})
    page.evaluate("showView(state.graph.views.find((view) => view.open === null))")
    missing = page.evaluate("""() => {
      const found = [];
      for (let p = 1; p < state.graph.frames.length; p += 41) {
        goTo(p);
        byId("scroll").scrollBy(30, 0);
        drawInSight();
        if (frameAt().kind !== "turn" && !document.querySelector("#scroll .edge:is(.now, .flowing)")) found.push(p);
      }
      return found;
    }""")
    assert missing == []


def test_no_two_nodes_share_a_name(open_page, large):
    for html in (large, step(random_graph(3)).html):
        names = open_page(html).evaluate("state.graph.nodes.filter((n) => n.kind !== 'constant').map((n) => n.name)")
        assert len(set(names)) == len(names)


def test_the_operands_of_a_wide_dot_carry_no_numbers(open_page):
    xs, ws = [Value(0.1, f"x{i}") for i in range(20)], [Value(0.2, f"w{i}") for i in range(20)]
    page = open_page(step((dot(ws, xs) - 1.0).named("y")).html)
    page.evaluate("fit()")
    assert page.locator("#scroll .edge text").count() == 2  # those of the difference


# Pairs of texts of the picture that lie upon one another.
UPON = """() => {
  const texts = [...document.querySelectorAll("#scroll text")].filter((text) => text.textContent);
  const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 * picture.zoom
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3 * picture.zoom; // whose line boxes have room
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).flatMap(([other, b]) => (meet(a, b) ? [[one, other]] : [])));
}"""


def test_no_text_of_a_picture_lies_upon_another(open_page):
    """Arrows of a dot come in at nearly one angle; so do those of differences and quotients of the same leaves."""
    a, b, c = (Value(number, name) for name, number in (("a", 3.0), ("b", 2.0), ("c", -1.5)))
    quotients = (a - b) / (b - c) * (a / b) - a**2 / c
    for root in (MLP(2, [12, 1])([0.5, -1.0]), quotients.named("y"), Question3(SHEET).l):
        page = open_page(step(root).html)
        for _ in range(2):
            for place in (0, "state.graph.frames.length"):
                page.evaluate(f"showView(state.graph.views.find((view) => view.open === null)), goTo({place})")
                assert page.evaluate(UPON) == []
            page.keyboard.press("d")


def fingers(page):
    """touch("touchStart" or the like, heights of the fingers on the page)"""
    client = page.context.new_cdp_session(page)

    def touch(kind, *heights):
        points = [{"x": 180, "y": y, "id": i} for i, y in enumerate(heights)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


def test_two_fingers_zoom_the_picture(open_page, question3):
    page = open_page(question3, **PHONE)
    touch, before = fingers(page), page.evaluate("picture.zoom")
    touch("touchStart", 300)
    touch("touchStart", 300, 340)
    for move in range(0, 41, 5):
        touch("touchMove", 300 - move, 340 + move)
    touch("touchEnd")
    assert page.evaluate("picture.zoom") == pytest.approx(3 * before, rel=0.1)
    assert page.evaluate("visualViewport.scale") == 1


def test_a_swipe_on_the_picture_reaches_the_page(open_page, question3):
    page = open_page(question3, **PHONE)
    touch = fingers(page)
    for _ in range(100):  # the picture first, to its end
        touch("touchStart", 450)
        for y in range(430, 100, -20):
            touch("touchMove", y)
        touch("touchEnd")
        if page.evaluate("scrollY") > 200:
            return
    pytest.fail("the page stays where it is")


def test_a_tapped_node_tells_its_ledger_above_the_buttons(open_page, question3):
    page = open_page(question3, **PHONE)
    page.evaluate("goTo(85)")
    for name in ("h1", "V11", "l"):
        page.evaluate("i => follow(i)", node_of(page, name))
        page.tap(f"#n{node_of(page, name)}")
        wait(page, f"byId('tip').textContent.startsWith('{name}')")
        tip, buttons = (page.locator(place).bounding_box() for place in ("#tip", "#controls"))
        assert tip["y"] + tip["height"] <= buttons["y"]
    page.tap("#back", force=True)
    page.locator("#tip").wait_for(state="hidden")


@pytest.mark.parametrize("size, least", [((740, 360), 0.35), ((360, 740), 0.3)])
def test_a_phone_has_a_graph(open_page, question3, size, least):
    page = open_page(question3, **PHONE | {"viewport": dict(zip(("width", "height"), size))})
    seen = page.evaluate("""() => {
      const { left, right, top, bottom } = byId("scroll").getBoundingClientRect();
      const fixed = getComputedStyle(byId("controls")).position === "fixed";
      const end = Math.min(bottom, fixed ? byId("controls").getBoundingClientRect().top : innerHeight);
      return ((right - left) * (end - top)) / (innerWidth * innerHeight);
    }""")
    assert seen > least
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.tap("#lecture")
    wait(page, "lecture.on")
    tools, graph = page.locator("#picture .tools").bounding_box(), page.locator("#scroll").bounding_box()
    assert tools["y"] + tools["height"] <= graph["y"]  # and lie upon no node
    assert graph["width"] * graph["height"] > least * size[0] * size[1]


def test_the_legend_is_there_as_a_whole_and_in_forced_colours(open_page, question3):
    page = open_page(question3, viewport={"width": 360, "height": 740}, forced_colors="active")
    shown = page.evaluate("""() => [...document.querySelectorAll("#legend li")].map((item) => [
        item.getBoundingClientRect().right <= byId("legend").getBoundingClientRect().right + 1,
        getComputedStyle(item, "::before").backgroundColor])""")
    assert all(fits for fits, _ in shown) and len({colour for _, colour in shown}) == 6


def test_part_of_a_gradient_is_told_from_the_whole():
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))

    for partial, done in zip(COLOURS["partial"], COLOURS["done"]):
        low, high = sorted((light(partial), light(done)))
        assert (high + 0.05) / (low + 0.05) > 1.35


def test_a_breakpoint_is_no_wrong_answer(page):
    page.click("#predict")
    page.fill("#guess", "77")
    page.keyboard.press("Enter")
    assert page.get_attribute("#verdict", "class") == "wrong"
    page.click("#predict")
    page.evaluate("toggleBreakpoint(frameAt(3).node)")
    page.select_option("#speed", "20")
    page.click("#play")
    wait(page, "document.getElementById('verdict').textContent === 'Stopped at a breakpoint.'")
    assert page.get_attribute("#verdict", "class") == ""


def test_print_shows_the_whole_graph(open_page, large):
    page = open_page(large)
    page.emulate_media(media="print")
    page.evaluate(
        "showView(state.graph.views.find((view) => view.open === null)), dispatchEvent(new Event('beforeprint'))"
    )
    drawn = page.evaluate("[document.querySelectorAll('#scroll .node').length, state.graph.nodes.length]")
    assert drawn[0] == drawn[1] and page.is_hidden("#controls")
    assert page.evaluate("getComputedStyle(byId('scroll')).overflow") == "visible"
    assert page.evaluate("picture.svg.getBoundingClientRect().width <= byId('scroll').clientWidth + 1")
