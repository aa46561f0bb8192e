"""Further operators of numbers, beside those that the sheets need: the rest of `math`, remainders, and activations.

They are written as those in operators.py, to which nothing here is special.
"""

from __future__ import annotations

import builtins
import math

from .graph import Operator
from .operators import exp, maximum, minimum, relu, sqrt
from .step_functions import step

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from typing import Any

# ---- exponentials and logarithms


class Expm1(Operator):
    """expm1(x) = exp(x) - 1, with all its digits near 0."""

    symbol = "expm1"
    forward = math.expm1
    partials = (lambda out, x: exp(x),)


class Log1p(Operator):
    """log1p(x) = log(1 + x), with all its digits near 0; x > -1."""

    symbol = "log1p"
    logarithmic = True
    forward = math.log1p
    partials = (lambda out, x: 1 / (1 + x),)


class Log2(Operator):
    """log2(x), the logarithm to base 2; x > 0."""

    symbol = "log2"
    logarithmic = True
    forward = math.log2
    partials = (lambda out, x: 1 / (math.log(2) * x),)


class Log10(Operator):
    """log10(x), the logarithm to base 10; x > 0."""

    symbol = "log10"
    logarithmic = True
    forward = math.log10
    partials = (lambda out, x: 1 / (math.log(10) * x),)


class Erf(Operator):
    """erf(x), the error function: the chance that a normal number of variance 1/2 lies between -x and x, for x > 0."""

    symbol = "erf"
    forward = math.erf
    partials = (lambda out, x: 2 / math.sqrt(math.pi) * exp(-x * x),)


# ---- trigonometric and hyperbolic functions


class Tan(Operator):
    """tan(x), x in radians."""

    symbol = "tan"
    forward = math.tan
    partials = (lambda out, x: 1 + out**2,)


class Arcsin(Operator):
    """arcsin(x), in radians between -pi/2 and pi/2; -1 <= x <= 1, and slope only within."""

    symbol = "arcsin"
    forward = math.asin
    partials = (lambda out, x: 1 / sqrt((1 - x) * (1 + x)),)  # near 1, 1 - x ** 2 has lost its digits


class Arccos(Operator):
    """arccos(x), in radians between 0 and pi; -1 <= x <= 1, and slope only within."""

    symbol = "arccos"
    forward = math.acos
    partials = (lambda out, x: -1 / sqrt((1 - x) * (1 + x)),)


class Arctan(Operator):
    """arctan(x), in radians between -pi/2 and pi/2."""

    symbol = "arctan"
    forward = math.atan
    partials = (lambda out, x: 1 / (1 + x * x),)  # where x ** 2 raises, x * x is infinite


class Sinh(Operator):
    """sinh(x) = (exp(x) - exp(-x)) / 2."""

    symbol = "sinh"
    forward = math.sinh
    partials = (lambda out, x: cosh(x),)


class Cosh(Operator):
    """cosh(x) = (exp(x) + exp(-x)) / 2."""

    symbol = "cosh"
    forward = math.cosh
    partials = (lambda out, x: sinh(x),)


# ---- of a point in the plane; at (0, 0), where neither has a derivative, the rules divide by 0


class Arctan2(Operator):
    """arctan2(y, x), the angle of the point (x, y), in radians between -pi and pi."""

    symbol = "arctan2"
    forward = math.atan2
    partials = (
        lambda out, y, x: x / hypot(y, x) / hypot(y, x),  # x * x + y * y would soon be infinite, or 0
        lambda out, y, x: -y / hypot(y, x) / hypot(y, x),
    )


class Hypot(Operator):
    """hypot(x, y), the square root of x ** 2 + y ** 2, which neither overflows nor vanishes on the way."""

    symbol = "hypot"
    symmetric = True
    forward = math.hypot
    partials = (
        lambda out, x, y: x / out,
        lambda out, x, y: y / out,
    )


# ---- with a kink


class LeakyReLU(Operator):
    """leaky_relu(x, slope=0.01): x above 0, and slope * x up to 0, where its slope is that too."""

    symbol = "leaky_relu"
    forward = lambda x, slope: x if x > 0 else slope * x
    partials = (
        lambda out, x, slope: slope + (1 - slope) * step(x),
        lambda out, x, slope: -relu(-x),
    )

    def __call__(self, x: Any, slope: Any = 0.01) -> Any:
        return self.apply(x, slope)


class ELU(Operator):
    """elu(x, alpha=1.0): x above 0, and alpha * (exp(x) - 1) up to 0, where its slope is alpha."""

    symbol = "elu"
    forward = lambda x, alpha: x if x > 0 else alpha * math.expm1(x)
    partials = (
        lambda out, x, alpha: step(x) + alpha * (1 - step(x)) * exp(-relu(-x)),
        lambda out, x, alpha: expm1(-relu(-x)),
    )

    def __call__(self, x: Any, alpha: Any = 1.0) -> Any:
        return self.apply(x, alpha)


class Clip(Operator):
    """clip(x, min=None, max=None): x limited to the interval; its slope is 1 at both limits, as in PyTorch.

    A limit may be left out, or depend on what takes a gradient: it gets the slope where x is beyond it.
    """

    symbol = "clip"
    forward = lambda x, low, high: minimum.forward(maximum.forward(x, low), high)
    partials = (
        lambda out, x, low, high: (1 - step(low - x)) * (1 - step(x - high)),
        lambda out, x, low, high: step(low - x) * (1 - step(low - high)),
        lambda out, x, low, high: step(maximum(x, low) - high),
    )

    def __call__(self, x: Any, min: Any = None, max: Any = None) -> Any:
        return self.apply(x, -math.inf if min is None else min, math.inf if max is None else max)


# ---- whole numbers; an infinity stays one, and so does a NaN


class Floor(Operator):
    """floor(x), the largest whole number that is not above x: slope 0."""

    symbol = "floor"
    forward = lambda x: x if x - x != 0 else float(math.floor(x))
    partials = (lambda out, x: 0.0,)


class Ceil(Operator):
    """ceil(x), the smallest whole number that is not below x: slope 0."""

    symbol = "ceil"
    forward = lambda x: x if x - x != 0 else float(math.ceil(x))
    partials = (lambda out, x: 0.0,)


class Round(Operator):
    """round(x, decimals=0), the nearest whole number, and the even one of two; or of so many decimals: slope 0."""

    symbol = "round"
    forward = lambda x: x if x - x != 0 else float(builtins.round(x))
    partials = (lambda out, x: 0.0,)

    def __call__(self, x: Any, decimals: int = 0) -> Any:
        return self.apply(x * 10.0**decimals) / 10.0**decimals if decimals else self.apply(x)


class FloorDivide(Operator):
    """a // b, the whole number of times that b goes into a, rounded down: slope 0."""

    symbol = "//"
    forward = lambda a, b: a // b
    partials = (
        lambda out, a, b: 0.0,
        lambda out, a, b: 0.0,
    )


class Remainder(Operator):
    """a % b = a - (a // b) * b, with the sign of b."""

    symbol = "%"
    forward = lambda a, b: a % b
    partials = (
        lambda out, a, b: 1.0,
        lambda out, a, b: (out - a) / b,
    )


expm1, log1p, log2, log10, erf = Expm1(), Log1p(), Log2(), Log10(), Erf()
tan, arcsin, arccos, arctan, sinh, cosh = Tan(), Arcsin(), Arccos(), Arctan(), Sinh(), Cosh()
arctan2, hypot = Arctan2(), Hypot()
leaky_relu, elu, clip = LeakyReLU(), ELU(), Clip()
floor, ceil, round, floor_divide, remainder = Floor(), Ceil(), Round(), FloorDivide(), Remainder()
