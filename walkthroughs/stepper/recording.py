"""A recording of training: the loss, the parameters and their gradients of several optimizer steps, and graphs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scalar_engine import Node
from scalar_engine.naming import LONG, unique_names

from .kept_graph import KeptGraph, kept, kept_graph
from .quantities import brief, is_array, quiet


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
    >>> recording.graph_of(2).inputs[0]
    Value(data=0.5, grad=None, label='w')

    parameters      Values or Tensors
    rate            the learning rate, or an optimizer, whose `learning_rate` is read at every step
    every           how many steps from one that is kept to the next: of each, the parameters and gradients are copied

    Of a loss that is a node, the other leaves of its graph are copied too, batch and targets, so that the step's graph
    can be opened: of Tensors after `loss.backward(keep=True)`, for otherwise the pass has released it, as `graph_of`,
    the page and the terminal say where a graph is asked for.
    """

    def __init__(self, parameters: Iterable[Node], rate: Any = None, *, every: int = 1) -> None:
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"Recording: every is a number of steps, at least 1, not {every}")
        given = list(parameters) if isinstance(parameters, Iterable) else [parameters]
        other = next((type(x).__name__ for x in given if not isinstance(x, Node)), None)
        if other:
            raise TypeError(f"Recording: takes Values or Tensors, such as model.parameters(), not {other}")
        self.parameters = list(dict.fromkeys(given))  # one that is used twice is one
        self.rate, self.every, self.made = rate, every, 0
        self.names = list(unique_names(self.parameters, unlabelled="w", most=LONG).values())
        self.losses: list[float] = []
        self.steps: list[int] = []  # their numbers, from 1
        self.updates: list[list[Update]] = []  # of each step, one for each parameter
        self.graphs: list[KeptGraph | str] = []  # of each step; or why it has none

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
        graph = kept_graph(loss, dict(zip(self.parameters, before)), self.graphs[-1] if self.graphs else None)
        yield
        after = [kept(parameter.data, x) for parameter, x in zip(self.parameters, before)]
        self.made += 1
        self.losses.append(number)
        self.steps.append(self.made)
        self.updates.append([Update(*entry, rate) for entry in zip(before, gradients, after)])
        self.graphs.append(graph)

    def graph_of(self, number: int) -> Node:
        """The loss of step `number` with the graph behind it, as it was before the update: `step` takes it.

        Raises ValueError where it is not kept, and says why.
        """
        if number not in self.steps:
            raise ValueError(f"graph_of: step {number} is not kept; {self.which} are")
        found = self.graphs[self.steps.index(number)]
        if isinstance(found, str):
            raise ValueError(f"graph_of: step {number} has no graph: {found}")
        return found.root()

    @property
    def which(self) -> str:
        """Which steps are kept, in words: "steps 1, 11, 21, ..., 191"."""
        return listed(self.steps)


def listed(steps: list[int]) -> str:
    """ "step 1", "steps 1, 11, 21", "steps 1, 11, 21, ..., 191" """
    shown = steps if len(steps) <= 6 else [*steps[:3], "...", steps[-1]]
    return f"step{'s' if len(steps) > 1 else ''} {', '.join(map(str, shown))}"
