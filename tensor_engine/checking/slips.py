"""The slips that people make with arrays: transposed matrices, broadcasts that are not undone.

A Tensor names this file as its `further_slips`, and `check_steps` asks it: what else may have gone wrong in a step, in
a value, in a number? As with numbers, no derivative is written here: the operators' own pulls are run on a transposed
operand, a sum over the wrong axis is taken.
"""

from functools import partial

import numpy as np

from scalar_engine.checking.backward_slips import contribution_of
from scalar_engine.checking.candidates import Candidate
from scalar_engine.checking.slips import BROADCAST, LOCAL, TRANSPOSED, KnownSlip
from scalar_engine.operators import sigmoid

from ..array_operator import ArrayOperator
from ..operators import Reduction, Softmax
from ..rearranging import SumTo

SHAPE = "wrong shape"

OPERAND_TRANSPOSED = KnownSlip(
    TRANSPOSED, "matrix {i} of {formula} must be transposed in the product with the upstream gradient"
)
UPSTREAM_TRANSPOSED = KnownSlip(TRANSPOSED, "in the product for {formula}, the upstream gradient was transposed")
DIAGONAL = KnownSlip(LOCAL, "only the diagonal of softmax's Jacobian is there: every output depends on every input")
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
OVER_OTHER_AXIS = KnownSlip(BROADCAST, "{formula} goes over axis {axis}, and was taken over axis {other}")

TRANSPOSED_ARRAY = KnownSlip(TRANSPOSED, "it is transposed: its axes are exchanged")
AXIS_TOO_MANY = KnownSlip(SHAPE, "its numbers are right, with an axis of length 1 too many, axis {axis}")
AXES_LOST = KnownSlip(SHAPE, "its numbers are right, without their axes of length 1")


def in_step(step, passes):
    """What an operator on arrays may contribute instead to one of its inputs."""
    node, position, upstream, right = step.node, step.position, step.upstream, step.contribution
    op, out, xs = node.op, passes.value_of(node), [passes.value_of(x) for x in node.inputs]
    if is_matrix_product(op):
        yield from transposed_operands(step, upstream, out, xs)
    if np.ndim(upstream) and np.ndim(upstream) >= np.ndim(right) and is_summed(upstream, right):
        yield from unsummed(step, upstream, right)
    if isinstance(op, Reduction):
        yield Candidate(NOT_REPEATED, lambda: upstream, step)
    if type(op) is Softmax:
        yield Candidate(DIAGONAL, lambda: sigmoid.partials[0](out, xs[position]) * upstream, step)


def is_matrix_product(op):
    return isinstance(op, ArrayOperator) and op.matrix_product


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
    if is_matrix_product(op):
        for i in (0, 1):
            if is_square(xs[i]):
                yield Candidate(TRANSPOSED_IN_VALUE, partial(op.forward, *with_transposed(xs, i)), gaps={"i": i + 1})
    if isinstance(op, Reduction) and op.axis is not None:
        for other in range(np.ndim(xs[0])):
            gaps = {"axis": op.axis, "other": other}
            yield Candidate(OVER_OTHER_AXIS, partial(type(op)(other, op.keepdims).forward, xs[0]), gaps=gaps)


def in_number(number):
    """What any array may be instead."""
    if np.ndim(number) < 1:
        return
    if np.ndim(number) > 1:
        yield Candidate(TRANSPOSED_ARRAY, lambda: number.swapaxes(-1, -2))
    for axis in range(np.ndim(number) + 1):
        yield Candidate(AXIS_TOO_MANY, partial(np.expand_dims, number, axis), gaps={"axis": axis})
    yield Candidate(AXES_LOST, lambda: np.squeeze(number))
