"""Optimizer: what is common to all ways to update parameters.

An optimizer moves its parameters into one flat array, of which each parameter's data becomes a view, so that a step is
a few passes over that array instead of dozens of small calls.
"""

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from .tensor import Tensor, store


class Part:
    """Some neighbouring parameters, and their stretch of each flat array: all parameters, or a single one.

    arrays      {name: the stretch}
    views       {name: for each parameter its own piece of the stretch, in the parameter's shape}
    """

    __slots__ = ("parameters", "arrays", "views")

    def __init__(self, parameters: list[Any], flat_arrays: dict[str, np.ndarray], start: int = 0) -> None:
        self.parameters = parameters
        stop = start + sum(parameter.size for parameter in parameters)
        self.arrays = {name: flat[start:stop] for name, flat in flat_arrays.items()}
        self.views = {name: self.pieces(array) for name, array in self.arrays.items()}

    def pieces(self, array: np.ndarray) -> list[np.ndarray]:
        pieces, start = [], 0
        for parameter in self.parameters:
            pieces.append(array[start : start + parameter.size].reshape(parameter.shape))
            start += parameter.size
        return pieces


class Holder:
    """Something that holds data and a gradient, as a parameter does."""

    __slots__ = ("data", "grad")
    grad: Any

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    size = property(lambda self: self.data.size)
    shape = property(lambda self: self.data.shape)


def require(below: float = math.inf, **numbers: float) -> None:
    """Raise ValueError if a number that an optimizer is made with is below 0, or not below what it must be."""
    for name, number in numbers.items():
        if not 0 <= number < below:
            upto = "up" if below == math.inf else f"to below {below:g}"
            raise ValueError(f"an optimizer needs {name} from 0 {upto}, not {number}")


class Optimizer:
    """What the optimizers share.

    parameters      Tensors that require a gradient, all of one dtype and none of them twice; ValueError otherwise
    learning_rate   may be changed between steps
    weight_decay    the factor of w that is added to dl/dw (L2 regularisation), as in PyTorch

    A parameter without a gradient is left alone, as in PyTorch: it neither decays nor rolls on. Data that is assigned
    to a parameter is what the next step trains, and so is the copy of a model that is copied with its optimizer.
    """

    moments: tuple[str, ...] = ()  # names of flat arrays that are kept from step to step
    n_numbers = 1  # how many `numbers` gives
    elementwise = False  # whether the class's update does the same to every number, whatever parameter it is of

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float, weight_decay: float = 0.0) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        require(learning_rate=learning_rate, weight_decay=weight_decay)
        if len({parameter.dtype for parameter in self.parameters}) != 1:
            raise ValueError("an optimizer needs parameters, all of one dtype")
        if len(set(self.parameters)) != len(self.parameters):
            raise ValueError("an optimizer needs each parameter once")
        for parameter in self.parameters:
            if not parameter.requires_grad:
                raise ValueError(f"an optimizer needs parameters that require a gradient, not {parameter.describe()}")
        size = sum(parameter.size for parameter in self.parameters)
        self.lay_out({name: np.zeros(size, self.parameters[0].dtype) for name in self.moments})

    def lay_out(self, moments: dict[str, np.ndarray]) -> None:
        """Make the flat arrays, but for the moments {name: array}, and move the parameters into them."""
        self.flat = np.concatenate([parameter.data.ravel() for parameter in self.parameters])
        arrays = {"w": self.flat, "scratch": np.empty_like(self.flat), **moments}
        self.whole = Part(self.parameters, arrays)
        starts = np.cumsum([0] + [parameter.size for parameter in self.parameters]).tolist()
        alone = Holder(self.flat)  # all parameters as if they were one
        self.as_one = Part([alone], arrays)
        self.singles = [Part([parameter], arrays, start) for parameter, start in zip(self.parameters, starts)]
        self.hand_out()

    def hand_out(self) -> None:
        """Give the parameters views of the flat array: new ones, so that older graphs can tell that it has changed."""
        self.given = [view.view() for view in self.whole.views["w"]]
        for parameter, view in zip(self.parameters, self.given):
            store(parameter, view)

    def step(self) -> None:
        """One update from the gradients, which are used up: `.grad` is None after it.

        Raises ValueError if a parameter or its gradient has got another shape or dtype; nothing is changed then.
        """
        if self.is_ready() and self.moves_as_one():
            self.update(self.whole)
        else:
            for part in self.singles:
                if part.parameters[0].grad is not None:
                    self.update(part)
        self.hand_out()
        self.zero_grad()

    def step_from(self, gradients: np.ndarray) -> None:
        """One update from the derivatives by all parameters, one after the other in one array, as programs have them.

        It is for a loop between two calls of `settle`, if that has said yes.
        """
        self.as_one.parameters[0].grad = gradients
        self.update(self.as_one)

    def settle(self) -> bool:
        """Take in data that was assigned to parameters, and give them new views, so that graphs of before can tell
        that it has changed; whether `step_from` may follow.
        """
        self.is_ready()
        self.hand_out()
        maker = next(kind for kind in type(self).__mro__ if "update" in vars(kind))
        unused = all(parameter.grad is None for parameter in self.parameters)
        return bool(vars(maker).get("elementwise")) and unused and self.moves_as_one()

    def is_ready(self) -> bool:
        """Put data that was assigned to parameters into the flat array; whether all of them have a gradient."""
        assigned, complete = [], True
        for parameter, view in zip(self.parameters, self.given):
            data, gradient = parameter.data, parameter.grad
            if data is not view:
                assigned.append((parameter, view))
                if data.shape != view.shape or data.dtype != view.dtype:
                    raise ValueError(
                        f"{parameter.describe()} was {view.shape} {view.dtype} when its optimizer was made, and is "
                        f"{data.shape} {data.dtype} now: make a new optimizer"
                    )
            if gradient is None:
                complete = False
            elif getattr(gradient, "shape", ()) != view.shape:
                raise ValueError(f"{parameter.describe()} has shape {view.shape}, its gradient {np.shape(gradient)}")
        for parameter, view in assigned:
            view[...] = parameter.data
        return complete

    def moves_as_one(self) -> bool:
        """Whether the update of all parameters is one update, if all have a gradient."""
        return True

    def update(self, part: Part) -> None:
        """Move the parameters of a Part, each of which has a gradient."""
        raise TypeError("an optimizer needs an update")

    def numbers(self, part: Part) -> Any:
        """What may be another number at each update: the learning rate."""
        return (self.learning_rate,)

    def gradients(self, part: Part) -> list[Any]:
        """The gradients of a Part's parameters; weight decay added."""
        if not self.weight_decay:
            return [parameter.grad for parameter in part.parameters]
        return [parameter.grad + self.weight_decay * parameter.data for parameter in part.parameters]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that a resumed run needs, by name."""
        return {name: self.whole.arrays[name] for name in self.moments}

    def __getstate__(self) -> dict[str, Any]:
        left_out = {"flat", "whole", "as_one", "singles", "given"}  # views of memory: a copy makes its own
        return {name: value for name, value in vars(self).items() if name not in left_out} | {"arrays": self.state()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrays = state.pop("arrays")
        vars(self).update(state)
        self.lay_out({name: arrays[name] for name in self.moments})


def shared(parameters: list[Any]) -> list[bool]:
    """For each parameter whether somebody else holds its gradient, or its memory, so that it must stay as it is.

    To compute in a gradient that is used up, instead of in other memory, makes a step of plain SGD twice as fast.
    """
    return [references(x.grad) > HELD_ONCE or x.grad.base is not None for x in parameters]


references, alone = sys.getrefcount, Holder(np.empty(0))
alone.grad = np.empty(1)
HELD_ONCE = references(alone.grad)
