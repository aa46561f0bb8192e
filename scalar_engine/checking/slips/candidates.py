"""What each slip would lead to: the candidates for a wrong number.

No derivative is written here. A slip runs the operator's own rule on the wrong thing (the input in the place of the
output, say), or takes the right contributions, which the pass hands out as `Step`s, and loses a sign or a term. Nodes
may say in `further_slips` what people do wrong with their kind of number.
"""

import math
from itertools import permutations

from ...operators import divide, multiply
from ...passes import FAILURES
from .. import slips
from ..elements import agree, is_finite, roundoff, shape_of
from ..rounding import figures
from ..words import speaking
from . import Slip

BASES = [(2, math.log(2)), (10, math.log(10))]
FACTORS = (2, 3, 4)


class Candidate:
    """What a known slip would lead to, made at one place.

    known       the KnownSlip
    number      the value or gradient that it leads to; at first the function that computes it
    step        the backward Step that it is made in, or the first of several; None if in none
    gaps        what fills the gaps of its sentence that are not about nodes, {"base": 2}
    nodes       the same, of those that are: {"other": node}
    everywhere  whether it is made in each of the node's steps with that operator
    """

    def __init__(self, known, number, step=None, gaps=None, everywhere=False, nodes=None):
        self.known = known
        self.number = number
        self.step = step
        self.gaps = gaps or {}
        self.nodes = nodes or {}
        self.everywhere = everywhere

    @property
    def identity(self):
        """What it has in common with the same slip made elsewhere."""
        return (self.known, *self.gaps.values())

    def as_slip(self, node, value_of, names, order, everywhere=False):
        """The Slip, told about its node, with values by `value_of(node)`, and nodes called as in `names`."""
        gaps = {"node": node.describe(names=names)} | self.gaps
        gaps |= {gap: other.describe(names=names) for gap, other in self.nodes.items()}
        if self.step is not None:
            gaps |= operator_gaps(self.step.node, self.step.position, value_of, names, order)
        elif node.inputs:
            gaps |= operator_gaps(node, 0, value_of, names, order)
        again = ""
        if everywhere:
            again = " (everywhere)" if self.known in slips.IN_PATHS else f" (at every {gaps['op']})"
        return Slip(self.known.kind, self.known.sentence.format(**gaps) + again, node)


def operator_gaps(node, position, value_of, names, order):
    """What fills the gaps of a sentence about an operator, at one of its operands."""

    def with_value(x):
        name, value = x.describe(names=names), value_of(x)
        return f"{name} = {node.brief(value)}" if x.label and not shape_of(value) else name

    x, teller = node.inputs[position], speaking(node, order)
    formula = teller.formula(names=names)
    if teller.label:
        formula = f"{teller.describe(names=names)} = {formula}"
    return {"op": node.op.name, "formula": formula, "x": with_value(x), "out": with_value(node)}


def computed(candidates, right):
    """The candidates with their numbers computed, without those that do not exist, or are what is right."""
    for candidate in candidates:
        try:
            candidate.number = candidate.number()
            if is_finite(candidate.number) and not agree(candidate.number, right, 1e-9 * abs(right)):
                yield candidate
        except (*FAILURES, AttributeError, KeyError):  # also of what only an array has, or is not known here
            continue


def in_log(op, number, step=None):
    """A number that a log led to, had another been taken."""
    if op.logarithmic:
        for base, ln in BASES:
            yield Candidate(slips.OTHER_BASE, lambda ln=ln: number / ln, step, {"base": base})
            yield Candidate(slips.LOG_OF_BASE_TOO_MANY, lambda ln=ln: number * ln, step, {"base": base})


def stand_ins(node, users):
    """What may be taken for a node by who confuses what goes into a function with what comes out: k for h."""
    for user in [node, *users.get(node, ())]:
        if len(user.inputs) == 1 and user.op.symbol != "-" and shape_of(user.data) == shape_of(user.inputs[0].data):
            yield user.inputs[0] if user is node else user


# ---- in any number


def number_candidates(node, number, sizes):
    """Candidates for a value or a gradient of the node; `sizes` as by `sizes_in`."""
    if node.further_slips:
        yield from computed(node.further_slips.in_number(number), number)
    yield from computed(scaled(number, sizes), number)


def scaled(number, sizes):
    for n, counted in sizes.items():
        yield Candidate(slips.SIZE_TOO_MANY, lambda n=n: number * n, gaps={"n": n, "counted": counted})
        yield Candidate(slips.DIVIDED_BY_SIZE, lambda n=n: number / n, gaps={"n": n, "counted": counted})
    for n in FACTORS:
        if n not in sizes:
            yield Candidate(slips.TOO_LARGE, lambda n=n: number * n, gaps={"n": n})
            yield Candidate(slips.TOO_SMALL, lambda n=n: number / n, gaps={"n": n})
    for places in (10, 100, 1000):
        yield Candidate(slips.POINT, lambda n=places: number * n)
        yield Candidate(slips.POINT, lambda n=places: number / n)


def fitted(claimed, right, steps, passes, sizes):
    """Candidates that are made from the claim itself, where no other gives it: digits, and a factor of any size."""
    if shape_of(claimed) != shape_of(right):
        return
    if not shape_of(right):
        for (n, counted), (m, other) in permutations(sizes.items(), 2):
            yield Candidate(slips.OTHER_SIZE, right * n / m, gaps={"counted": counted, "other": other})
        yield from swapped(float(claimed), float(right))
        for n in range(5, 101):
            yield Candidate(slips.RATIO, right * n, gaps={"n": n})
            yield Candidate(slips.RATIO, right / n, gaps={"n": f"1/{n}"})
        return
    for step in steps:
        for other, direction in through_update(step, passes):
            square = (direction * direction).sum()
            if square > 0:
                rate = ((right - claimed) * direction).sum() / square
                yield Candidate(slips.UPDATED, right - rate * direction, step, nodes={"other": other})
    square = (right * right).sum()
    if square > 0 and (right != 0).sum() > 1:
        ratio = (claimed * right).sum() / square
        for (n, counted), (m, other) in permutations(sizes.items(), 2):
            if abs(ratio * m - n) < 1e-3 * n:
                yield Candidate(slips.OTHER_SIZE, right * n / m, gaps={"counted": counted, "other": other})
        yield Candidate(slips.RATIO, right * ratio, gaps={"n": f"{float(ratio):.4g}"})


def swapped(claimed, right):
    """The right number with two neighbouring digits exchanged, if that is what is claimed."""
    decimals = max(figures(claimed)[0], 0)
    a, b = f"{claimed:.{decimals}f}", f"{right:.{decimals}f}"
    places = [i for i in range(min(len(a), len(b))) if a[i] != b[i]]
    if len(a) == len(b) and len(places) == 2 and a[places[0]] == b[places[1]] and a[places[1]] == b[places[0]]:
        yield Candidate(slips.SWAPPED, claimed, gaps={"claimed": a, "right": b})


def through_update(step, passes):
    """(parameter, what comes through its gradient in its place) for the other operands of a product."""
    op, xs = step.node.op, [passes.value_of(x) for x in step.node.inputs]
    for i, x in enumerate(step.node.inputs):
        if i != step.position and x.requires_grad and not x.inputs and (op is multiply or op.matrix_product):
            moved = [passes.number(x, "gradient") if i == j else y for j, y in enumerate(xs)]
            yield x, contribution_of(op, step.upstream, passes.value_of(step.node), moved, step.position)


def contribution_of(op, upstream, out, xs, position):
    """What op's own rule gives to the input at that position, for any output and inputs it is told."""
    return op.pull(upstream, out, *xs, needs=[i == position for i in range(len(xs))])[position]


def sizes_in(order, names):
    """{size: what it counts} of the numbers by which a mean may be divided: constants, and lengths of axes."""
    sizes = {}
    for node in sorted(order, key=is_parameter):
        shape = shape_of(node.data)
        for position in range(len(node.inputs)):
            n = divisor(node, position)
            if n:
                sizes.setdefault(n, f"the {n} of {node.formula(1, names)}")
        if len(shape) == 2 and (node.label or node.inputs):
            for n, lines in zip(shape, ("rows", "columns")):
                sizes.setdefault(n, f"the {n} {lines} of {names.get(node, node.describe())}")
        if shape:
            sizes.setdefault(math.prod(shape), f"the {math.prod(shape)} elements")
    return {n: counted for n, counted in sizes.items() if n > 1}


def is_parameter(node):
    return node.requires_grad and not node.inputs


def divisor(node, position):
    """n, if the node is its input at that position divided by a whole constant n, or times 1 / n; 0 if not."""
    if node.op is not divide and node.op is not multiply:
        return 0
    other = node.inputs[1 - position]
    if other.inputs or other.requires_grad or shape_of(other.data) or not other.data:
        return 0
    if node.op is multiply and other.label:  # x = 0.5 is no 1 / n
        return 0
    by = float(other.data) if node.op is divide else 1 / float(other.data)
    is_whole = abs(by - round(by)) <= 4 * roundoff(other.data) * abs(by)
    return round(by) if by > 1.5 and is_whole and (position == 0 or node.op is multiply) else 0
