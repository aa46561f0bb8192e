"""Python's own syntax on a Tensor: truth, equality, iteration, conversion to an array, and updates in place.

Each means what its readers expect, as in NumPy and PyTorch, or raises and says what to write instead.
"""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING, Any

from scalar_engine.graph import Node, data_of

from . import modes
from .errors import taker_of, warn_of_loss
from .pytorch_names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from typing_extensions import Self


class ArrayProtocols:
    """Gives a node that holds an array what Python asks of objects."""

    __slots__ = ()

    def __eq__(self, other: Any) -> Any:
        """Element by element, as an array of booleans; nodes are still found by identity in sets and dicts."""
        return NotImplemented if other is None else self.data == data_of(other)

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if other is None else self.data != data_of(other)

    __hash__ = object.__hash__

    if not TYPE_CHECKING:  # to a type checker, what is not here is not here

        def __getattr__(self, name: str) -> Any:
            raise unknown("Tensor", name)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"{self.describe()} has shape {self.shape}, neither true nor false: write .data.any() or .all()"
            )
        return bool(self.data)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError(f"{self.describe()} is one number, and has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        """The one number. It is refused in a function being differentiated; elsewhere it is warned of if an array or a
        function of `math` takes it, whose results have no gradient.
        """
        self.notice_taker(sys._getframe(1), refused=modes.within.get())
        return float(self.item())

    def __int__(self) -> int:
        self.notice_taker(sys._getframe(1), refused=False)
        return int(self.item())

    def notice_taker(self, frame: FrameType, refused: bool) -> None:
        """Warn, or refuse, if an array or a function of `math`, where `frame` stands, takes the number of this node."""
        if not self.requires_grad or not modes.recording.get():
            return
        taker = taker_of(frame)
        if refused or (taker and modes.within.get()):
            raise TypeError(
                f"float of {self.describe()} loses its gradient, as math.sqrt(x) and out[i] = x of an array do: "
                f"np.sqrt and np.stack([...]) keep it, and x.item() is the number alone"
            )
        if taker:
            warn_of_loss(self, taker)

    def __format__(self, form: str) -> str:
        if not form or self.size == 1:
            return format(self.item(), form) if form else str(self)
        raise TypeError(f"{self.describe()} has shape {self.shape}, and {form!r} is a format of one number")

    def __setitem__(self, key: Any, value: Any) -> None:
        name = self.describe()
        raise TypeError(
            f"{name}[...] = ...: the elements of a Tensor are not written into, for graphs need the old ones: write "
            f"where(condition, value, {name}), or {name}.data[...] = ... if no gradient is wanted of it"
        )

    def __iadd__(self, other: Any) -> Self:
        return self.updated(operator.iadd, "+=", other)

    def __isub__(self, other: Any) -> Self:
        return self.updated(operator.isub, "-=", other)

    def __imul__(self, other: Any) -> Self:
        return self.updated(operator.imul, "*=", other)

    def __itruediv__(self, other: Any) -> Self:
        return self.updated(operator.itruediv, "/=", other)

    def __ipow__(self, other: Any) -> Self:
        return self.updated(operator.ipow, "**=", other)

    def updated(self, update: Callable[[Any, Any], Any], symbol: str, other: Any) -> Any:
        """This leaf, its array changed in place; what is computed, or has to be recorded, becomes a new Tensor instead.

        As in PyTorch, a leaf that takes a gradient can be changed inside `no_grad` only: RuntimeError otherwise.
        """
        is_leaf, recorded = self.op is None, modes.recording.get()
        if is_leaf and self.requires_grad and recorded:
            name = self.describe()
            raise RuntimeError(
                f"{name} takes a gradient, and {symbol} would leave it as it is: `with no_grad(): {name} {symbol} ...` "
                f"changes it in place, and so does {name}.data {symbol} ..."
            )
        if not is_leaf or (recorded and isinstance(other, Node) and other.requires_grad):
            return NotImplemented  # Python goes on with self + other
        self.data = update(self.data, data_of(other))
        return self
