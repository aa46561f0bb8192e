"""The page that lives: leaves are changed, and every number on the page is the one that Python computes there."""

import random

import pytest

from scalar_engine import Operator, Value, dot, logsumexp, sum, topological_order
from walkthroughs.stepper import step
from walkthroughs.stepper.trace import Trace

from ... import javascript
from ...test_new_operator import Product, at
from .graphs import graphs
from .pages import address, formula, node_of, position, wait

# What the frames and nodes of the graph say, all of them.
SAID = """() => ({
  nodes: state.graph.nodes.map((node) => [node.data, node.exact]),
  frames: state.graph.frames.map((f) =>
    [f.numbers, f.result, f.exact, f.total, f.totalExact, f.note, f.upstream, f.local].map((x) => x ?? null)),
})"""
CHANGE = "(numbers) => { change(state.graph, numbers.map(([i, text]) => [i, parsed(text)])); showNumbers(); }"


def said(root):
    """The same, from a trace that Python has made."""
    from walkthroughs.stepper.page import frame_data

    trace = Trace(root)
    frames = []
    for frame in trace.frames:
        data = frame_data(trace, frame)
        total = None if frame.total is None else javascript.digits(frame.total)
        exact = javascript.digits(frame.result)[1]
        step = frame.step if frame.kind == "backward" else None
        upstream = step and Value.brief(step.upstream)
        local = None if step is None or step.local is None else Value.brief(step.local)
        brief, digits = total or (None, None)
        frames.append(
            [
                data.get("numbers", ""),
                Value.brief(frame.result),
                exact,
                brief,
                digits,
                data.get("note", ""),
                upstream,
                local,
            ]
        )
    return {"nodes": [javascript.digits(node.data) for node in trace.nodes], "frames": frames}


def long_lists():
    """Formulas that are cut short, with operands of any sign, and symbols between them."""
    xs = [Value(0.25 * i - 1, f"x{i}") for i in range(12)]
    ys = [Value(-1.0 - i, f"y{i}", requires_grad=i % 2 == 0) for i in range(12)]
    squares = [(x**2).named(f"s{i}") for i, x in enumerate(xs)]
    short = dot(xs[:2], ys[:2]) * at(xs[3], ys[3]) - (-xs[4]) + Product()(xs[5], ys[5])
    return dot(squares, ys).named("d") + sum(xs * 3).named("s") + logsumexp(ys[:11]) + short


@pytest.mark.parametrize("name, root", [*graphs()[:-1], ("long lists", long_lists())])
def test_every_number_of_every_frame_is_pythons_at_other_leaves(open_page, name, root):
    page = open_page(step(root).html)
    order = topological_order(root)
    rng = random.Random(name)
    leaves = [i for i, node in enumerate(order) if not node.inputs and (node.label or node.requires_grad)]
    for _ in range(3):
        numbers = {i: rng.choice([rng.uniform(-2, 2), rng.gauss(0, 20), 0.0]) for i in leaves}
        page.evaluate(CHANGE, [[i, repr(number)] for i, number in numbers.items()])
        expected = said(javascript.at(order, {order[i]: number for i, number in numbers.items()})[-1])
        found = page.evaluate(SAID)
        assert found["nodes"] == expected["nodes"]
        for k, (mine, theirs) in enumerate(zip(found["frames"], expected["frames"], strict=True)):
            assert mine == theirs, k


def number_of(page, name):
    return page.text_content(f"#n{node_of(page, name)} + .words .value")


def test_a_leaf_is_changed_by_slider_and_field_and_everything_follows(page):
    page.evaluate("goTo(56)")
    page.click(f"#n{node_of(page, 'W11')}")
    assert (
        page.input_value("#leaf") == str(node_of(page, "W11")) and page.get_attribute("#slide", "aria-label") == "W11"
    )
    before = formula(page)
    page.fill("#number", "-3/2")
    wait(page, "document.getElementById('changed').textContent === 'Changed: W11 was 1.'")
    assert (number_of(page, "W11"), number_of(page, "k1")) == ("-1.5", "-0.5") and formula(page) != before
    assert page.text_content("#node dd.value") == "-1.5"
    assert page.text_content("#lines li:nth-child(1)") == "W11 * x1 = -1.5"
    page.focus("#slide")
    at = position(page)
    page.keyboard.press("ArrowRight")
    wait(page, "state.graph.life.numbers[state.graph.life.leaf] > -1.5")
    assert position(page) == at  # the arrow is the slider's
    page.fill("#number", "nan")
    wait(page, "state.graph.nodes.at(-1).data === 'nan'")
    page.fill("#number", "1e")
    assert page.get_attribute("#number", "aria-invalid") == "true" and number_of(page, "W11") == "nan"
    page.click("#reset")
    assert formula(page) == before and page.evaluate("state.graph.nodes === state.graph.life.made.nodes")


def test_inputs_and_targets_are_leaves_and_the_question_asked_follows(page):
    names = page.evaluate("[...document.querySelectorAll('#leaf option')].map((option) => option.textContent)")
    assert {"x1", "t2", "W11", "c2"} < set(names) and len(names) == 21
    page.click("#predict")
    assert page.text_content("#asked .asked") == "W11 * x1 = 1 * 1 = ?"
    page.evaluate(CHANGE, [[node_of(page, "x1"), "-2.5"]])
    assert page.text_content("#asked .asked") == "W11 * x1 = 1 * (-2.5) = ?"
    page.fill("#guess", "-2.5")
    page.keyboard.press("Enter")
    assert page.text_content("#score") == "1 of 1 right"


def test_gradient_descent_a_step_at_a_time_and_held_down(open_page, question3):
    from models.question3 import SHEET, Question3

    page = open_page(question3, color_scheme="light")  # a new context, for its clock
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)  # however long a click takes
    root = Question3(SHEET).l
    order = topological_order(root)
    numbers = {node: node.data for node in order if not node.inputs}
    for _ in range(3):
        page.click("#descend")
        root = javascript.at(order, numbers)[-1]
        root.backward()
        leaves = dict(zip(order, topological_order(root)))
        numbers = {node: x - 0.1 * (leaves[node].grad or 0.0) for node, x in numbers.items()}
    assert number_of(page, "l") == "" and page.text_content("#course").endswith(
        f"3 steps: 0.6931 → {Value.brief(javascript.at(order, numbers)[-1].data)}"
    )
    for node, x in numbers.items():
        assert page.evaluate("i => state.graph.nodes[i].data", order.index(node)) == Value.brief(x)
    page.keyboard.press("g")
    assert "4 steps" in page.text_content("#course")
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.id") == "slide"
    page.hover("#descend")
    page.mouse.down()
    page.clock.run_for(600)  # 5 steps' time, and a step each 60 ms
    assert page.evaluate("state.graph.life.losses.length") == 5 + 6
    page.mouse.up()
    page.clock.run_for(600)
    assert page.evaluate("state.graph.life.losses.length") == 5 + 6


def test_a_value_that_does_not_exist_is_told_as_the_engine_tells_it(open_page):
    x = Value(2.0, "x")
    page = open_page(step((1 / x.sqrt() + x).named("y")).html)
    page.click("#end")
    page.evaluate(CHANGE, [[node_of(page, "x"), "-1"]])
    page.evaluate("showLeaf()")
    assert page.text_content("#changed") == "sqrt(x) does not exist at x = -1 (math domain error)."
    assert page.evaluate("state.graph.nodes.at(-1).data") == "–" and number_of(page, "y") == "–"
    page.evaluate(CHANGE, [[node_of(page, "x"), "0"]])
    page.evaluate("showLeaf()")
    assert "does not exist at sqrt(x) = 0 (float division by zero)" in page.text_content("#changed")


def test_a_program_that_gives_other_numbers_is_not_alive(open_page, question3):
    assert question3.count("pass(51, 50, -1);") == 1
    page = open_page(question3.replace("pass(51, 50, -1);", "pass(51, 50, 1);"))
    assert "its program gives other numbers than the engine" in page.text_content("#changed")


def test_a_page_that_is_not_alive_says_why(open_page):
    scale = 2.0

    class Closed(Operator):
        symbol = "closed"
        forward = lambda x: scale * x
        partials = (lambda out, x: 2.0,)

    page = open_page(step(Closed()(Value(2.0, "x"))).html)
    assert page.text_content("#changed") == (
        "Numbers cannot be changed here: closed: its forward rule has no text that runs alone."
    )
    assert page.is_hidden("#slide") and page.is_hidden("#descend")


def test_numbers_are_written_as_python_writes_them(open_page):
    rng = random.Random(0)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12) for _ in range(2000)]
    numbers += [rng.randint(-(10**6), 10**6) / 2 ** rng.randint(0, 24) for _ in range(4000)]  # ties among them
    numbers += [0.0, -0.0, 5e-324, 1e-300, 1.7e308, 9999.5, 12344.5, 12345.5, 2.0625, 9999999.5, 0.00099995]
    page = open_page(step(Value(1.0, "x")).html)
    assert page.evaluate("(xs) => xs.map((x) => [brief(parsed(x)), exact(parsed(x))])", list(map(repr, numbers))) == [
        javascript.digits(x) for x in numbers
    ]


def test_the_address_holds_the_leaves_that_are_changed(open_page, question3):
    page = open_page(question3, address="#56")
    page.evaluate(CHANGE, [[node_of(page, "W11"), "-1.5"], [node_of(page, "c1"), "1e22"]])
    W11, c1 = node_of(page, "W11"), node_of(page, "c1")
    assert address(page) in (f"#56~{W11}=-1.5~{c1}=1e+22", f"#56~{c1}=1e+22~{W11}=-1.5")
    again = open_page(question3, address(page))
    assert formula(again) == formula(page) and number_of(again, "c1") == "1e+22"
    assert "does not exist at y2 = 0" in again.text_content("#changed")
    odd = open_page(question3, address="#56~9999=1~0=abc~1=constructor")
    assert position(odd) == 56 and odd.evaluate("state.graph.life.found") is None
