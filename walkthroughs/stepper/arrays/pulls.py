"""The derivative rule of an array operator written out: its `pull`, run on Tensors with names."""

from functools import partial

import numpy as np

from tensor_engine import Tensor, operand
from tensor_engine.operators.array_operator import is_choice
from tensor_engine.scalar_graph import recorded

from ..formulas import UNDEFINED, in_numbers


def formula_on_tensors(step, names):
    """What a backward step on tensors adds, in names and in numbers (or shapes); None where that cannot be written."""
    made, texts = pull_on_tensors(step, names)
    if made is None:
        return None
    return made.describe(-1, texts), in_numbers(made) if made.inputs else made.brief(made.data)


def pull_on_tensors(step, names):
    """What the operator's `pull` gives for one input, as a Tensor with its graph, and {Tensor: text} of its leaves.

    None instead of the Tensor if the rule runs on arrays only. A leaf that stands for a formula has that formula's
    operator, which says whether it needs parentheses.
    """
    node = step.node
    upstream = Tensor(np.asarray(step.upstream), names.derivative(node), requires_grad=True)
    texts, stand_ins = {upstream: upstream.label}, {}
    for x in dict.fromkeys((node, *node.inputs)):
        stand_ins[x] = operand(x.data) if is_choice(x) else Tensor(np.asarray(x.data), x.label, requires_grad=True)
        stand_ins[x].op = x.op if names.is_formula(x) else None
        texts[stand_ins[x]] = names[x]
    rule = partial(node.op.pull, needs=[i == step.position for i in range(len(node.inputs))])
    try:
        made = recorded(rule, [upstream, stand_ins[node], *[stand_ins[x] for x in node.inputs]])
    except UNDEFINED:
        return None, texts
    return made[step.position], texts
