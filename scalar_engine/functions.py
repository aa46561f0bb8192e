"""Functions composed of operators: they take floats, Values, or anything else that operators take.

Those of logits are built on logsumexp, so that logits of any size are safe: nothing is exponentiated but differences
<= 0.
"""

from __future__ import annotations

import math

from .further_operators import erf
from .operators import centred, dot, exp, logsumexp, sigmoid, sum

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


def gelu(x: Any) -> Any:
    """x times the chance that a standard normal number is below x: x * (1 + erf(x / sqrt(2))) / 2."""
    return x * (1 + erf(x / math.sqrt(2))) / 2


def silu(x: Any) -> Any:
    """x * sigmoid(x), which is also called swish."""
    return x * sigmoid(x)


def mean(xs: Iterable[Any]) -> Any:
    """The arithmetic mean of a list that is not empty."""
    xs = list(xs)
    if not xs:
        raise ValueError("mean: the list is empty")
    return sum(xs) / len(xs)


def softmax(logits: Iterable[Any]) -> list[Any]:
    """y_i = exp(o_i) / sum_j exp(o_j), as exp(o_i - logsumexp(o))."""
    logits, _ = centred(logits)  # the largest taken off changes nothing
    z = logsumexp(logits)
    return [exp(o - z) for o in logits]


def log_softmax(logits: Iterable[Any]) -> list[Any]:
    """log y_i = o_i - logsumexp(o)."""
    logits, _ = centred(logits)  # the largest taken off changes nothing
    z = logsumexp(logits)
    return [o - z for o in logits]


def cross_entropy(logits: Sequence[Any], target: int | Sequence[Any]) -> Any:
    """-log softmax(logits)[target], or -sum_i t_i log softmax(logits)_i if the target is a list t (one-hot, say)."""
    logits, _ = centred(logits)  # the largest taken off changes nothing
    z = logsumexp(logits)
    if hasattr(target, "__len__"):
        if len(target) != len(logits):
            raise ValueError(f"cross_entropy: {len(logits)} logits and {len(target)} target values")
        return dot(target, [z - o for o in logits])  # type: ignore[arg-type]
    if not hasattr(target, "__index__"):
        raise TypeError(f"cross_entropy: the target must be a class (an integer) or a list, not {target!r}")
    if not 0 <= target < len(logits):
        raise ValueError(f"cross_entropy: class {target} of {len(logits)} classes (they count from 0)")
    return z - logits[target]
