"""The stepper in a terminal: the same frames, moved through by keys, in 80 columns and more, also over SSH.

What is on the screen is a function of what has been pressed: `press` makes a new `View`, `screen.py` writes it.
"""

import os
import select
import shutil
import sys
from contextlib import contextmanager
from dataclasses import replace

from .behind import openings_of
from .quantities import brief, exact
from .screen import View, screen, worked_on
from .training_screen import screen_of_training

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
    if view.typing:
        return typed(trace, replace(view, message=""), key)
    if key == "tick":
        return played(trace, replace(view, message=""))
    at_work = chosen(trace, view)
    asks = view.predicting and view.position < len(trace.frames) and trace.frames[view.position].kind != "turn"
    if asks and key in ("next", "enter", SHORT["next"]):
        return replace(view, message="", typing="?", typed="", playing=False)
    if view.predicting and key == "space":
        return replace(view, message="")
    view = press_to_move(view, key, len(trace.frames))
    if view is None:
        return None
    if key == "t":
        return moved(trace, view, trace.turn)
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


def press_to_move(view, key, last):
    """The view after a key that a recording of training knows too; `last` is the last position. None after q."""
    key = next((name for name, short in SHORT.items() if key == short), key)
    if key == "q":
        return None
    if key in ("+", "-"):
        return replace(view, message="", speed=min(32.0, max(0.25, view.speed * (2 if key == "+" else 0.5))))
    position = view.position
    if key == "space":
        start = 0 if position == last else position
        return replace(view, message="", playing=not view.playing, position=start)
    moves = {"next": position + 1, "enter": position + 1, "tick": position + 1, "back": position - 1}
    position = max(0, min(last, (moves | {"start": 0, "end": last}).get(key, position)))
    playing = view.playing and key == "tick" and position < last
    return replace(view, message="", playing=playing, position=position)


def chosen(trace, view):
    """The node that keys mean: the selected one, or else the one at work."""
    return view.selected if view.selected is not None else worked_on(trace, view.position)


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


# ---- tensors and the scalars behind them


def press_in(levels, key):
    """`press` where graphs lie behind one another: pairs (trace, view), the last one on the screen; none after q.

    o opens the node at work, or the selected one, into its scalars, and u goes back up to the tensors.
    """
    *above, (trace, view) = levels
    if key == "o" and not view.typing:
        return opened(levels)
    if key == "u" and not view.typing and above:
        return above
    view = press(trace, view, key)
    return [] if view is None else [*above, (trace, view)]


def opened(levels):
    *above, (trace, view) = levels
    i = chosen(trace, view)
    found = next((opening for opening in openings_of(trace) if i in opening.places), None)
    if found is None:
        message = f"{trace.names[trace.nodes[i]]} does not open into scalars: only tensors of few elements do."
        return [*above, (trace, replace(view, message=message, playing=False))]
    places = found.places[i]
    positions = [p for p, frame in enumerate(found.trace.frames, 1) if frame.kind == "forward" and frame.node in places]
    inner = View(max(positions, default=0), places[0], watched=tuple(places[:4]), message=f"{found.note} u goes back.")
    return [*levels[:-1], (trace, replace(view, playing=False)), (found.trace, inner)]


# ---- the terminal

pending: list[str] = []  # what was read with an Escape and is a key of its own


def can_step():
    """Whether both ends are a terminal whose keys can be read one by one."""
    return bool(termios and sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def run(trace, title):
    """Step through a graph until q."""
    levels = [(trace, View())]
    with raw_terminal():
        while levels:
            trace, view = levels[-1]
            levels = press_in(levels, show(screen(trace, title, view, *size_and_color()), view))


def run_training(recording, title):
    """Step through a recording of training until q."""
    view = View()
    with raw_terminal():
        while view is not None:
            key = show(screen_of_training(recording, title, view, *size_and_color()), view)
            view = press_to_move(view, key, len(recording.losses))


def size_and_color():
    """The terminal's columns and rows, and whether it is to have colours."""
    return *shutil.get_terminal_size(), "NO_COLOR" not in os.environ


def show(lines, view):
    """Put lines on the screen, and return the next key."""
    sys.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\r\n" for line in lines[:-1]) + f"{lines[-1]}\x1b[K\x1b[J")
    sys.stdout.flush()
    return read_key(1 / view.speed if view.playing else None) or "tick"


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
