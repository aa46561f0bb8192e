"""Layers of Tensors, and networks made of them: Linear, activations, Dropout, Sequential, MLP.

Instances are rows: a layer takes (instances, inputs) and gives (instances, outputs).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tensor_engine as te
from tensor_engine import Tensor

from .module import Module


def glorot(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> np.ndarray:
    """Uniform in +- sqrt(6 / (inputs + outputs)): Glorot and Bengio (2010), for sigmoid and tanh."""
    limit = math.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs))


def he(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> np.ndarray:
    """Normal with deviation sqrt(2 / inputs): He and others (2015), for relu."""
    return rng.normal(0, math.sqrt(2 / n_inputs), (n_inputs, n_outputs))


class Linear(Module):
    """x @ W + b, with W (inputs, outputs) from `initialisation(rng, inputs, outputs)` and b (outputs,) zero."""

    pure = True

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        rng: np.random.Generator,
        initialisation: Callable[..., np.ndarray] = glorot,
        dtype: Any = np.float32,
        label: str = "layer",
    ) -> None:
        self.W = Tensor(initialisation(rng, n_inputs, n_outputs).astype(dtype), f"{label}/W", requires_grad=True)
        self.b = Tensor(np.zeros(n_outputs, dtype), f"{label}/b", requires_grad=True)
        self.label = f"{label}/k"

    def __call__(self, x: Any) -> Any:
        return te.linear(x, self.W, self.b).named(self.label)

    def parameters(self) -> list[Tensor]:
        return [self.W, self.b]

    def __repr__(self) -> str:
        return "Linear({}, {})".format(*self.W.shape)


class Activation(Module):
    """An elementwise operator as a layer: `ReLU()` is the layer, `relu` its operator, as PyTorch has it."""

    pure = True
    operator: Any = None

    def __init__(self, label: str = "layer") -> None:
        self.label = f"{label}/h"

    def __call__(self, x: Any) -> Any:
        return self.operator(x).named(self.label)

    def __repr__(self) -> str:
        return type(self).__name__


class Sigmoid(Activation):
    operator = te.sigmoid


class ReLU(Activation):
    operator = te.relu


class Tanh(Activation):
    operator = te.tanh


class Softmax(Module):
    """Probabilities out of logits, along the last axis. A loss on logits (softmax_cross_entropy) needs none."""

    pure = True

    def __call__(self, x: Any) -> Any:
        return te.softmax(x)

    def __repr__(self) -> str:
        return "Softmax"


class Dropout(Module):
    """While training, sets each element to 0 with probability `rate` and scales the others by 1 / (1 - rate)."""

    pure = True

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        if not isinstance(rate, (int, float, np.floating)) or not 0 <= rate < 1:
            meant = "" if isinstance(rate, float) else "; is it meant as the rng? Say rng=..."
            raise ValueError(f"dropout rate {rate}: must be at least 0 and below 1{meant}")
        self.rate = rate
        self.rng = rng

    def __call__(self, x: Any) -> Any:
        if not self.training or not self.rate:
            return x

        def mask() -> np.ndarray:
            kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
            return (kept / x.dtype.type(1 - self.rate)).astype(x.dtype)

        return x * te.drawn(mask, x.shape, x.dtype)

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


class Sequential(Module):
    """Layers one after the other."""

    pure = True

    def __init__(self, *layers: Module) -> None:
        self.layers: list[Any] = list(layers)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Tensor]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def parts(self) -> list[Any]:
        return self.layers

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


def one_of(table: dict[str, Any], name: str, what: str) -> Any:
    """table[name]. Raises ValueError, with the names that there are, if it is none of them."""
    if name not in tuple(table):  # whatever it is, a list too
        raise ValueError(f"there is no {what} {name!r}, only {', '.join(table)}")
    return table[name]


ACTIVATIONS = {"sigmoid": (Sigmoid, glorot), "relu": (ReLU, he), "tanh": (Tanh, glorot)}


class MLP(Sequential):
    """Linear layers of `sizes` (inputs, hidden..., classes) with an activation between them; gives logits.

    >>> MLP([784, 100, 10], "relu")
    Sequential(Linear(784, 100), ReLU, Linear(100, 10))

    activation      "sigmoid", "relu" or "tanh"; relu's weights are drawn after He, the others' after Glorot
    dropout         the rate after each activation
    rng             a NumPy Generator, or a seed for one: weights and dropout come from it
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        dropout: float = 0.0,
        rng: np.random.Generator | int = 0,
        dtype: Any = np.float32,
    ) -> None:
        self.sizes = list(sizes) if np.ndim(sizes) == 1 else []
        if len(self.sizes) < 2 or not all(isinstance(size, (int, np.integer)) and size > 0 for size in self.sizes):
            raise ValueError(f"sizes {sizes}: must be two or more whole numbers above 0, as in [784, 100, 10]")
        self.activation, self.dropout = activation, dropout
        self.rng = np.random.default_rng(rng)
        if dropout != 0:
            Dropout(dropout, self.rng)  # also where there is no hidden layer to follow, a wrong rate is refused
        layer_class, initialisation = one_of(ACTIVATIONS, activation, "activation")
        layers: list[Module] = []
        for i, (n_inputs, n_outputs) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            layers.append(Linear(n_inputs, n_outputs, self.rng, initialisation, dtype, f"layer{i}"))
            if i < len(self.sizes) - 1:
                layers.append(layer_class(f"layer{i}"))
                if dropout:
                    layers.append(Dropout(dropout, self.rng))
        super().__init__(*layers)


def parameter_count(model: Module) -> int:
    """The number of numbers that training changes: 784-100-200-50-10 has 109,260."""
    return sum(parameter.size for parameter in model.parameters())
