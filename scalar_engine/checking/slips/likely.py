"""The likely wrong answers at each step of both passes, and the slips that lead to them: for whoever asks before."""

from __future__ import annotations

from ...graph import topological_order
from .. import slips
from ..calculation import Passes
from ..elements import shape_of
from ..words import spoken_names
from .backward import step_candidates
from .candidates import sizes_in
from .forward import value_candidates

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...graph import Node
    from ...passes import Step

MOST = 4  # of one step


def likely_answers(root: Node, records: Iterable[Step]) -> list[list[tuple[float, str]]]:
    """For each Step of the graph behind `root`, as `steps` has them, [(wrong number, the slip that gives it)].

    The numbers are those of values, and of single contributions; arrays have none.

    >>> x = Value(2.0, "x")
    >>> y = (1 / x).named("y")
    >>> likely_answers(y, steps(y))[1][0]
    (0.25, 'missing minus: what comes through y = 1 / x has the wrong sign; is a minus missing?')
    """
    order = topological_order(root)
    names = spoken_names(order)
    sizes, passes = sizes_in(order, names), Passes(order, root.unit).forward().backward()
    return [found_at(step, passes, sizes, names, order) for step in records]


def found_at(step, passes, sizes, names, order):
    node = step.node if step.position is None else step.input
    if shape_of(step.node.data) or shape_of(node.data):
        return []
    if step.position is None:
        candidates = value_candidates(node, node.data, passes, sizes)
    else:
        candidates = step_candidates(step, passes)
    found = {}
    for candidate in candidates:
        number = None if shape_of(candidate.number) else float(candidate.number)
        if number and number not in found and candidate.known not in slips.LONG_SHOTS:
            slip = candidate.as_slip(node, passes.value_of, names, order)
            found[number] = f"{slip.kind}: {slip.text}"
            if len(found) == MOST:
                break
    return list(found.items())
