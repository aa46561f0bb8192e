"""The first wrong step in somebody's own calculation, what was expected there, and the likely slip."""

import warnings

from ..graph import recorded_order
from .calculation import Calculation
from .claims import read
from .diagnosis import Diagnosis
from .handwritten import first_wrong_rule, trials
from .twins import Twins
from .verdict import StepCheck


def check_steps(root, claimed):
    """Find the first wrong step in a calculation by hand: a `StepCheck`; print it, or read its fields.

    `claimed` is a dict of what was computed of the graph behind `root`: values by label or node, {"k1": 2.0}, and
    gradients, {"dl/dk1": 0.0} or {"dk1": 0.0} or {(l, k1): 0.0}. Lists and arrays stand for arrays, and for nodes that
    are numbered: {"dW": [[0, 0, 0], [0, 0, 0]]} claims the gradients of W11 ... W23. An operator as key claims its
    local derivative, {sigmoid: rule} with rule(out, x), or a tuple of rules, one per input.

    In the place of the dict, `claimed` may be the backward function of a layer whose output is `root`: its parameters
    are called upstream, and then as the nodes are labelled, backward(upstream, x, W, b) -> (dx, dW, db). It is called
    with random upstream gradients, and with other data than that of the graph, too.

    Earliest means: values first, in topological order, and then gradients in the order of the backward pass. A number
    is right if it is the engine's, rounded to the decimals it is given with, or follows from the student's own.

    Raises ValueError if `claimed` speaks of what is not in the graph, and RuntimeError if the graph has been released.
    """
    order = recorded_order(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a slip would give may be a division by zero
        if isinstance(claimed, dict):
            claims = read(root, order, claimed)
            return check_claims(root, order, claims)
        for twins, claims, unit, remark in trials(root, order, claimed):
            found = check_gradients(Calculation(twins.root, claims, unit))
            if found is not None:
                found.remark = remark
                return twins.told_of_originals(found)
    return StepCheck(root, remark="the backward function is right, at the numbers of the graph and at others")


def check_claims(root, order, claims):
    data = [node for node in claims.gradients if not node.requires_grad]
    if data:  # the engine computes no gradient of data; in a copy of the graph it does
        twins = Twins(order, requires_grad=data)
        return twins.told_of_originals(check_claims(twins.root, twins.order, claims.about(twins)))
    calculation = Calculation(root, claims)
    wrong = calculation.first_wrong_value()
    if wrong is not None:
        return verdict(calculation, wrong)
    found = first_wrong_rule(root, order, claims.rules)  # is false, as what is wrong is
    if found is None:
        found = check_gradients(calculation)
    if found is None:
        n = len(claims.all) + len(claims.rules)
        found = StepCheck(root, remark="right" if n == 1 else f"all {n} are right")
    return found


def check_gradients(calculation):
    wrong = calculation.first_wrong_gradient()
    return None if wrong is None else verdict(calculation, wrong)


def verdict(calculation, claim):
    """The StepCheck of a wrong Claim."""
    passes, slip = calculation.student, Diagnosis(calculation, claim).slip()
    root, node, kind = calculation.root, claim.node, claim.kind
    group = claim.group
    if group is not None and not claim.fits:
        expected = group.mapped(lambda x: passes.number_of(x, kind))
        return StepCheck(root, node, kind, group.given, expected, slip, name=group.name)
    return StepCheck(root, node, kind, claim.data, passes.number(claim), slip, passes.steps.get(node, ()))
