"""Values and gradients as plain data for the page: every number in writing, and arrays as heat maps.

Where there are only numbers, nothing here loads NumPy: the playground does without it.
"""

import math
import sys
from contextlib import nullcontext

from scalar_engine import Value


def brief(quantity):
    """A value or gradient as the engines write it, and an array by its shape."""
    if not hasattr(quantity, "dtype"):
        return Value.brief(quantity)
    from tensor_engine import Tensor

    return Tensor.brief(quantity)


def exact(quantity):
    """A number with all its digits: "-0.0", "1e-300", "nan"; an array by its shape."""
    if not hasattr(quantity, "dtype"):
        return repr(float(quantity))
    return repr(float(quantity.item())) if quantity.size == 1 else str(quantity.shape)


def is_array(quantity):
    """Whether it is more, or less, than one number."""
    return getattr(quantity, "size", 1) != 1


def is_of_arrays(node):
    """Whether an operator on arrays as a whole has made a node."""
    if isinstance(node, Value):
        return False
    from tensor_engine.operators.array_operator import ArrayOperator

    return isinstance(node.op, ArrayOperator)


def summary(quantity, as_images=False):
    """What `heatmaps.described` says of an array; None for a number."""
    if not is_array(quantity):
        return None
    from .arrays.heatmaps import described

    return described(quantity, as_images)


def quiet():
    """A context in which a pass may meet inf and nan, and shows them."""
    numpy = sys.modules.get("numpy")  # where there are arrays, it is there
    return numpy.errstate(all="ignore") if numpy else nullcontext()


def is_of_images(node):
    """Whether an array of data holds pictures: (n, h, h), or (n, h * h) with h at least 8."""
    shape: tuple[int, ...] = getattr(node.data, "shape", ())
    if node.inputs or node.requires_grad or len(shape) not in (2, 3):
        return False
    if len(shape) == 3:
        return shape[1] == shape[2] >= 8
    return shape[1] >= 64 and math.isqrt(shape[1]) ** 2 == shape[1]
