"""Dropout: units left out at random while training (Srivastava and others, 2014)."""

from typing import Any

import numpy as np

import tensor_engine as te

from ..module import Module


class Dropout(Module):
    """While training, sets each element to 0 with probability `rate` and scales the others by 1 / (1 - rate)."""

    pure = True
    arguments = ("rate",)

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        if not isinstance(rate, (int, float, np.floating)) or not 0 <= rate < 1:
            meant = "" if isinstance(rate, float) else "; is it meant as the rng? Say rng=..."
            raise ValueError(f"dropout rate {rate}: must be at least 0 and below 1{meant}")
        self.rate = rate
        self.rng = rng

    def __call__(self, x: Any) -> Any:
        if not self.training or not self.rate:
            return x

        if x.dtype.kind != "f":
            raise ValueError(f"dropout scales what it leaves, and takes floats, not {x.dtype}")

        def mask() -> np.ndarray:
            kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
            return (kept / x.dtype.type(1 - self.rate)).astype(x.dtype)

        return x * te.drawn(mask, x.shape, x.dtype)
