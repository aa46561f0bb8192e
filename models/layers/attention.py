"""Attention, composed of dense layers, products and softmax: Vaswani and others (2017), "Attention is all you need".

Sequences are (instances, length, width).
"""

import math
from typing import Any

import numpy as np

import tensor_engine as te
from tensor_engine import Tensor

from ..module import Module
from .activations import ACTIVATIONS
from .dense import Linear
from .dropout import Dropout
from .initialisations import glorot, normal, one_of, require_sizes
from .normalisation import LayerNorm

HIDDEN = -1e9  # a score that no softmax sees, and that is finite


class Embedding(Module):
    """A vector W[i] of `width` numbers for each of `n` symbols; with a `length`, another one for each place, added.

    x holds integers from 0 to n - 1, (instances, places); the output is (instances, places, width).

    >>> Embedding(26, 8, np.random.default_rng(0), length=10)(np.array([[0, 25, 3]])).shape
    (1, 3, 8)
    """

    pure = True
    arguments = "n", "width", "length", "label"

    def __init__(
        self, n: int, width: int, rng: np.random.Generator, initialisation: Any = normal, dtype: Any = np.float32,
        label: str = "embedding", length: int | None = None,
    ) -> None:  # fmt: skip
        require_sizes("Embedding", n=n, width=width, **({} if length is None else {"length": length}))
        self.n, self.width, self.length, self.label = n, width, length, label
        self.W = Tensor(initialisation(rng, n, width).astype(dtype), f"{label}/W", requires_grad=True)
        self.P = None
        if length is not None:
            self.P = Tensor(initialisation(rng, length, width).astype(dtype), f"{label}/P", requires_grad=True)

    def __call__(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        given = np.asarray(x.data)
        wrong = given[(given < 0) | (given >= self.n)].tolist()
        if given.dtype.kind not in "iu" or wrong:
            found = wrong[0] if wrong else given.dtype
            raise ValueError(f"an embedding takes integers from 0 to {self.n - 1}, not {found}")
        if self.P is None:
            return self.W[x]
        if not given.ndim or given.shape[-1] > len(self.P):
            length = given.shape[-1] if given.ndim else "no places"
            raise ValueError(f"a sequence of {length}, and the embedding has {len(self.P)} places")
        return self.W[x] + self.P[: x.shape[-1]]

    def parameters(self) -> list[Tensor]:
        return [self.W] if self.P is None else [self.W, self.P]


class MultiHeadAttention(Module):
    """Each place takes from all others what its query finds alike in their keys: softmax(q k' / sqrt(n)) v, by heads.

    width       of the sequences; each of the `heads` has width / heads numbers of it
    causal      whether a place sees only itself and those before it
    """

    pure = True
    arguments = "width", "heads", "causal", "label"

    def __init__(
        self, width: int, heads: int, rng: np.random.Generator, initialisation: Any = glorot, dtype: Any = np.float32,
        label: str = "attention", causal: bool = False,
    ) -> None:  # fmt: skip
        require_sizes("MultiHeadAttention", width=width, heads=heads)
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared out among {heads} heads: it must be a multiple")
        self.width, self.heads, self.causal, self.label = width, heads, causal, label
        self.inwards = Linear(width, 3 * width, rng, initialisation, dtype, f"{label}/inwards")
        self.outwards = Linear(width, width, rng, initialisation, dtype, f"{label}/outwards")

    def __call__(self, x: Any) -> Any:
        if x.ndim != 3 or x.shape[-1] != self.width or not x.shape[1]:
            raise ValueError(f"{self.label}: {x.shape}, needs sequences (instances, length, {self.width})")
        n, length, width = x.shape
        by_head = self.inwards(x).reshape(n, length, 3, self.heads, width // self.heads).transpose(2, 0, 3, 1, 4)
        query, key, value = by_head[0], by_head[1], by_head[2]  # each (instances, heads, length, width / heads)
        scores = query @ key.swapaxes(-1, -2) * (1 / math.sqrt(width // self.heads))
        if self.causal:
            hidden = max(HIDDEN, float(np.finfo(scores.dtype).min) / 2)  # of float16, -1e9 would be infinite
            scores = scores + np.triu(np.full((length, length), hidden, scores.dtype), 1)
        weights = te.softmax(scores).named(f"{self.label}/weights")  # (instances, heads, length, length)
        return self.outwards((weights @ value).transpose(0, 2, 1, 3).reshape(n, length, width))

    def parts(self) -> list[Any]:
        return [self.inwards, self.outwards]


class TransformerBlock(Module):
    """x + attention(norm(x)), and then of that x + dense(norm(x)): a block of GPT-2 (Radford and others, 2019).

    hidden      units between the two dense layers; four times the width unless it is said
    """

    pure = True
    arguments = "width", "heads", "hidden", "causal", "activation", "dropout", "label"

    def __init__(
        self, width: int, heads: int, rng: np.random.Generator, initialisation: Any = glorot, dtype: Any = np.float32,
        label: str = "block", causal: bool = True, hidden: int | None = None, activation: str = "gelu",
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        self.width, self.heads, self.causal, self.label = width, heads, causal, label
        self.hidden = 4 * width if hidden is None else hidden
        self.activation, self.dropout = activation, dropout
        self.norm1, self.norm2 = (LayerNorm(width, dtype, f"{label}/norm{i}") for i in (1, 2))
        self.attention = MultiHeadAttention(width, heads, rng, initialisation, dtype, f"{label}/attention", causal)
        self.dense1 = Linear(width, self.hidden, rng, initialisation, dtype, f"{label}/dense1")
        self.between = one_of(ACTIVATIONS, activation, "activation")[0](f"{label}/dense1")
        self.dense2 = Linear(self.hidden, width, rng, initialisation, dtype, f"{label}/dense2")
        self.drop = Dropout(dropout, rng)

    def __call__(self, x: Any) -> Any:
        x = x + self.drop(self.attention(self.norm1(x)))
        return x + self.drop(self.dense2(self.between(self.dense1(self.norm2(x)))))

    def parts(self) -> list[Any]:
        return [self.norm1, self.attention, self.norm2, self.dense1, self.between, self.dense2, self.drop]
