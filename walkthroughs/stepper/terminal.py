"""The stepper in a terminal: the same frames, moved through by keys, in 80 columns and more, also over SSH.

What is on the screen is a function of what has been pressed: `press` makes a new `View`, `screen.py` writes it.
"""

import os
import select
import shutil
import sys
from contextlib import contextmanager
from dataclasses import replace

from .quantities import brief, exact
from .screen import View, screen, worked_on

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = tty = None  # type: ignore[assignment]

KEYS = {
    "\x1b[C": "next", "\x1b[D": "back", "\x1bOC": "next", "\x1bOD": "back", "\x1b[H": "start", "\x1b[F": "end",
    "\x1bOH": "start", "\x1bOF": "end", "\x1b[1~": "start", "\x1b[4~": "end", "\x1b[7~": "start", "\x1b[8~": "end",
    "\r": "enter", "\n": "enter", "\x7f": "rubout", "\b": "rubout", "\x1b": "escape", "\x04": "q",
    " ": "space",
}  # fmt: skip
SHORT = {"next": "l", "back": "h", "start": "0", "end": "$"}  # for terminals without those keys


def press(trace, view, key):
    """The view after a key. None if it ends the stepper."""
    key = next((name for name, short in SHORT.items() if key == short), key) if not view.typing else key
    view = replace(view, message="")
    if view.typing:
        return typed(trace, view, key)
    if key == "tick":
        return played(trace, view)
    if key not in ("+", "-"):
        view = replace(view, playing=view.playing and key == "space")
    last = len(trace.frames)
    at_work = view.selected if view.selected is not None else worked_on(trace, view.position)
    if key == "q":
        return None
    if key in ("next", "enter"):
        asks = view.predicting and view.position < last and trace.frames[view.position].kind != "turn"
        return replace(view, typing="?", typed="") if asks else moved(trace, view, view.position + 1)
    if key == "back":
        return moved(trace, view, view.position - 1)
    if key == "start":
        return moved(trace, view, 0)
    if key == "end":
        return moved(trace, view, last)
    if key == "t":
        return moved(trace, view, trace.turn)
    if key == "space":
        start = 0 if view.position == last else view.position
        return replace(view, playing=not view.playing and not view.predicting, position=start)
    if key in ("+", "-"):
        return replace(view, speed=min(32.0, max(0.25, view.speed * (2 if key == "+" else 0.5))))
    if key == "/":
        return replace(view, typing="/", typed="")
    if key == "n":
        return to_node(trace, view)
    if key == "b":
        return replace(view, breakpoints=view.breakpoints ^ {at_work})
    if key == "w":
        kept = tuple(i for i in view.watched if i != at_work)
        return replace(view, watched=kept if at_work in view.watched else (*kept, at_work))
    if key == "f":
        return replace(view, folded=not view.folded)
    if key == "p":
        return replace(view, predicting=not view.predicting, score=(0, 0))
    if key == "escape":
        return replace(view, selected=None)
    return view


def moved(trace, view, position):
    return replace(view, position=max(0, min(len(trace.frames), position)))


def played(trace, view):
    """One step of playing, which stops at the end and where a node with a breakpoint is at work."""
    view = moved(trace, view, view.position + 1)
    frame = trace.frames[view.position - 1] if view.position else None
    stops = frame and {frame.node, frame.input} & view.breakpoints
    message = "Stopped at a breakpoint." if stops else ""
    return replace(view, playing=not stops and view.position < len(trace.frames), message=message)


def to_node(trace, view):
    """To the next step of the selected node; after its last one, to the first."""
    at = [p for p, frame in enumerate(trace.frames, start=1) if view.selected in (frame.node, frame.input)]
    if view.selected is None or not at:
        return replace(view, message="Select a node first: / searches one.")
    return moved(trace, view, next((p for p in at if p > view.position), at[0]))


def typed(trace, view, key):
    """A key of a search or of a prediction."""
    if key == "escape":
        return replace(view, typing="")
    if key == "rubout":
        return replace(view, typed=view.typed[:-1])
    if key != "enter":
        return replace(view, typed=view.typed + {"space": " "}.get(key, key if len(key) == 1 else ""))
    done = replace(view, typing="")
    if view.typing == "?":
        return predicted(trace, done)
    words = view.typed.lower()
    names = [f"{node.label}\n{trace.names[node]}".lower() for node in trace.nodes]
    found = [i for i, name in enumerate(names) if words and words in name]
    found.sort(key=lambda i: (trace.names[trace.nodes[i]].lower() != words, i))
    message = "" if found else f"No node has {view.typed!r} in its name."
    return replace(done, selected=found[0] if found else view.selected, message=message)


def predicted(trace, view):
    frame = trace.frames[view.position]
    right = is_near(view.typed, frame.result)
    score = (view.score[0] + right, view.score[1] + 1)
    verdict = "Right" if right else f"Not quite, you said {view.typed or 'nothing'}"
    message = f"{verdict}: {brief(frame.result)}. {score[0]} of {score[1]} right."
    return replace(moved(trace, view, view.position + 1), score=score, message=message)


def is_near(guess, quantity):
    """Whether a guess is within a hundredth of a number, or names an array's shape."""
    if "," in exact(quantity):
        return [c for c in guess if c.isdigit()] == [c for c in exact(quantity) if c.isdigit()]
    try:
        given, truth = float(guess), float(exact(quantity))
    except ValueError:
        return False
    if truth != truth or truth in (float("inf"), -float("inf")):
        return repr(given) == repr(truth)
    return abs(given - truth) <= (0.01 * abs(truth) or 5e-4)


# ---- the terminal

pending: list[str] = []  # what was read with an Escape and is a key of its own


def can_step():
    """Whether both ends are a terminal whose keys can be read one by one."""
    return bool(termios and sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def run(trace, title):
    """Step through a trace until q; the terminal is as it was afterwards."""
    color = "NO_COLOR" not in os.environ
    view = View()
    with raw_terminal():
        while view is not None:
            columns, rows = shutil.get_terminal_size()
            lines = screen(trace, title, view, columns, rows, color)
            sys.stdout.write(
                "\x1b[H" + "".join(f"{line}\x1b[K\r\n" for line in lines[:-1]) + f"{lines[-1]}\x1b[K\x1b[J"
            )
            sys.stdout.flush()
            key = read_key(1 / view.speed if view.playing else None)
            view = press(trace, view, key or "tick")


@contextmanager
def raw_terminal():
    before = termios.tcgetattr(sys.stdin)
    sys.stdout.write("\x1b[?1049h\x1b[?25l")  # a screen of its own, and no cursor
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()


def read_key(timeout):
    """The name of the next key; None if none came within `timeout` seconds."""
    text = pending.pop() if pending else read_character(timeout)
    if text != "\x1b":
        return text and KEYS.get(text, text)
    while text not in KEYS or text == "\x1b":
        more = read_character(0.05)  # over a slow line the rest of a key comes a little later
        if text == "\x1b" and more not in ("[", "O"):
            pending.extend([more] if more else [])
            break
        text += more or "?"
        if len(text) > 6:
            return "unknown"
    return KEYS[text]


def read_character(timeout):
    source = sys.stdin.fileno()
    if not select.select([source], [], [], timeout)[0]:
        return None
    text = os.read(source, 1)
    if not text:
        return "\x04"  # the other side has hung up
    while True:
        try:
            return text.decode()
        except UnicodeDecodeError:
            if len(text) == 4:
                return "?"
            text += os.read(source, 1)
