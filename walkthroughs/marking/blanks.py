"""The sheets' code exercises: the solutions of models/by_hand with the bodies that a student is to write taken out.

Both the file with blanks and the solved one are made from the solution's own source, as Python and as a notebook with
nbgrader's marks and metadata.
"""

import ast
import inspect
import json
import textwrap
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from models.by_hand import augsburg, ftp, functions, lmu, tsm, vu, vu_lists

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BLANK = "# YOUR CODE HERE", "raise NotImplementedError()"


@dataclass(frozen=True)
class Code:
    """A sheet's code exercise.

    module      of models/by_hand, which has the solution
    blanks      {class or function: names of the methods whose bodies are to be written; () for a function's own}
    tests       {class or function: what `check_layer` is called with to test it, and what stands before it}
    """

    title: str
    module: ModuleType
    blanks: dict[str, tuple[str, ...]]
    tests: dict[str, str]


ONE_BY_ONE = """
class OneByOne(Network):
    def forward(self, x, y):
        self.batch = x, y
        return sum(Network.forward(self, *each) for each in zip(x, y))

    def backward(self):
        for each in zip(*self.batch):
            Network.forward(self, *each)
            Network.backward(self)


found = check_layer(OneByOne, "network")"""

LOSS_AND_ERROR_TERM = """
def loss_and_error_term(o, y):
    H = softmax(o, axis=1).T
    return -np.log(H[y, np.arange(len(y))]).mean(), error_term_last_layer(H, y).T


found = check_layer(loss_and_error_term, "softmax_cross_entropy")"""

OF_A_BATCH = """
def of_a_batch(x, y, W1, b1, W2, b2):
    W, b, V, c = (each.tolist() for each in (W1, b1, W2, b2))
    losses, gradients = [], []
    for instance, target in zip(x.tolist(), y):
        *_, h, _, p = forward(instance, W, b, V, c)
        losses.append(loss(p, target))
        gradients.append(backward(instance, target, V, h, p))
    names = ("dW1", "db1", "dW2", "db2")
    return np.mean(losses), {name: np.mean(each, axis=0) for name, each in zip(names, zip(*gradients))}


found = check_layer(of_a_batch, "network")"""

SHEETS = {
    "vu_lists": Code(
        "VU, Assignment 1, Questions 3 and 4, in plain Python",
        vu_lists,
        {"linear": (), "softmax": (), "forward": (), "backward": ()},
        {"backward": OF_A_BATCH},
    ),
    "vu": Code(
        "VU, Assignment 1, Questions 5 and 6",
        vu,
        {"Network": ("forward", "backward", "update"), "BatchedNetwork": ("forward", "backward")},
        {"Network": ONE_BY_ONE, "BatchedNetwork": 'BatchedNetwork, "network"'},
    ),
    "augsburg": Code(
        "Augsburg, Tutorial 04, Exercises 1 to 4",
        augsburg,
        {"error_term_last_layer": (), "del_sigmoid": (), "NeuralNetwork": ("forward", "backward", "update")},
        {
            "error_term_last_layer": LOSS_AND_ERROR_TERM,
            "del_sigmoid": '(sigmoid, lambda upstream, x: upstream * del_sigmoid(sigmoid(x))), "sigmoid"',
            "NeuralNetwork": 'NeuralNetwork, "network"',
        },
    ),
    "tsm": Code(
        "MSE TSM 2022, Practical Work 03, Exercise 3",
        tsm,
        {"MLP": ("forward", "cost", "backward", "update")},
        {"MLP": 'MLP, "network_relu"'},
    ),
    "ftp": Code(
        "MSE FTP 2025, Practical work 04, Exercise 1",
        ftp,
        {
            "DenseLayer": ("propagate", "backpropagate", "backpropagate_z", "update"),
            "SoftmaxLayer": ("backpropagate",),
            "MLP": ("propagate", "cost", "backpropagate"),
        },
        {
            "DenseLayer": 'DenseLayer, "linear_sigmoid"',
            "SoftmaxLayer": 'SoftmaxLayer, "linear_softmax"',
            "MLP": 'MLP, "network"',
        },
    ),
    "lmu": Code(
        "LMU 2024, Exercise Sheet 3, Task 1",
        lmu,
        {
            "Linear": ("forward", "backward", "update"),
            "ReLU": ("forward", "backward"),
            "Softmax": ("forward", "backward"),
            "CrossEntropy": ("forward", "backward"),
        },
        {
            "Linear": 'Linear, "linear"',
            "ReLU": 'ReLU, "relu"',
            "Softmax": 'Softmax, "softmax"',
            "CrossEntropy": 'CrossEntropy, "cross_entropy"',
        },
    ),
}


@dataclass(frozen=True)
class Part:
    """A piece of an exercise: prose, code that is given, code with blanks, or the test of a class or function.

    kind        "prose", "given", "blank" or "test"
    name        of the class or function that it is about
    """

    kind: str
    text: str
    name: str = ""


def parts_of(name: str) -> list[Part]:
    """The Parts of a sheet's exercise, the solutions between nbgrader's marks."""
    code = SHEETS[name]
    source = inspect.getsource(code.module)
    lines, tree = source.split("\n"), ast.parse(source)
    doc = ast.get_docstring(tree) or ""
    parts = [Part("prose", f"{code.title}\n\n{doc}"), Part("given", head(name, tree))]
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) or isinstance(getattr(node, "value", None), ast.Constant):
            continue
        first = min([node.lineno, *[x.lineno for x in getattr(node, "decorator_list", [])]])
        while lines[first - 2].startswith("#"):
            first -= 1
        own = getattr(node, "name", "")
        if own not in code.blanks:
            parts.append(Part("given", "\n".join(lines[first - 1 : node.end_lineno])))
            continue
        inner = [x for x in getattr(node, "body", []) if getattr(x, "name", "") in code.blanks[own]]
        text = list(lines)
        for function in reversed(inner or [node]):
            begin, end, indent = body_of(function)
            text[begin - 1 : end] = [f"{indent}{BEGIN}", *text[begin - 1 : end], f"{indent}{END}"]
        last = (node.end_lineno or 0) + len(text) - len(lines)
        parts.append(Part("blank", "\n".join(text[first - 1 : last]), own))
        if own in code.tests:
            parts.append(Part("test", test_of(name, own), own))
    return parts


def head(name, tree):
    """What stands before the exercise: which it is, and the imports, the sheets' shared functions written out."""
    imports = [ast.unparse(x) for x in tree.body if isinstance(x, ast.Import)]
    imports += [ast.unparse(x) for x in tree.body if isinstance(x, ast.ImportFrom) and not x.level]
    shared = [a.name for x in tree.body if isinstance(x, ast.ImportFrom) and x.level for a in x.names]
    sources = [inspect.getsource(getattr(functions, each)).rstrip() for each in shared]
    numpy = [] if "import numpy as np" in imports else ["import numpy as np"]
    top = "\n".join([f"# exercise: {name}", *imports, *numpy, "from tensor_engine import check_layer"])
    return "\n\n\n".join([top, *sources])


def test_of(sheet: str, name: str) -> str:
    """What tests a class or function: it leaves the `LayerCheck` found, prints it, and raises if something is wrong."""
    given = SHEETS[sheet].tests[name]
    check = given if "\n" in given else f"found = check_layer({given})"
    return f"{check}\nprint(found)\nassert found.ok".lstrip("\n")


def body_of(function: Any) -> tuple[int, int, str]:
    """First and last line of a function's body behind its docstring, and its indentation."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return body[0].lineno, body[-1].end_lineno, " " * body[0].col_offset


def blanked(text: str) -> str:
    """A text with each solution taken out, as nbgrader does it."""
    lines, inside = [], False
    for line in text.split("\n"):
        mark = line.strip()
        if mark == BEGIN:
            inside, indent = True, line[: len(line) - len(mark)]
            lines += [indent + each for each in BLANK]
        elif mark == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def without_marks(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def as_script(parts: list[Part], solved: bool) -> str:
    """The exercise as a Python file; its tests run when it is called, and not when it is imported."""
    texts = []
    for part in parts:
        text = without_marks(part.text) if solved else blanked(part.text)
        if part.kind == "prose":
            text = f'"""{text}\n"""'
        elif part.kind == "test":
            text = 'if __name__ == "__main__":\n' + textwrap.indent(text.rpartition("\n")[0], "    ")
        texts.append(text)
    return "\n\n\n".join(texts) + "\n"


def as_notebook(name: str, parts: list[Part], solved: bool, points: int = 1) -> str:
    """The exercise as a notebook, with nbgrader's metadata: tests are locked and graded, `points` a blank."""
    cells, count = [], SHEETS[name].blanks
    for number, part in enumerate(parts):
        text = part.text if solved else blanked(part.text)
        cell: dict[str, Any] = {"cell_type": "markdown", "id": f"{name}-{number}", "metadata": {}, "source": text}
        if part.kind != "prose":
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        if part.kind in ("blank", "test"):
            graded = part.kind == "test"
            about = {"grade": graded, "grade_id": f"{part.kind}-{part.name}", "locked": graded, "schema_version": 3,
                     "solution": not graded, "task": False}  # fmt: skip
            cell["metadata"] = {
                "nbgrader": about | ({"points": points * max(1, len(count[part.name]))} if graded else {})
            }
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"
