"""What an error of shapes says: the operator, the shapes, how they were aligned, where they differ, and the labels."""

import re
import warnings

import numpy as np


def mismatch(op, inputs, error):
    """One line for shapes that do not fit: 'matmul: (64, 784) @ (300, 10), inner axes 784 and 300 differ (...)'."""
    shapes = [np.shape(x.data) for x in inputs]
    names = [title(x) for x in inputs if x.label]
    labels = f" ({', '.join(names)})" if names else ""
    symbol = op.symbol if op.infix else ","
    if op.name in ("matmul", "linear") and all(len(shape) >= 1 for shape in shapes[:2]):
        a, b = shapes[:2]
        inner = b[-2] if len(b) > 1 else b[0]
        written = f"{op.name}: {a} @ {b}"
        if a[-1] != inner:
            return f"{written}, inner axes {a[-1]} and {inner} differ{labels}"
        if op.name == "linear" and shapes[2] != b[1:]:
            return f"{written} + {shapes[2]}, the bias must have shape {b[1:]}{labels}"
        return f"{written}, batch axes {a[:-2]} and {b[:-2]} do not broadcast{labels}"
    written = f"{op.name}: {f' {symbol} '.join(map(str, shapes)) if op.infix else ', '.join(map(str, shapes))}"
    if len(shapes) > 1:
        return f"{written}, {alignment(shapes)}{labels}"
    return f"{written}, {error}{labels}"


def alignment(shapes):
    """How shapes were aligned, from the last axis back, and which axes differ."""
    columns = []
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = [shape[-axis] if axis <= len(shape) else None for shape in shapes]
        present = {size for size in sizes if size not in (None, 1)}
        written = " with ".join("-" if size is None else str(size) for size in sizes)
        columns.append(f"axis -{axis} {written}" + (" differ" if len(present) > 1 else ""))
    return "aligned from the last axis: " + ", ".join(columns)


def title(node):
    """'layer2/V' as 'layer 2 "V"', and a leaf of data without groups as 'input "x"'."""
    groups, _, name = node.label.rpartition("/")
    role = re.sub(r"(\D)(\d)", r"\1 \2", groups.replace("/", " ")) or ("" if node.requires_grad else "input")
    return f'{role} "{name}"'.strip()


def warn_of_expansion(op, inputs, shape):
    """(N, 1) with (N,) gives (N, N), which is seldom meant: say so once for each place in the user's code."""
    shapes = [np.shape(x.data) for x in inputs]
    if len(shapes) == 2 and sorted(map(len, shapes)) == [1, 2]:
        column, row = sorted(shapes, key=len, reverse=True)
        if column[1] == 1 and column[0] == row[0] > 1:
            warnings.warn(
                f"{op.name}: {shapes[0]} with {shapes[1]} expands to {shape}; "
                f"reshape one of them if you meant element by element",
                stacklevel=6,
            )
