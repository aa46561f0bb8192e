"""ArrayOperator: an operator whose forward rule is made for arrays, and what it says of itself.

Formulas, errors, scalarize and the stepper know no array operator by name: they ask it.
"""

from typing import Any

import numpy as np

from scalar_engine.graph import Node, Operator, data_of


class ArrayOperator(Operator):
    """An operator whose forward rule is made for arrays. It defines `pull`, in terms of operators, for its derivative.

    >>> class Halved(ArrayOperator):
    ...     symbol = "halved"
    ...     def forward(self, x):
    ...         return x / 2
    ...     def pull(self, upstream, out, x, needs):
    ...         return [upstream / 2]
    >>> Halved()(np.ones(3))
    array([0.5, 0.5, 0.5])

    What it needs beside arrays (an axis, a shape) it takes when it is made: `SumOver(axis=0)` is one operator. Two of
    a class that were made with the same are equal. Beside how it is written (`formula`, `postfix`), it may say

    moves           True: it only moves elements about, and makes no new number
    mismatch        what is wrong with shapes that do not fit
    scalars         which Values are behind its output, and with `scalar_count`, how many of them are new
    composition     composition(*inputs), instead of these two: itself in terms of other operators
    chooses         True: operands of integers or booleans choose among elements, and are not taken for numbers
    keeps           True: forward_keeping(*xs) gives, beside the output, what `pull` would compute again, `kept(x)` of
                    the first operand; the node keeps it, and it is handed to `pull` after xs, where there is one
    """

    elementwise = False
    forward_has_self = True
    chooses = False

    def formula(self, *operands: str) -> str:
        """The operator applied to operands in writing, and to what it was made with: "clip(x, -1.0, 1.0)"."""
        if self.infix:
            return super().formula(*operands)
        made_with = [written(x) for x in vars(self).values() if x is not None]
        return f"{self.symbol}({', '.join([*operands, *made_with])})"

    def mismatch(self, error: Any, *shapes: Any) -> str:
        """What to say of shapes that do not fit, `error` being NumPy's: "(2, 3), cannot reshape array of size 6"."""
        return f"{', '.join(map(str, shapes))}, {error}"

    def scalars(self, *values: Any) -> Any:
        """The Values behind the output from those behind the inputs, as arrays of them."""
        if not self.moves:
            raise TypeError(
                f"scalarize: the array operator {self.name} ({type(self).__name__}) is unknown; give it a "
                f"`composition(self, *inputs)` of operators that are known, or a `scalars(self, *values)`"
            )
        return self.forward(*values)

    def scalar_count(self, out: Any, *xs: Any) -> Any:
        """How many of these Values are new, told from the arrays: one an element of `out`, if it does not say."""
        return 0 if self.moves else np.size(out)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and identity(vars(self)) == identity(vars(other))

    def __hash__(self) -> int:
        return hash((type(self), identity(vars(self))))


def identity(x):
    """What makes two things that operators are made with the same: for arrays, their contents."""
    if isinstance(x, np.ndarray):
        return x.dtype.str, x.shape, x.tobytes()
    if isinstance(x, dict):
        return tuple((key, identity(value)) for key, value in x.items())
    if isinstance(x, (tuple, list)):
        return type(x), *map(identity, x)
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    return type(x), x


SHORT = 9  # elements of an array that is still written out in a formula


def written(x):
    """What an operator was made with, in writing: a shape (2, 3), an array [0, 2, 1], or array(60, 784) if long."""
    if isinstance(x, tuple):
        return f"({', '.join(map(written, x))}{',' * (len(x) == 1)})"
    if isinstance(x, slice):
        start, stop, step = ("" if part is None else part for part in (x.start, x.stop, x.step))
        return f"{start}:{stop}" if x.step is None else f"{start}:{stop}:{step}"
    if isinstance(x, (list, np.ndarray)) and np.ndim(x):
        return str(np.asarray(x).tolist()) if np.size(x) <= SHORT else f"array{np.shape(x)}"
    return "..." if x is Ellipsis else str(x)


def listed(parts):
    """A shape, axes or the key of an index between the parentheses of a call: (0, 2, 1) is "0, 2, 1", () "()"."""
    return ", ".join(map(written, parts)) if isinstance(parts, tuple) and parts else written(parts)


PLACE = "operand"  # in the key of an index: here an operand of the operator belongs


def is_choice(x):
    """Whether x is a node that holds integers or booleans: classes, a key or a condition, as an operand of its own."""
    return isinstance(x, Node) and x.data.dtype.kind in "biu"


def key_and_operands(key):
    """The key of an index with places for the nodes in it, and these nodes."""
    parts = key if isinstance(key, tuple) else (key,)
    operands = [part for part in parts if is_choice(part)]
    if operands:
        parts = tuple(PLACE if is_choice(part) else part for part in parts)
        key = parts if isinstance(key, tuple) else parts[0]
    return key, operands


def filled(key, operands):
    """The key of an index with its operands in their places."""
    if not operands:
        return key
    remaining = iter(operands)
    if not isinstance(key, tuple):
        return next(remaining)
    return tuple(next(remaining) if isinstance(part, str) else part for part in key)


def key_of(key):
    """The key of an index, with each list, tuple or array in it as an array of its own."""
    return tuple(map(part_of_key, key)) if isinstance(key, tuple) else part_of_key(key)


def part_of_key(part):
    """One entry of it: a slice, an integer, None or ..., a place, or an array of integers or booleans."""
    if part is None or part is Ellipsis or isinstance(part, (int, slice, str, np.integer, np.bool_)):
        return part
    part = np.asarray(data_of(part))
    if part.dtype.kind == "f" and part.size:
        raise IndexError(f"index: an index is of integers or booleans, not {part.dtype}")
    return part.astype(bool if part.dtype == bool else np.intp)


def may_repeat(key):
    """Whether the key of an index has arrays of integers, which may name an element twice."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, np.ndarray) and part.dtype != bool for part in parts)
