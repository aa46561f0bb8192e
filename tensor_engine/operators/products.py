"""Products of matrices, and einsum: sums of products named by the letters of axes, as NumPy has it."""

from functools import reduce
from operator import mul
from string import ascii_letters
from typing import Any

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.graph import data_of

from ..errors import inner_axes
from ..kernels import halves_widened
from .array_operator import ArrayOperator
from .elements import along, each, total
from .rearranging import BroadcastTo, SumTo


class MatMul(ArrayOperator):
    """(..., n, k) @ (..., k, m) -> (..., n, m); batches broadcast. Vectors are made into matrices before."""

    symbol = "@"
    matrix_product = True
    forward = np.matmul

    def pull(self, upstream, out, a, b, needs):
        by_a = unbroadcast(upstream @ b.swapaxes(-1, -2), a.shape) if needs[0] else None
        by_b = unbroadcast(a.swapaxes(-1, -2) @ upstream, b.shape) if needs[1] else None
        return [by_a, by_b]

    def mismatch(self, error, a, b):
        return f"{a} @ {b}, {inner_axes(a, b) or f'batch axes {a[:-2]} and {b[:-2]} do not broadcast'}"

    def scalars(self, a, b):
        products = each(scalar.multiply, a[..., :, None, :], b.swapaxes(-1, -2)[..., None, :, :])  # (..., n, m, k)
        return along(total, products, [-1])

    def scalar_count(self, out, a, b):
        k = a.shape[-1]
        return out.size * (k + (k != 1))


def unbroadcast(gradient, shape):
    return gradient if gradient.shape == shape else SumTo(shape)(gradient)


matmul = MatMul()


class Einsum(ArrayOperator):
    """The sum, over all letters that `out` has not, of the products of operands whose axes `terms` name.

    The gradient by an operand is the einsum of the upstream with the others. A letter that only this operand has is
    given to it by a vector of ones, a second place of the same letter (a diagonal) by an identity matrix.
    """

    symbol = "einsum"

    def __init__(self, terms, out):
        self.terms, self.out = terms, out

    @property
    def subscripts(self):
        return f"{','.join(self.terms)}->{self.out}"

    def formula(self, *operands):
        return f'einsum("{self.subscripts}", {", ".join(operands)})'

    @halves_widened
    def forward(self, *xs):
        lengths: dict[str, int] = {}
        for letter, n in zip("".join(self.terms), [n for x in xs for n in x.shape]):
            if lengths.setdefault(letter, n) != n:
                raise ValueError(f"axis {letter} has {lengths[letter]} elements in one place and {n} in another")
        out = np.einsum(self.subscripts, *xs, optimize=True)
        return np.copy(out) if len(xs) == 1 else out  # of one operand it may be a view

    def pull(self, upstream, out, *xs, needs):
        return [self.contribution(i, upstream, xs) if need else None for i, need in enumerate(needs)]

    def contribution(self, i, upstream, xs):
        others = [(term, x) for j, (term, x) in enumerate(zip(self.terms, xs)) if j != i]
        known = {*self.out, *"".join(term for term, _ in others)}
        unused = iter(sorted({*ascii_letters} - {*self.out, *"".join(self.terms)}))
        wanted = ""
        for letter, n in zip(self.terms[i], xs[i].shape):
            if letter in wanted:
                others.append((letter + next(unused), np.eye(n, dtype=upstream.dtype)))
                letter = others[-1][0][1]
            elif letter not in known:
                others.append((letter, np.ones(n, upstream.dtype)))
            wanted += letter
        terms = self.out, *[term for term, _ in others]
        return Einsum(terms, wanted)(upstream, *[x for _, x in others])

    def mismatch(self, error, *shapes):
        named = ", ".join(f"{term} {shape}" for term, shape in zip(self.terms, shapes))
        return f"{self.subscripts}, {named}: {error}"

    def composition(self, *xs):
        letters = self.out + "".join(sorted({*"".join(self.terms)} - {*self.out}))
        product = reduce(mul, [spread(x, term, letters) for x, term in zip(xs, self.terms)])
        return product.sum(axis=tuple(range(len(self.out), len(letters)))) if len(letters) > len(self.out) else product


def spread(x, term, letters):
    """An operand with an axis for each of the letters, of length 1 for those that its term has not."""
    for letter in {letter for letter in term if term.count(letter) > 1}:
        while term.count(letter) > 1:  # the diagonal of two axes
            i = term.index(letter)
            j = term.index(letter, i + 1)
            rest = [axis for axis in range(len(term)) if axis not in (i, j)]
            every = np.arange(x.shape[i])
            x, term = x.transpose((i, j, *rest))[every, every], letter + "".join(term[axis] for axis in rest)
    order = [term.index(letter) for letter in letters if letter in term]
    shape = [x.shape[term.index(letter)] if letter in term else 1 for letter in letters]
    return (x.transpose(tuple(order)) if len(order) > 1 else x).reshape(tuple(shape))


def einsum(subscripts: str, *operands: Any) -> Any:
    """The sum of products that the letters of axes say, as NumPy's einsum: "ij,jk->ik" is a product of matrices.

    A letter that the result has not is summed over; without "->", the result has the letters that occur once. "..."
    stands for all other axes. Axes of one letter have one length, or are of length 1 and repeated. Raises ValueError
    where letters do not fit.

    >>> einsum("ij,j->i", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0])).tolist()
    [21.0, 43.0]
    >>> float(einsum("ii->", np.array([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    if not isinstance(subscripts, str):
        raise TypeError('einsum: its first argument is the letters of the axes, as in einsum("ij,jk->ik", a, b)')
    inputs, arrow, out = subscripts.replace(" ", "").partition("->")
    terms, shapes = inputs.split(","), [np.shape(data_of(x)) for x in operands]
    if len(terms) != len(operands):
        raise ValueError(f'einsum: "{subscripts}" names {len(terms)} operands, and {len(operands)} were given')
    used = "".join(terms)
    unused = sorted({*ascii_letters} - {*used, *out})
    more = [len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes)]
    more = [n if "..." in term else 0 for term, n in zip(terms, more)]
    rest = "".join(unused[: max(more, default=0)]) if min(more, default=0) >= 0 else ""
    terms = [term.replace("...", rest[len(rest) - n :]) for term, n in zip(terms, more)]
    if not arrow:
        once = sorted(letter for letter in {*used} - {"."} if used.count(letter) == 1)
        out = ("..." if rest else "") + "".join(once)
    out = out.replace("...", rest)
    named = [[*zip(term, shape)] for term, shape in zip(terms, shapes)]
    for term, shape in zip(terms, shapes):
        if len(term) != len(shape) or not {*term} <= {*ascii_letters}:
            raise ValueError(f'einsum: "{subscripts}" does not name the axes of {shape}, a letter for each')
    if not {*out} <= {*"".join(terms)} or len({*out}) < len(out):
        raise ValueError(f'einsum: "{subscripts}": the result may have each letter of the operands once')
    longest = {letter: max(n for pairs in named for a, n in pairs if a == letter) for letter in "".join(terms)}
    wanted = [tuple(longest[letter] if n == 1 else n for letter, n in pairs) for pairs in named]
    operands = tuple(x if a == b else BroadcastTo(b)(x) for x, a, b in zip(operands, shapes, wanted))
    return Einsum(tuple(terms), out)(*operands)
