"""Tensor: an array that remembers how it was made. The graph and the backward pass are the scalar engine's own."""

from numbers import Real

import numpy as np

from scalar_engine.arithmetic import Arithmetic
from scalar_engine.graph import Node, Operator, backward_pass

from . import modes
from .anomaly import require_finite, require_finite_contribution
from .kernels import ArrayOperator, kernel_of
from .mismatch import mismatch, warn_of_expansion
from .operators import BroadcastTo, Cast, Index, Max, Mean, Min, Reshape, Sum, Transpose, matmul


class Tensor(Arithmetic, Node):
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

    __slots__ = ()
    __array_ufunc__ = None  # array * tensor is the tensor's to compute

    def __init__(self, data, label="", requires_grad=False):
        data = np.asarray(data)
        self.data = data if data.dtype.kind == "f" else data.astype(np.float64)
        self.grad = None
        self.op = None
        self.inputs = ()
        self.label = label
        self.requires_grad = requires_grad

    @staticmethod
    def apply_operator(op, *inputs):
        """The Tensor op(*inputs). Raises ValueError, with the shapes and labels, where they do not fit."""
        xs, needs = [], False
        for x in inputs:
            if type(x) is not Tensor:
                lifted = constants_lifted(inputs)
                return NotImplemented if lifted is None else Tensor.apply_operator(op, *lifted)
            xs.append(x.data)
            needs = needs or x.requires_grad
        if isinstance(op, ArrayOperator):
            forward = op.forward
        else:
            forward = kernel_of(op)
            if len(xs) > 1:
                inputs, xs = aligned(op, inputs, xs)
        try:
            data = forward(*xs)
        except (ValueError, IndexError) as error:
            raise type(error)(mismatch(op, inputs, error)) from None
        out = new(Tensor)
        out.data = data
        out.grad = None
        out.label = ""
        if needs and modes.recording:
            out.op, out.inputs, out.requires_grad = op, inputs, True
        else:
            out.op, out.inputs, out.requires_grad = None, (), False
        if modes.watching:
            require_finite(out, op, inputs)
        return out

    def backward(self, keep=False):
        """Compute d self / d leaf for every leaf that requires a gradient, and add it to the leaf's `.grad`.

        The pass releases the graph as it uses it; `keep=True` keeps it, with the gradients of interior nodes, to be
        drawn, stepped through, or passed through again. Raises ValueError if this is not a single number.
        """
        if not self.requires_grad:
            raise ValueError(f"backward from {self.describe()}: it depends on nothing that requires a gradient")
        if self.data.size != 1:
            raise ValueError(f"backward from {self.describe()}: shape {self.shape}, and must be one number: .sum() it?")
        watch = require_finite_contribution if modes.watching else None
        for node, gradient in backward_pass(self, watch):
            if node.inputs:
                if keep:
                    node.grad = owned(gradient)
                else:
                    node.op, node.inputs = RELEASED, ()
            elif node.op is RELEASED:
                raise RuntimeError(
                    f"backward: the graph behind {node.name or self.name or 'this tensor'} has been released by an "
                    f"earlier pass; backward(keep=True) there keeps it"
                )
            elif node.grad is None:
                node.grad = owned(gradient)
            else:
                node.grad += gradient

    @property
    def unit(self):
        return self.data.dtype.type(1) if self.data.ndim == 0 else np.ones_like(self.data)

    @property
    def shape(self):
        return np.shape(self.data)

    @property
    def ndim(self):
        return np.ndim(self.data)

    @property
    def size(self):
        return np.size(self.data)

    @property
    def dtype(self):
        return self.data.dtype

    @property
    def T(self):
        return self.transpose()

    def numpy(self):
        """The data, as an array that shares its memory."""
        return self.data

    def item(self):
        """The one element, as a Python float."""
        return self.data.item()

    def detach(self):
        """A Tensor of the same data (sharing its memory), cut from the graph."""
        return Tensor(self.data, self.label)

    def __matmul__(self, other):
        return product(self, other)

    def __rmatmul__(self, other):
        return product(other, self)

    def sum(self, axis=None, keepdims=False):
        return Sum(axis, keepdims)(self)

    def mean(self, axis=None, keepdims=False):
        return Mean(axis, keepdims)(self)

    def max(self, axis=None, keepdims=False):
        return Max(axis, keepdims)(self)

    def min(self, axis=None, keepdims=False):
        return Min(axis, keepdims)(self)

    def reshape(self, *shape):
        return Reshape(shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape)(self)

    def transpose(self, axes=None):
        return Transpose(axes or tuple(reversed(range(self.ndim))))(self)

    def swapaxes(self, a, b):
        axes = list(range(self.ndim))
        axes[a], axes[b] = axes[b], axes[a]
        return self.transpose(tuple(axes))

    def broadcast_to(self, shape):
        return BroadcastTo(shape)(self)

    def __getitem__(self, key):
        return Index(key)(self)

    def __len__(self):
        return len(self.data)

    def __lt__(self, other):
        return self.data < data_of(other)

    def __le__(self, other):
        return self.data <= data_of(other)

    def __gt__(self, other):
        return self.data > data_of(other)

    def __ge__(self, other):
        return self.data >= data_of(other)

    @staticmethod
    def brief(quantity):
        return f"{float(quantity) + 0.0:.4g}" if np.size(quantity) == 1 else str(np.shape(quantity))

    def __repr__(self):
        label = f", label={self.label!r}" if self.label else ""
        grad = ", requires_grad=True" if self.requires_grad else ""
        data = np.array2string(np.asarray(self.data), precision=4, threshold=20, separator=", ", prefix="Tensor(")
        return f"Tensor({data}, shape={self.shape}, dtype={np.asarray(self.data).dtype}{label}{grad})"


class Released(Operator):
    """What stands in the place of an operator when a backward pass has released the graph."""

    symbol = "released"


RELEASED = Released()
new = Tensor.__new__


def data_of(x):
    return x.data if isinstance(x, Tensor) else x


def constants_lifted(inputs):
    """The inputs with numbers and arrays as constant Tensors; None if one is neither.

    Numbers stay Python numbers, so that they do not widen float32; integers and booleans in arrays become floats of
    the first Tensor's type.
    """
    dtype = np.float64
    for x in inputs:
        if type(x) is Tensor and type(x.data) is np.ndarray:
            dtype = x.data.dtype
            break
    lifted = [x if type(x) is Tensor else constant(x, dtype) for x in inputs]
    return None if None in lifted else lifted


def constant(x, dtype):
    """A number or an array as a Tensor that requires no gradient; None if x is neither."""
    if isinstance(x, (np.ndarray, list)):
        x = np.asarray(x)
        return Tensor(x if x.dtype.kind == "f" else x.astype(dtype))
    if isinstance(x, Real):
        out = Tensor(())
        out.data = x if type(x) in (int, float) else float(x)
        return out
    return x if isinstance(x, Tensor) else None


def aligned(op, inputs, xs):
    """An elementwise operator's inputs and their data; those that require a gradient are broadcast and cast."""
    arrays = [x for x in xs if type(x) not in (int, float)]
    first = arrays[0] if arrays else None
    if all(x.shape == first.shape and x.dtype == first.dtype for x in arrays):
        return inputs, xs
    try:
        shape = np.broadcast_shapes(*[x.shape for x in arrays])
    except ValueError as error:
        raise ValueError(mismatch(op, inputs, error)) from None
    warn_of_expansion(op, inputs, shape)
    dtype = np.result_type(*arrays)
    inputs = tuple(fitted(x, shape, dtype) if x.requires_grad else x for x in inputs)
    return inputs, [x.data for x in inputs]


def fitted(x, shape, dtype):
    if x.data.dtype != dtype:
        x = Cast(dtype)(x)
    return x if x.shape == shape else BroadcastTo(shape)(x)


def product(a, b):
    """a @ b, a vector on either side taken for a matrix of one row or one column, as NumPy does."""
    a, b = (x if isinstance(x, Tensor) else constant(x, np.float64) for x in (a, b))
    if a is None or b is None:
        return NotImplemented
    if a.ndim != 1 and b.ndim != 1:
        if a.dtype != b.dtype:
            dtype = np.result_type(a.data, b.data)
            a, b = (x if x.dtype == dtype else Cast(dtype)(x) for x in (a, b))
        return matmul(a, b)
    row = a.reshape(1, -1) if a.ndim == 1 else a
    column = b.reshape(-1, 1) if b.ndim == 1 else b
    try:
        out = product(row, column)
    except ValueError as error:
        raise ValueError(mismatch(matmul, (a, b), error)) from None
    shape = out.shape[: -2 if a.ndim == 1 else -1] + (() if b.ndim == 1 else out.shape[-1:])
    return out.reshape(shape)


def owned(gradient):
    """The gradient as an array that shares its memory with no other."""
    return gradient if type(gradient) is np.ndarray and gradient.base is None else np.array(gradient)
