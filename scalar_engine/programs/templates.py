"""What an operator looks like in a program: its forward rule, and what it contributes to its inputs' gradients.

The texts come of the operator's own rules, run once on Symbols with names such as "{out}" and "{up}"; `str.format`
then writes them for every node that has that operator.
"""

import builtins
import keyword
import math
from functools import cache

from .. import operators
from ..formulas.symbol import ZERO, Application, Number, Symbol, Total, product
from ..formulas.writing import ATOM, SUM, Text
from ..graph import Operator
from .rule_text import rule_of

OWN = {op.name: op for op in vars(operators).values() if isinstance(op, Operator)}
RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "inf", "nan", "np", "n"}
RESERVED |= {"program", "inputs", "parameters"}

BARE, ENCLOSED, VARIABLE = "bare", "enclosed", "variable"  # how a part may be written where it stands


class Template:
    """The text of a formula, with holes for variables and for its parts.

    parts       (hole, Template, how) of the formulas in it that the program may have computed already
    level       how tightly it holds together
    """

    def __init__(self, text, level, parts):
        self.text = text
        self.level = level
        self.parts = parts
        self.is_variable = text[:1] == "{" and text[1:-1].isidentifier() and not parts


class ScalarStyle(Text):
    """Formulas in plain Python and `math`. It collects what the program has to import and to define."""

    inputs = "inputs"  # what a program unpacks

    def __init__(self):
        self.imports = set()
        self.rules = {}
        self.called = {}  # {operator: the name of its forward rule, if it is a function}
        self.parts = []

    def template(self, x):
        """The Template of the formula x."""
        outer, self.parts = self.parts, []
        text, level = getattr(self, type(x).__name__.lower())(x)
        made, self.parts = Template(text, level, self.parts), outer
        return made

    def formula(self, x, level=SUM):
        if not isinstance(x, (Application, Total)):
            return super().formula(x, level)
        part = self.template(x)
        return self.hole(part, ENCLOSED if part.level < level else BARE)

    def hole(self, part, how):
        name = f"part{len(self.parts)}"
        self.parts.append((name, part, how))
        return f"{{{name}}}"

    def name(self, x):
        return x.name

    def digits(self, number):
        if not math.isfinite(number):
            self.imports.add("nan" if number != number else "inf")
        return repr(number if type(number) is int else float(number))

    def power(self, base, exponent):
        if type(exponent) is int:
            return super().power(base, exponent)
        self.imports.add("pow")
        return f"pow({self.formula(base)}, {self.digits(exponent)})"

    def application(self, x):
        rule = self.rule(x.op)
        if rule is None or rule.body is None:
            name = rule.name if rule else self.called[x.op]
            return f"{name}({', '.join(self.formula(operand) for operand in x.operands)})", ATOM
        return rule.body.format(*[self.atom(operand) for operand in x.operands]), SUM - 1

    def atom(self, x):
        """A variable or a number, as an expression needs that names it more than once."""
        if type(x) is Symbol:
            return self.name(x)
        return f"({self.digits(x.number)})" if type(x) is Number else self.hole(self.template(x), VARIABLE)

    def rule(self, op):
        """The text of op's forward rule; what that needs is entered into the lists."""
        if op not in self.rules:
            self.called[op] = self.unique_name(op)
            self.rules[op] = rule = self.found_rule(op)
            self.imports |= rule.imports if rule else set()
        return self.rules[op]

    def unique_name(self, op):
        """The operator's name; with a number if another operator has it, or if it means something in Python."""
        if OWN.get(op.name) is op:
            return op.name
        taken, n = {*RESERVED, *dir(math), *OWN, *self.called.values()}, 1
        name = op.name
        while name in taken:
            n += 1
            name = f"{op.name}_{n}"
        return name

    def found_rule(self, op):
        return rule_of(op, self.called[op])

    @property
    def strangers(self):
        """{name: forward rule} of operators whose rules have no text that runs on its own."""
        return {self.called[op]: op.forward for op, rule in self.rules.items() if rule is None}

    def head(self):
        """The lines before the program: what it imports, and the rules that it calls."""
        lines = [f"from math import {', '.join(sorted(self.imports))}"] if self.imports else []
        lines += ["", ""]
        for name in self.strangers:
            lines += [f"# {name} is the forward rule of an operator, which has to be given.", "", ""]
        for rule in self.rules.values():
            if rule and rule.definition:
                lines += [rule.definition, "", ""]
        return lines

    def value(self, word):
        """The expression of the result, from the root's variable or number."""
        return word if type(word) is str else self.digits(word)


class Templates:
    """The templates of every operator in a program, made once for each pattern of known numbers among its operands.

    Operands and upstream are given as floats where they are known numbers, and else as None.
    """

    def __init__(self, style):
        self.style = style
        self.forward = cache(self.forward)
        self.pull = cache(self.pull)

    def forward(self, op, numbers):
        return self.style.template(Symbol.apply_operator(op, *operands(numbers)))

    def pull(self, op, upstream, numbers, needs, places=None):
        """A Template or a known number for each input's contribution; None where it has none or it is 0.

        places      where each input is found first: (0, 0) in x * x, whose two contributions are then made one
        """
        up = Symbol("{up}") if upstream is None else Number(upstream)
        contributions = [ZERO] * len(numbers)
        pulled = op.pull(up, Symbol("{out}"), *operands(numbers, places), needs=needs)
        for place, contribution in zip(places or range(len(numbers)), pulled):
            if contribution is not None:
                contributions[place] = contributions[place] + contribution
        found = []
        for x in contributions:
            if upstream is None:
                x = product([(up, 1), (x, 1), (up, -1)])  # the upstream first
            found.append(None if x == ZERO else float(x.number) if type(x) is Number else self.style.template(x))
        return found


def operands(numbers, places=None):
    """A Number for each known number, a Symbol with the name of a hole for each variable."""
    places = places or range(len(numbers))
    return [Symbol(f"{{x{i}}}") if number is None else Number(number) for i, number in zip(places, numbers)]
