"""Training steps and evaluations as programs: a model is run once on nodes, and from then on its program is.

A program does what Python did when it was made. So only layers that say that they are pure are compiled, and the
program's loss is compared with the model's own when it is made and once an epoch.
"""

import builtins
import dis
import inspect
import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property, partial
from typing import Any

import numpy as np

from scalar_engine import Operator
from tensor_engine import modes, no_grad, operand, topological_order
from tensor_engine.programs import jit
from tensor_engine.programs.array_program import Instance
from tensor_engine.programs.updates import fused_update

TRUSTED = "numpy", "math", "scalar_engine", "tensor_engine"  # packages whose functions depend on their arguments alone
HARMLESS = "abs", "float", "int", "len", "max", "min", "pow", "range", "round", "sum", "zip"  # of Python's own
WORTH = 1.5  # seconds gained, for which Numba is loaded, which takes 0.6
AGREE = {4: 1e-4, 8: 1e-9}  # relatively, by the bytes of a number: only the order of sums may differ


class NotCompiled(UserWarning):
    """A model is run as it stands, though a program would be faster."""


def impure(model):
    """The first layer that does not say that it is pure; None if all do."""
    if not said_of(model):
        return model
    return next((layer for layer in map(impure, model.parts()) if layer is not None), None)


def said_of(layer):
    """What the class with the layer's `__call__` says in `pure`, itself and not a base of it; None if nothing."""
    maker = next((kind for kind in type(layer).__mro__ if "__call__" in vars(kind)), object)
    return vars(maker).get("pure")


def is_pure(function):
    """Whether a function can be seen to depend on its arguments alone, and to change nothing.

    Functions of NumPy and of the engines are trusted; another one has no closure, and uses such functions only.
    """
    if isinstance(function, partial):  # whose arguments are its own
        return is_pure(function.func)
    if getattr(function, "__module__", "").partition(".")[0] in TRUSTED or isinstance(function, Operator):
        return True
    if not inspect.isfunction(function) or function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return False
    if any(line.opname.startswith(("STORE_GLOBAL", "STORE_ATTR", "STORE_SUBSCR")) for line in dis.Bytecode(function)):
        return False
    used = [(name, function.__globals__.get(name)) for name in function.__code__.co_names]
    return all(
        x is None and (name in HARMLESS or not hasattr(builtins, name))
        or isinstance(x, (int, float))
        or inspect.ismodule(x) and x.__name__.partition(".")[0] in TRUSTED
        or x is not function and callable(x) and is_pure(x)
        for name, x in used
    )  # fmt: skip


class CompiledStep:
    """The loss of a batch and its derivatives by an optimizer's parameters, as a program for each shape of a batch.

    gradients   the derivatives of the last batch, one after the other in one array
    workers     how many threads pieces of a batch are given to
    """

    workers = 1

    def __init__(self, model, loss, optimizer, style="arrays"):
        self.model, self.loss, self.optimizer, self.style = model, loss, optimizer, style
        self.update = (style == "loops" and fused_update(optimizer)) or optimizer.step_from
        self.weights = optimizer.whole.views["w"]  # where the optimizer moves them
        self.programs: dict[Any, Any] = {}
        self.gradients: Any = None

    def __call__(self, x, y, piece):
        """The mean loss of the batch x (instances, features), y, which goes through the program in pieces.

        Each is shared out among the workers.
        """
        n = len(x)
        if n <= piece and self.workers == 1:
            mean_loss, self.gradients = self.of_pieces([(x, y)], n)[0]
            return mean_loss
        mean_loss, self.gradients = 0.0, np.zeros_like(self.optimizer.flat)
        for start in range(0, n, piece):
            end = min(start + piece, n)
            share = -(-(end - start) // self.workers)
            parts = [slice(i, min(i + share, end)) for i in range(start, end, share)]
            for loss, gradients in self.of_pieces([(x[part], y[part]) for part in parts], n):
                mean_loss += loss
                self.gradients += gradients
        return mean_loss

    def of_pieces(self, pieces, n):
        """Pairs (share of the mean loss of n instances, its derivatives) of pieces (x, y), each on a thread.

        What is drawn is drawn for all pieces at each place, in the order in which it is for a batch as a whole.
        """
        programs = [self.program_for(x, y, len(x) / n, worker) for worker, (x, y) in enumerate(pieces)]
        inputs = [[*piece] for piece in pieces]
        for place in zip(*[masks for _, masks, _ in programs]):
            for each, (draw, *_) in zip(inputs, place):
                each.append(draw())
        calls = [
            (partial(instance.function, each, self.weights), instance, notes)
            for each, (instance, _, notes) in zip(inputs, programs)
        ]
        others = [self.pool.submit(copy_context().run, call) for call, *_ in calls[1:]]
        values = [calls[0][0](), *[other.result() for other in others]]
        return [
            (float(noted(notes, value)), instance.gradients) for (value, _), (_, instance, notes) in zip(values, calls)
        ]

    @cached_property
    def pool(self):
        return ThreadPoolExecutor(self.workers - 1)

    def source(self, x, y):
        """The text of the program for batches like x and y."""
        return self.program_for(x, y)[0].source

    def hand_over(self):
        """Add the derivatives to the parameters' gradients, as a backward pass does."""
        for parameter, found in zip(self.optimizer.parameters, self.optimizer.whole.pieces(self.gradients)):
            parameter.grad = found if parameter.grad is None else parameter.grad + found

    def program_for(self, x, y, share=1.0, worker=0):
        """The program of arrays like x and y, (draw, shape, dtype) of what is drawn anew at each call, and (note, n)
        for what takes n of its further results. Each worker has arrays of its own.
        """
        key = x.shape, y.shape, share, worker
        if key not in self.programs and worker:
            instance, *more = self.program_for(x, y, share)
            self.programs[key] = instance.twin(), *more
        elif key not in self.programs:
            self.programs[key] = self.made_for(changed(x), changed(y), share)
        return self.programs[key]

    def made_for(self, x, y, share):
        masks, leaves = [], [operand(x, "x"), operand(y, "y")]
        notes = []
        results: list[Any] = []

        def input_instead(*mask):
            masks.append(mask)
            leaves.append(operand(np.ones(*mask[1:]), "mask"))
            return leaves[-1]

        def result_too(note, *nodes):
            notes.append((note, len(nodes)))
            results.extend(nodes)

        recorded = modes.switched(modes.recording, modes.EVERYTHING)
        seen = modes.switched(modes.noting, result_too)
        with modes.switched(modes.drawing, input_instead), seen, recorded, np.errstate(all="ignore"):
            root = self.loss(self.model(leaves[0]), leaves[1])
            root = (root if share == 1 else root * share).named("loss")
        parameters = self.optimizer.parameters
        left_out = set(parameters).difference(topological_order(root))
        if left_out:
            raise ValueError(f"the loss does not depend on {left_out.pop().describe()}")
        return Instance(root, leaves, parameters, self.style, results), masks, notes

    def memory(self, x, y):
        """The bytes of the program's arrays."""
        return self.program_for(x, y)[0].memory

    def is_a_mean(self, x, y):
        """Whether the loss of a batch is the mean of its instances' losses, so that it can go in pieces."""
        if len(x) < 2 or self.model.statistics():
            return False
        half = -(-len(x) // 2)
        parts = slice(half), slice(half, len(x))
        drawn = [self.drawn_by(x[part], y[part], len(x)) for part in (slice(None), *parts)]
        if drawn != drawn[:1] * 3:
            return False  # one mask for all instances, say
        with np.errstate(all="ignore"):
            of_parts = sum(self.tried(x[part], y[part], len(x[part]) / len(x)) for part in parts)
            return agree(of_parts, self.tried(x, y), x.dtype)

    def drawn_by(self, x, y, n):
        """How many rows of each mask the program draws for an instance of x, of a batch of n."""
        masks = self.program_for(x, y, len(x) / n)[1]
        return [(shape or (1,))[0] / len(x) for _, shape, _ in masks]

    def tried(self, x, y, share=1.0):
        """The loss with nothing dropped: what it takes shows on it, and no random state changes."""
        instance, masks, notes = self.program_for(x, y, share)
        self.gradients = instance.gradients
        value, _ = instance.function([x, y, *[np.ones(*mask[1:]) for mask in masks]], self.weights)
        return float(value[0] if notes else value)

    def rehearsed(self, x, y):
        """`tried`, and what an update writes is written, unchanged: numbers on their way between cores take time."""
        self.tried(x, y)
        for array in (self.optimizer.flat, self.gradients):
            np.multiply(array, 1, out=array)

    def difference(self, x, y):
        """What the program does not do as the model does, in words; "" if it does all."""
        found = self.tried(x, y)
        undrawn = modes.switched(modes.drawing, lambda draw, *like: np.ones(*like))
        with no_grad(), undrawn, modes.switched(modes.noting, lambda note, *nodes: None):
            expected = self.loss(self.model(x), y).item()
        if agree(found, expected, x.dtype):
            return ""
        asked = "what Python asks of the data, as in x > 0, a program does not ask again"
        return f"its loss is {expected:g} and its program's is {found:g} ({asked})"


class CompiledForward:
    """The outputs of a model in evaluation mode, as a program for each shape of its input."""

    def __init__(self, model):
        self.model, self.programs = model, {}

    def __call__(self, x):
        """The outputs (instances, ...) for x (instances, features), in an array that the next call fills anew."""
        parameters = [*self.model.parameters(), *self.model.statistics()]
        if x.shape not in self.programs:
            leaf = operand(changed(x), "x")
            with modes.switched(modes.recording, modes.EVERYTHING), np.errstate(all="ignore"):
                out = self.model(leaf)
            self.programs[x.shape] = Instance(out, [leaf, *parameters], []).function
        return self.programs[x.shape]([x, *[parameter.data for parameter in parameters]], [])[0]


def noted(notes, value):
    """The loss in a program's value, after its further results have been handed to the functions that take them."""
    if not notes:
        return value
    loss, *results = value
    for note, n in notes:
        note(*results[:n])
        del results[:n]
    return loss


def changed(x):
    """Other data of the same kind: what a program has taken for constant shows."""
    moved = np.roll(x, 1, axis=0)
    return moved * x.dtype.type(0.5) if x.dtype.kind == "f" else moved


def agree(a, b, dtype):
    return not (math.isfinite(a) or math.isfinite(b)) or math.isclose(a, b, rel_tol=AGREE[dtype.itemsize], abs_tol=1e-6)


def style_for(optimizer, batch, steps):
    """The style of program for a run: loops, if Numba is there and they gain more than it takes to load them."""
    numbers = optimizer.flat.size * (1 + 4 * len(optimizer.moments))
    units = sum(parameter.shape[-1] for parameter in optimizer.parameters if parameter.ndim)
    gain = steps * (2e-5 + 2.5e-10 * numbers + 2e-9 * batch * units)  # seconds, about
    return "loops" if gain > WORTH and jit.is_there() else "arrays"


def compiled_step(model, loss, optimizer, style):
    """The CompiledStep of a model, or None and a warning, NotCompiled, if some layer is not said to be pure."""
    layer = impure(model)
    if layer is not None:
        if said_of(layer) is None:  # it may not know
            say_not_compiled(f"{layer!r} is no layer with `pure = True`, which says that calling it changes nothing")
    elif not is_pure(loss):
        say_not_compiled("the loss may depend on what changes: a function that needs nothing but functions would not")
    else:
        return CompiledStep(model, loss, optimizer, style)
    return None


def checked_step(step, x, y):
    """The CompiledStep if its program does what the model does with a batch; else None and a warning, NotCompiled."""
    try:
        with np.errstate(all="ignore"):
            why = step.difference(x, y)
    except Exception as error:  # whatever a model or a loss raises that is given nodes instead of arrays
        why = f"{type(error).__name__}: {error}"
    if why:
        say_not_compiled(why)
    return None if why else step


def say_not_compiled(why):
    warnings.warn(f"training goes without a program, and slower: {why}", NotCompiled, stacklevel=4)
