"""What checking asks of numbers and of arrays alike: their shape, their elements, whether two of them agree.

Nothing here needs NumPy: an array is what has a shape.
"""


def shape_of(x):
    return tuple(getattr(x, "shape", ()))


def size_of(x):
    return getattr(x, "size", 1)


def plain(x):
    """An array without what its library adds: PyTorch's graph and device, pandas' frame, np.matrix's own product."""
    if hasattr(x, "detach"):
        x = x.detach().cpu() if hasattr(x, "cpu") else x.detach()
        x = x.half() if "bfloat16" in str(x.dtype) else x  # a type that NumPy does not have
    for leave in ("numpy", "to_numpy"):
        x = getattr(x, leave)() if hasattr(x, leave) else x
    return getattr(x, "A", x)


def number_in(x):
    """The number that somebody wrote down, "0,50" or "1/3" or 0.5, or None for a blank; ValueError for what is none."""
    if x is None or not isinstance(x, str):
        return x
    text = x.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".")
    if not text:
        return None
    above, slash, below = text.partition("/")
    return float(above) / float(below) if slash else float(text)


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


def some(comparison):
    """Whether a comparison holds, of any element if it is one of arrays."""
    return bool(comparison.any() if hasattr(comparison, "any") else comparison)


def largest(x):
    return float(x.max()) if getattr(x, "size", 0) else 0.0 if hasattr(x, "max") else x


def is_finite(x):
    return every(x - x == 0)


def agree(a, b, tolerance):
    """Whether two numbers or arrays have one shape, and every element is within the tolerance; NaN agrees with NaN."""
    return shape_of(a) == shape_of(b) and every((a == b) | (abs(a - b) <= tolerance) | ((a != a) & (b != b)))


def without_ones(shape):
    """A shape without its axes of length 1: (3,) for (3, 1) and (1, 3)."""
    return tuple(n for n in shape if n != 1)


def roundoff(data):
    """What is taken for the relative error of one operation, with room for another order of operations."""
    return {2: 2.0**-6, 4: 2.0**-17}.get(getattr(data, "itemsize", 8), 2.0**-40)
