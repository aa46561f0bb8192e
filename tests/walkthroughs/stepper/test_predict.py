"""Predict mode: what is asked at each level, which answers are right, and the score sheet."""

import re

import pytest

from models.question3 import Question3, random_case
from scalar_engine import Operator, Value, dot, steps, topological_order
from tests.expressions import EXPRESSIONS
from walkthroughs.stepper import step
from walkthroughs.stepper.choices import differ, rule_by, wrong_locals
from walkthroughs.stepper.formulas import Names
from walkthroughs.stepper.terminal import moves
from walkthroughs.stepper.terminal.moves import View
from walkthroughs.stepper.trace import Trace

from .pages import position


@pytest.fixture
def asking(open_page):
    def opened(level, at):
        page = open_page(step(Question3(random_case(0)).l).html, f"#{at}")
        page.click("#predict")
        page.select_option("#level", level)
        return page

    return opened


def answered(page, answer):
    page.fill("#guess", answer)
    page.keyboard.press("Enter")
    return page.text_content("#verdict")


def test_operands_are_hidden_and_arithmetic_on_names_is_an_answer(asking):
    page = asking("hidden", 3)
    assert page.text_content("#asked .asked") == "h1 = sigmoid(k1) = ?"
    assert answered(page, "1/(1 + 2.718282 ** -k1)").startswith("Right: h1 = 0.285")
    page.click("#next")
    assert page.text_content("#asked .asked") == "V11 * h1 = ?"
    assert answered(page, "V11 * h1 + 1").startswith("Not quite")
    page.evaluate("goTo(80)")
    for given, right in [
        ("dl/dh1 * h1 * (1 - h1)", True),
        ("dl/d(V11 * h1) * 7", False),
        ("dl/dh1*h1*(1-h1", False),
        ("alert(1)", False),
    ]:
        exact = page.evaluate("state.graph.frames[79].exact")
        assert page.evaluate("([given, exact]) => isNear(given, exact)", [given, exact]) is right
    page.evaluate("goTo(78)")
    assert page.evaluate("isNear('dl/d(V11 * h1) * V11', state.graph.frames[78].exact)")
    assert page.evaluate("isNear('y1', state.graph.frames[40].exact) && isNear('k1 / 0', 'inf')") is False


def test_which_local_derivative(asking):
    page = asking("local", 3)
    assert page.is_hidden("#question")  # the forward pass has none
    page.evaluate("goTo(state.graph.frames.findIndex((frame) => frame.left === 'dl/dk1'))")
    page.click("#next")
    choices = page.locator("#choices button").all_text_contents()
    assert set(choices) == {"h1 * (1 - h1)", "k1 * (1 - k1)", "h1", "(1 - h1 ** 2)"}
    assert "d h1 / d k1" in page.text_content("#asked")
    place = position(page)
    page.click("#choices button:has-text('k1 * (1 - k1)')")
    assert page.text_content("#verdict").endswith("not k1 * (1 - k1). Likely slip: input instead of output.")
    for given in ("h1*(1-h1)", "(1 - h1) * h1"):
        page.evaluate(f"goTo({place})")
        page.click("#next")
        assert answered(page, given).startswith("Right: d h1 / d k1 = h1 * (1 - h1)")


def test_a_slip_of_the_pen_is_no_wrong_answer(asking):
    page = asking("hidden", 80)
    page.set_viewport_size({"width": 740, "height": 360})
    page.click("#skip")
    page.click("#next")  # the question lies below the buttons there
    assert page.evaluate("byId('question').getBoundingClientRect().bottom < innerHeight + 1")
    assert answered(page, "h1 * (1 - h1").startswith("h1 * (1 - h1 is not read")
    page.select_option("#level", "order")
    assert answered(page, "h99") == "No node is called h99." and page.text_content("#score") == ""


def test_names_that_are_cut_or_have_a_slash(open_page):
    a, b = (Value(x, f"{what} of the connection between the two") for x, what in ((2.0, "1st weight"), (3.0, "speed")))
    root = ((a * b).named("time/h") * b).named("distance/km")
    page, trace = open_page(step(root).html), Trace(root)
    page.click("#predict")
    for given, right in [(f"{a.label} * {b.label}", "time/h = 6"), (f"time/h * {b.label}", "distance/km = 18")]:
        said = moves.predicted(trace, View(page.evaluate("predict.pending") - 1, level="number"), given).message
        assert answered(page, given) == f"Right: {right}." == said.removesuffix(" 1 of 1 right.")
        page.click("#next")
    page.click("#next")
    page.select_option("#level", "local")
    assert page.text_content("#asked").startswith("Which is the local derivative, d (distance/km) / d (time/h)?")


def test_which_node_is_next(asking):
    page = asking("order", 3)
    assert answered(page, "h1") == "Right: h1."
    page.click("#next")
    assert answered(page, "l") == "Not quite: V11 * h1, not l."
    page.evaluate("goTo(3)")
    page.click("#next")
    assert answered(page, "W12 * x1") == "Right: h1. W12 * x1 could be next too."
    page.evaluate("goTo(33)")
    page.click("#next")
    assert answered(page, page.evaluate("state.graph.nodes[state.graph.frames[33].input].name")).startswith("Right")


def test_the_terminal_says_the_same(asking):
    page, trace = asking("number", 3), Trace(Question3(random_case(0)).l)
    dk1 = next(i for i, frame in enumerate(trace.frames) if frame.left == "dl/dk1")
    for level, at, given in [
        ("number", 3, "0.715"), ("number", dk1, "7"), ("hidden", 3, "sigmoid"), ("order", 3, "W12 * x1"),
        ("local", dk1, "k1 * (1 - k1)"),
    ]:  # fmt: skip
        page.evaluate(f"goTo({at})")
        page.select_option("#level", level)
        if page.is_hidden("#question"):
            page.click("#next")
        said = moves.predicted(trace, View(at, level=level), given).message
        assert re.sub(r" \d of 1 right\.$", "", said) == answered(page, given)


def test_the_score_sheet_is_kept_and_saved(asking, tmp_path):
    page = asking("number", 0)
    answered(page, "-0.42")
    page.click("#next")
    answered(page, "7")
    page.click("#take")
    page.select_option("#part", "score")
    sheet = page.input_value("#taking")
    assert "1 of 2 right" in sheet and "answer 7; it is W21 * x2 = -0.4" in sheet
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "sheet.txt")
    assert (tmp_path / "sheet.txt").read_text() == f"{sheet}\n"


def test_what_is_offered_is_wrong_and_the_rule_is_the_operators():
    """Of every expression: whatever is offered as a slip differs from the rule somewhere."""
    offered = 0
    for name, expression, points in EXPRESSIONS:
        root = expression(*[Value(number, f"x{i}") for i, number in enumerate(points[0])])
        names = Names(topological_order(root))
        for record in steps(root):
            if record.position is not None and record.local is not None:
                wrong = wrong_locals(record, names)
                offered += len(wrong)
                assert names.locals(record.node)[record.position] not in wrong, name
    assert offered > 200

    class Cube(Operator):
        symbol = "cube"
        forward = lambda x: x * x * x
        partials = (lambda out, x: 3 * x * x,)

    cube = Cube()
    y = cube(Value(2.0, "x")).named("y")
    (record,) = [record for record in steps(y) if record.position == 0]
    assert "3 * y ** 2" in wrong_locals(record, Names(topological_order(y)))
    assert not differ(y, rule_by(cube, 0), lambda out, x: 3 * x**2)
    product = dot([Value(2.0, "a"), Value(5.0, "b")], [Value(3.0, "c"), Value(7.0, "d")])
    (record,) = [record for record in steps(product) if record.position == 0]
    assert {"a", "b", "d"} == {*wrong_locals(record, Names(topological_order(product)))}  # other operands
