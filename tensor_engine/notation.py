"""NumPy's notation: what `x.T`, `x[key]` and `x.sum(axis=0)` mean, and how operands of two shapes or types are aligned.

Rules written in it run on arrays and on Tensors alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine import further_operators
from scalar_engine.arithmetic import Arithmetic

from .errors import mismatch, warn_of_expansion
from .operators import compositions, further_reductions
from .operators.array_operator import is_choice, key_and_operands
from .operators.rearranging import BroadcastTo, Cast, Index, Reshape, Transpose
from .operators.reductions import MaxOver, MeanOver, MinOver, SumOver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from scalar_engine.graph import Operator


class ArrayNotation(Arithmetic):
    """Gives a class that defines `apply_operator(op, *inputs)` and `ndim` the methods of arrays."""

    __slots__ = ()
    ndim: int

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Self:
        """The sum over an axis, or several, or all; `keepdims` leaves them with length 1.

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0).numpy()
        array([4., 6.])
        """
        return SumOver(axis, keepdims)(self)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Self:
        """The mean over an axis, or several, or all; `keepdims` leaves them with length 1.

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).mean(axis=1, keepdims=True).numpy()
        array([[1.5],
               [3.5]])
        """
        return MeanOver(axis, keepdims)(self)

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Self:
        """The largest element over an axis, or several, or all; equal ones share its derivative evenly.

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).max(axis=1).numpy()
        array([2., 4.])
        """
        return MaxOver(axis, keepdims)(self)

    def min(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Self:
        """The smallest element over an axis, or several, or all; equal ones share its derivative evenly.

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).min().item()
        1.0
        """
        return MinOver(axis, keepdims)(self)

    prod = further_reductions.prod
    var = further_reductions.var
    std = further_reductions.std
    cumsum = further_reductions.cumsum
    cumprod = further_reductions.cumprod
    argmax = further_reductions.argmax
    argmin = further_reductions.argmin
    argsort = further_reductions.argsort
    squeeze = compositions.squeeze
    ravel = flatten = compositions.ravel
    repeat = compositions.repeat
    take = compositions.take

    def reshape(self, *shape: int | Sequence[int]) -> Self:
        """The elements, in their order, in another shape, as in NumPy: x.reshape(2, -1) or x.reshape((2, -1)).

        >>> from tensor_engine import Tensor
        >>> Tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).shape
        (2, 2)
        """
        return Reshape(unpacked(shape))(self)

    def transpose(self, *axes: int | Sequence[int]) -> Self:
        """The axes reversed, or in the order that is said, as in NumPy: x.transpose(1, 0) or x.transpose((1, 0)).

        >>> from tensor_engine import Tensor
        >>> Tensor([[[1.0, 2.0]]]).transpose(2, 0, 1).shape
        (2, 1, 1)
        """
        order = unpacked(axes) or tuple(reversed(range(self.ndim)))
        if axes == (0, 1) == order:
            raise ValueError("transpose(0, 1) leaves the axes as they are; to exchange them write .T or swapaxes(0, 1)")
        return Transpose(order)(self)

    @property
    def T(self) -> Self:
        """The axes reversed: of a matrix (2, 3), its transpose (3, 2).

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0, 3.0]]).T.shape
        (3, 1)
        """
        return self.transpose()

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """Two axes exchanged: of matrices (n, 2, 3), with swapaxes(-1, -2), their transposes (n, 3, 2).

        >>> from tensor_engine import Tensor
        >>> Tensor([[[1.0, 2.0]]]).swapaxes(-1, -2).shape
        (1, 2, 1)
        """
        axes = list(range(self.ndim))
        axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        return self.transpose(tuple(axes))

    def clip(self, min: Any = None, max: Any = None) -> Self:
        """The elements limited to the interval, of which a limit may be left out; slope 1 at both limits.

        >>> from tensor_engine import Tensor
        >>> Tensor([-1.0, 0.5, 2.0]).clip(0.0, 1.0).numpy()
        array([0. , 0.5, 1. ])
        """
        return further_operators.clip(self, min, max)

    def round(self, decimals: int = 0) -> Self:
        """The nearest whole numbers, or of so many decimals: slope 0.

        >>> from tensor_engine import Tensor
        >>> Tensor([0.4, 1.6]).round().numpy()
        array([0., 2.])
        """
        return further_operators.round(self, decimals)

    def dot(self, other: Any) -> Self:
        """The product over this one's last axis and the last but one of the other: of matrices and vectors, `@`.

        >>> from tensor_engine import Tensor
        >>> Tensor([1.0, 2.0]).dot([3.0, 4.0]).item()
        11.0
        """
        out: Self = np.dot(self, other)  # type: ignore[call-overload]
        return out

    def astype(self, dtype: Any) -> Any:
        """The numbers as float32, say; as integers or booleans, which have no derivative, a plain array of them.

        >>> from tensor_engine import Tensor
        >>> Tensor([1.7, 2.0]).astype(np.float32).dtype, Tensor([1.7, 2.0]).astype(int)
        (dtype('float32'), array([1, 2]))
        """
        return Cast(dtype)(self) if np.dtype(dtype).kind == "f" else self.data.astype(dtype)  # type: ignore[attr-defined]

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """Repeated along new axes and those of length 1, to a shape; operators do it to their operands by themselves.

        >>> from tensor_engine import Tensor
        >>> Tensor([1.0, 2.0]).broadcast_to((2, 2)).numpy()
        array([[1., 2.],
               [1., 2.]])
        """
        return BroadcastTo(shape)(self)

    def __getitem__(self, key: Any) -> Self:
        """The elements that a key chooses, as in NumPy: slices, integers, arrays of integers or of booleans.

        >>> from tensor_engine import Tensor
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]])[:, 1].numpy()
        array([2., 4.])
        """
        key, operands = key_and_operands(key)
        return Index(key)(self, *operands)


def unpacked(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers given one by one, or as one tuple or list."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers


def aligned(op: Operator, inputs: Any, xs: list[np.ndarray]) -> tuple[Any, list[np.ndarray]]:
    """An elementwise operator's inputs and their data; those that require a gradient are broadcast and cast."""
    first, second, *more = xs
    if first.dtype is second.dtype and not more:
        # Alike, or one of them a number that needs no gradient, with which NumPy does the same by itself.
        if first.shape == second.shape:
            return inputs, xs
        if (not second.ndim and not inputs[1].requires_grad) or (not first.ndim and not inputs[0].requires_grad):
            return inputs, xs
    try:
        shape = np.broadcast_shapes(*[x.shape for x in xs])
    except ValueError as error:
        raise ValueError(mismatch(op, inputs, error)) from None
    warn_of_expansion(op, inputs, shape)
    inputs, xs = of_one_dtype(op, inputs, xs)
    inputs = tuple(BroadcastTo(shape)(x) if x.requires_grad and x.shape != shape else x for x in inputs)
    return inputs, [x.data for x in inputs]


def of_one_dtype(op: Operator, inputs: Any, xs: list[np.ndarray]) -> tuple[Any, list[np.ndarray]]:
    """The inputs of an operator and their data, those that require a gradient cast to the dtype of its output.

    Integers and booleans, which are operands, stay as they are where they choose, and are cast to be numbers elsewhere.
    """
    dtype = np.result_type(*[x for x in xs if x.dtype.kind == "f"])
    chooses = getattr(op, "chooses", False)
    inputs = tuple(
        Cast(dtype)(x) if x.data.dtype != dtype and (x.requires_grad or is_choice(x) and not chooses) else x
        for x in inputs
    )
    return inputs, [x.data for x in inputs]
