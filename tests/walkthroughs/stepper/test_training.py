"""Recordings of training on the stepper's page: the curve, what each step did, and its graph."""

import random

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Operator, Value
from tensor_engine import Tensor
from tensor_engine.optimizers import SGD, Adam
from walkthroughs.stepper import Recording, step

from .pages import address, node_of, wait
from .test_recording import trained_on_batches


def recorded(optimizer_of, n=6):
    W, b = Tensor([[0.5], [-1.0]], "W", requires_grad=True), Tensor([0.25], "b", requires_grad=True)
    x = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]])
    optimizer = optimizer_of([W, b])
    recording = Recording([W, b], optimizer)
    for _ in range(n):
        loss = te.mse(te.linear(x, W, b), np.array([[1.0], [2.0], [0.5]]))
        loss.backward()
        with recording.step(loss):
            optimizer.step()
    return recording


def test_a_recording_moves_along_training(open_page):
    recording = recorded(lambda parameters: SGD(parameters, 0.1))
    page = open_page(step(recording).html)
    assert page.text_content("#where") == "Step 0 of 6 · before training"
    assert page.get_attribute("#updates th >> nth=1", "title") == "b"  # the whole label, of a name that may be cut
    for number in range(1, 7):
        page.keyboard.press("ArrowRight")
        assert page.text_content("#formula") == f"loss of step {number} = {Value.brief(recording.losses[number - 1])}"
        W, b = recording.updates[number - 1]
        rows = [
            [cell.text_content() for cell in row.query_selector_all("th, td")]
            for row in page.query_selector_all("#updates tr")
        ]
        assert rows[0] == ["W", "(2, 1)", "(2, 1)", "(2, 1)", "W <- W - rate * dW"]
        numbers = [Value.brief(x.item()) for x in (b.before, b.gradient, b.after)]
        assert rows[1][:4] == ["b", *numbers]
        before, gradient, after = [f"({x})" if x.startswith("-") and i else x for i, x in enumerate(numbers)]
        assert rows[1][4] == f"b <- b - rate * db = {before} - 0.1 * {gradient} = {numbers[2]}"
        assert b.after == pytest.approx(b.before - 0.1 * b.gradient)
        cursor = page.evaluate(
            "[...document.querySelectorAll('.curve circle')].findIndex((dot) => dot.classList.contains('cursor'))"
        )
        assert cursor == number - 1
    page.keyboard.press("Home")
    page.locator(".curve circle >> nth=2").click()
    assert page.text_content("#where").startswith("Step 3 of 6")
    assert recording.updates[1][0].before.tolist() == recording.updates[0][0].after.tolist()


def test_what_is_wide_says_so_and_an_unknown_rate_is_no_momentum(open_page):
    W = Tensor(np.ones((30, 10)), "W", True)
    recording = Recording([W])
    W.grad = W.data
    with recording.step(1.0):
        W.data = W.data - 0.1 * W.grad
    page = open_page(step(recording).html, "#1", viewport={"width": 360, "height": 740})
    wait(page, "document.querySelector('.beyond').textContent.endsWith('→')")
    assert "The rate is not recorded" in page.text_content("#training")
    page.click(".in-numbers >> nth=0")
    assert page.locator("#training table.matrix").count() == 3


def test_other_optimizers_show_the_change_that_they_made():
    for optimizer in (lambda parameters: Adam(parameters, 0.1), lambda parameters: SGD(parameters, 0.1, momentum=0.9)):
        last = recorded(optimizer).updates[-1][1]
        rule, numbers = last.formula("b")
        assert rule == "b <- b + change" and numbers.endswith(f" = {Value.brief(last.after.item())}")


def test_values_are_recorded_too():
    w = Value(3.0, "w")
    recording = Recording([w], 0.5)
    for _ in range(2):
        loss = w * w
        loss.backward()
        with recording.step(loss):
            w.data -= 0.5 * w.grad
            w.grad = None
    assert step(recording).text().splitlines()[:2] == ["step 1: loss = 9", "  w <- w - rate * dw = 3 - 0.5 * 6 = 0"]


def line_fitted(n=12, every=1):
    """A recording of y = w x + b fitted to one point after another, and the text of each step's graph."""
    numbers = random.Random(0)
    w, b = Value(3.0, "w"), Value(0.0, "b")
    recording, texts = Recording([w, b], 0.05, every=every), []
    for _ in range(n):
        x, t = (Value(numbers.uniform(-1, 1), name, requires_grad=False) for name in "xt")
        error = (w * x + b - t).named("error")
        loss = (error * error).named("loss")
        loss.backward()
        texts.append(step(loss).text())
        with recording.step(loss):
            for parameter in (w, b):
                parameter.data -= 0.05 * parameter.grad
                parameter.grad = None
    return recording, texts


def test_the_graph_of_each_step_opens(open_page):
    recording, texts = line_fitted(every=3)
    page = open_page(step(recording).html)
    for number, text in [(1, texts[0]), (3, texts[6])]:
        page.evaluate(f"goTo({number})")
        page.click("#open-graph")
        assert page.text_content("#note").startswith(f"The graph of step {recording.steps[number - 1]}, before its")
        assert page.evaluate("textOfChain()") == text
        page.evaluate("goTo(4)")
        again = open_page(step(recording).html, address(page))
        assert again.evaluate("textOfChain()") == text and again.text_content("#where").startswith("Step 4 of")
        page.click("#leave")
        assert page.text_content("#where").startswith(f"Step {number} of 4") and page.is_hidden("#leave")


def test_a_graph_made_otherwise_is_a_record_or_is_not_there(open_page):
    """Constants are a part of formulas: a step with another one has the same graph, but for its texts."""
    w = Value(1.0, "w")
    recording = Recording([w], 0.1)
    roots = [w * 2.0, w * 3.0, w * w]
    for root in roots:
        with recording.step(root):
            pass
    page = open_page(step(recording).html)
    for number, root in enumerate(roots[:2], start=1):
        page.evaluate(f"goTo({number})")
        page.click("#open-graph")
        assert page.evaluate("textOfChain()") == step(root).text()
        assert page.is_hidden("#leaves") == (number == 2)  # there is no program of it
        page.keyboard.press("u")
    page.click("#end")
    assert page.locator("#open-graph").count() == 0 and "is made otherwise" in page.text_content("#training")

    class Local(Operator):  # cannot be pickled
        symbol = "local"
        forward = lambda x: x
        partials = (lambda out, x: x - x + 1,)

    recording = Recording([w], 0.1)
    with recording.step(Local()(w)):
        pass
    assert step(recording.graph_of(1)).text() == step(Local()(w)).text()


def test_the_graph_of_each_step_of_tensors_opens(open_page, monkeypatch):
    recording, _, texts = trained_on_batches(3)
    html = step(recording).html
    page = open_page(html)
    for number, text in enumerate(texts, start=1):
        page.evaluate(f"goTo({number})")
        page.keyboard.press("o")
        assert page.evaluate("textOfChain()") == text
        W = recording.updates[number - 1][0]
        found = page.evaluate("(({ array }) => array.written)(state.graph.nodes.find(({ name }) => name === 'W'))")
        assert found == [[Value.brief(x) for x in row] for row in W.before.tolist()]
        page.click("#end")
        page.evaluate(f"select({node_of(page, 'W')})")
        assert Value.brief(W.gradient[0, 0].item()) in page.text_content("#node")
        again = open_page(html, address(page))
        assert again.evaluate("textOfChain()") == text
        assert again.text_content("#leave").split() == ["←", "Step", str(number)]
        page.click("#leave")
    monkeypatch.setattr("walkthroughs.stepper.training_page.ROOM", 1)
    page = open_page(step(recording).html, "#2")
    assert "this page has those of steps 1, 3; step(recording.graph_of(2)) opens it" in page.text_content("#training")


def test_which_steps_have_a_graph_is_said(open_page):
    recording, *_ = trained_on_batches(11, keep=False, every=5)
    text = open_page(step(recording).html, "#2").text_content("#training")
    assert "Kept are steps 1, 6, 11." in text and "loss.backward(keep=True) keeps it" in text


def test_the_curve_has_ticks_and_a_log_scale(open_page):
    recording, _ = line_fitted(40)
    recording.losses[:] = [1000 * 0.7**i for i in range(38)] + [float("nan"), 0.0]
    page = open_page(step(recording).html)

    def ticks(anchor):
        return page.eval_on_selector_all(f".curve text[text-anchor={anchor}]", "all => all.map((t) => t.textContent)")

    assert (
        ticks("end") == ["0", "500", "1000"]
        and ticks("middle")[:3] == ["1", "5", "10"]
        and ticks("middle")[-2:] == ["40", "step"]
    )
    page.click("#log")
    assert ticks("end") == ["0.001", "0.1", "10", "1000"]
    heights = page.eval_on_selector_all(".curve circle", "all => all.map((dot) => Number(dot.getAttribute('cy')))")
    assert np.diff(heights[:38]) == pytest.approx(np.diff(heights[:2])[0], rel=1e-6)
    for low, high in [(0.5, 3.0), (7.0, 7.5), (1e-12, 1e5)]:
        found = page.evaluate("([low, high]) => powers(low, high)", [low, high])
        assert 2 <= len(found) <= 8 and found == sorted(found) and found[0] <= high and found[-1] >= low
