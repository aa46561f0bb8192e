"""What checking asks of numbers and of arrays alike: their shape, their elements, whether two of them agree.

Nothing here needs NumPy: an array is what has a shape.
"""


def shape_of(x):
    return tuple(getattr(x, "shape", ()))


def size_of(x):
    return getattr(x, "size", 1)


def elements(x):
    """The shape and the elements, in order, of a number, of nested lists, or of an array."""
    if hasattr(x, "shape"):
        return tuple(x.shape), list(x.ravel()) if x.shape else [x]
    if not isinstance(x, (list, tuple)):
        return (), [x]
    parts = [elements(part) for part in x]
    if len({shape for shape, _ in parts}) > 1:
        raise ValueError(f"check_steps: the rows of {x!r} have different lengths")
    return (len(parts), *(parts[0][0] if parts else ())), [number for _, part in parts for number in part]


def every(comparison):
    """Whether a comparison holds, of every element if it is one of arrays."""
    return bool(comparison.all() if hasattr(comparison, "all") else comparison)


def largest(x):
    return float(x.max()) if hasattr(x, "max") else x


def is_finite(x):
    return every(x - x == 0)


def agree(a, b, tolerance):
    """Whether two numbers or arrays have one shape, and every element is within the tolerance; NaN agrees with NaN."""
    return shape_of(a) == shape_of(b) and every((a == b) | (abs(a - b) <= tolerance) | ((a != a) & (b != b)))


def roundoff(data):
    """What is taken for the relative error of one operation, with room for another order of operations."""
    return {2: 2.0**-6, 4: 2.0**-17}.get(getattr(data, "itemsize", 8), 2.0**-40)
