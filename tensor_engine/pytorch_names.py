"""NumPy's names lead here. PyTorch's, where they are others, are no aliases: an error says ours."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FUNCTIONS = {
    "view": "reshape",
    "permute": "transpose",
    "t": "T",
    "unsqueeze": "expand_dims",
    "cat": "concatenate",
    "clamp": "clip",
    "gather": "take_along_axis",
    "index_select": "take",
    "movedim": "moveaxis",
    "repeat_interleave": "repeat",
    "expand": "broadcast_to",
    "mm": "@",
    "bmm": "@",
    "numel": "size",
    "dim": "ndim",
    "chunk": "split",
    "unfold": "im2col",
    "fold": "col2im",
    "mse_loss": "mse",
    "nll_loss": "nll",
    "float": "data.astype(np.float32), of a leaf",
    "double": "data.astype(np.float64), of a leaf",
}
ARGUMENTS = {
    "dim": "axis", "dims": "axis", "keepdim": "keepdims", "correction": "ddof", "kernel_size": "size",
    "lr": "learning_rate", "retain_graph": "keep", "argnum": "wrt", "argnums": "wrt",
}  # fmt: skip


def unknown(owner: str, name: str) -> AttributeError:
    """The error for an attribute that is not there, which says what PyTorch's is called here."""
    told = f": PyTorch's name; here it is {FUNCTIONS[name]}" if name in FUNCTIONS else ""
    return AttributeError(f"{owner} has no attribute {name!r}{told}")


def telling(names: Mapping[str, Any]) -> dict[str, Any]:
    """The functions among a module's or a class's names with an argument that PyTorch calls otherwise, telling so."""
    return {
        name: told(function)
        for name, function in [*names.items()]
        if inspect.isfunction(function) and set(ARGUMENTS.values()) & {*inspect.signature(function).parameters}
    }


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        if not options.keys().isdisjoint(ARGUMENTS):
            name = next(name for name in options if name in ARGUMENTS)
            whose = "autograd's" if name.startswith("argnum") else "PyTorch's"
            what = function.__qualname__.replace(".__init__", "").removeprefix("ArrayNotation.")
            raise TypeError(f"{what}: {name}= is {whose} name; here it is {ARGUMENTS[name]}=")
        return function(*args, **options)

    called.__module__ = function.__module__.partition(".")[0]  # where it is found again, for pickle
    return called
