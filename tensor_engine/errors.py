"""What errors say: of shapes that do not fit, how they were aligned and where they differ, with the operands' labels.

And of results that are not finite, where `detect_anomaly` watches: who made them, from what, and a way out.
"""

import dis
import math
import re
import sys
import warnings
from functools import lru_cache

import numpy as np

from scalar_engine.naming import formula

LIBRARIES = ("scalar_engine", "tensor_engine", "numpy")


def mismatch(op, inputs, error):
    """One line for shapes that do not fit: 'matmul: (64, 784) @ (300, 10), inner axes 784 and 300 differ (...)'."""
    shapes = [np.shape(x.data) for x in inputs]
    names = [title(x) for x in inputs if x.label]
    labels = f" ({', '.join(names)})" if names else ""
    if not op.elementwise:
        return f"{op.name}: {op.mismatch(error, *shapes)}{labels}"
    operands = op.formula(*map(str, shapes)) if op.infix else ", ".join(map(str, shapes))
    return f"{op.name}: {operands}, {alignment(shapes)}{labels}"


def inner_axes(a, b):
    """What is wrong with the axes that a @ b multiplies along, if anything is."""
    if not a or not b:
        return "a number has no axis to multiply along: use *"
    inner = b[-2] if len(b) > 1 else b[0]
    return f"inner axes {a[-1]} and {inner} differ" if a[-1] != inner else ""


def alignment(shapes):
    """How shapes were aligned, from the last axis back, and which axes differ."""
    columns = []
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = [shape[-axis] if axis <= len(shape) else None for shape in shapes]
        present = {size for size in sizes if size not in (None, 1)}
        written = " with ".join("-" if size is None else str(size) for size in sizes)
        columns.append(f"axis -{axis} {written}" + (" differ" if len(present) > 1 else ""))
    return "aligned from the last axis: " + ", ".join(columns)


def joining(shapes, axis):
    """Why shapes cannot be joined along an axis; "" if they have not as many axes each."""
    n = len(shapes[0])
    if len({len(shape) for shape in shapes}) > 1:
        return ""
    if not -n <= axis < n:
        return f"there is no axis {axis} to join them along"
    others = [i for i in range(n) if i != axis % n and len({shape[i] for shape in shapes}) > 1]
    differ = [f"axis {i} {' with '.join(str(shape[i]) for shape in shapes)}" for i in others]
    return f"joined along axis {axis}, all other axes must be equal: {', '.join(differ)}"


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
                stacklevel=frames_to_the_user(),
            )


def frames_to_the_user():
    """The `stacklevel` with which its caller points a warning at the line outside the libraries that led to it."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in LIBRARIES:
        frame, level = frame.f_back, level + 1
    return level


# ---- numbers that leave a graph


def warn_of_loss(node, taker):
    """What is made of a node's number alone cannot be differentiated: say so once for each place in the user's code."""
    keeps = "np.stack([...]) keeps it" if taker == "an array" else "functions of Tensors, also NumPy's, keep it"
    warnings.warn(
        f"{taker} takes the number of {node.describe()}, and its gradient is lost: {keeps}, and float(...) says that "
        f"the number alone is wanted",
        stacklevel=frames_to_the_user(),
    )


def taker_of(frame):
    """Who takes a number where a frame stands: an array, a function of `math`, or "" for float(x) and what else asks.

    `out[i] = x` and `math.exp(x)` call `x.__float__()` as float(x) does: only the instruction under way tells them
    apart, and which function that calls, from Python 3.11 on.
    """
    *owner, name = under_way(frame.f_code, frame.f_lasti)
    if name in ("STORE_SUBSCR", "fill", "fromiter"):
        return "an array"
    is_maths = owner == ["math"] or not owner and frame.f_globals.get(name) is vars(math).get(name, "")
    return f"math.{name}" if is_maths else ""


@lru_cache
def under_way(code, at):
    """The instruction's name, or the names that are loaded for the call that it is: "math", "exp"."""
    instructions = list(dis.get_instructions(code))
    instruction = next((each for each in instructions if each.offset == at), instructions[0])
    start = getattr(instruction, "positions", ())[::2]  # line and column, where the name of what is called starts too
    before = [each for each in instructions if start and each.offset < at and each.positions[::2] == start]
    names = [each.argval for each in before if each.opname.startswith("LOAD_")]
    return names if "CALL" in instruction.opname and names else [instruction.opname]


# ---- not a number, or infinite


def require_finite(node, op, inputs):
    """Raise FloatingPointError if the node that op has just made from inputs holds a NaN or an infinity."""
    if not np.isfinite(node.data).all():
        raise FloatingPointError(report("forward", op, inputs, node.data))


def require_finite_contribution(step):
    """The same for what one step of a backward pass contributes."""
    if not np.isfinite(step.contribution).all():
        where = f"backward, for {step.input.describe()}"
        raise FloatingPointError(report(where, step.node.op, step.node.inputs, step.contribution))


def report(where, op, inputs, result):
    result = np.asarray(result)
    kinds = [name for name, test in [("NaN", np.isnan), ("infinity", np.isinf)] if test(result).any()]
    ranges = "; ".join(f"{x.label or x.describe()} {spread(x.data)}" for x in inputs)
    advice = next((op.stable[maker] for maker in [*makers(inputs), ""] if maker in op.stable), "")
    hint = f". Stable: {advice}" if advice else ""
    if hint and where == "forward" and kinds == ["NaN"] and all(np.isfinite(x.data).all() for x in inputs):
        hint = ". It does not exist there, however it is written: look at where the operands come from"
    return f"{op.name} made {' and '.join(kinds)} ({where}): {formula(op, inputs)} of {ranges}{hint}"


def makers(nodes):
    """The names of the operators that computed the nodes' elements, wherever they were moved since."""
    pending = [*nodes]
    while pending:
        op, inputs = pending[0].op, pending.pop(0).inputs
        if op and op.moves:
            pending[:0] = inputs
        elif op:
            yield op.name


def spread(data):
    data = np.asarray(data)
    finite = data[np.isfinite(data)]
    if not finite.size:
        return f"{data.shape}, nothing finite"
    others = "" if finite.size == data.size else f", {data.size - finite.size} not finite"
    return f"{data.shape} from {finite.min():.4g} to {finite.max():.4g}{others}"
