"""The scalar operators, lifted to arrays: a NumPy kernel for each forward rule.

Only forward rules need one. The derivative rules are arithmetic and operators, and run on arrays as they stand. A
kernel has the name of its operator: `sigmoid` here is the forward rule of `scalar_engine.operators.sigmoid` on arrays.
"""

import math
from functools import partial, wraps

import numpy as np

from scalar_engine import further_operators as further
from scalar_engine import operators as scalar
from scalar_engine.graph import Operator

from .operators.array_operator import ArrayOperator

# The C library hands freed blocks above a threshold back to the system, and fresh ones cost a page fault every 4 KB.
# Freeing one large block, which is never written to, raises the threshold, so that a training step reuses its memory.
large_block = np.empty(30 << 20, np.uint8)
del large_block


def halves_widened(forward):
    """A forward rule that adds up: on float16 it runs in float32, for 70,000 ones are more than the largest float16."""

    @wraps(forward)
    def widened(self, *xs):
        if xs[0].dtype.char != "e":
            return forward(self, *xs)
        wide = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in xs]
        return forward(self, *wide).astype(np.float16)

    return widened


# ---- kernels that NumPy has not. Batched programs have their text, and call them with plain numbers too.


def power(x, y):
    if np.ndim(y) == 0 and y == 2:
        return np.square(x)
    return x**y if np.ndim(x) else np.power(x, y)


def sigmoid(x):
    out = np.negative(x)
    with np.errstate(over="ignore"):  # exp(-x) may overflow to inf, and 1 / inf is the 0 that sigmoid then is
        out = np.exp(out, out=out if out.ndim else None)
    out += 1
    return np.divide(1, out, out=out) if out.ndim else 1 / out


def relu(x):
    # Against an array of zeros, which is three times as fast as against the number 0.
    return np.maximum(x, np.zeros(np.shape(x)[-1:], np.result_type(x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def step(x):
    return np.greater(x, 0).astype(np.result_type(x))


def equal(x, y):
    return np.equal(x, y).astype(np.result_type(x, y))


def comparison(x, y):
    with np.errstate(invalid="ignore"):  # inf - inf, which are equal
        out = np.sign(np.subtract(x, y))
    return np.where(np.equal(x, y), out.dtype.type(0), out)


def lowered(x, y, k):
    is_zero = (y >= 0) & (y < k) & (np.floor(y) == y)
    if not np.any(is_zero):
        return power(x, y - k)
    with np.errstate(divide="ignore", over="ignore"):  # where y is 0, x ** -1 may be
        out = np.asarray(power(x, y - k))
    return np.where(is_zero & np.isinf(out), out.dtype.type(0), out)


def powlog(p, x):
    dtype = np.result_type(p, x)  # a Python number takes the array's
    p, x = np.broadcast_arrays(np.asarray(p, dtype), np.asarray(x, dtype))
    return np.multiply(p, np.log(x, out=np.zeros_like(x), where=x != 0), out=np.zeros_like(x), where=x != 0)


def xlogy(x, y):
    dtype = np.result_type(x, y)  # a Python number takes the array's
    x, y = np.broadcast_arrays(np.asarray(x, dtype), np.asarray(y, dtype))
    return x * np.log(y, out=np.zeros_like(y), where=x != 0)


def erf(x):
    """tanh(x p / q) of polynomials p and q in x ** 2, off by 7e-16, in float32 by 3e-7.

    p / q is a fit of atanh(erf(x)) / x up to x = 6, made for this file: the largest error, at 50 digits, is least.
    """
    x = np.clip(x, -6.0, 6.0)
    if x.dtype.itemsize < 8:
        above = 0.0021785327, 0.042647752, 0.27979783, 1.1283792
        below = 0.00032496489, 0.023691727, 0.1568846, 1.0
    else:
        above = (
            2.700026413912196e-09, 4.3422529162439993e-07, 1.4568378471333283e-05, 0.0002565576251118573,
            0.003018171371431265, 0.023977645755049338, 0.13725191638586522, 0.4874492034229145, 1.1283791670955124,
        )  # fmt: skip
        below = (
            1.4368277009652387e-10, 8.833855554567856e-08, 5.418456863636974e-06, 0.00011114553885182212,
            0.0015769222493765334, 0.013568354035146378, 0.0907716374521604, 0.3409107606188119, 1.0,
        )  # fmt: skip
    square = x * x
    p, q = above[0] * square, below[0] * square
    for a, b in zip(above[1:-1], below[1:-1]):
        p += a
        p *= square
        q += b
        q *= square
    return np.tanh(x * (p + above[-1]) / (q + below[-1]))


def leaky_relu(x, slope):
    return np.where(np.greater(x, 0), x, slope * x)


def elu(x, alpha):
    x = np.asarray(x, np.result_type(x, alpha))  # a Python number takes the array's
    return np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))


def clip(x, low, high):
    return np.minimum(np.maximum(x, low), high)


def logsumexp(*xs):
    stacked = np.stack(np.broadcast_arrays(*xs)).astype(np.result_type(*xs), copy=False)
    return logsumexp_over(stacked, axis=0)[0]


def logsumexp_over(x, axis):
    """log(sum(exp(x))) over an axis, or several, which keep length 1."""
    largest = np.maximum.reduce(x, axis=axis, keepdims=True)
    shift = np.where(np.isinf(largest), x.dtype.type(0), largest)
    with np.errstate(divide="ignore", over="ignore"):  # all elements may be -inf, or the largest inf
        return np.log(np.add.reduce(np.exp(x - shift), axis=axis, keepdims=True)) + shift


KERNELS = {
    scalar.add: np.add,
    scalar.subtract: np.subtract,
    scalar.multiply: np.multiply,
    scalar.divide: np.divide,
    scalar.power: power,
    scalar.negative: np.negative,
    scalar.exp: np.exp,
    scalar.log: np.log,
    scalar.sqrt: np.sqrt,
    scalar.sin: np.sin,
    scalar.cos: np.cos,
    scalar.tanh: np.tanh,
    scalar.sigmoid: sigmoid,
    scalar.softplus: softplus,
    scalar.absolute: np.abs,
    scalar.relu: relu,
    scalar.maximum: np.maximum,
    scalar.minimum: np.minimum,
    scalar.step: step,
    scalar.sign: np.sign,
    scalar.comparison: comparison,
    scalar.equal: equal,
    scalar.lowered: lowered,
    scalar.powlog: powlog,
    scalar.xlogy: xlogy,
    scalar.sum: scalar.sum.forward,
    scalar.dot: scalar.dot.forward,
    scalar.logsumexp: logsumexp,
    further.expm1: np.expm1,
    further.log1p: np.log1p,
    further.log2: np.log2,
    further.log10: np.log10,
    further.erf: erf,
    further.tan: np.tan,
    further.arcsin: np.arcsin,
    further.arccos: np.arccos,
    further.arctan: np.arctan,
    further.arctan2: np.arctan2,
    further.hypot: np.hypot,
    further.sinh: np.sinh,
    further.cosh: np.cosh,
    further.leaky_relu: leaky_relu,
    further.elu: elu,
    further.clip: clip,
    further.floor: np.floor,
    further.ceil: np.ceil,
    further.round: np.rint,
    further.floor_divide: np.floor_divide,
    further.remainder: np.remainder,
}


def kernel_of(op):
    """op's forward rule for arrays: its kernel, or else the rule itself, applied element by element."""
    return KERNELS.get(op) or partial(each_element, op.forward)


def each_element(rule, *xs):
    """A forward rule on the elements of arrays, as Python floats; NaN where it raises that there is no value."""

    def forward(*numbers):
        try:
            return rule(*numbers)
        except (ArithmeticError, ValueError):
            return math.nan

    with np.errstate(all="ignore"):  # as on floats, what counts is the result
        return np.vectorize(forward, otypes=[np.float64])(*xs).astype(np.result_type(*xs))


def forward_on_arrays(op, *xs):
    """op's forward rule on arrays, and numbers among them."""
    return op.forward(*xs) if isinstance(op, ArrayOperator) else kernel_of(op)(*xs)


def forward_on_lists(op, *xs):
    return forward_on_arrays(op, *[np.asarray(x) if isinstance(x, list) else x for x in xs])


Operator.forward_on[list] = forward_on_lists
# Numbers of NumPy's too, such as a sum over all axes. np.float64 is a float, but gives inf or nan where a float raises.
for kind in (np.ndarray, np.float16, np.float32, np.float64, np.longdouble):
    Operator.forward_on[kind] = forward_on_arrays
