"""A graph turned into straight-line Python: to be read, and to be run a hundred times as fast.

A program computes the root's value and its gradients: one statement for each node, forward, then one for each
contribution, backward. What it says about an operator comes of the operator's own rules.
"""

from __future__ import annotations

import gc
from collections import Counter
from functools import cached_property
from importlib import import_module

from ..graph import recorded_order

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..graph import Node

# The modules that write programs. One is loaded when a program is first written in its style: what reads the text of
# rules is slow to import, and styles on arrays are in the tensor engine, which this engine works without.
PLAIN = "scalar_engine.programs.plain"
FOR_ALL_INSTANCES = "tensor_engine.programs.instances"


class Program:
    """A graph as a function of the numbers in some of its leaves.

    source      the text of the function: plain Python, which runs on its own
    batched     the text of the same function for all instances at once, with NumPy
    inputs      the leaves that its first argument gives numbers to, in order
    parameters  the leaves that its second argument gives numbers to, and by which it has gradients

    >>> x, w = Value(2.0, "x"), Value(-1.0, "w")
    >>> program = compile_graph(sigmoid(w * x), inputs=[x], parameters=[w])
    >>> program([2.0], [-1.0])
    (0.1192..., [0.2099...])
    """

    def __init__(self, root: Node, inputs: list[Node], parameters: list[Node]) -> None:
        self.inputs = inputs
        self.parameters = parameters
        self.root = root
        collects = gc.isenabled()
        gc.disable()  # a plan of millions of objects has no garbage, and looking for some takes a third of the time
        try:
            self.source, given = import_module(PLAIN).written(root, inputs, parameters)
        finally:
            if collects:
                gc.enable()
        self.function = executed(self.source, given)

    def __call__(self, inputs: Sequence[Any], parameters: Sequence[Any]) -> tuple[float, list[float]]:
        """The root's value, and its gradients by the parameters as a list.

        Given arrays instead of floats as inputs, one number an instance, it computes all instances at once: the value
        and the gradients are those of the mean over the instances. Raises ValueError if there are not as many inputs
        and parameters as the program has, or if the arrays differ in length.
        """
        self.require_as_many(inputs, parameters)
        if not any(hasattr(x, "__len__") for x in inputs):
            return self.function(inputs, parameters)
        sizes = {len(x) if hasattr(x, "__len__") else 1 for x in inputs}
        if len(sizes) > 1:
            raise ValueError(f"the inputs must be arrays of one length, a number an instance, not of {sorted(sizes)}")
        value, gradients = self.batched_function(inputs, parameters)
        return float(value), [*map(float, gradients)]

    def __repr__(self) -> str:
        return self.source

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.source.strip()}\n```"

    def require_as_many(self, inputs: Sequence[Any], parameters: Sequence[Any]) -> None:
        if len(inputs) != len(self.inputs) or len(parameters) != len(self.parameters):
            raise ValueError(
                f"the program takes {len(self.inputs)} inputs and {len(self.parameters)} parameters, "
                f"not {len(inputs)} and {len(parameters)}"
            )

    @property
    def batched(self) -> str:
        """The text of the function for arrays: NumPy, and the numbers of all instances in each variable."""
        return self.batch[0]

    @cached_property
    def batched_function(self) -> Callable[..., Any]:
        return executed(*self.batch)

    @cached_property
    def batch(self) -> tuple[str, dict[str, Any]]:
        return import_module(FOR_ALL_INSTANCES).written(self.root, self.inputs, self.parameters)


def compile_graph(root: Node, inputs: Sequence[Node] = (), parameters: Sequence[Node] | None = None) -> Program:
    """The graph behind `root` as a `Program`: of Values, on numbers; of Tensors, on arrays.

    inputs      leaves whose numbers vary from call to call and which need no gradients: the data
    parameters  leaves whose gradients are wanted; None for all that require one and are no inputs

    Other leaves keep the numbers that they have. Raises ValueError for an input or parameter that is no leaf of the
    graph, or is named twice, and RuntimeError if the graph has been released.
    """
    leaves = dict.fromkeys(node for node in recorded_order(root) if not node.inputs)
    given = set(inputs)
    if parameters is None:
        parameters = [node for node in leaves if node.requires_grad and node not in given]
    for node, times in Counter([*inputs, *parameters]).items():
        if times > 1:
            raise ValueError(f"compile_graph: {node.describe()} is given {times} times as an input or a parameter")
        if node not in leaves:
            raise ValueError(f"compile_graph: {node.describe()} is not a leaf of the graph of {root.describe()}")
    kind = import_module(root.programs).ArrayProgram if hasattr(root, "programs") else Program
    return kind(root, list(inputs), list(parameters))


def executed(source: str, given: dict[str, Any]) -> Callable[..., Any]:
    """The function that the source defines, with what has to be given to it."""
    namespace = dict(given)
    exec(compile(source, "<program>", "exec"), namespace)
    return namespace["program"]
