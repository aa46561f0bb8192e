"""Layers of pictures: convolution and pooling, and the ways into them and out of them.

Pictures are (instances, channels, rows, columns), as in PyTorch.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import tensor_engine as te
from tensor_engine import Tensor
from tensor_engine.operators.windows import per_axis

from ..module import Module
from .initialisations import he, initialisation_of, require_sizes


class Conv2d(Module):
    """W (channels out, channels in / groups, rows, columns) moved over pictures, and b (channels out,) added.

    kernel      rows and columns of W, an int where they are the same; stride, padding and dilation likewise

    >>> layer = Conv2d(1, 16, 5, np.random.default_rng(0), padding=2)
    >>> layer(np.zeros((2, 1, 28, 28), "float32")).shape
    (2, 16, 28, 28)
    """

    pure = True
    growth = 10  # its patches of small pictures, and its channels
    arguments = "n_inputs", "n_outputs", "kernel", "stride", "padding", "dilation", "groups", "label", "bias"

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        kernel: int | tuple[int, int],
        rng: np.random.Generator,
        initialisation: str | Callable[..., np.ndarray] = he,
        dtype: Any = np.float32,
        label: str = "conv",
        bias: bool = True,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
    ) -> None:
        require_sizes("Conv2d", n_inputs=n_inputs, n_outputs=n_outputs, groups=groups)
        if n_inputs % groups or n_outputs % groups:
            raise ValueError(f"Conv2d: {n_inputs} and {n_outputs} channels do not go into {groups} groups")
        self.n_inputs, self.n_outputs, self.kernel, self.label, self.bias = n_inputs, n_outputs, kernel, label, bias
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        shape = n_outputs, n_inputs // groups, *per_axis(kernel, 2, "kernel")
        field = math.prod(shape[2:])
        weights = initialisation_of(initialisation, rng)(rng, shape[1] * field, n_outputs // groups * field, shape)
        self.W = Tensor(weights.astype(dtype), f"{label}/W", requires_grad=True)
        self.b = Tensor(np.zeros(n_outputs, dtype), f"{label}/b", requires_grad=True) if bias else None

    def __call__(self, x: Any) -> Any:
        k = te.conv2d(x, self.W, self.b, self.stride, self.padding, self.dilation, self.groups)
        return k.named(f"{self.label}/k")

    def parameters(self) -> list[Tensor]:
        return [self.W] if self.b is None else [self.W, self.b]

    def __repr__(self) -> str:
        usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}
        said = [f", {name}={getattr(self, name)}" for name, x in usual.items() if getattr(self, name) != x]
        return f"Conv2d({self.n_inputs}, {self.n_outputs}, {self.kernel}{''.join(said)})"


class MaxPool2d(Module):
    """The largest number of each field of `size`; fields are `stride` apart, their size unless it is said.

    >>> MaxPool2d(2)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).item()
    4.0
    """

    pure = True
    arguments = "size", "stride", "padding"

    def __init__(
        self, size: int | tuple[int, int], stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:  # fmt: skip
        self.size, self.stride, self.padding = size, stride, padding

    def __call__(self, x: Any) -> Any:
        return te.max_pool2d(x, self.size, self.stride, self.padding)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size})"


class AvgPool2d(MaxPool2d):
    """The mean of each field of `size`; padding counts as zeros."""

    pure = True

    def __call__(self, x: Any) -> Any:
        return te.avg_pool2d(x, self.size, self.stride, self.padding)


class Unflatten(Module):
    """Rows of a table as arrays of `shape`: (instances, 784) as pictures (instances, 1, 28, 28), say."""

    pure = True
    arguments = ("shape",)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = tuple(shape)
        for size in self.shape:
            require_sizes("Unflatten", shape=size)
        self.n_inputs = math.prod(self.shape)

    def __call__(self, x: Any) -> Any:
        return x.reshape(len(x), *self.shape)


class Flatten(Module):
    """Arrays as rows of a table, (instances, features), for dense layers."""

    pure = True

    def __call__(self, x: Any) -> Any:
        return x.reshape(len(x), math.prod(x.shape[1:]))
