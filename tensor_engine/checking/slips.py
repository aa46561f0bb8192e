"""The slips that people make with arrays: transposed matrices, broadcasts that are not undone.

A Tensor names this file as its `further_slips`, and `check_steps` asks it: what else may have gone wrong in a step, in
a value, in a number? As with numbers, no derivative is written here: the operators' own pulls are run on a transposed
operand, a sum over the wrong axis is taken.
"""

from functools import partial

import numpy as np

from scalar_engine.checking import slips
from scalar_engine.checking.slips import BROADCAST, TRANSPOSED, KnownSlip
from scalar_engine.checking.slips.candidates import Candidate, contribution_of
from scalar_engine.operators import multiply, sigmoid

from ..operators.fused import CrossEntropyOfClasses, CrossEntropyOfWeights
from ..operators.rearranging import Index, SumTo
from ..operators.reductions import Reduction, Softmax

AXIS = "wrong axis"
JACOBIAN = "softmax's Jacobian"
INSTANCE = "one instance only"
PRODUCT = "@ and *"

OPERAND_TRANSPOSED = KnownSlip(
    TRANSPOSED, "matrix {i} of {formula} must be transposed in the product with the upstream gradient"
)
UPSTREAM_TRANSPOSED = KnownSlip(TRANSPOSED, "in the product for {formula}, the upstream gradient was transposed")
DIAGONAL = KnownSlip(JACOBIAN, "only the diagonal of softmax's Jacobian is there: every output depends on every input")
BRANCHES = KnownSlip(JACOBIAN, "in the derivative of {formula}, the cases i = j and i != j are exchanged")
SUM_NOT_WEIGHTED = KnownSlip(
    JACOBIAN, "in the derivative of {formula}, the sum over the outputs lacks the factor y in front"
)
NO_SUM = KnownSlip(JACOBIAN, "in the derivative of {formula}, the sum over the outputs is missing")
SUM_ADDED = KnownSlip(JACOBIAN, "in the derivative of {formula}, the sum over the outputs was added, not subtracted")
SUM_OF_UPSTREAM = KnownSlip(
    JACOBIAN, "in the derivative of {formula}, the sum is of upstream x y, not of upstream alone"
)
ALONG_AXIS = KnownSlip(AXIS, "the derivative of {formula} was taken along axis {axis}")
OVER_EVERYTHING = KnownSlip(
    AXIS, "in the derivative of {formula}, the sum goes over all elements and not along an axis"
)
ONE_INSTANCE = KnownSlip(
    INSTANCE, "in what comes through {formula}, only the {which} {line} of the upstream gradient is there"
)
STAR_FOR_AT = KnownSlip(PRODUCT, "in {formula}, * was taken for @")
AT_FOR_STAR = KnownSlip(PRODUCT, "in {formula}, @ was taken for *")
NOT_REPEATED = KnownSlip(BROADCAST, "the upstream gradient of {formula} must be repeated to the shape of {x}")

WAS_BROADCAST = "{x} was broadcast from {small} to {large}"
SUM_OF_COPIES = WAS_BROADCAST + ": its gradient is the sum over the {n} copies"
NOT_SUMMED = KnownSlip(BROADCAST, WAS_BROADCAST + ", so its gradient must be summed over the copies")
MEAN_OF_COPIES = KnownSlip(BROADCAST, SUM_OF_COPIES + ", not their mean")
FIRST_COPY = KnownSlip(BROADCAST, SUM_OF_COPIES + ", and only the first is there (+=)")
LAST_COPY = KnownSlip(BROADCAST, SUM_OF_COPIES + ", and only the last is there (+=)")
SUMMED_OVER_OTHER = KnownSlip(BROADCAST, WAS_BROADCAST + ", and its gradient was summed over the wrong axis, {axis}")
SUMMED_OVER_ALL = KnownSlip(BROADCAST, WAS_BROADCAST + ", and its gradient was summed over all axes")

TRANSPOSED_IN_VALUE = KnownSlip(TRANSPOSED, "in {formula}, matrix {i} was transposed")
OVER_ALL_AXES = KnownSlip(AXIS, "{formula} goes along an axis, and was taken over all elements")
OVER_OTHER_AXIS = KnownSlip(AXIS, "{formula} goes over axis {axis}, and was taken over axis {other}")

TRANSPOSED_ARRAY = KnownSlip(TRANSPOSED, "it is transposed: its axes are exchanged")


def in_step(step, passes):
    """What an operator on arrays may contribute instead to one of its inputs."""
    node, position, upstream, right = step.node, step.position, step.upstream, step.contribution
    op, out, xs = node.op, passes.value_of(node), [passes.value_of(x) for x in node.inputs]
    if op.matrix_product:
        yield from transposed_operands(step, upstream, out, xs)
    if np.ndim(upstream) and np.ndim(upstream) >= np.ndim(right) and is_summed(upstream, right):
        yield from unsummed(step, upstream, right)
    if isinstance(op, Reduction):
        yield Candidate(NOT_REPEATED, lambda: upstream, step)
    if isinstance(op, Softmax):
        yield from of_softmax(step, upstream, out, *xs)
    if is_square(upstream) and upstream.ndim == 2 and len(xs) == 2 and np.shape(xs[1 - position]) == upstream.shape:
        other = xs[1 - position]
        if op.matrix_product:
            yield Candidate(STAR_FOR_AT, lambda: upstream * other, step)
        elif op is multiply:
            yield Candidate(AT_FOR_STAR, lambda: upstream @ other, step)
    if np.ndim(upstream) == 2:
        for axis, line in enumerate(("row", "column")):
            for which, place in (("last", -1), ("first", 0)):
                alone = partial(contribution_of, op, only(upstream, axis, place), out, xs, position)
                yield Candidate(ONE_INSTANCE, alone, step, {"which": which, "line": line})


def only(x, axis, place):
    """The array with zeros everywhere but in that row or column."""
    kept = np.zeros_like(x)
    line = (slice(None),) * axis + (place,)
    kept[line] = x[line]
    return kept


def of_softmax(step, upstream, out, x):
    """What people take for the product with softmax's Jacobian."""
    op, right = step.node.op, step.contribution
    if type(op) is Softmax:
        total = (upstream * out).sum(axis=op.axis, keepdims=True)
        yield Candidate(DIAGONAL, lambda: sigmoid.partials[0](out, x) * upstream, step)
        yield Candidate(BRANCHES, lambda: right + total - 2 * out * upstream, step)
        yield Candidate(NO_SUM, lambda: out * upstream, step)
        yield Candidate(SUM_ADDED, lambda: 2 * out * upstream - right, step)
        yield Candidate(SUM_OF_UPSTREAM, lambda: out * (upstream - upstream.sum(axis=op.axis, keepdims=True)), step)
        yield Candidate(SUM_NOT_WEIGHTED, lambda: right + out * total - total, step)
    for axis in range(x.ndim):
        other = type(op)(axis)
        yield Candidate(ALONG_AXIS, lambda f=other: f.pull(upstream, out, x, [True])[0], step, {"axis": axis})
        yield Candidate(ALONG_AXIS, lambda f=other: f.pull(upstream, f(x), x, [True])[0], step, {"axis": axis})
    yield Candidate(OVER_EVERYTHING, lambda: type(op)(None).pull(upstream, out, x, [True])[0], step)


def in_gradient(gradient, steps, passes):
    """What people take for softmax(o) - one_hot, the gradient of a cross-entropy by its logits o."""
    for step in steps:
        op, o = step.node.op, passes.value_of(step.input)
        if isinstance(op, (Softmax, CrossEntropyOfClasses, CrossEntropyOfWeights)) and o.ndim == 2:
            axis = getattr(op, "axis", -1)
            yield from of_cross_entropy(step, gradient, Softmax(axis)(o), o, axis)


def of_cross_entropy(step, gradient, p, o, axis):
    of_class = np.take_along_axis(p, np.argmin(gradient, axis=axis, keepdims=True), axis)
    scale = np.abs(gradient).sum(axis=axis, keepdims=True) / (2 * (1 - of_class))
    t = np.round(p - gradient / scale)
    if not np.allclose(scale * (p - t), gradient, rtol=1e-3) or not (t.sum(axis=axis) == 1).all():
        return
    yield Candidate(slips.NO_ONE_HOT, lambda: scale * p, step)
    for off in (1, -1):
        label = {"off": "one too large" if off == 1 else "one too small"}
        yield Candidate(slips.OFF_BY_ONE, lambda off=off: scale * (p - np.roll(t, off, axis)), step, label)
    yield Candidate(slips.ALL_COLUMNS, lambda: scale * (p - t.max(axis=1 - axis % 2, keepdims=True)), step)
    yield Candidate(slips.BRANCHES_OF_CLASSES, lambda: scale * (p - (1 - t)), step)
    yield Candidate(slips.ONE_FROM_ALL, lambda: scale * (p - 1), step)
    yield Candidate(slips.OTHER_ORDER, lambda: scale * (p - np.flip(t, axis=1 - axis % 2)), step)
    yield Candidate(slips.LOGITS, lambda: scale * (o - t), step)
    yield Candidate(slips.NO_SOFTMAX, lambda: -scale * t / p, step)
    yield Candidate(slips.DECIDED, lambda: scale * ((p == p.max(axis=axis, keepdims=True)) - t), step)


def transposed_operands(step, upstream, out, xs):
    """The pull of a matrix product with one of its matrices transposed, where the shapes hide it."""
    op, position = step.node.op, step.position
    for i in (0, 1):
        if i != position and is_square(xs[i]):
            product = partial(contribution_of, op, upstream, out, with_transposed(xs, i), position)
            yield Candidate(OPERAND_TRANSPOSED, product, step, {"i": i + 1})
    if is_square(upstream):
        product = partial(contribution_of, op, upstream.swapaxes(-1, -2), out, xs, position)
        yield Candidate(UPSTREAM_TRANSPOSED, product, step)


def is_square(x):
    return np.ndim(x) >= 2 and x.shape[-1] == x.shape[-2]


def with_transposed(xs, i):
    return [x.swapaxes(-1, -2) if i == j else x for j, x in enumerate(xs)]


def is_summed(upstream, right):
    """Whether the right contribution is the upstream gradient, summed over the copies of what was broadcast."""
    if np.shape(upstream) == np.shape(right):
        return False
    try:
        return np.allclose(SumTo(np.shape(right))(upstream), right)
    except (ValueError, IndexError):
        return False


def unsummed(step, upstream, right):
    """What people take for the gradient of an array that was broadcast, which is the sum over its copies."""
    shape, copies = right.shape, upstream.size // max(right.size, 1)
    gaps = {"small": shape, "large": upstream.shape}
    yield Candidate(NOT_SUMMED, lambda: upstream, step, gaps)
    yield Candidate(MEAN_OF_COPIES, lambda: right / copies, step, gaps | {"n": copies})
    for axis in range(upstream.ndim):
        for keepdims in (False, True):
            other = np.add.reduce(upstream, axis=axis, keepdims=keepdims)
            if other.size != right.size or not np.allclose(other.reshape(shape), right):
                yield Candidate(SUMMED_OVER_OTHER, partial(np.asarray, other), step, gaps | {"axis": axis})
                yield Candidate(SUMMED_OVER_OTHER, partial(np.reshape, other, shape), step, gaps | {"axis": axis})
    yield Candidate(FIRST_COPY, lambda: upstream[0].reshape(shape), step, gaps | {"n": copies})
    yield Candidate(LAST_COPY, lambda: upstream[-1].reshape(shape), step, gaps | {"n": copies})
    yield Candidate(SUMMED_OVER_ALL, lambda: np.asarray(upstream.sum()), step, gaps)
    yield Candidate(SUMMED_OVER_ALL, lambda: np.full(shape, upstream.sum()), step, gaps)


def in_value(node, value, xs, passes):
    """What the value of an operator on arrays may be instead."""
    op = node.op
    if op.matrix_product:
        for i in (0, 1):
            if is_square(xs[i]):
                yield Candidate(TRANSPOSED_IN_VALUE, partial(op.forward, *with_transposed(xs, i)), gaps={"i": i + 1})
        if np.shape(xs[0]) == np.shape(xs[1]):
            yield Candidate(STAR_FOR_AT, lambda: xs[0] * xs[1])
    if op is multiply and is_square(xs[0]) and np.shape(xs[0]) == np.shape(xs[1]):
        yield Candidate(AT_FOR_STAR, lambda: xs[0] @ xs[1])
    if isinstance(op, Softmax):
        for axis in range(xs[0].ndim):
            yield Candidate(OVER_OTHER_AXIS, partial(type(op)(axis), xs[0]), gaps={"axis": op.axis, "other": axis})
        e = np.exp(xs[0] - np.max(xs[0], axis=op.axis, keepdims=True))  # who takes the largest off along the right axis
        if type(op) is Softmax:
            for axis in range(xs[0].ndim):
                over = partial(np.divide, e, e.sum(axis=axis, keepdims=True))
                yield Candidate(OVER_OTHER_AXIS, over, gaps={"axis": op.axis, "other": axis, "by": "sum"})
            yield Candidate(OVER_ALL_AXES, partial(np.divide, e, e.sum()), gaps={"by": "sum"})
        yield Candidate(OVER_ALL_AXES, partial(type(op)(tuple(range(xs[0].ndim))), xs[0]))
        yield Candidate(slips.OTHER_FUNCTION, lambda: sigmoid(xs[0]), gaps={"other": "sigmoid"})
    yield from of_other_labels(op, xs)
    if isinstance(op, Reduction) and op.axis is not None:
        for other in range(np.ndim(xs[0])):
            gaps = {"axis": op.axis, "other": other}
            yield Candidate(OVER_OTHER_AXIS, partial(type(op)(other, op.keepdims).forward, xs[0]), gaps=gaps)


def of_other_labels(op, xs):
    """What comes of labels that count from another number."""
    for off in (1, -1):
        label = {"off": "one too large" if off == 1 else "one too small"}
        if isinstance(op, CrossEntropyOfClasses):
            others = CrossEntropyOfClasses((op.classes + off) % xs[0].shape[1])
            yield Candidate(slips.OFF_BY_ONE, partial(others, xs[0]), gaps=label)
        if isinstance(op, Index) and isinstance(op.key, tuple) and len(op.key) == 2 and np.ndim(op.key[1]):
            key = op.key[0], (op.key[1] + off) % xs[0].shape[1]
            yield Candidate(slips.OFF_BY_ONE, partial(Index(key), xs[0]), gaps=label)
        if op is multiply and np.ndim(xs[0]) == 2:
            for i, t in enumerate(xs):
                if np.isin(t, (0, 1)).all() and {1} in (set(t.sum(axis=0)), set(t.sum(axis=1))):
                    moved = partial(np.multiply, np.roll(t, off, axis=1), xs[1 - i])
                    yield Candidate(slips.OFF_BY_ONE, moved, gaps=label)


def in_number(number):
    """What any array may be instead."""
    if np.ndim(number) < 1:
        return
    if np.ndim(number) > 1:
        yield Candidate(TRANSPOSED_ARRAY, lambda: number.swapaxes(-1, -2))
