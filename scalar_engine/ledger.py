"""The gradient ledger of one node: every contribution that it received, and their sum."""

from __future__ import annotations

from .faces import as_written, table
from .graph import recorded_order
from .naming import NO_NAMES, unique_names
from .passes import gradients

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .graph import Node
    from .passes import Step


class Ledger:
    """Where a node's gradient comes from.

    node, root      the gradient is d root / d node
    names           {node: what the ledger calls it}
    entries         a backward `Step` for each contribution, in the order in which they arrived
    gradient        their sum; None if `root.backward()` has not been called
    """

    def __init__(
        self, node: Node, root: Node, names: dict[Node, str], entries: Iterable[Step] = (), gradient: Any = None
    ) -> None:
        self.node = node
        self.root = root
        self.names = names
        self.entries = list(entries)
        self.gradient = gradient

    @property
    def title(self) -> str:
        return "/".join(f"d{self.names[x]}" if x.label else f"d({self.names[x]})" for x in (self.root, self.node))

    def __str__(self) -> str:
        node, brief, title = self.node, self.node.brief, self.title
        if not node.requires_grad:
            return f"{title}: none, for it is data or depends on data only"
        if self.gradient is None:
            return f"{title}: not computed, call backward() on the root first"
        if node is self.root:
            return f"{title} = {brief(self.gradient)}: a node's derivative by itself"
        rows = [entry_columns(entry, self.names) for entry in self.entries]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
        text = "\n".join([f"{title} = {brief(self.gradient)}, the sum of upstream x local over"] + lines)
        if node.grad is not None and brief(node.grad) != brief(self.gradient):
            text += f"\n  (.grad is {brief(node.grad)}: from other passes too, or the data has changed since)"
        return text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.entries:
            return as_written(str(self))
        rows = [entry_columns(entry, self.names) for entry in self.entries]
        rows = [(row[0], row[1] if len(row) > 2 else "", row[-1].removeprefix("= ")) for row in rows]
        total = (f"{self.title}, their sum", "", self.node.brief(self.gradient))
        return table(("through", "upstream x local", "contribution"), [*rows, total])


def entry_columns(step: Step, names: dict[Node, str] = NO_NAMES) -> tuple[str, ...]:
    """What a contribution comes through, its factors, and it: "f = p + a", "1 x 1", "= 1"."""
    brief, consumer = step.node.brief, step.node
    formula = consumer.formula(names=names)
    through = f"{names.get(consumer, consumer.name)} = {formula}" if consumer.label else formula
    contribution = brief(step.contribution)
    if step.local is None:
        return through, contribution
    return through, f"{brief(step.upstream)} x {brief(step.local)}", f"= {contribution}"


def explain(node: Node, root: Node) -> Ledger:
    """The `Ledger` of d root / d node; print it, or read its entries.

    Runs a pass of its own and stores nothing. Raises ValueError if `node` is not behind `root`, and RuntimeError if the
    graph has been released.
    """
    order = recorded_order(root)
    if node not in set(order):
        raise ValueError(f"explain: {node.describe()} is not part of the graph of {root.describe()}")
    names = unique_names(order)
    if root.grad is None or not node.requires_grad:
        return Ledger(node, root, names)
    entries: list[Step] = []
    gradient = gradients(root, watch=lambda step: entries.append(step) if step.input is node else None)[node]
    return Ledger(node, root, names, entries, gradient)
