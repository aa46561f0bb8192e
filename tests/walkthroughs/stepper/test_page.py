"""The stepper's page, driven in headless Chromium: every number against the engine's records, every control by mouse,
keyboard and touch."""

import pytest

from scalar_engine import topological_order
from walkthroughs.stepper import step

from .graphs import graphs, states
from .pages import address, formula, node_of, position, wait

# What a page shows at every position, read off its elements.
READ_ALL = """() => {
  const text = (element) => element.textContent;
  const found = [];
  showTab("values");
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
        [node.dataset.node,
         [".value", ".gradient"].map((name) => node.parentNode.querySelector(name)?.textContent ?? null)])),
      numbers: document.querySelector("#formula .numbers")?.textContent ?? "",
      ledger: [...document.querySelectorAll("#node .ledger tr")].map((row) => row.textContent),
      program: document.querySelectorAll("#lines li").length,
      states: [...document.querySelectorAll("#rows tr")].map((row) => row.className),
    });
  }
  return found;
}"""


@pytest.mark.parametrize("name, root", graphs())
def test_every_number_at_every_position_is_the_engines(open_page, name, root):
    shown = open_page(step(root).html).evaluate(READ_ALL)
    expected = list(states(root))
    assert len(shown) == len(expected)
    nodes, brief = topological_order(root), root.brief
    received = {node: [] for node in nodes}
    for place, (seen, (values, gradients, record)) in enumerate(zip(shown, expected)):
        for i, node in enumerate(nodes):
            value, gradient = values[node], gradients[node]
            expected_row = [["", ""] if x is None else [brief(x), repr(x)] for x in (value, gradient)]
            assert seen["rows"][i] == expected_row, (place, node)
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
                received[record.input].append(f"{brief(record.upstream)} × {brief(record.local)}= {brief(result)}")
                assert len(seen["ledger"]) == len(received[record.input])
                assert all(row.endswith(tail) for row, tail in zip(seen["ledger"], received[record.input]))
                assert f"= {brief(record.upstream)} * " in seen["formula"]
                assert brief(record.local) in seen["formula"]
                if "contributions" in seen["note"]:
                    assert seen["note"].endswith(f" is {brief(gradients[record.input])}.")
        assert seen["program"] == place


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
    page.select_option("#speed", "0.5")  # so that the end is far
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    for expected in ("Pause", "Play"):
        page.keyboard.press("Space")
        assert page.get_attribute("#play", "aria-label") == expected


def test_touch(open_page, question3):
    page = open_page(question3, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    page.tap("#next")
    wait(page, "state.position === 1")
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
    wait(page, "state.selected !== null")


def test_the_address_holds_the_position(open_page, question3):
    page = open_page(question3, address="#57")
    assert formula(page).startswith("dl/dh1 += ")
    page.click("#next")
    assert address(page) == "#58"
    page.evaluate("location.hash = '4', history.replaceState(null, '', '#58')")  # as if written before it is read
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
