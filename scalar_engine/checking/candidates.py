"""What each slip would lead to: the candidates for a wrong number.

No derivative is written here. A slip runs the operator's own rule on the wrong thing (the input in the place of the
output, say), or takes the right contributions, which the pass hands out as `Step`s, and loses a sign or a term. Nodes
may say in `further_slips` what people do wrong with their kind of number.
"""

import math

from ..operators import divide, exp, multiply, power
from ..passes import FAILURES
from . import slips
from .elements import roundoff, shape_of
from .slips import Slip

BASES = [(2, math.log(2)), (10, math.log(10))]
FACTORS = (2, 3, 4)


class Candidate:
    """What a known slip would lead to, made at one place.

    known       the KnownSlip
    number      the value or gradient that it leads to; at first the function that computes it
    step        the backward Step that it is made in, or the first of several; None if in none
    gaps        what fills the gaps of its sentence that are not about nodes, {"base": 2}
    everywhere  whether it is made in each of the node's steps with that operator
    """

    def __init__(self, known, number, step=None, gaps=None, everywhere=False):
        self.known = known
        self.number = number
        self.step = step
        self.gaps = gaps or {}
        self.everywhere = everywhere

    @property
    def identity(self):
        """What it has in common with the same slip made elsewhere."""
        return (self.known, *self.gaps.values())

    def as_slip(self, node, value_of, names, everywhere=False):
        """The Slip, told about its node, with values by `value_of(node)`, and nodes called as in `names`."""
        gaps = {"node": node.describe(names=names)} | self.gaps
        if self.step is not None:
            gaps |= operator_gaps(self.step.node, self.step.position, value_of, names)
        elif node.inputs:
            gaps |= operator_gaps(node, 0, value_of, names)
        again = ""
        if everywhere:
            again = " (everywhere)" if self.known in slips.IN_PATHS else f" (at every {gaps['op']})"
        return Slip(self.known.kind, self.known.sentence.format(**gaps) + again, node)


def operator_gaps(node, position, value_of, names):
    """What fills the gaps of a sentence about an operator, at one of its operands."""

    def with_value(x):
        name, value = x.describe(names=names), value_of(x)
        return f"{name} = {node.brief(value)}" if x.label and not shape_of(value) else name

    x = node.inputs[position]
    formula = node.formula(names=names)
    if node.label:
        formula = f"{node.describe(names=names)} = {formula}"
    return {"op": node.op.name, "formula": formula, "x": with_value(x), "out": with_value(node)}


def computed(candidates):
    """The candidates with their numbers computed, without those that do not exist."""
    for candidate in candidates:
        try:
            candidate.number = candidate.number()
        except (*FAILURES, AttributeError):  # also of what only an array has
            continue
        yield candidate


# ---- in one step of the backward pass


def step_candidates(step, value_of):
    """What the step would contribute instead. `value_of(node)` is a node's value."""
    yield from computed(in_step(step, value_of))
    if step.node.further_slips:
        yield from computed(step.node.further_slips.in_step(step, value_of))


def in_step(step, value_of):
    node, position, upstream = step.node, step.position, step.upstream
    op, out, xs = node.op, value_of(node), [value_of(x) for x in node.inputs]

    yield Candidate(slips.SIGN_OF_STEP, lambda: -step.contribution, step)
    yield from in_log(op, step.contribution, step)
    yield Candidate(slips.NO_UPSTREAM, lambda: contribution_of(op, 0.0 * upstream + 1.0, out, xs, position), step)
    if step.local is None:
        return
    x = xs[position]

    def pulled(out, x):
        return contribution_of(op, upstream, out, [x], 0)

    if len(xs) == 1:
        yield Candidate(slips.AT_INPUT, lambda: pulled(x, x), step)
        yield Candidate(slips.AT_OUTPUT, lambda: pulled(out, out), step)
        yield Candidate(slips.DERIVATIVE_AT_OUTPUT, lambda: pulled(op(out), out), step)
        yield Candidate(slips.VALUE_FOR_DERIVATIVE, lambda: out * upstream, step)
    if op is power and position == 1:
        yield Candidate(slips.LOG_OF_BASE, lambda: exp.partials[0](out, x) * upstream, step)
    if len(xs) == 2:
        by_both = lambda: op.locals(out, *xs, needs=[True, True])
        yield Candidate(slips.OTHER_OPERAND, lambda: by_both()[1 - position] * upstream, step)
    n = divisor(node, position)
    if n:
        yield Candidate(slips.NOT_DIVIDED, lambda: upstream, step, {"n": n})
        yield Candidate(slips.DIVIDED_TWICE, lambda: step.contribution / n, step, {"n": n})
    yield Candidate(slips.NO_LOCAL, lambda: upstream, step)
    yield Candidate(slips.DIVIDED_BY_LOCAL, lambda: upstream / step.local, step)


def contribution_of(op, upstream, out, xs, position):
    """What op's own rule gives to the input at that position, for any output and inputs it is told."""
    return op.pull(upstream, out, *xs, needs=[i == position for i in range(len(xs))])[position]


def in_log(op, number, step=None):
    """A number that a log led to, had another been taken."""
    if op.logarithmic:
        for base, ln in BASES:
            yield Candidate(slips.OTHER_BASE, lambda ln=ln: number / ln, step, {"base": base})
            yield Candidate(slips.LOG_OF_BASE_TOO_MANY, lambda ln=ln: number * ln, step, {"base": base})


# ---- in a gradient, which is the sum of such steps


def gradient_candidates(node, gradient, steps, value_of, sizes):
    """Candidates for the gradient of a node, given the right one and the steps that it is the sum of."""
    several = len(steps) > 1
    if several:
        yield from in_paths(steps, gradient)
    for step in steps:
        for candidate in step_candidates(step, value_of):
            if several:
                if shape_of(candidate.number) != shape_of(gradient):
                    continue
                candidate.number = gradient - step.contribution + candidate.number
            yield candidate
    if several:
        yield Candidate(slips.SIGN_OF_GRADIENT, -gradient)
        yield from repeated(gradient, steps, value_of)
    yield from number_candidates(node, gradient, sizes)
    for step in steps:
        yield Candidate(slips.PATH_TWICE, gradient + step.contribution, step)
    if not steps:
        yield Candidate(slips.UNIT_NOT_USED, 0.0 * gradient + 1.0)


def in_paths(steps, gradient):
    n = {"n": len(steps)}
    for step in (steps[-1], *steps[:-1]):
        yield Candidate(slips.ONE_PATH, step.contribution, step, n)
    if len(steps) > 2:
        for step in steps:
            yield Candidate(slips.LOST_PATH, gradient - step.contribution, step, n)


def repeated(gradient, steps, value_of):
    """Candidates for one slip made in each of several steps with the same operator."""
    for op in dict.fromkeys(type(step.node.op) for step in steps):
        alike = [step for step in steps if type(step.node.op) is op]
        if len(alike) > 1:
            for made in {made.identity: made for made in step_candidates(alike[0], value_of)}.values():
                number = gradient_with(made, op, gradient, alike, value_of)
                yield Candidate(made.known, number, alike[0], made.gaps, everywhere=True)


def gradient_with(made, op, gradient, steps, value_of):
    """The gradient of a node, had the slip of a candidate been made in each of the steps with that kind of operator."""
    for step in steps:
        if type(step.node.op) is op:
            for candidate in step_candidates(step, value_of):
                if candidate.identity == made.identity and shape_of(candidate.number) == shape_of(gradient):
                    gradient = gradient - step.contribution + candidate.number
                    break
    return gradient


# ---- in a value


def value_candidates(node, value, value_of, sizes):
    """Candidates for the value of a node, given the right one."""
    if node.inputs:
        xs = [value_of(x) for x in node.inputs]
        yield from computed(in_value(node.op, value, xs))
        if node.further_slips:
            yield from computed(node.further_slips.in_value(node.op, value, xs))
        yield from number_candidates(node, value, sizes)


def in_value(op, value, xs):
    yield Candidate(slips.SIGN_OF_VALUE, lambda: -value)
    yield from in_log(op, value)
    if len(xs) == 2 and not op.symmetric:
        yield Candidate(slips.EXCHANGED, lambda: op(xs[1], xs[0]))
    if len(xs) == 1:
        yield Candidate(slips.NOT_APPLIED, lambda: xs[0])
    else:
        for i, x in enumerate(xs, 1):
            yield Candidate(slips.LEFT_OUT, lambda x=x: value - x, gaps={"i": i})


# ---- in any number


def number_candidates(node, number, sizes):
    """Candidates for a value or a gradient of the node; `sizes` as by `sizes_in`."""
    if node.further_slips:
        yield from computed(node.further_slips.in_number(number))
    for n, counted in sizes.items():
        yield Candidate(slips.SIZE_TOO_MANY, number * n, gaps={"n": n, "counted": counted})
        yield Candidate(slips.DIVIDED_BY_SIZE, number / n, gaps={"n": n, "counted": counted})
    for n in FACTORS:
        if n not in sizes:
            yield Candidate(slips.TOO_LARGE, number * n, gaps={"n": n})
            yield Candidate(slips.TOO_SMALL, number / n, gaps={"n": n})


def sizes_in(order, names):
    """{size: what it counts} of the numbers by which a mean may be divided: constants, and lengths of axes."""
    sizes = {}
    for node in sorted(order, key=is_parameter):
        shape = shape_of(node.data)
        for position in range(len(node.inputs)):
            n = divisor(node, position)
            if n:
                sizes.setdefault(n, f"the {n} of {node.formula(1, names)}")
        if len(shape) > 1:
            of = names.get(node, "the parameters") if is_parameter(node) else "the batch"
            sizes.setdefault(shape[0], f"the {shape[0]} rows of {of}")
        if shape and node.inputs:
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
    by = float(other.data) if node.op is divide else 1 / float(other.data)
    is_whole = abs(by - round(by)) <= 4 * roundoff(other.data) * abs(by)
    return round(by) if by > 1.5 and is_whole and (position == 0 or node.op is multiply) else 0
