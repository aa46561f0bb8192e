"""Networks: layers one after the other, and those that `python -m models.train` knows by name."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..module import Module
from .activations import ACTIVATIONS
from .convolution import Conv2d, Flatten, MaxPool2d, Unflatten
from .dense import Linear
from .dropout import Dropout
from .initialisations import one_of
from .normalisation import BatchNorm


class Sequential(Module):
    """Layers one after the other."""

    pure = True

    def __init__(self, *layers: Module) -> None:
        self.layers: list[Any] = list(layers)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parts(self) -> list[Any]:
        return self.layers

    @property
    def growth(self) -> int:  # type: ignore[override]
        return max((layer.growth for layer in self.layers), default=1)

    @property
    def n_inputs(self) -> int | None:
        """How many features an instance has, by the first layer that says so; None if none does."""
        return next((layer.n_inputs for layer in self.layers if hasattr(layer, "n_inputs")), None)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


class MLP(Sequential):
    """Linear layers of `sizes` (inputs, hidden..., classes) with an activation between them; gives logits.

    >>> MLP([784, 100, 10], "relu")
    Sequential(Linear(784, 100), ReLU, Linear(100, 10))

    activation      "sigmoid", "relu", ...: a name in ACTIVATIONS
    dropout         the rate after each activation
    rng             a NumPy Generator, or a seed for one: weights and dropout come from it
    initialisation  of the weights, a name in INITIALISATIONS or a function; None is after He for relu and its like, and
                    after Glorot for others
    """

    pure = True
    arguments = "sizes", "activation", "dropout"

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        dropout: float = 0.0,
        rng: np.random.Generator | int = 0,
        dtype: Any = np.float32,
        initialisation: str | Callable[..., np.ndarray] | None = None,
    ) -> None:
        self.sizes = list(map(int, sizes)) if is_of_sizes(sizes) else []
        if len(self.sizes) < 2:
            raise ValueError(f"sizes {sizes}: must be two or more whole numbers above 0, as in [784, 100, 10]")
        self.activation, self.dropout = activation, dropout
        self.rng = np.random.default_rng(rng)
        if dropout != 0:
            Dropout(dropout, self.rng)  # also where there is no hidden layer to follow, a wrong rate is refused
        layer_class, usual = one_of(ACTIVATIONS, activation, "activation")
        layers: list[Module] = []
        for i, (n_inputs, n_outputs) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            layers.append(Linear(n_inputs, n_outputs, self.rng, initialisation or usual, dtype, f"layer{i}"))
            if i < len(self.sizes) - 1:
                layers.append(layer_class(f"layer{i}"))
                if dropout:
                    layers.append(Dropout(dropout, self.rng))
        super().__init__(*layers)


def is_of_sizes(sizes: Any) -> bool:
    return np.ndim(sizes) == 1 and all(isinstance(size, (int, np.integer)) and size > 0 for size in sizes)


class LeNet(Sequential):
    """Two convolutions of 16 and 32 channels, each with an activation and max pooling, and two dense layers: after
    LeNet-5 of LeCun, Bottou, Bengio and Haffner (1998), with more channels; gives logits.

    >>> LeNet((28, 28), 10).sizes
    ['1x28x28', '16x12x12', '32x4x4', 128, 10]

    image_shape     (rows, columns); pictures of fewer than 16 either way are padded by 2, so that something is left
    normalise       whether batch normalisation stands between each convolution and its activation
    dropout         the rate before each dense layer; the others as for MLP
    """

    pure = True
    channels, kernel, hidden = (16, 32), 5, 128

    def __init__(
        self,
        image_shape: tuple[int, int],
        n_classes: int,
        activation: str = "relu",
        dropout: float = 0.0,
        rng: np.random.Generator | int = 0,
        dtype: Any = np.float32,
        initialisation: str | Callable[..., np.ndarray] | None = None,
        normalise: bool = False,
    ) -> None:
        self.rng = np.random.default_rng(rng)
        self.activation, self.dropout = activation, dropout
        layer_class, usual = one_of(ACTIVATIONS, activation, "activation")
        drawn, sides, n = initialisation or usual, tuple(image_shape), 1
        layers: list[Module] = [Unflatten((1, *sides))]
        self.sizes: list[Any] = ["x".join(map(str, (1, *sides)))]
        padding = 2 if min(sides) < 16 else 0
        for i, channels in enumerate(self.channels, start=1):
            label = f"conv{i}"
            bias = not normalise  # which would take it away
            layers.append(Conv2d(n, channels, self.kernel, self.rng, drawn, dtype, label, bias, padding=padding))
            if normalise:
                layers.append(BatchNorm(channels, dtype, f"{label}/norm"))
            layers += [layer_class(label), MaxPool2d(2)]
            if min(sides) + 2 * padding < self.kernel + 1:
                raise ValueError(f"pictures of {self.sizes[0]} are too small: a LeNet needs 4 rows and columns or more")
            n, sides = channels, tuple((side + 2 * padding - self.kernel + 1) // 2 for side in sides)
            self.sizes.append("x".join(map(str, (n, *sides))))
        layers.append(Flatten())
        drop = [Dropout(dropout, self.rng)] if dropout else []
        n_features = n * sides[0] * sides[1]
        layers += [*drop, Linear(n_features, self.hidden, self.rng, drawn, dtype, "dense1"), layer_class("dense1")]
        layers += [*drop, Linear(self.hidden, n_classes, self.rng, drawn, dtype, "dense2")]
        self.sizes += [self.hidden, n_classes]
        super().__init__(*layers)


def parameter_count(model: Module) -> int:
    """The number of numbers that training changes: 784-100-200-50-10 has 109,260."""
    return sum(parameter.size for parameter in model.parameters())
