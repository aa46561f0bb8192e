"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

A number that remembers how it was made
    Value               a float in a graph: Value(2.0, "x") * 3
    Node                what is common to Value and Tensor: data, grad, op, inputs, label
    Operator            a function with its derivative; subclass it for one of your own
    topological_order   every node behind a root, inputs first

Operators, on floats, Values, Tensors and Symbols alike, beside + - * / ** and abs
    exp log sqrt sin cos tanh sigmoid softplus relu         of one number
    maximum minimum xlogy                                   of two
    sum dot logsumexp                                       of lists
    step sign                                               the slopes of relu and abs; their own slope is 0
    mean softmax log_softmax cross_entropy                  composed of the others

Derivatives
    grad                d root / d node as a number, or as a node that can be differentiated again
    gradients           d root / d node for every node
    steps, Step         both passes, a record for each operation and each contribution
    explain, Ledger     where one node's gradient comes from
    gradcheck, GradCheck    the same derivatives by finite differences
    derive, Derivation, Symbol  the chain rule written out; formulas
    compile_graph, Program  a graph as a function in plain Python
    check_steps, StepCheck, Slip    the first wrong step in somebody's own calculation

Reading order: graph, naming, passes, step_functions, operators, arithmetic, value, value_pass, functions; ledger,
finite_differences; then the rooms formulas, programs and checking.
"""

from .checking.check import check_steps
from .checking.slips import Slip
from .checking.step_check import StepCheck
from .finite_differences import GradCheck, gradcheck
from .formulas.chain_rule import Derivation, derive
from .formulas.symbol import Symbol
from .functions import cross_entropy, log_softmax, mean, softmax
from .graph import Node, Operator, topological_order
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
from .passes import Step, grad, gradients, steps
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
