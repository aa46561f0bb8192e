"""The candidates for a wrong gradient: what each slip would lead to in the backward pass.

In a step, the operator's own rule is run on the wrong thing; in the sum of the steps, some are lost, or counted twice.
"""

from ...operators import exp, power, relu, sigmoid, softplus, tanh
from .. import slips
from ..elements import agree, shape_of, size_of
from ..words import family_of
from .candidates import (
    Candidate,
    computed,
    contribution_of,
    divisor,
    in_log,
    number_candidates,
    stand_ins,
    through_update,
)

RATES = (0.01, 0.05, 0.1, 0.5, 1.0)  # at which parameters may have been updated too early
ACTIVATIONS = (sigmoid, tanh, relu, softplus)

# ---- in one step


def step_candidates(step, passes):
    """What the step would contribute instead, in the course of the passes."""
    yield from computed(in_step(step, passes), step.contribution)
    if step.node.further_slips:
        yield from computed(step.node.further_slips.in_step(step, passes), step.contribution)


def in_step(step, passes):
    node, position, upstream = step.node, step.position, step.upstream
    op, out, xs = node.op, passes.value_of(node), [passes.value_of(x) for x in node.inputs]

    yield Candidate(slips.SIGN_OF_STEP, lambda: -step.contribution, step)
    yield from in_log(op, step.contribution, step)
    yield Candidate(slips.NO_UPSTREAM, lambda: contribution_of(op, 0.0 * upstream + 1.0, out, xs, position), step)
    n = divisor(node, position)
    if n:
        yield Candidate(slips.NOT_DIVIDED, lambda: upstream, step, {"n": n})
        yield Candidate(slips.DIVIDED_TWICE, lambda: step.contribution / n, step, {"n": n})
    if step.local is not None or shape_of(upstream) == shape_of(step.contribution):
        yield Candidate(slips.NO_LOCAL, lambda: upstream, step)
    if step.local is not None and len(xs) == 1:
        yield from in_function(step, passes, out, *xs)
    if step.local is not None and len(xs) == 2:
        by_both = lambda: op.locals(out, *xs, needs=[True, True])
        yield Candidate(slips.OTHER_OPERAND, lambda: by_both()[1 - position] * upstream, step)
    if op is power and position == 0:
        yield Candidate(slips.NO_EXPONENT, lambda: step.contribution / xs[1], step)
        yield Candidate(slips.NOT_LOWERED, lambda: xs[1] * out * upstream, step)
    if op is power and position == 1:
        yield Candidate(slips.LOG_OF_BASE, lambda: exp.partials[0](out, xs[1]) * upstream, step)
    for i, x in enumerate(node.inputs):
        for other in stand_ins(x, passes.users) if i != position else ():

            def with_other(i=i, other=other):
                instead = [passes.value_of(other) if i == j else y for j, y in enumerate(xs)]
                return contribution_of(op, upstream, out, instead, position)

            yield Candidate(slips.STAND_IN, with_other, step, nodes={"other": other, "meant": x})
    for made, later in later_gradients(node, passes):
        taken = lambda later=later: contribution_of(op, passes.number(later, "gradient"), out, xs, position)
        yield Candidate(slips.GRADIENT_OF_OTHER, taken, step, nodes={"other": later, "meant": made})
    if step.local is not None:
        yield Candidate(slips.DIVIDED_BY_LOCAL, lambda: upstream / step.local, step)


def later_gradients(node, passes):
    """(k, h) where what a node computes is k, and h is made of it: people take the gradient of h for that of k."""
    while not node.label and len(passes.users.get(node, ())) == 1:
        (node,) = passes.users[node]
    for user in passes.users.get(node, ()) if node.label else ():
        if user.label and shape_of(user.data) == shape_of(node.data):
            yield node, user


def in_function(step, passes, out, x):
    """The rule of a function of one number, run on the wrong thing; or that of another function."""
    op, upstream = step.node.op, step.upstream

    def pulled(upstream, out, x, op=op):
        return contribution_of(op, upstream, out, [x], 0)

    yield Candidate(slips.AT_INPUT, lambda: pulled(upstream, x, x), step)
    yield Candidate(slips.AT_OUTPUT, lambda: pulled(upstream, out, out), step)
    yield Candidate(slips.DERIVATIVE_AT_OUTPUT, lambda: pulled(upstream, op(out), out), step)
    yield Candidate(slips.VALUE_FOR_DERIVATIVE, lambda: out * upstream, step)
    if op.symbol == "-":
        return
    for other in ACTIVATIONS if op in ACTIVATIONS else ():
        if other is not op:
            for at, y in (("out", out), ("own", other(x))):
                name = {"other": other.name, "at": at}
                yield Candidate(slips.OTHER_DERIVATIVE, lambda f=other, y=y: pulled(upstream, y, x, f), step, name)
    yield Candidate(slips.OF_NEGATIVE, lambda: pulled(upstream, op(-x), -x), step)
    yield Candidate(slips.OF_UPSTREAM, lambda: pulled(upstream, op(upstream), upstream), step)
    for other in passes.order:
        is_like = bool(shape_of(x)) or any(user.op is op for user in passes.users.get(other, ()))
        if other is not step.input and other.label and is_like and shape_of(other.data) == shape_of(x):
            y = passes.value_of(other)
            made = lambda y=y: pulled(upstream, op(y), y)
            yield Candidate(slips.OF_OTHER_NODE, made, step, nodes={"other": other})


# ---- in a gradient, which is the sum of such steps


def gradient_candidates(node, gradient, steps, passes, sizes):
    """Candidates for the gradient of a node, given the right one and the steps that it is the sum of."""
    several = len(steps) > 1
    zero = Candidate(slips.STILL_ZERO, lambda: 0.0 * gradient)
    yield from computed([zero] if shape_of(gradient) else [], gradient)
    yield from computed(of_classes(node, gradient, passes), gradient)
    if several:
        yield from computed(in_paths(steps, gradient), gradient)
    for step in steps:
        for candidate in step_candidates(step, passes):
            if several:
                if shape_of(candidate.number) != shape_of(gradient):
                    continue
                candidate.number = gradient - step.contribution + candidate.number
            yield candidate
    if several:
        yield from computed([Candidate(slips.SIGN_OF_GRADIENT, lambda: -gradient)], gradient)
        yield from repeated(gradient, steps, passes)
    if node.further_slips:
        yield from computed(node.further_slips.in_gradient(gradient, steps, passes), gradient)
    yield from computed(updated(steps, gradient, passes), gradient)
    yield from number_candidates(node, gradient, sizes)
    yield from computed(of_steps(node, gradient, steps, sizes), gradient)
    yield from computed(beyond(node, gradient, passes), gradient)
    yield from computed([] if shape_of(gradient) else [zero], gradient)


def in_paths(steps, gradient):
    n = {"n": len(steps)}
    for step in (steps[-1], *steps[:-1]):
        yield Candidate(slips.ONE_PATH, lambda step=step: step.contribution, step, n)
    if len(steps) > 2:
        for step in steps:
            yield Candidate(slips.LOST_PATH, lambda step=step: gradient - step.contribution, step, n)
    yield Candidate(slips.MEAN_OF_PATHS, lambda: gradient / len(steps), steps[0], n)


def of_steps(node, gradient, steps, sizes):
    """Steps that are added twice, or that have a factor of their own."""
    for step in steps:
        yield Candidate(slips.PATH_TWICE, lambda step=step: gradient + step.contribution, step)
    for step in steps if len(steps) > 1 else ():
        for n in dict.fromkeys((2, 3, *sizes)):
            for factor, known in ((n, slips.STEP_TOO_LARGE), (1 / n, slips.STEP_TOO_SMALL)):
                number = lambda step=step, factor=factor: gradient + (factor - 1) * step.contribution
                yield Candidate(known, number, step, {"n": n})
    if not steps:
        yield Candidate(slips.UNIT_NOT_USED, lambda: 0.0 * gradient + 1.0)


def updated(steps, gradient, passes):
    """What comes through parameters that an update has changed already, by some learning rate."""
    changes = [change for step in steps for change in through_update(step, passes)]
    for rate in RATES if changes else ():
        number = lambda rate=rate: gradient - rate * sum(direction for _, direction in changes)
        yield Candidate(slips.UPDATED, number, steps[0], {"rate": rate}, nodes={"other": changes[0][0]})


def of_classes(node, gradient, passes):
    """The gradient of one logit of a cross-entropy, y - 1 or y, for who subtracts the 1 at another class."""
    family = [x for x in passes.order if family_of(x) == family_of(node)]
    ys = [y for y in frontier(node, passes.users) if y.label[-1:] == node.label[-1:]]
    if shape_of(gradient) or len(family) < 2 or len(ys) != 1:
        return
    y, i = passes.value_of(ys[0]), family.index(node)
    true = next((k for k, x in enumerate(family) if passes.number(x, "gradient") < 0), 0)
    if not agree(gradient, y - (i == true), 1e-9):
        return
    if i == true:
        yield Candidate(slips.NO_ONE_HOT, lambda: y)
    for off, told in ((1, "one too large"), (-1, "one too small")):
        yield Candidate(slips.OFF_BY_ONE, lambda off=off: y - (i == (true + off) % len(family)), gaps={"off": told})
    yield Candidate(slips.BRANCHES_OF_CLASSES, lambda: y - (i != true))
    yield Candidate(slips.ONE_FROM_ALL, lambda: y - 1)
    yield Candidate(slips.LOGITS, lambda: passes.value_of(node) - (i == true))


def beyond(node, gradient, passes):
    """What is taken from further on in the graph: the gradient of a later node, or one path through several."""
    later = frontier(node, passes.users)
    for other in later if len(later) < 13 else ():
        if shape_of(other.data) == shape_of(node.data):
            handed_on = lambda other=other: passes.number(other, "gradient")
            yield Candidate(slips.NO_LOCAL_TO, handed_on, nodes={"other": other})
        if len(later) > 1:
            yield Candidate(
                slips.ONE_LATER, lambda other=other: passes.through(node, {other}, later), nodes={"other": other}
            )
            rest = set(later) - {other}
            if len(later) > 2:
                yield Candidate(
                    slips.LOST_LATER, lambda rest=rest: passes.through(node, rest, later), nodes={"other": other}
                )

    smaller = [x for x in frontier(node, passes.users, everything=True) if size_of(x.data) < size_of(node.data)]
    smaller = [x for x in smaller if passes.users.get(x)]
    for cut in [*([x] for x in smaller), smaller] if len(smaller) < 9 else ():
        number = lambda cut=cut: passes.through(node, (), set(cut))
        yield Candidate(slips.LOST_TERMS, number, gaps={"others": " and ".join(x.name for x in cut)})


def frontier(node, users, everything=False):
    """The nearest labelled nodes that are made of a node; or all of them, with `everything`."""
    found, seen = [node], {node}
    for x in found:
        for user in users.get(x, ()) if x is node or everything or not x.label else ():
            if user not in seen:
                seen.add(user)
                found.append(user)
    return [x for x in found[1:] if x.label]


def repeated(gradient, steps, passes):
    """Candidates for one slip made in each of several steps with the same operator."""
    for op in dict.fromkeys(type(step.node.op) for step in steps):
        alike = [step for step in steps if type(step.node.op) is op]
        if len(alike) > 1:
            for made in {made.identity: made for made in step_candidates(alike[0], passes)}.values():
                number = gradient_with(made, op, gradient, alike, passes)
                if not agree(number, gradient, 1e-9 * abs(gradient)):
                    yield Candidate(made.known, number, alike[0], made.gaps, everywhere=True, nodes=made.nodes)


def gradient_with(made, op, gradient, steps, passes):
    """The gradient of a node, had the slip of a candidate been made in each of the steps with that kind of operator."""
    for step in steps:
        if type(step.node.op) is op:
            for candidate in step_candidates(step, passes):
                if candidate.identity == made.identity and shape_of(candidate.number) == shape_of(gradient):
                    gradient = gradient - step.contribution + candidate.number
                    break
    return gradient
