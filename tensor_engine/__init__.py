"""The tensor engine: the scalar engine's operators and graph, lifted to NumPy arrays.

Reading order: kernels, rearranging, operators, fused, tensor, mismatch, anomaly, optimizers, scalarize.
"""

from scalar_engine import (
    check_steps,
    cos,
    exp,
    explain,
    gradients,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    step,
    steps,
    tanh,
    topological_order,
    xlogy,
)

from .fused import linear, mse, softmax_cross_entropy
from .modes import detect_anomaly, no_grad
from .operators import log_softmax, logsumexp, max, mean, min, softmax, sum
from .rearranging import clip, concatenate, stack, where
from .scalar_graph import scalarize
from .tensor import Tensor

__all__ = [
    "Tensor",
    "check_steps",
    "clip",
    "concatenate",
    "cos",
    "detect_anomaly",
    "exp",
    "explain",
    "gradients",
    "linear",
    "log",
    "log_softmax",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mse",
    "no_grad",
    "relu",
    "scalarize",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "sqrt",
    "stack",
    "step",
    "steps",
    "sum",
    "tanh",
    "topological_order",
    "where",
    "xlogy",
]
