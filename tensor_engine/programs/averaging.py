"""The plan for one instance made into one for all at once: inputs vary from instance to instance, parameters do not.

What depends on an input varies, and is an array. The rest is shared; the derivative by what is shared is the mean of the
instances'. Where long dot products multiply what is shared and what varies, they become products with a matrix.
"""

from itertools import groupby
from operator import attrgetter

from scalar_engine.formulas.symbol import Application, product, symbol, total
from scalar_engine.operators import dot
from scalar_engine.programs.plan import Plan, Statement, Variable

from ..kernels import ArrayOperator

LONG = 4  # products in a dot product for which a matrix pays


class Written(ArrayOperator):
    """An operator of these plans alone: `formula` writes it, on operands that are written."""

    def __init__(self, symbol, formula):
        self.symbol = symbol
        self.formula = formula

    def __call__(self, *operands):
        return Application(self, map(symbol, operands))


length = Written("len", "len({})".format)
summed = Written("sum", "np.sum({})".format)
multiplied = Written("dot", "np.dot({}, {})".format)
stacked = Written("stack", lambda *rows: f"np.stack(({', '.join(rows)}))")
collected = Written("array", lambda *numbers: f"np.array(({', '.join(numbers)}))")
column = Written("column", "{}[:, None]".format)
listed = Written("tolist", "({}).tolist()".format)
element = Written("element", "{}[{}]".format)


class Matrix:
    """Variables that are the rows of one array.

    variable    what holds the array
    gradient    what holds the derivatives by the rows as long as they are together; None if no product has passed any on
    targets     {what a row's derivative goes to from there: which row it is}
    """

    def __init__(self):
        self.variable = Variable("rows")
        self.gradient = None
        self.targets = {}


class MatrixProduct:
    """A dot product of shared weights with variables that are the rows of a matrix.

    vector      what holds the weights
    """

    def __init__(self, weights, rows, matrix):
        self.weights = weights
        self.rows = rows
        self.matrix = matrix
        self.vector = Variable("weights")

    def factor(self, statements):
        """The f of a product that passes on f * row to each weight, and f * weight to each row; None if it does not."""
        partners = dict(zip((*self.weights, *self.rows), (*self.rows, *self.weights)))
        factors = {product([(s.formula, 1), (partners[s.target.by], -1)]) for s in statements}
        return factors.pop() if len(factors) == 1 else None


def for_all_instances(plan):
    """The Plan of the mean over the instances, and of its gradients. Its inputs are arrays, of a number an instance."""
    if not plan.inputs:
        raise ValueError("a program without inputs has no instances to compute at once")
    averaging = Averaging(plan)
    forward, backward = list(averaging.forward()), list(averaging.backward())
    value, *gradients = map(averaging.mean, (plan.value, *plan.gradients))
    return Plan(plan.inputs, plan.parameters, forward, value, backward, gradients, plan.operators)


class Averaging:
    """What is known of a plan's variables.

    varying     those that hold an array, of a number an instance
    assigned    the derivatives that have a value
    matrices    {rows: their Matrix}
    together    {the variable of a row's derivative: the Matrix with whose others it is still together}
    products    {the statement of a dot product: the MatrixProduct that it is}
    """

    def __init__(self, plan):
        self.plan = plan
        self.n = Variable("n")
        self.varying, self.assigned = set(plan.inputs), set()
        self.matrices, self.together, self.products = {}, {}, {}

    def varies(self, formula):
        return any(x in self.varying for x in variables_in(formula))

    def forward(self):
        yield Statement(self.n, length(self.plan.inputs[0]))
        for statement in self.plan.forward:
            found = self.matrix_product(statement.formula)
            if found:
                self.products[statement] = found
                yield from self.operands_of(found)
                statement = Statement(statement.target, multiplied(found.vector, found.matrix.variable))
            if self.varies(statement.formula):
                self.varying.add(statement.target)
            yield statement

    def matrix_product(self, formula):
        """The MatrixProduct that a formula is; None if it is none."""
        if type(formula) is Application and formula.op is dot and len(formula.operands) >= 2 * LONG:
            n = len(formula.operands) // 2
            first, second = formula.operands[:n], formula.operands[n:]
            for weights, rows in ((first, second), (second, first)):
                if all(map(self.varies, rows)) and not any(map(self.varies, weights)):
                    return MatrixProduct(weights, rows, self.matrices.get(rows))
        return None

    def operands_of(self, found):
        if found.matrix is None:
            found.matrix = self.matrices[found.rows] = Matrix()
            self.varying.add(found.matrix.variable)
            yield Statement(found.matrix.variable, stacked(*found.rows))
        yield Statement(found.vector, collected(*found.weights))

    def backward(self):
        for source, statements in groupby(self.plan.backward, attrgetter("source")):
            passed_on = list(statements)
            found = self.products.get(source)
            factor = found and found.factor(passed_on)
            if factor and self.varies(factor):
                yield from self.through_matrix(found, factor, {s.target.by: s.target for s in passed_on}, source)
                continue
            for statement in passed_on:
                yield from self.apart(statement.formula)
                yield self.contribution(statement)
        for formula in self.plan.gradients:
            yield from self.apart(formula)

    def contribution(self, statement):
        """A statement of the plan; if it is about the derivative by a shared variable, with the mean of its formula."""
        by, formula = statement.target.by, statement.formula
        varies = self.varies(formula)
        if varies and by and by not in self.varying:
            formula, varies = self.mean(formula), False
        return self.added(statement.target, formula, varies, statement.source)

    def added(self, target, formula, varies, source=None):
        """target = formula for a target that has no value, target += formula for one that has."""
        adds = target in self.assigned
        self.assigned.add(target)
        if varies:
            self.varying.add(target)
        if adds and target in self.varying:  # not in place: another name may mean the same array
            formula, adds = total([(1, target), (1, formula)]), False
        return Statement(target, formula, adds, source)

    def mean(self, formula):
        """The mean of a formula over the instances. What is shared goes in front: n does not, nor do the instances."""
        if not self.varies(formula):
            return formula
        number, parts = formula.factors()
        varying = {x: exponent for x, exponent in parts.items() if self.varies(x)}
        shared = [(x, exponent) for x, exponent in parts.items() if x not in varying]
        are_two = list(varying.values()) == [1, 1]
        over_instances = multiplied(*varying) if are_two else summed(product(varying.items()))
        return product([*shared, (over_instances, 1), (self.n, -1)], number)

    def through_matrix(self, found, factor, targets, source):
        """What a MatrixProduct passes on, all at once.

        targets     {weight or row: the variable of the derivative by it}
        """
        yield from self.apart(factor)
        if type(factor) is not Variable:
            formula, factor = factor, Variable()
            yield self.added(factor, formula, True)
        matrix = found.matrix
        if not targets.keys().isdisjoint(found.weights):
            means = Variable()
            yield Statement(means, listed(multiplied(matrix.variable, factor) / self.n), False, source)
            for i, weight in enumerate(found.weights):
                if weight in targets:
                    yield self.added(targets[weight], element(means, i), False, source)
        if not targets.keys().isdisjoint(found.rows):
            adds = matrix.gradient is not None
            if not adds:
                matrix.gradient = Variable(by=matrix.variable)
            matrix.targets = {targets[row]: i for i, row in enumerate(found.rows) if row in targets}
            self.together.update(dict.fromkeys(matrix.targets, matrix))
            yield Statement(matrix.gradient, factor * column(found.vector), adds, source)

    def apart(self, formula):
        """What is said before a formula that needs the derivative by a row: each row's gets what is still together."""
        for variable in variables_in(formula):
            matrix = self.together.get(variable)
            if matrix:
                for target, i in matrix.targets.items():
                    del self.together[target]
                    yield self.added(target, element(matrix.gradient, i), True)
                matrix.gradient = None


def variables_in(formula):
    if type(formula) is Variable:
        yield formula
    for x in formula.inner:
        yield from variables_in(x)
