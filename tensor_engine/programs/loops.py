"""Programs in NumPy and loops: what is done to each element is one pass over it, whose text is of the rules' own."""

import ast

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.formulas.symbol import Application, symbol
from scalar_engine.graph import Operator
from scalar_engine.programs import writer
from scalar_engine.programs.plan import Variable

from ..array_operator import ArrayOperator
from . import jit
from .arrays import ArrayStyle, plain, text_of
from .grouping import OPERATORS, Grouping, Loop, is_sum
from .joint import joint_plan
from .recording import Call

ARITHMETIC = scalar.add, scalar.subtract, scalar.multiply, scalar.divide, scalar.negative
IN_HARDWARE = scalar.sqrt, scalar.absolute  # functions that a loop has at the price of a division


class LoopText(writer.Style):
    """Rules on the elements that a loop has at hand."""

    def is_plain(self, op):
        """Whether the rule is an expression without calls, or as fast in a loop as one."""
        if op in ARITHMETIC or op in IN_HARDWARE:
            return True
        if isinstance(op, ArrayOperator) or op is scalar.power:
            return False
        rule = self.reader.rule(op.forward, op.name)
        return bool(rule.body) and "(" not in rule.body

    def expression(self, op, operands, dtype):
        if op not in self.rules and op not in ARITHMETIC:
            self.rules[op] = self.reader.rule(op.forward, op.name)
        text = self.alone(Application(op, [x if isinstance(x, Variable) else symbol(x) for x in operands]))
        return ast.unparse(Typed(dtype).visit(ast.parse(text, mode="eval")))


class Typed(ast.NodeTransformer):
    """Numbers of the type of the arrays, without which a sum of float32 and 1 would be float64."""

    def __init__(self, dtype):
        self.dtype = dtype

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Pow) and getattr(node.right, "value", None) == 2:
            node = ast.BinOp(node.left, ast.Mult(), node.left)
        return self.generic_visit(node)

    def visit_Constant(self, node):
        return ast.parse(f"np.{self.dtype.name}({node.value!r})", mode="eval").body


class LoopStyle(ArrayStyle):
    """Calls of NumPy, and loops.

    loops       {text of a loop: (its name, arrays like those that it is called with)}
    """

    def __init__(self, plan, samples):
        self.loops, self.arrays, self.elements = {}, {}, LoopText([])
        super().__init__(plan, samples)
        for constant, variable in self.arrays.items():
            self.views[variable] = self.constant(constant.data)

    def arranged(self, calls):
        def expanded(call):
            if not isinstance(call.function, Operator):
                return [call]
            formula = Application(call.function, [x if type(x) is Variable else symbol(x) for x in call.arguments])
            found = super(LoopStyle, self).calls_for(formula, [call.target])
            self.statements.update(dict.fromkeys(found, self.statements[call]))
            return found

        results = [self.plan.value, *self.plan.noted, *self.plan.gradients]
        grouping = Grouping(calls, self.elements.is_plain, expanded, results, self.samples)
        self.likes = grouping.likes
        return grouping.order

    def statements_of(self, call):
        calls = call.calls if isinstance(call, Loop) else [call]
        return list(dict.fromkeys(self.statements[each] for each in calls if each in self.statements))

    def calls_for(self, formula, targets):
        op, operands = formula.op, list(map(self.operand, formula.operands))
        if op is scalar.power and operands[1:] == [2.0]:
            op, operands = scalar.multiply, [operands[0]] * 2
        if len(targets) == 1 and self.elements.is_plain(op):
            return [Call(op, operands, {}, targets[0], self.samples[targets[0]])]
        return super().calls_for(formula, targets)

    def operand(self, x):
        """A Variable or a number; of a constant array, its one number, or a Variable that the array belongs to."""
        if type(x) is Variable or np.ndim(plain(x)) == 0:
            return x if type(x) is Variable else plain(x)
        if x not in self.arrays:
            self.arrays[x] = Variable()
            self.samples[self.arrays[x]] = x.data
        return self.arrays[x]

    def lines(self, call):
        if not isinstance(call, Loop):
            yield from super().lines(call)
            return
        places = [(x, self.text(self.memory.places.get(x, x))) for x in [*call.loads, *call.stores]]
        text, arguments = loop_text(call, dict(places), self.elements, self.likes)
        likes = {name: np.empty_like(self.likes[x], order="C", subok=False)[()] for x, name in places}
        name, _ = self.loops.setdefault(text, (f"loop_{len(self.loops) + 1}", [likes[x] for x in arguments]))
        for x, _ in call.makes():
            if self.names[x] != self.names[self.memory.places.get(x, x)]:
                yield f"{self.names[x]} = {self.names[self.memory.places[x]]}"
        yield f"{name}({', '.join(arguments)})"


def loop_text(loop, places, elements, likes):
    """The text of a loop, and what it is called with: `places` are the names of arrays, of which some are one."""
    arguments = list(dict.fromkeys(places.values()))
    array = {x: f"a{arguments.index(name)}" for x, name in places.items()}
    shape = loop.result.shape
    sums = [call for call in loop.calls if is_sum(call)]
    index = {shape: "[i, j]", (): "", shape[1:]: "[j]", (1, *shape[1:]): "[0, j]", (*shape[:1], 1): "[i, 0]"}
    if len(shape) == 1:
        index = {shape: "[i]", (): ""}
    names, body = {}, []

    def local(x):
        if not isinstance(x, Variable):
            return x
        base = loop.bases.get(x, x)
        if base not in names:
            names[base] = elements.names[base] = f"x{len(names)}"
            body.append(f"{names[base]} = {array[base]}{index[likes[base].shape]}")
        return base

    for call in loop.calls:
        operands = [local(x) for x in call.arguments]
        if is_sum(call):
            body.append(f"{array[call.target]}[j] += {names[operands[0]]}")
            continue
        op = call.function if isinstance(call.function, Operator) else OPERATORS[call.function]
        text = elements.expression(op, operands, call.result.dtype)
        names[call.target] = elements.names[call.target] = names.get(call.target, f"x{len(names)}")
        body.append(f"{names[call.target]} = {text}")
    stored = [x for x in loop.stores if x not in {call.target for call in sums}]
    body += [f"{array[x]}{index[loop.stores[x].shape]} = {names[x]}" for x in stored]
    whole = next(array[x] for x in [*loop.loads, *loop.stores] if likes[x].shape == shape)
    heads = [f"for {i} in range({whole}.shape[{axis}]):" for axis, i in enumerate("ij"[: len(shape)])]
    lines = [f"def loop({', '.join(f'a{k}' for k in range(len(arguments)))}):"]
    lines += [f"    {array[call.target]}[:] = 0" for call in sums]
    lines += [f"{'    ' * (depth + 1)}{head}" for depth, head in enumerate(heads)]
    lines += [f"{'    ' * (len(heads) + 1)}{line}" for line in body]
    return "\n".join(lines) + "\n", arguments


def written(root, inputs, parameters, noted=()):
    """The text of the program; the same without the loops, to be run; and {name: what that has to be given}."""
    plan, samples = joint_plan(root, inputs, parameters, noted)
    style = LoopStyle(plan, samples)
    text, given = text_of(plan, style)
    head = jit.HEAD.format(keeps=False)
    loops = [head + loop.replace("def loop(", f"def {name}(") for loop, (name, _) in style.loops.items()]
    functions = {name: jit.compiled(loop, likes) for loop, (name, likes) in style.loops.items()}
    return "\n\n".join([*loops, text]), text, {**given, **functions}
