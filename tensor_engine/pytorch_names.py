"""NumPy's names lead here. PyTorch's, where they are others, are no aliases: an error says ours."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS = {
    "view": "reshape",
    "permute": "transpose",
    "inverse": "inv(x)",
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
    "CrossEntropyLoss": "cross_entropy",
    "MSELoss": "mse",
    "NLLLoss": "nll",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "float": "astype(np.float32)",
    "double": "astype(np.float64)",
    "BatchNorm1d": "BatchNorm",
    "BatchNorm2d": "BatchNorm",
    "MultiheadAttention": "MultiHeadAttention",
    "TransformerEncoderLayer": "TransformerBlock",
}
NO_METHODS = "abs", "det", "log_softmax", "norm", "softmax", "topk"
ARGUMENTS = {  # ours by the first of these names that a function has
    "dim": ("axis",), "dims": ("axis",), "keepdim": ("keepdims",), "correction": ("ddof",), "diagonal": ("k",),
    "unbiased": ("ddof",),
    "num_classes": ("n",), "kernel_size": ("size", "kernel"), "retain_graph": ("keep",), "lr": ("learning_rate",),
    "eps": ("epsilon",), "in_features": ("n_inputs",), "out_features": ("n_outputs",), "in_channels": ("n_inputs",),
    "out_channels": ("n_outputs",), "num_features": ("n",), "normalized_shape": ("n",), "num_embeddings": ("n",),
    "embedding_dim": ("width",), "embed_dim": ("width",), "d_model": ("width",), "num_heads": ("heads",),
    "nhead": ("heads",), "dim_feedforward": ("hidden",), "p": ("rate", "ord"), "argnum": ("wrt",), "argnums": ("wrt",),
}  # fmt: skip
CHOICES = {
    "xavier": "glorot", "xavier_uniform": "glorot", "xavier_normal": "glorot-normal", "kaiming": "he",
    "kaiming_normal": "he", "kaiming_uniform": "he-uniform", "leaky_relu": "leaky-relu", "swish": "silu",
}  # fmt: skip


def unknown(owner: str, name: str) -> AttributeError:
    """The error for an attribute that is not there, which says what PyTorch's is called here."""
    ours = f"the function {name}(x)" if owner == "Tensor" and name in NO_METHODS else FUNCTIONS.get(name)
    return AttributeError(f"{owner} has no attribute {name!r}{hint(ours)}")


def hint(ours: str | None) -> str:
    """What is said behind an error of a name that is PyTorch's, if it is: ours."""
    return f": PyTorch's name; here it is {ours}" if ours else ""


def chosen(name: Any) -> str:
    """`hint` of a name by which one of several things is chosen, an initialisation say."""
    return hint(CHOICES.get(str(name).replace("-", "_")))


def tell(module: dict[str, Any]) -> None:
    """Let a module's functions, and the methods of its classes, say ours where an argument has PyTorch's name.

    Within the package they go on as they are: it is the names by which users find them that are replaced.
    """
    package = module["__name__"].partition(".")[0]
    for name, thing in [*module.items()]:
        if inspect.isfunction(thing):
            module[name] = told(thing, module["__name__"])
        for kind in thing.__mro__ if inspect.isclass(thing) else ():
            for method, function in [*vars(kind).items()] if kind.__module__.partition(".")[0] == package else ():
                if inspect.isfunction(function):
                    setattr(kind, method, told(function))


def told(function: Callable[..., Any], module: str = "") -> Callable[..., Any]:
    """The function, if it has an argument that PyTorch calls otherwise one that says so; `module`: where it is found.

    It costs a call 0.15 us: names are looked at when Python has refused one.
    """
    code = function.__code__
    has = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    ours = {theirs: name for theirs, names in ARGUMENTS.items() for name in names if name in has and theirs not in has}
    if not ours:
        return function

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError:
            for name in options.keys() & ours.keys():
                whose = "autograd's" if name.startswith("argnum") else "PyTorch's"
                what = function.__qualname__.replace(".__init__", "").removeprefix("ArrayNotation.")
                raise TypeError(f"{what}: {name}= is {whose} name; here it is {ours[name]}=") from None
            raise

    called.__module__ = module or function.__module__  # for pickle
    return called
