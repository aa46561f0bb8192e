"""Tensor: an array that remembers how it was made. The graph and the backward pass are the scalar engine's own."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine.faces import as_written
from scalar_engine.graph import Node, Operator, data_of
from scalar_engine.passes import backward_pass, current_order

from . import modes
from .checking import slips
from .errors import mismatch, require_finite, require_finite_contribution
from .heat_map import heat_map
from .kernels import KERNELS, kernel_of
from .notation import ArrayNotation, aligned, of_one_dtype
from .numpy_functions import NumpyFunctions
from .operators.array_operator import ArrayOperator, written
from .operators.products import matmul
from .protocols import ArrayProtocols

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Tensor(ArrayNotation, ArrayProtocols, NumpyFunctions, Node):
    """A node that holds an array of floats, of any shape.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], "W", requires_grad=True)
    >>> loss = (W @ np.array([1.0, -1.0])).sum()
    >>> loss.backward()
    >>> W.grad
    array([[ 1., -1.],
           [ 1., -1.]])

    As in PyTorch, only what requires a gradient is remembered, and a graph is released when its backward pass
    has used it, unless `keep=True`. Numbers and arrays in an expression become constants; float32 stays float32.
    """

    __slots__ = ("inputs",)
    grad: np.ndarray | None
    further_slips = slips
    programs = "tensor_engine.programs.array_program"  # the module that compiles graphs; loaded with the first program
    mutable = True

    def __init__(self, data: ArrayLike, label: str = "", requires_grad: bool = False) -> None:
        data = np.asarray(data)
        store(self, data if data.dtype.kind == "f" else as_floats(data, np.float64))
        self.grad, self.op, self.inputs, self.label, self.requires_grad = None, None, (), label, requires_grad

    @staticmethod
    def apply_operator(op: Operator, *inputs: Any) -> Any:
        """The Tensor op(*inputs). Raises ValueError, with the shapes and labels, where they do not fit."""
        xs, needs = [], False
        for x in inputs:
            if type(x) is not Tensor:
                inputs = constants_lifted(inputs, getattr(op, "chooses", False))
                if inputs is None:
                    return NotImplemented
                xs, needs = [x.data for x in inputs], False
                for x in inputs:
                    needs = needs or x.requires_grad
                break
            xs.append(x.data)
            needs = needs or x.requires_grad
        if isinstance(op, ArrayOperator):
            forward = op.forward
            if len(xs) > 1:
                dtype = xs[0].dtype
                for x in xs:
                    if x.dtype is not dtype:
                        inputs, xs = of_one_dtype(op, inputs, xs)
                        break
        else:
            forward = KERNELS.get(op) or kernel_of(op)
            if len(xs) > 1:
                inputs, xs = aligned(op, inputs, xs)
        try:
            data, *kept = op.forward_keeping(*xs) if op.keeps else (forward(*xs),)
        except (ValueError, IndexError) as error:
            raise type(error)(mismatch(op, inputs, error)) from None
        out = new(Tensor)
        store(out, data)
        out.grad = None
        out.label = ""
        recording = modes.recording.get()
        if recording and (needs or recording is modes.EVERYTHING or any(x.op is not None for x in inputs)):
            out.op, out.inputs = op, inputs
            out.requires_grad = needs and data.dtype.kind == "f"  # the integers of argmax are followed, and take none
            out.out = data
            xs += kept
            out.x, out.y = xs if len(xs) == 2 else (xs, None) if len(xs) > 2 else (xs[0], None)
        else:
            out.op, out.inputs, out.requires_grad = None, (), False
            out.out = data  # by which it can be told from a constant that somebody has made
        if modes.watching.get():
            require_finite(out, op, inputs)
        return out

    def backward(self, gradient: ArrayLike | Tensor | None = None, *, keep: bool = False) -> None:
        """Compute d self / d leaf for every leaf that requires a gradient, and add it to the leaf's `.grad`.

        gradient    the gradient of something by this, in its shape; it may be left out where this is a single number
        keep        whether the graph is kept, with the gradients of interior nodes, to be drawn, stepped through, or
                    passed through again; otherwise the pass releases it as it uses it

        Raises ValueError if the gradient is missing or has another shape, RuntimeError if the graph has been released
        or data was changed in place since the forward pass. A pass that raises changes no gradient.
        """
        if not self.requires_grad:
            raise ValueError(f"backward from {self.describe()}: it depends on nothing that requires a gradient")
        if gradient is None and self.data.size != 1:
            raise ValueError(f"backward from {self.describe()}: shape {self.shape}, and must be one number: .sum() it?")
        if gradient is not None:
            gradient = np.array(data_of(gradient), self.dtype)
            if gradient.shape != self.shape:
                raise ValueError(
                    f"backward from {self.describe()}: it has shape {self.shape}, and its gradient {gradient.shape}"
                )
        watch = require_finite_contribution if modes.watching.get() else None
        if watch:
            current_order(self, "backward")  # every element is looked at, also those written into an array
        found, owners, released = [], set(), Released()
        try:
            for node, by_node in backward_pass(self, watch, unit=gradient):
                if keep or not node.inputs:
                    found.append((node, by_node))
                else:
                    node.op, node.inputs, node.x, node.y = released, (), None, None
        except Exception as error:
            released.by = f"a backward pass that failed ({error})"
            raise
        for node, gradient in found:
            if node.grad is not None and not node.inputs:
                node.grad += gradient
            elif type(gradient) is np.ndarray and gradient.base is None and id(gradient) not in owners:
                owners.add(id(gradient))
                node.grad = gradient
            else:  # it shares its memory with another
                node.grad = np.array(gradient)

    def assign(self, data: Any) -> None:
        """x.data = array. What `x.data -= y` has changed in place becomes a view, by which older graphs can tell."""
        if data is self.data:
            data = data.view()
        elif type(data) is not np.ndarray or data.dtype.kind != "f":
            data = np.asarray(data)
            data = data if data.dtype.kind == "f" else as_floats(data, self.dtype)
        store(self, data)

    data: np.ndarray = property(Node.data.__get__, assign, doc="The array.")  # type: ignore[misc]

    def require_untouched(self) -> None:
        """Raise RuntimeError if data that the backward pass needs has been changed in place since the forward pass."""
        inputs = self.inputs
        for node, array in zip((*inputs, self), (*self.operands[: len(inputs)], self.out)):
            data = node.data
            if data is not array and type(data) is np.ndarray and np.may_share_memory(data, array):
                raise RuntimeError(
                    f"{node.describe()} has been changed in place since the forward pass (by an optimizer's step?): "
                    f"compute {self.describe()} again before its backward pass"
                )

    @property
    def unit(self) -> Any:
        return self.data.dtype.type(1) if self.data.ndim == 0 else np.ones_like(self.data)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes; () for a number."""
        return np.shape(self.data)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return np.ndim(self.data)

    @property
    def size(self) -> int:
        """The number of elements."""
        return np.size(self.data)

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements, float32 or float64."""
        return self.data.dtype

    def numpy(self) -> np.ndarray:
        """The data, as an array that shares its memory.

        >>> Tensor([1.0, 2.0]).numpy()
        array([1., 2.])
        """
        return self.data

    def item(self) -> float:
        """The one element, as a Python float.

        >>> Tensor([[3.0]]).item()
        3.0
        """
        return self.data.item()

    def detach(self) -> Tensor:
        """A Tensor of the same data (sharing its memory), cut from the graph.

        >>> w = Tensor([1.0, 2.0], requires_grad=True)
        >>> (w * 2).detach().requires_grad
        False
        """
        return Tensor(self.data, self.label)

    def __matmul__(self, other: Any) -> Tensor:
        return product(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return product(other, self)

    @property
    def constant(self) -> str:
        """What to call it if it is a leaf without a label: its number, or what kind of array it is."""
        data = self.data
        if data.dtype.kind in "biu":
            return written(data)
        if np.size(data) == 1:
            return self.brief(data)
        is_one_hot = np.ndim(data) == 2 and np.isin(data, (0, 1)).all() and (np.sum(data, axis=1) == 1).all()
        return "one_hot" if is_one_hot else f"array{np.shape(data)}"

    @staticmethod
    def brief(quantity: Any) -> str:
        return f"{np.asarray(quantity).item() + 0.0:.4g}" if np.size(quantity) == 1 else str(np.shape(quantity))

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad = ", requires_grad=True" if self.requires_grad else ""
        data = np.array2string(np.asarray(self.data), precision=4, threshold=20, separator=", ", prefix="Tensor(")
        return f"Tensor({data}, shape={self.shape}, dtype={np.asarray(self.data).dtype}{label}{grad})"

    def _repr_html_(self) -> str:
        named = [("data", self.data), *([] if self.grad is None else [("gradient", self.grad)])]
        maps = [f"<td>{heat_map(array)}<br>{name}</td>" for name, array in named if np.ndim(array) and np.size(array)]
        return as_written(repr(self)) + (f"<table><tr>{''.join(maps)}</tr></table>" if maps else "")


class Released(Operator):
    """What stands in the place of an operator, without inputs, when a backward pass has released the graph."""

    symbol = "released"

    def __init__(self, by: str = "an earlier backward pass") -> None:
        self.by = by


new, store = Tensor.__new__, Node.data.__set__  # type: ignore[misc]


def as_floats(data: Any, dtype: Any) -> np.ndarray:
    if data.dtype.kind not in "biu":
        raise TypeError(f"a Tensor holds real numbers, not {data.dtype}")
    return data.astype(dtype)


def constants_lifted(inputs: tuple[Any, ...], chooses: bool = False) -> tuple[Tensor, ...] | None:
    """op's inputs with numbers, lists and arrays as constant Tensors; None if one is none of these.

    Arrays of integers and booleans stay so where the operator `chooses` by them.

    None of them widens float32 but an array of float64: numbers become floats of the first Tensor's type, as do lists,
    integers and booleans; so they meet 0 and infinity as arrays do, where Python's numbers would raise.
    """
    dtype = np.dtype(np.float64)
    for x in inputs:
        if isinstance(x, Tensor) and x.data.dtype.kind == "f":
            dtype = x.data.dtype
            break
    lifted = []
    for x in inputs:
        if not isinstance(x, Tensor):
            x = operand(x) if chooses and getattr(x, "dtype", dtype).kind in "biu" else constant(x, dtype)
            if x is None:
                return None
        lifted.append(x)
    return tuple(lifted)


def operand(array: ArrayLike, label: str = "") -> Tensor:
    """An array as a leaf that takes no gradient, as it is: of integers and booleans too, where Tensor() makes floats.

    As the target of cross_entropy, the condition of where or in the key of an index it stays an operand, of which a
    program takes another one at each call.

    >>> x, y = Tensor([[1.0, 2.0], [3.0, 4.0]], "x", requires_grad=True), operand([1, 0], "y")
    >>> x[operand([0, 1], "i"), y].describe()
    'x[i, y]'
    """
    out = new(Tensor)
    store(out, np.asarray(array))
    out.grad, out.op, out.inputs, out.label, out.requires_grad = None, None, (), label, False
    return out


def constant(x: Any, dtype: Any) -> Tensor | None:
    """A number, a list or an array as a Tensor that requires no gradient; None if x is none of these."""
    if isinstance(x, (np.ndarray, np.bool_)):
        data = x if x.dtype.kind == "f" else as_floats(x, dtype)
    elif isinstance(x, (Real, list)):
        data = np.array(x, dtype)
    else:
        return None
    return operand(data)


def product(a: Any, b: Any) -> Any:
    """a @ b, a vector on either side taken for a matrix of one row or one column, as NumPy does."""
    if type(a) is not Tensor or type(b) is not Tensor:
        lifted = constants_lifted((a, b))
        if lifted is None:
            return NotImplemented
        a, b = lifted
    if a.data.ndim != 1 and b.data.ndim != 1:
        return Tensor.apply_operator(matmul, a, b)
    row = a.reshape(1, -1) if a.ndim == 1 else a
    column = b.reshape(-1, 1) if b.ndim == 1 else b
    try:
        out = product(row, column)
    except ValueError as error:
        raise ValueError(mismatch(matmul, (a, b), error)) from None  # with the shapes as they were given
    shape = out.shape[: -2 if a.ndim == 1 else -1] + (() if b.ndim == 1 else out.shape[-1:])
    return out.reshape(shape)
