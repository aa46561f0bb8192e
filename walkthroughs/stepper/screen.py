"""What the stepper shows in a terminal: a `View` of a trace as lines of text, in 80 columns and more."""

from dataclasses import dataclass
from textwrap import wrap

from .listing import printable
from .quantities import brief, summary

BOLD, FAINT, RED, ORANGE, BLUE, REVERSE = "1", "2", "31", "33", "36", "7"
HELP = "<- -> Home End space t:turn /:find n:go b:stop w:watch f:fold p:predict o:open q"


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


def screen(trace, title, view, columns=80, rows=24, color=False):
    """What the terminal shows, as `rows` lines of at most `columns` characters."""
    paint = painter(color)
    frame = trace.frames[view.position - 1] if view.position else None
    last = len(trace.frames)
    lines = heading(title, view.position, last, f", {PASSES[frame.kind]}" if frame else "", columns)
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


def heading(title, position, last, passing, columns):
    """The title, where the reader is, and a bar that shows it."""
    which = f"step {position} of {last}{passing}"
    done = round((columns - 2) * position / max(1, last))
    return [
        (f"{cut(title, columns - len(which) - 1):<{columns - len(which)}}{which}", BOLD),
        (f"[{'#' * done}{'-' * (columns - 2 - done)}]", FAINT),
    ]


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
        return wrapped(view.message, columns)[:4]
    if view.playing:
        return [playing(view)]
    if view.predicting:
        return [f"Predict mode, {view.score[0]} of {view.score[1]} right: the right arrow asks for the next number."]
    return []


def playing(view):
    return f"Playing, {view.speed:g} steps a second. Space pauses, + and - change the speed."


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
