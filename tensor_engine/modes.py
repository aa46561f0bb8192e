"""Whether tensor operations are recorded, and whether results are watched for NaN and infinity.

Both belong to the thread (or the asynchronous task) that asks for them, and to nobody else.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from scalar_engine.graph import data_of

EVERYTHING = "everything"  # recorded, also what requires no gradient: programs are made of it
recording: ContextVar[Any] = ContextVar("recording", default=True)
watching = ContextVar("watching", default=False)
within: ContextVar[bool] = ContextVar("within", default=False)  # a function that is being differentiated
drawing: ContextVar[Any] = ContextVar("drawing", default=None)
noting: ContextVar[Any] = ContextVar("noting", default=None)


def drawn(draw: Callable[[], Any], shape: tuple[int, ...], dtype: Any) -> Any:
    """draw(), an array of random numbers; a program draws it anew at each call, for it is one of its inputs.

    >>> rng = np.random.default_rng(0)
    >>> drawn(lambda: rng.random(2), (2,), np.float64).shape
    (2,)
    """
    otherwise = drawing.get()
    return otherwise(draw, shape, dtype) if otherwise else draw()


def noted(note: Callable[..., Any], *nodes: Any) -> None:
    """note(*arrays) of what nodes hold; a program does so at each call, for they are among its results.

    >>> seen = []
    >>> noted(seen.append, np.ones(2))
    >>> seen
    [array([1., 1.])]
    """
    otherwise = noting.get()
    if otherwise:
        otherwise(note, *nodes)
    else:
        note(*map(data_of, nodes))


@contextmanager
def switched(mode: ContextVar[Any], value: Any) -> Iterator[None]:
    """One of the two modes at another value."""
    token = mode.set(value)
    try:
        yield
    finally:
        mode.reset(token)


def no_grad() -> AbstractContextManager[None]:
    """Nothing computed inside requires a gradient or remembers how it was made: for evaluation, and for updates.

    >>> from tensor_engine import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (w * w).sum().requires_grad
    False
    """
    return switched(recording, False)


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """The first result that is NaN or infinite, forward or backward, raises FloatingPointError and names its maker.

    NumPy's own warnings (divide by zero, overflow) are silent meanwhile: the error says more.

    >>> from tensor_engine import Tensor, log
    >>> with detect_anomaly():
    ...     log(Tensor([0.0, 1.0], "p"))
    Traceback (most recent call last):
        ...
    FloatingPointError: log made infinity (forward): log(p) of p (2,) from 0 to 1. Stable: xlogy(x, y) if it is x * ...
    """
    with switched(watching, True), np.errstate(all="ignore"):
        yield
