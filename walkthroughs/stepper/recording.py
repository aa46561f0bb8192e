"""A recording of training: the loss, the parameters and their gradients of several optimizer steps."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalar_engine import Node
from scalar_engine.naming import unique_names

from .quantities import brief, exact, summary


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
        expected = self.before - self.rate * np.asarray(self.gradient)
        precision = 1e-4 if np.asarray(self.after).dtype == np.float32 else 1e-9
        return bool(
            np.allclose(self.after, expected, rtol=precision, atol=precision * np.max(np.abs(expected), initial=0))
        )

    def formula(self, name: str) -> tuple[str, str]:
        """The update in names and in numbers: ("w <- w - rate * dw", "1 - 0.1 * 0.5 = 0.95")."""
        if self.is_plain:
            rule, terms = f"{name} <- {name} - rate * d{name}", [self.before, self.rate, self.gradient]
            pattern = "{} - {} * {} = {}"
        else:
            rule, terms = f"{name} <- {name} + change", [self.before, np.asarray(self.after) - np.asarray(self.before)]
            pattern = "{} + {} = {}"
        numbers = [brief(terms[0]), *(f"({text})" if text.startswith("-") else text for text in map(brief, terms[1:]))]
        return rule, pattern.format(*numbers, brief(self.after)) if np.size(self.before) == 1 else ""


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
    """

    def __init__(self, parameters: Iterable[Node], rate: Any = None) -> None:
        self.parameters = list(parameters)
        self.rate = rate
        self.names = list(unique_names(self.parameters, unlabelled="w").values())
        self.losses: list[float] = []
        self.updates: list[list[Update]] = []  # of each step, one for each parameter

    @contextmanager
    def step(self, loss: Node) -> Iterator[None]:
        """Around the update: what the parameters and gradients are before it, and what it makes of the parameters.

        Nothing is recorded of an update that raises.
        """
        before = [copied(parameter.data) for parameter in self.parameters]
        gradients = [copied(parameter.grad) for parameter in self.parameters]
        rate = getattr(self.rate, "learning_rate", self.rate)
        yield
        after = [copied(parameter.data) for parameter in self.parameters]
        self.losses.append(float(loss.data))
        self.updates.append([Update(*entry, rate) for entry in zip(before, gradients, after)])


def copied(quantity: Any) -> Any:
    return quantity.copy() if isinstance(quantity, np.ndarray) else quantity


def training_data(recording: Recording) -> dict[str, Any]:
    """A recording as plain data for the page."""
    rates = [updates[0].rate if updates else None for updates in recording.updates]
    return {
        "names": recording.names,
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
