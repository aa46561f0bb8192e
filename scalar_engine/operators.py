"""The calculus, written once: one class an operator, with its forward rule and one derivative rule per input.

A rule `lambda out, a, b: ...` is a partial derivative d out / d input, given the operator's output and inputs. It uses
arithmetic and operators only, never a comparison or a branch, so that it runs on anything operators run on. Piecewise
behaviour lives in operators whose own derivative is 0 (step_functions.py).

At a kink a rule takes PyTorch's side: relu has slope 0 at 0, abs has slope 0 at 0, and two equal arguments of maximum
share the slope. At a pole (log 0, 1 / 0, the slope of sqrt at 0) floats raise, as Python's `math` does.
"""

from __future__ import annotations

import builtins
import math
import operator
import sys

from .graph import Operator
from .step_functions import comparison, equal, sign, step

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

# ---- arithmetic


class Add(Operator):
    symbol = "+"
    symmetric = True
    forward = operator.add
    partials = (
        lambda out, a, b: 1.0,
        lambda out, a, b: 1.0,
    )


class Subtract(Operator):
    symbol = "-"
    forward = operator.sub
    partials = (
        lambda out, a, b: 1.0,
        lambda out, a, b: -1.0,
    )


class Multiply(Operator):
    symbol = "*"
    symmetric = True
    forward = operator.mul
    partials = (
        lambda out, a, b: b,
        lambda out, a, b: a,
    )


class Divide(Operator):
    symbol = "/"
    forward = operator.truediv
    partials = (
        lambda out, a, b: 1 / b,
        lambda out, a, b: -out / b,
    )
    stable = {"exp": "softmax(o) or sigmoid(x), which never overflow"}


class Power(Operator):
    symbol = "**"
    forward = math.pow  # unlike **, it raises where the result is not real
    partials = (
        lambda out, x, y: y * lowered(x, y, 1),
        lambda out, x, y: powlog(out, x),
    )


class Negative(Operator):
    symbol = "-"
    forward = operator.neg
    partials = (lambda out, x: -1.0,)


# ---- elementary functions


class Exp(Operator):
    """exp(x) = e ** x."""

    symbol = "exp"
    forward = math.exp
    partials = (lambda out, x: out,)
    stable = {"": "softmax, logsumexp or sigmoid, which never overflow, if that is what it is for"}


class Log(Operator):
    """log(x), the natural logarithm; x > 0."""

    symbol = "log"
    logarithmic = True
    forward = math.log
    partials = (lambda out, x: 1 / x,)
    stable = {
        "softmax": "log_softmax(o) instead of log(softmax(o))",
        "exp": "x itself instead of log(exp(x))",
        "divide": "log_softmax(o) instead of log(exp(o) / sum(exp(o)))",
        "sigmoid": "-softplus(-x) instead of log(sigmoid(x))",
        "add": "softplus(x) instead of log(1 + exp(x)), or logsumexp for a longer sum",
        "sum": "logsumexp(o) instead of log(sum(exp(o)))",
        "": "xlogy(x, y) if it is x * log(y) with x = 0, or a small number added",
    }


class Sqrt(Operator):
    """sqrt(x), the square root; x >= 0, and slope only above 0."""

    symbol = "sqrt"
    forward = math.sqrt
    partials = (lambda out, x: 0.5 / out,)
    stable = {"": "sqrt(x + 1e-12), whose slope is finite at 0"}


class Sin(Operator):
    """sin(x), x in radians."""

    symbol = "sin"
    forward = math.sin
    partials = (lambda out, x: cos(x),)


class Cos(Operator):
    """cos(x), x in radians."""

    symbol = "cos"
    forward = math.cos
    partials = (lambda out, x: -sin(x),)


class Tanh(Operator):
    """tanh(x), between -1 and 1."""

    symbol = "tanh"
    forward = math.tanh
    partials = (lambda out, x: 1 - out**2,)


class Sigmoid(Operator):
    """sigmoid(x) = 1 / (1 + exp(-x)), computed from exp of a negative number, which never overflows."""

    symbol = "sigmoid"
    partials = (lambda out, x: out * (1 - out),)

    def forward(x):
        if x >= 0:
            return 1 / (1 + math.exp(-x))
        e = math.exp(x)
        return e / (1 + e)


class Softplus(Operator):
    """softplus(x) = log(1 + exp(x)), computed from exp of a negative number, which never overflows."""

    symbol = "softplus"
    partials = (lambda out, x: sigmoid(x),)

    def forward(x):
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


# ---- functions with a kink; a NaN stays a NaN


class Absolute(Operator):
    """abs(x); slope 0 at 0."""

    symbol = "abs"
    forward = abs
    partials = (lambda out, x: sign(x),)


class ReLU(Operator):
    """relu(x) = max(x, 0); slope 0 at 0."""

    symbol = "relu"
    forward = lambda x: 0.0 if x <= 0 else x
    partials = (lambda out, x: step(out),)


class Maximum(Operator):
    """maximum(a, b), the larger one; equal ones share the slope."""

    symbol = "maximum"
    symmetric = True
    forward = lambda a, b: a if a >= b or a != a else b
    partials = (
        lambda out, a, b: (1 + comparison(a, b)) / 2,
        lambda out, a, b: (1 + comparison(b, a)) / 2,
    )


class Minimum(Operator):
    """minimum(a, b), the smaller one; equal ones share the slope."""

    symbol = "minimum"
    symmetric = True
    forward = lambda a, b: a if a <= b or a != a else b
    partials = (
        lambda out, a, b: (1 - comparison(a, b)) / 2,
        lambda out, a, b: (1 - comparison(b, a)) / 2,
    )


# ---- what the rules above are made of


class LoweredPower(Operator):
    """x ** (y - k), as k slopes of x ** y have it, and 0 where y is one of 0, ..., k - 1 and that is not finite.

    For x ** 0 has slope 0 everywhere, x ** 1 the second slope 0, and so on, 0 included.
    """

    symbol = "lowered"
    partials = (
        lambda out, x, y, k: (y - k) * lowered(x, y, k + 1),
        lambda out, x, y, k: powlog(out, x),
        lambda out, x, y, k: -powlog(out, x),
    )

    def forward(x, y, k):  # no lambda: programs call it by its name, and would write that out at every slope of x ** y
        if y >= 0 and y < k and y % 1 == 0 and abs(x) < SMALLEST_INVERTIBLE ** (1 / k):
            return 0.0
        return math.pow(x, y - k)


SMALLEST_INVERTIBLE = 1 / sys.float_info.max


class PowLog(Operator):
    """p * log(x), and 0 where x = 0: the slope of p = x ** y by y, which is 0 where x = 0 whatever y is."""

    symbol = "powlog"
    forward = lambda p, x: 0.0 if x == 0 else p * math.log(x)
    partials = (
        lambda out, p, x: log(x + equal(x, 0.0)),
        lambda out, p, x: p / (x + equal(x, 0.0)),
    )


class XLogY(Operator):
    """xlogy(x, y) = x * log(y), and 0 where x = 0 whatever y is, as information theory has it."""

    symbol = "xlogy"
    logarithmic = True
    forward = lambda x, y: 0.0 if x == 0 else x * math.log(y)
    partials = (
        lambda out, x, y: log(y),
        lambda out, x, y: x / y,
    )


# ---- operators of a whole list


class ListOperator(Operator):
    """An operator of one list, of any length: its local derivatives come all at once instead of one rule per input."""

    def __call__(self, xs: Iterable[Any]) -> Any:
        return self.apply(*xs)


class Sum(ListOperator):
    """sum([x_1, ..., x_n]) = x_1 + ... + x_n, one node instead of n - 1."""

    symbol = "sum"
    symmetric = True
    forward = lambda *xs: builtins.sum(xs)

    def locals(self, out, *xs, needs):
        return [1.0] * len(xs)


class Dot(ListOperator):
    """dot([w_1, ..., w_n], [x_1, ..., x_n]) = sum of w_i * x_i; its inputs are w_1, ..., w_n, x_1, ..., x_n."""

    symbol = "dot"
    lists = 2

    def __call__(self, ws: Sequence[Any], xs: Sequence[Any]) -> Any:
        if len(ws) != len(xs):
            raise ValueError(f"dot: needs two lists of one length, not {len(ws)} and {len(xs)}")
        return self.apply(*ws, *xs)

    def forward(*inputs):
        n = len(inputs) // 2
        return builtins.sum(map(operator.mul, inputs[:n], inputs[n:]))

    def locals(self, out, *inputs, needs):
        n = len(inputs) // 2
        return inputs[n:] + inputs[:n]

    def formula(self, *operands):
        n = len(operands) // 2
        return f"dot([{', '.join(operands[:n])}], [{', '.join(operands[n:])}])"


class LogSumExp(ListOperator):
    """logsumexp([x_1, ..., x_n]) = log(exp(x_1) + ... + exp(x_n)), computed from exp(x_i - max x): no overflow."""

    symbol = "logsumexp"
    logarithmic = True
    symmetric = True

    def __call__(self, xs: Iterable[Any]) -> Any:
        xs, shift = centred(xs)
        return self.apply(*xs) + shift if shift else self.apply(*xs)

    def forward(*xs):
        largest = max(xs, default=-math.inf)
        if math.isinf(largest):
            return math.nan if any(x != x for x in xs) else largest
        return largest + math.log(math.fsum([math.exp(x - largest) for x in xs]))

    def locals(self, out, *xs, needs):
        return [exp(x - out) for x in xs]


def centred(xs):
    """xs less the largest number, and that number, if it is so large that digits would be lost; or else xs and 0."""
    xs = list(xs)
    sizes = [getattr(x, "data", x) for x in xs]
    if all(isinstance(size, (int, float)) for size in sizes):
        largest = max(sizes, default=0.0)
        if 1e3 < abs(largest) < math.inf:
            return [x - largest for x in xs], largest
    return xs, 0.0


add, subtract, multiply, divide, power, negative = Add(), Subtract(), Multiply(), Divide(), Power(), Negative()
exp, log, sqrt, sin, cos, tanh, sigmoid, softplus = Exp(), Log(), Sqrt(), Sin(), Cos(), Tanh(), Sigmoid(), Softplus()
absolute, relu, maximum, minimum = Absolute(), ReLU(), Maximum(), Minimum()
lowered, powlog, xlogy = LoweredPower(), PowLog(), XLogY()
sum, dot, logsumexp = Sum(), Dot(), LogSumExp()
