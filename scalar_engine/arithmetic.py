"""Python's notation for the operators: what `a * b`, `-a`, `abs(a)` and `a.exp()` mean, on any kind of operand."""

from __future__ import annotations

from .further_operators import clip, floor_divide, remainder
from .operators import (
    absolute,
    add,
    cos,
    divide,
    exp,
    log,
    multiply,
    negative,
    power,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    subtract,
    tanh,
)

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from typing_extensions import Self


class Arithmetic:
    """Gives a class that defines `apply_operator(op, *inputs)` the usual notation.

    `apply_operator` returns NotImplemented for an operand that it does not know, so that the operand gets its turn.
    """

    __slots__ = ()
    apply_operator: Callable[..., Any]

    def __add__(self, other: Any) -> Self:
        return self.apply_operator(add, self, other)

    def __radd__(self, other: Any) -> Self:
        return self.apply_operator(add, other, self)

    def __sub__(self, other: Any) -> Self:
        return self.apply_operator(subtract, self, other)

    def __rsub__(self, other: Any) -> Self:
        return self.apply_operator(subtract, other, self)

    def __mul__(self, other: Any) -> Self:
        return self.apply_operator(multiply, self, other)

    def __rmul__(self, other: Any) -> Self:
        return self.apply_operator(multiply, other, self)

    def __truediv__(self, other: Any) -> Self:
        return self.apply_operator(divide, self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return self.apply_operator(divide, other, self)

    def __floordiv__(self, other: Any) -> Self:
        return self.apply_operator(floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Self:
        return self.apply_operator(floor_divide, other, self)

    def __mod__(self, other: Any) -> Self:
        return self.apply_operator(remainder, self, other)

    def __rmod__(self, other: Any) -> Self:
        return self.apply_operator(remainder, other, self)

    def __pow__(self, other: Any) -> Self:
        return self.apply_operator(power, self, other)

    def __rpow__(self, other: Any) -> Self:
        return self.apply_operator(power, other, self)

    def __neg__(self) -> Self:
        return self.apply_operator(negative, self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.apply_operator(absolute, self)

    def exp(self) -> Self:
        return exp(self)

    def log(self) -> Self:
        return log(self)

    def sqrt(self) -> Self:
        return sqrt(self)

    def sin(self) -> Self:
        return sin(self)

    def cos(self) -> Self:
        return cos(self)

    def tanh(self) -> Self:
        return tanh(self)

    def sigmoid(self) -> Self:
        return sigmoid(self)

    def softplus(self) -> Self:
        return softplus(self)

    def relu(self) -> Self:
        return relu(self)

    def clip(self, low: Any = None, high: Any = None) -> Self:
        return clip(self, low, high)
