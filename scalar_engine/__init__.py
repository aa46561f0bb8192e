"""The scalar engine: a graph of floats in plain Python, and the calculus on it.

A number that remembers how it was made
    Value               a float in a graph: Value(2.0, "x") * 3
    Node                what is common to Value and Tensor: data, grad, op, inputs, label
    Operator            a function with its derivative; subclass it for one of your own
    topological_order   every node behind a root, inputs first

Operators, on floats, Values, Tensors and Symbols alike, beside + - * / ** and abs
    exp log sqrt sin cos tanh sigmoid softplus relu         of one number
    tan arcsin arccos arctan sinh cosh expm1 log1p log2 log10 erf gelu silu     of one number too
    maximum minimum arctan2 hypot xlogy leaky_relu elu // % of two
    clip                                                    of three
    sum dot logsumexp                                       of lists
    step sign floor ceil round                              their own slope is 0
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

Reading order: graph, naming, passes, step_functions, operators, further_operators, arithmetic, value, value_pass,
functions; ledger, finite_differences; then the rooms formulas, programs and checking.
"""

from .checking.check import check_steps
from .checking.slips import Slip
from .checking.step_check import StepCheck
from .finite_differences import GradCheck, gradcheck
from .formulas.chain_rule import Derivation, derive
from .formulas.symbol import Symbol
from .functions import cross_entropy, gelu, log_softmax, mean, silu, softmax
from .further_operators import (
    arccos,
    arcsin,
    arctan,
    arctan2,
    ceil,
    clip,
    cosh,
    elu,
    erf,
    expm1,
    floor,
    hypot,
    leaky_relu,
    log1p,
    log2,
    log10,
    round,
    sinh,
    tan,
)
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
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "ceil",
    "check_steps",
    "clip",
    "compile_graph",
    "cos",
    "cosh",
    "cross_entropy",
    "derive",
    "dot",
    "elu",
    "erf",
    "exp",
    "explain",
    "expm1",
    "floor",
    "gelu",
    "grad",
    "gradcheck",
    "gradients",
    "hypot",
    "leaky_relu",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "relu",
    "round",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "step",
    "steps",
    "sum",
    "tan",
    "tanh",
    "topological_order",
    "xlogy",
]
