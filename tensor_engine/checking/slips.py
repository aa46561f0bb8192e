"""The slips that people make with arrays, for `check_steps`: transposed matrices, broadcasts that are not undone.

Each is a list of (kind, how, function that computes what it would give). As with the slips of scalars, no derivative is
written here: the operators' own pulls are run on a transposed operand, a sum over the wrong axis is taken.
"""

from functools import partial

import numpy as np

from scalar_engine.checking import slips
from scalar_engine.checking.slips import BROADCAST, LOCAL, OPERATOR, TERM, TRANSPOSED, contribution_of
from scalar_engine.operators import sigmoid

from ..fused import Linear
from ..operators import MatMul, Reduction, Softmax
from ..rearranging import SumTo

SHAPE = "wrong shape"


def step_slips(step, on):
    """Slips in what an operator on arrays contributes to one of its inputs."""
    node, position, upstream, right = step.node, step.position, step.upstream, step.contribution
    op, out, xs = node.op, on(node), [on(x) for x in node.inputs]
    found = []
    if isinstance(op, (MatMul, Linear)):
        found += transposed_operands(op, upstream, out, xs, position)
    if np.ndim(upstream) and np.shape(upstream) != np.shape(right):
        summed = SumTo(np.shape(right))
        if np.ndim(upstream) >= np.ndim(right) and is_sum(summed, upstream, right):
            found += unsummed(upstream, right)
    if isinstance(op, Reduction):
        found += unexpanded(upstream)
    if isinstance(op, (MatMul, Linear)):
        found.append((LOCAL, "the upstream gradient was handed on through {formula} as it came", lambda: upstream))
    if type(op) is Softmax:
        diagonal = "only the diagonal of softmax's Jacobian is there: every output depends on every input"
        found.append((LOCAL, diagonal, lambda: sigmoid.partials[0](out, xs[0]) * upstream))
    return found


def transposed_operands(op, upstream, out, xs, position):
    """The pull of a matrix product with one of its matrices transposed, where the shapes hide it."""
    for i in (0, 1):
        if i != position and is_square(xs[i]):
            changed = [x.swapaxes(-1, -2) if i == j else x for j, x in enumerate(xs)]
            how = f"matrix {i + 1} of {{formula}} must be transposed in the product with the upstream gradient"
            yield TRANSPOSED, how, partial(contribution_of, op, upstream, out, changed, position)
    if is_square(upstream):
        how = "in the product for {formula}, the upstream gradient was transposed"
        yield TRANSPOSED, how, lambda: contribution_of(op, upstream.swapaxes(-1, -2), out, xs, position)


def is_square(x):
    return np.ndim(x) >= 2 and x.shape[-1] == x.shape[-2]


def is_sum(summed, upstream, right):
    try:
        return np.allclose(summed(upstream), right)
    except (ValueError, IndexError):
        return False


def unsummed(upstream, right):
    """What people take for the gradient of an array that was broadcast, which is the sum over its copies."""
    shape, copies = right.shape, upstream.size // max(right.size, 1)
    was = f"{{x}} was broadcast from {shape} to {upstream.shape}"
    yield BROADCAST, f"{was}, so its gradient must be summed over the copies", lambda: upstream
    yield BROADCAST, f"{was}: its gradient is the sum over the {copies} copies, not their mean", lambda: right / copies
    for axis in range(upstream.ndim):
        how = f"{was}, and its gradient was summed over the wrong axis, {axis}"
        for keepdims in (False, True):
            other = np.add.reduce(upstream, axis=axis, keepdims=keepdims)
            if other.size != right.size or not np.allclose(other.reshape(shape), right):
                yield BROADCAST, how, partial(np.asarray, other)
                yield BROADCAST, how, partial(np.reshape, other, shape)
    for place, row in (("first", 0), ("last", -1)):
        how = f"{was}: its gradient is the sum over the {copies} copies, and only the {place} is there (+=)"
        yield BROADCAST, how, lambda row=row: upstream[row].reshape(shape)
    how = f"{was}, and its gradient was summed over all axes"
    yield BROADCAST, how, lambda: np.asarray(upstream.sum())
    yield BROADCAST, how, lambda: np.full(shape, upstream.sum())


def unexpanded(upstream):
    """What people take for the gradient of an array that was reduced."""
    yield BROADCAST, "the upstream gradient of {formula} must be repeated to the shape of {x}", lambda: upstream


def value_slips(op, value, xs):
    """Slips in the value of an operator on arrays."""
    found = []
    if isinstance(op, (MatMul, Linear)):
        for i in (0, 1):
            if is_square(xs[i]):
                changed = [x.swapaxes(-1, -2) if i == j else x for j, x in enumerate(xs)]
                how = f"in {{formula}}, matrix {i + 1} was transposed"
                found.append((TRANSPOSED, how, partial(op.forward, *changed)))
    if isinstance(op, Linear):
        found.append((TERM, "the bias was left out of {formula}", lambda: xs[0] @ xs[1]))
    if isinstance(op, Reduction) and op.axis is not None:
        for axis in range(np.ndim(xs[0])):
            how = f"{{formula}} goes over axis {op.axis}, and was taken over axis {axis}"
            found.append((BROADCAST, how, lambda axis=axis: type(op)(axis, op.keepdims).forward(xs[0])))
    if isinstance(op, Reduction):
        found.append((OPERATOR, "{op} was not applied", lambda: xs[0]))
    return found


def number_slips(number):
    """Slips that any array may have suffered."""
    if np.ndim(number) < 1:
        return
    if np.ndim(number) > 1:
        yield TRANSPOSED, "it is transposed: its axes are exchanged", lambda: number.swapaxes(-1, -2)
    for axis in range(np.ndim(number) + 1):
        how = f"its numbers are right, with an axis of length 1 too many, axis {axis}"
        yield SHAPE, how, partial(np.expand_dims, number, axis)
    yield SHAPE, "its numbers are right, without their axes of length 1", lambda: np.squeeze(number)


slips.more_step_slips.append(step_slips)
slips.more_value_slips.append(value_slips)
slips.more_number_slips.append(number_slips)
