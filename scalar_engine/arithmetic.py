"""Python's notation for the operators: what `a * b`, `-a`, `abs(a)` and `a.exp()` mean, on any kind of operand."""

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


class Arithmetic:
    """Gives a class that defines `apply_operator(op, *inputs)` the usual notation.

    `apply_operator` returns NotImplemented for an operand that it does not know, so that the operand gets its turn.
    """

    __slots__ = ()

    def __add__(self, other):
        return self.apply_operator(add, self, other)

    def __radd__(self, other):
        return self.apply_operator(add, other, self)

    def __sub__(self, other):
        return self.apply_operator(subtract, self, other)

    def __rsub__(self, other):
        return self.apply_operator(subtract, other, self)

    def __mul__(self, other):
        return self.apply_operator(multiply, self, other)

    def __rmul__(self, other):
        return self.apply_operator(multiply, other, self)

    def __truediv__(self, other):
        return self.apply_operator(divide, self, other)

    def __rtruediv__(self, other):
        return self.apply_operator(divide, other, self)

    def __pow__(self, other):
        return self.apply_operator(power, self, other)

    def __rpow__(self, other):
        return self.apply_operator(power, other, self)

    def __neg__(self):
        return self.apply_operator(negative, self)

    def __abs__(self):
        return self.apply_operator(absolute, self)

    def exp(self):
        return exp(self)

    def log(self):
        return log(self)

    def sqrt(self):
        return sqrt(self)

    def sin(self):
        return sin(self)

    def cos(self):
        return cos(self)

    def tanh(self):
        return tanh(self)

    def sigmoid(self):
        return sigmoid(self)

    def softplus(self):
        return softplus(self)

    def relu(self):
        return relu(self)
