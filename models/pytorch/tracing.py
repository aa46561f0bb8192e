"""PyTorch networks as graphs of Tensors: what `from_torch(module, x)` gives is stepped, drawn, explained, scalarized.

torch.export says of which operators of ATen's a module is made; aten.py says what each is in ours.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np
import torch

import tensor_engine as te
from scalar_engine.graph import Node, data_of

from .aten import ATEN, OF_MEMORY, cast


def from_torch(module: torch.nn.Module, *inputs: Any) -> Any:
    """The graph of Tensors that computes module(*inputs), with its weights; its root, or a tuple of several outputs.

    module      what torch.export can trace, in training or in evaluation mode as it is set
    inputs      tensors or arrays; one takes a gradient if it is a tensor that requires one

    Parameters are leaves labelled with their names, "layers/0/weight" for layers.0.weight, and copies: training them
    leaves the module as it is, and `to_torch` carries them back. What an operator makes is labelled with the part of
    the network that it belongs to, so that drawing and stepping fold it. Raises NotImplementedError, with the operator
    and its place in the module, for what has no counterpart here.

    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh())
    >>> out = from_torch(net, torch.tensor([[1.0, -1.0]]))
    >>> out.backward()
    >>> float(abs(out.data - net(torch.tensor([[1.0, -1.0]])).detach().numpy()).max()) < 1e-6
    True
    """
    given = [x if isinstance(x, torch.Tensor) else torch.as_tensor(np.asarray(data_of(x))) for x in inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch's own, of its trees of arguments
        program = torch.export.export(module, tuple(given)).run_decompositions()
    found: dict[Any, Any] = {}
    specs, remaining = iter(program.graph_signature.input_specs), iter(given)
    held = {**program.state_dict, **program.constants}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            spec = next(specs)
            name = (spec.target or node.name).replace(".", "/")
            found[node] = leaf(next(remaining) if spec.target is None else held[spec.target], name)
        elif node.op == "call_function":
            found[node] = computed(node, *[torch.fx.map_arg(x, found.get) for x in (node.args, node.kwargs)])
        elif node.op == "output":
            outputs = [
                torch.fx.map_arg(x, found.get)
                for x, spec in zip(node.args[0], program.graph_signature.output_specs)
                if spec.kind.name == "USER_OUTPUT"
            ]
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def leaf(tensor: torch.Tensor, label: str) -> Any:
    data = np.array(tensor.detach().cpu().numpy())
    return te.Tensor(data, label, tensor.requires_grad) if data.dtype.kind == "f" else te.operand(data, label)


def computed(node: Any, args: Any, options: dict[str, Any]) -> Any:
    """What a node of PyTorch's program computes, of Tensors, labelled with its place in the module."""
    if node.target is operator.getitem:
        return args[0][args[1]]
    name = getattr(getattr(node.target, "overloadpacket", None), "__name__", str(node.target))
    place = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path]
    where = place[-1].split("@")[0] if place else ""
    try:
        result = ATEN[name](*args, **{key: x for key, x in options.items() if key not in OF_MEMORY})
        if options.get("dtype") is not None:
            result = cast(result, options["dtype"])
    except (KeyError, TypeError, ValueError, IndexError, NotImplementedError) as error:
        said = "it has no counterpart here" if isinstance(error, KeyError) else error
        line = next((x.strip() for x in reversed((node.meta.get("stack_trace") or "").splitlines()) if x.strip()), "")
        raise NotImplementedError(
            f"from_torch: {node.target} in {where or 'the module itself'}, at {line!r}: {said}"
        ) from None
    for out in result if isinstance(result, tuple) else [result]:
        if isinstance(out, Node) and out.inputs and not out.label:
            out.label = f"{where.replace('.', '/')}/{node.name}" if where else node.name
    return result
