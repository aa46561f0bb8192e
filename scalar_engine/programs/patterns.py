"""What operators do, as formulas with places for operands: made once for each way in which a graph uses an operator.

`multiply` is `x0 * x1`, and passes on `up * x1` to its first operand and `up * x0` to its second; for each node the
places are filled in.
"""

from ..formulas.symbol import ZERO, Application, Number, Product, Symbol, product, symbol, within
from ..operators import power
from .plan import Variable

OUT, UPSTREAM = Variable("out"), Variable("up")  # places of the operator's output, and of the root's derivative by that


class Patterns:
    """The patterns of one graph.

    places      x0, x1, ...
    applied     {(op, operands): the pattern of the output}; operands are places and, where it is known, a number
    passed_on   {(op, operands, needs): {position of an operand: the pattern of what it is passed}}
    """

    def __init__(self):
        self.places, self.applied, self.passed_on = [], {}, {}

    def output(self, op, operands):
        """The pattern of op(*operands)."""
        use = op, self.placed(operands)
        if use not in self.applied:
            self.applied[use] = Symbol.apply_operator(op, *use[1])
        return self.applied[use]

    def contributions(self, op, operands, needs):
        """{position: what op's rule passes on to the operand there}; for a variable that is there twice, the sum."""
        use = op, self.placed(operands), needs
        if use not in self.passed_on:
            places, sums = use[1], {}
            for place, need, x in zip(places, needs, op.pull(UPSTREAM, OUT, *map(symbol, places), needs=needs)):
                if need and x is not None:
                    sums[place] = sums.get(place, ZERO) + x
            upstream_first = {place: product([(UPSTREAM, 1), (sums[place], 1), (UPSTREAM, -1)]) for place in sums}
            self.passed_on[use] = {places.index(place): x for place, x in upstream_first.items() if x != ZERO}
        return self.passed_on[use]

    def placed(self, operands):
        """The operands with a place for each variable, that of its first occurrence: (x0, x0, 2) for w, w, 2."""
        self.places += [Variable(f"x{i}") for i in range(len(self.places), len(operands))]
        placed = {}
        return tuple(
            [x.number if type(x) is Number else placed.setdefault(x, place) for x, place in zip(operands, self.places)]
        )

    def operators(self):
        """The operators that occur in patterns: no arithmetic, but `power` for exponents that are no whole numbers."""
        formulas = [*self.applied.values(), *[x for passed_on in self.passed_on.values() for x in passed_on.values()]]
        found = {}
        for x in [x for formula in formulas for x in within(formula)]:
            if type(x) is Application:
                found[x.op] = True
            elif type(x) is Product and any(type(exponent) is not int for exponent in x.parts.values()):
                found[power] = True
        return list(found)


class Filled(dict):
    """{place: what is there for one node}, and for a pattern its formula.

    known       {formula: the Variable that holds it}
    """

    def __init__(self, places, known):
        super().__init__(places)
        self.known = known

    def __missing__(self, pattern):
        formula = pattern.with_inner(self.__getitem__)
        return formula if type(formula) is Product else self.known.get(formula, formula)
