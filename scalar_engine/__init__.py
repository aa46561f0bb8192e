"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

Reading order: graph, operators, arithmetic, value, functions, explain, gradcheck; symbol, writing, derive; program,
listing, templates, source, batched; and checking, which has claims, calculation, slips, diagnosis, handwritten,
check_steps.
"""

from .checking.check_steps import check_steps
from .checking.slips import Slip
from .checking.verdict import StepCheck
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
    "Slip",
    "Step",
    "StepCheck",
    "Symbol",
    "Value",
    "compile_graph",
    "check_steps",
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
