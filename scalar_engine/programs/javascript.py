"""Programs in JavaScript, for pages on which a reader changes the numbers in leaves and all others follow.

Such a program computes more than a root and its gradients: the value of every node, and of every step of the backward
pass what is passed on. It keeps the order of the engine's own operations, for it has to give the engine's own numbers.
"""

import operator
import sys

from ..formulas.symbol import Application, symbol
from ..naming import branching
from ..value import Value
from . import writer
from .plan import Statement, Variable
from .rule_text import Reader, Rule
from .translation import DEFINED, RESERVED, RUNTIME, Untranslatable, number, translated

KNOWN = {
    getattr(operator, name): name if name != "truediv" else "divide" for name in ("add", "sub", "mul", "truediv", "neg")
}  # functions without a text that python.js has
INFIX = {"add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "neg": "(- {})"}


def written(graphs):
    """The text of a list of programs, one for each graph, or null; and for each why it has none, or "".

    graphs      pairs of the nodes in topological order, and the `Step`s of both passes

    A program `(values) => ...` takes a list of the nodes' values, of which those of leaves are given, and returns
    {values, gradients, steps, error}: a step is {upstream, local, contribution, total} for each `Step` of the backward
    pass. Where an operator has no value it stops, with an error's words.
    """
    style = JavaScript()
    programs, reasons = [], []
    for nodes, steps in graphs:
        try:
            programs.append(program(Plan(nodes, steps), style))
            reasons.append("")
        except Untranslatable as error:
            programs.append("null")
            reasons.append(str(error))
    compensated = str(sys.version_info >= (3, 12)).lower()
    listed = ",\n".join(programs)
    head = [f'"use strict";\nconst COMPENSATED = {compensated};\n{RUNTIME}', *style.definitions.values()]
    return "(() => {{\n{}\nreturn [{}];\n}})()".format("\n".join(head), listed), reasons


class Literal(Application):
    """An operator applied, as it stands: algebra changes the order of operations, and what becomes of inf - inf."""

    __slots__ = ()

    @staticmethod
    def apply_operator(op, *inputs):
        return Literal(op, map(symbol, inputs))


class Place(Variable):
    """The value of a node, or its gradient."""

    __slots__ = ()

    apply_operator = staticmethod(Literal.apply_operator)


class Plan:
    """What a program does, with a statement for every step of both passes.

    forward     a Statement target = op(operands) for each node that is computed
    backward    one for each contribution: to the gradient `target`, by the `source` statement's target, the formula
                being the local derivative; or the contribution, where the operator has no local derivatives
    """

    def __init__(self, nodes, steps):
        if not isinstance(nodes[-1], Value):
            raise Untranslatable("its nodes are arrays")
        self.values = {node: Place(f"v[{i}]") for i, node in enumerate(nodes)}
        self.gradients = {node: Place(f"g[{i}]") for i, node in enumerate(nodes)}
        self.root = nodes[-1]
        self.forward, self.backward = [], []
        computed, rules = {}, {}
        for node in nodes:
            if node.inputs:
                operands = [self.values[x] for x in node.inputs]
                computed[node] = Statement(self.values[node], Literal(node.op, operands))
                self.forward.append(computed[node])
        for step in steps:
            node = step.node
            if step.position is not None:
                if node not in rules:
                    rules[node] = symbol_rules(node, self, step.local is None)
                formula = symbol(rules[node][step.position])
                target = self.gradients[step.input]
                self.backward.append((Statement(target, formula, True, computed[node]), step))


def symbol_rules(node, plan, is_pull):
    """What a node's rule gives for each input, as formulas: its local derivatives, or its contributions."""
    op, needs = node.op, [x.requires_grad for x in node.inputs]
    operands = [plan.values[x] for x in (node, *node.inputs)]
    try:
        return op.pull(plan.gradients[node], *operands, needs=needs) if is_pull else op.locals(*operands, needs=needs)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        told = branching(op, error) if is_pull else error.__cause__ and error  # `locals` has told it already
        raise Untranslatable(str(told or f"{op.name}: its derivative rule takes numbers only")) from None


class KnownReader(Reader):
    """Reads the functions that python.js has not got."""

    def read(self, function, wanted):
        if function in KNOWN:
            return Rule(KNOWN[function])
        return super().read(function, wanted)


class JavaScript(writer.Style):
    """How formulas are written: by the operators' forward rules, translated.

    definitions     {name: text} of the functions that programs call
    """

    reserved = RESERVED

    def __init__(self):
        super().__init__([])
        self.definitions = {}

    def symbol(self, x):
        return x.name, writer.ATOM

    def digits(self, x):
        return number(x)

    def application(self, x):
        name = self.function(x.op)
        operands = [self.formula(operand) for operand in x.operands]
        return (INFIX[name].format(*operands) if name in INFIX else f"{name}({', '.join(operands)})"), writer.ATOM

    def function(self, op):
        """What programs call for an operator. Its rule, and what that calls, are translated when first asked for."""
        if op not in self.rules:
            reader = KnownReader(self.reader.new_name, self.modules)
            try:
                if op.forward_has_self:
                    raise Untranslatable("reads what the operator was made with")
                rule = reader.rule(op.forward, op.name)
                if rule.given:
                    raise Untranslatable("has no text that runs alone")
                if not rule.definition and rule.name not in DEFINED:
                    raise Untranslatable(f"is {rule.name}, which the page does not know")
                definitions = reader.helpers | ({rule.name: rule.definition} if rule.definition else {})
                self.definitions |= {name: translated(text, definitions) for name, text in definitions.items()}
            except Untranslatable as error:
                raise Untranslatable(f"{op.name}: its forward rule {error}") from None
            self.rules[op] = rule
        return self.rules[op].name


def program(plan, style):
    """The text of one program."""
    lines = [f"{x.target.name} = {style.formula(x.formula)};" for x in plan.forward]
    lines += [f"{plan.gradients[plan.root].name} = 1;"] if plan.backward else []
    for statement, step in plan.backward:
        node, to = (x.name[2:-1] for x in (statement.source.target, statement.target))
        text = style.formula(statement.formula)
        lines.append(f"pass({node}, {to}, {text});" if step.local is not None else f"pass({node}, {to}, null, {text});")
    return "(values) => run((v, g, pass) => {\n" + "\n".join(lines) + "\n}, values)"
