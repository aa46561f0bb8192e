"""Whether a dataclass holds what its annotations say, and a Setup numbers that a run can have.

Files, command lines and callers all make them; what is wrong is said here once, in a line with the field's name.
"""

import math
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from types import UnionType
from typing import get_args, get_origin, get_type_hints


def require_plausible(instance):
    """Raises ValueError if a field of a dataclass, or of one within, holds another type than it is annotated with."""
    hints = get_type_hints(type(instance))
    for field in fields(instance):
        value = getattr(instance, field.name)
        if not fits(value, hints[field.name]):
            raise ValueError(f"{field.name} is {shortened(value)}, and must be {field.type}")


def fits(value, hint):
    """Whether a value is what a type hint says. JSON has lists for tuples, and whole numbers for floats."""
    kind, within = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return any(fits(value, each) for each in within)
    if kind in (tuple, list):
        return isinstance(value, (tuple, list)) and all(fits(each, within[0]) for each in value)
    if kind is dict:
        return isinstance(value, dict) and all(fits(k, within[0]) and fits(v, within[1]) for k, v in value.items())
    if kind in (int, float):
        return isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)
    is_one = isinstance(value, kind)
    if is_one and is_dataclass(value):
        require_plausible(value)
    return is_one


def require_ranges(setup, ranges):
    """Raises ValueError if a field is outside its range: {field: (lowest, whether that is allowed, the first above)}.

    What has no number, such as None and "full", is in any range; of a tuple each number is to be in it.
    """
    for name, (lowest, is_allowed, end) in ranges.items():
        value = getattr(setup, name)
        for number in value if isinstance(value, (tuple, list)) else [value]:
            if isinstance(number, Real) and not (lowest < number < end or is_allowed and number == lowest):
                above = f"{'at least' if is_allowed else 'above'} {lowest}"
                below = "" if end == math.inf else f" and below {end}"
                raise ValueError(f"{name} is {number}, and must be {above}{below}")


def shortened(value):
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."
