"""The likely slip behind a wrong number: of all that people do wrong, what gives this very number.

Slips at the node itself are tried first; then slips at nodes that were not claimed, from which the error may have come.
Among those that give the number, the one that explains most of the other claims is the likely one.
"""

from .calculation import FAILURES, agree, largest
from .claims import elements, shape_of
from .slips import FACTOR, PATHS, TRANSPOSED, Slip, gradient_slips, sizes_in, slipped, value_slips

SEARCH = 60_000  # how many nodes may be computed in the search among nodes that were not claimed


class Hypothesis:
    """A slip in the value or the gradient (`kind`) of a node, or wherever its operator is used."""

    def __init__(self, node, kind, candidate, everywhere=False):
        self.node = node
        self.kind = kind
        self.candidate = candidate
        self.everywhere = everywhere or candidate.everywhere


class Diagnosis:
    """The search for the slip that led to the wrong `claim` of a calculation."""

    def __init__(self, calculation, claim):
        self.calculation = calculation
        self.claim = claim
        self.sizes = sizes_in(calculation.order)
        self.tolerances = {}
        order, claims = calculation.order, calculation.claims
        checked = [claims.values[node] for node in order if node in claims.values]
        checked += [claims.gradients[node] for node in reversed(order) if node in claims.gradients]
        self.settled = set(checked[: checked.index(claim) + 1])  # what a slip must lead to: the claim, and all before

    def slip(self):
        """The likely Slip; None if no known one leads to the claim."""
        claim = self.claim
        if claim.group is not None and self.is_transposed(claim.group):
            text = f"{claim.group.name} is transposed: its rows and columns are exchanged"
            return Slip(TRANSPOSED, text, claim.node)
        here = self.here()
        elsewhere = list(self.unclaimed_before())
        if here and not elsewhere:
            return self.told(here[0])
        best, most = None, 0
        for hypothesis in self.within_budget(here, elsewhere):
            explained = self.explained_by(hypothesis)
            if explained > most:
                best, most = hypothesis, explained
                if explained == len(self.calculation.claims.all):
                    break
        best = best or next(iter(here), None)
        return best and self.told(best)

    def told(self, hypothesis):
        data = self.calculation.right.data.get
        return hypothesis.candidate.slip(hypothesis.node, data, hypothesis.everywhere)

    # ---- slips at the node itself

    def here(self):
        """The hypotheses at the claim's own node that give its number, the most fitting first."""
        node, kind = self.claim.node, self.claim.kind
        found = []
        for passes in (self.calculation.right, self.calculation.student):
            for place, candidate in enumerate(self.candidates(node, kind, passes)):
                misfit = self.misfit(candidate.number)
                if misfit is not None:
                    found.append((misfit, place, Hypothesis(node, kind, candidate)))
        return [hypothesis for _, _, hypothesis in sorted(found, key=lambda entry: entry[:2])]

    def candidates(self, node, kind, passes):
        if kind == "value":
            return value_slips(node, passes.values[node], passes.data.get, self.sizes)
        gradient, steps = passes.gradients[node], passes.steps.get(node, ())
        return gradient_slips(node, gradient, steps, passes.data.get, self.sizes)

    def misfit(self, number):
        """How far the claim is from a number, in units of its rounding; 1 if within it, None if out of tolerance."""
        claim = self.claim
        if shape_of(number) != shape_of(claim.data):
            return None
        rounding = self.calculation.rounding(claim, number)
        if agree(claim.data, number, rounding):
            return 1.0
        if not agree(claim.data, number, largest(self.tolerance(claim))):
            return None
        return largest(abs(claim.data - number)) / largest(rounding)

    def tolerance(self, claim):
        if claim not in self.tolerances:
            self.tolerances[claim] = self.calculation.tolerance(claim)
        return self.tolerances[claim]

    def is_transposed(self, group):
        """Whether the claims of a group are right in the place of their mirror images."""
        if len(group.shape) != 2 or group.shape_given != group.shape[::-1]:
            return False
        claims = self.calculation.claims
        claims = claims.values if self.claim.kind == "value" else claims.gradients
        mirrored = elements(list(map(list, zip(*group.nodes))))[1]
        pairs = [(number, claims[node]) for number, node in zip(group.numbers, mirrored)]
        right = [(number, self.calculation.right.number(claim), claim) for number, claim in pairs]
        return all(agree(x, number, self.calculation.rounding(claim, number)) for x, number, claim in right)

    # ---- slips at nodes that were not claimed

    def unclaimed_before(self):
        """(node, kind) of what was not claimed and the claim depends on, the nearest first."""
        calculation, claims = self.calculation, self.calculation.claims
        if self.claim.kind == "gradient":
            for node in self.reached(lambda x: [s.node for s in calculation.right.steps.get(x, ())], claims.gradients):
                yield node, "gradient"
            for node in reversed(calculation.order):
                if node.inputs and node not in claims.values:
                    yield node, "value"
        else:
            for node in self.reached(lambda x: x.inputs, claims.values):
                if node.inputs:
                    yield node, "value"

    def reached(self, before, claims):
        found, seen = [self.claim.node], {self.claim.node}
        for node in found:
            for other in before(node):
                if other not in claims and other not in seen:
                    seen.add(other)
                    found.append(other)
        return found[1:]

    def within_budget(self, here, elsewhere):
        """The hypotheses to be tried, as many as there is time for: those here, one by one, and those elsewhere."""
        yield from [hypothesis for hypothesis in here if hypothesis.candidate.kind != FACTOR][:4]
        left = SEARCH // len(self.calculation.order)
        tried = set()
        for node, kind in elsewhere:
            right = self.calculation.right
            for candidate in self.candidates(node, kind, right):
                if candidate.kind == FACTOR:  # any factor at any node would explain too much
                    continue
                number = right.values[node] if kind == "value" else right.gradients[node]
                if left <= 0:
                    return
                if not agree(candidate.number, number, 1e-9):
                    left -= 1
                    yield Hypothesis(node, kind, candidate)
                op = operator_of(candidate, node, kind)
                if op is not None and (op, candidate.how) not in tried:
                    tried.add((op, candidate.how))
                    left -= 1
                    yield Hypothesis(node, kind, candidate, everywhere=True)

    def explained_by(self, hypothesis):
        """How many of the claims the slip explains; 0 if not the wrong one, or if it contradicts an earlier one."""
        calculation, claims = self.calculation, self.calculation.claims
        passes = calculation.passes(*self.revisions(hypothesis))
        try:
            if hypothesis.kind == "value":
                passes.forward()
            else:
                passes.values, passes.data = calculation.right.values, calculation.right.data
            if claims.gradients:
                passes.backward()
        except (Contradiction, *FAILURES):
            return 0
        return sum(self.explains(passes, claim) for claim in claims.all)

    def explains(self, passes, claim):
        tolerance = self.tolerance(claim)
        fits = shape_of(passes.number(claim)) == shape_of(claim.node.data)
        return agree(claim.data, passes.number(claim), tolerance if fits else largest(tolerance))

    def require(self, passes, node, claims):
        """Raise Contradiction if a number is not the wrong claim's, or one's that was right before it."""
        claim = claims.get(node)
        if claim in self.settled and not self.explains(passes, claim):
            raise Contradiction

    def revisions(self, hypothesis):
        """The functions that make the slip in the passes."""
        candidate, where = hypothesis.candidate, hypothesis.node
        op = operator_of(candidate, where, hypothesis.kind)
        values, gradients = self.calculation.claims.values, self.calculation.claims.gradients

        def value(node, value, passes):
            if hypothesis.everywhere and type(node.op) is op:
                slips = value_slips(node, value, passes.data.get, self.sizes)
                value = next((other.number for other in slips if other.how == candidate.how), value)
            elif node is where:
                value = candidate.number
            passes.values[node] = value
            self.require(passes, node, values)
            return value

        def gradient(node, gradient, passes):
            steps = passes.steps.get(node, ())
            if hypothesis.kind == "gradient" and hypothesis.everywhere:
                if candidate.kind == PATHS:
                    gradient = steps[-1].contribution if steps else gradient
                else:
                    gradient = slipped(candidate.how, op, gradient, steps, passes.data.get)
            elif hypothesis.kind == "gradient" and node is where:
                gradient = candidate.number
            passes.gradients[node] = gradient
            self.require(passes, node, gradients)
            return gradient

        return value if hypothesis.kind == "value" else None, gradient


class Contradiction(Exception):
    """What a hypothesis leads to is not what is claimed."""


def operator_of(candidate, node, kind):
    """The kind of operator that the slip is made with; None if with none in particular."""
    if kind == "value":
        return type(node.op)
    return None if candidate.step is None else type(candidate.step.node.op)
