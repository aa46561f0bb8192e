"""Tensors and recordings of training on the stepper's page: matrix formulas, heat maps, scalars behind, updates."""

import re

import numpy as np
import pytest

import tensor_engine as te
from models.layers import MLP
from scalar_engine import Value
from tensor_engine import Tensor
from walkthroughs.stepper import step
from walkthroughs.stepper.arrays.heatmaps import described

from .graphs import tensor_loss
from .pages import address, node_of, wait


def digits_loss():
    random = np.random.default_rng(0)
    x = Tensor(random.uniform(0, 16, (20, 64)), "x")
    return te.softmax_cross_entropy(MLP([64, 30, 10], dtype=np.float64)(x), np.arange(20) % 10).named("loss")


def test_the_rule_in_matrix_form(open_page):
    stepper = step(tensor_loss())
    formulas = [frame.formula for frame in stepper.trace.frames]
    assert "dL/dW = X.T @ dL/d(X @ W)    (4, 3) @ (3, 2) -> (4, 2)" in formulas
    page = open_page(stepper.html)
    seen = []
    for position in range(1, len(formulas) + 1):
        page.evaluate(f"goTo({position})")
        seen.append(page.text_content("#formula"))
    assert seen == formulas


def test_the_issues_own_example():
    X, W = Tensor(np.ones((64, 784)), "X"), Tensor(np.ones((784, 300)), "W", requires_grad=True)
    Y = (X @ W).named("Y")
    frames = step((Y * Y).sum().named("L")).trace.frames
    assert frames[-1].formula == "dL/dW = X.T @ dL/dY    (784, 64) @ (64, 300) -> (784, 300)"


def test_arrays_show_their_shape_numbers_and_map(open_page):
    loss = tensor_loss()
    page = open_page(step(loss).html)
    page.click("#end")
    loss.backward(keep=True)
    for name, node in [("W", loss.inputs[0].inputs[0].inputs[0].inputs[1]), ("Y", loss.inputs[0].inputs[0])]:
        page.evaluate("i => select(i)", node_of(page, name))
        value, gradient = page.query_selector_all("#node figure")
        for figure, array in [(value, node.data), (gradient, node.grad)]:
            caption = figure.query_selector("figcaption").text_content()
            numbers = f"min {array.min():.4g}, max {array.max():.4g}, mean {array.mean():.4g}"
            assert str(array.shape) in caption and numbers in caption
            cells = [cell.text_content() for cell in figure.query_selector_all("td")]
            assert cells == [Tensor.brief(x) for x in array.ravel()]
            colours = figure.eval_on_selector_all("td", "cells => cells.map((cell) => cell.style.background)")
            red_minus_blue = [int(red) - int(blue) for red, blue in (re.findall(r"\d+", c)[::2] for c in colours)]
            strong = (np.abs(array) > 0.05 * np.abs(array).max()).ravel()
            assert (np.sign(red_minus_blue) == np.sign(array).ravel())[strong].all()


def test_every_number_has_a_cell_of_its_own():
    for shape in [(64,), (1, 256), (16, 16), (100, 20), (1, 1, 4, 4)]:
        array = described(np.linspace(-1, 1, np.prod(shape)).reshape(shape), as_images=False)
        assert array["map"]["rows"] * array["map"]["columns"] == sum(map(len, array["written"]))
    large = described(np.zeros((100, 30)), as_images=False)
    assert "written" not in large and large["map"]["rows"] == 40


def test_numbers_out_of_sight_are_counted(open_page):
    X = Tensor(np.linspace(-2, 2, 60).reshape(3, 20), "X", requires_grad=True)
    page = open_page(step((X * X).sum().named("L")).html)
    page.evaluate("select(0)")
    wait(page, "document.querySelector('.beyond').textContent.endsWith(' more columns →')")
    wide = page.locator("#node .wide").first
    seen = wide.evaluate("""(wide) => [...wide.querySelectorAll("tr:first-child td")].filter((cell) =>
        cell.getBoundingClientRect().right <= wide.getBoundingClientRect().right + 1).length""")
    assert page.text_content("#node .beyond") == f"{20 - seen} more columns →" and 3 < seen < 20
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("#values-tab")
    assert page.evaluate("document.querySelector('#values table').scrollWidth <= byId('values').clientWidth")
    halves = """(wide) => [...wide.querySelectorAll("tr:first-child td")].filter((cell) => {
        const [top, right = top, , left = right] = wide.style.clipPath.match(/[-\\d.]+/g).map(Number);
        const [around, { left: from, right: to }] = [wide.getBoundingClientRect(), cell.getBoundingClientRect()];
        return [around.left + left, around.right - right].some((edge) => from + 2 < edge && edge < to - 2);
    }).length"""
    wait(page, f"({halves})(document.querySelector('#node .wide')) === 0")  # half a number would be read as one
    wide.evaluate("(wide) => wide.scrollTo(9999, 0)")
    wait(page, "document.querySelector('.beyond').textContent === '← the first columns'")
    assert wide.evaluate(halves) == 0
    wide.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.querySelector('#node .around')).outlineStyle") == "solid"
    scrolled = wide.evaluate("(wide) => wide.scrollLeft")
    page.evaluate("changeLeaf(7)")  # which makes the table anew
    wait(page, "!awaited")
    assert page.evaluate("document.querySelector('#node .wide').scrollLeft") == scrolled
    page.emulate_media(media="print")  # as wide as paper or not, all are printed
    sides = wide.evaluate("(wide) => [...wide.querySelectorAll('td')].map((cell) => cell.getBoundingClientRect())")
    assert len(sides) == 60 and all(side["left"] >= 0 and side["right"] <= 360 for side in sides)
    assert (
        wide.evaluate("(wide) => [getComputedStyle(wide).clipPath, getComputedStyle(wide).maskImage]") == ["none"] * 2
    )


def test_a_map_without_numbers_tells_those_of_the_cells(open_page):
    """By pointer and by keyboard: the element's, a block's mean, a channel's; and all of them where the reader asks."""
    rng = np.random.default_rng(0)
    X, large = (Tensor(rng.normal(size=shape), name, True) for shape, name in (((20, 64), "X"), ((80, 120), "A")))
    maps = Tensor(rng.normal(size=(2, 3, 4, 5)), "F", requires_grad=True)
    page = open_page(step(((X * X).sum() + (large * large).sum() + (maps * maps).sum()).named("L")).html)
    page.evaluate("i => select(i)", node_of(page, "X"))
    assert page.text_content("#node .cell").startswith("Its numbers do not fit")
    assert page.locator("#node td").count() == 0
    box = page.locator("#node canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 12.5 / 64, box["y"] + box["height"] * 7.5 / 20)
    assert page.text_content("#node .cell") == f"[7, 12] = {Tensor.brief(X.data[7, 12])}"
    page.focus("#node canvas")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert page.text_content("#node .cell") == f"[8, 11] = {Tensor.brief(X.data[8, 11])}"
    assert page.text_content("#where").startswith("Step 0 of")
    page.click(".in-numbers")
    assert page.locator("#node .wide td").all_text_contents() == [Tensor.brief(x) for x in X.data.ravel()]
    wait(page, "document.querySelector('.beyond').textContent.endsWith(' more columns →')")
    page.click(".in-numbers")
    for name, keys, place, truth in [
        ("A", ["ArrowRight"], "rows 0 to 1, columns 3 to 5: mean about ", large.data[:2, 3:6].mean()),
        ("F", ["ArrowDown"], "[0, 1, 1, 0] is about ", maps.data[0, 1, 1, 0]),
    ]:
        page.evaluate("i => select(i)", node_of(page, name))
        page.locator("#node canvas").nth(int(name == "F")).focus()
        for key in keys:
            page.keyboard.press(key)
        said = page.text_content("#node .cell")
        assert said.startswith(place) and float(said[len(place) :]) == pytest.approx(truth, abs=0.05), said


def test_a_product_of_matrices_lights_a_row_and_a_column(open_page):
    loss = tensor_loss()
    page = open_page(step(loss).html)
    for position, sides in [(1, ["X (3, 4)", "W (4, 2)", "X @ W (3, 2)"]), (12, ["X.T (4, 3)", "dL/d(X @ W) (3, 2)"])]:
        page.evaluate(f"goTo({position})")
        assert page.locator(".product figcaption").all_text_contents()[: len(sides)] == sides
        page.hover(".product figure:last-child tr:nth-child(3) td:nth-child(2)")
        a, b, made = (
            [float(text) for text in page.locator(f".product figure >> nth={k} >> .lit").all_text_contents()]
            for k in range(3)
        )
        assert made == [pytest.approx(np.dot(a, b), rel=2e-3)]
        assert page.text_content(".product .sum").startswith("row 3, column 2: ")
    page.focus(".product figure:last-child table")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.text_content(".product .sum").startswith("row 2, column 1: ")
    assert page.text_content("#where").startswith("Step 12 of")
    model = MLP([4, 5, 3], dtype=np.float64)
    root = te.softmax_cross_entropy(model(Tensor(np.ones((6, 4)), "x")), np.arange(6) % 3).named("loss")
    page = open_page(step(root).html, "#1")
    assert page.locator(".product .sign").all_text_contents() == ["@", "+ layer1.b ="]
    long = (Tensor(np.ones((1, 2)), "A") @ Tensor(np.ones((2, 40)), "B", requires_grad=True)).sum().named("s")
    page = open_page(step(long).html, "#1")
    page.focus(".product figure:last-child table")
    for _ in range(19):
        page.keyboard.press("ArrowRight")
    page.evaluate("goTo(0), goTo(1)")
    where = [page.locator(f".product figure:last-child {name}").bounding_box() for name in (".wide", ".lit")]
    (left, width), (start, size) = [(box["x"], box["width"]) for box in where]
    assert left <= start and start + size <= left + width
    vector = Tensor([1.0, 2.0, 3.0], "v", requires_grad=True)
    page = open_page(step((Tensor(np.ones((2, 3)), "A") @ vector).sum().named("s")).html, "#2")
    assert page.text_content(".product .sum") == "row 1, column 1: 1 * 1 + 1 * 2 + 1 * 3 = 6"


def test_images_are_shown_as_images(open_page):
    loss = digits_loss()
    page = open_page(step(loss).html)
    page.evaluate("i => select(i)", node_of(page, "x"))
    images = page.query_selector_all("#node .images canvas")
    assert len(images) == 12 and "and 8 more" in page.text_content("#node .images")
    x = next(node for node in te.topological_order(loss) if node.label == "x").data
    pixels = images[1].evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data]")
    grey = np.reshape(pixels, (8, 8, 4))[..., 0] / 255
    assert grey == pytest.approx((x[1].reshape(8, 8) - x.min()) / (x.max() - x.min()), abs=0.01)
    images[1].focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.text_content("#node .cell") == f"[1, 18] = {Tensor.brief(x[1, 18])}"


def open_scalars(page, name):
    page.evaluate("i => select(i)", node_of(page, name))
    page.click(".open-scalars")


def test_feature_maps_are_a_heat_map_each(open_page):
    """In the colours of values, not of images: below 0 is blue."""
    x, w = Tensor(np.eye(6)[None, None], "x"), Tensor(np.eye(2)[None, None].repeat(14, 0), "w", requires_grad=True)
    w.data[1] *= -1
    k = te.conv2d(x, w).named("k")
    page = open_page(step(k.sum().named("l")).html)
    page.keyboard.press("ArrowRight")
    canvases = page.locator("figure.of-images canvas")
    assert canvases.count() == 12 and "and 2 more" in page.locator("figure.of-images").first.inner_text()
    pixel = "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data]"
    red, blue = (canvases.nth(i).evaluate(pixel) for i in (0, 1))
    assert red[0] > red[2] and blue[2] > blue[0]


def test_a_small_tensor_opens_into_scalars_that_agree(open_page):
    loss = tensor_loss()
    page = open_page(step(loss).html)
    page.evaluate("goTo(4)")
    open_scalars(page, "Y")
    assert page.text_content("#node h2") == "Y[0, 0]" and address(page).startswith("#scalars-")
    assert float(re.search(r"largest difference (\S+)\)", page.text_content("#note"))[1]) < 1e-12
    page.click("#end")
    loss.backward(keep=True)
    W = loss.inputs[0].inputs[0].inputs[0].inputs[1]
    for i in range(4):
        for j in range(2):
            page.evaluate("i => select(i)", node_of(page, f"W[{i}, {j}]"))
            assert page.text_content("#node dd.gradient").split()[0] == Value.brief(W.grad[i, j])
    page.click("#leave")
    assert page.text_content("#where").startswith("Step 4 of") and page.text_content("#node h2") == "Y"


def test_a_small_node_of_a_large_graph_opens_alone(open_page):
    """The logits of a network on 20 images: behind the whole graph are far too many scalars, behind the loss few."""
    loss = digits_loss()
    page = open_page(step(loss).html)
    page.click("#end")
    open_scalars(page, "loss")
    assert address(page).startswith("#scalars-") and page.is_visible("#leave")
    note = page.text_content("#note")
    assert note.startswith("loss by itself: its inputs are leaves.")
    assert float(re.search(r"largest difference (\S+)\)", note)[1]) < 1e-12
    assert page.text_content("#formula .result") == Value.brief(loss.data.item())
    page.click("#end")
    loss.backward(keep=True)
    logits = loss.inputs[0]
    for i, j in [(0, 0), (3, 7), (19, 9)]:
        page.evaluate("i => select(i)", node_of(page, f"layer2.k[{i}, {j}]"))
        assert page.text_content("#node dd.gradient").split()[0] == Value.brief(logits.grad[i, j])
    page.keyboard.press("u")
    assert page.text_content("#node h2") == "loss" and page.is_hidden("#leave")
    page.keyboard.press("o")
    assert page.is_visible("#leave")


def test_a_large_tensor_does_not_open(open_page):
    page = open_page(step(digits_loss()).html)
    page.evaluate("i => select(i)", node_of(page, "layer1.k"))
    assert page.text_content("#node h2") == "layer1.k" and page.locator(".open-scalars").count() == 0
