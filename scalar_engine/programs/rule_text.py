"""Forward rules of operators as text that runs alone: what a program imports and defines in order to call them."""

import ast
import builtins
import inspect
import math
import textwrap

from ..graph import Operator

MATH_FUNCTIONS = {getattr(math, name): name for name in dir(math) if callable(getattr(math, name))}
ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Name, ast.Constant, ast.expr_context)
CONDITIONAL = (ast.IfExp, ast.Compare, ast.BoolOp, ast.cmpop, ast.boolop, ast.Call)


class Rule:
    """A function in a program.

    name            what the program calls
    definition      the text that defines it; "" if Python or an imported module does
    body            if it is a plain expression, that expression, with "{0}", "{1}", ... for its arguments; or ""
    is_arithmetic   whether there is nothing in that but + - * / and **, which arrays take as they are
    given           the function itself, if it has no text that runs alone; or None
    """

    def __init__(self, name, definition="", body="", is_arithmetic=False, given=None):
        self.name = name
        self.definition = definition
        self.body = body
        self.is_arithmetic = is_arithmetic
        self.given = given


class NoText(Exception):
    """A function has no text, or names something that a program does not have."""


class Reader:
    """Reads the functions that one program calls.

    new_name    new_name(wanted) is a name that no other function has
    modules     {name: module} of what the program imports whole
    imports     the names that it takes from `math`
    helpers     {name: definition} of functions that other functions call
    """

    def __init__(self, new_name, modules):
        self.new_name = new_name
        self.modules = modules
        self.imports, self.helpers, self.rules = set(), {}, {}

    def rule(self, function, wanted):
        """The Rule of a function. If it has to be defined, it is called what is wanted, or nearly so.

        >>> Reader(str, {}).rule(relu.forward, "relu").body
        '0.0 if {0} <= 0 else {0}'
        """
        if function not in self.rules:
            self.rules[function] = self.read(function, wanted)
        return self.rules[function]

    def read(self, function, wanted):
        if function in MATH_FUNCTIONS:
            self.imports.add(MATH_FUNCTIONS[function])
            return Rule(MATH_FUNCTIONS[function])
        if getattr(builtins, getattr(function, "__name__", ""), None) is function:
            return Rule(function.__name__)
        name = self.new_name(wanted)
        self.rules[function] = Rule(name)  # should it call itself
        try:
            syntax = syntax_of(function)
            Alone(function, syntax, self).visit(syntax)
        except NoText:
            return Rule(name, f"# {name} is the forward rule of an operator, which has to be given.", given=function)
        if isinstance(syntax, ast.FunctionDef):
            syntax.name = name
            return Rule(name, ast.unparse(syntax))
        parameters, body = syntax.args, syntax.body
        definition = f"def {name}({ast.unparse(parameters)}):\n    return {ast.unparse(body)}"
        is_plain = all(isinstance(node, ARITHMETIC + CONDITIONAL) for node in ast.walk(body))
        if not is_plain or parameters.vararg or parameters.kwarg or parameters.kwonlyargs or parameters.defaults:
            return Rule(name, definition)
        is_arithmetic = all(isinstance(node, ARITHMETIC) for node in ast.walk(body))
        return Rule(name, definition, with_places(body, [x.arg for x in parameters.args]), is_arithmetic)

    def helper(self, function, wanted):
        """The name of a function that a function calls."""
        rule = self.rule(function, wanted)
        if rule.given:
            raise NoText
        if rule.definition:
            self.helpers[rule.name] = rule.definition
        return rule.name


def syntax_of(function):
    """The syntax tree of a function, or of a lambda that stands in an assignment."""
    try:
        (statement,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        raise NoText from None
    if isinstance(statement, ast.FunctionDef):
        statement.decorator_list, statement.returns = [], None
        return statement
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Lambda):
        raise NoText
    return value


class Alone(ast.NodeTransformer):
    """Frees a function of its module: `math.exp` becomes `exp`, the name of a number, that number."""

    def __init__(self, function, syntax, reader):
        if getattr(function, "__closure__", None):
            raise NoText
        self.known = function.__globals__
        self.reader = reader
        self.own = {node.arg for node in ast.walk(syntax) if isinstance(node, ast.arg)}
        self.own |= {node.name for node in ast.walk(syntax) if isinstance(node, ast.FunctionDef)} - {function.__name__}
        self.own |= {
            node.id for node in ast.walk(syntax) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    def visit_Attribute(self, node):
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self.own:
            return self.generic_visit(node)
        if root.id in self.reader.modules and self.value_of(root) is self.reader.modules[root.id]:
            return node
        owner = self.value_of(node.value)
        if owner is math:
            self.reader.imports.add(node.attr)
            return self.named(node.attr)
        name = owner.name if isinstance(owner, Operator) else node.attr
        return self.standing_for(self.value_of(node), name)

    def value_of(self, node):
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        return getattr(self.value_of(node.value), node.attr, None)

    def visit_Name(self, node):
        if node.id in self.own or node.id not in self.known and hasattr(builtins, node.id):
            return node
        return self.standing_for(self.value_of(node), node.id)

    def standing_for(self, value, name):
        """What a program has instead of a name for the value."""
        if isinstance(value, (int, float)) and math.isfinite(value):
            return ast.parse(f"({value!r})", mode="eval").body
        if not callable(value):
            raise NoText
        return self.named(self.reader.helper(value, name))

    def named(self, name):
        if name in self.own:
            raise NoText
        return ast.Name(name, ast.Load())


def with_places(expression, names):
    """The text of an expression with "{0}" for the first of the names, and so on."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = f"{{{names.index(node.id)}}}"
    return ast.unparse(expression)
