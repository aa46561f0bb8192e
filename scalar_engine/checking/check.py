"""The first wrong step in somebody's own calculation, what was expected there, and the likely slip."""

from __future__ import annotations

import warnings

from ..graph import recorded_order
from ..naming import unique_names
from .calculation import Calculation
from .diagnosis import Diagnosis
from .handwritten import first_wrong_rule, runs
from .keys import read
from .step_check import StepCheck
from .twins import Twins

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..graph import Node


def check_steps(root: Node, claimed: Mapping[Any, Any] | Callable[..., Any]) -> StepCheck:
    """Find the first wrong step in a calculation by hand: a `StepCheck`; print it, or read its fields.

    `claimed` is a dict of what was computed of the graph behind `root`: values by label or node, {"k1": 2.0}, and
    gradients, {"dl/dk1": 0.0} or {"dk1": 0.0} or {(l, k1): 0.0}. Lists and arrays stand for arrays, and for nodes that
    are numbered: {"dW": [[0, 0, 0], [0, 0, 0]]} claims the gradients of W11 ... W23. An operator as key claims its
    local derivative, {sigmoid: rule} with rule(out, x), or a tuple of rules, one per input.

    >>> x = Value(2.0, "x")
    >>> y = (x * x).named("y")
    >>> print(check_steps(y, {"y": 4.0, "dx": 2.0}))
    dy/dx is claimed 2, expected 4
      expected is the sum of
        y = x * x  2 x 1  = 2
        y = x * x  2 x 1  = 2
      likely slip, missing +=: 2 contributions to x must be added up (+=), and only that through y = x * x is there

    In the place of the dict, `claimed` may be the backward function of a layer whose output is `root`: its parameters
    are called upstream, and then as the nodes are labelled, backward(upstream, x, W, b) -> (dx, dW, db). It is called
    with random upstream gradients, and with other data than that of the graph, too.

    Earliest means: values first, in topological order, and then gradients in the order of the backward pass. A number
    is right if it is the engine's, rounded to the decimals it is given with, or follows from the student's own.

    Raises ValueError if `claimed` speaks of what is not in the graph, and RuntimeError if the graph has been released.
    """
    names = unique_names(recorded_order(root))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a slip would give may be a division by zero
        if isinstance(claimed, dict):
            return check_claims(root, read(root, names, claimed))
        for twins, claims, unit, remark in runs(root, names, claimed):
            found = first_wrong(Calculation(twins.root, claims, unit), "gradient")
            if found is not None:
                found.remark = remark
                return twins.about_originals(found)
    return StepCheck(root, remark="the backward function is right, at the numbers of the graph and at others")


def check_claims(root: Node, claims: Any) -> StepCheck:
    """The StepCheck of `Claims`: values, then rules, then gradients."""
    data = [node for node in claims.numbers["gradient"] if not node.requires_grad]
    if data:  # the engine computes no gradient of data; in a copy of the graph it does
        twins = Twins(list(claims.names), requires_grad=data)
        return twins.about_originals(check_claims(twins.root, claims.about(twins)))
    calculation = Calculation(root, claims)
    found = first_wrong(calculation, "value")
    if found is None:
        found = first_wrong_rule(calculation)
    if found is None:
        found = first_wrong(calculation, "gradient")
    if found is None:
        n = len(claims.all) + len(claims.rules)
        found = StepCheck(root, remark="right" if n == 1 else f"all {n} are right")
    return found


def first_wrong(calculation: Calculation, kind: str) -> StepCheck | None:
    """The StepCheck of the first wrong "value" or "gradient"; None if all are right."""
    claim = calculation.first_wrong_claim(kind)
    if claim is None:
        return None
    passes, root, node, group = calculation.student, calculation.root, claim.node, claim.group
    slip, names = Diagnosis(calculation, claim).slip(), calculation.claims.names
    if group is not None and not claim.fits:
        expected = group.mapped(lambda x: passes.number(x, kind))
        return StepCheck(root, node, kind, group.given, expected, slip, name=group.name, names=names)
    expected, steps = passes.number(node, kind), passes.steps.get(node, ())
    return StepCheck(root, node, kind, claim.data, expected, slip, steps, names=names)
