"""The text of a loop: what its calls do to each element, or to each row of them, by the operators' own rules."""

import ast
from collections import defaultdict

import numpy as np

from scalar_engine import operators as scalar
from scalar_engine.formulas.symbol import Application, symbol
from scalar_engine.graph import Operator
from scalar_engine.programs import writer
from scalar_engine.programs.plan import Variable

from ..operators.array_operator import ArrayOperator
from . import jit
from .grouping import OPERATORS, STARTS

ARITHMETIC = scalar.add, scalar.subtract, scalar.multiply, scalar.divide, scalar.negative
IN_HARDWARE = scalar.sqrt, scalar.absolute  # functions that a loop has at the price of a division
SMALL = 1000  # elements, on which a function of math takes no longer than a call of NumPy's


class Elements(writer.Style):
    """Rules on the elements that a loop has at hand.

    symbols     {name in the text: the Variable of it}
    """

    def __init__(self):
        super().__init__([])
        self.symbols = {}

    def is_plain(self, op, size):
        """Whether, for so many elements, the rule is an expression without calls, or as fast in a loop as one."""
        if op in ARITHMETIC or op in IN_HARDWARE:
            return True
        if isinstance(op, ArrayOperator) or op is scalar.power:
            return False
        rule = self.reader.rule(op.forward, op.name)
        is_function = size <= SMALL and not rule.definition and rule.name in jit.FUNCTIONS
        return is_function or bool(rule.body) and "(" not in rule.body

    def expression(self, op, operands, dtype):
        """The rule on operands, names and numbers."""
        if op not in self.rules and op not in ARITHMETIC:
            self.rules[op] = self.reader.rule(op.forward, op.name)
        text = self.alone(Application(op, [self.symbol_of(x) for x in operands]))
        return ast.unparse(Typed(dtype).visit(ast.parse(text, mode="eval")))

    def symbol_of(self, x):
        if not isinstance(x, str):
            return symbol(x)
        if x not in self.symbols:
            self.symbols[x] = Variable()
            self.names[self.symbols[x]] = x
        return self.symbols[x]


class Typed(ast.NodeTransformer):
    """Numbers of the type of the arrays, without which a sum of float32 and 1 would be float64."""

    def __init__(self, dtype):
        self.dtype = dtype

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Pow) and getattr(node.right, "value", None) == 2:
            node = ast.BinOp(node.left, ast.Mult(), node.left)
        return self.generic_visit(node)

    def visit_Call(self, node):
        if getattr(node.func, "id", "") != "float":  # as infinity and NaN are written
            return self.generic_visit(node)
        number = node.args[0].value.replace("inf", "np.inf").replace("nan", "np.nan")
        return ast.parse(f"np.{self.dtype.name}({number})", mode="eval").body

    def visit_Constant(self, node):
        return ast.parse(f"np.{self.dtype.name}({node.value!r})", mode="eval").body


class LoopText:
    """The lines of a Loop. A row is passed over again for what needs, say, a sum of the pass before.

    arrays      {Variable: its array's name, one of the arguments a0, a1, ...}
    names       {Variable: the name of its number at hand}
    since       {name: the pass in which it is made, of an element; the pass from which it is there, of a row}
    lines       {(where, pass): lines}: at the "start", in a "row" before its passes, for an "element", for a "total"
    """

    def __init__(self, loop, arrays, elements, columns):
        self.loop, self.arrays, self.elements, self.columns = loop, arrays, elements, columns
        self.dtype = loop.dtype.name
        self.names, self.since, self.known, self.within = {}, {}, {}, set()
        self.lines, kinds = defaultdict(list), {}
        for call, place in loop.members:
            self.add(call, place.kind, place.operands)
            kinds[call.target] = place.kind
        self.n_passes = 1 + max(n for where, n in self.lines if where == "element")
        for x, like in loop.stores.items():
            self.store(x, like, kinds[x])

    def add(self, call, kind, operands):
        """The lines of a call."""
        function, target = call.function, call.target
        n = max(self.since.get(self.names.get(x[0]), 0) if isinstance(x, tuple) else 0 for x in operands)
        xs = [self.read(x, n) for x in operands]
        if getattr(function, "__name__", "") == "reduce":
            self.names[target] = self.reduced(function.__self__, xs[0], kind, n, target)
        elif function == "[]":
            row, i = self.row_of(xs[0]), xs[1]
            text = f"{row}[{i}] if 0 <= {i} < {row}.size else np.{self.dtype}(np.nan)"
            self.names[target] = self.named(text, "row", n + 1)
        elif function in (np.equal, np.ndarray.astype):
            text = f"({xs[0]} == {xs[1]})" if function is np.equal else f"np.{self.dtype}({xs[0]})"
            is_of_row = self.within.isdisjoint(xs)  # and is written anew where an element has need of it
            self.names[target] = text if is_of_row else self.named(text, kind, n)
            self.since[self.names[target]] = n
        else:
            op = function if isinstance(function, Operator) else OPERATORS[function]
            self.names[target] = self.named(self.elements.expression(op, xs, call.result.dtype), kind, n)

    def named(self, text, kind, n):
        """The name of a number that is made in the n-th pass, or before it for a row; the same for the same text."""
        if (text, kind, n) not in self.known:
            name = self.known[text, kind, n] = f"x{len(self.known)}"
            self.lines[kind, n].append(f"{name} = {text}")
            self.since[name] = n
            if kind == "element":
                self.within.add(name)
        return self.known[text, kind, n]

    def read(self, x, n):
        """An operand in the n-th pass: a number, or a name."""
        if not isinstance(x, tuple):
            return x
        variable, index = x
        if variable in self.names:
            name = self.names[variable]
            is_of_before = name in self.within and self.since[name] < n
            return self.named(f"{self.row_of(name)}[j]", "element", n) if is_of_before else name
        text = f"{self.arrays[variable]}{index}"
        if index in ("[i]", "[i, 0]") and self.loop.result.ndim == 2:
            return self.named(text, "row", 0)
        return self.named(text, "element", n) if index else text

    def row_of(self, name):
        """The name of an array that keeps an element's number for each in the row."""
        row = f"row_{name}"
        if row not in self.known:
            self.known[row] = row
            self.lines["start", 0].append(f"{row} = np.empty({self.columns}, np.{self.dtype})")
            self.lines["element", self.since[name]].append(f"{row}[j] = {name}")
        return row

    def reduced(self, ufunc, x, kind, n, target):
        """The name of what a reduction of x comes to."""
        if kind == "column":
            self.lines["start", 0].append(f"{self.arrays[target]}[:] = 0")
            self.lines["element", n].append(f"{self.arrays[target]}[j] += {x}")
            return ""
        if kind == "total":  # in float64: NumPy's sums of many numbers are more exact than one after the other
            name = f"total_{x}"
            self.lines["start", 0].append(f"{name} = 0.0")
            self.lines["element" if x in self.within else "row", n].append(f"{name} += {x}")
            return self.named(f"np.{self.dtype}({name})", kind, 0)
        if (ufunc, x) not in self.known:
            name = self.known[ufunc, x] = f"{ufunc.__name__}_{x}"
            self.lines["row", n].append(f"{name} = np.{self.dtype}({STARTS[ufunc]})")
            text = self.elements.expression(OPERATORS[ufunc], [name, x], self.loop.dtype)
            self.lines["element", n].append(f"{name} = {text}")
            self.since[name] = n + 1
        return self.known[ufunc, x]

    def store(self, x, like, kind):
        if kind == "element":
            index = "[i, j]" if like.ndim == 2 else "[i]"
            name = self.read((x, index), self.n_passes - 1)
            self.lines["element", self.n_passes - 1].append(f"{self.arrays[x]}{index} = {name}")
        elif kind == "row":
            index = "[i]" if like.ndim == 1 else "[i, 0]"
            self.lines["row", self.n_passes].append(f"{self.arrays[x]}{index} = {self.names[x]}")
        elif kind == "total":
            self.lines["total", 0].append(f"{self.arrays[x]}[()] = {self.names[x]}")


def loop_text(loop, places, elements, likes):
    """The text of a loop, and what it is called with: `places` are the names of arrays, of which some are one."""
    arguments = list(dict.fromkeys(places.values()))
    arrays = {x: f"a{arguments.index(name)}" for x, name in places.items()}
    shape = loop.result.shape
    whole = next((arrays[x] for x in places if likes[x].shape == shape), None)
    sizes = [f"{whole}.shape[{axis}]" if whole else str(n) for axis, n in enumerate(shape)]
    text = LoopText(loop, arrays, elements, sizes[-1])
    lines = [f"def loop({', '.join(f'a{k}' for k in range(len(arguments)))}):"]

    def put(depth, *where):
        lines.extend("    " * depth + line for line in text.lines[where])

    put(1, "start", 0)
    lines.append(f"    for i in range({sizes[0]}):")
    for n in range(text.n_passes):
        put(2, "row", n)
        if len(shape) == 2:
            lines.append(f"        for j in range({sizes[1]}):")
        put(1 + len(shape), "element", n)
    put(2, "row", text.n_passes)
    put(1, "total", 0)
    return "\n".join(lines) + "\n", arguments
