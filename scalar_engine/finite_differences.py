"""The derivative by finite differences, for any graph: slow, but it needs no rule, so it can check all of them."""

from __future__ import annotations

from itertools import product

from .faces import as_written, table
from .passes import current_order, forward_pass, gradients

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from .graph import Node


class GradCheck:
    """What `gradcheck` found.

    entries     (leaf, analytic, numeric, error, index) of each element of each leaf that requires a gradient, the worst
                first; the index of a number is ()
    tolerance   the largest error that passes
    """

    def __init__(self, entries: Iterable[tuple[Node, float, float, float, tuple[int, ...]]], tolerance: float) -> None:
        self.entries = sorted(entries, key=lambda entry: -entry[3] if entry[3] == entry[3] else float("-inf"))
        self.tolerance = tolerance

    @property
    def ok(self) -> bool:
        return all(entry[3] <= self.tolerance for entry in self.entries)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        leaf, analytic, numeric, error, index = self.entries[0]
        leaves, elements = len({entry[0] for entry in self.entries}), len(self.entries)
        return (
            f"backward pass and finite differences {'agree' if self.ok else 'DISAGREE'} on {leaves} leaves"
            f"{f' of {elements} elements' if elements > leaves else ''}; "
            f"the worst is {name_of(leaf, index)}: "
            f"{analytic:.10g} and {numeric:.10g}, error {error:.1e}"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [
            (name_of(leaf, index), f"{analytic:.10g}", f"{numeric:.10g}", f"{error:.1e}")
            for leaf, analytic, numeric, error, index in self.entries
        ]
        return as_written(str(self)) + table(("leaf", "backward pass", "finite differences", "error"), rows)


def name_of(leaf: Node, index: tuple[int, ...]) -> str:
    """What a leaf, or an element of it, is called: "w", "W[0, 1]"."""
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{leaf.label or 'an unlabelled leaf'}{place}"


def gradcheck(root: Node, tolerance: float = 1e-7) -> GradCheck:
    """Compare d root / d leaf with finite differences for every leaf behind `root` that requires a gradient.

    Arrays are checked element by element; where the root is an array, it is the sum of its elements that is checked.
    The differences are central and of fourth order, (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, with h a
    thousandth of |x|, but at least 1e-5, and where that disagrees, a tenth of it. The error reported is
    |analytic - numeric| / max(1, |analytic|, |numeric|).

    At a kink, such as relu at 0, the two differ by nature. Raises ValueError if data was changed after the graph was
    made, for then its derivatives are those of neither, if a leaf has less than the 16 digits of float64, and if its
    gradient has another shape.
    """
    order = current_order(root, "gradcheck")
    leaves = [node for node in order if not node.inputs and node.requires_grad]
    if not leaves:
        raise ValueError("gradcheck: the graph has no leaf that requires a gradient")
    for leaf in leaves:
        if str(getattr(leaf.data, "dtype", "float64")) != "float64":
            raise ValueError(f"gradcheck: {leaf.describe()} is {leaf.data.dtype}; finite differences need float64")
    analytic = gradients(root)
    entries = []
    for leaf in leaves:
        shape, of_gradient = (getattr(array, "shape", ()) for array in (leaf.data, analytic[leaf]))
        if shape != of_gradient:
            raise ValueError(f"gradcheck: {leaf.describe()} has shape {shape}, and its gradient {of_gradient}")
        for index in product(*map(range, shape)):
            x, exact = (float(array[index] if index else array) for array in (leaf.data, analytic[leaf]))
            h = 1e-3 * max(1e-2, abs(x))
            numeric = difference(order, leaf, index, h)
            if not error_of(exact, numeric) <= tolerance:
                numeric = min(numeric, difference(order, leaf, index, h / 10), key=lambda d: error_of(exact, d))
            entries.append((leaf, exact, numeric, error_of(exact, numeric), index))
    return GradCheck(entries, tolerance)


def error_of(exact: float, numeric: float) -> float:
    return abs(exact - numeric) / max(1.0, abs(exact), abs(numeric))


def difference(order: list[Node], leaf: Node, index: tuple[int, ...], h: float) -> float:
    """d root / d leaf[index] by finite differences of step h."""
    up, down, far_up, far_down = (value_at(order, leaf, moved(leaf.data, index, k * h)) for k in (1, -1, 2, -2))
    return float((8 * (up - down) - (far_up - far_down)) / (12 * h))


def moved(data: Any, index: tuple[int, ...], shift: float) -> Any:
    """The data with `shift` added to one of its elements."""
    if not index:
        return data + shift
    data = data.copy()
    data[index] += shift
    return data


def total(data: Any) -> Any:
    """The sum of an array's elements; of a number, itself."""
    return data.sum() if hasattr(data, "sum") else data


def value_at(order: list[Node], leaf: Node, data: Any) -> Any:
    """The sum of the root's elements, had the leaf held that data. `order` is the graph's order."""

    def failed(node: Node, error: Exception) -> NoReturn:
        where = f"{leaf.label or 'a leaf'} = {leaf.brief(data)}"
        raise ValueError(f"gradcheck: {node.formula()} does not exist at {where} ({error})") from error

    return total(forward_pass(order, lambda x: data if x is leaf else x.data, failed=failed)[order[-1]])
