"""Runs a program in the playground: what it prints and shows, its graphs, and the line where it went wrong.

The page's worker calls it, in Pyodide; everything goes back as text that JSON can hold.
"""

import ast
import io
import json
import linecache
import py_compile
import re
import sys
import traceback
import zipfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from html import escape
from pathlib import Path

import scalar_engine
import walkthroughs.stepper
from scalar_engine import Node, topological_order
from scalar_engine.passes import follows, forward_pass
from walkthroughs.stepper import Recording, Stepper, step
from walkthroughs.stepper.pair import Pair

FILE = "program.py"
LARGEST = 1_500  # nodes: a larger graph is drawn if it is asked for
PRINTED = 200_000  # characters: what a program prints beyond them is not shown

# What is there without an import: the engine's names, but for those that mean something else already.
BUILT_IN = {"round", "sum", "step"}
PRELUDE = {name: getattr(scalar_engine, name) for name in scalar_engine.__all__ if name not in BUILT_IN}
PRELUDE |= {name: getattr(walkthroughs.stepper, name) for name in walkthroughs.stepper.__all__}


class Run:
    """A program, run.

    graphs      {what the program calls it: a node, a Recording, a Stepper or a Pair}, in the order of the text
    chosen      the name of the one to show first, or None
    error       {"line", "column", "message", "text"}, or None
    shown       the HTML of the last line's value, or ""
    """

    def __init__(self, source, put):
        self.graphs, self.chosen, self.error, self.shown = {}, None, None, ""
        Path(FILE).write_text(source, encoding="utf-8")  # inspect and linecache read a function's text there
        linecache.checkcache(FILE)
        printer = Printer(put)
        with redirect_stdout(printer), redirect_stderr(printer):
            try:
                tree = ast.parse(source, FILE)
                self.execute(tree)
            except SystemExit:
                pass
            except BaseException as error:
                self.error = described(error)

    def execute(self, tree):
        namespace = {"__name__": "__main__", **PRELUDE}
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        value = None
        try:
            exec(compile(tree, FILE, "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), FILE, "eval"), namespace)
                self.shown = "" if value is None or is_graph(value) else face(value)
        finally:  # what there is so far, whatever has gone wrong after it
            self.graphs = {name: namespace[name] for name in assigned(tree) if is_graph(namespace.get(name))}
            if last is not None and is_graph(value):
                name = getattr(value, "title", "") or ast.unparse(last.value)
                self.graphs.pop(name, None)
                self.graphs[name] = value
            self.chosen = next(reversed(self.graphs), None)

    def as_json(self):
        found = {"graphs": list(self.graphs), "chosen": self.chosen, "error": self.error, "shown": self.shown}
        return json.dumps(found)

    def page(self, name, however_large=True):
        """(HTML of the stepper of a graph, a note on it); no HTML where there is none, and the note says why."""
        what, note = self.graphs[name], ""
        try:
            if isinstance(what, Node):
                order = topological_order(what)
                if len(order) > LARGEST and not however_large:
                    return "", f"{name} has {len(order):,} nodes, which take a while to draw: choose it to see it."
                note = f"The leaves of {name} have changed since it was made: it is computed anew." * renewed(order)
            stepper = step(what, f"{name}, step by step") if isinstance(what, Node | Recording) else what
            return stepper.html, note
        except Exception as error:
            return "", f"{name} cannot be stepped through: {error}"


class Printer:
    """A file that hands on what is written, up to a limit."""

    encoding = "utf-8"

    def __init__(self, put):
        self.put = put
        self.room = PRINTED

    def write(self, text):
        if self.room > 0:
            self.put(text[: self.room])
            self.room -= len(text)
            if self.room <= 0:
                self.put("\n... (more than is shown here)\n")
        return len(text)

    def flush(self):
        pass


# ---- graphs


def is_graph(value):
    return (isinstance(value, Node) and bool(value.inputs)) or (
        isinstance(value, Recording | Stepper | Pair) and bool(getattr(value, "losses", True))
    )


def renewed(order):
    """Computes a graph again if its data has changed, as it has after a step of training; whether it had."""
    found = forward_pass(order)
    changed = [node for node in order if not follows(found[node], node.data)]
    for node in changed:
        node.data = found[node]
    return bool(changed)


NOT_HERE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def assigned(tree):
    """The names that a program assigns at its top level, each where it does so last, in the order of the text.

    The variable of a loop is none: it goes through what is there already.
    """
    places: dict[str, tuple[int, int]] = {}
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, NOT_HERE):
            continue
        if isinstance(node, ast.For | ast.comprehension):
            pending += [part for part in ast.iter_child_nodes(node) if part is not node.target]
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            place = node.lineno, node.col_offset
            places[node.id] = max(place, places.get(node.id, place))
        pending += ast.iter_child_nodes(node)
    return sorted(places, key=places.__getitem__)


# ---- what went wrong


def described(error):
    """An error as plain data: the line of the program that it comes from, and the lines of the traceback in it."""
    if isinstance(error, SyntaxError) and error.filename == FILE:
        text = "".join(traceback.format_exception_only(error))
        return {"line": error.lineno, "column": error.offset or 1, "message": error.msg, "text": text}
    told = traceback.TracebackException.from_exception(error, limit=200)
    line = None
    for each in chain_of(told):
        each.stack[:] = [frame for frame in each.stack if frame.filename == FILE]
    for each in chain_of(told):  # what the engine has caught itself says no line of the program
        each.__cause__ = each.__cause__ if each.__cause__ and each.__cause__.stack else None
        each.__suppress_context__ = not (each.__context__ and each.__context__.stack)
    if told.stack:
        line = told.stack[-1].lineno
    message = "".join(told.format_exception_only()).strip()
    return {"line": line, "column": 1, "message": message, "text": "".join(told.format())}


def chain_of(told):
    """A TracebackException, and those that led to it."""
    while told is not None:
        yield told
        told = told.__cause__ or told.__context__


# ---- what a notebook would show of the last line's value


def face(value):
    """HTML, in which text is text; LaTeX is typeset as MathML."""
    for name in ("_repr_html_", "_repr_markdown_", "_repr_latex_"):
        if hasattr(value, name) and (text := getattr(value, name)()):
            with suppress(ValueError):  # LaTeX that no browser can set
                return text if name == "_repr_html_" else markdown(text)
    return f"<pre>{escape(repr(value))}</pre>"


def markdown(text):
    """The Markdown that the engine writes: paragraphs, **headings**, formulas between dollars, and code."""
    from walkthroughs.markup import marked_up, mathml

    html = ""
    for part in re.split(r"\n\n+|(```.*?```)", text, flags=re.DOTALL):
        part = (part or "").strip()
        if part.startswith("```"):
            html += f"<pre>{escape(part.strip('`').partition(chr(10))[2])}</pre>"
        elif part.startswith("$$"):
            html += f"<div>{mathml(part.strip('$').strip(), 'block')}</div>"
        elif part:
            is_heading = re.fullmatch(r"\*\*(.*)\*\*", part, re.DOTALL)
            html += f"<h3>{marked_up(is_heading[1])}</h3>" if is_heading else f"<p>{marked_up(part)}</p>"
    return html


def needs_numpy(source):
    """Whether a program imports NumPy, or what is made with it."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in imported}
    return bool(roots & {"numpy", "tensor_engine"}) and "numpy" not in sys.modules


def bytecode(folder):
    """The modules below a folder that are loaded, compiled: a zip to be unpacked there before another start."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as package:
        for module in [*sys.modules.values()]:
            source = getattr(module, "__file__", None) or ""
            if source.startswith(folder) and source.endswith(".py"):
                # whether the source is newer is not asked: the zip goes by the digest of all sources
                made = str(py_compile.compile(source, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))
                package.write(made, Path(made).relative_to(folder))
    return found.getvalue()
