"""How precisely a number is given, and what is then right."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scalar_engine import Value, topological_order
from scalar_engine.checking.calculation import Calculation
from scalar_engine.checking.claims import Claims
from scalar_engine.checking.rounding import figures, half_units, seen_in, working_figures
from scalar_engine.naming import unique_names


def figures_of_decimal(x):
    _, digits, exponent = Decimal(str(x)).normalize().as_tuple()
    return (-exponent, len(digits)) if any(digits) else (0, 0)


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**20), 10**20)))
@example(1e22)
@example(-2.5e-07)
@example(100.0)
@example(-0.0)
def test_figures_are_those_of_the_decimal_number(x):
    assert figures(x) == figures_of_decimal(x)


@pytest.mark.parametrize(
    "x, expected",
    [
        ("0.50", (1, 1)), (np.float32(0.1), (1, 1)), (np.int64(120), (-1, 2)), (float("nan"), (0, 0)),
        (float("inf"), (0, 0)), (-float("inf"), (0, 0)), (True, (0, 0)), (Fraction(1, 3), (0, 0)), ("1E+2", (-2, 1)),
    ],
)  # fmt: skip
def test_figures_of_what_is_no_plain_float(x, expected):
    assert figures(x) == expected


def test_half_a_unit_of_the_last_decimal():
    def working(*numbers):
        return working_figures([seen_in(x) for x in numbers])[:2]

    def halves(*numbers):
        seen = [seen_in(x) for x in numbers]
        return half_units(seen, working_figures(seen))

    assert working(0.4404, 0.5, 2) == (4, 4) and working(1, 0.5) == (4, 4) and working(0.12) == (2, 2)
    assert halves(0.4404, 0.5) == [0.5e-4, 0.5e-4] and halves(0.123456789) == [0.5e-9]
    assert halves(1.2, 0.042) == [0.05, 0.5e-3] and halves("0.20", "1") == [0.5e-2, 0.05]
    assert halves(0.0, 0.0) == [0.5e-4] * 2 and halves("0.00") == [0.5e-2] and halves(0.0, 0.1234) == [0.5e-4] * 2


def test_what_is_right_is_the_engines_number_or_follows_from_the_students_own():
    """y = x / 3 at x = 0.1234 claimed as 0.123: what follows, 0.041, may be off by what 0.1230 + 0.0005 leads to."""
    x = Value(0.1234, "x")
    k = (x * 1.0).named("k")
    y = (k / 3.0).named("y")
    claims = Claims(unique_names(topological_order(y)))
    for node, number in ((k, 0.123), (y, 0.041)):
        claims.add(node, "value", number)
    claims.settled()
    calculation = Calculation(y, claims)
    claim = claims.of(y, "value")
    own = calculation.rounding.own(claim, 0.041)
    assert own == pytest.approx(1e-3, rel=1e-3) and calculation.rounding.own(claim, 0.041, rounded=True) < 0.51e-3
    inherited = (calculation.tolerance(claim) - own) / 3
    assert inherited == pytest.approx(0.5e-3 / 3, rel=0.05)
    assert calculation.first_wrong_claim("value") is None
    claim.data = 0.0435
    assert calculation.first_wrong_claim("value") is claim
