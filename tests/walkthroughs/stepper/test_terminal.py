"""The stepper in a terminal: what keys and the mouse do, what is on the screen, and a session in a real one."""

import asyncio
import os
import re
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

import tensor_engine as te
from models.question3 import SHEET, Question3
from scalar_engine import Value
from tensor_engine import Tensor
from tests import ROOT
from walkthroughs.stepper import moves
from walkthroughs.stepper.moves import View, is_near
from walkthroughs.stepper.recording import Recording
from walkthroughs.stepper.screen import table_lines
from walkthroughs.stepper.terminal import GraphTerminal, Terminal, TrainingTerminal
from walkthroughs.stepper.trace import Trace

from .graphs import graphs, random_graph, states, tensor_loss

if sys.platform != "win32":
    import pty

TITLE = "Question 3, step by step"


@pytest.fixture(scope="module")
def trace():
    return Trace(Question3(SHEET).l)


def in_a_loop_of_its_own(coroutine):
    """What a coroutine returns, in another thread: in this one the tests' browser has an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


class Pressed:
    """A terminal in which keys have been pressed, or "@WIDGET,COLUMN,ROW" clicked.

    positions   after each key
    lines       what is on the screen at the end
    """

    def __init__(self, terminal, *keys, size=(80, 24)):
        self.terminal, self.positions = terminal, []
        in_a_loop_of_its_own(self.press(keys, size))

    async def press(self, keys, size):
        async with self.terminal.run_test(size=size) as pilot:
            for key in keys:
                if key.startswith("@"):
                    place, *offset = key[1:].split(",")
                    await pilot.click(place, offset=tuple(map(int, offset)))
                else:
                    await pilot.press(key)
                self.positions.append(self.view.position)
            await pilot.pause()
            self.lines = [
                "".join(segment.text for segment in strip) for strip in self.terminal.screen._compositor.render_strips()
            ]

    @property
    def view(self):
        return self.terminal.view

    @property
    def text(self):
        return "\n".join(self.lines)


def pressed(trace, *keys, **size):
    return Pressed(GraphTerminal(trace, TITLE), *keys, **size)


def ticked(trace, view):
    """What playing comes to, without the waiting."""
    terminal = GraphTerminal(trace, TITLE)
    terminal.show = lambda view: setattr(terminal, "view", view)
    terminal.view = view
    while terminal.view.playing:
        terminal.tick()
    return terminal.view


def test_moving(trace):
    keys = ["right", "right", "l", "left", "end", "right", "home", "left", "t", "enter", "dollar_sign", "0"]
    assert pressed(trace, *keys).positions == [1, 2, 3, 2, 85, 85, 0, 0, trace.turn, trace.turn + 1, 85, 0]
    assert trace.turn == 32


def test_the_mouse_moves_and_selects(trace):
    found = pressed(trace, "end", "@#program,9,3", "@#table,3,4", "@Bar,40,0")
    assert found.positions == [85, 72, 72, 43]
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
    assert found.view.score == (1, 2) and "Not quite, you said 7: 1. 1 of 2 right." in found.text
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
    for binding in [*GraphTerminal.BINDINGS, *Terminal.BINDINGS]:
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
        terminal = GraphTerminal(trace, TITLE)
        async with terminal.run_test(size=(80, 24)) as pilot:
            await pilot.press("end")
            await pilot.resize_terminal(44, 30)
            await pilot.pause()
            return terminal.query_one("#table").region

    assert in_a_loop_of_its_own(resized()).width == 44


@pytest.mark.parametrize("name, root", graphs())
def test_every_number_on_the_screen_is_the_engines(name, root):
    trace = Trace(root)
    everything = tuple(range(len(trace.nodes)))
    for position, (values, gradients, _) in enumerate(states(root)):
        table = table_lines(trace, View(position, watched=everything), 84, 24 + 2 * len(trace.nodes))
        for node, line in zip(trace.nodes, table):
            value, gradient = ("" if x is None else root.brief(x) for x in (values[node], gradients[node]))
            assert line.text[0] == "*" and line.text.endswith(f"{value:>10}{gradient:>11}"), (position, node)


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
    (_, above), (scalars, _) = found.terminal.levels
    gradients = scalars.gradients
    loss.backward(keep=True)
    Y = loss.inputs[0].inputs[0]
    elements = {node.label: gradients[node] for node in scalars.nodes if node in gradients}
    assert [elements[f"Y[{i}, {j}]"] for i in range(3) for j in range(2)] == pytest.approx(Y.grad.ravel().tolist())
    assert pressed(trace, *keys, "u").terminal.levels == [(trace, above)]
    assert "does not open into scalars" in pressed(Trace(Value(2.0, "x") * 3.0), "o").text
    assert len(pressed(trace, "u").terminal.levels) == 1
    assert "o" in pressed(trace, "/", "o").text and len(pressed(trace, "/", "o").terminal.levels) == 1


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
    recording = recording_of_w()
    keys = ["right", "l", "left", "end", "right", "home", "x", "right", "right"]
    found = Pressed(TrainingTerminal(recording, TITLE), *keys)
    assert found.positions == [1, 2, 1, 6, 6, 0, 0, 1, 2]
    lines = [line.rstrip() for line in found.lines]
    assert lines[0].endswith("step 2 of 6") and lines[2] == "loss of step 2 = 16"
    assert "    w <- w - rate * dw = 4 - 0.25 * 8 = 2" in lines
    curve = [line.count("o") for line in lines if "|" in line]
    assert curve == [0, 0, 0, 0, 1, 0, 0]  # 16 is a quarter of 64
    playing = Pressed(TrainingTerminal(recording, TITLE), "right", "space")
    assert playing.view.playing and "Playing, 1 steps a second" in playing.text


@pytest.mark.parametrize("n", [0, 1, 6, 500])
def test_the_screen_of_a_recording_fits(n):
    recording = recording_of_w(n)
    recording.losses[3:4] = [float("nan")] * len(recording.losses[3:4])
    recording.names = ["\x1b[31mred " * 20]
    for size in [(80, 24), (30, 20)]:
        for key in ("home", "end"):
            lines = Pressed(TrainingTerminal(recording, "A title " * 30), key, size=size).lines
            assert len(lines) == size[1] and {cell_len(line) for line in lines} == {size[0]}
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


posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


@posix
def test_a_session_and_the_shell_in_between():
    session = Session("-m", "walkthroughs.question3", "--step", NO_COLOR="1")
    session.until("step 0 of 85")
    for keys, expected in [
        ("\x1b[F", "step 85 of 85"),
        ("\x1b[D", "84 of 85"),
        ("/h1\rnw", "step 4 of 85"),  # in one burst
    ]:
        session.press(keys)
        session.until(expected)
    session.press("\x1a")  # Ctrl-Z
    session.until("\x1b[?1049l")
    assert os.waitid(os.P_PID, session.process.pid, os.WSTOPPED | os.WNOWAIT)
    session.process.send_signal(signal.SIGCONT)  # what fg does
    session.until("\x1b[?1049h")
    session.until("step 4 of 85")
    session.press("q")
    assert session.status() == 0
    assert b"\x1b[?1049l" in session.output and b"\x1b[?25h" in session.output  # the screen and the cursor are back


@posix
@pytest.mark.parametrize("how", ["key", "signal"])
def test_an_interrupted_session_leaves_the_terminal_as_it_was(how):
    imports = f"from {__name__} import recording_of_w; from walkthroughs.stepper import step"
    session = Session("-c", f"{imports}; step(recording_of_w()).run()")
    session.until("step 0 of 6")
    session.press("\x03") if how == "key" else session.process.send_signal(signal.SIGINT)
    assert session.status() in (1, 130, -signal.SIGINT) and b"\x1b[?1049l" in session.output
    assert b"KeyboardInterrupt" in session.output


def test_without_a_terminal_the_trace_is_printed():
    command = [sys.executable, "-m", "walkthroughs.question3", "--step", "--random", "1"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert found.stdout.startswith("Forward pass\n   1  ") and len(found.stdout.splitlines()) == 88


def test_textual_is_loaded_for_a_terminal_only():
    program = "from walkthroughs.stepper import step; import sys; print([n for n in sys.modules if n == 'textual'])"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@posix
def test_a_session_ends_when_its_terminal_is_gone():
    session = Session("-m", "walkthroughs.question3", "--step")
    session.until("step 0 of 85")
    os.close(session.terminal)
    assert session.process.wait(30) != 0
