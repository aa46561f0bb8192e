"""One look at a network while it learns: its gradients, and what its units do, on a few instances that stay the same.

Nothing is changed by it: no weight, no gradient, no running statistic, and no number is drawn.
"""

from contextlib import ExitStack
from typing import Any

import numpy as np

from tensor_engine import modes, relu, sigmoid, tanh, topological_order

from ..training.compiled import impure

BINS, SAMPLE = 24, 4096  # of a histogram, and how many numbers it is made of at most
LIMITS = {sigmoid: (0.0, 1.0), tanh: (-1.0, 1.0)}
AT_A_LIMIT = 0.02  # how near, as a share of the way from one limit to the other
ALIKE = 1e-4  # how far the weights of units that are alike may lie apart, as a share of the largest


def weights_of(model: Any) -> dict[str, Any]:
    """{layer: its weights W}: the parameters with an axis of units, which biases and deviations are not."""
    found: dict[str, Any] = {}
    for parameter in model.parameters():
        if parameter.ndim > 1:
            layer = parameter.label.rpartition("/")[0]
            found[layer if layer and layer not in found else parameter.label] = parameter
    return found


def look(model: Any, x: np.ndarray, y: np.ndarray, loss: Any) -> dict[str, Any]:
    """What there is to see of a model on instances x, y: {"loss", "accuracy", "layers", "activations"}.

    layers          {name: {"norm" of the gradient by its weights, "gradient": its histogram, "alike": whether all units
                    have the same weights}}
    activations     {name: {"kind", "values": a histogram, "dead" or "saturated": the share of units, of values}}

    The network is as in training, with nothing dropped; if a layer does not say that it is pure, as in evaluation.
    """
    held, was_training = [parameter.grad for parameter in model.parameters()], model.training
    with ExitStack() as stack:
        for mode, value in (
            (modes.recording, True),
            (modes.watching, False),
            (modes.drawing, lambda draw, *like: np.ones(*like)),
            (modes.noting, lambda note, *nodes: None),
        ):
            stack.enter_context(modes.switched(mode, value))
        stack.enter_context(np.errstate(all="ignore"))
        try:
            model.train(impure(model) is None)
            model.zero_grad()
            out = model(x)
            root = loss(out, y)
            activations = activations_of(root)
            root.backward()
            layers = {name: gradient_of(W) for name, W in weights_of(model).items() if W.grad is not None}
        finally:
            model.train(was_training)
            for parameter, grad in zip(model.parameters(), held):
                parameter.grad = grad
    correct = float((out.data.argmax(axis=1) == y).mean()) if y.ndim == 1 and out.ndim == 2 else np.nan
    return {"loss": float(root.data), "accuracy": correct, "layers": layers, "activations": activations}


def gradient_of(W: Any) -> dict[str, Any]:
    flat = W.grad.ravel()
    return {"norm": float(np.sqrt(np.vdot(flat, flat))), "gradient": histogram(flat), "alike": are_alike(W.data)}


def are_alike(W: np.ndarray) -> bool:
    """Whether all units of W (inputs, units), or (channels out, ...), have the same weights, to rounding."""
    by_unit = W.T if W.ndim == 2 else W.reshape(len(W), -1)  # (units, inputs)
    if len(by_unit) < 2 or not same(by_unit[:, :1]):  # which says it of nearly all
        return False
    return same(by_unit)


def same(by_unit: np.ndarray) -> bool:
    return bool(np.ptp(by_unit, axis=0).max() <= ALIKE * np.abs(by_unit).max())


def activations_of(root: Any) -> dict[str, Any]:
    """What the units of each activation in a graph do; it is named by its layer, or by its operator and a number."""
    found: dict[str, Any] = {}
    for node in topological_order(root):
        is_known = node.op is relu or node.op in LIMITS
        if not node.inputs or not (is_known or node.label.endswith("/h")):
            continue
        name, h = node.label.rpartition("/")[0], node.data
        kind = node.op.symbol if node.op and is_known else "activation"
        if not name or name in found:
            name = f"{kind} {len(found) + 1}"
        found[name] = {"kind": kind, "values": histogram(h)}
        if node.op is relu:
            units = np.moveaxis(h, 1 if h.ndim == 4 else -1, 0)  # a channel is a unit
            found[name]["dead"] = float((units.reshape(len(units), -1).max(axis=1) <= 0).mean())
        elif node.op in LIMITS:
            low, high = LIMITS[node.op]
            near = AT_A_LIMIT * (high - low)
            found[name]["saturated"] = float(((h < low + near) | (h > high - near)).mean())
    return found


def histogram(array: np.ndarray) -> dict[str, Any]:
    """{"low", "high", "counts"}: of up to SAMPLE of the finite elements, counts as shares of the largest, 0 to 99."""
    flat = array.ravel()
    flat = flat[:: max(1, flat.size // SAMPLE) | 1]  # an odd stride, which meets every column
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return {"low": 0.0, "high": 0.0, "counts": []}
    low, high = float(flat.min()), float(flat.max())
    if high == low:
        return {"low": low, "high": high, "counts": [99]}
    bins = ((flat - low) * (BINS / (high - low))).astype(np.intp)
    counts = np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)
    return {"low": low, "high": high, "counts": (99 * counts // counts.max()).tolist()}
