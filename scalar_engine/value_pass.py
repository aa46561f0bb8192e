"""The backward pass of `Value.backward`: what `backward_pass` computes, with the pending gradients kept in the nodes.

A dictionary of pending gradients costs more than the rules themselves. In the nodes there is room for one pass at a
time; it commits its gradients at its end, so that one that fails changes none, and leaves nothing that a later pass
would take for its own.
"""

from __future__ import annotations

from .naming import branching, undefined

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from typing import Any

    from .value import Value

NOTHING = -0.0  # what a node has received before the first contribution: the one number that changes no sum


def visited(root: Value) -> tuple[list[Value], list[Value]]:
    """The nodes behind `root` that take a gradient: those computed, in `topological_order`, and the leaves.

    Each gets this visit and no pending gradient, whatever an earlier pass has left in it.
    """
    visit = object()
    order: list[Any] = []
    leaves: list[Any] = []
    stack: list[Any] = [root]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # all that is behind the next one is in order
            order.append(pop())
        elif node.visit is not visit:
            node.visit = visit
            node.pending = NOTHING
            if node.op is None:
                leaves.append(node)
                continue
            push(node)
            push(None)
            a, b = node.a, node.b
            if b is not None:  # the general case, written out for speed
                if b.visit is not visit and b.requires_grad:
                    push(b)
                if a.visit is not visit and a.requires_grad:
                    push(a)
            else:
                for x in reversed(a):
                    if x.visit is not visit and x.requires_grad:
                        push(x)
    return order, leaves


def run_backward(root: Value, unit: float) -> None:
    """Compute unit * d root / d node of every node behind `root` that takes a gradient, and store it in `.grad`.

    Raises what the rules raise, with the node's formula, before any gradient is stored.
    """
    order, leaves = visited(root)
    root.pending = unit
    try:
        for node in reversed(order):
            upstream = node.pending
            if upstream is NOTHING:
                continue
            op = node.op
            rules = op.partials
            if len(rules) == 2:
                by_a, by_b = rules
                a, b, out, x, y = node.a, node.b, node.out, node.x, node.y
                if a.requires_grad:
                    a.pending += by_a(out, x, y) * upstream
                if b.requires_grad:
                    b.pending += by_b(out, x, y) * upstream
            elif len(rules) == 1:
                (by_a,), (a,) = rules, node.a
                if a.requires_grad:
                    a.pending += by_a(node.out, node.x) * upstream
            else:
                inputs, out, xs = node.inputs, node.out, node.operands
                needs = [x.requires_grad for x in inputs]
                if op.has_locals:
                    for x, local, need in zip(inputs, op.locals(out, *xs, needs=needs), needs):
                        if need and local is not None:
                            x.pending += local * upstream
                else:
                    for x, contribution, need in zip(inputs, op.pull(upstream, out, *xs, needs=needs), needs):
                        if need and contribution is not None:
                            x.pending += contribution
    except (ArithmeticError, ValueError) as error:
        raise branching(op, error) or undefined(op, node.inputs, error, "the derivative of ") from error
    for node in order:
        if node.pending is not NOTHING:
            node.grad = node.pending
    for leaf in leaves:
        if leaf.pending is not NOTHING:
            leaf.grad = leaf.pending if leaf.grad is None else leaf.grad + leaf.pending
