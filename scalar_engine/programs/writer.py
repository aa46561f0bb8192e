"""A plan written down in Python: its statements, and before them the functions that they call.

The text is put together of what a `Style` says; another style of Python is a subclass.
"""

import builtins
import keyword
import math
import textwrap
import unicodedata

from ..formulas.symbol import ALGEBRA, Application, Number, Product, product
from ..formulas.writing import ATOM, SUM, Text
from ..operators import power
from .plan import Variable, is_flat
from .rule_text import Reader

WIDTH = 96  # of the names in a line
LOOSE = SUM - 1  # how tightly a condition holds together


class Style(Text):
    """How the formulas of one plan are written; as it stands, in plain Python.

    rules       {operator: its Rule}, of all that are no arithmetic
    names       {variable: its name in the text}
    templates   {what a formula is like: (its text, with places for variables, and how tightly it holds together)};
                multiply is "{0} * {1}", sigmoid is "sigmoid({0})", relu is "0.0 if {0} <= 0 else {0}"
    """

    modules: dict = {}  # {name: module} of what a program imports whole
    arguments = "inputs"  # what it unpacks
    reserved = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "program", "inputs", "parameters"}

    def __init__(self, operators):
        self.reader = Reader(Names({*self.reserved, *self.modules, *dir(math)}).new, self.modules)
        self.rules = {op: self.rule(op) for op in operators}
        called = {rule.name for rule in self.rules.values()}
        self.names = Names({*self.reserved, *self.modules, *self.reader.imports, *self.reader.helpers, *called})
        self.templates, self.places = {}, []

    def rule(self, op):
        """What a program calls for an operator, or writes in its place."""
        return self.reader.rule(op.forward, op.name)

    def symbol(self, x):
        return self.names[x], ATOM

    def digits(self, number):
        if not math.isfinite(number):
            return f'float("{number}")'
        return repr(number if type(number) is int else float(number))

    def product(self, x):
        if not is_flat(x):
            return super().product(x)
        like = x.coefficient, *x.parts.values()
        if like not in self.templates:
            powers = dict(zip(self.placed(x.parts), x.parts.values()))
            self.templates[like] = super().product(Product(x.coefficient, powers))
        return self.filled(like, x.parts)

    def power(self, base, exponent):
        if type(exponent) is int:
            return super().power(base, exponent)
        return f"{self.rules[power].name}({self.formula(base)}, {self.digits(exponent)})"

    def application(self, x):
        like = x.op, *[operand.number if type(operand) is Number else None for operand in x.operands]
        if like not in self.templates:
            self.templates[like] = self.template(x.op, self.placed(x.operands))
        return self.filled(like, x.operands)

    def template(self, op, operands):
        """The text of an operator on its operands: as arithmetic, by its rule, or as it says itself."""
        formula = ALGEBRA[op](*operands) if op in ALGEBRA else Application(op, operands)
        if type(formula) is not Application:
            return getattr(self, formula.kind)(formula)
        rule = self.rules.get(formula.op)
        if rule and rule.body:
            return rule.body.format(*[self.formula(x, ATOM) for x in formula.operands]), LOOSE
        texts = map(self.formula, formula.operands)
        return f"{rule.name}({', '.join(texts)})" if rule else formula.op.formula(*texts), ATOM

    def placed(self, operands):
        """The operands, with places for all but Numbers: Variables that are called "{0}", "{1}", ..."""
        for i in range(len(self.places), len(operands)):
            self.places.append(Variable())
            self.names[self.places[i]] = f"{{{i}}}"
        return [x if type(x) is Number else place for x, place in zip(operands, self.places)]

    def filled(self, like, operands):
        text, level = self.templates[like]
        return text.format(*[self.names[x] if type(x) is Variable else self.formula(x) for x in operands]), level

    def alone(self, formula):
        """A formula with nothing beside it: a number is a float there."""
        return self.digits(float(formula.number)) if type(formula) is Number else self.formula(formula, LOOSE)

    def head(self):
        """What stands before a program: what it imports, and the functions that it calls."""
        imports = [f"import {module.__name__} as {name}" for name, module in self.modules.items()]
        if self.reader.imports:
            imports.append(f"from math import {', '.join(sorted(self.reader.imports))}")
        called = {rule.name: rule.definition for rule in self.rules.values() if rule.definition and not rule.body}
        return "\n\n\n".join(["\n".join(imports), *{**self.reader.helpers, **called}.values(), ""]).lstrip("\n")

    def line(self, statement):
        formula, sign = statement.formula, "+=" if statement.adds else "="
        if statement.adds and formula.factors()[0] < 0:
            formula, sign = product([(formula, 1)], -1), "-="
        comment = f"  # {statement.source.formula.op.name}" if statement.source else ""
        return f"    {self.names[statement.target]} {sign} {self.alone(formula)}{comment}"


def written(plan, style):
    """The text of a program, and {name: forward rule} of what it has to be given."""
    unpacked = unpacking(plan.inputs, style, style.arguments) + unpacking(plan.parameters, style, "parameters")
    forward, backward = (map(style.line, statements) for statements in (plan.forward, plan.backward))
    lines = [
        f"{style.head()}def program(inputs, parameters):",
        *unpacked,
        "",
        "    # forward",
        *forward,
        "",
        "    # backward: its derivatives, by the rule of the operator named",
        *backward,
        "",
        *result(style.alone(plan.value), ", ".join(map(style.alone, plan.gradients))),
        "",
    ]
    return "\n".join(lines), {rule.name: rule.given for rule in style.rules.values() if rule.given}


def unpacking(variables, style, argument):
    names = ", ".join(style.names[x] for x in variables)
    if len(variables) < 2:
        return [f"    ({names},) = {argument}"] if variables else []
    return [f"    {names} = {argument}"] if len(names) < WIDTH else ["    (", in_lines(names), f"    ) = {argument}"]


def result(value, gradients):
    if len(gradients) < WIDTH:
        return [f"    return {value}, [{gradients}]"]
    return [f"    return {value}, [", in_lines(gradients), "    ]"]


def in_lines(names):
    return textwrap.indent(textwrap.fill(names, WIDTH, break_long_words=False, break_on_hyphens=False), " " * 8)


class Names(dict):
    """{variable: its name}, made when it is first asked for. No two are alike, and none is among the `taken`."""

    def __init__(self, taken):
        super().__init__()
        self.taken = set(taken)
        self.last = {}

    def __missing__(self, variable):
        wanted = f"d{self[variable.by]}" if variable.by else identifier(variable.name) if variable.named else ""
        self[variable] = self.new(wanted)
        return self[variable]

    def new(self, wanted):
        """k, k_2, k_3 for "k"; v1, v2, v3 for ""."""
        name = wanted
        while not name or name in self.taken:
            number = self.last[wanted] = self.last.get(wanted, 1 if wanted else 0) + 1
            name = f"{wanted}_{number}" if wanted else f"v{number}"
        self.taken.add(name)
        return name


def identifier(label):
    """A label as a name in Python: letters, digits and underscores, whatever it was."""
    letters = [c if c.isalnum() else "_" for c in unicodedata.normalize("NFKC", label)]
    name = "_".join(part for part in "".join(letters).split("_") if part)
    return name if name.isidentifier() and name.isprintable() else f"n_{name}" if f"n_{name}".isidentifier() else "v"
