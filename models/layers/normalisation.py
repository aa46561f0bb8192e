"""Batch and layer normalisation: a mean, a variance and a division, composed of the engine's operators.

No rule for their derivatives is written down here; they follow from those of mean, square, square root and quotient.
"""

from typing import Any

import numpy as np

from tensor_engine import Tensor, noted, sqrt

from ..module import Module
from .initialisations import require_sizes

EPSILON = 1e-5  # added to a variance, so that nothing is divided by 0


class Normalisation(Module):
    """What both kinds learn: a deviation gamma and a mean beta for each of the `n` features, 1 and 0 at first."""

    pure = True
    arguments = "n", "label"

    def __init__(self, n: int, dtype: Any = np.float32, label: str = "norm") -> None:
        require_sizes(type(self).__name__, n=n)
        self.n, self.label = n, label
        self.gamma = Tensor(np.ones(n, dtype), f"{label}/gamma", requires_grad=True)
        self.beta = Tensor(np.zeros(n, dtype), f"{label}/beta", requires_grad=True)

    def parameters(self) -> list[Tensor]:
        return [self.gamma, self.beta]


class LayerNorm(Normalisation):
    """Each instance of (..., features) by mean and variance of its own features: Ba and others (2016).

    No instance depends on another, so training and evaluation compute the same. Of 1 feature nothing would be left:
    ValueError.

    >>> LayerNorm(2, np.float64)(Tensor([[1.0, 3.0]])).data.round(2).tolist()
    [[-1.0, 1.0]]
    """

    pure = True

    def __init__(self, n: int, dtype: Any = np.float32, label: str = "norm") -> None:
        if n == 1:
            raise ValueError("LayerNorm: 1 feature less its own mean is 0, whatever it was; it takes 2 or more")
        super().__init__(n, dtype, label)

    def __call__(self, x: Any) -> Any:
        if x.shape[-1:] != (self.n,):
            raise ValueError(f"{self.label}: {x.shape}, the last axis must have {self.n} elements, the features")
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        return centred / sqrt(variance + EPSILON) * self.gamma + self.beta


class BatchNorm(Normalisation):
    """Each feature by its mean and variance in the batch: Ioffe and Szegedy (2015).

    A Tensor is (instances, features), or (instances, channels, rows, columns), whose features are the channels
    (BatchNorm1d and BatchNorm2d in PyTorch). An instance's output then depends on the others of its batch. For
    evaluation there are running averages of the batches' means and variances in their place, over about the last ten
    batches. While training, one value of a feature is too few: ValueError.
    """

    pure = True
    share = 0.1  # of a new batch in the running averages

    def __init__(self, n: int, dtype: Any = np.float32, label: str = "norm") -> None:
        super().__init__(n, dtype, label)
        self.mean = Tensor(np.zeros(n, dtype), f"{label}/mean")
        self.variance = Tensor(np.ones(n, dtype), f"{label}/variance")

    def statistics(self) -> list[Tensor]:
        return [self.mean, self.variance]

    def __call__(self, x: Any) -> Any:
        if x.shape[1:2] != (self.n,):
            raise ValueError(f"{self.label}: {x.shape}, axis 1 must have {self.n} elements, the features")
        along = (1, self.n) + (1,) * (x.ndim - 2)  # the features' axis among those of x
        if self.training:
            if x.size <= self.n:
                raise ValueError(
                    f"{self.label}: {x.shape}, of {x.size // self.n} values of each feature, which less their own mean "
                    f"are 0: train on batches (the last of an epoch too) of 2 instances or more, or call .train(False)"
                )
            axes = tuple(axis for axis in range(x.ndim) if axis != 1)
            mean = x.mean(axis=axes, keepdims=True)
            centred = x - mean
            variance = (centred * centred).mean(axis=axes, keepdims=True)
        else:
            centred, variance = x - self.mean.reshape(along), self.variance.reshape(along)
        scale = self.gamma.reshape(along) / sqrt(variance + EPSILON)  # few numbers: one product with all of them
        out = centred * scale + self.beta.reshape(along)
        if self.training:
            n = x.size // self.n
            noted(self.note, mean, variance * (n / (n - 1)))  # unbiased: of instances to come
        return out

    def note(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Take the statistics of a batch into the running averages, if they are finite: otherwise training ends."""
        if not np.isfinite(variance).all():
            return
        for average, found in (self.mean, mean), (self.variance, variance):
            average.data = average.data + average.dtype.type(self.share) * (found.ravel() - average.data)
