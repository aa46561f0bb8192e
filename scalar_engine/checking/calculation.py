"""A student's calculation beside the engine's: which number is the first that does not follow from those before.

It is run with the student's own numbers wherever they are given, so that what is only inherited from an earlier error
is not blamed; and several times with those numbers moved within their rounding, which tells how far a right one may be
off.
"""

from ..graph import topological_order
from ..passes import FAILURES, backward_pass, forward_pass
from .elements import agree, shape_of
from .marks import CONSISTENT, RIGHT, WRONG, Mark
from .rounding import Rounding

RUNS = 12  # with numbers moved within their rounding
TINY = 1e-30  # changes no number but 0
CONVENTION = "at a kink another slope is taken than the engine's: a convention"


class Passes:
    """Both passes through a graph, as somebody goes through them who may write down other numbers than follow.

    follows     {"value" or "gradient": {node: the number that follows from what was written before}}
    written     the same, as written down, from which the next are computed: write(passes, node, kind, number)
    steps       {node: the backward Steps that its gradient is the sum of}
    """

    def __init__(self, order, unit, write=lambda passes, node, kind, number: number):
        self.order = order
        self.unit = unit
        self.write = write
        self.users = {}  # {node: what is made of it}
        for node in order:
            for x in dict.fromkeys(node.inputs):
                self.users.setdefault(x, []).append(node)
        self.follows = {"value": {}, "gradient": {}}
        self.written = {"value": {}, "gradient": {}}
        self.steps = {}

    def forward(self):
        """Go through the values. What was rounded to 0 has no log: there the graph's own value is gone on with."""
        forward_pass(
            self.order,
            revise=lambda node, value: self.enter(node, "value", value),
            failed=lambda node, error: node.data,
        )
        return self

    def forward_as(self, other):
        """Take over the values of another calculation."""
        self.follows["value"], self.written["value"] = other.follows["value"], other.written["value"]
        return self

    def backward(self):
        """Go through the gradients, on the values as they are written."""

        def watch(step):
            self.steps.setdefault(step.input, []).append(step)

        def revise(node, gradient):
            return self.enter(node, "gradient", gradient)

        for _ in backward_pass(self.order[-1], watch, self.value_of, self.unit, revise=revise):
            pass
        return self

    def enter(self, node, kind, number):
        """Keep a number that follows, and what is written for it."""
        self.follows[kind][node] = number
        self.written[kind][node] = number = self.write(self, node, kind, number)
        return number

    def value_of(self, node):
        """The value of a node as it is written."""
        return self.written["value"][node]

    def number(self, node, kind):
        """The value or the gradient that follows for a node; where no gradient arrives, 0."""
        found = self.follows[kind].get(node)
        return 0.0 * self.follows["value"][node] if found is None else found

    def through(self, node, kept, among):
        """The gradient of a node by way of only these of some later nodes."""

        def write(passes, x, kind, number):
            return 0.0 * number if kind == "gradient" and x in among and x not in kept else number

        return Passes(self.order, self.unit, write).forward_as(self).backward().number(node, "gradient")


class Calculation:
    """What a student claims of the graph behind `root`, whose own gradient is `unit`: claim by claim, right or wrong.

    right       the Passes as the engine goes through them
    student     with the student's own numbers wherever they are claimed
    moved       with all of the student's numbers moved within their rounding: towards 0, and RUNS times at random
    wrong       the claims that have been found wrong
    """

    def __init__(self, root, claims, unit=None):
        self.root = root
        self.claims = claims
        self.order = topological_order(root)
        self.unit = root.unit if unit is None else unit
        self.rounding = Rounding(claims, self.order)
        self.right = Passes(self.order, self.unit).forward()
        self.student = Passes(self.order, self.unit, self.claimed).forward()
        self.moved = [Passes(self.order, self.unit, self.moved_by(i == 0)).forward() for i in range(RUNS + 1)]
        self.sides = None
        self.wrong = []

    def claimed(self, passes, node, kind, number):
        """What the student writes down for a number: what is claimed for it, if it is."""
        claim = self.claims.of(node, kind)
        return claim.filled(number) if claim is not None and claim.fits else number

    def moved_by(self, cut):
        def write(passes, node, kind, number):
            return self.rounding.moved(node, kind, self.claimed(passes, node, kind, number), cut)

        return write

    def marks(self, kind):
        """A Mark of each claim about a "value" or a "gradient", in the order of its pass."""
        claims = self.claims.in_order(self.order, kind)
        if kind == "gradient" and claims:
            self.backward()
        return [self.mark(claim) for claim in claims]

    def first_wrong_claim(self, kind):
        """The earliest wrong Claim about a "value" or a "gradient", in the order of its pass; None if all are right."""
        return next((mark.claim for mark in self.marks(kind) if mark.mark == WRONG), None)

    def backward(self):
        """The backward passes, as many as have one: a rule may have no value at what was rounded to 0."""
        self.right.backward()
        if not has_backward(self.student):
            self.student = self.right
        self.moved = [passes for passes in self.moved if has_backward(passes)]

    def mark(self, claim):
        """The Mark of a claim: right if it is the engine's number, or follows from the student's own: see `Rounding`.

        What follows from a wrong number, and is far from the engine's, is consistent.
        """
        right, student = (passes.number(claim.node, claim.kind) for passes in (self.right, self.student))
        if not claim.fits:
            self.wrong.append(claim)
            return Mark(claim, WRONG)
        if agree(claim.filled(right), right, self.rounding.own(claim, right)):
            is_cut = not agree(claim.filled(right), right, self.rounding.own(claim, right, rounded=True))
            return Mark(claim, RIGHT, "cut off, not rounded" if is_cut else "")
        tolerance = self.tolerance(claim)
        if agree(claim.filled(student), student, tolerance):
            if self.wrong and not agree(claim.filled(right), right, tolerance):
                right = "" if shape_of(right) else f", and right would be {claim.node.brief(right)}"
                return Mark(claim, CONSISTENT, f"follows from an earlier mistake{right}")
            return Mark(claim, RIGHT)
        if claim.kind == "gradient" and self.is_on_a_side(claim, tolerance):
            return Mark(claim, RIGHT, CONVENTION)
        self.wrong.append(claim)
        return Mark(claim, WRONG)

    def is_on_a_side(self, claim, tolerance):
        """Whether a gradient is right for who takes another slope at 0: that of either side, or their mean."""
        if self.sides is None:
            self.sides = [Passes(self.order, self.unit, self.beside(side)).forward() for side in (TINY, -TINY)]
            self.sides = [passes for passes in self.sides if has_backward(passes)]
        numbers = [passes.number(claim.node, claim.kind) for passes in self.sides]
        if len(numbers) == 2:
            numbers.append((numbers[0] + numbers[1]) / 2)
        return any(agree(claim.filled(number), number, tolerance) for number in numbers)

    def beside(self, side):
        """How somebody writes the student's numbers down who is a hair to that side of each 0."""
        kinked = {node for node in self.order if node.inputs and is_kinked(node.op)}
        moved = {x for node in kinked for x in node.inputs if x.requires_grad} - kinked

        def write(passes, node, kind, number):
            number = self.claimed(passes, node, kind, number)
            return number + side * (number == 0) if kind == "value" and node in moved else number

        return write

    def tolerance(self, claim):
        """How far the claim may be from what follows from the student's own numbers."""
        student, *moved = (passes.number(claim.node, claim.kind) for passes in (self.student, *self.moved))
        return self.rounding.tolerance(claim, student, *(moved[:1] or [student]), moved)


def is_kinked(op):
    """Whether the slope of an operator by its first input jumps at 0."""
    others = [0.0] * (len(op.partials) - 1)
    try:
        return len({op.partials[0](op.forward(x, *others), x, *others) for x in (TINY, -TINY)}) > 1
    except (*FAILURES, AttributeError):
        return False


def has_backward(passes):
    try:
        passes.backward()
    except FAILURES:
        return False
    return True
