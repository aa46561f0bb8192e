"""Programs of Tensors: a graph as a function of arrays, with an instance for each of the shapes and types it meets."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine.graph import recorded_order
from scalar_engine.passes import forward_pass, gradients
from scalar_engine.programs.program import Program, executed

from .. import modes
from ..tensor import Tensor, operand

if TYPE_CHECKING:
    from collections.abc import Sequence


class Instance:
    """A program for arrays of certain shapes and types.

    style       the module that writes it: "arrays", in NumPy, or "loops", in NumPy and Numba
    source      its text, which runs on its own
    function    function(inputs, parameters) -> (value, [derivatives]), in arrays that the next call fills anew; with
                nodes that are noted the value is (the root's, theirs...)
    gradients   the derivatives by all parameters, one after the other, as one array; None if there are none
    """

    def __init__(self, root: Tensor, inputs: Any, parameters: Any, style: str = "arrays", noted: Any = ()) -> None:
        module = import_module(f"tensor_engine.programs.{style}")
        self.source, *self.parts = module.written(root, inputs, parameters, noted)
        self.function = executed(*self.parts)

    @property
    def gradients(self) -> np.ndarray | None:
        return self.function.__globals__.get("gradients")

    @property
    def memory(self) -> int:
        """The bytes of its arrays, but for the derivatives."""
        arrays = [x for x in self.function.__globals__.values() if isinstance(x, np.ndarray)]
        owners = {id(x): x for x in [x if x.base is None else x.base for x in arrays]}
        return sum(getattr(x, "nbytes", 0) for x in owners.values() if x is not self.gradients)

    def twin(self) -> Instance:
        """The same with arrays of its own, to run beside it."""
        twin = copy(self)
        twin.function = executed(*self.parts)
        return twin


class ArrayProgram(Program):
    """A graph of Tensors as a function of the arrays in some of its leaves.

    source      the text of the function, for the shapes and types that the graph has: NumPy, which runs on its own

    >>> from scalar_engine import compile_graph
    >>> x, w = Tensor([[1.0, 2.0]], "x"), Tensor([[3.0], [4.0]], "w", requires_grad=True)
    >>> program = compile_graph((x @ w).sum(), inputs=[x], parameters=[w])
    >>> program([[[1.0, 2.0], [3.0, 4.0]]], [[[3.0], [4.0]]])
    (36.0, [array([[4.],
           [6.]])])
    """

    root: Any

    def __init__(self, root: Any, inputs: Any, parameters: Any) -> None:
        if parameters and root.size != 1:
            raise ValueError(f"compile_graph: {root.describe()} has shape {root.shape}, and must be one number")
        self.root, self.inputs, self.parameters = root, inputs, parameters
        if inputs:
            self.require_recorded()
        self.lock = Lock()  # of the arrays that results go into
        self.instances = {kinds([*inputs, *parameters]): Instance(root, inputs, parameters)}

    def require_recorded(self) -> None:
        """Raise ValueError if some numbers in the graph have been computed, and it is not known of what."""
        given = {*self.inputs, *self.parameters}
        for node in list[Any](recorded_order(self.root)):
            if not node.inputs and node not in given and hasattr(node, "out"):
                raise ValueError(
                    f"compile_graph: a Tensor {node.describe()} was computed from what requires no gradient, and how "
                    f"was not recorded; if it depends on an input, make that with requires_grad=True, else .detach() it"
                )

    @cached_property
    def source(self) -> str:
        return next(iter(self.instances.values())).source

    @property
    def batched(self) -> str:
        """The text of the function: it is for all instances at once as it stands."""
        return self.source

    def __call__(self, inputs: Sequence[Any], parameters: Sequence[Any]) -> Any:
        """The root's value, a float if it is one number, and its gradients by the parameters as a list of arrays.

        Arrays of other shapes and types than the graph has run the graph once more as it is, on these, and make a
        further instance of the program. Raises ValueError if there are not as many inputs and parameters as the program
        has, or other shapes meet numbers that were computed of the old ones, and what the graph raises on such arrays.
        """
        self.require_as_many(inputs, parameters)
        leaves: list[Any] = [*self.inputs, *self.parameters]
        arrays = [
            x if isinstance(x, np.ndarray) else np.asarray(x, leaf.dtype)
            for x, leaf in zip([*inputs, *parameters], leaves)
        ]
        instance = self.instances.get(kinds(arrays)) or self.instance_for(arrays)
        n = len(self.inputs)
        try:
            with self.lock, np.errstate(all="ignore"):
                value, found = instance.function(arrays[:n], arrays[n:])
                return copied(value), [x.copy() for x in found]
        except (ValueError, IndexError):
            gradients(self.graph_on(arrays)[0])  # one of whose passes says what is wrong
            raise

    def instance_for(self, arrays: list[np.ndarray]) -> Instance:
        old: list[Any] = [*self.inputs, *self.parameters]
        if [x.shape for x in arrays] != [leaf.shape for leaf in old]:
            self.require_recorded()  # as ones in the shape of a batch, which broadcast to one instance
        root, leaves = self.graph_on(arrays)
        n = len(self.inputs)
        return self.instances.setdefault(kinds(arrays), Instance(root, leaves[:n], leaves[n:]))

    def graph_on(self, arrays: list[np.ndarray]) -> tuple[Tensor, list[Tensor]]:
        """The graph once more, on other arrays, and its inputs and parameters in it."""
        order, old = list[Any](recorded_order(self.root)), [*self.inputs, *self.parameters]
        dtype = next((x.dtype for x in arrays if x.dtype.kind == "f"), self.root.dtype)
        leaves = dict(zip(old, map(operand, arrays)))
        consumers: dict[Any, list[Any]] = {}
        for node in order:
            for x in node.inputs:
                consumers.setdefault(x, []).append(node.op)
        # An elementwise operator broadcasts its operands itself, to whatever shape is needed.
        implied = {x for x, ops in consumers.items() if x.op and x.op.implied and all(op.elementwise for op in ops)}
        found: dict[Any, Any] = {}

        def leaf(node: Any) -> Any:
            if node.inputs:
                return found[node.inputs[0]]
            if node in leaves:
                return leaves[node]
            return operand(node.data.astype(dtype) if node.dtype == self.root.dtype else node.data)

        def revise(node: Any, result: Any) -> Any:
            found[node] = result
            if node not in implied:
                result.label = node.label
            if not node.inputs:
                result.requires_grad = node.requires_grad
            return result

        with modes.switched(modes.recording, modes.EVERYTHING):
            root = forward_pass(order, leaf, implied, revise)[self.root]
        return root, [leaves[node] for node in old]


def copied(value: Any) -> Any:
    return value.item() if np.size(value) == 1 else np.array(value)


def kinds(arrays: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([(x.shape, x.dtype) for x in arrays])
