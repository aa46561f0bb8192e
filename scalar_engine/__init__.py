"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

Reading order: graph, operators, arithmetic, value, functions, explain, gradcheck; then symbol, writing, derive.
"""

from .derive import Derivation, derive
from .explain import Ledger, explain
from .functions import cross_entropy, log_softmax, mean, softmax
from .gradcheck import GradCheck, gradcheck
from .graph import Node, Operator, Step, grad, gradients, steps, topological_order
from .operators import (
    cos,
    dot,
    exp,
    log,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    step,
    sum,
    tanh,
    xlogy,
)
from .program import Program, compile_graph
from .symbol import Symbol
from .value import Value

__all__ = [
    "Derivation",
    "GradCheck",
    "Ledger",
    "Node",
    "Operator",
    "Program",
    "Step",
    "Symbol",
    "Value",
    "compile_graph",
    "cos",
    "cross_entropy",
    "derive",
    "dot",
    "exp",
    "explain",
    "grad",
    "gradcheck",
    "gradients",
    "log",
    "log_softmax",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "step",
    "steps",
    "sum",
    "tanh",
    "topological_order",
    "xlogy",
]
