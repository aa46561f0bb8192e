"""A calculation by hand, followed step by step: which number is the first that does not follow from those before.

The graph is computed with the student's own numbers wherever they are given, so that what is only inherited from an
earlier error is not blamed; and several times with all numbers moved within their rounding, which tells by how much a
right answer may be off.
"""

import random

from ..graph import Operator, topological_order
from ..operators import minimum
from ..passes import backward_pass
from .claims import shape_of, size_of

TRIES = 12  # how often the numbers are moved within their rounding
FAILURES = (ArithmeticError, ValueError, TypeError, IndexError)


class Passes:
    """Both passes through a graph, some numbers revised on the way.

    values, gradients   {node: number} as computed, before it was revised
    data                {node: value} as revised, from which the next are computed
    steps               {node: the backward Steps that its gradient is the sum of}
    """

    def __init__(self, order, unit, revise_value=None, revise_gradient=None):
        self.order = order
        self.unit = unit
        self.revise_value = revise_value
        self.revise_gradient = revise_gradient
        self.values, self.data, self.gradients, self.steps = {}, {}, {}, {}

    def forward(self):
        """Compute the values: revise_value(node, value, passes) may replace one."""
        for node in self.order:
            value = node.data
            if node.inputs:
                try:
                    value = Operator.__call__(node.op, *[self.data[x] for x in node.inputs])
                except FAILURES:  # what was rounded to 0 has no log; go on from where the graph is
                    value = node.data
            self.values[node] = value
            self.data[node] = self.revise_value(node, value, self) if self.revise_value else value
        return self

    def backward(self):
        """Compute the gradients by the one backward pass: revise_gradient(node, gradient, passes) may replace one."""

        def watch(step):
            self.steps.setdefault(step.input, []).append(step)

        def revise(node, gradient):
            self.gradients[node] = gradient
            return self.revise_gradient(node, gradient, self) if self.revise_gradient else gradient

        for _ in backward_pass(self.order[-1], watch, self.data.get, self.unit, revise=revise):
            pass
        return self

    def number(self, claim):
        """What was computed for the node of a claim."""
        return self.number_of(claim.node, claim.kind)

    def number_of(self, node, kind):
        return self.values[node] if kind == "value" else self.gradients.get(node, 0.0 * self.values[node])


class Calculation:
    """What a student claims of the graph behind `root`, whose own gradient is `unit`."""

    def __init__(self, root, claims, unit=None):
        self.root = root
        self.claims = claims
        self.order = topological_order(root)
        self.unit = root.unit if unit is None else unit
        self.signs = Signs(self.order)
        self.right = self.passes().forward()
        self.student = self.passes(self.claimed_value, self.claimed_gradient).forward()
        self.moved = [self.passes(self.moved_value, self.moved_gradient).forward() for _ in range(TRIES)]

    def passes(self, revise_value=None, revise_gradient=None):
        return Passes(self.order, self.unit, revise_value, revise_gradient)

    def first_wrong_value(self):
        """The earliest wrong Claim about a value, in topological order; None if all are right."""
        claims = [self.claims.values[node] for node in self.order if node in self.claims.values]
        return next((claim for claim in claims if not self.is_right(claim)), None)

    def first_wrong_gradient(self):
        """The earliest wrong Claim about a gradient, in the order of the backward pass; None if all are right."""
        claims = [self.claims.gradients[node] for node in reversed(self.order) if node in self.claims.gradients]
        if claims:
            self.right.backward()
            if not succeeds(self.student):  # a rule has no value at what was rounded to 0
                self.student = self.right
            self.moved = [passes for passes in self.moved if succeeds(passes)]
        return next((claim for claim in claims if not self.is_right(claim)), None)

    # ---- the student's own numbers, and what they may have been before they were rounded

    def claimed_value(self, node, value, passes):
        return claimed(node, value, self.claims.values)

    def claimed_gradient(self, node, gradient, passes):
        return claimed(node, gradient, self.claims.gradients)

    def moved_value(self, node, value, passes):
        return self.moved_number(node, value, self.claims.values)

    def moved_gradient(self, node, gradient, passes):
        return self.moved_number(node, gradient, self.claims.gradients)

    def moved_number(self, node, number, claims):
        number = claimed(node, number, claims)
        if not node.requires_grad:  # a constant is exact: near 2, an exponent of a negative number is nothing
            return number
        half = self.claims.half if node.inputs else 0.0
        if node in claims:
            half = claims[node].half if claims[node].fits else largest(claims[node].half)
        # A number that is 0 stays so, and no other changes its sign: the mask of a relu is not lost in rounding.
        return number + self.signs.like(number) * (minimum(half, abs(number)) + roundoff(node.data) * abs(number))

    # ---- right or wrong

    def is_right(self, claim):
        """Whether the claim is the engine's number, rounded, or follows from the student's own, themselves rounded."""
        if not claim.fits:
            return False
        right = self.right.number(claim)
        exact = self.rounding(claim, right)
        return agree(claim.data, right, exact) or agree(claim.data, self.student.number(claim), self.tolerance(claim))

    def rounding(self, claim, number):
        """By how much the claim may be off if the number is right: half a unit of its last decimal, and a hair."""
        half = claim.half if claim.fits and shape_of(number) == shape_of(claim.data) else largest(claim.half)
        return 1.000001 * half + 2 * roundoff(claim.node.data) * abs(number)

    def tolerance(self, claim):
        """By how much the claim may be off if it was computed from numbers that were themselves rounded.

        To the rounding of the claim itself comes what the rounding of the numbers before leads to: three times its
        root mean square, over the ways in which they were moved.
        """
        number = self.student.number(claim)
        squares, n = 0.0, 0
        for passes in self.moved:
            difference = passes.number(claim) - number
            square = difference * difference
            if total(square - square) == 0:  # it is finite
                squares, n = squares + square, n + 1
        return self.rounding(claim, number) + 3 * (squares / max(n, 1)) ** 0.5


def claimed(node, number, claims):
    claim = claims.get(node)
    return claim.data if claim is not None and claim.fits else number


def succeeds(passes):
    try:
        passes.backward()
    except FAILURES:
        return False
    return True


def agree(a, b, tolerance):
    """Whether two numbers or arrays have one shape, and every element is within the tolerance; NaN agrees with NaN."""
    if shape_of(a) != shape_of(b):
        return False
    within = (a == b) | (abs(a - b) <= tolerance) | ((a != a) & (b != b))
    return bool(within.all() if hasattr(within, "all") else within)


def total(x):
    return x.sum() if hasattr(x, "sum") else x


def largest(x):
    return float(x.max()) if hasattr(x, "max") else x


def roundoff(data):
    """What is taken for the relative error of one operation, with room for another order of operations."""
    return {2: 2.0**-6, 4: 2.0**-17}.get(getattr(data, "itemsize", 8), 2.0**-40)


class Signs:
    """Random numbers 1 and -1, in any shape; always the same sequence."""

    def __init__(self, order):
        self.rng = random.Random(0)
        largest = max(size_of(node.data) for node in order)
        self.pool = None
        if any(shape_of(node.data) for node in order):
            signs = [self.rng.choice((-1.0, 1.0)) for _ in range(2 * largest + 64)]
            self.pool = type(order[-1])(signs).data

    def like(self, x):
        shape = shape_of(x)
        if not shape:
            return self.rng.choice((-1.0, 1.0))
        start = self.rng.randrange(len(self.pool) - x.size + 1)
        return self.pool[start : start + x.size].reshape(shape)
