"""The candidates for a wrong value: what each slip would lead to in the forward pass."""

from ...graph import topological_order
from ...operators import add, divide, multiply, subtract
from ...operators import sum as total
from ...passes import forward_pass
from .. import slips
from ..elements import shape_of
from .backward import ACTIVATIONS
from .candidates import Candidate, computed, in_log, number_candidates, stand_ins


def value_candidates(node, value, passes, sizes):
    """Candidates for the value of a node, given the right one, in the course of the passes."""
    if node.inputs:
        xs = [passes.value_of(x) for x in node.inputs]
        yield from computed(in_value(node, value, xs, passes), value)
        if node.further_slips:
            yield from computed(node.further_slips.in_value(node, value, xs, passes), value)
        yield from number_candidates(node, value, sizes)


def in_value(node, value, xs, passes):
    op = node.op
    yield Candidate(slips.SIGN_OF_VALUE, lambda: -value)
    yield from in_log(op, value)
    if op is add or op is subtract:
        other = subtract if op is add else add
        yield Candidate(slips.OTHER_SIGN, lambda: other(*xs), gaps={"right": op.symbol, "other": other.symbol})
        yield Candidate(slips.ALONE, lambda: xs[1])
    if op is multiply or op is divide:
        function = divide if op is multiply else multiply
        yield Candidate(slips.DIVIDED, lambda: function(*xs))
        yield Candidate(slips.DIVIDED, lambda: function(*xs[::-1]))
    if len(xs) == 2 and not op.symmetric:
        yield Candidate(slips.EXCHANGED, lambda: op(xs[1], xs[0]))
    if len(xs) == 1:
        yield Candidate(slips.NOT_APPLIED, lambda: xs[0])
        if op.symbol != "-":
            yield Candidate(slips.VALUE_OF_NEGATIVE, lambda: op(-xs[0]))
        for other in ACTIVATIONS if shape_of(xs[0]) == shape_of(value) else ():
            if other is not op:
                yield Candidate(slips.OTHER_FUNCTION, lambda f=other: f(xs[0]), gaps={"other": other.name})
    else:
        for i, x in enumerate(xs, 1):
            share = -x if op is subtract and i == 2 else x  # in a sum
            rest = lambda i=i, share=share: xs[2 - i] if op is multiply else value - share
            yield Candidate(slips.LEFT_OUT, rest, gaps={"i": i})
            if op is not multiply:
                yield Candidate(slips.TWICE_IN, lambda share=share: value + share, gaps={"i": i})
        for i, x in enumerate(xs, 1) if op is total else ():
            yield Candidate(slips.SIGN_OF_OPERAND, lambda x=x: value - 2 * x, gaps={"i": i})
    for i, x in enumerate(node.inputs if len(xs) > 1 else ()):
        for other in stand_ins(x, passes.users):
            instead = [passes.value_of(other) if i == j else y for j, y in enumerate(xs)]
            yield Candidate(slips.VALUE_OF_OTHER, lambda xs=instead: op(*xs), nodes={"other": other, "meant": x})
    yield from bracketed(node, xs, passes)
    yield from of_other_classes(node, passes)
    for x in behind(node):
        for f in ACTIVATIONS if is_element_of(x, node) else ():
            yield Candidate(
                slips.FUNCTION_OF_OTHER, lambda x=x, f=f: f(passes.value_of(x)), gaps={"f": f.name}, nodes={"meant": x}
            )


def of_other_classes(node, passes):
    """The value for who counts the classes from another number: with the one-hot numbers t1, t2, ... one place on."""
    made_of = topological_order(node, {x for x in passes.order if x.label and x.inputs and x is not node})
    ones = [x for x in made_of if x.label and not x.inputs and not x.requires_grad and not shape_of(x.data)]
    if node.inputs and len(ones) > 1 and sorted({x.data for x in ones}) == [0, 1] and sum(x.data for x in ones) == 1:
        for off in (1, -1):
            moved = {x: ones[(i - off) % len(ones)].data for i, x in enumerate(ones)}
            leaf = lambda x, moved=moved: moved.get(x, passes.value_of(x))
            number = lambda leaf=leaf: forward_pass(made_of, leaf, {x for x in made_of if x is not node and x.label})[
                node
            ]
            yield Candidate(slips.OFF_BY_ONE, number, gaps={"off": f"one too {'large' if off == 1 else 'small'}"})


def behind(node):
    """The nearest labelled nodes that a node is made of."""
    found = list(node.inputs)
    for x in found:
        if not x.label:
            found += [y for y in x.inputs if y not in set(found)]
    return {x for x in found if x.label and x.inputs}


def is_element_of(x, node):
    """Whether a node has the same number as the other, as o1 and y1 have."""
    return node.label[-1:].isdigit() and x.label[-1:] == node.label[-1:] and not shape_of(node.data)


def bracketed(node, xs, passes):
    """Two operators, one within the other, in the other order: w * (x + b) for w * x + b, log(sum) for sum(log)."""
    for i, inner in enumerate(node.inputs):
        if inner.inputs and inner.op != node.op:
            ys = [passes.value_of(y) for y in inner.inputs]
            for number in exchanged(node.op, inner.op, xs, ys, i, inner.label):
                yield Candidate(slips.BRACKET, number)


def exchanged(outer, inner, xs, ys, i, label):
    """What outer(..., inner(*ys), ...), of which xs are the operands, gives with its operators in the other order."""
    if len(xs) == len(ys) == 1:
        yield lambda: inner(outer(ys[0]))
    elif len(xs) == len(ys) == 2 and not label:
        other = xs[1 - i]
        yield lambda: inner(outer(ys[0], other), ys[1])
        yield lambda: inner(ys[0], outer(ys[1], other) if i == 0 else outer(other, ys[1]))
