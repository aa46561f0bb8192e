"""Weights on their way to PyTorch: of a graph, into the module that it was made of; of our layers, into their twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from scalar_engine.graph import Node, data_of, topological_order

from .. import layers as ours
from ..layers.normalisation import EPSILON


def to_torch(trained: Node | ours.Module, module: nn.Module | None = None) -> nn.Module:
    """Trained weights as PyTorch has them.

    trained     the root of a graph that `from_torch` made of `module`: its leaves go back into it. Or a network of
                models.layers: what comes back is a module of PyTorch's own layers that computes the same

    Raises ValueError where a parameter of the module is no leaf of the graph, or has another shape there, and
    NotImplementedError for a layer that PyTorch has no twin of.

    >>> net = to_torch(ours.MLP([4, 3, 2], "relu"))
    >>> net
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    """
    if isinstance(trained, ours.Module):
        return twin(trained)
    if module is None:
        raise ValueError("to_torch(root, module): a graph goes into the module that it was made of")
    leaves = {node.label: node.data for node in topological_order(trained) if not node.inputs}
    for name, parameter in module.named_parameters():
        data = leaves.get(name.replace(".", "/"))
        if data is None or np.shape(data) != tuple(parameter.shape):
            there = "is no leaf of the graph" if data is None else f"has shape {np.shape(data)} in the graph"
            raise ValueError(f"to_torch: {name} {tuple(parameter.shape)} {there}")
        fill(parameter, data)
    return module


def twin(layer: Any, of_pictures: bool = False) -> nn.Module:
    """A layer of PyTorch's that computes what ours does, with its weights, for rows or for pictures."""
    for kind, make in TWINS.items():
        if isinstance(layer, kind):
            return (make(layer, of_pictures) if kind is ours.BatchNorm else make(layer)).train(layer.training)
    raise NotImplementedError(f"to_torch: {type(layer).__name__} has no twin among PyTorch's layers")


def filled(module: nn.Module, **weights: Any) -> nn.Module:
    """The module with our Tensors, or arrays, in its parameters and buffers of these names."""
    places = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name, x in weights.items():
        if x is not None:
            fill(places[name.replace("__", ".")], data_of(x))
    return module


def fill(place: torch.Tensor, data: np.ndarray) -> None:
    place.data = torch.tensor(data)  # a copy, of the same type


def sequential(network: ours.Sequential) -> nn.Module:
    layers, of_pictures = [], False
    for layer in network.layers:
        of_pictures = isinstance(layer, (ours.Conv2d, ours.Unflatten)) or of_pictures
        of_pictures = of_pictures and not isinstance(layer, (ours.Flatten, ours.Linear))
        layers.append(twin(layer, of_pictures))
    return nn.Sequential(*layers)


def linear(layer: ours.Linear) -> nn.Module:
    return filled(nn.Linear(layer.n_inputs, layer.n_outputs, layer.bias), weight=layer.W.data.T, bias=layer.b)


def convolution(layer: ours.Conv2d) -> nn.Module:
    options = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups", "bias")}
    made = nn.Conv2d(layer.n_inputs, layer.n_outputs, layer.kernel, **options)
    return filled(made, weight=layer.W, bias=layer.b)


def batch_norm(layer: ours.BatchNorm, of_pictures: bool) -> nn.Module:
    made = (nn.BatchNorm2d if of_pictures else nn.BatchNorm1d)(layer.n, EPSILON, layer.share)
    own = {"running_mean": layer.mean, "running_var": layer.variance}
    return filled(made, weight=layer.gamma, bias=layer.beta, **own)


def layer_norm(layer: ours.LayerNorm) -> nn.Module:
    return filled(nn.LayerNorm(layer.n, EPSILON), weight=layer.gamma, bias=layer.beta)


def attention(layer: ours.MultiHeadAttention, prefix: str = "") -> dict[str, Any]:
    """The weights of nn.MultiheadAttention by its names."""
    inwards, outwards = layer.inwards, layer.outwards
    by_name: dict[str, Any] = {"in_proj_weight": inwards.W.data.T, "in_proj_bias": inwards.b}
    by_name |= {"out_proj__weight": outwards.W.data.T, "out_proj__bias": outwards.b}
    return {prefix + name: x for name, x in by_name.items()}


class Attention(nn.MultiheadAttention):
    """Of a sequence to itself, and to what comes before each place only if it is causal."""

    causal = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x, x, x, need_weights=False, attn_mask=mask(x) if self.causal else None)[0]


class Block(nn.TransformerEncoderLayer):
    causal = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x, src_mask=mask(x) if self.causal else None)


def mask(x: torch.Tensor) -> torch.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)


def attention_layer(layer: ours.MultiHeadAttention) -> nn.Module:
    made = Attention(layer.width, layer.heads, batch_first=True)
    made.causal = layer.causal
    return filled(made, **attention(layer))


def block(layer: ours.TransformerBlock) -> nn.Module:
    activation = getattr(torch.nn.functional, layer.activation)
    options = {"layer_norm_eps": EPSILON, "batch_first": True, "norm_first": True, "activation": activation}
    made = Block(layer.width, layer.heads, layer.hidden, layer.dropout, **options)
    made.causal = layer.causal
    dense: dict[str, Any] = {
        f"linear{i}__weight": each.W.data.T for i, each in enumerate((layer.dense1, layer.dense2), 1)
    }
    dense |= {"linear1__bias": layer.dense1.b, "linear2__bias": layer.dense2.b}
    norms = {f"norm{i}__weight": norm.gamma for i, norm in enumerate((layer.norm1, layer.norm2), 1)}
    norms |= {"norm1__bias": layer.norm1.beta, "norm2__bias": layer.norm2.beta}
    return filled(made, **dense, **norms, **attention(layer.attention, "self_attn__"))


class Embedding(nn.Embedding):
    """With a vector for each place added."""

    def __init__(self, n: int, width: int, length: int) -> None:
        super().__init__(n, width)
        self.places = nn.Parameter(torch.zeros(length, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + self.places[: x.shape[-1]]


def embedding(layer: ours.Embedding) -> nn.Module:
    if layer.P is None:
        return filled(nn.Embedding(layer.n, layer.width), weight=layer.W)
    return filled(Embedding(layer.n, layer.width, len(layer.P)), weight=layer.W, places=layer.P)


TWINS: dict[Any, Callable[..., nn.Module]] = {
    ours.Sequential: sequential,
    ours.Linear: linear,
    ours.Conv2d: convolution,
    ours.BatchNorm: batch_norm,
    ours.LayerNorm: layer_norm,
    ours.MultiHeadAttention: attention_layer,
    ours.TransformerBlock: block,
    ours.Embedding: embedding,
    ours.Sigmoid: lambda layer: nn.Sigmoid(),
    ours.ReLU: lambda layer: nn.ReLU(),
    ours.Tanh: lambda layer: nn.Tanh(),
    ours.LeakyReLU: lambda layer: nn.LeakyReLU(),
    ours.ELU: lambda layer: nn.ELU(),
    ours.GELU: lambda layer: nn.GELU(),
    ours.SiLU: lambda layer: nn.SiLU(),
    ours.Softmax: lambda layer: nn.Softmax(dim=-1),
    ours.Dropout: lambda layer: nn.Dropout(layer.rate),
    ours.AvgPool2d: lambda layer: nn.AvgPool2d(layer.size, layer.stride, layer.padding),
    ours.MaxPool2d: lambda layer: nn.MaxPool2d(layer.size, layer.stride, layer.padding),
    ours.Flatten: lambda layer: nn.Flatten(),
    ours.Unflatten: lambda layer: nn.Unflatten(1, layer.shape),
}
