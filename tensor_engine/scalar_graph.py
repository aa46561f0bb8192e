"""The scalar graph behind a tensor: every element a Value, every array operator the scalar operators it stands for.

Here the two engines meet. Element by element, a gradient of the tensor engine can be compared with one of the scalar
engine, and a matrix product can be drawn as the products and sums that it is.
"""

import math
from functools import partial, reduce

import numpy as np

from scalar_engine import functions
from scalar_engine import operators as scalar
from scalar_engine.graph import topological_order
from scalar_engine.value import Value

from . import modes, operators, rearranging
from .kernels import ArrayOperator
from .tensor import RELEASED, Tensor

LARGEST = 200_000  # Values in a graph: half a second and 50 MB


class ScalarGraph:
    """What `scalarize(tensor)` returns: graph[node] is the array of Values behind a node of the tensor's graph.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], "W", requires_grad=True)
    >>> graph = scalarize((W @ W).sum())
    >>> graph.root.backward()
    >>> graph[W][0, 1]
    Value(data=2.0, grad=11.0, label='W[0, 1]')
    """

    def __init__(self, tensor, values):
        self.tensor = tensor
        self.values = values

    def __getitem__(self, node):
        if node not in self.values:
            raise KeyError(f"{node.describe()} is not in the graph of {self.tensor.describe()} as it was recorded")
        return self.values[node]

    @property
    def root(self):
        """The Value behind the tensor, for `backward` and `draw`. Raises ValueError if the tensor is not one number."""
        if self.tensor.size != 1:
            raise ValueError(
                f"root: {self.tensor.describe()} has shape {self.tensor.shape}: choose one Value, or .sum()"
            )
        return self[self.tensor].item()

    @property
    def nodes(self):
        """Every Value that the tensor depends on, and its own: inputs first."""
        return topological_order(scalar.sum(self[self.tensor].flat))[:-1]

    def grad(self, node):
        """d root / d node in the node's shape, gathered from its Values; None before `root.backward()`.

        What only moves elements about makes no Values: x.T has those of x, and their gradient is that of x.
        """
        if self.root.grad is None:
            return None
        return np.array([value.grad or 0.0 for value in self[node].flat]).reshape(node.shape)


def scalarize(tensor):
    """The `ScalarGraph` behind a Tensor: its graph, computed once more on Values.

    The Value behind W[0, 1] has the label "W[0, 1]", and takes a gradient if W does. Where floats have no result
    (log 0, 1 / 0, an overflow), Values raise. Raises ValueError if nothing was recorded or if there would be more than
    200,000 Values, RuntimeError if a backward pass has released the graph, TypeError for an unknown array operator.
    """
    if not tensor.requires_grad:
        raise ValueError(
            f"scalarize {tensor.describe()}: not recorded, for it depends on nothing that takes a gradient"
        )
    recipe = recipe_of(tensor)
    total = sum(count_of(*entry) for entry in recipe)
    if total > LARGEST:
        raise ValueError(
            f"scalarize: {total:,} Values would be needed (the limit is {LARGEST:,}): take a smaller batch"
        )
    values = {}
    for node, op, inputs in recipe:
        values[node] = values_of(node, op, [values[x] for x in inputs])
        if node.label:
            name(values[node], node.label)
    return ScalarGraph(tensor, values)


def recipe_of(root):
    """Triples (node, op, inputs), inputs first, of the nodes behind the root; a fused one is taken apart."""
    recipe = []
    for node in topological_order(root):
        if node.op is RELEASED:
            raise RuntimeError(
                f"scalarize: the graph behind {node.name or root.name or 'this tensor'} has been released by a "
                f"backward pass; scalarize before it, or keep the graph with backward(keep=True)"
            )
        if not hasattr(node.op, "composition"):
            recipe.append((node, node.op, node.inputs))
            continue
        original = {Tensor(x.data, requires_grad=True): x for x in node.inputs}
        composed = recorded(node.op.composition, list(original))
        original[composed] = node
        for part, op, inputs in recipe_of(composed):
            if op or part not in original:
                recipe.append((original.get(part, part), op, [original.get(x, x) for x in inputs]))
    return recipe


def recorded(function, tensors):
    """function(*tensors) with its graph, also inside `no_grad`."""
    before, modes.recording = modes.recording, True
    try:
        return function(*tensors)
    finally:
        modes.recording = before


def values_of(node, op, inputs):
    """The Values behind a node, in its shape; `inputs` are those behind its inputs."""
    shape = np.shape(node.data)
    if op is None:
        return array_of([Value(x, requires_grad=node.requires_grad) for x in np.ravel(node.data)], shape)
    if not isinstance(op, ArrayOperator):
        return each(op, *inputs)
    return np.asarray(rules_of(op)[0](op, shape, *inputs), dtype=object)


def count_of(node, op, inputs):
    """How many new Values `values_of` makes, but for two more a logit where logits beyond 1000 are centred."""
    if not isinstance(op, ArrayOperator):
        return np.size(node.data)
    return int(rules_of(op)[1](op, np.asarray(node.data), *[np.asarray(x.data) for x in inputs]))


def rules_of(op):
    if type(op) not in RULES:
        raise TypeError(
            f"scalarize: the array operator {op.name} ({type(op).__name__}) is unknown; give it a "
            f"`composition(self, *inputs)` of operators that are known"
        )
    return RULES[type(op)]


def name(values, label):
    """Give the leaves and the new results among the values their names: "W[0, 1]", "b[2]", "loss"."""
    for index in np.ndindex(values.shape):
        if not values[index].label:
            values[index].label = f"{label}[{', '.join(map(str, index))}]" if index else label


# ---- arrays of Values


def array_of(values, shape):
    """A list of Values as an array."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def each(op, *arrays):
    """A scalar operator on every element; the arrays broadcast."""
    arrays = np.broadcast_arrays(*arrays)
    return array_of([Value.apply_operator(op, *xs) for xs in zip(*[x.flat for x in arrays])], arrays[0].shape)


def numbered(shape):
    """An array of the shape that holds 0, 1, 2, ...: every element says which one it is."""
    return np.arange(math.prod(shape)).reshape(shape)


def collected(function, x, targets, shape):
    """An array of the shape whose element i is `function` of the list of all elements of x with target i."""
    groups = [[] for _ in range(math.prod(shape))]
    for value, target in zip(x.flat, targets.flat):
        groups[target].append(value)
    return array_of([function(group) for group in groups], shape)


# ---- functions of a list of Values


def total(xs):
    """Their sum; no new node for a single one, and the constant 0 for none."""
    if not xs:
        return Value(0.0, requires_grad=False)
    return scalar.sum(xs) if len(xs) > 1 else xs[0]


def extreme(larger, xs):
    """The largest (smallest) of a list, `larger` being maximum (minimum); equal ones share its derivative evenly.

    Maximum shares between two. Of more (finite) ones, it is the mean of those that equal it: dot(mask, x) / sum(mask).
    """
    out = reduce(larger, xs)
    if len(xs) <= 2:
        return out
    one = Value(1.0, requires_grad=False)
    mask = [one - scalar.nonzero(x - out) for x in xs]
    return scalar.dot(mask, xs) / scalar.sum(mask)


# ---- the rules


def matmul(op, shape, a, b):
    products = each(scalar.multiply, a[..., :, None, :], b.swapaxes(-1, -2)[..., None, :, :])  # (..., n, m, k)
    return array_of([total(list(row)) for row in products.reshape(math.prod(shape), a.shape[-1])], shape)


def rearranged(op, shape, *xs):
    return op.forward(*xs)


def cast(op, shape, x):
    return x


def sum_to(op, shape, x):
    return collected(total, x, rearranging.BroadcastTo(x.shape).forward(numbered(shape)), shape)


def scatter(op, shape, x):
    return collected(total, x, np.asarray(numbered(shape)[op.key]), shape)


def reduction(function):
    return lambda op, shape, x: collected(function, x, op.expanded(numbered(shape), x), shape)


def along_axis(function):
    def rule(op, shape, x):
        moved = np.moveaxis(x, op.axis, -1)
        values = [value for index in np.ndindex(moved.shape[:-1]) for value in function(moved[index])]
        return np.moveaxis(array_of(values, moved.shape), -1, op.axis)

    return rule


def clip(op, shape, x):
    """Within the limits x, at them too: its slope there is 1, unlike that of maximum and minimum."""
    one, low, high = (Value(number, requires_grad=False) for number in (1.0, op.low, op.high))
    if op.low > -math.inf:
        below = each(scalar.step, low - x)
        x = (one - below) * x + below * low
    if op.high < math.inf:
        above = each(scalar.step, x - high)
        x = (one - above) * x + above * high
    return x


def clip_count(op, out, x):
    limits = (op.low > -math.inf) + (op.high < math.inf)
    return 6 * limits * x.size + limits + (limits > 0)


def none(op, out, *xs):
    return 0


def matmul_count(op, out, a, b):
    k = a.shape[-1]
    return out.size * (k + (k != 1))


def sum_count(op, out, x):
    return out.size * (op.count(x) != 1)


def extreme_count(op, out, x):
    n = op.count(x)
    return out.size * (n - 1 if n <= 2 else 4 * n + 3)


def scatter_count(op, out, x):
    return np.count_nonzero(np.bincount(np.ravel(numbered(out.shape)[op.key]), minlength=out.size) != 1)


# {operator: (its Values from those of its inputs, how many of them are new from the arrays)}
RULES = {
    rearranging.Reshape: (rearranged, none),
    rearranging.Transpose: (rearranged, none),
    rearranging.BroadcastTo: (rearranged, none),
    rearranging.Index: (rearranged, none),
    rearranging.Concatenate: (rearranged, none),
    rearranging.Where: (rearranged, none),
    rearranging.Cast: (cast, none),
    operators.MatMul: (matmul, matmul_count),
    rearranging.SumTo: (sum_to, lambda op, out, x: out.size * (x.size != out.size)),
    rearranging.Scatter: (scatter, scatter_count),
    operators.Sum: (reduction(total), sum_count),
    operators.Mean: (reduction(functions.mean), lambda op, out, x: 3 * out.size),
    operators.Max: (reduction(partial(extreme, scalar.maximum)), extreme_count),
    operators.Min: (reduction(partial(extreme, scalar.minimum)), extreme_count),
    operators.LogSumExp: (reduction(scalar.logsumexp), lambda op, out, x: out.size),
    operators.Softmax: (along_axis(functions.softmax), lambda op, out, x: 2 * x.size + x.size // x.shape[op.axis]),
    operators.LogSoftmax: (along_axis(functions.log_softmax), lambda op, out, x: x.size + x.size // x.shape[op.axis]),
    rearranging.Clip: (clip, clip_count),
}
