"""Where a reader of a trace is, and where each move leads: a `View`, and functions from one to the next."""

from dataclasses import dataclass, replace

from .behind import openings_of
from .quantities import brief, exact

SLOWEST, FASTEST = 0.25, 32.0  # steps a second


@dataclass(frozen=True)
class View:
    """Where a reader is, and what is open.

    position        after so many frames
    selected        a node's index, or None
    asking          "/" or "?" while a search or a prediction is typed, "" otherwise
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
    asking: str = ""
    message: str = ""


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


def worked_on(trace, position):
    frame = trace.frames[position - 1] if position else None
    return len(trace.nodes) - 1 if frame is None else frame.node if frame.input is None else frame.input


def known_at(trace, position):
    """Of each node (value, frame that holds its gradient) as known at a position; None for what is not."""
    known = [[node.data if not node.inputs else None, None] for node in trace.nodes]
    for frame in trace.frames[:position]:
        if frame.kind == "forward":
            known[frame.node][0] = frame.result
        else:
            known[frame.node if frame.input is None else frame.input][1] = frame
    return known


def chosen(trace, view):
    """The node that is meant: the selected one, or else the one at work."""
    return view.selected if view.selected is not None else worked_on(trace, view.position)


def stopped(trace, view):
    """The view, which no longer plays if a node with a breakpoint is at work."""
    frame = trace.frames[view.position - 1] if view.position else None
    if frame and {frame.node, frame.input} & view.breakpoints:
        return replace(view, playing=False, message="Stopped at a breakpoint.")
    return view


def asks(trace, view):
    """Whether the next step is to be predicted."""
    return view.predicting and view.position < len(trace.frames) and trace.frames[view.position].kind != "turn"


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


def predicted(trace, view, guess):
    """The next step, and whether it was foreseen."""
    frame = trace.frames[view.position]
    right = is_near(guess, frame.result)
    score = (view.score[0] + right, view.score[1] + 1)
    verdict = "Right" if right else f"Not quite, you said {guess or 'nothing'}"
    message = f"{verdict}: {brief(frame.result)}. {score[0]} of {score[1]} right."
    return replace(moved(view, view.position + 1, len(trace.frames)), asking="", score=score, message=message)


def is_near(guess, quantity):
    """Whether a guess, a number or a fraction, is within a hundredth of a number, or names an array's shape."""
    if "," in exact(quantity):
        return [c for c in guess if c.isdigit()] == [c for c in exact(quantity) if c.isdigit()]
    above, _, below = guess.partition("/")
    try:
        given, truth = float(above) / float(below or 1), float(exact(quantity))
    except (ValueError, ZeroDivisionError):
        return False
    if truth != truth or truth in (float("inf"), -float("inf")):
        return repr(given) == repr(truth)
    return abs(given - truth) <= (0.01 * abs(truth) or 5e-4)


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
