"""A graph in a terminal: what keys and the mouse do, and what is on the screen."""

import asyncio
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

import tensor_engine as te
from models.question3 import SHEET, Question3
from scalar_engine import Value
from tensor_engine import Tensor
from walkthroughs.stepper.terminal import moves
from walkthroughs.stepper.terminal.app import Terminal
from walkthroughs.stepper.terminal.graph import GraphSteps
from walkthroughs.stepper.terminal.lines import table_lines
from walkthroughs.stepper.terminal.moves import View
from walkthroughs.stepper.terminal.predictions import is_near
from walkthroughs.stepper.terminal.steps import Steps
from walkthroughs.stepper.trace import Trace

from ..graphs import graphs, random_graph, states, tensor_loss
from .pressing import TITLE, in_a_loop_of_its_own, pressed


@pytest.fixture(scope="module")
def trace():
    return Trace(Question3(SHEET).l)


def ticked(trace, view):
    """What playing comes to, without the waiting."""
    screen = GraphSteps(trace, TITLE)
    screen.show = lambda view: setattr(screen, "view", view)
    screen.view = view
    while screen.view.playing:
        screen.tick()
    return screen.view


def test_moving(trace):
    keys = ["right", "right", "l", "left", "end", "right", "home", "left", "t", "enter", "dollar_sign", "0"]
    assert pressed(trace, *keys).positions == [1, 2, 3, 2, 85, 85, 0, 0, trace.turn, trace.turn + 1, 85, 0]
    assert trace.turn == 32


def test_the_mouse_moves_and_selects(trace):
    found = pressed(trace, "end", "@#program,9,3", "@#table,3,4", "@Bar,40,0")
    assert found.positions == [85, 72, 72, 43]
    assert pressed(trace, "p", "right", "@Bar,40,0").view.position == 0  # what is asked is answered first
    assert found.view.selected == table_lines(trace, View(72), 33, 18)[4].target


def test_a_node_is_searched_and_gone_to(trace):
    found = pressed(trace, "/", "h", "1", "enter", *"nnnnnn")
    assert trace.names[trace.nodes[found.view.selected]] == "h1"
    assert found.positions[4:] == [4, 57, 79, 80, 4, 57]
    assert "No node has 'zzz'" in pressed(trace, "/", *"zzz", "enter").text
    assert pressed(trace, "/", "h", "backspace", "escape").view == View()
    assert "Select a node first" in pressed(trace, "n").text


def test_the_step_and_its_sum_are_on_the_screen(trace):
    lines = [line.rstrip() for line in pressed(trace, "end", *["left"] * 6).lines]
    assert lines[0].endswith("step 79 of 85, backward pass")
    assert lines[2] == "dl/dh1 += dl/d(V11 * h1) * V11 = -0.5 * 1 = -0.5"
    assert lines[3] == "Second of two contributions to dl/dh1; the sum is 0."
    assert any("-0.5 x 1 = -0.5 via V11 * h1" in line for line in lines)


def test_playing_stops_at_breakpoints_and_at_the_end(trace):
    view = pressed(trace, "/", "k", "1", "enter", "b", "space").view
    assert view.playing
    view = ticked(trace, view)
    assert (view.position, view.message) == (3, "Stopped at a breakpoint.")
    assert ticked(trace, replace(View(84), playing=True)) == View(85)
    view = pressed(trace, "+", "+", "-", "space").view
    assert view.playing and view.speed == 2
    assert not pressed(trace, "space", "space").view.playing and not pressed(trace, "space", "left").view.playing
    again = moves.started(View(85), 85)
    assert again.playing and again.position == 0


def test_predicting(trace):
    asked = pressed(trace, "p", "right")
    assert asked.lines[2].rstrip() == "W11 * x1 = 1 * 1 = ?" and "your prediction" in asked.text
    right = pressed(trace, "p", "right", "1", "enter").view
    assert right.score == (1, 1) and right.position == 1
    found = pressed(trace, "p", "right", "1", "enter", "right", "7", "enter")
    assert found.view.score == (1, 2) and "Not quite: W21 * x2 = 1, not 7. 1 of 2 right." in found.text
    near = [
        is_near("0.881", 0.8808),
        is_near("0.8", 0.8808),
        is_near("nan", float("nan")),
        is_near("x", 1.0),
        is_near("0", -0.0),
        is_near("-1/2", -0.5),
        is_near("1/0", 1.0),
    ]
    assert near == [True, False, True, False, True, True, False]
    assert is_near("(2, 3)", np.zeros((2, 3))) and not is_near("(3, 2)", np.zeros((2, 3)))


def test_watched_nodes_stay_in_view_and_groups_fold(trace):
    found = pressed(trace, "/", "x", "2", "enter", "w", "escape", "end")
    assert any(re.search(r"\* x2 +-1$", line.rstrip()) for line in found.lines)
    assert "48-63 layer2: 16 steps" in pressed(trace, "end", "f", size=(80, 44)).text
    assert "48-63" not in pressed(trace, "end", size=(80, 44)).text


def test_every_key_is_in_the_help(trace):
    shown = pressed(trace, "?", size=(100, 60)).text
    for binding in [*GraphSteps.BINDINGS, *Steps.BINDINGS]:
        assert binding.description in shown, binding.description
    assert "Breakpoint" not in pressed(trace, "?", "?").text


@pytest.mark.parametrize("columns, rows", [(80, 24), (30, 16)])
def test_the_screen_fits(trace, columns, rows):
    """Whatever labels hold: nothing is cut in the middle of a wide character, nothing obeyed, all panels there."""
    label = "\x1b[31mred\n" if columns != 80 else "權重" * 40
    long = Trace((Value(1.0, "a [b]name[/b] " * 30) * Value(2.0, label)).named("out\twith\ttabs"))
    for each in (trace, long, Trace(random_graph(2))):
        for keys in [("end", "f"), ("p", "right", *"0.5")]:
            lines = pressed(each, *keys, size=(columns, rows)).lines
            assert len(lines) == rows and {cell_len(line) for line in lines} == {columns}
            assert all(c.isprintable() for line in lines for c in line)
            assert "Program so far" in "\n".join(lines) and "Value, gradient" in "\n".join(lines)


def test_a_resized_terminal_is_filled_again(trace):
    async def resized():
        terminal = Terminal(GraphSteps(trace, TITLE))
        async with terminal.run_test(size=(80, 24)) as pilot:
            await pilot.press("end")
            await pilot.resize_terminal(44, 30)
            while terminal.screen.query_one("#table").region.width != 44:  # a moment later, by a timer
                await pilot.pause(0.01)

    in_a_loop_of_its_own(asyncio.wait_for(resized(), 60))


@pytest.mark.parametrize("name, root", graphs())
def test_every_number_on_the_screen_is_the_engines(name, root):
    trace = Trace(root)
    everything = tuple(range(len(trace.nodes)))
    for position, (values, gradients, _) in enumerate(states(root)):
        table = table_lines(trace, View(position, watched=everything), 84, 24 + 2 * len(trace.nodes))
        for node, line in zip(trace.nodes, table):
            value, gradient = ("" if x is None else root.brief(x) for x in (values[node], gradients[node]))
            assert line.text[0] == "*" and line.text.endswith(f"{value:>10}{gradient:>11}"), (position, node)


def test_a_label_that_has_no_room_is_told_whole():
    y = (Value(1.0, "the weight of the first of all neurons") * 2).named("layer1/y")
    first, second, third, *_, last = (line.text for line in table_lines(Trace(y), View(selected=0), 33, 9))
    assert first.startswith("  th…neurons ") and second + third[2:] == "  the weight of the first of all neurons"
    assert last.split()[0] == "layer1/y"


def test_arrays_tell_their_shape_and_range():
    W = Tensor([[1.0, -2.0], [3.0, 4.0]], "W", requires_grad=True)
    trace = Trace((te.sigmoid(W) * W).sum().named("L"))
    text = pressed(trace, "/", "W", "enter", "end", size=(100, 24)).text
    assert "value min -2 max 4 mean 1.5" in text and "gradient min " in text and "(2, 2)" in text


def test_tensors_open_into_scalars_and_close():
    loss = tensor_loss()
    trace = Trace(loss)
    keys = ["/", "Y", "enter", "end", "o"]
    found = pressed(trace, *keys)
    text = " ".join(found.text.split())
    assert "largest difference" in text and "Y[0, 0]" in text and "u goes back" in text
    found = pressed(trace, *keys, "end")
    (_, above), (scalars, _) = found.screen.levels
    gradients = scalars.gradients
    loss.backward(keep=True)
    Y = loss.inputs[0].inputs[0]
    elements = {node.label: gradients[node] for node in scalars.nodes if node in gradients}
    assert [elements[f"Y[{i}, {j}]"] for i in range(3) for j in range(2)] == pytest.approx(Y.grad.ravel().tolist())
    assert pressed(trace, *keys, "u").screen.levels == [(trace, above)]
    assert "does not open into scalars" in pressed(Trace(Value(2.0, "x") * 3.0), "o").text
    assert len(pressed(trace, "u").screen.levels) == 1
    assert "o" in pressed(trace, "/", "o").text and len(pressed(trace, "/", "o").screen.levels) == 1
