"""The numbers in formulas. A third is a third: they are integers and fractions as long as they can be."""

from fractions import Fraction


def exact(number):
    """The number as people have it: an integer or a fraction where that is exact, and a float otherwise."""
    if type(number) is int:
        return number
    if type(number) is not Fraction:
        number = float(number)
        if not (abs(number) < 2**53 and (64 * number).is_integer()):
            return number
        number = Fraction(number)
    return number.numerator if number.denominator == 1 else number


def plain(number):
    """The number as Python's arithmetic has it."""
    return float(number) if type(number) is Fraction else number


def raised(number, exponent):
    """number ** exponent: a fraction if it can be one of not too many digits."""
    if number == 1 or exponent == 1:
        return number
    if type(number) is float or type(exponent) is not int or abs(exponent) > 64:
        return float(number) ** float(exponent)
    return Fraction(number) ** exponent
