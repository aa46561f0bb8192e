"""Activations as layers: `ReLU()` is the layer, `relu` its operator, as PyTorch has it."""

from typing import Any

import tensor_engine as te

from ..module import Module
from .initialisations import glorot, he


class Activation(Module):
    """An elementwise operator as a layer."""

    pure = True
    operator: Any = None

    def __init__(self, label: str = "layer") -> None:
        self.label = label

    def __call__(self, x: Any) -> Any:
        return self.operator(x).named(f"{self.label}/h")


class Sigmoid(Activation):
    operator = te.sigmoid


class ReLU(Activation):
    operator = te.relu


class Tanh(Activation):
    operator = te.tanh


class LeakyReLU(Activation):
    operator = staticmethod(te.leaky_relu)


class ELU(Activation):
    operator = staticmethod(te.elu)


class GELU(Activation):
    operator = staticmethod(te.gelu)


class SiLU(Activation):
    operator = staticmethod(te.silu)


class Softmax(Module):
    """Probabilities out of logits, along the last axis. A loss on logits (softmax_cross_entropy) needs none."""

    pure = True

    def __call__(self, x: Any) -> Any:
        return te.softmax(x)


# By name: the layer, and how weights before it are drawn unless told otherwise.
ACTIVATIONS = {
    "sigmoid": (Sigmoid, glorot), "relu": (ReLU, he), "tanh": (Tanh, glorot), "leaky-relu": (LeakyReLU, he),
    "elu": (ELU, he), "gelu": (GELU, he), "silu": (SiLU, he),
}  # fmt: skip
