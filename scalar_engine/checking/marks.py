"""Mark: what is said of one claim, for whoever gives points for it."""

from __future__ import annotations

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from typing import Any

RIGHT, WRONG, CONSISTENT, BLANK = "right", "wrong", "consistent", "blank"


class Mark:
    """The mark of one claim: a record of `check.marks`.

    >>> x = Value(2.0, "x")
    >>> y = (x * x).named("y")
    >>> [(mark.name, mark.mark) for mark in check_steps(y, {"y": 5.0, "dx": None}).marks]
    [('y', 'wrong'), ('dy/dx', 'blank')]

    name        what was claimed: "k1", "dl/dk1"
    mark        "right", "wrong", "consistent" (it follows from an earlier mistake, error carried forward) or "blank"
    remark      what there is to say beside; "" for nothing
    claim       the claim that it is about
    """

    __slots__ = ("claim", "mark", "name", "remark")

    def __init__(self, claim: Any, mark: str, remark: str = "", name: str = "") -> None:
        self.claim = claim
        self.mark = mark
        self.name = name
        self.remark = "; ".join(filter(None, [remark, getattr(claim, "remark", "")]))

    @property
    def ok(self) -> bool:
        return self.mark == RIGHT

    def __repr__(self) -> str:
        return f"<{self.name} {self.mark}{': ' * bool(self.remark)}{self.remark}>"
