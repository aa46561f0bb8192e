"""What is taken away from the page: pictures, text, LaTeX, and the address."""

import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from models.question3 import Question3, random_case
from scalar_engine import Value, tanh
from walkthroughs.stepper import step

from .graphs import odd_graph, random_graph, tensor_loss
from .pages import address, node_of, position, wait


def taken(page, part, kind="text"):
    if page.is_hidden("#taken"):
        page.click("#take")
    page.select_option("#part", part)
    page.select_option("#kind", kind)
    return page.input_value("#taking")


def saved(page, button, path):
    with page.expect_download() as download:
        page.click(button)
    download.value.save_as(path)
    return path


def test_the_whole_chain_is_pythons_text(open_page):
    for root in [random_graph(1), odd_graph(), Value(2.0, "x"), tensor_loss()]:
        stepper = step(root)
        assert taken(open_page(stepper.html), "chain") == stepper.text()


def test_all_latex_is_taken_by_latex(open_page, compiles):
    labels = ["100% {a}_b^~\\", "dL/dw", "ŷ", "x#2"]
    hostile = sum((Value(0.5, label) * 2.0 for label in labels), Value(1.0)).named("$&")
    roots = [Question3(random_case(0)).l, random_graph(1), odd_graph(), tensor_loss(), hostile]
    pages = [open_page(step(root).html, "#5") for root in roots]
    found = [taken(page, part, "LaTeX") for page in pages for part in ("step", "chain")]
    assert found[1].count(r"\frac{\mathrm{d} l}{\mathrm{d} h_1} & \mathrel{+}=") == 2
    assert r"h_1 & = \sigma(k_1) = \sigma(-0.92) = 0.285" in found[1]
    assert compiles("\n".join(found))


def test_the_picture_is_a_file_of_its_own(page, tmp_path):
    page.evaluate("goTo(57), toggleSizes()")
    page.click("#take")
    svg = ElementTree.parse(saved(page, "#svg", tmp_path / "picture.svg")).getroot()
    words = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    shown = page.evaluate("[...document.querySelectorAll('#scroll svg text')].map((text) => text.textContent)")
    assert words == [word or None for word in shown] and "0.8808" in words
    assert "class" not in {name for part in svg.iter() for name in part.attrib}
    fills = {rect.get("fill") for rect in svg.iter("{http://www.w3.org/2000/svg}rect")}
    assert len(fills) >= 4 and all(re.match(r"rgb\(\d+, ?\d+, ?\d+\)$", fill) for fill in fills)
    with Image.open(saved(page, "#png", tmp_path / "picture.png")) as image:
        assert image.size == tuple(round(2 * float(svg.get(side))) for side in ("width", "height"))
        assert len(image.convert("RGB").getcolors(1 << 20)) > 50
    assert saved(page, "#save", tmp_path / "step.txt").read_text() == taken(page, "step") + "\n"


def test_of_a_large_picture_all_is_taken(open_page):
    root = Value(1.0, "x")
    for i in range(300):
        root = (root * 1.01).named(f"x{i}")
    page = open_page(step(root).html)
    drawn = "document.querySelectorAll('#scroll .node').length"
    before = page.evaluate(drawn)
    text = page.evaluate("takenSvg().text")
    assert text.count("<rect") == 602 and page.evaluate(drawn) == before < 300


def test_the_address_is_what_its_sender_saw(open_page, question3):
    page = open_page(question3)
    page.click("#fold-all")
    page.evaluate("goTo(57), select(4), toggleWatched(4), toggleWatched(9), toggleBreakpoint(2)")
    page.fill("#number", "0.25")
    again = open_page(question3, address(page))
    seen = """[state.position, state.selected, [...state.watched], [...state.breakpoints], picture.view.open,
        document.body.innerText, document.querySelectorAll('.node.selected, .node.stop, .node.watched').length]"""
    assert again.evaluate(seen) == page.evaluate(seen)
    again.evaluate("changeLeaf(9), location.hash = '57'")  # as its sender saw it who had changed nothing
    wait(again, "state.watched.size === 0")
    again.evaluate("new Promise(requestAnimationFrame)")
    assert again.evaluate("[state.selected, picture.view.open, state.graph.life.found]") == [None, None, None]


@pytest.mark.parametrize("address", [
    "#12&view=99&watch=3.99999.x&node=1e9", "#12~3=nan&stop=4..5&unknown=1", "#scalars-7-12", "#graph-3-12",
    "#12~999=1~0=junk", "#12&node=<img src=x onerror=alert(1)>", "#12&__proto__=1&constructor=2", "#%00", "#-1",
])  # fmt: skip
def test_stale_and_hostile_addresses_do_no_harm(open_page, address, question3):
    page = open_page(question3, address)
    assert position(page) in (0, 12) and page.evaluate("state.selected") is None
    assert all(i < 52 for i in page.evaluate("[...state.watched, ...state.breakpoints]"))
    page.click("#next")
    assert page.locator("img").count() == 0


def test_a_link_into_scalars_and_of_changed_leaves(open_page):
    html = step(tensor_loss()).html
    page = open_page(html)
    page.evaluate("i => openScalars(i)", node_of(page, "Y"))
    page.fill("#number", "2")
    again = open_page(html, address(page))
    assert again.text_content("#formula") == page.text_content("#formula")
    assert again.text_content("#changed") == page.text_content("#changed") != ""
    assert again.text_content("#watched") == page.text_content("#watched")


def test_what_is_changed_is_in_what_is_taken(open_page):
    def made(w, x):
        return tanh(Value(w, "w") * Value(x, "x")).named("y")

    page = open_page(step(made(0.5, 2.0)).html, "#3~0=-1.25~1=0.75")
    assert taken(page, "chain") == step(made(-1.25, 0.75)).text()
