"""Symbol: a name that operators build formulas from, simplified as a person would write them.

Nothing here knows a derivative: `Sigmoid`'s own rule, run on Symbols, gives `h1 * (1 - h1)`. What is here is school
algebra: like terms are added up, a common factor goes in front, and factors of 1 and double minus signs vanish.
"""

from __future__ import annotations

import math
from numbers import Real
from operator import attrgetter

from .. import operators
from ..arithmetic import Arithmetic
from .exact import exact, plain, raised
from .writing import LATEX, TEXT

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..graph import Operator


class Symbol(Arithmetic):
    """A formula; made by hand, a name, with its LaTeX if that is not plain. `str` writes Python, `.latex` for a paper.

    >>> h = Symbol("h1")
    >>> h * (1 - h), -(-h), 1.0 * h - 1, (1 / h) * h
    (h1 * (1 - h1), h1, h1 - 1, 1)

    Formulas are equal if they have the same terms or factors, in any order. The other kinds of formula, below, come
    of arithmetic and operators.
    """

    __slots__ = ("hash", "name", "tex")
    hash: int

    kind = "symbol"  # the method of a writer that writes it
    inner = ()  # the formulas that it is made of

    def __init__(self, name: str, tex: str = "") -> None:
        self.name = name
        self.tex = tex

    def key(self) -> tuple[Any, ...]:
        """What is equal in equal formulas."""
        return type(self), self.name

    def terms(self) -> dict[Symbol, Any]:
        """The formula as a sum: {term: coefficient}, the constant being the coefficient of ONE."""
        return {self: 1}

    def factors(self) -> tuple[Any, dict[Symbol, Any]]:
        """The formula as a product: its coefficient, and {base: exponent}."""
        return 1, {self: 1}

    def with_inner(self, change: Callable[[Symbol], Symbol]) -> Symbol:
        """The formula with change(x), which is a name or like x, instead of each of its `inner` formulas x."""
        return self

    def rebuilt(self, mapping: Mapping[Any, Any]) -> Any:
        return self

    def replace(self, mapping: Mapping[Any, Any]) -> Any:
        """The formula with each of the formulas in `mapping` replaced, wherever it occurs, by what it maps to.

        Put in for every name, numbers give a number and Values a Value: the operators run on what they are given.
        """
        return mapping[self] if self in mapping else self.rebuilt(mapping)

    @staticmethod
    def apply_operator(op: Operator, *inputs: Any) -> Any:
        """The formula op(*inputs)."""
        if not all(isinstance(x, (Symbol, Real)) for x in inputs):
            return NotImplemented
        formulas = [symbol(x) for x in inputs]
        simplified = ALGEBRA.get(op)
        return simplified(*formulas) if simplified else Application(op, formulas).if_known()

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Symbol) and hash(self) == hash(other) and self.key() == other.key()

    def __hash__(self) -> int:
        try:
            return self.hash
        except AttributeError:  # most formulas of a large program are never asked for it
            self.hash = hash(self.key())
            return self.hash

    @property
    def latex(self) -> str:
        """The formula as LaTeX, for a math environment."""
        return LATEX.formula(self)

    def __repr__(self) -> str:
        return TEXT.formula(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


class Number(Symbol):
    __slots__ = ("number",)

    kind = "number"

    def __init__(self, number):
        self.number = exact(number)

    def key(self):
        return Number, self.number

    def terms(self):
        return {ONE: self.number} if self.number else {}

    def factors(self):
        return self.number, {}

    def rebuilt(self, mapping):
        return plain(self.number)


class Total(Symbol):
    """A sum of at least two terms: {term: coefficient}."""

    __slots__ = ("parts",)

    kind = "total"
    inner = property(attrgetter("parts"))

    def __init__(self, parts):
        self.parts = parts

    def key(self):
        return Total, frozenset(self.parts.items())

    def terms(self):
        return self.parts

    def with_inner(self, change):
        parts = {change(term): coefficient for term, coefficient in self.parts.items()}
        if len(parts) == len(self.parts):
            return Total(parts)
        return total([(coefficient, change(term)) for term, coefficient in self.parts.items()])  # two are alike now

    def rebuilt(self, mapping):
        terms = [(coefficient, term.replace(mapping)) for term, coefficient in self.parts.items()]
        if any(isinstance(term, Symbol) for _, term in terms):
            return total((coefficient, symbol(term)) for coefficient, term in terms)
        return operators.sum([term if coefficient == 1 else plain(coefficient) * term for coefficient, term in terms])


class Product(Symbol):
    """coefficient x base ** exponent x ..., where {base: exponent}."""

    __slots__ = ("coefficient", "parts")

    kind = "product"
    inner = property(attrgetter("parts"))

    def __init__(self, coefficient, parts):
        self.coefficient = coefficient
        self.parts = parts

    def key(self):
        return Product, self.coefficient, frozenset(self.parts.items())

    def terms(self):
        if self.coefficient == 1:
            return {self: 1}
        bare = product(self.parts.items())  # a sum, if it is 2 * (a + b)
        return {term: self.coefficient * number for term, number in bare.terms().items()}

    def factors(self):
        return self.coefficient, self.parts

    def with_inner(self, change):
        parts = {change(base): exponent for base, exponent in self.parts.items()}
        if len(parts) == len(self.parts) and Number not in map(type, parts):
            return Product(self.coefficient, parts)
        return product([(change(base), exponent) for base, exponent in self.parts.items()], self.coefficient)

    def rebuilt(self, mapping):
        parts, found = dict(self.parts), {}
        for formula, replacement in mapping.items():
            while isinstance(formula, Product) and formula.coefficient == 1 and is_within(formula.parts, parts):
                for base, exponent in formula.parts.items():
                    parts[base] -= exponent
                place = next(base for base in parts if base in formula.parts)
                found.setdefault(place, []).append((replacement, 1))
        factors = []
        for base, exponent in parts.items():
            factors += found.get(base, [])
            if exponent:
                factors.append((base.replace(mapping), exponent))
        out = self.coefficient if any(isinstance(x, Symbol) for x, _ in factors) else plain(self.coefficient)
        for x, exponent in factors:
            out = out * x if exponent == 1 else out / x if exponent == -1 else out * operators.power(x, exponent)
        return out


class Application(Symbol):
    """An operator applied to formulas, where algebra has nothing to say."""

    __slots__ = ("op", "operands")

    kind = "application"
    inner = property(attrgetter("operands"))

    def __init__(self, op, operands):
        self.op = op
        self.operands = tuple(operands)

    def key(self):
        return Application, self.op, tuple(sorted(self.operands, key=hash)) if self.op.symmetric else self.operands

    def with_inner(self, change):
        return Application(self.op, map(change, self.operands))

    def if_known(self):
        """The whole number that it is, if it is one: sign(2) is 1, log(2) stays."""
        if all(type(x) is Number for x in self.operands):
            try:
                number = exact(self.op.forward(*[plain(x.number) for x in self.operands]))
            except (ArithmeticError, ValueError):
                return self
            return Number(number) if type(number) is int else self
        return self

    def rebuilt(self, mapping):
        operands = [x.replace(mapping) for x in self.operands]
        if any(isinstance(x, Symbol) for x in operands):  # a third among formulas stays exact
            operands = [old if type(old) is Number else new for old, new in zip(self.operands, operands)]
        return self.op(operands) if isinstance(self.op, operators.ListOperator) else self.op(*operands)


ZERO, ONE = Number(0), Number(1)


def symbol(x):
    return x if isinstance(x, Symbol) else Number(x)


def total(pairs):
    """The sum of coefficient x formula over the pairs: like terms added up, and a factor of all terms in front."""
    terms = {}
    for coefficient, x in pairs:
        for term, inner in x.terms().items():
            terms[term] = terms.get(term, 0) + coefficient * inner
    terms = {term: exact(coefficient) for term, coefficient in terms.items() if coefficient}
    if len(terms) < 2:
        return product([(term, 1) for term in terms], *terms.values()) if terms else ZERO
    common, number = common_factors(terms), common_number(terms.values())
    if not common and abs(number) == 1:
        return Total(terms)
    rest = [(inner / number, product([(term, 1), *inverted(common)])) for term, inner in terms.items()]
    return product([*common.items(), (total(rest), 1)], number)


def common_number(coefficients):
    """What can be taken out of all the coefficients: their size if they have one size, and a minus if all have it."""
    sizes = {abs(coefficient) for coefficient in coefficients}
    size = sizes.pop() if len(sizes) == 1 else 1
    return (size if size < math.inf else 1) * (-1 if max(coefficients) < 0 else 1)


def common_factors(terms):
    """{base: exponent} of what divides every term."""
    first, *others = [term.factors()[1] for term in terms]
    common = dict(first)
    for other in others:
        for base, exponent in list(common.items()):
            both = (exponent, other.get(base, 0))
            common[base] = min(both) if min(both) > 0 else max(both) if max(both) < 0 else 0
            if not common[base]:
                del common[base]
    return common


def inverted(parts):
    return [(base, -exponent) for base, exponent in parts.items()]


def product(pairs, coefficient=1):
    """coefficient x the product of formula ** exponent over the pairs; the exponents are numbers."""
    parts = {}
    for x, exponent in pairs:
        number, inner = x.factors()
        coefficient = coefficient * raised(number, exponent)
        for base, power in inner.items():
            parts[base] = parts.get(base, 0) + power * exponent
    parts = {base: exact(exponent) for base, exponent in parts.items() if exponent}
    coefficient = exact(coefficient)
    if coefficient == 0 or not parts:
        return Number(coefficient)
    if len(parts) == 1:
        ((base, exponent),) = parts.items()
        if exponent == 1 and coefficient == 1:
            return base
        if exponent == 1 and coefficient == -1 and type(base) is Total:
            return Total({term: -inner for term, inner in base.parts.items()})
    return Product(coefficient, parts)


def power(x, y):
    if type(y) is Number and (type(y.number) is int or not isinstance(x, (Number, Total, Product))):
        return product([(x, y.number)]) if y.number else ONE
    return Application(operators.power, (x, y)).if_known()


def lowered(x, y, k):
    if type(y) is Number and type(k) is Number and y.number not in range(int(k.number)):
        return power(x, Number(y.number - k.number))
    return Application(operators.lowered, (x, y, k))


def comparison(a, b):
    return ZERO if a == b else Application(operators.comparison, (a, b)).if_known()


def within(formula):
    """The formula and all those that it is made of, each once, in no particular order."""
    found, pending = {formula}, [formula]
    while pending:
        x = pending.pop()
        pending.extend(y for y in x.inner if y not in found)
        found.update(x.inner)
    return found


def is_within(inner, outer):
    """Whether a product {base: exponent} can be taken out of another."""
    return all(0 < exponent <= outer.get(x, 0) or 0 > exponent >= outer.get(x, 0) for x, exponent in inner.items())


ALGEBRA: dict[Operator, Callable[..., Any]] = {
    operators.add: lambda a, b: total([(1, a), (1, b)]),
    operators.subtract: lambda a, b: total([(1, a), (-1, b)]),
    operators.multiply: lambda a, b: product([(a, 1), (b, 1)]),
    operators.divide: lambda a, b: product([(a, 1), (b, -1)]),
    operators.negative: lambda a: product([(a, 1)], -1),
    operators.power: power,
    operators.lowered: lowered,
    operators.comparison: comparison,
    operators.sum: lambda *xs: total([(1, x) for x in xs]),
    operators.dot: lambda *xs: total([(1, w * x) for w, x in zip(xs[: len(xs) // 2], xs[len(xs) // 2 :])]),
}
