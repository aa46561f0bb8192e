"""The plan of a program: statements `target = formula` that compute a graph's value, and then its gradients.

A formula is a Symbol made of Variables. Nothing here knows how one is written: that is a style's affair (writer.py).
"""

from collections import Counter

from ..formulas.symbol import ONE, ZERO, Application, Number, Product, Symbol, Total, product, symbol, within
from ..graph import recorded_order
from ..operators import power


class Variable(Symbol):
    """What a statement gives a value to. No two are equal, whatever they are called.

    name    what it is called if it can be; "v" stands for no name in particular
    by      the variable by which it is the root's derivative; None if it is no derivative
    """

    __slots__ = ("by",)

    __eq__, __hash__ = object.__eq__, object.__hash__

    def __init__(self, name="v", by=None):
        self.name = f"d{by.name}" if by else name
        self.tex = ""
        self.by = by


class Statement:
    """target = formula, or target += formula if it `adds`.

    source      in the backward pass: the statement of the operator whose rule says so; None if there is none
    """

    __slots__ = ("target", "formula", "adds", "source")

    def __init__(self, target, formula, adds=False, source=None):
        self.target = target
        self.formula = formula
        self.adds = adds
        self.source = source

    def __repr__(self):
        return f"{self.target} {'+=' if self.adds else '='} {self.formula}"


class Plan:
    """What a program does, in order.

    inputs, parameters  the Variables whose values it is given
    forward             Statements; what they say of a node is op(operands), of Variables and Numbers
    value               the Variable of the root, or its Number
    backward            Statements; what they say of a contribution is the operator's rule, on Variables and Numbers
    gradients           the Variables of the root's derivatives by the parameters; ZERO for one that it does not depend on
    operators           those that the formulas apply: all but arithmetic, which is written with + - * / **
    """

    def __init__(self, inputs, parameters, forward, value, backward, gradients, operators):
        self.inputs = inputs
        self.parameters = parameters
        self.forward = forward
        self.value = value
        self.backward = backward
        self.gradients = gradients
        self.operators = operators


def plan_of(root, inputs, parameters):
    """The Plan of the graph behind `root`. Inputs and parameters are leaves of it.

    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> plan = plan_of((w * x).named("y"), [x], [w])
    >>> plan.forward, plan.backward
    ([y = w * x], [dy = 1, dw = dy * x])
    """
    planner = Planner(recorded_order(root), (*inputs, *parameters))
    forward = list(planner.forward())
    wrt = [planner.values[node] for node in parameters]
    backward = list(shared(list(planner.backward(planner.values[root], wrt))))
    return Plan(
        inputs=[planner.values[node] for node in inputs],
        parameters=wrt,
        forward=forward,
        value=planner.values[root],
        backward=backward,
        gradients=[planner.gradients.get(variable, ZERO) for variable in wrt],
        operators=planner.patterns.operators(),
    )


class Planner:
    """Walks through a graph forwards and backwards.

    values      {node: its Variable, or its Number if that is known}
    computed    {Variable: (the node, the Statement that computes it)}
    known       {formula: the Variable that holds it}
    gradients   {Variable: the Variable of the root's derivative by it}
    """

    def __init__(self, order, given):
        self.order = order
        self.names = names_of(order)
        self.values = {node: self.variable(node) for node in given}
        self.computed, self.known, self.gradients = {}, {}, {}
        self.patterns = Patterns()

    def variable(self, node):
        return Variable(self.names[node]) if node.label else Variable()

    def forward(self):
        """A statement for each node; for a second node of the same formula none, or one that copies if it has a name."""
        applied = {}  # {(op, *operands): the variable that holds it}
        for node in self.order:
            if node in self.values:
                continue
            operands = [self.values[x] for x in node.inputs]
            if Variable in map(type, operands):
                variable = applied.get((node.op, *operands))
                self.values[node] = applied[node.op, *operands] = variable or self.variable(node)
                if not variable:
                    yield self.computing(node, operands)
                elif node.label:
                    yield Statement(self.variable(node), variable)
            elif node.label and not operands:
                self.values[node] = self.variable(node)
                yield Statement(self.values[node], Number(node.data))
            else:
                self.values[node] = Number(node.data)

    def computing(self, node, operands):
        """The statement of a node; whatever of its formula the backward pass may need again becomes known."""
        target, formula = self.values[node], Application(node.op, operands)
        pattern = self.patterns.applied(node.op, operands)
        if type(pattern) is Application:
            self.known[formula] = target
        elif type(pattern) is Total and len(operands) == 2:  # rules have no longer sums in them
            self.known.setdefault(Filled(zip(self.patterns.places, operands), self.known)[pattern], target)
        self.computed[target] = node, Statement(target, formula)
        return self.computed[target][1]

    def backward(self, root, parameters):
        """A statement for each contribution to the derivative by a variable that depends on a parameter."""
        active, way = set(parameters), []
        for variable, (_, statement) in self.computed.items():
            if any(x in active for x in statement.formula.operands):
                active.add(variable)
                way.append(variable)
        expected = Counter(x for variable in way for x in self.computed[variable][1].formula.operands)
        if root in active:
            self.gradients[root] = Variable(by=root)
            yield Statement(self.gradients[root], ONE)
        for variable in reversed(way):
            if variable in self.gradients:
                yield from self.contributions(variable, active, expected)

    def contributions(self, variable, active, expected):
        """What the derivative by a variable contributes to those by its operands.

        expected    how often an operand occurs in what depends on a parameter
        """
        node, statement = self.computed[variable]
        operands = statement.formula.operands
        passed_on = self.patterns.passed_on(node.op, operands, tuple([x in active for x in operands]))
        filled = Filled(zip((OUT, UPSTREAM, *self.patterns.places), (variable, self.gradients[variable], *operands)), self.known)
        for i, pattern in passed_on.items():
            target, formula = operands[i], filled[pattern]
            is_new = target not in self.gradients
            if type(formula) is Variable and expected[target] == 1 and not node.inputs[i].label:
                self.gradients[target] = formula  # no statement for what a variable holds already
                continue
            if is_new:
                self.gradients[target] = Variable(by=target)
            yield Statement(self.gradients[target], formula, not is_new, statement)

OUT, UPSTREAM = Variable("out"), Variable("up")  # in patterns: an operator's output, and the derivative by that


class Patterns:
    """What operators do, as formulas: made once for each way in which a graph uses an operator, whatever the node.

    multiply is `x0 * x1`, and passes on `{0: up * x1, 1: up * x0}`: to each operand, the upstream times the other.
    """

    def __init__(self):
        self.places = []  # x0, x1, ...
        self.made = {}

    def applied(self, op, operands):
        """The operator on its operands."""
        use = op, self.placed(operands)
        if use not in self.made:
            self.made[use] = Symbol.apply_operator(op, *use[1])
        return self.made[use]

    def passed_on(self, op, operands, needs):
        """{position: what is passed on to the operand there} by the operator's rules; for one that is there twice, the sum."""
        use = op, self.placed(operands), needs
        if use not in self.made:
            places, sums = use[1], {}
            for place, need, x in zip(places, needs, op.pull(UPSTREAM, OUT, *map(symbol, places), needs=needs)):
                if need and x is not None:
                    sums[place] = sums.get(place, ZERO) + x
            upstream_first = {x: product([(UPSTREAM, 1), (sums[x], 1), (UPSTREAM, -1)]) for x in sums}
            self.made[use] = {places.index(x): formula for x, formula in upstream_first.items() if formula != ZERO}
        return self.made[use]

    def placed(self, operands):
        """The operands with a place instead of each variable, the first that it has: (x0, x0, 2) for x, x and 2."""
        self.places += [Variable(f"x{i}") for i in range(len(self.places), len(operands))]
        placed = {}
        return tuple(
            [x.number if type(x) is Number else placed.setdefault(x, place) for x, place in zip(operands, self.places)]
        )

    def operators(self):
        """The operators that are applied in patterns. Arithmetic is not, but for powers with broken exponents."""
        found = {}
        for made in self.made.values():
            for formula in made.values() if type(made) is dict else [made]:
                for x in within(formula):
                    if type(x) is Application:
                        found[x.op] = True
                    elif type(x) is Product and not all(type(exponent) is int for exponent in x.parts.values()):
                        found[power] = True
        return list(found)


class Filled(dict):
    """Patterns as the formulas of one node. In them, what the forward pass has computed is the variable that holds it."""

    def __init__(self, places, known):
        super().__init__(places)
        self.known = known

    def __missing__(self, pattern):
        x = pattern.with_inner(self.__getitem__)
        return x if type(x) is Product else self.known.get(x, x)


def shared(statements):
    """The statements, and before them those of temporary variables: for operands, and for what is needed more than once.

    A product of variables is no more work than a variable would be, and stays.
    """
    counts, temporaries, before = Counter(), {}, []

    def count(formula):
        counts[formula] += 1
        if counts[formula] == 1:
            for x in formula.inner:
                if x.inner:
                    count(x)

    def put(x, is_operand=False):
        """The formula x in terms of temporary variables. Their statements are appended to `before`."""
        if not x.inner:
            return x
        if x not in temporaries:
            within_application = type(x) is Application
            written = x.with_inner(lambda part: put(part, within_application))
            if counts[x] == 1 and not is_operand:
                return written
            temporaries[x] = Variable()
            before.append(Statement(temporaries[x], written))
        return temporaries[x]

    nested = {statement for statement in statements if any(x.inner for x in statement.formula.inner)}
    for statement in nested:
        count(statement.formula)
    for statement in statements:
        if statement in nested:
            statement.formula = put(statement.formula)
            yield from before
            before.clear()
        yield statement


def names_of(order):
    """{node: its name, or its label if another has that name too}."""
    bearers = Counter(node.name for node in order if node.label)
    return {node: node.name if bearers[node.name] == 1 else node.label for node in order if node.label}
