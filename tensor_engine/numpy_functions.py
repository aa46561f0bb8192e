"""NumPy's own functions on Tensors: `np.exp(x)`, `np.concatenate([x, y])` and `np.where(c, x, y)` run our operators.

There is no list of them: a function of NumPy's is the operator, the function or the method of the same name here.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine import further_operators
from scalar_engine.graph import Node, data_of
from scalar_engine.operators import logsumexp, relu

from . import modes
from .errors import warn_of_loss
from .kernels import KERNELS
from .operators import compositions, further_reductions, fused, linear_algebra, rearranging, reductions
from .operators.products import einsum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ELEMENTWISE = {kernel.__name__: op for op, kernel in KERNELS.items() if hasattr(kernel, "__name__")}
ROOMS = (reductions, further_operators, rearranging, compositions, further_reductions, fused)

# fmt: off
# What has no derivative: booleans, integers, shapes and new arrays, computed of the data.
OF_DATA = {
    "all", "allclose", "any", "argwhere", "array2string", "array_equal", "array_equiv", "array_repr", "array_str",
    "can_cast", "count_nonzero", "digitize", "empty_like", "flatnonzero", "iscomplexobj", "isclose", "isrealobj",
    "ndim", "nonzero", "ones_like", "result_type", "searchsorted", "shape", "size", "zeros_like",
}
OTHER_NAMES = {
    "amax": "max", "amin": "min", "around": "round", "fabs": "__abs__", "positive": "__pos__", "matmul": "__matmul__",
}
# fmt: on


def dot(a: Any, b: Any) -> Any:
    """The product over the last axis of a and the last but one of b: of matrices and vectors, a @ b."""
    if not np.ndim(a) or not np.ndim(b):
        return a * b
    return a @ b if np.ndim(b) <= 2 else compositions.tensordot(a, b, (-1, -2))


def append(x: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([np.ravel(x), np.ravel(values)] if axis is None else [x, values], axis or 0)


def average(x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(x, axis, keepdims=keepdims)
    if np.ndim(weights) < np.ndim(x):  # of the elements along the axis
        weights = np.expand_dims(weights, tuple(i for i in range(np.ndim(x)) if i != axis % np.ndim(x)))
    weights = weights * np.ones(np.shape(x))
    return np.sum(x * weights, axis, keepdims=keepdims) / np.sum(weights, axis, keepdims=keepdims)


def cross(a: Any, b: Any) -> Any:
    if np.shape(a)[-1:] != (3,) or np.shape(b)[-1:] != (3,):
        raise ValueError(f"np.cross of {np.shape(a)}, {np.shape(b)}: the last axes must have 3 elements")
    return np.roll(a, -1, -1) * np.roll(b, 1, -1) - np.roll(a, 1, -1) * np.roll(b, -1, -1)


def diagonal(x: Any, offset: int = 0) -> Any:
    if np.ndim(x) != 2:
        raise ValueError(f"np.diagonal and np.trace of {np.shape(x)}: need a matrix")
    return compositions.diag(x, offset)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        x = np.moveaxis(x, axis, 0)
        x = np.moveaxis(x[1:] - x[:-1], 0, axis)
    return x


def interp(x: Any, xp: Any, fp: Any) -> Any:
    """Each line through two of the points (xp, fp) adds its rise, times its part before x; at xp, the left slope."""
    x, xp, fp = (x if isinstance(x, Node) else np.asarray(x) for x in (x, xp, fp))
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size or not (np.diff(data_of(xp)) > 0).all():
        raise ValueError(
            f"np.interp: xp {xp.shape}, fp {fp.shape}: needs two vectors of points, xp from small to large"
        )
    starts = xp[:-1].reshape(*[1] * x.ndim, -1)
    parts = (further_operators.clip(x, xp[0], xp[-1])[..., None] - starts) / diff(xp)  # (..., lines)
    return fp[0] + (relu(parts) - relu(parts - 1)) @ diff(fp)


def select(conditions: Any, choices: Any, default: Any = 0.0) -> Any:
    for condition, choice in reversed([*zip(conditions, choices, strict=True)]):
        default = np.where(condition, choice, default)
    return default


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    powers = np.arange(np.size(x) if N is None else N)[None]
    return np.reshape(x, (-1, 1)) ** (powers if increasing else powers[:, ::-1])


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return further_operators.clip(x, min if a_min is None else a_min, max if a_max is None else a_max)


def joined(xs: Any, n: int, shape: tuple[int, ...], axis: int) -> Any:
    """Arrays joined along an axis, those of fewer than n axes in the shape."""
    return rearranging.concatenate([x if np.ndim(x) >= n else np.reshape(x, shape) for x in xs], axis)


COMPOSED = {
    "linalg.det": linear_algebra.det,
    "linalg.inv": linear_algebra.inv,
    "linalg.norm": further_reductions.norm,
    "linalg.solve": linear_algebra.solve,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "logaddexp": lambda x, y: logsumexp([x, y]),
    "einsum": einsum,
    "dot": dot,
    "inner": lambda a, b: dot(a, np.swapaxes(b, -1, -2) if np.ndim(a) and np.ndim(b) > 1 else b),
    "vdot": lambda a, b: np.ravel(a) @ np.ravel(b),
    "append": append,
    "average": average,
    "copy": lambda x: x.astype(x.dtype),
    "cross": cross,
    "diagonal": diagonal,
    "trace": lambda x, offset=0: diagonal(x, offset).sum(),
    "diff": diff,
    "exp2": lambda x: 2.0**x,
    "fliplr": lambda x: compositions.flip(x, 1),
    "flipud": lambda x: compositions.flip(x, 0),
    "ptp": lambda x, axis=None, keepdims=False: np.max(x, axis, keepdims=keepdims) - np.min(x, axis, keepdims=keepdims),
    "select": select,
    "vander": vander,
    "atleast_1d": lambda x: x if np.ndim(x) else np.reshape(x, (1,)),
    "atleast_2d": lambda x: x if np.ndim(x) > 1 else np.reshape(x, (1, -1)),
    "add.reduce": lambda x, axis=0, keepdims=False: reductions.sum(x, axis, keepdims),
    "multiply.reduce": lambda x, axis=0, keepdims=False: further_reductions.prod(x, axis, keepdims),
    "maximum.reduce": lambda x, axis=0, keepdims=False: reductions.max(x, axis, keepdims),
    "minimum.reduce": lambda x, axis=0, keepdims=False: reductions.min(x, axis, keepdims),
    "logaddexp.reduce": lambda x, axis=0, keepdims=False: reductions.logsumexp(x, axis, keepdims),
    "add.accumulate": lambda x, axis=0: further_reductions.cumsum(x, axis),
    "multiply.accumulate": lambda x, axis=0: further_reductions.cumprod(x, axis),
    "interp": interp,
    "full_like": lambda x, fill_value: fill_value + np.zeros(x.shape, x.dtype),
    "clip": clip,
    "transpose": lambda x, axes=None: x.transpose() if axes is None else x.transpose(tuple(axes)),
    "hstack": lambda xs: joined(xs, 1, (-1,), int(np.ndim(xs[0]) > 1)),
    "vstack": lambda xs: joined(xs, 2, (1, -1), 0),
    "column_stack": lambda xs: joined(xs, 2, (-1, 1), 1),
}


class NumpyFunctions:
    """Gives a node that holds an array NumPy's functions, and NumPy's arrays the operators that meet it.

    >>> from tensor_engine import Tensor
    >>> w = Tensor([0.0, 1.0], "w", requires_grad=True)
    >>> loss = np.mean(np.exp(w) * np.array([1.0, 2.0]))
    >>> loss.backward()
    >>> w.grad.round(4)
    array([0.5   , 2.7183])
    """

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        function = getattr(ufunc, method)
        if "d" * ufunc.nin + "->?" in ufunc.types:  # comparisons, isnan
            return function(*map(data_of, inputs), **options)
        into = options.pop("out", (None,))[0]
        if into is None:
            return self.called(function, name, inputs, options)
        if into is not inputs[0] or isinstance(into, Node):
            raise TypeError(f"np.{name}(..., out=...): a Tensor is not written into; take what is returned")
        # `array += x` makes a Tensor of the name; other names of the array see its new numbers too.
        result = self.called(function, name, (into.copy(), *inputs[1:]), options)
        into[...] = data_of(result)
        return result

    def __array_function__(self, function: Any, types: Any, args: Any, options: dict[str, Any]) -> Any:
        name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
        if name in OF_DATA:
            return function(*of_data(args), **of_data(options))
        return self.called(function, name, args, options)

    def called(self, function: Callable[..., Any], name: str, args: Any, options: dict[str, Any]) -> Any:
        """What is named alike here, called; where nothing is, NumPy's own, on data that takes no gradient."""
        ours = self.named_alike(name)
        if ours is None:
            lost = [x for x in nodes_in([args, options]) if x.requires_grad and modes.recording.get()]
            if lost:
                raise TypeError(
                    f"np.{name} has no counterpart here, and would lose the gradient of {lost[0].describe()}: write it "
                    f"with the functions of tensor_engine, or give it .data if no gradient is wanted"
                )
            return function(*of_data(args), **of_data(options))
        takes = inspect.signature(ours)
        try:
            takes.bind(*args, **options)
        except TypeError as error:
            raise TypeError(f"np.{name} of a Tensor: {error}; what it takes is {takes}") from None
        return ours(*args, **options)

    def named_alike(self, name: str) -> Callable[..., Any] | None:
        """The operator, function or method that does what np.<name> does, if there is one."""
        if name in COMPOSED:
            return COMPOSED[name]
        if name in ELEMENTWISE:
            return ELEMENTWISE[name]
        name = OTHER_NAMES.get(name, name)
        for room in ROOMS:
            if callable(getattr(room, name, None)):
                return getattr(room, name)
        return getattr(type(self), name, None)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.requires_grad and modes.recording.get():
            if self.ndim or modes.within.get():
                raise TypeError(
                    f"{self.describe()} takes a gradient, and an array of NumPy's would lose it: write it with "
                    f"functions of Tensors (np.stack, np.where, ...), or take .data if no gradient is wanted"
                )
            warn_of_loss(self, "an array")
        return np.array(self.data, dtype) if copy else np.asarray(self.data, dtype)


def nodes_in(x: Any) -> Iterator[Node]:
    """The nodes among the arguments of a call, also in lists of them."""
    if isinstance(x, Node):
        yield x
    elif isinstance(x, (list, tuple, dict)):
        for part in x.values() if isinstance(x, dict) else x:
            yield from nodes_in(part)


def of_data(x: Any) -> Any:
    """The arguments of a call with data in the place of nodes."""
    if isinstance(x, dict):
        return {key: of_data(value) for key, value in x.items()}
    return type(x)(map(of_data, x)) if type(x) in (list, tuple) else data_of(x)
