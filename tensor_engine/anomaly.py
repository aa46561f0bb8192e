"""What `detect_anomaly` raises: the first node that made a NaN or an infinity, its inputs' ranges, and a way out."""

import numpy as np

# What to write instead: {(operator, the operator that made its input or None for any): advice}
REWRITES = {
    ("log", "softmax"): "log_softmax(o) instead of log(softmax(o))",
    ("log", "exp"): "x itself instead of log(exp(x))",
    ("log", "divide"): "log_softmax(o) instead of log(exp(o) / sum(exp(o)))",
    ("log", "sigmoid"): "-softplus(-x) instead of log(sigmoid(x))",
    ("log", "add"): "softplus(x) instead of log(1 + exp(x)), or logsumexp for a longer sum",
    ("log", "sum"): "logsumexp(o) instead of log(sum(exp(o)))",
    ("divide", "exp"): "softmax(o) or sigmoid(x), which never overflow",
    ("exp", None): "softmax, logsumexp or sigmoid, which never overflow, if that is what it is for",
    ("log", None): "xlogy(x, y) if it is x * log(y) with x = 0, or a small number added",
    ("sqrt", None): "sqrt(x + 1e-12), whose slope is finite at 0",
}

MOVES = ("index", "reshape", "transpose", "broadcast_to")


def require_finite(node, op, inputs):
    """Raise FloatingPointError if the node that op has just made from inputs holds a NaN or an infinity."""
    if not np.isfinite(node.data).all():
        raise FloatingPointError(report("forward", op, inputs, node.data))


def require_finite_contribution(step):
    """The same for what one step of a backward pass contributes."""
    if not np.isfinite(step.contribution).all():
        where = f"backward, for {step.input.describe()}"
        raise FloatingPointError(report(where, step.node.op, step.node.inputs, step.contribution))


def report(where, op, inputs, result):
    result = np.asarray(result)
    kinds = [name for name, test in [("NaN", np.isnan), ("infinity", np.isinf)] if test(result).any()]
    formula = op.formula(*[x.describe() for x in inputs])
    ranges = "; ".join(f"{x.label or x.describe()} {spread(x.data)}" for x in inputs)
    makers = [maker(x) for x in inputs]
    advice = next((REWRITES[op.name, maker] for maker in [*makers, None] if (op.name, maker) in REWRITES), None)
    hint = f". Stable: {advice}" if advice else ""
    return f"{op.name} made {' and '.join(kinds)} ({where}): {formula} of {ranges}{hint}"


def maker(node):
    """The name of the operator that computed a node's elements, wherever they were moved since; None for a leaf."""
    while node.op and node.op.name in MOVES:
        node = node.inputs[0]
    return node.op.name if node.op else None


def spread(data):
    data = np.asarray(data)
    finite = data[np.isfinite(data)]
    if not finite.size:
        return f"{data.shape}, nothing finite"
    others = "" if finite.size == data.size else f", {data.size - finite.size} not finite"
    return f"{data.shape} from {finite.min():.4g} to {finite.max():.4g}{others}"
