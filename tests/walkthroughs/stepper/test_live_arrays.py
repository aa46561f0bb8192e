"""Tensors on the page that lives: they follow the scalars behind them, and are what NumPy computes there."""

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor
from walkthroughs.stepper import step
from walkthroughs.stepper.page import frame_data, node_data
from walkthroughs.stepper.trace import Trace

from .pages import node_of, wait


def mlp(X, W1, b1, W2, b2):
    """4-5-3 with a batch of 6."""
    H = te.sigmoid(te.linear(X, W1, b1).named("layer1/K")).named("layer1/H")
    return te.softmax_cross_entropy(te.linear(H, W2, b2).named("layer2/O"), np.array([0, 1, 2, 0, 1, 2])).named("L")


def moved(A, B, s):
    """Transposed, broadcast, used twice, and numbers among arrays."""
    C = (A.T @ B).named("C")
    mean = (C * C.reshape((3, 3)).T + s).mean().named("m")
    return (mean * s + (A * B).sum().named("k") / 10.0).named("f")


CASES = {
    "mlp": (mlp, {"X": (6, 4), "W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}),
    "moved": (moved, {"A": (4, 3), "B": (4, 3), "s": ()}),
}


def built(name, seed):
    f, shapes = CASES[name]
    random = np.random.default_rng(seed)
    return f(*[Tensor(random.normal(size=shape), label, requires_grad=label != "X") for label, shape in shapes.items()])


SAID = """() => ({
  nodes: state.graph.nodes.map((node) => [node.data, node.array]),
  frames: state.graph.frames.map((f) => [f.result, f.total ?? null, f.array, f.numbers, f.note]),
})"""


def alike(found, expected):
    """Arrays alike, but for a cell whose colour lies between two."""
    if expected is None or found is None:
        return found == expected
    if {**found, "map": None} != {**expected, "map": None}:
        return False
    bytes_of = [np.frombuffer(bytes.fromhex(x["map"]["cells"]), np.uint8).astype(int) for x in (found, expected)]
    return np.abs(bytes_of[0] - bytes_of[1]).max() <= 1


@pytest.mark.parametrize("name", CASES)
def test_every_array_of_every_step_is_numpys_at_other_leaves(open_page, name):
    page = open_page(step(built(name, 0)).html)
    other = Trace(built(name, 1))
    for tensor in other.nodes:
        if not tensor.inputs and tensor.label:
            i = other.index[tensor]
            numbers = [repr(x) for x in np.ravel(tensor.data).tolist()]
            page.evaluate(
                "([i, numbers]) => change(alive(), state.graph.elements[i].map((j, k) => [j, parsed(numbers[k])]))",
                [i, numbers],
            )
    page.evaluate("showNumbers()")
    found = page.evaluate(SAID)
    for i, (data, array) in enumerate(found["nodes"]):
        expected = node_data(other, i)
        assert data == expected["data"] and alike(array, expected.get("array")), other.nodes[i].describe()
    for frame, (result, total, array, numbers, note) in zip(other.frames, found["frames"], strict=True):
        expected = frame_data(other, frame)
        assert (result, total) == (expected["result"], expected.get("total")), frame.formula
        assert alike(array, expected.get("array")), frame.formula
        assert numbers in ("", expected.get("numbers", "")) and note == expected.get("note", "")


def test_an_element_is_chosen_in_the_heat_map_and_moved(open_page):
    root = built("mlp", 0)
    page = open_page(step(root).html)
    page.click("#end")
    page.evaluate("i => select(i)", node_of(page, "W1"))
    assert page.text_content("#leaf option:checked") == "W1[0, 0]"
    page.click("#node figure[aria-label^=value] td >> nth=11")
    assert page.text_content("#leaf option:checked") == "W1[2, 1]"
    before = page.text_content(f"#n{node_of(page, 'L')} + .words .value")
    page.fill("#number", "3")
    wait(page, "document.getElementById('changed').textContent.startsWith('Changed: W1[2, 1] was')")
    cell = page.locator("#node figure[aria-label^=value] td >> nth=11")
    assert cell.text_content() == "3" and page.text_content(f"#n{node_of(page, 'L')} + .words .value") != before
    page.click("#descend")
    page.keyboard.press("o")  # into the scalars, which have changed too
    assert page.evaluate("state.graph.life.losses.length") == 2
    page.evaluate("leave()")
    page.click("#reset")
    assert page.text_content(f"#n{node_of(page, 'L')} + .words .value") == before


def test_tensors_too_large_to_follow_say_so(open_page):
    x, W = Tensor(np.ones((20, 64)), "x"), Tensor(np.ones((64, 30)), "W", requires_grad=True)
    page = open_page(step((x @ W).sum()).html)
    assert page.text_content("#changed").startswith("Numbers cannot be changed here: there are too many elements")


def test_what_is_chosen_by_order_stands_still():
    x = Tensor([2.0, 3.0, 1.0], "x", requires_grad=True)
    assert (
        "some elements are chosen by their order, which may change" in step((te.sort(x) * [1.0, 2.0, 3.0]).sum()).html
    )
    chosen = step((x[te.operand([2, 0])] * [1.0, 2.0]).sum()).html  # by integers that are given: they stay
    assert "chosen by their order" not in chosen
