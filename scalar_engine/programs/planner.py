"""How a plan is made: by one walk through a graph forwards, and one backwards."""

from collections import Counter

from ..formulas.symbol import ONE, ZERO, Application, Number, Total
from ..graph import recorded_order
from ..naming import unique_names
from .patterns import OUT, UPSTREAM, Filled, Patterns
from .plan import Plan, Statement, Variable, is_flat


def plan_of(root, inputs, parameters, unit=ONE):
    """The Plan of the graph behind `root`, of which inputs and parameters are leaves. `unit` is d root / d root.

    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> plan = plan_of((w * x).named("y"), [x], [w])
    >>> plan.forward, plan.backward
    ([y = w * x], [dy = 1, dw = x])
    """
    planner = Planner(recorded_order(root), [*inputs, *parameters])
    values = planner.values
    forward = list(planner.forward())
    wrt = [values[node] for node in parameters]
    backward = list(with_temporaries(planner.backward(values[root], wrt, unit)))
    gradients = [planner.gradients.get(variable, ZERO) for variable in wrt]
    operators = planner.patterns.operators()
    return Plan([values[node] for node in inputs], wrt, forward, values[root], backward, gradients, operators)


class Walk:
    """The way forwards through a graph, of which some nodes are `given`.

    values      {node: its Variable; or its Number, if it is known}
    computed    {Variable: the Statement that applies an operator for it}
    """

    def __init__(self, order, given):
        self.order = order
        self.names = unique_names([node for node in order if node.label])
        self.values = {node: self.variable(node) for node in given}
        self.computed = {}

    def variable(self, node):
        return Variable(self.names.get(node, ""))

    def constant(self, node):
        return Number(node.data)

    def forward(self):
        """A statement for each node; for a second node of one formula, none, or a copying one if it has a name."""
        applied = {}  # {(op, *operands): the Variable that holds it}
        for node in self.order:
            if node in self.values:
                continue
            operands = [self.values[x] for x in node.inputs]
            if Variable in map(type, operands):
                use = (node.op, *operands)
                if use not in applied:
                    applied[use] = self.variable(node)
                    yield self.computing(applied[use], node.op, operands)
                elif node.label:
                    yield Statement(self.variable(node), applied[use])
                self.values[node] = applied[use]
            elif node.label and not operands:
                self.values[node] = self.variable(node)
                yield Statement(self.values[node], self.constant(node))
            else:
                self.values[node] = self.constant(node)

    def computing(self, target, op, operands):
        """target = op(operands)."""
        self.computed[target] = Statement(target, Application(op, operands))
        return self.computed[target]


class Planner(Walk):
    """What is known of a graph, on the way through it forwards and backwards.

    known       {formula: the Variable that holds it}
    gradients   {Variable: the Variable or Number of the root's derivative by it}
    """

    def __init__(self, order, given):
        super().__init__(order, given)
        self.patterns = Patterns()
        self.known, self.gradients = {}, {}

    def computing(self, target, op, operands):
        """target = op(operands). What rules may have need of becomes known: functions, and sums of two."""
        statement = super().computing(target, op, operands)
        formula = statement.formula
        pattern = self.patterns.output(op, operands)
        if type(pattern) is Application:
            self.known[formula] = target
        elif type(pattern) is Total and len(operands) == 2:
            self.known.setdefault(Filled(zip(self.patterns.places, operands), self.known)[pattern], target)
        return statement

    def backward(self, root, parameters, unit):
        """The statements of the contributions to the derivative by a variable that depends on a parameter."""
        active, way = set(parameters), []
        for variable, statement in self.computed.items():
            if not active.isdisjoint(statement.formula.operands):
                active.add(variable)
                way.append(statement)
        expected = Counter(x for statement in way for x in statement.formula.operands)
        statements = []
        if root in active:
            statements.append(self.contribution(root, unit, 1, None))
            if type(unit) is Number:
                self.gradients[root] = unit  # known, though it has a statement if the root has a name
        for source in reversed(way):
            if source.target in self.gradients:
                for target, formula in self.passed_on(source, active):
                    statements.append(self.contribution(target, formula, expected[target], source))
        return list(filter(None, statements))

    def passed_on(self, source, active):
        """(operand, formula) for what the derivative by a statement's target contributes to that by each operand."""
        target, op, operands = source.target, source.formula.op, source.formula.operands
        patterns = self.patterns.contributions(op, operands, tuple([x in active for x in operands]))
        there = zip((OUT, UPSTREAM, *self.patterns.places), (target, self.gradients[target], *operands))
        filled = Filled(there, self.known)
        return [(operands[i], filled[pattern]) for i, pattern in patterns.items()]

    def contribution(self, target, formula, expected, source):
        """The statement of one of the contributions that are expected; None if it is all, and needs no statement."""
        if type(formula) in (Variable, Number) and expected == 1 and not target.named:
            self.gradients[target] = formula
            return None
        adds = target in self.gradients
        if not adds:
            self.gradients[target] = Variable(by=target)
        return Statement(self.gradients[target], formula, adds, source)


def with_temporaries(statements):
    """The statements, and before them those of temporary variables, for what is needed more than once and for operands.

    A product of variables stays where it is: it is no more work than a variable would be.
    """
    nested = {statement for statement in statements if not is_flat(statement.formula)}
    counts, temporaries, before = Counter(), {}, []

    def count(formula):
        counts[formula] += 1
        if counts[formula] == 1:
            for x in formula.inner:
                if x.inner:
                    count(x)

    def put(x, is_operand=False):
        """The formula x in terms of temporary variables; their statements are appended to `before`."""
        if not x.inner:
            return x
        if x not in temporaries:
            is_application = type(x) is Application
            formula = x.with_inner(lambda part: put(part, is_application))
            if counts[x] == 1 and not is_operand:
                return formula
            temporaries[x] = Variable()
            before.append(Statement(temporaries[x], formula))
        return temporaries[x]

    for statement in nested:
        count(statement.formula)
    for statement in statements:
        if statement in nested:
            statement.formula = put(statement.formula)
            yield from before
            before.clear()
        yield statement
