"""LayerCheck: what was found of a student's layer or update rule, as fields and as a remark for the student."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scalar_engine.faces import as_written, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalar_engine.checking.marks import Mark
    from scalar_engine.checking.step_check import StepCheck


class LayerCheck:
    """What `check_layer` found: true if all is right.

    >>> from tensor_engine import check_layer
    >>> check = check_layer(lambda y, t: (((y - t) ** 2).mean(), 2 * (t - y) / y.size), "mse")
    >>> check.ok, check.slip.kind, [(mark.name, mark.mark) for mark in check.marks]
    (False, 'missing minus', [('forward', 'right'), ('dy', 'wrong')])

    ok          whether forward, every gradient and the update are right
    marks       a `Mark` for each of them, in that order
    found       the StepCheck of the first wrong one; None if all are right, or the code raised an exception
    """

    def __init__(self, text: str, marks: Sequence[Mark], found: StepCheck | None = None) -> None:
        self.text = text
        self.marks = tuple(marks)
        self.found = found

    @property
    def ok(self) -> bool:
        return all(mark.ok for mark in self.marks)

    @property
    def slip(self) -> Any:
        return None if self.found is None else self.found.slip

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<check_layer: {self.text}>"

    def _repr_html_(self) -> str:
        rows = [(mark.name, mark.mark, mark.remark) for mark in self.marks]
        return as_written(self.text) + table(("step", "mark", "remark"), rows)
