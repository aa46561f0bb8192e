"""What is right within rounding: how precisely each number is given, and how far a right one may then be off.

A number says how it was rounded: 0.4404 has four decimals, so that the student's own lies within a unit of the
fourth, or within half of one if it was not cut off. A trailing zero cannot be seen in a float, so that 0.5 may be short
for 0.5000, and can in "0.50"; the other numbers tell.
"""

import random

from ..operators import maximum, minimum, sign
from .elements import is_finite, largest, roundoff, shape_of, size_of

EXACT = 8  # with more digits a number is not taken for rounded by hand
FULL = 16, 16, False  # the decimals and the digits of numbers that were not rounded
SEVERAL = 6  # numbers without two decimals, of which so many say that the student works with no more
CARELESS = 0.005  # by how much of itself a number may be rounded that a student did not write down

# ---- how precisely a number is given


def working_figures(seen):
    """With how many decimals a student seems to work who gives numbers of these `figures`, with how many digits, and
    whether it is the digits that are counted.

    Zeros alone tell nothing, and are taken for rounded, as numbers of four decimals are.
    """
    n = len(seen)
    seen = [(decimals, digits) for decimals, digits in seen if decimals or digits] or [(4, 4)]
    by_hand = [figures for figures in seen if figures[1] <= EXACT]
    if 2 * len(by_hand) <= len(seen):
        return FULL
    seen = by_hand
    most, digits = max(decimals for decimals, _ in seen), max(digits for _, digits in seen)
    whole = [decimals for decimals, n_digits in seen if n_digits == digits]
    by_digits = 3 * sum(decimals < most for decimals in whole) >= len(whole)  # as many digits, at other places
    by_digits = by_digits or min(whole) > digits >= 4  # or more than a number of 0.1 or more would show
    least = digits if digits >= 2 else 4
    return most if most >= 2 else 2 if n >= SEVERAL else 4, least, by_digits


def half_units(seen, working):
    """Half a unit of the last decimal of each number of these `figures`, by a student who works with so many."""
    if max((digits for _, digits in seen), default=0) > EXACT:
        return [0.5 * 10.0 ** -max(decimals for decimals, _ in seen)] * len(seen)
    return [half_unit(decimals, digits, *working) for decimals, digits in seen]


def half_unit(decimals, digits, working, significant, by_digits):
    """Half a unit of the last decimal that was not rounded away, of a number with so many decimals and digits.

    With two decimals or more, or four digits, what is seen is taken for all; with fewer, it is taken that zeros are
    not shown. As many significant digits as the student's other numbers have are enough in any case, and so are four.
    """
    if not digits:
        last = decimals or (working if working == FULL[0] else min(working, 4))
    else:
        last = decimals if decimals >= 2 or digits >= 4 else min(working, 4)
        if digits < 4:
            last = min(last, decimals - digits + max(min(significant, 4), digits))
    return 0.5 * 10.0 ** -min(last, 300)


def seen_in(x):
    """The `figures` of a number as it was written: of text, with the zeros at its end."""
    return figures(x, kept=isinstance(x, str))


def figures(x, kept=False):
    """The decimals and the significant digits with which a number prints; of 0 and what is not finite, none.

    `kept` counts the zeros at the end of the decimals, which text may have.

    >>> figures(0.0123), figures(1200.0), figures(2.5e-07), figures("0.50", kept=True)
    ((4, 3), (-2, 2), (8, 2), (2, 2))
    """
    mantissa, _, exponent = str(x).strip().lower().replace(",", ".").replace("\N{MINUS SIGN}", "-").partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    kept = kept and bool(fraction)
    digits = (whole + fraction) if kept else (whole + fraction).rstrip("0")
    if not digits.isdecimal():
        return 0, 0
    zeros = len(whole + fraction) - len(digits)
    return len(fraction) - zeros - int(exponent or 0), len(digits.lstrip("0"))


# ---- how far a right number may be off


class Rounding:
    """How far a claim may be off and be right, for a student who rounds: one of these two holds.

        |claim - right|   <=  own                     it is the engine's number, rounded or cut off
        |claim - student| <=  own + 3 x inherited     it follows from the student's own numbers, themselves rounded,
                      <=  own + 2 x inherited + |cut - student|                                or cut off

    own         a unit of the claim's last decimal, half of it if `rounded`, and a hair for the roundoff of floats
    inherited   the root mean square of (moved - student), where `moved` follows from the student's own numbers, each
                moved within its rounding, up or down at random; by a unit towards 0 for `cut`
    """

    def __init__(self, claims, order):
        self.claims = claims
        self.signs = Signs(order)

    def own(self, claim, number, rounded=False):
        """By how much the claim may be off if this is the right number."""
        half = claim.half if shape_of(claim.half) in ((), shape_of(number)) else largest(claim.half)
        return (1.000001 if rounded else 2.000001) * half + 2 * claim.roundoff * abs(number)

    def tolerance(self, claim, student, cut, moved):
        """How far the claim may be from `student`, which follows from the student's own numbers: see above."""
        squares, n = 0.0, 0
        for number in moved:
            difference = number - student
            square = difference * difference
            if is_finite(square):
                squares, n = squares + square, n + 1
        inherited = (squares / max(n, 1)) ** 0.5
        bias = abs(cut - student)
        bias = bias if is_finite(bias) else 0.0 * inherited
        return self.own(claim, student) + 2 * inherited + maximum(inherited, bias)

    def moved(self, node, kind, number, cut=False):
        """The student's number for a node's value or gradient, moved within its rounding; all towards 0 if `cut`."""
        if not node.requires_grad:  # a constant is exact: near 2, an exponent of a negative number is nothing
            return number
        claim = self.claims.of(node, kind)
        if claim is None:
            half, relative = self.claims.halves[kind] if node.inputs else (0.0, 0.0)
            half = minimum(half, maximum(0.5e-3, CARELESS * abs(number)))
            half = maximum(half, min(CARELESS, relative) * abs(number))
        else:
            half = claim.half if shape_of(claim.half) in ((), shape_of(number)) else largest(claim.half)
            cut = False  # it is the student's own
        relative = max(roundoff(node.data), self.claims.roundoff)
        # A number that is 0 stays so, and no other changes its sign: the mask of a relu is not lost in rounding.
        room = minimum(2 * half if cut else half, abs(number)) + relative * abs(number)
        return number - sign(number) * room if cut else number + self.signs.like(number) * room


class Signs:
    """Random numbers 1 and -1, in any shape; always the same sequence."""

    def __init__(self, order):
        self.rng = random.Random(0)
        self.pool = None
        if any(shape_of(node.data) for node in order):
            n = 2 * max(size_of(node.data) for node in order) + 64
            self.pool = type(order[-1])([self.rng.choice((-1.0, 1.0)) for _ in range(n)]).data

    def like(self, x):
        shape = shape_of(x)
        if not shape:
            return self.rng.choice((-1.0, 1.0))
        start = self.rng.randrange(len(self.pool) - x.size + 1)
        return self.pool[start : start + x.size].reshape(shape)
