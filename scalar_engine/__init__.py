"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

Reading order: graph, operators, arithmetic, value, functions, explain, gradcheck; symbol, writing, derive; program,
listing, templates, source, batched; and checking, which has claims, keys, rounding, calculation, slips, candidates,
diagnosis, handwritten, check.
"""

from .checking.check import check_steps
from .checking.slips import Slip
from .checking.step_check import StepCheck
from .derivatives import grad, gradients, steps
from .finite_differences import GradCheck, gradcheck
from .formulas.chain_rule import Derivation, derive
from .formulas.symbol import Symbol
from .functions import cross_entropy, log_softmax, mean, softmax
from .graph import Node, Operator, Step, topological_order
from .ledger import Ledger, explain
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
from .programs.program import Program, compile_graph
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
