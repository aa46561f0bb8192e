"""PyTorch's networks as graphs of Tensors, and ours as PyTorch's.

Nothing else loads PyTorch, which is in the extra `peers`.

Reading order: aten, tracing, twins.
"""

from .tracing import from_torch
from .twins import to_torch

__all__ = ["from_torch", "to_torch"]
