"""Functions of Python in JavaScript: what forward rules are made of, arithmetic and known functions; or why not.

What python.js (beside this file) defines, means there what it means in Python.
"""

import ast
import json
import re
from importlib import resources

RUNTIME = resources.files(__package__).joinpath("python.js").read_text(encoding="utf-8")
DEFINED = re.findall(r"^(?:const|function|class) (\w+)", RUNTIME, re.M)
DEFINED += [
    name for names in re.findall(r"^const [\[{](.*?)[\]}] =", RUNTIME, re.M) for name in re.findall(r"\w+", names)
]
KEYWORDS = (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof undefined var void while with yield"
)
RESERVED = {*DEFINED, *KEYWORDS.split(), "COMPENSATED", "g", "v", "values"}
INFIX = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
CALLED = {ast.Div: "divide", ast.Pow: "power", ast.Mod: "modulo", ast.FloorDiv: "floorDivide"}
COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="}
BOOLEAN = (ast.Compare, ast.BoolOp)
LISTS = (ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp)


class Untranslatable(Exception):
    """A function has something that is neither arithmetic nor a known function."""


def translated(definition, known=()):
    """The definition of a function, `def f(x): ...`, in JavaScript. `known` are functions beside python.js's own.

    >>> translated("def cube(x): return x * x * x")
    'const cube = (x) => { return ((x * x) * x); };'
    """
    (function,) = ast.parse(definition).body
    return f"const {function.name} = {Translator({*known, function.name}).function(function)};"


class Translator:
    """Translates one function: the methods are called as the nodes of Python's syntax are.

    known       functions that it may call
    own         {its own name: what it is called in JavaScript}
    lists       those of its names that hold lists, of which arithmetic is not that of JavaScript
    """

    def __init__(self, known):
        self.known = known
        self.own, self.lists = {}, set()

    def function(self, function):
        given = function.args
        if given.kwonlyargs or given.kwarg or given.posonlyargs:
            raise Untranslatable("takes arguments by name")
        names = [each.arg for each in given.args]
        stored = [x.id for x in ast.walk(function) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)]
        inner = {x.arg for x in ast.walk(function) if isinstance(x, ast.arg)}
        for name in {*inner, *stored}:
            self.own[name] = f"${name}" if name in RESERVED or name in self.known else name
        defaults = [None] * (len(names) - len(given.defaults)) + given.defaults
        parameters = [self.own[x] + (f" = {self.expression(d)}" if d else "") for x, d in zip(names, defaults)]
        if given.vararg:
            self.lists.add(given.vararg.arg)
            parameters.append(f"...{self.own[given.vararg.arg]}")
        local = [self.own[x] for x in dict.fromkeys(stored) if x not in inner]
        body = ([f"let {', '.join(local)};"] if local else []) + self.statements(function.body)
        return f"({', '.join(parameters)}) => {{ {' '.join(body)} }}"

    # ---- statements

    def statements(self, body):
        return [self.translate(statement) for statement in body]

    def translate(self, node):
        method = getattr(self, type(node).__name__, None)
        if method is None:
            raise Untranslatable(f"has `{ast.unparse(node).splitlines()[0]}`")
        return method(node)

    expression = translate

    def Return(self, node):
        return f"return {self.expression(node.value)};"

    def Expr(self, node):
        if not isinstance(node.value, ast.Constant):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        return ""  # a docstring

    def Assign(self, node):
        if len(node.targets) > 1 or not isinstance(node.targets[0], ast.Name):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        name = node.targets[0].id
        if self.is_list(node.value):
            self.lists.add(name)
        return f"{self.own[name]} = {self.expression(node.value)};"

    def AugAssign(self, node):
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return self.Assign(ast.Assign([node.target], value))

    def If(self, node):
        text = f"if ({self.condition(node.test)}) {{ {' '.join(self.statements(node.body))} }}"
        return f"{text} else {{ {' '.join(self.statements(node.orelse))} }}" if node.orelse else text

    def For(self, node):
        if node.orelse or not isinstance(node.target, ast.Name):
            raise Untranslatable("has a loop over more than one name")
        body = " ".join(self.statements(node.body))
        return f"for ({self.own[node.target.id]} of {self.expression(node.iter)}) {{ {body} }}"

    def Raise(self, node):
        words = [x.value for x in ast.walk(node) if isinstance(x, ast.Constant) and isinstance(x.value, str)]
        return f"fail({json.dumps(words[0] if words else 'it raises')});".replace("<", "\\u003c")

    # ---- expressions

    def Constant(self, node):
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise Untranslatable(f"has {node.value!r}")
        return number(node.value)

    def Name(self, node):
        if node.id in self.own:
            return self.own[node.id]
        if node.id not in self.known and node.id not in DEFINED:
            raise Untranslatable(f"has {node.id}, which the page does not know")
        return node.id

    def UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            return f"(!{self.condition(node.operand)})"
        self.require_numbers(node.operand)
        return f"({'-' if isinstance(node.op, ast.USub) else '+'} {self.expression(node.operand)})"

    def BinOp(self, node):
        self.require_numbers(node.left, node.right)
        a, b = self.expression(node.left), self.expression(node.right)
        if type(node.op) in CALLED:
            return f"{CALLED[type(node.op)]}({a}, {b})"
        if type(node.op) not in INFIX:
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        return f"({a} {INFIX[type(node.op)]} {b})"

    def Compare(self, node):
        operands = [node.left, *node.comparators]
        self.require_numbers(*operands)
        if not all(type(op) in COMPARED for op in node.ops):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        texts = [self.expression(x) for x in operands]
        pairs = [f"({a} {COMPARED[type(op)]} {b})" for a, op, b in zip(texts, node.ops, texts[1:])]
        return pairs[0] if len(pairs) == 1 else f"({' && '.join(pairs)})"

    def BoolOp(self, node):
        if not all(self.is_boolean(x) for x in node.values):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        return f"({(' && ' if isinstance(node.op, ast.And) else ' || ').join(map(self.expression, node.values))})"

    def IfExp(self, node):
        test, yes, no = self.condition(node.test), self.expression(node.body), self.expression(node.orelse)
        return f"({test} ? {yes} : {no})"

    def Call(self, node):
        if not isinstance(node.func, ast.Name):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        arguments = [self.expression(x) for x in node.args]
        if node.func.id in ("max", "min") and node.func.id not in self.own:
            return self.best(node, arguments)
        if node.keywords:
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        return f"{self.expression(node.func)}({', '.join(arguments)})"

    def best(self, node, arguments):
        """max and min, of several numbers or of a list."""
        otherwise = [self.expression(x.value) for x in node.keywords if x.arg == "default"]
        if len(node.keywords) > len(otherwise):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        is_list = len(node.args) == 1 and not isinstance(node.args[0], ast.Starred)
        of = arguments[0] if is_list else f"[{', '.join(arguments)}]"
        return f"{'largest' if node.func.id == 'max' else 'least'}({', '.join([of, *otherwise])})"

    def Starred(self, node):
        return f"...{self.expression(node.value)}"

    def Subscript(self, node):
        if not isinstance(node.slice, ast.Slice):
            return f"item({self.expression(node.value)}, {self.expression(node.slice)})"
        if node.slice.step:
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        ends = [self.expression(x) if x else "undefined" for x in (node.slice.lower, node.slice.upper)]
        return f"{self.expression(node.value)}.slice({', '.join(ends)})"

    def List(self, node):
        return f"[{', '.join(map(self.expression, node.elts))}]"

    Tuple = List

    def ListComp(self, node):
        (part,) = node.generators if len(node.generators) == 1 else (None,)
        if part is None or not isinstance(part.target, ast.Name):
            raise Untranslatable(f"has `{ast.unparse(node)}`")
        name, text = self.own[part.target.id], self.expression(part.iter)
        for test in part.ifs:
            text = f"{text}.filter(({name}) => {self.condition(test)})"
        return f"{text}.map(({name}) => {self.expression(node.elt)})"

    GeneratorExp = ListComp

    # ---- what an expression is

    def condition(self, node):
        text = self.expression(node)
        return text if self.is_boolean(node) else f"truth({text})"

    def is_boolean(self, node):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        return (
            isinstance(node, BOOLEAN)
            or is_not
            or called
            and node.func.id in ("any", "all", "isnan", "isinf", "isfinite")
        )

    def is_list(self, node):
        if isinstance(node, ast.Name):
            return node.id in self.lists
        if isinstance(node, ast.Subscript):
            return isinstance(node.slice, ast.Slice)
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return isinstance(node, LISTS) or called and node.func.id in ("map", "zip", "range", "list")

    def require_numbers(self, *nodes):
        for node in nodes:
            if self.is_list(node):
                raise Untranslatable(f"reckons with the list `{ast.unparse(node)}`")


def number(x):
    """A number as JavaScript writes it."""
    text = repr(float(x))
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(text) or text.removesuffix(".0")
