"""StepCheck: what was found wrong first, as fields and as a remark for the student."""

from __future__ import annotations

from ..faces import as_written, table
from ..ledger import entry_columns
from .elements import elements, shape_of
from .marks import RIGHT, WRONG
from .words import family_of, told_of

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..graph import Node
    from ..passes import Step
    from .calculation import Calculation
    from .claims import Claim
    from .marks import Mark
    from .slips import Slip


DEPTH = 4  # operators within each other that a formula shows
MOST = 12  # further claims that are told of


class StepCheck:
    """What `check_steps` found: true if all is right.

    >>> x = Value(2.0, "x")
    >>> found = check_steps((1 / x).named("y"), {"dx": 0.25})
    >>> found.ok, found.node is x, found.kind, found.claimed, found.expected, found.slip.kind
    (False, True, 'gradient', 0.25, -0.25, 'missing minus')

    node        the earliest wrong node; None if all is right
    kind        what of it is wrong: its "value", its "gradient", the "rule" of its operator, or the "code" that raised
                an exception
    claimed     what the student has for it
    expected    what follows from the student's own earlier numbers
    slip        the likely `Slip` (kind, text, and the node it happened at); None if none is known that gives this
    steps       the backward Steps that `expected` is the sum of, if it is a gradient
    remark      what there is to say beside: on what the check ran
    name        what to call what was claimed, if not as the node
    names       {node: what to call it}
    alike       the claims of other nodes that are wrong in the same way
    marks       a `Mark` for each claim: values, and then gradients from the root back
    """

    def __init__(
        self,
        root: Node,
        node: Node | None = None,
        kind: str = "",
        claimed: Any = None,
        expected: Any = None,
        slip: Slip | None = None,
        steps: Iterable[Step] = (),
        remark: str = "",
        name: str = "",
        names: dict[Node, str] | None = None,
        alike: Sequence[Claim] = (),
        marks: Sequence[Mark] | None = None,
    ) -> None:
        self.root = root
        self.node = node
        self.kind = kind
        self.claimed = claimed
        self.expected = expected
        self.slip = slip
        self.steps = list(steps)
        self.remark = remark
        self.names = names or {}
        self.name = name or (node.describe(names=self.names) if node is not None else "")
        self.alike = alike
        self.marks = tuple(marks or ())

    @property
    def ok(self) -> bool:
        return self.node is None

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok or self.kind == "code":
            return self.remark
        node, slip, names = self.node, self.slip, self.names
        together = f"{self.together}: " if len(self.alike) > 1 else ""
        lines = [f"{together}{self.title} is {difference(self.claimed, self.expected)}{self.remark}"]
        if self.kind == "value" and node.inputs and (node.label or self.operands):
            lines.append(f"  {self.in_full(node)}{self.operands}")
        if 0 < len(self.steps) <= 6:
            lines.append("  expected is the sum of" if len(self.steps) > 1 else "  expected is what comes through")
            told = [told_of(step, self.root) for step in self.steps]
            rows = [entry_columns(step, names)[: 1 if shape_of(step.contribution) else 3] for step in told]
            for step, row in zip(told, rows):
                through = names[step.node] if "logsumexp" in row[0] and step.node in names else row[0]
                lines.append("    " + "  ".join((through, *row[1:])))
        if slip is not None:
            elsewhere = f"perhaps a slip at {slip.node.describe(names=names)}, which would give this"
            lines.append(f"  {'likely slip' if slip.node is node else elsewhere}, {slip.kind}: {slip.text}")
        above = {claim.node for claim in self.alike} | {node}
        wrong = [mark for mark in self.marks if mark.mark == WRONG and mark.claim is not None]
        others = [mark for mark in wrong if mark.claim.node not in above]
        lines += [f"  also wrong: {mark.name} is {mark.remark}" for mark in others[:MOST]]
        if len(others) > MOST:
            lines.append(f"  and {len(others) - MOST} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The remark, and a table of the marks, for a notebook."""
        rows = [(mark.name, mark.mark, mark.remark) for mark in self.marks]
        return as_written(str(self)) + (table(("claimed", "mark", "remark"), rows) if rows else "")

    @staticmethod
    def remarks_of(marks: Sequence[Mark]) -> list[str]:
        """What there is to say of claims that are right: each remark once, with the names it is about."""
        said: dict[str, list[str]] = {}
        for mark in marks:
            if mark.mark == RIGHT and mark.remark:
                said.setdefault(mark.remark, []).append(mark.claim.name if mark.claim else mark.name)
        return [f"{remark} ({', '.join(names[:6])}{', ...' * (len(names) > 6)})" for remark, names in said.items()]

    @property
    def title(self) -> str:
        """What is wrong, at the head of the remark."""
        if self.kind == "rule":
            return f"the rule for {self.node.op.name}, at {self.in_full(self.node)},"
        return title_of(self.root, self.node, self.kind, self.names, self.name)

    @property
    def together(self) -> str:
        """The names of all that is wrong in the same way: "dl/dh, all three"."""
        family, nodes = family_of(self.node), [claim.node for claim in self.alike]
        size = len({node.label for node in self.names if family_of(node) == family})
        if len(nodes) < size:
            return ", ".join(title_of(self.root, node, self.kind, self.names) for node in nodes)
        count = dict(zip(range(2, 7), ("both", "all three", "all four", "all five", "all six"))).get(
            size, f"all {size}"
        )
        return f"{title_of(self.root, self.node, self.kind, self.names, family.rpartition('/')[2])}, {count}"

    def in_full(self, node: Any) -> str:
        """A node's name and the formula that made it: "k = w * x + b"."""
        name = node.describe(names=self.names)
        return f"{name} = {node.formula(DEPTH, self.names)}" if node.label else name

    @property
    def operands(self) -> str:
        """The numbers that the node was computed from: ", with x = 2, w = -1"."""
        known = [x for x in self.node.inputs[:6] if x.label and not shape_of(x.data)]
        parts = [f"{x.describe(names=self.names)} = {x.brief(x.data)}" for x in known]
        return f", with {', '.join(parts)}" if parts else ""

    def __repr__(self) -> str:
        return f"<check_steps: {self}>"


def title_of(root: Node, node: Any, kind: str, names: dict[Node, str], name: str = "") -> str:
    """What is claimed of a node: "k", "dl/dk"."""
    name = name or node.describe(names=names)
    if kind != "gradient":
        return name
    return f"d{root.describe(names=names)}/d{name}" if root.label else f"the gradient of {name}"


def accepted_range(calculation: Calculation, marks: Sequence[Mark]) -> str:
    """For a single number that is right: between which numbers it would have been."""
    if len(marks) != 1 or marks[0].claim is None or shape_of(marks[0].claim.node.data):
        return ""
    claim = marks[0].claim
    right, off = calculation.student.number(claim.node, claim.kind), calculation.tolerance(claim)
    low, high = digits_apart(float(right - off), float(right + off))
    return f" (what is between {low} and {high} passes)" if low != high else ""


def difference(claimed: Any, expected: Any) -> str:
    """Claimed and expected numbers in a sentence, with as many digits as it takes to see that they differ."""
    shape_claimed, xs = elements(claimed)
    shape, ys = elements(expected)
    if shape_claimed != shape:
        return f"claimed with shape {shape_claimed or 'of one number'}, and has shape {shape or 'of one number'}"
    worst = max(range(len(xs)), key=lambda i: abs(xs[i] - ys[i]) if xs[i] == xs[i] else float("inf"))
    place = ""
    if shape:
        index: list[int] = []
        rest = worst
        for n in reversed(shape):
            index.insert(0, rest % n)
            rest //= n
        place = f" at [{', '.join(map(str, index))}]"
    x, y = digits_apart(float(xs[worst]), float(ys[worst]))
    return f"claimed {x}{place}, expected {y}"


def digits_apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers with as few digits as it takes to tell them apart, but at least four."""
    for digits in (4, 6, 9, 17):
        a, b = (f"{number + 0.0:.{digits}g}" for number in (x, y))
        if a != b:
            break
    return a, b
