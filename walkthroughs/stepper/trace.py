"""The two passes of a graph as a list of frames: what the page, the terminal and the notebook all show.

A frame is a `Step` of `scalar_engine.steps` with its formula written out and the sum at the receiving node so
far. Between the passes stands one more, the turn, where d root / d root = 1 begins the backward pass.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from scalar_engine.passes import Step, current_order, steps
from walkthroughs.drawing.groups import groups_of

from .formulas import Names, contribution_formula, in_numbers
from .quantities import brief, is_array, quiet


@dataclass(frozen=True)
class Frame:
    """One position of a stepper, after the step that it shows.

    kind            "forward", "turn" or "backward"
    node, input     the node at work and, backward, the one that receives, as indices into `Trace.nodes`
    left            what is computed: "h1", "dl/dk1"
    names, numbers  the right side of the formula, written twice; `names` is "" where it would repeat `left`
    result          forward the node's data, backward the contribution, as the engine has them
    total           the gradient of the node that receives, so far
    nth, of         backward: which of how many contributions
    step            the record behind it; None for the turn
    """

    kind: str
    node: int
    left: str
    names: str
    numbers: str
    result: Any
    input: int | None = None
    total: Any = None
    nth: int = 0
    of: int = 0
    step: Step | None = None

    @property
    def formula(self):
        """The frame as one line: "h1 = sigmoid(k1) = sigmoid(2) = 0.8808", or in matrix form with shapes."""
        left = f"{self.left} {self.sign} {self.names}" if self.names else self.left
        if is_array(self.result):
            return f"{left}    {self.numbers} -> {brief(self.result)}"
        return " = ".join(part for part in (left, self.numbers, brief(self.result)) if part)

    @property
    def sign(self):
        """ "+=" where a gradient is a sum: everywhere on numbers, and where an array has several contributions."""
        return "+=" if self.kind == "backward" and (self.of > 1 or not is_array(self.result)) else "="

    @property
    def note(self):
        """A word on the sum at the receiving node: "second of two contributions; the sum so far is 0.5"."""
        if self.kind == "turn":
            return "Everything is computed. The backward pass begins: the derivative of a node by itself is 1."
        if self.kind == "forward":
            return ""
        if self.of == 1:
            return f"The only contribution to {self.left}."
        which = f"{ordinal(self.nth).capitalize()} of {cardinal(self.of)} contributions to {self.left}"
        if is_array(self.total):
            return f"{which}, which are added up."
        return f"{which}; the sum{'' if self.nth == self.of else ' so far'} is {brief(self.total)}."


CARDINALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
ORDINALS = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


def cardinal(n):
    return CARDINALS[n] if n < len(CARDINALS) else f"{n:,}"


def ordinal(n):
    if n < len(ORDINALS):
        return ORDINALS[n]
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{suffix}"


class Trace:
    """What there is to step through behind a root.

    nodes       in topological order; a frame means them by their index
    groups      of each node, "" for none
    frames      the first position, 0, is before all of them
    turn        the position of the turn, or the last one if there is no backward pass
    """

    def __init__(self, root):
        self.root = root
        self.nodes = current_order(root, "step")
        self.index = {node: i for i, node in enumerate(self.nodes)}
        self.names = Names(self.nodes)
        groups = groups_of(self.nodes)
        self.groups = [groups[node] for node in self.nodes]
        with quiet():
            records = steps(root)
        forward = [step for step in records if step.position is None]
        backward = records[len(forward) :]
        self.frames = [self.forward(step) for step in forward]
        self.turn = len(self.frames)
        if root.requires_grad:
            name = self.names.derivative(root)
            self.frames.append(Frame("turn", self.index[root], name, "", "", root.unit, total=root.unit))
            self.turn = len(self.frames)
            self.frames += self.backward(backward)

    def forward(self, step):
        node = step.node
        formula = node.formula(names=self.names)
        left, names = (formula, "") if self.names.is_formula(node) else (self.names[node], formula)
        return Frame("forward", self.index[node], left, names, in_numbers(node), node.data, step=step)

    def backward(self, records):
        """The frames of the contributions, with the sum at each receiving node, added up as the pass does it."""
        totals: dict = {}
        counts: Counter = Counter()
        expected = Counter(step.input for step in records)
        for step in records:
            x, node = step.input, step.node
            with quiet():
                totals[x] = totals[x] + step.contribution if x in totals else step.contribution
            counts[x] += 1
            names, numbers = contribution_formula(step, self.names)
            yield Frame(
                "backward", self.index[node], self.names.derivative(x), names, numbers, step.contribution,
                self.index[x], totals[x], counts[x], expected[x], step,
            )  # fmt: skip

    @property
    def gradients(self):
        """{node: d root / d node} of every node that takes one, as the last frames have it."""
        found = {}
        for frame in self.frames:
            if frame.total is not None:
                found[self.nodes[frame.node if frame.input is None else frame.input]] = frame.total
        return found


# ---- where a reader of a trace is


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
