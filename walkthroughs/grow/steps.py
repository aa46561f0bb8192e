"""What there is to know of each step: its file, its parts, what is new in it, and its graph as the engine's."""

import ast
import textwrap
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from importlib import import_module
from pathlib import Path

from scalar_engine import Operator, Value, operators
from tensor_engine import Tensor
from tensor_engine.operators.array_operator import ArrayOperator
from walkthroughs.marking.blanks import BLANK, body_of

FOLDER, LAST = Path(__file__).parent, 10
EXAMPLE = 'if __name__ == "__main__":\n'

# The functions and methods that are a step's idea: what `--blank` takes out.
IDEAS = {
    1: ("__mul__", "backward"),
    2: ("topological_order", "backward"),
    3: ("apply_operator", "backward_pass"),
    4: ("forward_pass", "gradcheck"),
    5: ("linear", "softmax", "question3"),
    6: ("backward_pass", "derive"),
    7: ("source_of",),
    8: ("summed", "pull", "backward_pass"),
    9: ("pull", "log_softmax", "cross_entropy"),
    10: ("grad",),
}


@dataclass(frozen=True)
class Step:
    number: int

    @property
    def path(self):
        return FOLDER / f"step{self.number:02d}.py"

    @cached_property
    def source(self):
        return self.path.read_text(encoding="utf-8")

    @property
    def module(self):
        return import_module(f"walkthroughs.grow.step{self.number:02d}")

    @property
    def opening(self):
        return ast.get_docstring(ast.parse(self.source))

    @property
    def title(self):
        return self.opening.partition("\n")[0].rstrip(".")

    @property
    def example(self):
        """The worked example, as Python without indentation."""
        return textwrap.dedent(self.source.partition(EXAMPLE)[2])

    @cached_property
    def code(self):
        """The lines between the opening and the example, without imports."""
        body = self.source.partition(EXAMPLE)[0]
        tree, lines = ast.parse(body), body.split("\n")
        imports = [tree.body[0], *[x for x in tree.body if isinstance(x, (ast.Import, ast.ImportFrom))]]
        left_out = {line for x in imports for line in range(x.lineno, x.end_lineno + 1)}
        return "\n".join(line for i, line in enumerate(lines, 1) if i not in left_out).strip("\n").split("\n")

    @property
    def added(self):
        """How many lines of its code were not in the step before."""
        before = Counter(line.strip() for line in Step(self.number - 1).code) if self.number > 1 else Counter()
        return sum((Counter(line.strip() for line in self.code if line.strip()) - before).values())

    def difference(self):
        """[(mark, line)] of its code against that of the step before: "+" is new, " " was there; what was there and is
        far from anything new is one line "...". Lines that are gone were replaced, or are imported now."""
        before = Step(self.number - 1).code if self.number > 1 else []
        lines = []
        for kind, _, _, first, last in SequenceMatcher(None, before, self.code, autojunk=False).get_opcodes():
            new = self.code[first:last]
            if kind != "equal":
                lines += [("+" if line.strip() else " ", line) for line in new]
            elif len(new) <= 6:
                lines += [(" ", line) for line in new]
            else:
                lines += [
                    *[(" ", line) for line in new[:2]],
                    ("", f"... {len(new) - 4} lines as before"),
                    *[(" ", line) for line in new[-2:]],
                ]
        return lines

    def blanked(self):
        """Its file with the idea's lines taken out."""
        tree, lines = ast.parse(self.source), self.source.split("\n")
        found = [x for x in ast.walk(tree) if isinstance(x, ast.FunctionDef) and x.name in IDEAS[self.number]]
        for function in sorted(found, key=lambda x: -x.lineno):
            begin, end, indent = body_of(function)
            lines[begin - 1 : end] = [f"{indent}{line}" for line in BLANK]
        return "\n".join(lines)


def graph_of(names):
    """The engine's node like the graph that an example has made, for the stepper and `draw`; None if it has none.

    It is the last of f, y, l and slope that has inputs.
    """
    roots = [names[name] for name in ("f", "y", "l", "slope") if getattr(names.get(name), "inputs", ())]
    return adopted(roots[-1], names) if roots else None


def adopted(root, names):
    """A step's graph as the engine's."""
    from walkthroughs.grow.step02 import topological_order

    labels = {id(x): name for name, x in names.items() if hasattr(x, "inputs")}
    found: dict = {}
    for node in topological_order(root):
        kind = Value if isinstance(node.data, (int, float)) else Tensor
        label = getattr(node, "label", "") or labels.get(id(node), "")
        if node.inputs:
            found[node] = operator_like(node)(*[found[x] for x in node.inputs]).named(label)
        else:
            found[node] = kind(node.data, label, getattr(node, "requires_grad", True))
    return found[root]


ENGINES = {op.symbol: op for op in vars(operators).values() if isinstance(op, Operator)}


def operator_like(node):
    """The engine's operator for the one that made a step's node: its own of that symbol, or one with the same rules."""
    op = getattr(node, "op", None)
    if op is None:  # before step 3 a node knows its slopes only: those of a sum are 1
        return ENGINES["+" if set(node.slopes) == {1.0} else "*"]
    if hasattr(op, "pull"):
        body = {"symbol": op.symbol, "forward": lambda self, *xs: op.forward(*xs),
                "pull": lambda self, upstream, out, *xs, needs: op.pull(upstream, out, *xs)}  # fmt: skip
        return type(type(op).__name__, (ArrayOperator,), body)()
    body = {"symbol": op.symbol, "forward": op.forward, "partials": op.partials}
    return ENGINES.get(op.symbol) or type(type(op).__name__, (Operator,), body)()
