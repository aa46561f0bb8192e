"""The plan of a graph of Tensors: both passes as one graph, of which every node becomes a statement.

The backward pass runs the operators' rules on nodes, as for second derivatives, so that it is a graph itself. What is
planned is that graph, by the walk that plans Values.
"""

import numpy as np

from scalar_engine.formulas.symbol import Number, Symbol
from scalar_engine.graph import topological_order
from scalar_engine.passes import backward_pass
from scalar_engine.programs.plan import Plan, Variable
from scalar_engine.programs.planner import Walk

from .. import modes
from ..operators.array_operator import ArrayOperator
from ..tensor import operand


class Constant(Symbol):
    """An array that is the same at every call."""

    __slots__ = ("data",)

    def __init__(self, data):
        self.data = data

    __eq__, __hash__ = object.__eq__, object.__hash__


class JointWalk(Walk):
    """The way through both passes.

    dtype       of the root; numbers of another one are arrays, as they decide the dtype of results
    samples     {Variable: an array as it may hold}
    derivative_of   {node: the node by which it is the root's derivative}
    """

    def __init__(self, order, given, dtype, derivative_of):
        self.dtype, self.derivative_of = dtype, derivative_of
        self.samples, self.values = {}, {}
        super().__init__(order, given)

    def variable(self, node):
        by = self.values.get(self.derivative_of.get(node))
        variable = Variable(by=by) if type(by) is Variable else super().variable(node)
        self.samples[variable] = node.data
        return variable

    def constant(self, node):
        is_number = node.data.ndim == 0 and node.data.dtype == self.dtype
        return Number(float(node.data)) if is_number else Constant(node.data)

    def computing(self, target, op, operands):
        if isinstance(op, ArrayOperator):  # whose rule may ask a number for its shape
            operands = [Constant(self.dtype.type(x.number)) if type(x) is Number else x for x in operands]
        return super().computing(target, op, operands)


def joint_plan(root, inputs, parameters, noted=()):
    """(the Plan of the graph behind `root`, {Variable: an array as it may hold}).

    The source of a backward statement is the forward statement whose operator's rule it is part of; None for sums.
    """
    derivatives, rule_of = backward_graph(root) if parameters else ({}, {})
    gradients = [derivatives[x] if x in derivatives else operand(np.zeros_like(x.data)) for x in parameters]
    end = operand(0.0)
    end.inputs = (root, *noted, *reversed(gradients))  # the last layer's first, as the pass has them
    order = topological_order(end)[:-1]
    wanted = set(parameters)
    by_importance = sorted(derivatives, key=lambda node: (node in wanted, bool(node.label)))
    derivative_of = {derivatives[node]: node for node in by_importance}
    walk = JointWalk(order, [*inputs, *parameters], root.data.dtype, derivative_of)
    statements = list(walk.forward())
    in_forward = {walk.values[node] for result in (root, *noted) for node in topological_order(result)}
    for node in order:
        statement = walk.computed.get(walk.values[node])
        if statement and node in rule_of and statement.target not in in_forward:
            statement.source = walk.computed.get(walk.values[rule_of[node]])
    forward = [statement for statement in statements if statement.target in in_forward]
    backward = [statement for statement in statements if statement.target not in in_forward]
    operators = list(dict.fromkeys(statement.formula.op for statement in walk.computed.values()))
    given = ([walk.values[node] for node in nodes] for nodes in (inputs, parameters, gradients, noted))
    inputs, parameters, gradients, noted = given
    return Plan(inputs, parameters, forward, walk.values[root], backward, gradients, operators, noted), walk.samples


def backward_graph(root):
    """({node: the node of the root's derivative by it}, {node: the node whose operator's rule made it})."""
    seen, rule_of = dict.fromkeys(topological_order(root)), {}

    def watch(step):
        seen.setdefault(step.upstream)
        pending = [step.contribution] if step.contribution is not None else []  # of a slope that is 0
        while pending:
            node = pending.pop()
            if node not in seen:
                seen[node] = rule_of[node] = step.node
                pending.extend(node.inputs)

    with modes.switched(modes.recording, modes.EVERYTHING):
        unit = operand(np.ones_like(root.data))
        return dict(backward_pass(root, watch, on=lambda node: node, unit=unit)), rule_of
