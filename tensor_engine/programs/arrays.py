"""Programs in NumPy, on the arrays of Tensors: a line or a few for each node, into arrays that are made once."""

import numpy as np

from scalar_engine.formulas.symbol import Application, Number
from scalar_engine.programs import writer
from scalar_engine.programs.plan import Variable
from scalar_engine.programs.rule_text import Rule

from ..kernels import KERNELS, each_element, kernel_of
from ..operators.array_operator import ArrayOperator
from .joint import Constant, joint_plan
from .memory import Memory, order
from .recording import Call, changes_first, name_in_numpy, recording, without_casts

SHORT = 100  # elements of an array that is written out


class Text(str):
    """An argument that is written already."""


class ArrayStyle(writer.Style):
    """Statements as calls of NumPy.

    samples     {Variable: an array as it may hold}
    order       Calls, in the order of the program
    statements  {Call: the statement that it is part of}
    memory      which results share an array
    views       {Variable: the text of what it shows of another}
    made_once   the lines before the program: arrays, and views of them
    shown       {text of such a view: its name}
    given       {name: array} of constants that are too long to be written out
    """

    modules = {"np": np}

    def __init__(self, plan, samples):
        super().__init__([])
        self.plan, self.samples = plan, samples
        statements = [*plan.forward, *plan.backward]
        lowered = self.lowered(statements)
        self.statements = {call: statement for statement in statements for call in lowered[statement]}
        self.order = []
        for call, simpler in without_casts(self.arranged([*self.statements]), samples):
            self.order.append(simpler)
            if call in self.statements:
                self.statements[simpler] = self.statements[call]
        self.names.taken |= {name for rule in self.rules.values() for name in (rule.name,)} | self.reader.helpers.keys()
        self.memory = Memory(plan, self.order)
        self.views, self.shown, self.made_once, self.given, self.constants = {}, {}, [], {}, {}
        for variable in [*plan.inputs, *plan.parameters, *[s.target for s in statements if s.target.named]]:
            self.names[variable]
        self.make_gradients()
        for place, like in self.memory.made.items():
            self.made_once.append(f"{self.names[place]} = {self.new_array(like)}")

    # ---- from statements to calls

    def lowered(self, statements):
        """{statement: the calls that its operator's forward rule makes}."""
        by_use = {(s.formula.op, s.formula.operands): s for s in statements if type(s.formula) is Application}
        found = {}
        for statement in statements:
            formula = statement.formula
            if statement in found:
                continue
            if type(formula) is not Application:
                shown = formula if type(formula) is Variable else None
                found[statement] = [
                    Call("=", [formula], {}, statement.target, self.samples[statement.target], None, shown)
                ]
                continue
            kept = by_use.get((getattr(formula.op, "kept", None), formula.operands[:1]))
            kept = None if kept in found else kept  # as in second derivatives, where something needs it before
            found[statement] = self.calls_for(formula, [statement.target, *([kept.target] if kept else [])])
            if kept and kept.target in {call.target for call in found[statement]}:
                found[kept] = []  # the same calls give it
        return found

    def calls_for(self, formula, targets):
        op = formula.op
        own = op.forward if isinstance(op, ArrayOperator) else kernel_of(op)
        calls = self.recorded(op.forward_keeping if len(targets) > 1 else own, formula.operands, targets)
        if calls is None:
            arguments = [x if type(x) is Variable else plain(x) for x in formula.operands]
            rule, first = self.called(op, own)
            calls = [Call(rule, [*first, *arguments], {}, targets[0], self.samples[targets[0]])]
        return calls

    def recorded(self, function, operands, targets):
        """The calls that a function of the operands makes for its results; None if it cannot be written down so."""
        pairs = [(x, self.samples[x]) if type(x) is Variable else (None, plain(x)) for x in operands]
        found = recording(function, pairs)
        if found is None or len({*found[1], *operands}) < len(found[1]) + len({*operands}):
            return None
        calls, results = found
        renamed = dict(zip(results, targets))
        return [call.with_variables(lambda x: renamed.get(x, x)) for call in calls]

    def called(self, op, forward):
        """The Rule to call for what no calls of NumPy say, and its first arguments."""
        if isinstance(op, ArrayOperator):
            if op not in self.rules:
                name = self.reader.new_name(op.name if op.name.isidentifier() else type(op).__name__.lower())
                note = f"# {name} is the forward rule of an operator, which has to be given."
                self.rules[op] = Rule(name, note, given=forward)
            return self.rules[op], []
        if op in KERNELS:
            return Rule(self.reader.helper(KERNELS[op], op.name)), []
        rule = self.rules[op] = self.reader.rule(op.forward, op.name)
        rule.body = ""  # it is called, and has to be defined
        return Rule(self.reader.helper(each_element, "each_element")), [Text(rule.name)]

    # ---- lines

    def arranged(self, calls):
        return calls

    def body(self):
        """The lines of the program: forward, then backward."""
        backward, said = {*self.plan.backward}, set()
        is_forward = True
        yield "    # forward"
        for call in self.order:
            statements = self.statements_of(call)
            if is_forward and statements and not backward.isdisjoint(statements):
                yield from ("", "    # backward: its derivatives, by the rule of the operator named")
                is_forward = False
            comment = self.comment([statement for statement in statements if statement not in said])
            for line in self.lines(call):
                yield f"    {line}{comment}"
                comment = ""
                said.update(statements)

    def statements_of(self, call):
        return [self.statements[call]] if call in self.statements else []

    def comment(self, statements):
        """Whose rules these are, and the shape of the last result."""
        applied = [statement for statement in statements if type(statement.formula) is Application]
        if not applied:
            return ""
        names = dict.fromkeys((s.source or s).formula.op.name for s in applied)
        shape = self.samples[applied[-1].target].shape
        return f"  # {', '.join(names)}{f' {shape}' if shape else ''}"

    def lines(self, call):
        """The line of a call; none of a view, which is written where it is used."""
        target, place = call.target, self.memory.places.get(call.target)
        if call.view_of is not None:
            self.views[target] = self.view(call)
            return
        if call.function == "[]=":
            x, key, value = call.arguments
            yield f"{self.text(x)}[{self.key(key)}] = {self.text(value)}"
        elif call.function is np.empty_like:
            if place is not target:
                yield f"{self.names[target]} = {self.names[place]}"
        elif changes_first(call.function):
            yield self.text_of(call)
        elif call.into is not None or place is target:
            yield self.text_of(call, f"out={self.text(target)}")
        elif place is not None:
            yield f"{self.names[target]} = {self.text_of(call, f'out={self.names[place]}')}"
        else:
            yield f"{self.names[target]} = {self.text_of(call)}"

    def view(self, call):
        """What a view is written as: its name, if it is one of an array that is made once."""
        x, place = call.view_of, self.memory.places.get(self.memory.owner(call.view_of))
        if (
            place is None
            or call.operands != [x]
            or call.function == "="
            or self.views.get(x, x) not in {x, *self.shown.values()}
        ):
            return self.text_of(call)
        text = self.text_of(call.with_variables(lambda y: place if y is x and x not in self.views else y))
        if text not in self.shown:
            self.shown[text] = self.names.new(f"{self.names[place]}_T" if text == f"{self.names[place]}.T" else "")
            self.made_once.append(f"{self.shown[text]} = {text}")
        return self.shown[text]

    def text_of(self, call, *more):
        function, arguments = call.function, call.arguments
        if function == "=":
            return self.text(arguments[0])
        if function == "[]":
            return f"{self.text(arguments[0])}[{self.key(arguments[1])}]"
        if function is np.transpose and (len(arguments) == 1 or [*arguments[1]] == [*range(len(arguments[1]))][::-1]):
            return f"{self.text(arguments[0])}.T"
        options = [f"{name}={self.text(x)}" for name, x in call.options.items()]
        if function is np.ndarray.astype:
            return f"{self.text(arguments[0])}.astype({self.text(arguments[1])})"
        return f"{self.function_name(function)}({', '.join([*map(self.text, arguments), *options, *more])})"

    def function_name(self, function):
        if isinstance(function, Rule):
            return function.name
        if isinstance(getattr(function, "__self__", None), np.ufunc):
            return f"np.{function.__self__.__name__}.{function.__name__}"
        return f"np.{name_in_numpy(function)}"

    def text(self, x):
        """An argument of a call in writing."""
        if isinstance(x, Text):
            return x
        if isinstance(x, Variable):
            return self.views.get(x) or self.names[x]
        if isinstance(x, (Number, Constant)):
            x = plain(x)
        if isinstance(x, (list, tuple)):
            inner = ", ".join(map(self.text, x))
            return f"[{inner}]" if isinstance(x, list) else f"({inner}{',' * (len(x) == 1)})"
        if isinstance(x, np.ndarray) and x.ndim:
            return self.constant(x)
        if isinstance(x, str):
            return f'"{x}"'
        if isinstance(x, np.dtype):
            return self.type_name(x)
        if isinstance(x, (np.ndarray, np.generic)):
            return f"np.{x.dtype.name}({self.digits(x.item())})" if x.dtype.kind == "f" else repr(x.item())
        return self.digits(x) if isinstance(x, float) else repr(x)

    def key(self, key):
        if isinstance(key, tuple):
            return ", ".join(map(self.key, key)) or "()"
        if isinstance(key, slice):
            parts = ["" if x is None else self.text(x) for x in (key.start, key.stop, key.step)]
            return ":".join(parts if key.step is not None else parts[:2])
        return "..." if key is Ellipsis else self.text(key)

    def type_name(self, dtype):
        return f"np.{dtype.name}"

    def new_array(self, like):
        """An array of the shape and type, with its axes in the same order in memory."""
        axes = order(like)
        text = f"np.empty({tuple(like.shape[axis] for axis in axes)}, {self.type_name(like.dtype)})"
        return text if axes == (*range(like.ndim),) else f"{text}.transpose({', '.join(map(str, np.argsort(axes)))})"

    def constant(self, array):
        """The name of an array that is always the same, made once."""
        alike = array.shape, array.dtype, array.tobytes()
        if alike not in self.constants:
            name = self.constants[alike] = self.names.new("")
            text = self.array_text(array)
            if not text:
                self.given[name] = array
            self.made_once.append(f"{name} = {text}" if text else f"# {name} is an array {array.shape} to be given")
        return self.constants[alike]

    def array_text(self, array):
        """An array in writing; "" if it is too long."""
        dtype, first = self.type_name(array.dtype), array.flat[0].item() if array.size else 0
        if (array == first).all():
            return f"np.full({array.shape}, {first!r}, {dtype})"
        if np.array_equal(array, np.arange(array.size)):
            return f"np.arange({array.size}, dtype={dtype})"
        text = f"np.array({array.tolist()}, {dtype})" if array.size <= SHORT else ""
        return text.replace("nan", "np.nan").replace("inf", "np.inf")

    # ---- the derivatives by the parameters

    def make_gradients(self):
        """One array for all derivatives, so that an optimizer can take them as one."""
        self.results, start = [], 0
        samples = [self.samples[x] for x in self.plan.parameters]
        if not samples:
            return
        dtype = self.type_name(np.result_type(*samples))
        self.made_once.append(f"gradients = np.empty({sum(x.size for x in samples)}, {dtype})")
        seen = set()
        for parameter, gradient, like in zip(self.plan.parameters, self.plan.gradients, samples):
            is_first = type(gradient) is Variable and gradient not in seen and gradient in self.memory.places
            variable = gradient if is_first else Variable(by=parameter)
            seen.add(gradient)
            self.made_once.append(
                f"{self.names[variable]} = gradients[{start}:{start + like.size}].reshape({like.shape})"
            )
            self.results.append((variable, gradient))
            start += like.size

    def copies(self):
        """The lines that put derivatives in their places which have been computed elsewhere."""
        for variable, gradient in self.results:
            if variable is not gradient:
                yield f"    np.copyto({self.names[variable]}, {self.text(gradient)})"

    def alone(self, formula):
        return self.text(formula)


def plain(x):
    """A Number as a float, a Constant as its array."""
    return float(x.number) if type(x) is Number else x.data


def written(root, inputs, parameters, noted=()):
    """The text of the program; the same, to be run; and {name: what that has to be given}."""
    plan, samples = joint_plan(root, inputs, parameters, noted)
    text, given = text_of(plan, ArrayStyle(plan, samples))
    return text, text, given


def text_of(plan, style):
    body = [*style.body(), *style.copies()]
    value = ", ".join(map(style.alone, [plan.value, *plan.noted]))
    value = f"({value})" if plan.noted else value
    lines = [
        *(["# made once: the arrays that results go into, and what is always the same"] if style.made_once else []),
        *style.made_once,
        "",
        "",
        "def program(inputs, parameters):",
        *writer.unpacking(plan.inputs, style, "inputs"),
        *writer.unpacking(plan.parameters, style, "parameters"),
        "",
        *body,
        "",
        *writer.result(value, ", ".join(style.names[variable] for variable, _ in style.results)),
        "",
    ]
    given = {rule.name: rule.given for rule in style.rules.values() if rule.given}
    return style.head() + "\n".join(lines), {**given, **style.given}
