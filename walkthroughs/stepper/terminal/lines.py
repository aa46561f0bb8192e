"""What the stepper shows in a terminal: a `View` of a trace as lines of text, for the room that there is."""

from typing import Any, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from scalar_engine.naming import END

from ..listing import printable
from ..quantities import brief, summary
from ..trace import known_at, worked_on
from .moves import chosen, score_text
from .predictions import LEVELS, local_choices, question

BOLD, FAINT, BACKWARD, WATCHED, MARKED = "bold", "dim", "red", "cyan", "reverse"
PASSES = {"forward": "forward pass", "turn": "the turn", "backward": "backward pass"}


class Line(NamedTuple):
    """A line, and where a click on it leads: to a position of the program, to a node of the table."""

    text: str
    style: str = ""
    target: Any = None


def cut(text, columns):
    """A text in so many columns, of which a Chinese character takes two."""
    text = printable(text)
    if cell_len(text) <= columns:
        return text
    return f"{set_cell_size(text, max(0, columns - 3)).rstrip('.')}{'...'[:columns]}"


def padded(text, columns):
    return set_cell_size(cut(text, columns), max(0, columns))


def heading(title, position, last, passing, columns):
    """The title, and where the reader is; of the two the latter, if there is no room for both."""
    which = f"step {position} of {last}{passing}"
    room = columns - len(which) - 1
    return f"{padded(title, room)} {which}" if room > 6 else cut(which, columns)


def bar(position, last, columns):
    done = round((columns - 2) * position / max(1, last))
    return f"[{'#' * done}{'-' * (columns - 2 - done)}]"


def step_text(trace, view):
    """The step, as a formula; without its result while that is to be predicted."""
    if view.asking == "?":
        return printable(question(trace, view.level, view.position))
    if view.position:
        return printable(trace.frames[view.position - 1].formula)
    return "Nothing is computed yet. The right arrow makes the first step."


def note(trace, view):
    """What there is to say of the step, or to choose from."""
    if view.asking == "?" and view.level == "local":
        choices = local_choices(trace, trace.frames[view.position])
        return printable(f"One of (up and down):  {'  |  '.join(choices)}")
    return printable(trace.frames[view.position - 1].note) if view.position and not view.asking else ""


def message(view):
    """What a move led to, or the mode that the stepper is in."""
    if view.message or view.asking:
        return printable(view.message)
    if view.playing:
        return f"Playing, {view.speed:g} steps a second. Space pauses, + and - change the speed."
    if view.level:
        return f"Predict {LEVELS[view.level]} (p: another level): the right arrow asks. {score_text(view)}"
    return ""


def program_lines(trace, view, columns, height):
    """The last lines of the program so far; folded, a run of steps within one group is one line."""
    entries: list[tuple] = []
    for position, frame in enumerate(trace.frames[: view.position], start=1):
        group = trace.groups[frame.node].partition("/")[0] if view.folded else ""
        if group and entries and entries[-1][0] == (group, frame.kind):
            entries[-1][1][1] = position
        else:
            entries.append(((group, frame.kind), [position, position]))
    lines = []
    for (group, kind), (first, last) in entries[max(0, len(entries) - height) :]:
        if group and last > first:
            text = f"{first:>4}-{last} {group}: {last - first + 1} steps"
        else:
            frame = trace.frames[last - 1]
            words = f"{frame.left} {frame.sign} {frame.names}" if frame.names else frame.left
            result = f" = {brief(frame.result)}"
            text = f"{last:>4} {cut(words, columns - 5 - len(result))}{result}"
        lines.append(Line(cut(text, columns), "" if kind == "forward" else BACKWARD, last))
    return [*lines[:-1], lines[-1]._replace(style=MARKED)] if lines else lines


def table_lines(trace, view, columns, height):
    """Watched nodes, the node at work or selected with its label and ledger, then all others, the latest in front."""
    known = known_at(trace, view.position)
    node = chosen(trace, view)
    lines = [Line(row(trace, view, i, known, columns), WATCHED, i) for i in view.watched]
    lines.append(Line(row(trace, view, node, known, columns), MARKED, node))
    label = printable(trace.nodes[node].label)
    if label.rpartition("/")[2] not in lines[-1].text:  # which has no room for it
        lines += [Line(f"  {part}", "", node) for part in chop_cells(label, max(2, columns - 2))]
    lines += [Line(cut(f"  {text}", columns), "", node) for text in details(trace, view, node, known)]
    recent = [worked_on(trace, p) for p in range(view.position, 0, -1)]
    shown = {node, *view.watched}
    for i in dict.fromkeys([*recent, *range(len(trace.nodes))]):
        if len(lines) >= height:
            break
        if i not in shown:
            lines.append(Line(row(trace, view, i, known, columns), "" if known[i][0] is not None else FAINT, i))
    return lines[:height]


def row(trace, view, i, known, columns):
    value, frame = known[i]
    marks = ("*" if i in view.watched else " ") + ("o" if i in view.breakpoints else " ")
    numbers = f"{'' if value is None else brief(value):>10}{'' if frame is None else brief(frame.total):>11}"
    name, room = printable(trace.names[trace.nodes[i]]), max(4, columns - len(marks) - len(numbers))
    end = name[-END:] if cell_len(name[-END:]) == END else name[-END // 2 :]
    if trace.nodes[i].label and cell_len(name) > room > END + 2:  # of elements the ends tell which they are
        name = f"{set_cell_size(name, room - 1 - cell_len(end)).rstrip()}…{end}"
    return cut(f"{marks}{padded(name, room)}{numbers}", columns)


def summaries(**quantities):
    """What there is to say of arrays, a line each: "gradient min -1 max 2 mean 0.5"."""
    for name, quantity in quantities.items():
        found = None if quantity is None else summary(quantity)
        if found:
            yield f"{name} min {found['min']} max {found['max']} mean {found['mean']}"


def details(trace, view, i, known):
    """The ledger of a node so far, and what there is to say of an array."""
    value, held = known[i]
    yield from summaries(value=value, gradient=held and held.total)
    for frame in trace.frames[: view.position]:
        if frame.kind == "backward" and frame.input == i:
            step = frame.step
            product = f"{brief(step.upstream)} x {brief(step.local)} = " if step.local is not None else ""
            yield f"{product}{brief(frame.result)} via {trace.names[step.node]}"
