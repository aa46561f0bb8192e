"""The plan for one instance made into one for all at once: inputs vary from instance to instance, parameters do not.

What depends on an input varies, and is an array. The rest is shared, and the derivative by it is the sum of what the
instances say. A long dot product of what is shared with what varies becomes a product with a matrix.
"""

from itertools import groupby
from operator import attrgetter

from scalar_engine.formulas.symbol import Application, product, symbol, total
from scalar_engine.graph import Operator
from scalar_engine.operators import dot
from scalar_engine.programs.plan import Plan, Statement, Variable, variables_in
from scalar_engine.programs.planner import plan_of

LONG = 4  # products in a dot product for which a matrix pays


class PlanOperator(Operator):
    """An operator that only these plans have. `formula` writes it, on operands that are written."""

    def __init__(self, symbol, formula):
        self.symbol = symbol
        self.formula = formula

    def __call__(self, *operands):
        return Application(self, map(symbol, operands))


shares = PlanOperator("shares", "np.ones_like({0}) / len({0})".format)
averaged = PlanOperator("mean", "np.mean({})".format)
summed = PlanOperator("sum", "np.sum({})".format)
multiplied = PlanOperator("dot", "np.dot({}, {})".format)
stacked = PlanOperator("stack", lambda *rows: f"np.stack(({', '.join(rows)}))")
collected = PlanOperator("array", lambda *numbers: f"np.array(({', '.join(numbers)}))")
column = PlanOperator("column", "{}[:, None]".format)
listed = PlanOperator("tolist", "{}.tolist()".format)
element = PlanOperator("element", "{}[{}]".format)


def plan_for_all(root, inputs, parameters):
    """The Plan of the mean over all instances, and of its gradients. Each input is an array, of a number an instance.

    >>> from scalar_engine import Value
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> plan = plan_for_all((w * x).named("y"), [x], [w])
    >>> plan.value, plan.backward
    (np.mean(y), [share = np.ones_like(x) / len(x), dy = share, dw = np.dot(dy, x)])
    """
    if not inputs:
        raise ValueError("a program without inputs has no instances to compute at once")
    share = Variable("share")  # of each instance in the mean
    plan = plan_of(root, inputs, parameters, unit=share)
    averaging = Averaging(plan, share)
    forward, backward = list(averaging.forward()), list(averaging.backward())
    value = averaged(plan.value) if averaging.varies(plan.value) else plan.value
    gradients = [summed(x) if averaging.varies(x) else x for x in plan.gradients]
    return Plan(plan.inputs, plan.parameters, forward, value, backward, gradients, plan.operators)


class MatrixProduct:
    """A dot product of shared weights with the rows of a Matrix.

    vector      the variable of the weights together
    """

    def __init__(self, weights, matrix):
        self.weights = weights
        self.matrix = matrix
        self.vector = Variable("weights")

    def factor(self, statements):
        """The f of a product that passes on f * row to each weight and f * weight to each row; None if it is not so."""
        rows = self.matrix.rows
        partners = dict(zip((*self.weights, *rows), (*rows, *self.weights)))
        factors = {product([(s.formula, 1), (partners[s.target.by], -1)]) for s in statements}
        return factors.pop() if len(factors) == 1 else None


class Matrix:
    """Variables that vary, as the rows of one array.

    variable    the variable of the array
    gradient    the variable of the derivatives by the rows, while they are together; None while they are not
    targets     the variables of the derivatives by single rows
    """

    def __init__(self, rows):
        self.rows = rows
        self.variable = Variable("rows")
        self.gradient = None
        self.targets = []


class Averaging:
    """What is known of a plan's variables, on the way through it.

    varying     those that hold an array, of a number an instance
    assigned    those of derivatives that have a value
    sums        {one that varies: the variable of its sum over the instances}
    matrices    {rows: their Matrix}
    products    {the statement of a dot product: the MatrixProduct that it is}
    together    {the variable of the derivative by a row: the Matrix that it is still together with}
    """

    def __init__(self, plan, share):
        self.plan, self.share = plan, share
        self.varying, self.assigned = {share, *plan.inputs}, set()
        self.sums, self.matrices, self.products, self.together = {}, {}, {}, {}

    def varies(self, formula):
        return not self.varying.isdisjoint(variables_in(formula))

    def forward(self):
        for statement in self.plan.forward:
            found = self.matrix_product(statement.formula)
            if found:
                yield from self.operands_of(found)
                self.products[statement] = found
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
                    return MatrixProduct(weights, self.matrices.get(rows) or Matrix(rows))
        return None

    def operands_of(self, found):
        matrix = found.matrix
        if matrix.rows not in self.matrices:
            self.matrices[matrix.rows] = matrix
            self.varying.add(matrix.variable)
            yield Statement(matrix.variable, stacked(*matrix.rows))
        yield Statement(found.vector, collected(*found.weights))

    def backward(self):
        if self.plan.backward or Variable in map(type, self.plan.gradients):
            yield Statement(self.share, shares(self.plan.inputs[0]))
        for source, statements in groupby(self.plan.backward, attrgetter("source")):
            passed_on = list(statements)
            found = self.products.get(source)
            factor = found and found.factor(passed_on)
            if factor and self.varies(factor):
                yield from self.through_matrix(found, factor, {s.target.by: s for s in passed_on}, source)
            else:
                for statement in passed_on:
                    yield from self.contribution(statement)
        for gradient in self.plan.gradients:
            yield from self.taken_apart(gradient)

    def contribution(self, statement):
        """A statement as it is; or, if it is about the derivative by a shared variable, with the sum over instances."""
        target, formula, varies = statement.target, statement.formula, self.varies(statement.formula)
        yield from self.taken_apart(formula)
        if varies and target.by and target.by not in self.varying:
            formula = yield from self.over_instances(formula)
            varies = False
        yield self.added(target, formula, varies, statement.source)

    def over_instances(self, formula):
        """Returns the sum of a formula over the instances, with what is shared in it in front of that."""
        number, parts = formula.factors()
        varying = {x: exponent for x, exponent in parts.items() if self.varies(x)}
        shared = [(x, exponent) for x, exponent in parts.items() if x not in varying]
        x = product(varying.items())
        over_all = multiplied(*varying) if list(varying.values()) == [1, 1] else summed(x)
        if shared and type(x) is Variable:  # where a loss has all weights in it, one sum will do for them
            if x not in self.sums:
                self.sums[x] = Variable()
                yield Statement(self.sums[x], over_all)
            over_all = self.sums[x]
        return product([*shared, (over_all, 1)], number)

    def added(self, target, formula, varies, source=None):
        """The statement that gives the formula to a target that has no value, or adds it to the value that it has."""
        adds = target in self.assigned
        self.assigned.add(target)
        if varies:
            self.varying.add(target)
        if adds and target in self.varying:  # not in place: another variable may hold the same array
            formula, adds = total([(1, target), (1, formula)]), False
        return Statement(target, formula, adds, source)

    def through_matrix(self, found, factor, passed_on, source):
        """What a MatrixProduct passes on: to all weights at once, and to all rows at once if it does to all of them.

        factor      what it passes on is this times the other half
        passed_on   {weight or row: the statement about the derivative by it}
        """
        yield from self.taken_apart(factor)
        if type(factor) is not Variable:
            formula, factor = factor, Variable()
            yield Statement(factor, formula)
        matrix = found.matrix
        if not passed_on.keys().isdisjoint(found.weights):
            sums = Variable()
            yield Statement(sums, listed(multiplied(matrix.variable, factor)), False, source)
            for i, weight in enumerate(found.weights):
                if weight in passed_on:
                    yield self.added(passed_on[weight].target, element(sums, i), False, source)
        rows = [passed_on[row] for row in matrix.rows if row in passed_on]
        if len(rows) == len(matrix.rows):
            adds = matrix.gradient is not None
            matrix.gradient = matrix.gradient or Variable(by=matrix.variable)
            self.together.update((statement.target, matrix) for statement in rows)
            matrix.targets = [statement.target for statement in rows]
            yield Statement(matrix.gradient, factor * column(found.vector), adds, source)
        else:
            for statement in rows:
                yield from self.contribution(statement)

    def taken_apart(self, formula):
        """What comes before a formula with the derivative by a row in it: each row gets its part of the matrix's."""
        for variable in variables_in(formula):
            if variable in self.together:
                matrix = self.together[variable]
                for i, target in enumerate(matrix.targets):
                    del self.together[target]
                    yield self.added(target, element(matrix.gradient, i), True)
                matrix.gradient = None
