"""Programs in NumPy and loops: what is done to each element is one pass over it, whose text is of the rules' own."""

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.formulas.symbol import Application, symbol
from scalar_engine.graph import Operator
from scalar_engine.programs.plan import Variable

from . import jit
from .arrays import ArrayStyle, plain, text_of
from .grouping import Grouping, Loop
from .joint import joint_plan
from .loop_text import Elements, loop_text
from .recording import Call


class LoopStyle(ArrayStyle):
    """Calls of NumPy, and loops.

    loops       {text of a loop: (its name, arrays like those that it is called with)}
    """

    def __init__(self, plan, samples):
        self.loops, self.arrays, self.elements = {}, {}, Elements()
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
        if len(targets) == 1 and self.elements.is_plain(op, self.samples[targets[0]].size):
            return [Call(op, operands, {}, targets[0], self.samples[targets[0]])]
        return self.composed(formula, targets) or super().calls_for(formula, targets)

    def composed(self, formula, targets):
        """The calls that the operator's composition makes, if they are for loops, and so for those around them too."""
        calls = []
        for op, target in zip((formula.op, getattr(formula.op, "kept", None)), targets):
            found = hasattr(op, "composition") and self.recorded(op.composition, formula.operands, [target])
            if not found:
                return None
            calls += found
        order = Grouping(calls, self.elements.is_plain, lambda call: [call], targets, self.samples).order
        return calls if all(call.is_elementwise or call.view_of is not None for call in order) else None

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
        likes = {name: self.argument(x, call) for x, name in places}
        name, _ = self.loops.setdefault(text, (f"loop_{len(self.loops) + 1}", [likes[x] for x in arguments]))
        for x, _ in call.makes():
            if self.names[x] != self.names[self.memory.places.get(x, x)]:
                yield f"{self.names[x]} = {self.names[self.memory.places[x]]}"
        yield f"{name}({', '.join(arguments)})"

    def argument(self, x, loop):
        """An array like that of a loop's argument; a number, if it only reads a number."""
        like = np.empty_like(self.likes[x], order="C", subok=False)
        return like if x in loop.stores else like[()]


def written(root, inputs, parameters, noted=()):
    """The text of the program; the same without the loops, to be run; and {name: what that has to be given}."""
    plan, samples = joint_plan(root, inputs, parameters, noted)
    style = LoopStyle(plan, samples)
    text, given = text_of(plan, style)
    head = jit.HEAD.format(keeps=False)
    loops = [head + loop.replace("def loop(", f"def {name}(") for loop, (name, _) in style.loops.items()]
    functions = {name: jit.compiled(loop, likes) for loop, (name, likes) in style.loops.items()}
    return "\n\n".join([*loops, text]), text, {**given, **functions}
