"""What a student has written as a program: the rule of an operator, or the backward function of a whole layer.

Both are run at the numbers of the graph, and then at others, for a slip may hide behind a 0, a 1 or a symmetry.
"""

import random

from ..passes import FAILURES, Step, forward_pass
from .calculation import CONVENTION, TINY
from .claims import Claims
from .elements import agree, every, is_finite, roundoff, shape_of, size_of
from .keys import labels_in, meant, named_nodes
from .marks import RIGHT, WRONG, Mark
from .running import run
from .slips.backward import step_candidates
from .slips.candidates import number_candidates
from .step_check import StepCheck
from .twins import Twins

# A rule is tried at the inputs that its operator has in the graph, times each of these.
SCALES = (1.0, 0.4, 0.7, 1.6, 2.3, -0.8)

# ---- the rule of an operator


class Trial:
    """A place where a rule is tried: a backward Step for an upstream gradient of 1, and {node: value} it runs on."""

    def __init__(self, step, data):
        self.step = step
        self.data = data
        self.order, self.users = list(data), {}

    def value_of(self, node):
        return self.data[node]

    def result(self, rule):
        """What the student's rule gives, in the shape of the output."""
        out = self.data[self.step.node]
        xs = [self.data[x] for x in self.step.node.inputs]
        return run(f"the rule for {self.step.node.op.name}", lambda: rule(out, *xs) + 0.0 * out)

    def agree(self, a, b):
        return agree(a, b, 64 * max(roundoff(self.step.node.data), roundoff(a)) * (1 + abs(b)))

    def marked(self, rule):
        """RIGHT where the student's rule gives what the operator's does, CONVENTION if at a kink a slope between both
        sides', and WRONG."""
        step, given = self.step, self.result(rule)
        if self.agree(given, step.local):
            return RIGHT
        sides = []
        for side in (TINY, -TINY):
            xs = [self.data[x] + side * (self.data[x] == 0) for x in step.node.inputs]
            try:
                needs = [i == step.position for i in range(len(xs))]
                sides.append(step.node.op.locals(step.node.op.apply(*xs), *xs, needs=needs)[step.position])
            except FAILURES:
                return WRONG
        off = abs(given - sides[0]) + abs(given - sides[1])  # their distance, if it is between them
        return CONVENTION if self.agree(off, abs(sides[0] - sides[1]) + 0.0 * off) else WRONG

    def candidates(self):
        """{identity: Candidate} of what the rule would give with each slip."""
        step = self.step
        slips = [*step_candidates(step, self), *number_candidates(step.node, step.local, {})]
        return {candidate.identity: candidate for candidate in slips}


def trial_at(node, position, scale):
    """The Trial of the rule for that input, at the inputs that the node has, times `scale`; None where it has none."""

    def scaled(x):
        return x.data * scale + (0.3 * abs(scale)) * (x.data == 0) * (scale != 1)

    try:
        data = forward_pass([*node.inputs, node], scaled, leaves=set(node.inputs))
        out, xs = data[node], [data[x] for x in node.inputs]
        local = node.op.locals(out, *xs, needs=[i == position for i in range(len(xs))])[position] + 0.0 * out
    except FAILURES:
        return None
    return Trial(Step(node, position, 0.0 * out + 1.0, local, local), data) if is_finite(local) else None


def judged_rules(calculation):
    """A Mark for each claimed rule, and the StepCheck of the first wrong one in the backward pass, or None.

    Raises ValueError if an operator is not in the graph or has no rules.
    """
    found, marks, places = None, [], {node: i for i, node in enumerate(calculation.order)}
    for op, given in calculation.claims.rules.items():
        rules = in_positions(op, given)
        used = [node for node in reversed(calculation.order) if node.inputs and type(node.op) is type(op)]
        if not used:
            raise ValueError(f"check_steps: {op.name} is not used in the graph of {calculation.root.describe()}")
        said = {RIGHT: None}
        for scale in SCALES:
            for node in used:
                for position, rule in enumerate(rules):
                    trial = rule and trial_at(node, position, scale)
                    if trial:
                        said.setdefault(trial.marked(rule), (rule, trial))
        place = places[used[0]]
        if WRONG in said and (found is None or place > found[0]):
            found = place, said[WRONG]
        mark = WRONG if WRONG in said else RIGHT
        marks.append(Mark(None, mark, CONVENTION if CONVENTION in said else "", name=f"the rule for {op.name}"))
    return marks, found and wrong_rule(calculation, *found[1])


def in_positions(op, given):
    """The rules for an operator, one per input."""
    if not op.partials:
        raise ValueError(f"check_steps: {op.name} has no local rule; give a backward function instead")
    rules = (given,) if callable(given) else tuple(given)
    if len(rules) != len(op.partials):
        raise ValueError(f"check_steps: {op.name} has {len(op.partials)} inputs; give a tuple with a rule for each")
    return rules


def wrong_rule(calculation, rule, trial):
    """The StepCheck of a rule that a trial has shown to be wrong."""
    step, data, names = trial.step, trial.data, calculation.claims.names
    remark = ""
    if not all(every(data[x] == x.data) for x in step.node.inputs):
        at = [f"{x.describe(0, names)} = {x.brief(data[x])}" for x in step.node.inputs]
        remark = f", at {', '.join(at)}"
    made = slip_in_rule(rule, trial)
    slip = made and made.as_slip(step.node, data.get, names, trial.order)
    given = trial.result(rule)
    return StepCheck(calculation.root, step.node, "rule", given, step.local, slip, remark=remark, names=names)


def slip_in_rule(rule, trial):
    """The Candidate that gives what the rule gives, at this trial and at every other; None if none does."""
    trials = [trial_at(trial.step.node, trial.step.position, scale) for scale in SCALES]
    known = [(other, other.candidates()) for other in (trial, *trials) if other]
    for identity, candidate in known[0][1].items():
        same = [(other, slips[identity].number) for other, slips in known if identity in slips]
        if all(other.agree(other.result(rule), number) for other, number in same):
            return candidate
    return None


# ---- the backward function of a layer


def runs(root, names, backward):
    """(twins, claims, unit, remark) for each run of a backward function: what it gives, and for what graph.

    The first run is on the data of the graph; the others, on data of the same shapes, follow if all of it is passed in.
    `names` is {node: what texts call it}, for each node of the graph.
    """
    if not callable(backward):
        raise ValueError(f"check_steps: give a dict of claims or a backward function, not {backward!r}")
    order = list(names)
    takes_upstream, nodes = arguments(root, names, backward)
    wanted = [node for node in nodes if node is not root] or [x for x in root.inputs if x.requires_grad]
    rng = random.Random(0)
    movable = [node for node in nodes if not node.inputs]
    pure = all(node in set(movable) for node in order if not node.inputs and (node.requires_grad or node.label))
    for number in range(3 if pure else 1):
        data = {leaf: elsewhere(leaf, rng) for leaf in movable} if number else {}
        try:
            twins = Twins(order, {*wanted, *[node for node in order if node.label and not node.inputs]}, data)
        except FAILURES:
            if number:  # the layer has no value there
                continue
            raise
        if not is_finite(twins.root.data):
            continue
        unit = random_like(root, rng) if takes_upstream else root.unit
        given = [twins.of[node].data for node in nodes]
        given = [x.copy() if hasattr(x, "copy") else x for x in ([unit] if takes_upstream else []) + given]
        claims = returned(run("the backward function", backward, *given), wanted, names, twins)
        yield twins, claims, unit, ", with other data than that of the graph" if number else ""


def arguments(root, names, backward):
    """Whether a backward function takes the upstream gradient first, and the nodes whose data it takes then."""
    import inspect  # here, as it takes as long to load as the rest of checking

    named, wanted = named_nodes(names), []
    for parameter in inspect.signature(backward).parameters.values():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
            wanted.append(parameter.name)
    takes_upstream = bool(wanted) and wanted[0] not in named and is_upstream(wanted[0])
    wanted = wanted[takes_upstream:]
    unknown = [name for name in wanted if named.get(name) is None]
    if not unknown:
        return takes_upstream, [named[name] for name in wanted]
    if len(wanted) == len(root.inputs):
        return takes_upstream, list(root.inputs)
    raise ValueError(
        f"check_steps: no node is named {', '.join(unknown)}, as the backward function takes it; there are "
        f"{labels_in(names)}"
    )


def is_upstream(name):
    """Whether an argument has a name that people give to an upstream gradient: dout, grad_output, g, upstream."""
    lower = name.lower()
    return lower.startswith(("d", "g", "u", "err", "adj", "v")) or "grad" in lower


def returned(result, wanted, names, twins):
    """The Claims in what a backward function returned: a dict by name, or one gradient for each of the nodes wanted."""
    if isinstance(result, dict):
        named, found = named_nodes(names), {}
        for name, gradient in result.items():
            node = meant(name, gradient, named, list(names)[-1])[0] if isinstance(name, str) else None
            if node in twins.of and twins.of[node].requires_grad:
                found[node] = gradient
        if result and not found:
            raise_returned(", ".join(map(str, result)), wanted, names)
    else:
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        if len(results) != len(wanted):
            wanted = [node for node in wanted if node.requires_grad]
        if len(results) != len(wanted):
            raise_returned(f"{len(results)} gradients", wanted, names)
        found = dict(zip(wanted, results))
    claims = Claims(twins.named(names))
    for node, gradient in found.items():
        if gradient is not None:
            claims.add(twins.of[node], "gradient", gradient)
    return claims.computed()


def raise_returned(what, wanted, names):
    expected = ", ".join(f"d{names[node]}" for node in wanted)
    raise ValueError(f"check_steps: the backward function returned {what}, not {expected}")


def elsewhere(leaf, rng):
    """Other data for a leaf: of the same signs, but where it is 0."""
    moved = random_like(leaf, rng)
    return leaf.data * abs(moved) + 0.5 * moved * (leaf.data == 0)


def random_like(node, rng):
    """Numbers between 0.5 and 1.5, of either sign, in the shape of the node's data."""
    shape = shape_of(node.data)
    numbers = [rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) for _ in range(size_of(node.data))]
    return type(node)(numbers).data.reshape(shape) if shape else numbers[0]
