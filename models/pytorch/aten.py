"""The operators of ATen, of which PyTorch's programs are made, in ours: a line each.

Numbers that take gradients are Tensors; booleans and integers, which PyTorch computes on the way, are arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tensor_engine as te
from scalar_engine.graph import data_of
from tensor_engine.operators.rearranging import Cast

OF_MEMORY = {"memory_format", "pin_memory", "device", "layout", "dtype"}  # options that make no other number


def refused(what: str) -> Callable[..., Any]:
    def refuse(*args: Any, **options: Any) -> Any:
        raise NotImplementedError(f"{what}")

    return refuse


def chosen(x: Any) -> Any:
    """A condition or an index as an operand, whether PyTorch computed it or was given it."""
    return te.operand(data_of(x))


def axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, (list, tuple)) and len(axis) else None if axis in ([], ()) else axis


def standardised(x: Any, axis: tuple[int, ...], weight: Any, bias: Any, epsilon: float, shape: Sequence[int]) -> Any:
    """x less its mean over the axes, divided by its deviation, scaled and moved."""
    centred = x - x.mean(axis=axis, keepdims=True)
    return moved(centred / te.sqrt((centred**2).mean(axis=axis, keepdims=True) + epsilon), weight, bias, shape)


def moved(x: Any, weight: Any, bias: Any, shape: Sequence[int]) -> Any:
    x = x if weight is None else x * weight.reshape(tuple(shape))
    return x if bias is None else x + bias.reshape(tuple(shape))


def layer_norm(x: Any, shape: Sequence[int], weight: Any, bias: Any, epsilon: float) -> Any:
    return (standardised(x, tuple(range(-len(shape), 0)), weight, bias, epsilon, shape),)


def group_norm(x: Any, weight: Any, bias: Any, n: int, channels: int, size: int, groups: int, epsilon: float) -> Any:
    grouped = standardised(x.reshape(n, groups, -1), (2,), None, None, epsilon, ())
    return (moved(grouped.reshape(x.shape), weight, bias, (1, channels, *[1] * (x.ndim - 2))),)


def batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, rate: float, epsilon: float
) -> Any:
    """Of the batch itself while training; its running statistics, which PyTorch updates then, are not in the graph."""
    shape = (1, -1, *[1] * (x.ndim - 2))
    if not training:
        return batch_norm_evaluating(x, weight, bias, mean, variance, rate, epsilon)
    return standardised(x, (0, *range(2, x.ndim)), weight, bias, epsilon, shape), None, None, None, None


def batch_norm_evaluating(x: Any, weight: Any, bias: Any, mean: Any, variance: Any, rate: float, epsilon: float) -> Any:
    shape = (1, -1, *[1] * (x.ndim - 2))
    deviation = np.sqrt(data_of(variance) + epsilon).reshape(shape)
    return moved((x - data_of(mean).reshape(shape)) / deviation, weight, bias, shape), None, None


def convolution(
    x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, _: Any, groups: int
) -> Any:
    if transposed or len(stride) > 2:
        raise NotImplementedError("transposed convolutions, and those of three axes, have no counterpart here")
    convolve: Any = te.conv1d if len(stride) == 1 else te.conv2d
    return convolve(x, w, b, *[tuple(option) for option in (stride, padding, dilation)], groups)


def max_pool(x: Any, size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False) -> Any:
    if ceil_mode or set(np.ravel(dilation)) != {1}:
        raise NotImplementedError("max pooling with dilation or ceil_mode has no counterpart here")
    return te.max_pool2d(
        x, tuple(size), tuple(stride) or None, padding if isinstance(padding, int) else tuple(padding)
    ), None


def average_pool(x: Any, size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False, *more: Any) -> Any:
    if ceil_mode or more not in ((), (True,), (True, None)):
        raise NotImplementedError("average pooling that divides otherwise has no counterpart here")
    return te.avg_pool2d(x, tuple(size), tuple(stride) or None, padding if isinstance(padding, int) else tuple(padding))


def adaptive_average(x: Any, size: Sequence[int]) -> Any:
    if any(n % m for n, m in zip(x.shape[-2:], size)):
        raise NotImplementedError(f"adaptive pooling of {x.shape[-2:]} to {tuple(size)}, which does not divide")
    return te.avg_pool2d(x, tuple(n // m for n, m in zip(x.shape[-2:], size)))


def sliced(x: Any, axis: int = 0, start: Any = None, stop: Any = None, step: int = 1) -> Any:
    return x[(*[slice(None)] * (axis % x.ndim), slice(start, stop, step))]


def gathered(x: Any, axis: int, index: Any, **options: Any) -> Any:
    """Of each line its own elements; where the index is smaller along other axes, of the first lines only."""
    index = chosen(index)
    first = tuple(slice(None) if i == axis % x.ndim else slice(n) for i, n in enumerate(index.shape))
    return te.take_along_axis(x[first], index, axis)


def padded(x: Any, widths: Sequence[int], value: float = 0.0) -> Any:
    pairs = [*zip(widths[::2], widths[1::2])]  # of the last axis first
    return te.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1], constant_values=value)


def length(x: Any, order: float = 2, axis: Any = None, keepdims: bool = False) -> Any:
    if order not in (1, 2):
        raise NotImplementedError(f"a norm of order {order}")
    return te.norm(x, None, axes(axis), keepdims) if order == 2 else abs(x).sum(axes(axis), keepdims)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Of integers, which are to choose themselves, without a graph."""
    if all(np.asarray(data_of(each)).dtype.kind in "biu" for each in (x, y)):
        return np.where(data_of(condition), data_of(x), data_of(y))
    return te.where(chosen(condition), x, y)


def expanded(x: Any, shape: Sequence[int], implicit: bool = False) -> Any:
    given = (*[1] * (len(shape) - x.ndim), *x.shape)
    return np.broadcast_to(x, tuple(m if n == -1 else n for n, m in zip(shape, given)))


def indexed(x: Any, keys: Sequence[Any]) -> Any:
    return x[tuple(slice(None) if key is None else chosen(key) for key in keys)]


def scaled_sum(beta: float, alpha: float, a: Any, b: Any) -> Any:
    a, b = (x if factor == 1 else factor * x for factor, x in ((beta, a), (alpha, b)))
    return a + b


def cast(x: Any, dtype: Any) -> Any:
    """x in PyTorch's dtype: integers and booleans, and what is made of them, are arrays."""
    to = np.dtype(str(dtype).removeprefix("torch."))
    if isinstance(x, te.Tensor) and x.dtype.kind == to.kind == "f":
        return x if x.dtype == to else Cast(to)(x)
    return np.asarray(data_of(x)).astype(to)


def same(x: Any, *options: Any, **others: Any) -> Any:
    return x


def of_data(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function without a derivative, of the data of what it is given."""
    return lambda *xs, **options: function(*map(data_of, xs), **options)


ALIKE = "exp log sqrt sin cos tan sinh cosh tanh sigmoid relu erf silu floor ceil round sign expm1 log1p log2 log10"
LOGIC = "not", "and", "or"
ATEN: dict[str, Callable[..., Any]] = {
    **{name: getattr(te, name) for name in [*ALIKE.split(), "hypot", "maximum", "minimum"]},
    "abs": abs,
    "acos": te.arccos,
    "asin": te.arcsin,
    "atan": te.arctan,
    "atan2": te.arctan2,
    "neg": operator.neg,
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / te.sqrt(x),
    "gelu": lambda x, approximate="none": te.gelu(x) if approximate == "none" else refused("gelu by tanh")(),
    "leaky_relu": lambda x, slope=0.01: te.leaky_relu(x, slope),
    "elu": lambda x, alpha=1.0, *scales: te.elu(x, alpha) if set(scales) <= {1} else refused("a scaled elu (selu)")(),
    "hardtanh": lambda x, low=-1.0, high=1.0: te.clip(x, low, high),
    "clamp": lambda x, low=None, high=None: te.clip(
        x, -np.inf if low is None else low, np.inf if high is None else high
    ),
    # arithmetic and products
    "add": lambda x, y, alpha=1: scaled_sum(1, alpha, x, y),
    "sub": lambda x, y, alpha=1: scaled_sum(1, -alpha, x, y) if alpha != 1 else x - y,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "mm": operator.matmul,
    "bmm": operator.matmul,
    "mv": operator.matmul,
    "dot": operator.matmul,
    "addmm": lambda b, x, w, beta=1, alpha=1: (
        te.linear(x, w, b) if beta == alpha == 1 and b.ndim == 1 else scaled_sum(beta, alpha, b, x @ w)
    ),
    # over axes
    "sum": lambda x, axis=None, keepdims=False: x.sum(axes(axis), keepdims=keepdims),
    "mean": lambda x, axis=None, keepdims=False: x.mean(axes(axis), keepdims=keepdims),
    "amax": lambda x, axis=None, keepdims=False: x.max(axes(axis), keepdims=keepdims),
    "amin": lambda x, axis=None, keepdims=False: x.min(axes(axis), keepdims=keepdims),
    "prod": lambda x, axis=None, keepdims=False: te.prod(x, axis, keepdims),
    "var": lambda x, axis=None, correction=1, keepdim=False: te.var(x, axes(axis), keepdim, correction),
    "max": lambda x, axis=None, *keepdims: (
        x.max() if axis is None else (x.max(axis, *keepdims), te.argmax(x, axis, *keepdims))
    ),
    "linalg_vector_norm": length,
    "cumsum": te.cumsum,
    "_softmax": lambda x, axis, to_float: te.softmax(x, axis),
    "_log_softmax": lambda x, axis, to_float: te.log_softmax(x, axis),
    # layers
    "convolution": convolution,
    "max_pool2d_with_indices": max_pool,
    "avg_pool2d": average_pool,
    "_adaptive_avg_pool2d": adaptive_average,
    "native_layer_norm": layer_norm,
    "native_group_norm": group_norm,
    "_native_batch_norm_legit_functional": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm_evaluating,
    "embedding": lambda weight, index, *options: weight[chosen(index)],
    "native_dropout": lambda x, rate, training: (
        (x, None)
        if not training or not rate
        else refused("dropout draws random numbers in training mode: call module.eval() before")()
    ),
    # movement
    "view": lambda x, shape: x.reshape(tuple(shape)),
    "_unsafe_view": lambda x, shape: x.reshape(tuple(shape)),
    "permute": lambda x, order: te.Tensor.transpose(x, tuple(order)),
    "unsqueeze": lambda x, axis: x.reshape(tuple(np.expand_dims(x.data, axis).shape)),
    "squeeze": lambda x, axis: x.reshape(
        tuple(np.squeeze(x.data, tuple(a for a in np.atleast_1d(axis) if x.shape[a] == 1)).shape)
    ),
    "expand": expanded,
    "select": lambda x, axis, i: x[(*[slice(None)] * (axis % x.ndim), i)],
    "slice": sliced,
    "index": indexed,
    "index_select": lambda x, axis, i: x[(*[slice(None)] * (axis % x.ndim), chosen(i))],
    "gather": gathered,
    "constant_pad_nd": padded,
    "flip": lambda x, axis: te.flip(x, tuple(axis)),
    "repeat": te.tile,
    "cat": lambda xs, axis=0: te.concatenate(xs, axis),
    "stack": lambda xs, axis=0: te.stack(xs, axis),
    "split_with_sizes": lambda x, sizes, axis=0: tuple(
        sliced(x, axis, int(end) - n, int(end)) for end, n in zip(np.cumsum(sizes), sizes)
    ),
    "clone": same,
    "alias": same,
    "detach": lambda x: x.detach(),
    "_to_copy": same,
    "_assert_tensor_metadata": same,
    # choice, without a derivative but for where
    "where": where,
    **{name: of_data(getattr(operator, name)) for name in ("eq", "ne", "gt", "ge", "lt", "le")},
    **{f"{kind}_{name}": of_data(getattr(np, f"{kind}_{name}")) for kind in ("logical", "bitwise") for name in LOGIC},
    "any": of_data(lambda x, axis=None, keepdims=False: np.any(x, axis, keepdims=keepdims)),
    "full_like": of_data(np.full_like),
    "full": lambda shape, value: np.full(shape, value, np.float32 if isinstance(value, float) else None),
    "arange": lambda *limits: np.arange(*limits),
    "scalar_tensor": lambda value: value,
    "tril": of_data(np.tril),
    "triu": of_data(np.triu),
}
