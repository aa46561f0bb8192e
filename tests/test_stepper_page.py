"""The stepper's page, driven in headless Chromium: every number against the engine's records, every control by mouse,
keyboard and touch."""

import re

import pytest

from models.mlp import MLP
from models.question3 import SHEET, Question3
from scalar_engine import Value, topological_order
from tests.stepper_graphs import graphs, states
from walkthroughs.stepper import step

# What a page shows at every position, read off its elements.
READ_ALL = """() => {
  const text = (element) => element.textContent;
  const found = [];
  for (let position = 0; position <= state.graph.frames.length; position++) {
    goTo(position);
    found.push({
      formula: text(document.getElementById("formula")),
      result: document.querySelector("#formula .result")?.textContent,
      exact: document.querySelector("#formula .result")?.title,
      note: text(document.getElementById("note")),
      rows: [...document.querySelectorAll("#rows tr")].map((row) =>
        [...row.querySelectorAll(".value, .gradient")].map((cell) => [text(cell), cell.title])),
      drawn: Object.fromEntries([...document.querySelectorAll("#scroll .node")].map((node) =>
        [node.dataset.node, [".value", ".gradient"].map((name) => node.querySelector(name)?.textContent ?? null)])),
      numbers: document.querySelector("#formula .numbers")?.textContent ?? "",
      ledger: [...document.querySelectorAll("#node .ledger tr")].map((row) => row.textContent),
      program: document.querySelectorAll("#lines li").length,
      states: [...document.querySelectorAll("#rows tr")].map((row) => row.className),
    });
  }
  return found;
}"""


@pytest.fixture(scope="module")
def question3():
    return step(Question3(SHEET).l, "Question 3, step by step").html


@pytest.fixture
def page(open_page, question3):
    return open_page(question3)


def position(page):
    return int(re.match(r"Step (\d+) of", page.text_content("#where"))[1])


def wait(page, condition):
    """Until a JavaScript expression is true. (Playwright's own way is to evaluate text, which the page forbids.)"""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"{condition} has not come true")


def formula(page):
    return page.text_content("#formula")


def node_of(page, name):
    """The index of the node with a name in formulas."""
    return page.evaluate("name => state.graph.nodes.findIndex((node) => node.name === name)", name)


@pytest.mark.parametrize("name, root", graphs())
def test_every_number_at_every_position_is_the_engines(open_page, name, root):
    shown = open_page(step(root).html).evaluate(READ_ALL)
    expected = list(states(root))
    assert len(shown) == len(expected)
    nodes, brief = topological_order(root), root.brief
    received = {node: [] for node in nodes}
    for position, (seen, (values, gradients, record)) in enumerate(zip(shown, expected)):
        for i, node in enumerate(nodes):
            value, gradient = values[node], gradients[node]
            expected_row = [["", ""] if x is None else [brief(x), repr(x)] for x in (value, gradient)]
            assert seen["rows"][i] == expected_row, (position, node)
            drawn = seen["drawn"][str(i)]
            assert drawn[0] == ("" if value is None else brief(value))
            gradient_text = "" if gradient is None else f"∂ {brief(gradient)}"
            assert drawn[1] == (gradient_text if node.requires_grad else None)
        if record is not None:
            result = record.node.data if record.position is None else record.contribution
            assert (seen["result"], seen["exact"]) == (brief(result), repr(result))
            assert seen["formula"].endswith(f" = {brief(result)}")
            if record.position is None:
                assert all(brief(x.data) in seen["numbers"] for x in record.node.inputs)
            else:
                received[record.input].append(f"{brief(record.local)} × {brief(record.upstream)}= {brief(result)}")
                assert len(seen["ledger"]) == len(received[record.input])
                assert all(row.endswith(tail) for row, tail in zip(seen["ledger"], received[record.input]))
                assert f"= {brief(record.upstream)} * " in seen["formula"]
                assert brief(record.local) in seen["formula"]
                if "contributions" in seen["note"]:
                    assert seen["note"].endswith(f" is {brief(gradients[record.input])}.")
        assert seen["program"] == position


def test_question3_reads_as_on_paper(page):
    for _ in range(4):
        page.click("#next")
    assert formula(page) == "h1 = sigmoid(k1) = sigmoid(2) = 0.8808"
    page.evaluate("goTo(80)")
    assert formula(page) == "dl/dk1 += dl/dh1 * h1 * (1 - h1) = 0 * 0.105 = 0"
    page.evaluate("goTo(79)")
    assert page.text_content("#note") == "Second of two contributions to dl/dh1; the sum is 0."


def test_buttons(page):
    last = 85
    page.click("#next")
    page.click("#next")
    assert position(page) == 2
    page.click("#back")
    assert position(page) == 1
    page.click("#end")
    assert position(page) == last and page.get_attribute("#next", "aria-disabled") == "true"
    page.click("#next", force=True)
    assert position(page) == last
    page.click("#turn")
    assert formula(page) == "dl/dl = 1"
    page.click("#start")
    assert position(page) == 0 and formula(page) == "Next computes W11 * x1."
    page.click("#back", force=True)
    assert position(page) == 0
    page.fill("#position", "57")
    assert position(page) == 57


def test_keys(page):
    def pressed(*keys):
        for key in keys:
            page.keyboard.press(key)
        return position(page)

    assert pressed("ArrowRight", "ArrowRight", "ArrowRight") == 3
    assert pressed("ArrowLeft") == 2
    assert pressed("End") == 85
    assert pressed("Home") == 0
    assert pressed("t") == 32
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("h1")
    page.keyboard.press("Enter")
    assert page.text_content("#node h2").startswith("h1")
    steps_of_h1 = [pressed("n") for _ in range(5)]
    assert steps_of_h1 == [57, 79, 80, 4, 57]
    page.keyboard.press("w")
    assert page.text_content("#watched .name") == "h1"
    page.keyboard.press("b")
    assert page.locator(".node.stop").count() == 1
    page.keyboard.press("p")
    assert page.get_attribute("#predict", "aria-pressed") == "true"
    page.keyboard.press("Escape")  # out of the question
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    assert page.evaluate("state.selected") is None
    zoom = page.evaluate("picture.zoom")
    page.keyboard.press("+")
    assert page.evaluate("picture.zoom") == pytest.approx(1.25 * zoom)
    page.keyboard.press("-")
    assert page.evaluate("picture.zoom") == pytest.approx(zoom)


def test_playing_stops_at_a_breakpoint_and_at_the_end(page):
    page.select_option("#speed", "20")
    h1 = node_of(page, "h1")
    page.evaluate("i => select(i)", h1)
    page.click(".breakpoint")
    page.click("#play")
    wait(page, "document.getElementById('verdict').textContent === 'Stopped at a breakpoint.'")
    assert position(page) == 4
    page.evaluate("goTo(83)")
    page.keyboard.press("Space")
    wait(page, "timer === null && state.position === 85")
    page.evaluate("goTo(10)")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    wait(page, "state.position > 10")
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Play"


def test_touch(open_page, question3):
    page = open_page(question3, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    page.tap("#next")
    assert position(page) == 1
    swipe = """([from, to]) => {
      const place = document.getElementById("now");
      const touch = (x) => new Touch({ identifier: 1, target: place, clientX: x, clientY: 60 });
      place.dispatchEvent(new TouchEvent("touchstart", { touches: [touch(from)], changedTouches: [touch(from)] }));
      place.dispatchEvent(new TouchEvent("touchend", { touches: [], changedTouches: [touch(to)] }));
    }"""
    page.evaluate(swipe, [250, 100])
    assert position(page) == 2
    page.evaluate(swipe, [100, 250])
    assert position(page) == 1
    page.evaluate(swipe, [100, 110])
    assert position(page) == 1
    page.tap("#scroll .node >> nth=0")
    assert page.evaluate("state.selected") is not None


def test_the_address_holds_the_position(open_page, question3):
    page = open_page(question3, address="#57")
    assert formula(page).startswith("dl/dh1 += ")
    page.click("#next")
    page.wait_for_timeout(300)
    assert page.url.endswith("#58")
    page.evaluate("location.hash = '4'")
    wait(page, "state.position === 4")
    assert position(open_page(question3, address="#999999")) == 85
    assert position(open_page(question3, address="#<script>alert(1)</script>")) == 0


def test_the_program_and_the_picture_lead_to_their_places(page):
    page.click("#end")
    page.click("#lines li:nth-child(4) button")
    assert position(page) == 4 and page.locator("#lines li").count() == 4
    assert page.text_content("#lines [aria-current]") == "h1 = sigmoid(k1) = 0.8808"
    page.click(f"#n{node_of(page, 'V12')}")
    assert page.text_content("#node h2") == "V12"
    page.click(".to-gradient")
    assert formula(page) == "dl/dV12 += dl/d(V12 * h1) * h1 = 0.5 * 0.8808 = 0.4404"
    page.click(f"#n{node_of(page, 'h2')}")
    page.click(".to-value")
    assert formula(page).startswith("h2 = sigmoid(k2)")


def test_search_and_filter(page):
    page.click("#values-tab")
    page.fill("#search", "layer1/w")
    assert page.locator("#rows tr").count() == 6 and page.text_content("#found") == "6 of 52 nodes"
    page.fill("#search", "")
    page.select_option("#filter", "input")
    assert [cell.text_content() for cell in page.query_selector_all("#rows th")] == ["t1", "x1", "x2", "t2"]
    page.select_option("#filter", "graded")
    assert page.locator("#rows tr").count() == 0
    page.click("#turn")
    assert page.locator("#rows tr").count() == 1
    page.select_option("#filter", "all")
    page.click("#rows button >> nth=3")
    assert page.evaluate("state.selected") == 3


def test_colours_tell_the_state(page):
    h1, k1 = (f"#n{node_of(page, name)}" for name in ("h1", "k1"))

    def state_of(node):
        return page.get_attribute(node, "class").split()[1]

    page.evaluate("goTo(3)")
    assert (state_of(k1), state_of(h1)) == ("now", "waiting")
    page.click("#next")
    assert (state_of(k1), state_of(h1)) == ("computed", "now")
    page.evaluate("goTo(57)")
    assert (state_of(k1), state_of(h1)) == ("computed", "flowing")
    page.evaluate("goTo(60)")
    assert (state_of(k1), state_of(h1)) == ("computed", "partial")
    page.click("#end")
    assert (state_of(k1), state_of(h1)) == ("done", "done")
    fills = page.evaluate("""() => ["waiting", "computed", "now", "flowing", "partial", "done"].map((name) =>
        getComputedStyle(document.querySelector("#legend ." + name), "::before").backgroundColor)""")
    assert len(set(fills)) == 6
    page.evaluate("goTo(60)")
    legend = dict(zip(["waiting", "computed", "now", "flowing", "partial", "done"], fills))
    shown = page.evaluate("""() => [...document.querySelectorAll("#scroll .node")].map((node) =>
        [node.getAttribute("class").split(" ")[1], getComputedStyle(node.querySelector("rect")).fill])""")
    assert {name for name, _ in shown} == {"computed", "flowing", "partial", "done"}
    assert all(fill == legend[name] for name, fill in shown)


def test_hovering_lights_the_paths_and_tells_the_ledger(page):
    page.evaluate("goTo(57)")
    page.hover(f"#n{node_of(page, 'h1')}")
    assert "1 × 0.5" in page.text_content("#tip") and "1 more to come" in page.text_content("#tip")
    lit = page.evaluate("[...document.querySelectorAll('.node.lit')].map((node) => Number(node.dataset.node))")
    root = Question3(SHEET).l
    nodes = topological_order(root)
    behind = {i for i, node in enumerate(nodes) if nodes[node_of(page, "h1")] in topological_order(node)}
    assert set(lit) == behind
    page.mouse.move(5, 5)
    assert page.locator(".lit").count() == 0 and page.is_hidden("#tip")


def test_predict_mode_asks_and_keeps_score(page):
    page.click("#predict")
    assert page.text_content("#asked .asked") == "W11 * x1 = 1 * 1 = ?"
    assert position(page) == 0
    page.fill("#guess", "1")
    page.keyboard.press("Enter")
    assert (position(page), page.text_content("#score")) == (1, "1 of 1 right")
    page.keyboard.press("ArrowRight")
    page.fill("#guess", "-3")
    page.click("#question button[type=submit]")
    assert page.text_content("#score") == "1 of 2 right" and "not -3" in page.text_content("#verdict")
    page.click("#next")
    page.click("#skip")
    assert (position(page), page.text_content("#score")) == (3, "1 of 2 right")
    page.click("#next")
    for guess, right in [("0.88", True), ("0,881", True), ("0.8", False), ("", False), ("abc", False)]:
        assert page.evaluate("guess => isNear(guess, '0.8807970779778823')", guess) is right
    for guess, exact, right in [
        ("nan", "nan", True),
        ("inf", "-inf", False),
        ("-inf", "-inf", True),
        ("0", "-0.0", True),
    ]:
        assert page.evaluate("([guess, exact]) => isNear(guess, exact)", [guess, exact]) is right


def test_groups_fold_and_open(page):
    assert page.locator("#scroll .box").count() == 0
    page.click("#fold-all")
    assert [box.get_attribute("data-group") for box in page.query_selector_all("#scroll .box")] == [
        "layer1",
        "layer2",
        "softmax",
    ]
    page.evaluate("goTo(4)")
    assert "now" in page.get_attribute("[data-group=layer1]", "class")
    page.click("[data-group=layer1]")
    assert page.locator("#scroll .box").count() == 2
    assert page.text_content(f"#n{node_of(page, 'h1')} .value") == "0.8808"
    page.focus("[data-group=layer2]")
    page.keyboard.press("Enter")
    assert page.locator("#scroll .box").count() == 1
    page.click("#groups button:has-text('fold layer1')")
    assert page.locator("[data-group=layer1]").count() == 1 and page.locator("[data-group=layer2]").count() == 0
    page.click("#open-all")
    assert page.locator("#scroll .box").count() == 0


def test_neurons_fold_within_layers(open_page):
    model = MLP(2, [3, 1])
    page = open_page(step((model([0.5, Value(-1.0, "x2")]) * 2.0).named("loss")).html)
    page.click("#fold-all")
    page.click("[data-group=layer1]")
    assert page.locator("[data-group='layer1/neuron2']").count() == 1
    page.click("[data-group='layer1/neuron2']")
    assert page.locator("[data-group='layer1/neuron1']").count() == 1
    assert page.locator("[data-group='layer1/neuron2']").count() == 0


def test_the_picture_is_zoomed_and_fitted_by_buttons(page):
    zoom = page.evaluate("picture.zoom")
    page.click("#larger")
    page.click("#larger")
    assert page.evaluate("picture.zoom") == pytest.approx(1.25**2 * zoom)
    page.click("#smaller")
    assert page.evaluate("picture.zoom") == pytest.approx(1.25 * zoom)
    page.click("#fit")
    width, height = page.evaluate("[picture.svg.clientWidth, picture.svg.clientHeight]")
    room = page.evaluate("[byId('scroll').clientWidth, byId('scroll').clientHeight]")
    assert width <= room[0] + 1 and height <= room[1] + 1


def test_the_node_at_work_is_brought_into_sight(page):
    for position in (1, 31, 33, 85):
        page.evaluate(f"goTo({position})")
        inside = page.evaluate("""() => {
          const box = document.querySelector("#scroll .now rect, #scroll .flowing rect").getBoundingClientRect();
          const room = document.getElementById("scroll").getBoundingClientRect();
          return box.top >= room.top && box.bottom <= room.bottom && box.left >= room.left && box.right <= room.right;
        }""")
        assert inside, position


def test_tabs_keys_and_watched_nodes(page):
    page.focus("#program-tab")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#values") and page.is_hidden("#program")
    assert page.get_attribute("#values-tab", "aria-selected") == "true" and position(page) == 0
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#program")
    page.click("#help")
    assert page.is_visible("#keys") and page.get_attribute("#help", "aria-expanded") == "true"
    page.keyboard.press("?")
    assert page.is_hidden("#keys")
    page.click(f"#n{node_of(page, 'h1')}")
    page.click("#node .watch")
    page.evaluate("goTo(57)")
    assert page.text_content("#watched li").startswith("h10.8808∂ 0.5")
    page.click("#values-tab")
    page.select_option("#filter", "watched")
    assert page.locator("#rows tr").count() == 1
    page.click("#watched .remove")
    assert page.is_hidden("#watched") and page.locator("#rows tr").count() == 0


def test_a_long_table_shows_more_when_asked(open_page):
    root = Value(1.0, "x0")
    for i in range(1, 300):
        root = (root * 1.01).named(f"x{i}")
    page = open_page(step(root).html)
    page.click("#values-tab")
    assert page.locator("#rows tr").count() == 200
    page.click("#more")
    assert page.locator("#rows tr").count() == 599 and page.is_hidden("#more")
