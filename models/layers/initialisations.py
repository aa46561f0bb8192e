"""How weights are drawn at first, by name: with a spread that keeps signals of one size from layer to layer.

Each is a function of (rng, n_inputs, n_outputs, shape): how many numbers go into one output, and how many outputs one
number goes into. `shape` is the weights', (n_inputs, n_outputs) if it is not said.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tensor_engine.pytorch_names import chosen

Shape = tuple[int, ...]


def uniform(rng: np.random.Generator, limit: float, shape: Shape) -> np.ndarray:
    return rng.uniform(-limit, limit, shape)


def glorot(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Uniform in +- sqrt(6 / (inputs + outputs)): Glorot and Bengio (2010), for sigmoid and tanh."""
    return uniform(rng, math.sqrt(6 / (n_inputs + n_outputs)), shape or (n_inputs, n_outputs))


def glorot_normal(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Normal with deviation sqrt(2 / (inputs + outputs)): Glorot and Bengio (2010)."""
    return rng.normal(0, math.sqrt(2 / (n_inputs + n_outputs)), shape or (n_inputs, n_outputs))


def he(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Normal with deviation sqrt(2 / inputs): He and others (2015), for relu."""
    return rng.normal(0, math.sqrt(2 / n_inputs), shape or (n_inputs, n_outputs))


def he_uniform(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Uniform in +- sqrt(6 / inputs): He and others (2015), for relu."""
    return uniform(rng, math.sqrt(6 / n_inputs), shape or (n_inputs, n_outputs))


def lecun(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Normal with deviation 1 / sqrt(inputs): LeCun, Bottou, Orr and Mueller (1998), "Efficient BackProp"."""
    return rng.normal(0, 1 / math.sqrt(n_inputs), shape or (n_inputs, n_outputs))


def pytorch(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Uniform in +- 1 / sqrt(inputs), as the weights of `torch.nn.Linear` and `Conv2d` are."""
    return uniform(rng, 1 / math.sqrt(n_inputs), shape or (n_inputs, n_outputs))


def normal(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Normal with deviation 0.02, whatever the sizes: as in GPT-2 (Radford and others, 2019)."""
    return rng.normal(0, 0.02, shape or (n_inputs, n_outputs))


def zeros(rng: np.random.Generator, n_inputs: int, n_outputs: int, shape: Shape | None = None) -> np.ndarray:
    """Zeros, from which all hidden units of a layer stay alike: to see why weights are drawn."""
    return np.zeros(shape or (n_inputs, n_outputs))


INITIALISATIONS: dict[str, Callable[..., np.ndarray]] = {
    "glorot": glorot,
    "glorot-normal": glorot_normal,
    "he": he,
    "he-uniform": he_uniform,
    "lecun": lecun,
    "pytorch": pytorch,
    "normal": normal,
    "zeros": zeros,
}


def require_sizes(layer: str, **sizes: Any) -> None:
    """Raise ValueError if one of the sizes that a layer is made with is no whole number above 0."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{layer}: {name} is {size!r}, and must be a whole number above 0")


def one_of(table: dict[str, Any], name: str, what: str) -> Any:
    """table[name]. Raises ValueError, with the names that there are, if it is none of them."""
    if name not in tuple(table):  # whatever it is, a list too
        raise ValueError(f"there is no {what} {name!r}, only {', '.join(table)}{chosen(name)}")
    return table[name]


def initialisation_of(which: str | Callable[..., np.ndarray], rng: Any) -> Callable[..., np.ndarray]:
    """The function itself, or the one of this name, for an rng. Raises ValueError for other names, TypeError for seeds.

    >>> initialisation_of("he", np.random.default_rng(0)) is he
    True
    """
    if not hasattr(rng, "normal"):
        raise TypeError(f"rng is where random numbers come from, np.random.default_rng(0) say, not {rng!r}")
    return which if callable(which) else one_of(INITIALISATIONS, which, "initialisation")
