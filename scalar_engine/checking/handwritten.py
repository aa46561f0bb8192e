"""What a student has written as a program: the rule of an operator, or the backward function of a whole layer.

Both are run at the numbers of the graph, and then at others, for a slip may hide behind a 0, a 1 or a symmetry.
"""

import random
from inspect import Parameter, signature

from ..graph import Operator
from ..passes import Step
from .calculation import FAILURES, agree, largest, roundoff, total
from .claims import Claims, named_nodes, shape_of, size_of
from .slips import Candidate, number_slips, step_slips
from .twins import Twins
from .verdict import StepCheck

# A rule is tried at the inputs that its operator has in the graph, times each of these.
SCALES = (1.0, 0.4, 0.7, 1.6, 2.3, -0.8)

# ---- the rule of an operator


def first_wrong_rule(root, order, rules):
    """The StepCheck of the first node, in the order of the backward pass, where a rule is wrong; None if none is.

    `rules` is {operator: rule, or one per input}. Raises ValueError if an operator is not in the graph or has no rules.
    """
    by_kind = {type(op): in_positions(op, given) for op, given in rules.items()}
    used = [node for node in reversed(order) if node.inputs and type(node.op) in by_kind]
    for op in rules:
        if not any(type(node.op) is type(op) for node in used):
            raise ValueError(f"check_steps: {op.name} is not used in the graph of {root.describe()}")
    for scale in SCALES:
        for node in used:
            for position, rule in enumerate(by_kind[type(node.op)]):
                point = rule and step_at(node, position, scale)
                if point and not near(point, local_by(rule, point), point[0].local):
                    return verdict_on_rule(root, rule, point)
    return None


def in_positions(op, given):
    """The rules for an operator, one per input."""
    if not op.partials:
        raise ValueError(f"check_steps: {op.name} has no local rule; give a backward function instead")
    rules = (given,) if callable(given) else tuple(given)
    if len(rules) != len(op.partials):
        raise ValueError(f"check_steps: {op.name} has {len(op.partials)} inputs; give a tuple with a rule for each")
    return rules


def step_at(node, position, scale):
    """A backward Step through the node for an upstream gradient of 1, and the values {node: value} it runs on.

    The inputs are those that the node has, times `scale`. None where there is no such step.
    """
    data = {x: x.data * scale + (0.3 * abs(scale)) * (x.data == 0) * (scale != 1) for x in node.inputs}
    try:
        xs = [data[x] for x in node.inputs]
        data[node] = out = Operator.__call__(node.op, *xs)
        local = node.op.locals(out, *xs, needs=[i == position for i in range(len(xs))])[position]
        local = local + 0.0 * out
    except FAILURES:
        return None
    if total(local - local) != 0:  # it is not finite
        return None
    return Step(node, position, 1.0, local, local), data


def local_by(rule, point):
    """What the student's rule gives, in the shape of the output."""
    step, data = point
    out = data[step.node]
    return rule(out, *[data[x] for x in step.node.inputs]) + 0.0 * out


def near(point, a, b):
    return agree(a, b, 64 * roundoff(point[0].node.data) * (1 + abs(b)))


def verdict_on_rule(root, rule, point):
    """The StepCheck of a rule that is wrong at `point`, with the slip that gives what it does there and elsewhere."""
    step, data = point
    points = [point, *filter(None, [step_at(step.node, step.position, scale) for scale in SCALES])]
    known = [{candidate.how: candidate for candidate in rule_slips(other)} for other in points]
    slip = None
    for how, candidate in known[0].items():
        places = [(other, slips[how].number) for other, slips in zip(points, known) if how in slips]
        if all(near(other, local_by(rule, other), number) for other, number in places):
            slip = candidate.slip(step.node, data.get)
            break
    remark = ""
    if any(total(data[x] != x.data) for x in step.node.inputs):
        remark = f", at {', '.join(f'{x.describe(0)} = {x.brief(data[x])}' for x in step.node.inputs)}"
    return StepCheck(root, step.node, "rule", local_by(rule, point), step.local, slip, remark=remark)


def rule_slips(point):
    step, data = point
    for kind, how, number in step_slips(step, data.get):
        yield Candidate(kind, how, number, step)
    for kind, how, number in number_slips(step.local, {}):
        yield Candidate(kind, how, number, step)


# ---- the backward function of a layer


def trials(root, order, backward):
    """(twins, claims, unit, remark) for each run of a backward function: what it gives, and for what graph.

    The first run is on the data of the graph; the others, on data of the same shapes, follow if all of it is passed in.
    """
    if not callable(backward):
        raise ValueError(f"check_steps: give a dict of claims or a backward function, not {backward!r}")
    takes_upstream, nodes = arguments(root, order, backward)
    wanted = [node for node in nodes if node is not root] or [x for x in root.inputs if x.requires_grad]
    rng = random.Random(0)
    movable = [node for node in nodes if not node.inputs]
    pure = all(node in movable for node in order if not node.inputs and (node.requires_grad or node.label))
    for run in range(3 if pure else 1):
        data = {leaf: elsewhere(leaf, rng) for leaf in movable} if run else {}
        try:
            twins = Twins(order, wanted, data)
        except FAILURES:
            if run:  # the layer has no value there
                continue
            raise
        if total(twins.root.data - twins.root.data) != 0:
            continue
        unit = random_like(root, rng) if takes_upstream else root.unit
        given = [twins.of[node].data for node in nodes]
        given = [x.copy() if hasattr(x, "copy") else x for x in ([unit] if takes_upstream else []) + given]
        claims = returned(backward(*given), wanted, order, twins)
        yield twins, claims, unit, ", with other data than that of the graph" if run else ""


def arguments(root, order, backward):
    """Whether a backward function takes the upstream gradient first, and the nodes whose data it takes then."""
    names, named = [], named_nodes(order)
    for parameter in signature(backward).parameters.values():
        if parameter.default is Parameter.empty and parameter.kind is not Parameter.VAR_POSITIONAL:
            names.append(parameter.name)
    takes_upstream = bool(names) and names[0] not in named
    names = names[takes_upstream:]
    unknown = [name for name in names if named.get(name) is None]
    if not unknown:
        return takes_upstream, [named[name] for name in names]
    if len(names) == len(root.inputs):
        return takes_upstream, list(root.inputs)
    there = ", ".join(name for name in named if named[name] is not None)
    raise ValueError(
        f"check_steps: no node is named {', '.join(unknown)}, as the backward function takes it; there are "
        f"{there or 'no labels'}"
    )


def returned(result, wanted, order, twins):
    """The Claims in what a backward function returned: a dict by name, or one gradient for each of the nodes wanted."""
    claims = Claims()
    if isinstance(result, dict):
        named = named_nodes(order)
        found = {named.get(name) or named.get(name[1:]): gradient for name, gradient in result.items()}
        if None in found or not set(found) <= set(wanted):
            names = ", ".join(f"d{node.describe()}" for node in wanted)
            raise ValueError(f"check_steps: the backward function returned {', '.join(result)}, not {names}")
    else:
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        if len(results) != len(wanted):
            wanted = [node for node in wanted if node.requires_grad]
        if len(results) != len(wanted):
            names = ", ".join(f"d{node.describe()}" for node in wanted)
            raise ValueError(f"check_steps: the backward function returned {len(results)} gradients, not {names}")
        found = dict(zip(wanted, results))
    for node, gradient in found.items():
        if gradient is not None:
            claims.add(twins.of[node], "gradient", gradient)
    for claim in claims.all:  # computed, not rounded
        claim.half = 64 * roundoff(claim.node.data) * largest(abs(claim.data))
    return claims


def elsewhere(leaf, rng):
    """Other data for a leaf: of the same signs, but where it is 0."""
    moved = random_like(leaf, rng)
    return leaf.data * abs(moved) + 0.5 * moved * (leaf.data == 0)


def random_like(node, rng):
    """Numbers between 0.5 and 1.5, of either sign, in the shape of the node's data."""
    shape = shape_of(node.data)
    numbers = [rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) for _ in range(size_of(node.data))]
    return type(node)(numbers).data.reshape(shape) if shape else numbers[0]
