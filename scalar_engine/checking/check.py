"""The first wrong step in somebody's own calculation, what was expected there, and the likely slip."""

from __future__ import annotations

import warnings

from ..graph import recorded_order
from .calculation import Calculation
from .handwritten import judged_rules, runs
from .keys import read
from .marks import BLANK, CONSISTENT, WRONG, Mark
from .running import StudentError
from .slips.diagnosis import Diagnosis
from .step_check import StepCheck, accepted_range, difference, title_of
from .twins import Twins
from .words import spoken_names

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
        y = x * x  1 x 2  = 2
        y = x * x  1 x 2  = 2
      likely slip, missing +=: 2 contributions to x must be added up (+=), and only that through y = x * x is there

    In the place of the dict, `claimed` may be the backward function of a layer whose output is `root`: its parameters
    are called upstream, and then as the nodes are labelled, backward(upstream, x, W, b) -> (dx, dW, db). It is called
    with random upstream gradients, and with other data than that of the graph, too.

    Earliest means: values first, in topological order, and then gradients in the order of the backward pass. A number
    is right if it is the engine's, rounded or cut off to the decimals it is given with, or follows from the student's
    own. `marks` has a `Mark` for each claim; None and "" are blanks.

    Raises ValueError if `claimed` speaks of what is not in the graph, and RuntimeError if the graph has been released.
    """
    names = spoken_names(recorded_order(root))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a slip would give may be a division by zero
        try:
            if isinstance(claimed, dict):
                return check_claims(root, read(root, names, claimed))
            found = None
            for twins, claims, unit, remark in runs(root, names, claimed):
                found = twins.about_originals(judged(Calculation(twins.root, claims, unit)))
                if not found.ok:
                    found.remark = remark
                    return found
        except StudentError as error:
            return StepCheck(root, root, "code", remark=str(error), marks=[Mark(None, WRONG, str(error), "code")])
    right = StepCheck(root, remark="the backward function is right, at the numbers of the graph and at others")
    if found is not None:
        right.marks, remarks = found.marks, right.remarks_of(found.marks)
        right.remark = "; ".join([right.remark, *remarks])
    return right


def check_claims(root: Node, claims: Any) -> StepCheck:
    """The StepCheck of `Claims`: values, then rules, then gradients."""
    data = [node for node in claims.numbers["gradient"] if not node.requires_grad]
    if data:  # the engine computes no gradient of data; in a copy of the graph it does
        twins = Twins(list(claims.names), requires_grad=data)
        return twins.about_originals(check_claims(twins.root, claims.about(twins)))
    return judged(Calculation(root, claims))


def judged(calculation: Calculation) -> StepCheck:
    """The StepCheck of a calculation, with a Mark for each claim."""
    root, claims = calculation.root, calculation.claims
    marks = calculation.marks("value")
    is_wrong_value = bool(calculation.wrong)
    of_rules, found = judged_rules(calculation)
    marks += [*of_rules, *calculation.marks("gradient")]
    if is_wrong_value or found is None and calculation.wrong:
        found = first_wrong(calculation, marks)
    elif found is None:
        n = len(claims.all) + len(claims.rules)
        right = f"all {n} are right" if n > 1 else f"right{accepted_range(calculation, marks)}"
        found = StepCheck(root, remark=right if n else "nothing was claimed", names=claims.names)
        found.remark = "; ".join([found.remark, *found.remarks_of(marks)])
    marks += [Mark(claim, BLANK) for claim in claims.blanks]
    for mark in marks:
        mark.name = mark.name or title_of(root, mark.claim.node, mark.claim.kind, claims.names)
    found.marks = tuple(marks)
    return found


def first_wrong(calculation: Calculation, marks: list[Mark]) -> StepCheck:
    """The StepCheck of the first wrong claim. What its slip leads to elsewhere is marked as consistent."""
    claim, *later = calculation.wrong
    diagnosis = Diagnosis(calculation, claim)
    slip, inherited = diagnosis.slip(), diagnosis.inherited
    student, names, alike = calculation.student, calculation.claims.names, [claim]

    def beside(claim: Any) -> tuple[Any, Any]:
        """What is claimed, blanks filled in, and what is expected."""
        expected = student.number(claim.node, claim.kind)
        return (claim.filled(expected) if claim.fits else claim.data), expected

    for mark in marks:
        if mark.claim is claim:
            mark.remark = difference(*beside(claim)) + (f"; {slip.kind}: {slip.text}" if slip is not None else "")
        elif mark.claim in later and mark.claim in inherited:
            mark.mark, mark.remark = CONSISTENT, "the same slip leads to this"
        elif mark.mark == WRONG and mark.claim is not None:
            mark.remark = difference(*beside(mark.claim))
            alike += [mark.claim] if diagnosis.is_alike(mark.claim) else []
    (given, expected), name, group = beside(claim), "", claim.group
    if group is not None and not claim.fits:
        expected, name = group.mapped(lambda x: student.number(x, claim.kind)), group.name
        given = group.given
    steps = student.steps.get(claim.node, ()) if claim.kind == "gradient" else ()
    return StepCheck(
        calculation.root, claim.node, claim.kind, given, expected, slip, steps, name=name, names=names, alike=alike
    )
