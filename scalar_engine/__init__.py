"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

Reading order: graph, operators, arithmetic, value, functions, explain, gradcheck; symbol, writing, derive; program,
plan, patterns, planner, writer, rule_text; and checking, which has claims, calculation, slips, diagnosis, handwritten,
check_steps.
"""

from .checking.check import check_steps
from .checking.slips import Slip
from .checking.verdict import StepCheck
from .finite_differences import GradCheck, gradcheck
from .formulas.chain_rule import Derivation, derive
from .formulas.symbol import Symbol
from .functions import cross_entropy, log_softmax, mean, softmax
from .graph import Node, Operator, Step, grad, gradients, steps, topological_order
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
