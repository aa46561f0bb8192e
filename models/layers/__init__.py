"""Layers of Tensors, by kind, and networks made of them. Instances are rows: (instances, inputs), or pictures, or
sequences.

Reading order: initialisations, dense, activations, dropout, networks; convolution, normalisation, attention.
"""

from typing import TYPE_CHECKING

from tensor_engine.pytorch_names import tell, unknown

from ..module import Module
from .activations import ACTIVATIONS, ELU, GELU, Activation, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .attention import Embedding, MultiHeadAttention, TransformerBlock
from .convolution import AvgPool2d, Conv2d, Flatten, MaxPool2d, Unflatten
from .dense import Linear
from .dropout import Dropout
from .initialisations import INITIALISATIONS, glorot, he, one_of
from .networks import MLP, LeNet, Sequential, parameter_count
from .normalisation import BatchNorm, LayerNorm

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "INITIALISATIONS",
    "LayerNorm",
    "LeNet",
    "LeakyReLU",
    "Linear",
    "MLP",
    "MaxPool2d",
    "Module",
    "MultiHeadAttention",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TransformerBlock",
    "Unflatten",
    "glorot",
    "he",
    "one_of",
    "parameter_count",
]

tell(globals())

if not TYPE_CHECKING:  # to a type checker, what is not here is not here

    def __getattr__(name):
        raise unknown("models.layers", name)
