"""Where a reader of a trace is, and where each move leads: a `View`, and functions from one to the next."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..arrays.behind import openings_of
from ..trace import worked_on
from .predictions import LEVELS, Answer, question, score_sheet, unread, verdict

SLOWEST, FASTEST = 0.25, 32.0  # steps a second


@dataclass(frozen=True)
class View:
    """Where a reader is, and what is open.

    position        after so many frames
    selected        a node's index, or None
    level           what is predicted, one of LEVELS; "" if nothing is
    answers         to what was predicted, the score sheet
    asking          "/", "?" or "s" while a search, a prediction or a file's name is typed, "" otherwise
    """

    position: int = 0
    selected: int | None = None
    watched: tuple = ()
    breakpoints: frozenset = frozenset()
    playing: bool = False
    speed: float = 1.0
    folded: bool = False
    level: str = ""
    answers: tuple = ()
    asking: str = ""
    message: str = ""

    @property
    def score(self):
        """(right, asked) of the predictions"""
        return sum(answer.right for answer in self.answers), len(self.answers)


# ---- of a graph and of a recording of training; `last` is the last position


def moved(view, position, last):
    return replace(view, position=max(0, min(last, position)), playing=False, message="")


def played(view, last):
    """One step of playing, which ends with the last."""
    view = moved(view, view.position + 1, last)
    return replace(view, playing=view.position < last)


def started(view, last):
    """Playing or not playing, whichever it is not; from the start if the end is reached."""
    start = 0 if view.position == last and not view.playing else view.position
    return replace(view, playing=not view.playing, position=start, message="")


def faster(view, factor):
    return replace(view, speed=min(FASTEST, max(SLOWEST, view.speed * factor)))


# ---- of a graph


def chosen(trace, view):
    """The node that is meant: the selected one, or else the one at work."""
    return view.selected if view.selected is not None else worked_on(trace, view.position)


def stopped(trace, view):
    """The view, which no longer plays if a node with a breakpoint is at work."""
    frame = trace.frames[view.position - 1] if view.position else None
    if frame and {frame.node, frame.input} & view.breakpoints:
        return replace(view, playing=False, message="Stopped at a breakpoint.")
    return view


def to_node(trace, view):
    """To the next step of the selected node; after its last one, to the first."""
    at = [p for p, frame in enumerate(trace.frames, start=1) if view.selected in (frame.node, frame.input)]
    if view.selected is None or not at:
        return replace(view, message="Select a node first: / searches one.")
    return moved(view, next((p for p in at if p > view.position), at[0]), len(trace.frames))


def watching(trace, view):
    """The node meant is watched, or no longer."""
    i = chosen(trace, view)
    kept = tuple(each for each in view.watched if each != i)
    return replace(view, watched=kept if i in view.watched else (*kept, i))


def found(trace, view, words):
    """The node whose name is, or else has in it, what was typed is selected."""
    words = words.lower()
    names = [f"{node.label}\n{trace.names[node]}".lower() for node in trace.nodes]
    places = [i for i, name in enumerate(names) if words and words in name]
    places.sort(key=lambda i: (trace.names[trace.nodes[i]].lower() != words, i))
    message = "" if places else f"No node has {words!r} in its name."
    return replace(view, asking="", selected=places[0] if places else view.selected, message=message)


# ---- predicting


def asks(trace, view):
    """Whether there is something to predict of the next step."""
    return bool(view.level and question(trace, view.level, view.position))


def next_level(view):
    """Predict mode at its next level; after the last one it ends. A score sheet begins with the first."""
    levels = ["", *LEVELS]
    level = levels[(levels.index(view.level) + 1) % len(levels)]
    kept = f" {score_text(view)} s saves the score sheet." if view.answers else ""
    message = "" if level else f"Predict mode has ended.{kept}"
    return replace(view, level=level, answers=view.answers if view.level else (), playing=False, message=message)


def score_text(view):
    return "{} of {} right.".format(*view.score)


def predicted(trace, view, given):
    """The next step, and whether it was foreseen. Without an answer it is shown, and not counted; what is not read is
    asked again."""
    given = given.strip()
    if given and (reason := unread(trace, view.level, view.position, given)):
        return replace(view, message=reason)
    right, truth, aside = verdict(trace, view.level, view.position, given)
    view = replace(moved(view, view.position + 1, len(trace.frames)), asking="")
    if not given:
        return replace(view, message=f"Shown: {truth}.")
    asked = question(trace, view.level, view.position - 1)
    view = replace(view, answers=(*view.answers, Answer(view.position, asked, given, truth, right)))
    said = f"Right: {truth}." if right else f"Not quite: {truth}, not {given}."
    return replace(view, message=f"{said}{aside} {score_text(view)}")


def saved(title, view, path):
    """The score sheet in a file."""
    view = replace(view, asking="")
    try:
        Path(path).write_text(f"{score_sheet(title, view.answers)}\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        return replace(view, message=f"{path or 'A file without a name'} cannot be written: {error}")
    return replace(view, message=f"The score sheet is in {path}.")


# ---- what is behind tensors


def opened(trace, view):
    """(trace, view) of the scalars behind the node meant, or None for a node that does not open into scalars."""
    i = chosen(trace, view)
    opening = next((each for each in openings_of(trace) if i in each.places), None)
    if opening is None:
        return None
    places, frames = opening.places[i], opening.trace.frames
    positions = [p for p, frame in enumerate(frames, 1) if frame.kind == "forward" and frame.node in places]
    message = f"{opening.note} u goes back."
    return opening.trace, View(max(positions, default=0), places[0], watched=tuple(places[:4]), message=message)
