"""The tensor engine: the scalar engine's operators and graph, lifted to NumPy arrays.

An array that remembers how it was made
    Tensor              an array in a graph: Tensor([1.0, 2.0], "x", requires_grad=True) * 3
    ArrayOperator       an operator on arrays; subclass it for one of your own
    no_grad             nothing inside is recorded
    detect_anomaly      the first NaN or infinity inside raises, and names its maker
    topological_order   every node behind a root, inputs first

Operators, on arrays and Tensors alike, beside + - * / ** @ and abs
    exp log sqrt sin cos tanh sigmoid softplus relu         of each element
    maximum minimum xlogy                                   of two arrays, element by element
    step sign                                               the slopes of relu and abs; their own slope is 0
    sum mean max min logsumexp                              over axes
    softmax log_softmax                                     along an axis
    concatenate stack where clip                            joining, choosing, limiting
    linear mse softmax_cross_entropy                        a layer and losses, each in one operator

Derivatives
    gradients           d root / d node for every node
    steps               both passes, a record for each operation and each contribution
    explain             where one node's gradient comes from
    scalarize           the graph of Values behind a Tensor, element by element
    check_steps         the first wrong step in somebody's own calculation

Reading order: array_operator, kernels, rearranging, operators, notation, tensor, fused, modes, errors, optimizers;
elements and scalar_graph; then the room checking.
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

from .array_operator import ArrayOperator
from .fused import linear, mse, softmax_cross_entropy
from .modes import detect_anomaly, no_grad
from .operators import log_softmax, logsumexp, max, mean, min, softmax, sum
from .rearranging import clip, concatenate, stack, where
from .scalar_graph import scalarize
from .tensor import Tensor

__all__ = [
    "ArrayOperator",
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
