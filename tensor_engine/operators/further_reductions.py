"""Further operators over axes: products, norms and variances, running sums and products, and what is by order.

Where elements are by order is said in integers, which choose among numbers, and have no derivative themselves.
"""

import math
from functools import partial, reduce
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from scalar_engine import operators as scalar
from scalar_engine.graph import data_of
from scalar_engine.operators import equal

from ..kernels import halves_widened
from .compositions import Axes, flip, take_along_axis, with_axis
from .elements import constant
from .rearranging import Index, concatenate, where
from .reductions import AlongAxis, MeanOver, Reduction, mean, sum

# ---- running sums and products


class CumSum(AlongAxis):
    symbol = "cumsum"
    of_list = staticmethod(partial(accumulate, func=scalar.add))

    @halves_widened
    def forward(self, x):
        return np.add.accumulate(x, self.axis)

    def pull(self, upstream, out, x, needs):
        return [flip(CumSum(self.axis)(flip(upstream, self.axis)), self.axis)]

    def scalar_count(self, out, x):
        return out.size - out.size // (out.shape[self.axis] or 1)


class CumProd(CumSum):
    symbol = "cumprod"
    of_list = staticmethod(partial(accumulate, func=scalar.multiply))

    @halves_widened
    def forward(self, x):
        return np.multiply.accumulate(x, self.axis)

    def pull(self, upstream, out, x, needs):
        # d out_i / d x_j is the running product with 1 in the place of x_j; a quotient would not exist at 0.
        x, upstream = x.swapaxes(self.axis, -1), upstream.swapaxes(self.axis, -1)
        n = x.shape[-1]
        without = where(np.eye(n, dtype=bool), 1.0, x.reshape((*x.shape[:-1], 1, n)))  # (..., j, i)
        slopes = where(np.tri(n, k=-1, dtype=bool), 0.0, CumProd(-1)(without))
        return [(slopes * upstream.reshape((*x.shape[:-1], 1, n))).sum(axis=-1).swapaxes(self.axis, -1)]


# ---- reductions


class ProdOver(Reduction):
    symbol = "prod"
    postfix = True
    of_list = staticmethod(lambda xs: reduce(scalar.multiply, xs) if xs else constant(1.0))

    @halves_widened
    def forward(self, x):
        return np.multiply.reduce(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        """The product of the others: of those before an element, and of those behind it."""
        n, shape = len(x.shape), x.shape
        over = normalize_axis_tuple(range(n) if self.axis is None or not n else self.axis, n)
        order = (*[i for i in range(n) if i not in over], *over)
        moved = x.transpose(order)
        rows = moved.reshape((*moved.shape[: n - len(over)], math.prod(shape[i] for i in over)))
        others = products_before(rows) * flip(products_before(flip(rows, -1)), -1)
        others = others.reshape(moved.shape).transpose(tuple(map(order.index, range(n))))
        return [self.expanded(upstream, x) * others]

    def scalar_count(self, out, x):
        return out.size * max(self.group_size(x) - 1, 0)


def products_before(x):
    """For each element the product of those before it along the last axis, 1 for the first."""
    with_one = concatenate([np.ones((*x.shape[:-1], 1), x.dtype), CumProd(-1)(x)], -1)
    return Index((..., slice(None, -1)))(with_one)


class NormOver(Reduction):
    """The square root of the sum of squares; slope 0 where that is 0, as in PyTorch."""

    symbol = "norm"
    of_list = staticmethod(lambda xs: scalar.sqrt(scalar.dot(xs, xs)) if xs else constant(0.0))

    @halves_widened
    def forward(self, x):
        return np.sqrt(np.add.reduce(x * x, axis=self.axis, keepdims=self.keepdims))

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream / (out + equal(out, 0.0)), x) * x]

    def scalar_count(self, out, x):
        return 2 * out.size


def prod(x: Any, axis: Axes | None = None, keepdims: bool = False) -> Any:
    """The product of the elements of x over an axis, or several, or all; `keepdims` leaves them with length 1.

    >>> prod(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1).tolist()
    [2.0, 12.0]
    """
    return ProdOver(axis, keepdims)(x)


def norm(x: Any, ord: Any = None, axis: Axes | None = None, keepdims: bool = False) -> Any:
    """The Euclidean length: the square root of the sum of squares over an axis, or several, or all.

    Of np.linalg.norm's other orders there are none: TypeError.

    >>> norm(np.array([[3.0, 4.0], [0.0, 2.0]]), axis=1).tolist()
    [5.0, 2.0]
    """
    n = np.ndim(data_of(x)) if axis is None else np.size(axis)
    if ord is not None and (ord, n) not in ((2, 1), ("fro", 2)):
        raise TypeError(f"norm: has no ord={ord!r} over {n} axes: write it with abs, sum and max; an axis is axis=...")
    return NormOver(axis, keepdims)(x)


def var(x: Any, axis: Axes | None = None, keepdims: bool = False, ddof: int = 0) -> Any:
    """The variance of n elements over an axis, or several, or all: the sum of squared deviations by n - ddof.

    >>> var(np.array([1.0, 2.0, 6.0])).round(4).tolist(), var(np.array([1.0, 2.0, 6.0]), ddof=1).tolist()
    (4.6667, 7.0)
    """
    deviations = x - mean(x, axis, keepdims=True)
    return sum(deviations * deviations, axis, keepdims) / divisor("var", x, axis, ddof)


def std(x: Any, axis: Axes | None = None, keepdims: bool = False, ddof: int = 0) -> Any:
    """The standard deviation, the square root of the variance; slope 0 where that is 0, as in PyTorch.

    >>> std(np.array([[1.0, 3.0], [2.0, 2.0]]), axis=1).tolist()
    [1.0, 0.0]
    """
    return norm(x - mean(x, axis, keepdims=True), None, axis, keepdims) / math.sqrt(divisor("std", x, axis, ddof))


def divisor(name, x, axis, ddof):
    n = MeanOver(axis).group_size(x)
    if n <= ddof:
        raise ValueError(f"{name}: {x.shape}, {n} elements, and with ddof={ddof} it takes more than {ddof}")
    return n - ddof


def cumsum(x: Any, axis: int | None = None) -> Any:
    """The sum of the elements up to each one along an axis, or among all elements.

    >>> cumsum(np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 3.0, 6.0]
    """
    x, axis = with_axis("cumsum", x, axis)
    return CumSum(axis)(x)


def cumprod(x: Any, axis: int | None = None) -> Any:
    """The product of the elements up to each one along an axis, or among all elements.

    >>> cumprod(np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 2.0, 6.0]
    """
    x, axis = with_axis("cumprod", x, axis)
    return CumProd(axis)(x)


# ---- by order


class ArgMax(Reduction):
    symbol = "argmax"

    def forward(self, x):
        return np.argmax(x, axis=self.axis, keepdims=self.keepdims)


class ArgMin(Reduction):
    symbol = "argmin"

    def forward(self, x):
        return np.argmin(x, axis=self.axis, keepdims=self.keepdims)


class ArgSort(AlongAxis):
    symbol = "argsort"

    def forward(self, x):
        return np.argsort(x, axis=self.axis, kind="stable")


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest element is along an axis, or among all: integers, which have no derivative.

    >>> argmax(np.array([[1.0, 5.0], [4.0, 2.0]]), axis=1).tolist()
    [1, 0]
    """
    return ArgMax(axis, keepdims)(x)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest element is along an axis, or among all: integers, which have no derivative.

    >>> argmin(np.array([[1.0, 5.0], [4.0, 2.0]]), axis=1).tolist()
    [0, 1]
    """
    return ArgMin(axis, keepdims)(x)


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Where the elements are along an axis, or among all, from the smallest on: integers, which have no derivative.

    >>> argsort(np.array([3.0, 1.0, 2.0])).tolist()
    [1, 2, 0]
    """
    x, axis = with_axis("argsort", x, axis)
    return ArgSort(axis)(x)


def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements along an axis, or all, from the smallest on; each takes its derivative along.

    >>> sort(np.array([3.0, 1.0, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    x, axis = with_axis("sort", x, axis)
    return take_along_axis(x, ArgSort(axis)(x), axis)


def topk(x: Any, k: int, axis: int = -1) -> tuple[Any, Any]:
    """The k largest elements along an axis, from the largest on, and where they are, as in PyTorch.

    >>> [part.tolist() for part in topk(np.array([3.0, 1.0, 2.0]), 2)]
    [[3.0, 2.0], [0, 2]]
    """
    x, axis = with_axis("topk", x, axis)
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"topk: {x.shape}, axis {axis} has not {k} elements")
    order = ArgSort(axis)(-x)
    order = Index((slice(None),) * axis + (slice(0, k),))(order)
    return take_along_axis(x, order, axis), order
