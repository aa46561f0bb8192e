"""What is to be shown: the nodes that somebody gave, or a sentence on what to give instead."""

from collections.abc import Iterable, Mapping
from typing import Any

from scalar_engine import Node


def roots_of(what: Any, by: str = "draw", takes: str = "a Value or a Tensor, or a list of them") -> list[Node]:
    """The nodes that were given to a function, one or several. Raises TypeError that says what to give instead."""
    if isinstance(what, Node):
        return [what]
    given = getattr(what, "__self__", None)
    if isinstance(given, Node):
        name = given.name or "y"
        raise TypeError(f"{by}: {name}.{what.__name__} is a method; {by}({name}) shows the graph behind {name}")
    if hasattr(what, "parameters"):
        name = type(what).__name__
        raise TypeError(f"{by}: a model ({name}) has no graph before it computes something: {by}(model(x))")
    if what is None:
        raise TypeError(f"{by}: None, which is what y.backward() returns: first y.backward(), then {by}(y)")
    several = list(what.values() if isinstance(what, Mapping) else what) if isinstance(what, Iterable) else []
    if not several or not all(isinstance(each, Node) for each in several):
        other = next((type(each).__name__ for each in several if not isinstance(each, Node)), None)
        inside = f" with {other} in it" if other else ""
        raise TypeError(f"{by}: takes {takes}, not {type(what).__name__}{inside}")
    return several
