"""The slips that people make in a backward pass: what each would give in the place of the right number.

No derivative is written here. A slip runs the operator's own rule on the wrong thing (the input in the place of the
output, say), or takes the right contributions, which the pass hands out as `Step`s, and loses a sign or a term.
"""

import math

from ..operators import divide, exp, multiply, power

PATHS = "missing +="
MINUS = "missing minus"
PLACE = "input instead of output"
LOG = "base of the log"
BATCH = "factor of the batch size"
TRANSPOSED = "transposed"
BROADCAST = "broadcast not summed"
LOCAL = "local derivative forgotten"
UPSTREAM = "upstream forgotten"
OPERANDS = "operands exchanged"
TERM = "operand forgotten"
OPERATOR = "operator forgotten"
TWICE = "counted twice"
FACTOR = "constant factor"

BASES = [(2, math.log(2)), (10, math.log(10))]

# What the tensor engine adds, each a function like the one of that name below.
more_step_slips: list = []
more_value_slips: list = []
more_number_slips: list = []


class Slip:
    """A likely slip.

    kind    one of the kinds above, in a word or two
    text    what went wrong, in a sentence
    node    the node whose value or gradient it made wrong; later ones have inherited it
    """

    def __init__(self, kind, text, node):
        self.kind = kind
        self.text = text
        self.node = node

    def __repr__(self):
        return f"<{self.kind}: {self.text}>"


class Candidate:
    """What a slip would give.

    how         its text, with {gaps}
    number      the value or gradient that it leads to
    step        the backward Step that it is made in, or the first of several; None if in none
    everywhere  whether it is made in each of the node's steps with that operator
    """

    def __init__(self, kind, how, number, step=None, everywhere=False):
        self.kind = kind
        self.how = how
        self.number = number
        self.step = step
        self.everywhere = everywhere

    def slip(self, node, on, everywhere=False):
        """The Slip, told about its node. `on(node)` is a node's value."""
        words = {"node": node.describe()}
        if self.step is not None:
            words |= operands_in_words(self.step.node, self.step.position, on)
        elif node.inputs:
            words |= operands_in_words(node, 0, on)
        again = ""
        if everywhere:
            again = " (everywhere)" if self.kind == PATHS else f" (at every {words['op']})"
        return Slip(self.kind, self.how.format(**words) + again, node)


def operands_in_words(node, position, on):
    def told(x):
        name = x.describe()
        return f"{name} = {node.brief(on(x))}" if x.label and not getattr(on(x), "shape", ()) else name

    x = node.inputs[position]
    formula = f"{node.name} = {node.formula()}" if node.label else node.formula()
    return {"op": node.op.name, "formula": formula, "x": told(x), "out": told(node)}


def attempts(alternatives):
    """The (kind, how, number) of (kind, how, function of no argument), without those that do not exist."""
    for kind, how, number in alternatives:
        try:
            yield kind, how, number()
        except (ArithmeticError, ValueError, TypeError, IndexError, AttributeError):
            continue


# ---- slips in one step of the backward pass


def step_slips(step, on):
    """(kind, how, what the step would contribute instead) for each slip. `on(node)` is a node's value."""
    yield from attempts(step_alternatives(step, on))
    for more in more_step_slips:
        yield from attempts(more(step, on))


def step_alternatives(step, on):
    node, position, upstream = step.node, step.position, step.upstream
    op, out, xs = node.op, on(node), [on(x) for x in node.inputs]

    yield MINUS, "what comes through {formula} has the wrong sign; is a minus missing?", lambda: -step.contribution
    yield from log_alternatives(op, step.contribution)
    without = "the upstream gradient is not in what comes through {formula}"
    yield UPSTREAM, without, lambda: contribution_of(op, 0.0 * upstream + 1.0, out, xs, position)
    if step.local is None:
        return
    x = xs[position]

    def pulled(out, *xs):
        return contribution_of(op, upstream, out, xs, position)

    if len(xs) == 1:
        written_by_output = "the rule for {op} takes its output {out}, and was given its input {x}"
        yield PLACE, written_by_output, lambda: pulled(x, x)
        written_by_input = "the rule for {op} takes its input {x}, and was given its output {out}"
        yield PLACE, written_by_input, lambda: pulled(out, out)
        yield PLACE, "the derivative of {op} was taken at its output {out}, not at {x}", lambda: pulled(op(out), out)
        yield LOCAL, "the value of {formula} was taken for its derivative", lambda: out * upstream
    if op is power and position == 1:
        yield LOG, "{formula} is not exp: the log of the base is missing", lambda: exp.partials[0](out, x) * upstream
    if len(xs) == 2:
        other = "the derivative of {formula} by its other operand was taken"
        yield OPERANDS, other, lambda: op.locals(out, *xs, needs=[True, True])[1 - position] * upstream
    n = divisor(node, position)
    if n:
        yield BATCH, f"{{formula}} divides by {n}, and its gradient was not divided", lambda: upstream
        yield BATCH, f"{{formula}} divides by {n}, and its gradient was divided twice", lambda: step.contribution / n
    yield LOCAL, "the upstream gradient was handed on through {formula} without the local derivative", lambda: upstream
    divided = "in {formula} the upstream gradient was divided by the local derivative, not multiplied"
    yield OPERANDS, divided, lambda: upstream / step.local


def contribution_of(op, upstream, out, xs, position):
    """What op's own rule gives to the input at that position, for any output and inputs it is told."""
    return op.pull(upstream, out, *xs, needs=[i == position for i in range(len(xs))])[position]


def log_alternatives(op, number):
    if "log" in op.name or "entropy" in op.name:
        for base, ln in BASES:
            natural = "the log of {op} is the natural one"
            yield LOG, f"{natural}, and log{base} was used", lambda ln=ln: number / ln
            yield LOG, f"{natural}, and there is a factor log({base}) too many", lambda ln=ln: number * ln


# ---- slips in a node's gradient


def gradient_slips(node, gradient, steps, on, sizes):
    """The Candidates for the gradient of a node, given the right one and the steps that it is the sum of."""
    if len(steps) > 1:
        yield from path_slips(steps, gradient)
    for step in steps:
        for kind, how, contribution in step_slips(step, on):
            if len(steps) == 1:
                yield Candidate(kind, how, contribution, step)
            elif same_shape(contribution, gradient):
                yield Candidate(kind, how, gradient - step.contribution + contribution, step)
    if len(steps) > 1:
        yield Candidate(MINUS, "the gradient of {node} has the wrong sign", -gradient)
        yield from repeated_slips(gradient, steps, on)
    for kind, how, number in number_slips(gradient, sizes):
        yield Candidate(kind, how, number)
    for step in steps:
        twice = "what comes through {formula} was added twice; is there an old gradient that was not set to zero?"
        yield Candidate(TWICE, twice, gradient + step.contribution, step)
    if not steps:
        yield Candidate(UPSTREAM, "the upstream gradient is not used", 0.0 * gradient + 1.0)


def repeated_slips(gradient, steps, on):
    """Candidates for one slip made in each of several steps with the same operator."""
    for op in dict.fromkeys(type(step.node.op) for step in steps):
        alike = [step for step in steps if type(step.node.op) is op]
        if len(alike) > 1:
            slips = {how: kind for kind, how, _ in step_slips(alike[0], on)}
            for how, kind in slips.items():
                yield Candidate(kind, how, slipped(how, op, gradient, alike, on), alike[0], everywhere=True)


def slipped(how, op, gradient, steps, on):
    """The gradient of a node, had the same slip been made in each of the steps with that kind of operator."""
    for step in steps:
        if type(step.node.op) is op:
            for _, other, contribution in step_slips(step, on):
                if other == how and same_shape(contribution, gradient):
                    gradient = gradient - step.contribution + contribution
                    break
    return gradient


def path_slips(steps, gradient):
    all_of = f"{len(steps)} contributions to {{node}} must be added up (+=)"
    for step in (steps[-1], *steps[:-1]):
        yield Candidate(PATHS, f"{all_of}, and only that through {{formula}} is there", step.contribution, step)
    if len(steps) > 2:
        for step in steps:
            missing = f"{all_of}, and that through {{formula}} is missing"
            yield Candidate(PATHS, missing, gradient - step.contribution, step)


def same_shape(a, b):
    return getattr(a, "shape", ()) == getattr(b, "shape", ())


def number_slips(number, sizes):
    """(kind, how, number) for what goes wrong with any number or array, {size: what it counts} being at hand."""
    for more in more_number_slips:
        yield from attempts(more(number))
    for size, what in sizes.items():
        yield BATCH, f"it is {size} times too large: divide by {what}", number * size
        yield BATCH, f"it is {size} times too small: it was divided by {what}, once too often", number / size
    for factor in (2, 3, 4):
        if factor not in sizes:
            yield FACTOR, f"it is {factor} times too large", number * factor
            yield FACTOR, f"it is {factor} times too small", number / factor


def sizes_in(order):
    """{size: what it counts} of the numbers by which a mean may be divided: constants, and lengths of axes."""
    sizes = {}
    for node in sorted(order, key=is_parameter):
        shape = tuple(getattr(node.data, "shape", ()))
        for position in range(len(node.inputs)):
            n = divisor(node, position)
            if n:
                sizes.setdefault(n, f"the {n} of {node.formula(1)}")
        if len(shape) > 1:
            of = node.describe() if is_parameter(node) else "the batch"
            sizes.setdefault(shape[0], f"the {shape[0]} rows of {of}")
        if shape and node.inputs:
            sizes.setdefault(math.prod(shape), f"the {math.prod(shape)} elements")
    return {n: what for n, what in sizes.items() if n > 1}


def is_parameter(node):
    return node.requires_grad and not node.inputs


def divisor(node, position):
    """n, if the node is its input at that position divided by a whole constant n, or times 1 / n; 0 if not."""
    if node.op is not divide and node.op is not multiply:
        return 0
    other = node.inputs[1 - position]
    if other.inputs or other.requires_grad or getattr(other.data, "shape", ()) or not other.data:
        return 0
    by = other.data if node.op is divide else 1 / other.data
    return round(by) if by > 1.5 and abs(by - round(by)) < 1e-9 and (position == 0 or node.op is multiply) else 0


# ---- slips in a node's value


def value_slips(node, value, on, sizes):
    """The Candidates for the value of a node, given the right one."""
    if node.inputs:
        op, xs = node.op, [on(x) for x in node.inputs]
        alternatives = list(value_alternatives(op, value, xs))
        for more in more_value_slips:
            alternatives += more(op, value, xs)
        for kind, how, number in attempts(alternatives):
            yield Candidate(kind, how, number)
        for kind, how, number in number_slips(value, sizes):
            yield Candidate(kind, how, number)


def value_alternatives(op, value, xs):
    yield MINUS, "{formula} has the wrong sign", lambda: -value
    yield from log_alternatives(op, value)
    if len(xs) == 2 and not op.symmetric:
        yield OPERANDS, "the operands of {formula} were exchanged", lambda: op(xs[1], xs[0])
    if len(xs) == 1:
        yield OPERATOR, "{op} was not applied", lambda: xs[0]
    else:
        for i, x in enumerate(xs):
            yield TERM, f"operand {i + 1} of {{formula}} was left out", lambda x=x: value - x
