"""The likely slip behind a wrong number: of all that people do wrong, what gives this very number.

1. Slips at the node of the number itself that give it are hypotheses, the best fitting first.
2. So is every slip at a node before it of which nothing was claimed, once or everywhere that its operator is used: the
   error may have come from there, unseen.
3. Each hypothesis is put to the test: the whole calculation is run with the slip in it. It has to lead to the wrong
   number, and to no other than what was claimed before.
4. The hypothesis that explains most of all the claims is the likely slip; of those that explain as many, the first.
5. Where no hypothesis stands the test, the best fitting one at the node of the number is the slip.
"""

from itertools import chain, islice

from ...passes import FAILURES
from .. import slips
from ..calculation import Passes
from ..elements import agree, elements, largest, shape_of
from ..words import family_of, is_silent
from . import Slip
from .backward import gradient_candidates, gradient_with
from .candidates import fitted, sizes_in
from .forward import value_candidates

SEARCH = 200_000  # how many nodes may be computed in the tests of hypotheses


class Hypothesis:
    """A slip in the value or the gradient (`kind`) of a node; or more widely, in a `scope`.

    scope       "node"; or "operator", everywhere that its operator is used; or "family", at h1, h2, ... alike
    """

    def __init__(self, node, kind, candidate, scope="node"):
        self.node = node
        self.kind = kind
        self.candidate = candidate
        self.scope = "operator" if candidate.everywhere else scope
        self.family = family_of(node) if scope == "family" else ""

    @property
    def everywhere(self):
        return self.scope == "operator"

    @property
    def operator(self):
        """The kind of operator that the slip is made with; None if with none in particular."""
        if self.kind == "value":
            return type(self.node.op)
        return None if self.candidate.step is None else type(self.candidate.step.node.op)

    def number(self, passes, node, kind, number, sizes):
        """What somebody who makes the slip has for a node, in the place of the number that follows."""
        candidate = self.candidate
        if kind != self.kind:
            return number
        if self.scope == "node" or node is self.node and self.scope == "family":
            return candidate.number if node is self.node else number
        if self.scope == "family":
            is_one = family_of(node) == self.family
            return self.alike(candidates_for(node, kind, passes, number, sizes), number) if is_one else number
        if kind == "value":
            is_one = type(node.op) is self.operator
            return self.alike(value_candidates(node, number, passes, sizes), number) if is_one else number
        steps = passes.steps.get(node, ())
        if candidate.known in slips.IN_PATHS:
            return steps[-1].contribution if steps else number
        return gradient_with(candidate, self.operator, number, steps, passes)

    def alike(self, candidates, number):
        """The number of the candidate that is the same slip, or else the number that follows."""
        return next((other.number for other in candidates if other.identity == self.candidate.identity), number)


def candidates_for(node, kind, passes, number, sizes):
    """The Candidates for the value or the gradient of a node, given what follows, as the passes go."""
    if kind == "value":
        return value_candidates(node, number, passes, sizes)
    return gradient_candidates(node, number, passes.steps.get(node, ()), passes, sizes)


class Contradiction(Exception):
    """What a hypothesis leads to is not what was claimed."""


class Diagnosis:
    """The search for the slip that led to the wrong `claim` of a calculation."""

    def __init__(self, calculation, claim):
        self.calculation = calculation
        self.claim = claim
        self.claims = calculation.claims
        self.sizes = sizes_in(calculation.order, self.claims.names)
        self.tolerances = {}
        self.likely = None
        self.inherited = set()  # the claims that the likely slip explains at other nodes than its own
        checked = [claim for kind in ("value", "gradient") for claim in self.claims.in_order(calculation.order, kind)]
        self.settled = set(checked[: checked.index(claim) + 1])  # what a slip must lead to

    def slip(self):
        """The likely Slip; None if no known one leads to the claim."""
        group = self.claim.group
        if group is not None and self.is_transposed(group):
            known = slips.TRANSPOSED_GROUP
            return Slip(known.kind, known.sentence.format(node=group.name), self.claim.node)
        here, before = self.hypotheses_here(), list(self.unclaimed_before())
        likely = self.best_explanation(here, before)
        likely = likely or next(iter(here), None)
        if likely is None:
            return None
        self.likely = likely
        self.explained_by(likely)
        value_of = self.calculation.right.value_of
        return likely.candidate.as_slip(
            likely.node, value_of, self.claims.names, self.calculation.order, likely.everywhere
        )

    def is_transposed(self, group):
        """Whether the claims of a group are right in the place of their mirror images."""
        if len(group.shape) != 2 or group.shape_given != group.shape[::-1]:
            return False
        calculation, kind = self.calculation, self.claim.kind
        mirrored = elements(list(map(list, zip(*group.nodes))))[1]
        for given, node in zip(group.numbers, mirrored):
            right = calculation.right.number(node, kind)
            if not agree(given, right, calculation.rounding.own(self.claims.of(node, kind), right)):
                return False
        return True

    # ---- hypotheses

    def hypotheses_here(self):
        """The hypotheses at the claim's own node that give its number, the best fitting first."""
        node, kind = self.claim.node, self.claim.kind
        found = []
        for passes in (self.calculation.right, self.calculation.student):
            number = passes.number(node, kind)
            for place, candidate in enumerate(candidates_for(node, kind, passes, number, self.sizes)):
                misfit = self.misfit(candidate.number)
                if misfit is not None and (candidate.known not in slips.LONG_SHOTS or self.is_precise):
                    found.append((misfit, place, Hypothesis(node, kind, candidate)))
        if not found and self.is_precise:
            right = self.calculation.right.number(node, kind)
            steps = self.calculation.right.steps.get(node, ())
            for place, candidate in enumerate(
                fitted(self.claim.data, right, steps, self.calculation.right, self.sizes)
            ):
                misfit = self.misfit(candidate.number)
                if misfit is not None:
                    found.append((1.0, place, Hypothesis(node, kind, candidate)))
        return [hypothesis for _, _, hypothesis in sorted(found, key=lambda entry: entry[:2])]

    @property
    def is_precise(self):
        """Whether the claim has digits enough for a long shot to mean something."""
        data = abs(self.claim.data)
        return bool(shape_of(data)) or largest(self.tolerance(self.claim)) < 0.02 * data

    def family_size(self, node):
        return sum(family_of(x) == family_of(node) for x in self.calculation.order) if node.label else 1

    def misfit(self, number):
        """How far the claim is from a number, in units of its rounding; 1 if within it, None if out of tolerance."""
        claim = self.claim
        if shape_of(number) != shape_of(claim.data):
            return None
        own = self.calculation.rounding.own(claim, number)
        if agree(claim.data, number, own):
            return 1.0
        if not agree(claim.data, number, largest(self.tolerance(claim))):
            return None
        return largest(abs(claim.data - number)) / largest(own)

    def unclaimed_before(self):
        """(node, kind) of what was not claimed and the claim depends on, the nearest first."""
        values, gradients = self.claims.numbers["value"], self.claims.numbers["gradient"]
        if self.claim.kind == "value":
            for node in self.reached(lambda x: x.inputs, values):
                if node.inputs and not is_silent(node):
                    yield node, "value"
        else:
            steps = self.calculation.right.steps
            for node in self.reached(lambda x: [step.node for step in steps.get(x, ())], gradients):
                yield node, "gradient"
            for node in reversed(self.calculation.order):
                if node.inputs and node not in values and not is_silent(node):
                    yield node, "value"

    def reached(self, nearest, claimed):
        """The nodes that the claim's node depends on, by way of none that is claimed: `nearest(node)`, theirs, ..."""
        found, seen = [self.claim.node], {self.claim.node}
        for node in found:
            for other in nearest(node):
                if other not in claimed and other not in seen:
                    seen.add(other)
                    found.append(other)
        return found[1:]

    def hypotheses_before(self, places):
        """The hypotheses at each (node, kind) that was not claimed, and in the wider scopes."""
        tried = set()
        for node, kind in places:
            number = self.calculation.right.number(node, kind)
            for candidate in candidates_for(node, kind, self.calculation.right, number, self.sizes):
                if candidate.known in slips.ANY_FACTOR:  # at any node, they would explain too much
                    continue
                yield Hypothesis(node, kind, candidate)
                wider = Hypothesis(node, kind, candidate, "operator")
                if wider.operator is None:
                    wider = Hypothesis(node, kind, candidate, "family")
                key = wider.operator, wider.family, candidate.identity
                if key not in tried and (wider.operator or self.family_size(node) > 1):
                    tried.add(key)
                    yield wider

    # ---- the test of a hypothesis

    def best_explanation(self, here, before):
        """The hypothesis that explains most claims, of as many as there is time for; None if none stands the test."""
        best, most = None, 0
        suspects = [hypothesis for hypothesis in here if hypothesis.candidate.known not in slips.ANY_FACTOR][:6]
        if self.family_size(self.claim.node) > 1:
            suspects += [Hypothesis(x.node, x.kind, x.candidate, "family") for x in suspects]
        within_time = islice(self.hypotheses_before(before), SEARCH // len(self.calculation.order))
        for hypothesis in chain(suspects, within_time):
            explained = self.explained_by(hypothesis)
            if explained > most:
                best, most = hypothesis, explained
                if explained == len(self.claims.all):
                    break
        return best

    def explained_by(self, hypothesis):
        """How many of the claims the slip explains; 0 if not the wrong one, or if it contradicts an earlier one."""

        def write(passes, node, kind, number):
            follows = number
            number = hypothesis.number(passes, node, kind, number, self.sizes)
            if number is not follows:
                made_at.add((node, kind))
            passes.follows[kind][node] = number  # for whoever makes the slip
            claim = self.claims.of(node, kind)
            if claim in self.settled and not self.explains(number, claim):
                raise Contradiction
            return number

        made_at = set()
        passes = Passes(self.calculation.order, self.calculation.unit, write)
        try:
            if hypothesis.kind == "value":
                passes.forward()
            else:
                passes.forward_as(self.calculation.right)
            if self.claims.numbers["gradient"]:
                passes.backward()
        except (Contradiction, *FAILURES):
            return 0
        explained = [x for x in self.claims.all if self.explains(passes.number(x.node, x.kind), x)]
        self.inherited = {claim for claim in explained if (claim.node, claim.kind) not in made_at}
        return len(explained)

    def is_alike(self, claim):
        """Whether another claim, of a node of the same family, is wrong by the same slip as this one."""
        if self.likely is None or family_of(claim.node) != family_of(self.claim.node):
            return False
        others = Diagnosis(self.calculation, claim).hypotheses_here()
        return any(other.candidate.known is self.likely.candidate.known for other in others)

    def explains(self, number, claim):
        tolerance = self.tolerance(claim)
        fits = shape_of(number) == shape_of(claim.node.data)
        return agree(claim.data, number, tolerance if fits else largest(tolerance))

    def tolerance(self, claim):
        """The calculation's tolerance of a claim, computed once."""
        if claim not in self.tolerances:
            self.tolerances[claim] = self.calculation.tolerance(claim)
        return self.tolerances[claim]
