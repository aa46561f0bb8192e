"""Dense layers, whose every output sees every input."""

from collections.abc import Callable
from typing import Any

import numpy as np

import tensor_engine as te
from tensor_engine import Tensor

from ..module import Module
from .initialisations import glorot, initialisation_of, require_sizes


class Linear(Module):
    """x @ W + b, with W (inputs, outputs) from `initialisation(rng, inputs, outputs)` and b (outputs,) zero.

    x is (instances, inputs), or has more axes before the last. Without `bias` it is x @ W.

    >>> Linear(784, 10, np.random.default_rng(0), "lecun")(np.zeros((2, 784), "float32")).shape
    (2, 10)
    """

    pure = True
    arguments = "n_inputs", "n_outputs", "label", "bias"

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        rng: np.random.Generator,
        initialisation: str | Callable[..., np.ndarray] = glorot,
        dtype: Any = np.float32,
        label: str = "layer",
        bias: bool = True,
    ) -> None:
        require_sizes("Linear", n_inputs=n_inputs, n_outputs=n_outputs)
        self.label, self.bias = label, bias
        weights = initialisation_of(initialisation, rng)(rng, n_inputs, n_outputs).astype(dtype)
        self.W = Tensor(weights, f"{label}/W", requires_grad=True)
        self.b = Tensor(np.zeros(n_outputs, dtype), f"{label}/b", requires_grad=True) if bias else None

    @property
    def n_inputs(self) -> int:
        return self.W.shape[0]

    @property
    def n_outputs(self) -> int:
        return self.W.shape[1]

    def __call__(self, x: Any) -> Any:
        if x.ndim > 2:
            if x.shape[-1] != self.n_inputs:
                raise ValueError(
                    f"{self.label}: {x.shape}, the last axis must have {self.n_inputs} elements, the inputs"
                )
            return self(x.reshape(-1, self.n_inputs)).reshape(*x.shape[:-1], self.n_outputs)
        k = x @ self.W if self.b is None else te.linear(x, self.W, self.b)
        return k.named(f"{self.label}/k")

    def parameters(self) -> list[Tensor]:
        return [self.W] if self.b is None else [self.W, self.b]

    def __repr__(self) -> str:
        return f"Linear({self.n_inputs}, {self.n_outputs}{'' if self.bias else ', bias=False'})"
