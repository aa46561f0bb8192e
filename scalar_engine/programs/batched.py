"""Programs for all instances at once: the inputs are arrays, one number an instance, and NumPy does the arithmetic.

Parameters are shared by the instances. What depends on no input is computed once; the gradient of a parameter is the
mean of what the instances contribute.
"""

import ast
import re
from pathlib import Path

from .. import operators
from .listing import Listing, Statement
from .rule_text import Rule
from .templates import OWN, ScalarStyle, Template

FUNCTIONS = {
    operators.exp: "np.exp",
    operators.log: "np.log",
    operators.sqrt: "np.sqrt",
    operators.sin: "np.sin",
    operators.cos: "np.cos",
    operators.tanh: "np.tanh",
    operators.absolute: "np.abs",
    operators.sign: "np.sign",
    operators.power: "np.power",
    operators.maximum: "np.maximum",
    operators.minimum: "np.minimum",
}
DEFINITIONS = {
    function.name: ast.unparse(function)
    for function in ast.parse(Path(__file__).with_name("array_functions.py").read_text(encoding="utf-8")).body
    if isinstance(function, ast.FunctionDef)
}
PRODUCT = re.compile(r"{\w+} \* {\w+}")
LONG = 4  # products in a dot product that NumPy is handed whole, as a matrix product


class ArrayStyle(ScalarStyle):
    """Formulas on arrays, by NumPy's functions."""

    inputs = "np.asarray(inputs, float)"  # a row each

    def __init__(self, varying):
        super().__init__()
        self.varying = varying

    def power(self, base, exponent):
        return super().power(base, exponent).replace("pow(", "np.power(", 1)

    def found_rule(self, op):
        if op in FUNCTIONS:
            return Rule(FUNCTIONS[op])
        if op is operators.relu:
            return Rule("relu", body="np.maximum({0}, 0.0)")
        if OWN.get(op.name) is op:
            return Rule(op.name, definition=DEFINITIONS[op.name])
        rule = super().found_rule(op)
        if rule is None or (rule.body and is_arithmetic(rule.body)):
            return rule
        definition = rule.definition
        if rule.body:
            arguments = [f"x{i}" for i in range(len(op.partials))]
            definition = f"def {rule.name}({', '.join(arguments)}):\n    return {rule.body.format(*arguments)}"
        return Rule(rule.name, definition=f"{definition}\n\n\n{by_element(rule.name)}", imports=rule.imports)

    def head(self):
        strangers = [line for name in self.strangers for line in (by_element(name), "", "")]
        return ["import numpy as np", *super().head(), *strangers]

    def value(self, word):
        return f"np.mean({word})" if word in self.varying else super().value(word)


def by_element(name):
    """What makes a function of numbers one of arrays."""
    return f"{name} = np.vectorize({name}, otypes=[float])"


def is_arithmetic(body):
    """Whether an expression has nothing but + - * / and **, which arrays take as they are."""
    plain = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Name, ast.Constant, ast.Load)
    return all(isinstance(node, plain) for node in ast.walk(ast.parse(body.format(*"abcdefgh"), mode="eval")))


class Stack:
    """Variables that are the rows of one matrix, for products with it.

    gradient    the variable of its gradient, once there is one
    """

    def __init__(self, name, members):
        self.name = name
        self.members = members
        self.gradient = None


class BatchedListing(Listing):
    """The text of a program for all instances at once. `varying` has the variables that hold a number an instance."""

    def __init__(self, root, inputs, parameters):
        self.varying = set()
        self.stacks = {}  # {members: Stack}
        self.products = {}  # {variable of a dot product: (positions of the weights, their variable, the Stack)}
        super().__init__(root, inputs, parameters, ArrayStyle(self.varying))

    def computed(self, node):
        whole = self.product(node) if node.op is operators.dot else None
        for statement in super().computed(node) if whole is None else whole:
            if any(word in self.varying for word in statement.holes.values()):
                self.varying.add(statement.target)
            yield statement

    def name_given(self):
        super().name_given()
        self.varying.update(self.words[node] for node in self.inputs)

    def preparations(self):
        if not self.inputs:
            raise ValueError("a program without inputs has no instances to compute at once")
        return [f"    n = len({self.words[self.inputs[0]]})"]

    # ---- forward

    def product(self, node):
        """The statements of a long dot product of shared weights with numbers that vary; None if it is none."""
        words = [self.words[x] for x in node.inputs]
        n = len(words) // 2
        halves = range(n), range(n, 2 * n)
        for weights, rows in (halves, halves[::-1]):
            varying = [words[i] in self.varying for i in (*weights, *rows)]
            if n >= LONG and not any(varying[:n]) and all(varying[n:]):
                return self.product_statements(node, weights, rows, words)
        return None

    def product_statements(self, node, weights, rows, words):
        members = tuple(words[i] for i in rows)
        if members not in self.stacks:
            self.stacks[members] = Stack(self.names.new("rows"), members)
            self.varying.add(self.stacks[members].name)
            yield Statement(self.stacks[members].name, "=", text(f"np.stack(({', '.join(members)}))"), {})
        stack, shared = self.stacks[members], self.names.new("weights")
        yield Statement(shared, "=", text(f"np.array(({', '.join(str(words[i]) for i in weights)}))"), {})
        self.words[node] = self.names.of(node)
        self.products[self.words[node]] = weights, rows, shared, stack
        holes = {"weights": shared, "rows": stack.name}
        yield Statement(self.words[node], "=", text("np.dot({weights}, {rows})"), holes)

    # ---- backward: a mean over the instances

    def start(self, root):
        if root not in self.varying:
            yield from super().start(root)
            return
        self.gradients[root] = self.names.new(f"d{root}")
        yield Statement(self.gradients[root], "=", text("1 / n"), {})

    def is_known(self, template, node, x):
        return super().is_known(template, node, x) and not self.is_summed(node, self.words[x])

    def is_summed(self, node, target):
        """Whether the contributions of the instances to a shared variable have to be added up."""
        return self.words[node] in self.varying and target not in self.varying

    def contribution(self, node, target, template, holes):
        statement = super().contribution(node, target, template, holes)
        varies = [word in self.varying for word in used(template, holes)]
        if not self.is_summed(node, target):
            if any(varies):
                self.varying.add(statement.target)
            statement.in_place = statement.sign == "=" or target not in self.varying  # an array may have two names
        elif not any(varies):
            statement.around = "n * {}" if template.is_variable else "n * ({})"
        elif all(varies) and PRODUCT.fullmatch(template.text) and not template.parts:
            statement.template = text(template.text.replace(" * ", ", "))
            statement.around = "np.dot({})"
        else:
            statement.around = "np.sum({})"
        return statement

    def contributions(self, node, templates, holes):
        grouped = self.products.get(self.words[node]) if holes["up"] in self.varying else None
        if grouped:
            weights, rows, shared, stack = grouped
            by_weights, by_rows = pattern(templates, weights, rows), pattern(templates, rows, weights)
            if by_weights is not None and by_rows is not None:
                names = {**holes, "rows": stack.name, "weights": f"{shared}[:, None]"}
                yield from self.summed_over_instances(node, weights, by_weights, names)
                yield from self.passed_to_rows(node, stack, by_rows, names)
                return
        yield from super().contributions(node, templates, holes)

    def summed_over_instances(self, node, weights, by_weights, holes):
        """The contributions to all weights of a product at once, "{up} * {partner}" in `by_weights`."""
        targets = [self.words[node.inputs[i]] for i in weights]
        if not by_weights:
            return
        is_plain = by_weights == "{up} * {partner}"
        made = "np.dot({rows}, {up})" if is_plain else f"np.sum({by_weights}, axis=1)".replace("{partner}", "{rows}")
        if len({*targets} & self.active - {*self.gradients}) == len(targets):  # all new, and no two alike
            self.gradients.update((target, self.names.new(f"d{target}")) for target in targets)
            together = ", ".join(self.gradients[target] for target in targets)
            yield Statement(together, "=", text(made), holes, node.op.name)
            return
        together = self.names.new("v")
        yield Statement(together, "=", text(made), holes, node.op.name)
        for i, target in enumerate(targets):
            if target in self.active:
                yield super().contribution(node, target, text(f"{together}[{i}]"), {})

    def passed_to_rows(self, node, stack, by_rows, holes):
        if by_rows:
            sign = "+=" if stack.gradient else "="
            stack.gradient = stack.gradient or self.names.new(f"d{stack.name}")
            yield Statement(stack.gradient, sign, text(by_rows.replace("{partner}", "{weights}")), holes, node.op.name)

    def arrival(self, word):
        """The rows of a matrix of which this is one have all had their contributions: they go their own ways."""
        for stack in self.stacks.values():
            if word in stack.members and stack.gradient:
                gradient, stack.gradient = stack.gradient, None
                for i, member in enumerate(stack.members):
                    if member in self.active:
                        is_new = member not in self.gradients
                        if is_new:
                            self.gradients[member] = self.names.new(f"d{member}")
                            self.varying.add(self.gradients[member])
                        name = self.gradients[member]
                        row = text(f"{gradient}[{i}]")
                        yield Statement(name, "=" if is_new else "+=", row, {}, "row", in_place=is_new)


def pattern(templates, mine, partners):
    """What the contributions to some inputs look like, with the hole "{partner}"; None if they differ, "" if none."""
    found = set()
    for i, partner in zip(mine, partners):
        if templates[i] is not None:
            if type(templates[i]) is float or templates[i].parts:
                return None
            found.add(templates[i].text.replace(f"{{x{partner}}}", "{partner}"))
    return None if len(found) > 1 else "".join(found)


def text(template):
    return Template(template, None, [])


def used(template, holes):
    """The variables in a formula."""
    words = [word for hole, word in holes.items() if f"{{{hole}}}" in template.text]
    return words + [word for _, part, _ in template.parts for word in used(part, holes)]
