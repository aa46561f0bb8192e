"""The scalar graph behind a tensor: every element a Value, every array operator the scalar operators it stands for.

Here the two engines meet. Element by element, a gradient of the tensor engine can be compared with one of the scalar
engine, and a matrix product can be drawn as the products and sums that it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.graph import Node, topological_order
from scalar_engine.passes import current_order
from scalar_engine.value import Value

from . import modes
from .operators.array_operator import ArrayOperator, is_choice
from .operators.elements import array_of, each
from .tensor import Released, Tensor, operand

LARGEST = 300_000  # Values in a graph: a second and 75 MB; one image through an MLP of a sheet fits


class ScalarGraph:
    """What `scalarize(tensor)` returns: graph[node] is the array of Values behind a node of the tensor's graph.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], "W", requires_grad=True)
    >>> graph = scalarize((W @ W).sum())
    >>> graph.root.backward()
    >>> graph[W][0, 1]
    Value(data=2.0, grad=11.0, label='W[0, 1]')
    """

    def __init__(self, tensor: Tensor, values: dict[Node, np.ndarray]) -> None:
        self.tensor = tensor
        self.values = values

    def __getitem__(self, node: Node) -> np.ndarray:
        if node not in self.values:
            raise KeyError(f"{node.describe()} is not in the graph of {self.tensor.describe()} as it was recorded")
        return self.values[node]

    @property
    def root(self) -> Value:
        """The Value behind the tensor, for `backward` and `draw`. Raises ValueError if the tensor is not one number."""
        if self.tensor.size != 1:
            raise ValueError(
                f"root: {self.tensor.describe()} has shape {self.tensor.shape}: choose one Value, or .sum()"
            )
        return self[self.tensor].item()

    @property
    def nodes(self) -> list[Node]:
        """Every Value that the tensor depends on, and its own: inputs first."""
        return topological_order(scalar.sum(self[self.tensor].flat))[:-1]

    def grad(self, node: Tensor) -> np.ndarray | None:
        """d root / d node in the node's shape, gathered from its Values; None before `root.backward()`.

        What only moves elements about makes no Values: x.T has those of x, and their gradient is that of x.
        """
        if self.root.grad is None:
            return None
        return np.array([value.grad or 0.0 for value in self[node].flat]).reshape(node.shape)


def scalarize(tensor: Tensor) -> ScalarGraph:
    """The `ScalarGraph` behind a Tensor: its graph, computed once more on Values.

    >>> x = Tensor([1.0, 2.0], "x", requires_grad=True)
    >>> scalarize((x * x).sum()).root.formula()
    'sum(x[0] * x[0], x[1] * x[1])'

    The Value behind W[0, 1] has the label "W[0, 1]", and takes a gradient if W does. Where floats have no result
    (log 0, 1 / 0, an overflow), Values raise. Raises ValueError if nothing was recorded or if there would be more than
    300,000 Values, RuntimeError if a backward pass has released the graph, TypeError for an unknown array operator.
    """
    if not tensor.requires_grad:
        raise ValueError(
            f"scalarize {tensor.describe()}: not recorded, for it depends on nothing that takes a gradient"
        )
    recipe = recipe_of(tensor)
    current_order(tensor, "scalarize")
    total = sum(count_of(*entry) for entry in recipe)
    if total > LARGEST:
        raise ValueError(
            f"scalarize: {total:,} Values would be needed (the limit is {LARGEST:,}): take a smaller batch"
        )
    values: dict[Node, np.ndarray] = {}
    for node, op, inputs in recipe:
        values[node] = values_of(node, op, [values[x] for x in inputs])
        if node.label and not is_choice(node):
            name(values[node], node.label)
    return ScalarGraph(tensor, values)


def recipe_of(root: Tensor) -> list[Any]:
    """Triples (node, op, inputs), inputs first, of the nodes behind the root; a fused one is taken apart."""
    recipe: list[Any] = []
    for node in topological_order(root):
        if isinstance(node.op, Released):
            raise RuntimeError(
                f"scalarize: the graph behind {node.name or root.name or 'this tensor'} has been released by "
                f"{node.op.by}; scalarize before it, or keep the graph with backward(keep=True)"
            )
        if not hasattr(node.op, "composition"):
            recipe.append((node, node.op, node.inputs))
            continue
        original = {operand(x.data) if is_choice(x) else Tensor(x.data, requires_grad=True): x for x in node.inputs}
        composed = recorded(node.op.composition, list(original))
        original[composed] = node
        for part, op, inputs in recipe_of(composed):
            if op or part not in original:
                recipe.append((original.get(part, part), op, [original.get(x, x) for x in inputs]))
    return recipe


def recorded(function: Callable[..., Any], tensors: list[Tensor]) -> Any:
    """function(*tensors) with its graph, also inside `no_grad`."""
    with modes.switched(modes.recording, True):
        return function(*tensors)


def values_of(node: Any, op: Any, inputs: list[np.ndarray]) -> np.ndarray:
    """The Values behind a node, in its shape; `inputs` are those behind its inputs."""
    if is_choice(node):
        return node.data  # it chooses among Values, and is none
    if op is None:
        return array_of([Value(x, requires_grad=node.requires_grad) for x in np.ravel(node.data)], np.shape(node.data))
    if isinstance(op, ArrayOperator):
        return np.asarray(op.scalars(*inputs), dtype=object)
    return each(op, *inputs)


def count_of(node: Any, op: Any, inputs: list[Any]) -> int:
    """How many new Values `values_of` makes, but for two more a logit where logits beyond 1000 are centred."""
    if is_choice(node):
        return 0
    if isinstance(op, ArrayOperator):
        return int(op.scalar_count(np.asarray(node.data), *[np.asarray(x.data) for x in inputs]))
    return np.size(node.data)


def name(values: Any, label: str) -> None:
    """Give the leaves and the new results among the values their names: "W[0, 1]", "b[2]", "loss"."""
    for index in np.ndindex(values.shape):
        if not values[index].label:
            values[index].label = f"{label}[{', '.join(map(str, index))}]" if index else label
