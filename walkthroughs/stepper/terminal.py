"""The stepper in a terminal: the same frames, moved through by keys, in 80 columns and more, also over SSH.

What is on the screen is a function of what has been pressed: `press` makes a new `View`, `screen` writes it.
"""

import os
import select
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from textwrap import wrap

from .listing import printable
from .quantities import brief, exact, summary

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = tty = None  # type: ignore[assignment]

BOLD, FAINT, GREEN, RED, ORANGE, BLUE, REVERSE = "1", "2", "32", "31", "33", "36", "7"
KEYS = {
    "\x1b[C": "next", "\x1b[D": "back", "\x1bOC": "next", "\x1bOD": "back", "\x1b[H": "start", "\x1b[F": "end",
    "\x1bOH": "start", "\x1bOF": "end", "\x1b[1~": "start", "\x1b[4~": "end", "\x1b[7~": "start", "\x1b[8~": "end",
    "\r": "enter", "\n": "enter", "\x7f": "rubout", "\b": "rubout", "\x1b": "escape", "\x04": "q",
    " ": "space",
}  # fmt: skip
SHORT = {"next": "l", "back": "h", "start": "0", "end": "$"}  # for terminals without those keys
HELP = "<- -> Home End  space:play t:turn /:find n:go b:break w:watch f:fold p:predict q"


@dataclass(frozen=True)
class View:
    """Where a reader is, and what is open.

    position        after so many frames
    selected        a node's index, or None
    typing          "/" or "?" while a search or a prediction is typed, "" otherwise; `typed` is what stands there
    score           (right, asked) of the predictions
    """

    position: int = 0
    selected: int | None = None
    watched: tuple = ()
    breakpoints: frozenset = frozenset()
    playing: bool = False
    speed: float = 1.0
    folded: bool = False
    predicting: bool = False
    score: tuple = (0, 0)
    typing: str = ""
    typed: str = ""
    message: str = ""


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


# ---- the screen


def screen(trace, title, view, columns=80, rows=24, color=False):
    """What the terminal shows, as `rows` lines of at most `columns` characters."""
    paint = painter(color)
    frame = trace.frames[view.position - 1] if view.position else None
    last = len(trace.frames)
    which = f"step {view.position} of {last}" + (f", {PASSES[frame.kind]}" if frame else "")
    lines = [(f"{cut(title, columns - len(which) - 1):<{columns - len(which)}}{which}", BOLD)]
    done = round((columns - 2) * view.position / max(1, last))
    lines.append((f"[{'#' * done}{'-' * (columns - 2 - done)}]", FAINT))
    lines += [(text, BOLD) for text in wrapped(step_text(trace, view, frame), columns)[:6]]
    note = frame.note if frame and not view.typing else ""
    lines += [(text, "") for text in wrapped(note, columns)[:2]]
    lines += [(text, ORANGE) for text in prompt(trace, view, columns)]
    lines.append(("", ""))
    left = min(columns - 30, round(columns * 0.58))
    height = rows - len(lines) - 2
    program = program_lines(trace, view, height, left - 1)
    table = table_lines(trace, view, height, columns - left - 1)
    out = [paint(cut(text, columns), style) for text, style in lines]
    out.append(paint(f"{'Program so far':-<{left - 1}} {'Value, gradient':-<{columns - left}}", FAINT))
    for (a, style_a), (b, style_b) in zip(program, table):
        out.append(paint(f"{cut(a, left - 1):<{left}}", style_a) + paint(cut(b, columns - left), style_b))
    return [*out[: rows - 1], paint(cut(HELP, columns), FAINT)]


PASSES = {"forward": "forward pass", "turn": "the turn", "backward": "backward pass"}


def painter(color):
    return (
        (lambda text, style: f"\x1b[{style}m{text}\x1b[0m" if style and text else text)
        if color
        else lambda text, _: text
    )


def cut(text, columns):
    text = printable(text)
    return text if len(text) <= columns else f"{text[: max(0, columns - 3)]}..."


def wrapped(text, columns):
    return wrap(printable(text), columns, subsequent_indent="    ")


def worked_on(trace, position):
    frame = trace.frames[position - 1] if position else None
    return len(trace.nodes) - 1 if frame is None else frame.node if frame.input is None else frame.input


def step_text(trace, view, frame):
    if view.typing == "?":
        coming = trace.frames[view.position]
        return coming.formula.removesuffix(brief(coming.result)) + "?"
    return frame.formula if frame else "Nothing is computed yet. The right arrow makes the first step."


def prompt(trace, view, columns):
    if view.typing:
        what = {"/": "Search: ", "?": "Your prediction: "}[view.typing]
        return [f"{what}{view.typed}_"]
    if view.message:
        return [cut(view.message, columns)]
    if view.playing:
        return [f"Playing, {view.speed:g} steps a second. Space pauses, + and - change the speed."]
    if view.predicting:
        return [f"Predict mode, {view.score[0]} of {view.score[1]} right: the right arrow asks for the next number."]
    return []


def program_lines(trace, view, height, columns):
    """The last lines of the program so far; folded, a run of steps within one group is one line."""
    entries: list[tuple] = []
    for position, frame in enumerate(trace.frames[: view.position], start=1):
        group = trace.groups[frame.node].partition("/")[0] if view.folded else ""
        if group and entries and entries[-1][0] == (group, frame.kind):
            entries[-1][1][1] = position
        else:
            entries.append(((group, frame.kind), [position, position]))
    lines = []
    for (group, kind), (first, last) in entries[-height:]:
        style = RED if kind != "forward" else ""
        if group and last > first:
            lines.append((f"{first:>4}-{last} {group}: {last - first + 1} steps", style))
        else:
            frame = trace.frames[last - 1]
            words = f"{frame.left} {frame.sign} {frame.names}" if frame.names else frame.left
            result = f" = {brief(frame.result)}"
            lines.append((f"{last:>4} {cut(words, columns - 5 - len(result))}{result}", style))
    if lines:
        lines[-1] = (lines[-1][0], REVERSE)
    return lines + [("", "")] * (height - len(lines))


def table_lines(trace, view, height, columns):
    """Watched nodes, the ledger of the node at work or selected, then all others, those at work last in front."""
    known = known_at(trace, view.position)
    node = view.selected if view.selected is not None else worked_on(trace, view.position)
    lines = [(row(trace, view, i, known, columns), BLUE) for i in view.watched]
    lines += [(row(trace, view, node, known, columns), REVERSE)]
    lines += [(f"  {text}", "") for text in details(trace, view, node, known)]
    recent = [worked_on(trace, p) for p in range(view.position, 0, -1)]
    shown = {node, *view.watched}
    for i in dict.fromkeys([*recent, *range(len(trace.nodes))]):
        if len(lines) >= height:
            break
        if i not in shown:
            lines.append((row(trace, view, i, known, columns), "" if known[i][0] is not None else FAINT))
    return lines[:height] + [("", "")] * (height - len(lines))


def known_at(trace, position):
    """Of each node (value, frame that holds its gradient) as known at a position; None for what is not."""
    known = [[node.data if not node.inputs else None, None] for node in trace.nodes]
    for frame in trace.frames[:position]:
        if frame.kind == "forward":
            known[frame.node][0] = frame.result
        else:
            known[frame.node if frame.input is None else frame.input][1] = frame
    return known


def row(trace, view, i, known, columns):
    value, frame = known[i]
    marks = ("*" if i in view.watched else " ") + ("o" if i in view.breakpoints else " ")
    numbers = f"{'' if value is None else brief(value):>10}{'' if frame is None else brief(frame.total):>11}"
    space = max(4, columns - len(marks) - len(numbers))
    return f"{marks}{cut(trace.names[trace.nodes[i]], space):<{space}}{numbers}"


def details(trace, view, i, known):
    """The ledger of a node so far, and what there is to say of an array."""
    value, held = known[i]
    for name, quantity in (("value", value), ("gradient", None if held is None else held.total)):
        found = None if quantity is None else summary(quantity)
        if found:
            yield f"{name} min {found['min']} max {found['max']} mean {found['mean']}"
    for frame in trace.frames[: view.position]:
        if frame.kind == "backward" and frame.input == i:
            step = frame.step
            product = f"{brief(step.local)} x {brief(step.upstream)} = " if step.local is not None else ""
            yield f"{product}{brief(frame.result)} via {trace.names[step.node]}"


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
