"""The forward rule of an operator as Python text that stands on its own: nothing but arguments, builtins and `math`."""

import ast
import builtins
import inspect
import math
import textwrap

MATH_FUNCTIONS = {getattr(math, name): name for name in dir(math) if callable(getattr(math, name))}


class Rule:
    """A forward rule in a program.

    name        what the program calls, if it is called
    body        if the rule is one expression, that expression, with "{0}", "{1}", ... for its arguments; or None
    definition  the text of a function to put before the program, or ""
    imports     what it takes from `math`
    """

    def __init__(self, name, body=None, definition="", imports=()):
        self.name = name
        self.body = body
        self.definition = definition
        self.imports = set(imports)


def rule_of(op, name):
    """The `Rule` of the operator `op`, called `name` if it is a function; None if it has no text that runs alone."""
    forward = op.forward
    if forward in MATH_FUNCTIONS:
        return Rule(MATH_FUNCTIONS[forward], imports=[MATH_FUNCTIONS[forward]])
    if getattr(builtins, getattr(forward, "__name__", ""), None) is forward:
        return Rule(forward.__name__)
    function = syntax_of(forward)
    if function is None:
        return None
    imports = freed_of_math(function, forward.__globals__)
    if imports is None:
        return None
    if isinstance(function, ast.Lambda):
        arguments = function.args
        if not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults):
            names = [argument.arg for argument in arguments.args]
            return Rule(name, with_holes(function.body, names), imports=imports)
        function = ast.parse(f"def f({ast.unparse(function.args)}): return {ast.unparse(function.body)}").body[0]
    function.name = name
    return Rule(name, definition=ast.unparse(function), imports=imports)


def with_holes(expression, names):
    """The text of an expression with "{0}" for the first of the names, and so on."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = f"argument_{names.index(node.id)}_"
    text = ast.unparse(expression).replace("{", "{{").replace("}", "}}")
    for i in range(len(names)):
        text = text.replace(f"argument_{i}_", f"{{{i}}}")
    return text


def syntax_of(forward):
    """The syntax tree of a function or a lambda that stands in an assignment; None if it has no such text."""
    try:
        (statement,) = ast.parse(textwrap.dedent(inspect.getsource(forward))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return None
    if isinstance(statement, ast.FunctionDef) and not forward.__closure__:
        statement.decorator_list, statement.returns = [], None
        return statement
    value = getattr(statement, "value", None)
    return value if isinstance(value, ast.Lambda) and not forward.__closure__ else None


def freed_of_math(function, known):
    """Turn `math.exp` into `exp` within a syntax tree, and return the names so taken from `math`.

    None if the function names anything else that is not its own or a builtin. `known` are its globals.
    """
    imports = set()

    class Freed(ast.NodeTransformer):
        def visit_Attribute(self, node):
            if isinstance(node.value, ast.Name) and known.get(node.value.id) is math:
                imports.add(node.attr)
                return ast.copy_location(ast.Name(node.attr, ast.Load()), node)
            return self.generic_visit(node)

    Freed().visit(function)
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {
        node.arg for node in ast.walk(function) if isinstance(node, ast.arg)
    }
    for node in names:
        is_builtin = hasattr(builtins, node.id) and node.id not in known
        if not (node.id in own or node.id in imports or is_builtin):
            return None
    return imports
