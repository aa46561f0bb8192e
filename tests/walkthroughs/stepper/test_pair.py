"""Two graphs beside each other: they step together, and what differs is marked and told."""

from scalar_engine import Value
from walkthroughs.stepper import beside

from .pages import formula, node_of, wait


def squares(number):
    x = Value(number, "x")
    return ((x * x).named("y") + 1).named("f"), ((x**2).named("y") + 1).named("f")


def test_they_step_together_and_a_leaf_changed_in_one_is_a_difference(open_page):
    page = open_page(beside(*squares(3.0), names=("mine", "the key's")).html)
    wait(page, "told.size === 2")
    _, first, second = page.frames
    page.keyboard.press("ArrowRight")
    wait(second, "state.position === 1")
    assert (formula(first), formula(second)) == ("y = x * x = 3 * 3 = 9", "y = x ** 2 = 3 ** 2 = 9")
    second.click("#turn")
    wait(first, "state.position === 3")
    second.click("#end")  # which has one contribution to x where the other has two
    wait(first, "state.position === 6")
    assert second.evaluate("state.position") == 5
    assert page.text_content("#differences") == "They do not differ in what both have computed by now."
    second.evaluate("i => select(i)", node_of(second, "x"))
    second.fill("#number", "2")
    wait(page, "document.getElementById('differences').textContent.startsWith('They differ in')")
    words = page.text_content("#differences")
    assert words == "They differ in x: 3 and 2, ∂ x: 6 and 4, y: 9 and 4, f: 10 and 5."
    for frame in (first, second):
        wait(frame, "beside.differs.size === 3")
        marked = frame.evaluate("[...beside.differs].map((i) => state.graph.nodes[i].name)")
        assert sorted(marked) == ["f", "x", "y"] and frame.locator(".node.differs").count() == 3


def test_the_differences_as_text():
    (a, _), (_, b) = squares(3.0), squares(2.0)
    assert beside(a, b, names=("before", "after")).text().splitlines() == [
        "nodes that differ:",
        "  x: before 3, gradient 6; after 2, gradient 4",
        "  y: before 9, gradient 1; after 4, gradient 1",
        "  f: before 10, gradient 1; after 5, gradient 1",
    ]
    named = (Value(3.0, "x") * 2.0).named("y")
    assert beside(named, (Value(3.0, "x") * 2.0).named("z")).text().splitlines()[1:] == [
        "  y: only in first",
        "  z: only in second",
    ]
    labels = ["the weight of the first of all layers", "the weight of the third of all layers"]
    assert (
        beside(*[Value(3.0, label) * 2.0 for label in labels]).text().count("only in") == 2
    )  # both "the weight of t…"
