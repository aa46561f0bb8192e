"""The tensor engine: the scalar engine's operators and graph, lifted to NumPy arrays.

Tensors
    Tensor              an array in a graph: Tensor([[1.0, 2.0]], "W", requires_grad=True)
    Node, Operator      as in scalar_engine; ArrayOperator is the base of operators whose rules are made for arrays
    operand             an array as a leaf as it is: classes, the key of an index, a condition
    drawn               random numbers, which a program draws anew at each call
    topological_order   every node behind a root, inputs first
    no_grad             nothing inside is recorded
    detect_anomaly      the first NaN or infinity inside raises, and says where it was made

Operators, beside + - * / ** @ abs and NumPy's methods; NumPy's functions of these names run them
    exp log sqrt sin cos tanh sigmoid softplus relu         elementwise, scalar_engine's own
    maximum minimum xlogy step sign clip where              elementwise
    sum mean max min logsumexp softmax log_softmax          over axes
    concatenate stack                                       join
    einsum                                                  sums of products, by the letters of axes
    conv1d conv2d im2col col2im max_pool1d max_pool2d avg_pool1d avg_pool2d   of images
    linear mse cross_entropy (softmax_cross_entropy)        several operators in one

Derivatives
    grad, gradients     d root / d node, as an array or as a Tensor that can be differentiated again
    grad value_and_grad jacobian hessian jvp vjp    the same of a Python function of arrays; they nest
    steps, Step         both passes, a record for each operation and each contribution
    explain, Ledger     where one node's gradient comes from
    gradcheck, GradCheck    the same derivatives by finite differences
    check_steps, StepCheck, Slip    the first wrong step in somebody's own calculation
    check_layer, LayerCheck     the same of somebody's own layer: forward, backward and update on random data
    check_update        the same of somebody's own update rule: SGD, momentum, L2, Adam
    scalarize, ScalarGraph  the graph of Values behind a graph of Tensors, for derive and compile_graph

Training
    SGD, Adam           gradient descent

Reading order: array_operator, kernels, rearranging, operators, fused, einstein_sums, convolution, pooling, notation,
protocols, tensor, errors, modes, numpy_functions, functional, optimizers, elements, scalar_graph; then the rooms
programs and checking.
"""

from scalar_engine import (
    GradCheck,
    Ledger,
    Node,
    Operator,
    Slip,
    Step,
    StepCheck,
    check_steps,
    cos,
    exp,
    explain,
    gradcheck,
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
from .checking.layer_check import LayerCheck
from .checking.layers import check_layer
from .checking.updates import check_update
from .convolution import col2im, conv1d, conv2d, im2col
from .einstein_sums import einsum
from .functional import grad, hessian, jacobian, jvp, value_and_grad, vjp
from .fused import cross_entropy, linear, mse, softmax_cross_entropy
from .modes import detect_anomaly, drawn, no_grad
from .operators import log_softmax, logsumexp, max, mean, min, softmax, sum
from .optimizers import SGD, Adam
from .pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from .rearranging import clip, concatenate, stack, where
from .scalar_graph import ScalarGraph, scalarize
from .tensor import Tensor, operand

__all__ = [
    "Adam",
    "ArrayOperator",
    "GradCheck",
    "LayerCheck",
    "Ledger",
    "Node",
    "Operator",
    "SGD",
    "ScalarGraph",
    "Slip",
    "Step",
    "StepCheck",
    "Tensor",
    "avg_pool1d",
    "avg_pool2d",
    "check_layer",
    "check_steps",
    "check_update",
    "clip",
    "concatenate",
    "col2im",
    "conv1d",
    "conv2d",
    "cos",
    "cross_entropy",
    "detect_anomaly",
    "drawn",
    "einsum",
    "exp",
    "explain",
    "grad",
    "gradcheck",
    "gradients",
    "hessian",
    "im2col",
    "jacobian",
    "jvp",
    "linear",
    "log",
    "log_softmax",
    "logsumexp",
    "max",
    "max_pool1d",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mse",
    "no_grad",
    "operand",
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
    "value_and_grad",
    "vjp",
    "where",
    "xlogy",
]
