"""Multilayer perceptrons out of Values: Neuron, Layer and MLP, to be used as in micrograd (of Tensors: layers.MLP).

Every parameter and every neuron's value carries a label such as layer1/neuron2/w3, so that pictures can fold a neuron
or a layer into one node.
"""

import random
from collections.abc import Sequence
from typing import Any

from scalar_engine import Value, dot, relu

from .module import Module


class Neuron(Module):
    """activation(w . x + b), or w . x + b with `activation=None`. Weights are uniform in [-1, 1], the bias is 0.

    `rng` is where the weights come from: a `random.Random`, or Python's global generator, as in micrograd.
    """

    def __init__(self, n_inputs: int, activation: Any = relu, rng: Any = random, label: str = "neuron") -> None:
        self.w = [Value(rng.uniform(-1, 1), f"{label}/w{i}") for i in range(1, n_inputs + 1)]
        self.b = Value(0.0, f"{label}/b")
        self.activation = activation
        self.labels = f"{label}/k", f"{label}/h"  # made once: a forward pass should not format strings

    def __call__(self, x: Sequence[Any]) -> Value:
        """The neuron's output for a list `x` of n_inputs Values or numbers: one Value."""
        k = (dot(self.w, x) + self.b).named(self.labels[0])
        return k if self.activation is None else self.activation(k).named(self.labels[1])

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        kind = "Linear" if self.activation is None else type(self.activation).__name__
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """`n_outputs` neurons that all see the same inputs."""

    def __init__(
        self, n_inputs: int, n_outputs: int, activation: Any = relu, rng: Any = random, label: str = "layer"
    ) -> None:
        self.neurons = [Neuron(n_inputs, activation, rng, f"{label}/neuron{i}") for i in range(1, n_outputs + 1)]

    def __call__(self, x: Sequence[Any]) -> Any:
        """A list of n_outputs Values; the Value itself if n_outputs is 1, as in micrograd."""
        outputs = self.outputs(x)
        return outputs[0] if len(outputs) == 1 else outputs

    def outputs(self, x: Sequence[Any]) -> list[Value]:
        """A list of n_outputs Values."""
        return [neuron(x) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers of `sizes` neurons one after the other, all with `activation` but the last, which is linear."""

    def __init__(self, n_inputs: int, sizes: Sequence[int], activation: Any = relu, rng: Any = random) -> None:
        widths = [n_inputs, *sizes]
        self.layers = [
            Layer(widths[i], widths[i + 1], activation if i < len(sizes) - 1 else None, rng, f"layer{i + 1}")
            for i in range(len(sizes))
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """The last layer's outputs for a list `x` of n_inputs Values or numbers, as `Layer` returns them."""
        for layer in self.layers[:-1]:
            x = layer.outputs(x)
        return self.layers[-1](x)

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
