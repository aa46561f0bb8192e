"""The tensor engine: the scalar engine's operators and graph, lifted to NumPy arrays.

Tensors
    Tensor              an array in a graph: Tensor([[1.0, 2.0]], "W", requires_grad=True)
    Node, Operator      as in scalar_engine; ArrayOperator is the base of operators whose rules are made for arrays
    operand             an array as a leaf as it is: classes, the key of an index, a condition
    drawn, noted        random numbers, which a program draws anew at each call; what it lets be seen at each
    topological_order   every node behind a root, inputs first
    no_grad             nothing inside is recorded
    detect_anomaly      the first NaN or infinity inside raises, and says where it was made

Operators, beside + - * / ** @ abs and NumPy's methods; NumPy's functions of these names run them
    exp log sqrt sin cos tanh sigmoid softplus relu         elementwise, scalar_engine's own
    tan arcsin arccos arctan sinh cosh expm1 log1p log2 log10 erf gelu silu     elementwise too
    maximum minimum arctan2 hypot xlogy leaky_relu elu clip where   elementwise, of two or three
    step sign floor ceil round                              elementwise, with slope 0
    sum mean max min logsumexp softmax log_softmax          over axes
    prod var std norm cumsum cumprod                        over axes too
    argmax argmin argsort sort topk                         by order
    concatenate stack split                                 join, and cut
    squeeze expand_dims ravel moveaxis                      axes
    tile repeat roll flip pad diag tril triu                elements again, elsewhere, or zeros
    take take_along_axis one_hot                            chosen by integers
    outer tensordot einsum solve inv det                    products, and linear systems
    conv1d conv2d im2col col2im max_pool1d max_pool2d avg_pool1d avg_pool2d   of images
    linear mse cross_entropy (softmax_cross_entropy)        several operators in one
    binary_cross_entropy_with_logits hinge nll              losses made of them

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
    SGD, Adam, AdamW, RMSprop   gradient descent

Reading order: kernels; in the room operators array_operator, rearranging, products, reductions, compositions,
further_reductions, linear_algebra, fused, windows, convolution, pooling, elements; then notation, protocols, tensor,
errors, modes, numpy_functions, functional, optimizer, optimizers, scalar_graph; then the rooms programs and checking.
"""

from typing import TYPE_CHECKING

from scalar_engine import (
    GradCheck,
    Ledger,
    Node,
    Operator,
    Slip,
    Step,
    StepCheck,
    arccos,
    arcsin,
    arctan,
    arctan2,
    ceil,
    check_steps,
    clip,
    cos,
    cosh,
    elu,
    erf,
    exp,
    explain,
    expm1,
    floor,
    gelu,
    gradcheck,
    gradients,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    maximum,
    minimum,
    relu,
    round,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    steps,
    tan,
    tanh,
    topological_order,
    xlogy,
)

from .checking.layer_check import LayerCheck
from .checking.layers import check_layer
from .checking.updates import check_update
from .functional import grad, hessian, jacobian, jvp, value_and_grad, vjp
from .modes import detect_anomaly, drawn, no_grad, noted
from .operators.array_operator import ArrayOperator
from .operators.compositions import (
    diag,
    expand_dims,
    flip,
    moveaxis,
    one_hot,
    outer,
    pad,
    ravel,
    repeat,
    roll,
    split,
    squeeze,
    take,
    take_along_axis,
    tensordot,
    tile,
    tril,
    triu,
)
from .operators.convolution import conv1d, conv2d
from .operators.further_reductions import argmax, argmin, argsort, cumprod, cumsum, norm, prod, sort, std, topk, var
from .operators.fused import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    linear,
    mse,
    nll,
    softmax_cross_entropy,
)
from .operators.linear_algebra import det, inv, solve
from .operators.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from .operators.products import einsum
from .operators.rearranging import concatenate, stack, where
from .operators.reductions import log_softmax, logsumexp, max, mean, min, softmax, sum
from .operators.windows import col2im, im2col
from .optimizers import SGD, Adam, AdamW, RMSprop
from .pytorch_names import tell, unknown
from .scalar_graph import ScalarGraph, scalarize
from .tensor import Tensor, operand

__all__ = [
    "Adam",
    "AdamW",
    "ArrayOperator",
    "GradCheck",
    "LayerCheck",
    "Ledger",
    "Node",
    "Operator",
    "RMSprop",
    "SGD",
    "ScalarGraph",
    "Slip",
    "Step",
    "StepCheck",
    "Tensor",
    "avg_pool1d",
    "avg_pool2d",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "argmax",
    "argmin",
    "argsort",
    "binary_cross_entropy_with_logits",
    "ceil",
    "check_layer",
    "check_steps",
    "check_update",
    "clip",
    "concatenate",
    "col2im",
    "conv1d",
    "conv2d",
    "cos",
    "cosh",
    "cross_entropy",
    "cumprod",
    "cumsum",
    "det",
    "detect_anomaly",
    "diag",
    "drawn",
    "elu",
    "erf",
    "einsum",
    "exp",
    "expand_dims",
    "explain",
    "expm1",
    "flip",
    "floor",
    "gelu",
    "grad",
    "gradcheck",
    "gradients",
    "hessian",
    "hinge",
    "hypot",
    "im2col",
    "inv",
    "jacobian",
    "jvp",
    "leaky_relu",
    "linear",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logsumexp",
    "max",
    "max_pool1d",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moveaxis",
    "mse",
    "nll",
    "no_grad",
    "noted",
    "norm",
    "one_hot",
    "operand",
    "outer",
    "pad",
    "prod",
    "ravel",
    "relu",
    "repeat",
    "roll",
    "round",
    "scalarize",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "solve",
    "sort",
    "split",
    "sqrt",
    "squeeze",
    "stack",
    "std",
    "step",
    "steps",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "topk",
    "topological_order",
    "tril",
    "triu",
    "value_and_grad",
    "var",
    "vjp",
    "where",
    "xlogy",
]

tell(globals())

if not TYPE_CHECKING:  # to a type checker, what is not here is not here

    def __getattr__(name):
        raise unknown("tensor_engine", name)
