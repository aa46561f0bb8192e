"""Linear systems, inverses and determinants of square matrices (..., n, n), one or a batch of them.

The rules are those of M. Giles, "An extended collection of matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008). Opened into scalars, a matrix is eliminated as by hand.
"""

import math
from typing import Any

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.graph import data_of

from ..kernels import halves_widened
from .array_operator import ArrayOperator
from .compositions import expand_dims
from .elements import array_of, each
from .further_reductions import ProdOver
from .products import unbroadcast
from .rearranging import Index


class OfSquares(ArrayOperator):
    """An operator of square matrices; it says what is wrong with others."""

    def mismatch(self, error, a, *more):
        shapes = ", ".join(map(str, (a, *more)))
        if a[-1:] != a[-2:-1] or not a:
            return f"{shapes}, needs square matrices (..., n, n): {a} is none"
        return f"{shapes}, a matrix is singular: its determinant is 0, and it has no inverse"


class Solve(OfSquares):
    """x such that a @ x = b, of (..., n, n) and (..., n, k); batches broadcast. A vector is made a matrix before."""

    symbol = "solve"

    @halves_widened
    def forward(self, a, b):
        return np.linalg.solve(a, b)

    def pull(self, upstream, out, a, b, needs):
        by_b = Solve()(a.swapaxes(-1, -2), upstream)
        by_a = unbroadcast(-by_b @ out.swapaxes(-1, -2), a.shape) if needs[0] else None
        return [by_a, unbroadcast(by_b, b.shape) if needs[1] else None]

    def mismatch(self, error, a, b):
        if isinstance(error, np.linalg.LinAlgError):
            return super().mismatch(error, a, b)
        if b[-2:-1] == a[-1:]:
            return f"{a}, {b}, batch axes {a[:-2]} and {b[:-2]} do not broadcast"
        n = a[-1]
        return f"{a}, {b}, {n} equations need b of ({n},) or (..., {n}, k): of a batch of vectors, write b[..., None]"

    def scalars(self, a, b):
        batch, n = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-1]
        rows = np.concatenate([np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b)], axis=-1)
        for index in np.ndindex(batch):
            pivots(rows[index], everywhere=True)
        return rows[..., n:]

    def scalar_count(self, out, a, b):
        n, k = out.shape[-2:]
        return math.prod(out.shape[:-2]) * (2 * n - 1) * (n * (n - 1) // 2 + n * k)


class Inverse(OfSquares):
    symbol = "inv"

    @halves_widened
    def forward(self, a):
        return np.linalg.inv(a)

    def pull(self, upstream, out, a, needs):
        transposed = out.swapaxes(-1, -2)
        return [-(transposed @ upstream @ transposed)]

    def composition(self, a):
        return Solve()(a, np.eye(a.shape[-1], dtype=a.dtype))


class Determinant(OfSquares):
    symbol = "det"

    @halves_widened
    def forward(self, a):
        return np.linalg.det(a)

    def pull(self, upstream, out, a, needs):
        try:
            inverse = Inverse()(a)
        except np.linalg.LinAlgError:
            raise RuntimeError(
                f"det: {a.shape}, a matrix is singular, and the gradient's rule, det(a) * inv(a).T, asks its inverse: "
                f"write det(a + 1e-9 * np.eye({a.shape[-1]}))"
            ) from None
        return [expand_dims(upstream * out, (-2, -1)) * inverse.swapaxes(-1, -2)]

    def scalars(self, a):
        rows, batch = a.copy(), a.shape[:-2]
        return array_of([ProdOver.of_list(pivots(rows[i], everywhere=False)) for i in np.ndindex(batch)], batch)

    def scalar_count(self, out, a):
        n = a.shape[-1]
        return out.size * (sum(m + 2 * m * m for m in range(n)) + max(n - 1, 0))


def pivots(rows, everywhere):
    """Elimination of an array of Values (n, n + k), in place, by the largest pivots, which it returns.

    everywhere      whether rows above a pivot are eliminated too: the last k columns then become the solution

    Where two rows change places, one also changes its sign, so that the determinant stays: it is the pivots' product.
    """
    n, found = len(rows), []
    for j in range(n):
        largest = max(range(j, n), key=lambda i: abs(rows[i, j].data))
        rows[[j, largest]] = rows[[largest, j]]
        found.append(rows[j, j])
        rows[j, j + 1 :] = each(scalar.divide, rows[j, j + 1 :], rows[j, j])
        for i in range(0 if everywhere else j + 1, n):
            if i != j:
                terms = rows[i, j + 1 :], each(scalar.multiply, rows[i, j], rows[j, j + 1 :])
                rows[i, j + 1 :] = each(scalar.subtract, *(terms[::-1] if i == largest else terms))
    return found


def solve(a: Any, b: Any) -> Any:
    """x such that a @ x = b, for square matrices a (..., n, n); batches broadcast.

    b           (n,), one vector; of more axes, as in NumPy 2, matrices (..., n, k)

    Raises ValueError, np.linalg.LinAlgError, where a matrix is singular or shapes do not fit.

    >>> solve(np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([5.0, 3.0])).tolist()
    [2.0, 1.0]
    """
    if np.ndim(data_of(b)) != 1:
        return Solve()(a, b)
    return Index((..., 0))(Solve()(a, expand_dims(b, -1)))


def inv(a: Any) -> Any:
    """The inverses of square matrices (..., n, n). `solve(a, b)` is more exact than `inv(a) @ b`, and quicker.

    Raises ValueError, np.linalg.LinAlgError, where a matrix is singular.

    >>> inv(np.array([[2.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, -1.0], [-1.0, 2.0]]
    """
    return Inverse()(a)


def det(a: Any) -> Any:
    """The determinants of square matrices (..., n, n), in the shape of the batch.

    Where a matrix is singular, the backward pass raises RuntimeError: there its rule, det(a) * inv(a).T, says
    nothing of the gradient, the cofactors.

    >>> float(det(np.array([[2.0, 1.0], [1.0, 1.0]])).round(9))
    1.0
    """
    return Determinant()(a)
