"""Whether tensor operations are recorded, and whether results are watched for NaN and infinity.

What `detect_anomaly` raises names the first node that made one, its inputs' ranges, and a way out.
"""

from contextlib import contextmanager

import numpy as np

from scalar_engine.naming import formula

recording = True
watching = False


@contextmanager
def no_grad():
    """Nothing computed inside requires a gradient or remembers how it was made: for evaluation, and for updates.

    >>> from tensor_engine import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (w * w).sum().requires_grad
    False
    """
    global recording
    before, recording = recording, False
    try:
        yield
    finally:
        recording = before


@contextmanager
def detect_anomaly():
    """The first result that is NaN or infinite, forward or backward, raises FloatingPointError and names its maker.

    NumPy's own warnings (divide by zero, overflow) are silent meanwhile: the error says more.

    >>> from tensor_engine import Tensor, log
    >>> with detect_anomaly():
    ...     log(Tensor([0.0, 1.0], "p"))
    Traceback (most recent call last):
        ...
    FloatingPointError: log made infinity (forward): log(p) of p (2,) from 0 to 1. Stable: xlogy(x, y) if it is x * ...
    """
    global watching
    before, watching = watching, True
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        watching = before


def require_finite(node, op, inputs):
    """Raise FloatingPointError if the node that op has just made from inputs holds a NaN or an infinity."""
    if not np.isfinite(node.data).all():
        raise FloatingPointError(report("forward", op, inputs, node.data))


def require_finite_contribution(step):
    """The same for what one step of a backward pass contributes."""
    if not np.isfinite(step.contribution).all():
        where = f"backward, for {step.input.describe()}"
        raise FloatingPointError(report(where, step.node.op, step.node.inputs, step.contribution))


def report(where, op, inputs, result):
    result = np.asarray(result)
    kinds = [name for name, test in [("NaN", np.isnan), ("infinity", np.isinf)] if test(result).any()]
    ranges = "; ".join(f"{x.label or x.describe()} {spread(x.data)}" for x in inputs)
    advice = next((op.stable[maker] for maker in [*makers(inputs), ""] if maker in op.stable), "")
    hint = f". Stable: {advice}" if advice else ""
    return f"{op.name} made {' and '.join(kinds)} ({where}): {formula(op, inputs)} of {ranges}{hint}"


def makers(nodes):
    """The names of the operators that computed the nodes' elements, wherever they were moved since."""
    for node in nodes:
        if node.op and node.op.moves:
            yield from makers(node.inputs)
        elif node.op:
            yield node.op.name


def spread(data):
    data = np.asarray(data)
    finite = data[np.isfinite(data)]
    if not finite.size:
        return f"{data.shape}, nothing finite"
    others = "" if finite.size == data.size else f", {data.size - finite.size} not finite"
    return f"{data.shape} from {finite.min():.4g} to {finite.max():.4g}{others}"
