"""The stepper in a terminal: what keys do, what is on the screen, and a session through a terminal of its own."""

import os
import re
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import tensor_engine as te
from models.question3 import SHEET, Question3
from scalar_engine import Value
from tensor_engine import Tensor
from tests import ROOT
from walkthroughs.stepper.recording import Recording
from walkthroughs.stepper.screen import View, screen
from walkthroughs.stepper.terminal import is_near, press, press_in, press_to_move
from walkthroughs.stepper.trace import Trace
from walkthroughs.stepper.training_screen import screen_of_training

from .graphs import graphs, random_graph, states, tensor_loss

if sys.platform != "win32":
    import pty

TITLE = "Question 3, step by step"


@pytest.fixture(scope="module")
def trace():
    return Trace(Question3(SHEET).l)


def pressed(trace, *keys, view=None):
    view = view or View()
    for key in keys:
        view = press(trace, view, key)
    return view


def shown(trace, *keys, **size):
    return screen(trace, TITLE, pressed(trace, *keys), **size)


def test_moving(trace):
    def position(*keys):
        return pressed(trace, *keys).position

    assert position("next", "next", "next", "back") == 2
    assert position("end") == position("end", "next") == 85
    assert position("end", "start") == position("back") == 0
    assert position("t") == trace.turn == 32
    assert position("l", "l", "h") == 1 and position("$") == 85 and position("$", "0") == 0
    assert pressed(trace, "q") is None


def test_a_node_is_searched_and_gone_to(trace):
    view = pressed(trace, "/", "h", "1", "enter")
    assert trace.names[trace.nodes[view.selected]] == "h1"
    positions = []
    for _ in range(6):
        view = press(trace, view, "n")
        positions.append(view.position)
    assert positions == [4, 57, 79, 80, 4, 57]
    assert "No node has 'zzz'" in "\n".join(shown(trace, "/", "z", "z", "z", "enter"))
    assert pressed(trace, "/", "h", "rubout", "escape").selected is None
    assert "Select a node first" in "\n".join(shown(trace, "n"))


def test_the_step_and_its_sum_are_on_the_screen(trace):
    lines = shown(trace, "end", *["back"] * 6)
    assert lines[0].endswith("step 79 of 85, backward pass")
    assert lines[2] == "dl/dh1 += dl/d(V11 * h1) * V11 = -0.5 * 1 = -0.5"
    assert lines[3] == "Second of two contributions to dl/dh1; the sum is 0."
    assert any("1 x -0.5 = -0.5 via V11 * h1" in line for line in lines)


def test_playing_stops_at_breakpoints_and_at_the_end(trace):
    view = pressed(trace, "/", "k", "1", "enter", "b", "space")
    while view.playing:
        view = press(trace, view, "tick")
    assert (view.position, view.message) == (3, "Stopped at a breakpoint.")
    view = pressed(trace, "end", "back", "space", "tick")
    assert not view.playing and view.position == 85
    view = pressed(trace, "space", "+", "+", "tick")
    assert view.playing and view.speed == 4 and view.position == 1
    assert not press(trace, view, "space").playing and not press(trace, view, "back").playing


def test_predicting(trace):
    view = pressed(trace, "p", "next")
    assert screen(trace, TITLE, view)[2] == "W11 * x1 = 1 * 1 = ?"
    view = pressed(trace, "1", "enter", view=view)
    assert view.score == (1, 1) and view.position == 1
    view = pressed(trace, "next", "7", "enter", view=view)
    assert view.score == (1, 2) and "Not quite, you said 7: 1. 1 of 2 right." in "\n".join(screen(trace, TITLE, view))
    near = [
        is_near("0.881", 0.8808),
        is_near("0.8", 0.8808),
        is_near("nan", float("nan")),
        is_near("x", 1.0),
        is_near("0", -0.0),
    ]
    assert near == [True, False, True, False, True]
    assert is_near("(2, 3)", np.zeros((2, 3))) and not is_near("(3, 2)", np.zeros((2, 3)))


def test_watched_nodes_stay_in_view_and_groups_fold(trace):
    keys = ["/", "x", "2", "enter", "w", "escape", "end"]
    assert any(re.search(r"\* x2 +-1$", line.rstrip()) for line in shown(trace, *keys))
    folded = "\n".join(shown(trace, "end", "f", rows=40))
    assert "48-63 layer2: 16 steps" in folded and "48-63" not in "\n".join(shown(trace, "end", rows=40))


@pytest.mark.parametrize("columns, rows", [(80, 24), (60, 20), (132, 50)])
def test_the_screen_fits(trace, columns, rows):
    long = Trace((Value(1.0, "a name " * 30) * Value(2.0, "\x1b[31mred\n")).named("out\twith\ttabs"))
    for each in (trace, long, Trace(random_graph(2))):
        for position in range(0, len(each.frames) + 1, 3):
            for view in (
                View(position),
                View(position, predicting=True, typing="?", typed="0.5") if position < len(each.frames) else View(),
            ):
                lines = screen(each, TITLE, view, columns, rows)
                assert len(lines) <= rows and max(map(len, lines)) <= columns
                assert all(c.isprintable() for line in lines for c in line)


def test_colours_change_nothing_but_the_colour(trace):
    for position in (0, 4, 40, 85):
        view = View(position, watched=(3,))
        colored = screen(trace, TITLE, view, color=True)
        assert any("\x1b[" in line for line in colored)
        assert [re.sub("\x1b\\[\\d+m", "", line) for line in colored] == screen(trace, TITLE, view)


@pytest.mark.parametrize("name, root", graphs())
def test_every_number_on_the_screen_is_the_engines(name, root):
    trace = Trace(root)
    width = 200
    for position, (values, gradients, _) in enumerate(states(root)):
        lines = screen(
            trace, "", View(position, watched=tuple(range(len(trace.nodes)))), width, 24 + 2 * len(trace.nodes)
        )
        start = next(i for i, line in enumerate(lines) if line.startswith("Program so far"))
        table = [line[116:] for line in lines[start + 1 :] if line[116:117] == "*"]
        assert len(table) >= len(trace.nodes)
        for node, row in zip(trace.nodes, table):
            value, gradient = ("" if x is None else root.brief(x) for x in (values[node], gradients[node]))
            assert row.endswith(f"{value:>10}{gradient:>11}"), (position, node)


def test_arrays_tell_their_shape_and_range():
    W = Tensor([[1.0, -2.0], [3.0, 4.0]], "W", requires_grad=True)
    trace = Trace((te.sigmoid(W) * W).sum().named("L"))
    text = "\n".join(shown(trace, "/", "W", "enter", "end"))
    assert "value min -2 max 4 mean 1.5" in text and "gradient min " in text and "(2, 2)" in text


def test_tensors_open_into_scalars_and_close():
    loss = tensor_loss()
    trace = Trace(loss)
    levels = [(trace, View())]
    for key in ["/", "Y", "enter", "end", "o"]:
        levels = press_in(levels, key)
    scalars, view = levels[-1]
    text = " ".join(" ".join(screen(scalars, TITLE, view)).split())
    assert len(levels) == 2 and "largest difference" in text and "Y[0, 0]" in text and "u goes back" in text
    levels = press_in(levels, "end")
    gradients = levels[-1][0].gradients
    loss.backward(keep=True)
    Y = loss.inputs[0].inputs[0]
    found = {node.label: gradients[node] for node in scalars.nodes if node in gradients}
    assert [found[f"Y[{i}, {j}]"] for i in range(3) for j in range(2)] == pytest.approx(Y.grad.ravel().tolist())
    assert press_in(levels, "u") == [(trace, levels[0][1])]
    ((_, closed),) = press_in([(Trace(Value(2.0, "x") * 3.0), View())], "o")
    assert "does not open into scalars" in closed.message
    assert press_in(levels, "q") == [] and press_in([levels[0]], "u") == [levels[0]]
    ((_, typing),) = press_in(press_in([(trace, View())], "/"), "o")
    assert typing.typed == "o"


def recording_of_w(n=6):
    """w <- w - 0.25 * 2 w halves w at every step."""
    w = Value(8.0, "w")
    recording = Recording([w], 0.25)
    for _ in range(n):
        loss = w * w
        loss.backward()
        with recording.step(loss):
            w.data -= 0.25 * w.grad
            w.zero_grad()
    return recording


def test_a_recording_is_stepped_by_keys():
    recording, view = recording_of_w(), View()
    for key, position in [("next", 1), ("l", 2), ("back", 1), ("end", 6), ("next", 6), ("start", 0), ("x", 0)]:
        view = press_to_move(view, key, 6)
        assert view.position == position, key
    for key in ("next", "next"):
        view = press_to_move(view, key, 6)
    lines = screen_of_training(recording, TITLE, view)
    assert lines[0].endswith("step 2 of 6") and lines[2] == "loss of step 2 = 16"
    assert "    w <- w - rate * dw = 4 - 0.25 * 8 = 2" in lines
    assert [line.count("o") for line in lines[4:11]] == [0, 0, 0, 0, 1, 0, 0]  # 16 is a quarter of 64
    assert press_to_move(view, "q", 6) is None
    view = press_to_move(view, "space", 6)
    for _ in range(3):
        view = press_to_move(view, "tick", 6)
        assert view.playing and "Playing, 1 steps a second" in "\n".join(screen_of_training(recording, TITLE, view))
    view = press_to_move(view, "tick", 6)
    assert view.position == 6 and not view.playing
    assert press_to_move(view, "space", 6).position == 0


@pytest.mark.parametrize("n", [0, 1, 6, 500])
def test_the_screen_of_a_recording_fits(n):
    recording = recording_of_w(n)
    recording.losses[3:4] = [float("nan")] * len(recording.losses[3:4])
    recording.names = ["\x1b[31mred " * 20]
    for columns, rows in [(80, 24), (60, 14), (200, 50)]:
        for position in {0, n // 2, n}:
            lines = screen_of_training(recording, "A title " * 30, View(position), columns, rows)
            assert len(lines) == rows and max(map(len, lines)) <= columns
            assert all(c.isprintable() for line in lines for c in line)


# ---- a terminal


class Session:
    """A program in a terminal of its own: what it has written, and keys for it."""

    def __init__(self, *command, **environment):
        self.terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdin=end, stdout=end, stderr=end, start_new_session=True,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"} | environment,
        )  # fmt: skip
        os.close(end)
        self.output = b""

    def until(self, text, seconds=30):
        """Read until the text is there, and forget what came before it."""
        end = time.monotonic() + seconds
        while text.encode() not in self.output:
            if time.monotonic() > end or not self.read():
                pytest.fail(f"{text!r} has not come; the last was {self.output[-300:]!r}")
        self.output = self.output.partition(text.encode())[2]

    def read(self):
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            found = os.read(self.terminal, 65536)
        except OSError:  # the end, on Linux
            return False
        self.output += found
        return bool(found)

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def status(self):
        while self.read():
            pass
        os.close(self.terminal)
        return self.process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_a_session():
    session = Session("-m", "walkthroughs.question3", "--step")
    session.until("step 0 of 85")
    for keys, expected in [
        ("\x1b[C", "step 1 of 85"), ("\x1b[F", "step 85 of 85"), ("\x1b[D", "step 84 of 85"),
        ("\x1b[H", "step 0 of 85"), ("\x1bt", "step 32 of 85"), ("/h1\r", "h1"), ("n", "step 57 of 85"),
        ("+++ ", "step 60 of 85"), ("\x1bOF", "step 85 of 85"),
    ]:  # fmt: skip
        session.press(keys)
        session.until(expected)
    session.press("q")
    assert session.status() == 0
    assert session.output.endswith(b"\x1b[?25h\x1b[?1049l")  # the cursor and the screen are back


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_a_session_of_training():
    imports = f"from {__name__} import recording_of_w; from walkthroughs.stepper import step"
    session = Session("-c", f"{imports}; step(recording_of_w()).run()")
    session.until("step 0 of 6")
    for keys, expected in [("\x1b[C", "w <- w - rate * dw = 8 - 0.25 * 16 = 4"), ("\x1b[F", "step 6 of 6")]:
        session.press(keys)
        session.until(expected)
    session.press("q")
    assert session.status() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_an_interrupted_session_leaves_the_terminal_as_it_was():
    session = Session("-m", "walkthroughs.question3", "--step", NO_COLOR="1")
    session.until("step 0 of 85")
    assert b"\x1b[1m" not in session.output
    session.process.send_signal(signal.SIGINT)  # what Ctrl-C does
    assert session.status() == 130 and b"\x1b[?1049l" in session.output


def test_without_a_terminal_the_trace_is_printed():
    command = [sys.executable, "-m", "walkthroughs.question3", "--step", "--random", "1"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert found.stdout.startswith("Forward pass\n   1  ") and len(found.stdout.splitlines()) == 88
