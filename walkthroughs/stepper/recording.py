"""A recording of training: the loss, the parameters and their gradients of several optimizer steps."""

import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scalar_engine import Node, Value, topological_order
from scalar_engine.naming import unique_names

from .quantities import brief, exact, is_array, quiet, summary

FOLLOWED = 1_000  # nodes: of a larger graph of Values none is kept


@dataclass(frozen=True)
class Update:
    """What one step did to one parameter: its value before and after, its gradient, and the learning rate."""

    before: Any
    gradient: Any
    after: Any
    rate: float | None

    @property
    def is_plain(self) -> bool:
        """Whether it is gradient descent: after = before - rate * gradient, to rounding."""
        if self.rate is None or self.gradient is None:
            return False
        expected = self.before - self.rate * self.gradient
        precision = 1e-4 if str(getattr(self.after, "dtype", "")) == "float32" else 1e-9
        size = abs(expected)
        largest = size.max(initial=0) if is_array(size) else size
        with quiet():
            is_near = (self.after == expected) | (abs(self.after - expected) <= precision * (largest + size))
        return bool(is_near.all() if is_array(is_near) else is_near)

    def formula(self, name: str) -> tuple[str, str]:
        """The update in names and in numbers: ("w <- w - rate * dw", "1 - 0.1 * 0.5 = 0.95")."""
        if self.is_plain:
            rule, terms = f"{name} <- {name} - rate * d{name}", [self.before, self.rate, self.gradient]
            pattern = "{} - {} * {} = {}"
        else:
            rule, terms = f"{name} <- {name} + change", [self.before, self.after - self.before]
            pattern = "{} + {} = {}"
        numbers = [brief(terms[0]), *(f"({text})" if text.startswith("-") else text for text in map(brief, terms[1:]))]
        return rule, pattern.format(*numbers, brief(self.after)) if not is_array(self.before) else ""


class Recording:
    """Several optimizer steps, to be handed to `step`.

    >>> from scalar_engine import Value
    >>> w = Value(1.0, "w")
    >>> recording = Recording([w], rate=0.25)
    >>> for _ in range(3):
    ...     loss = w * w
    ...     loss.backward()
    ...     with recording.step(loss):
    ...         w.data -= 0.25 * w.grad
    ...     w.grad = None
    >>> recording.losses
    [1.0, 0.25, 0.0625]

    parameters      Values or Tensors
    rate            the learning rate, or an optimizer, whose `learning_rate` is read at every step
    every           how many steps from one that is kept to the next: of each, the parameters and gradients are copied

    Of a loss that is a Value, the first step's graph is kept too, and the leaves of the others that are made alike.
    """

    def __init__(self, parameters: Iterable[Node], rate: Any = None, *, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"Recording: every is a number of steps, at least 1, not {every}")
        self.parameters = list(dict.fromkeys(parameters))  # one that is used twice is one
        self.rate, self.every, self.made = rate, every, 0
        self.names = list(unique_names(self.parameters, unlabelled="w").values())
        self.losses: list[float] = []
        self.steps: list[int] = []  # their numbers, from 1
        self.updates: list[list[Update]] = []  # of each step, one for each parameter
        self.graph: Value | None = None  # a copy of the first step's loss, and what is behind it
        self.form: list[Any] = []  # what the graphs that are made alike have in common with it
        self.leaves: list[list[float] | None] = []  # of each step, in the order of that graph

    @contextmanager
    def step(self, loss: Node | float) -> Iterator[None]:
        """Around the update: what the parameters and gradients are before it, and what it makes of the parameters.

        The loss is a node or a number. Nothing is recorded of an update that raises. Raises TypeError before the update
        if the loss is no number.
        """
        try:
            number = float(loss.data if isinstance(loss, Node) else loss)
        except (TypeError, ValueError):
            what = f"shape {getattr(loss.data, 'shape', ())}" if isinstance(loss, Node) else f"a {type(loss).__name__}"
            raise TypeError(f"recording.step: the loss is one number, a node or a float, not {what}") from None
        if self.made % self.every:
            yield
            self.made += 1
            return
        known = [update.after for update in self.updates[-1]] if self.updates else [None] * len(self.parameters)
        before = [kept(parameter.data, last) for parameter, last in zip(self.parameters, known)]
        gradients = [kept(parameter.grad) for parameter in self.parameters]
        rate = getattr(self.rate, "learning_rate", self.rate)
        leaves = self.leaves_behind(loss)
        yield
        after = [kept(parameter.data, x) for parameter, x in zip(self.parameters, before)]
        self.made += 1
        self.losses.append(number)
        self.steps.append(self.made)
        self.updates.append([Update(*entry, rate) for entry in zip(before, gradients, after)])
        self.leaves.append(leaves)

    def leaves_behind(self, loss: Node | float) -> list[float] | None:
        """The data of the leaves of a loss whose graph is kept, or made as that one is; None for another."""
        if not isinstance(loss, Value) or not loss.inputs or (self.losses and self.graph is None):
            return None
        order = topological_order(loss)
        if not self.losses and len(order) <= FOLLOWED:
            try:
                self.graph = pickle.loads(pickle.dumps(loss))
            except (pickle.PicklingError, AttributeError, TypeError):  # an operator of one's own, made in a function
                return None
            self.form = form_of(order)
        if self.graph is None or form_of(order) != self.form:
            return None
        return [float(node.data) for node in order if is_leaf(node)]


def is_leaf(node: Node) -> bool:
    """Whether its number may differ from step to step: a constant's is a part of formulas."""
    return not node.inputs and bool(node.label or node.requires_grad)


def form_of(order: list[Any]) -> list[Any]:
    """What two graphs have in common that differ in their leaves' data only."""
    index = {node: i for i, node in enumerate(order)}
    return [
        (node.op, node.label, node.requires_grad, [index[x] for x in node.inputs])
        + (() if node.inputs or is_leaf(node) else (node.data,))
        for node in order
    ]


def kept(quantity: Any, known: Any = None) -> Any:
    """A copy of what an update may change, or `known` if it is that already: each state is kept once."""
    if not hasattr(quantity, "copy"):  # a number
        return quantity
    return known if known is not None and (quantity == known).all() else quantity.copy()


def training_data(recording: Recording) -> dict[str, Any]:
    """A recording as plain data for the page."""
    rates = [updates[0].rate if updates else None for updates in recording.updates]
    return {
        "names": recording.names,
        "steps": recording.steps,
        "losses": [brief(loss) for loss in recording.losses],
        "exact": [exact(loss) for loss in recording.losses],
        "rates": [None if rate is None else brief(float(rate)) for rate in rates],
        "updates": [
            [update_data(update, name) for update, name in zip(updates, recording.names)]
            for updates in recording.updates
        ],
    }


def update_data(update: Update, name: str) -> dict[str, Any]:
    rule, numbers = update.formula(name)
    data: dict[str, Any] = {"rule": rule, "numbers": numbers}
    for when in ("before", "gradient", "after"):
        quantity = getattr(update, when)
        if quantity is not None:
            data[when] = {"text": brief(quantity), "exact": exact(quantity), "array": summary(quantity)}
    return data
