"""What is done with the names that a student's code defines, inside the process that runs it."""

import contextlib
import io

import numpy as np

from tensor_engine import check_layer
from walkthroughs.grow import examples


def answers(names, task):
    """The dict `answers` of a script that answers a worksheet, as plain numbers."""
    found = names.get("answers")
    if not isinstance(found, dict):
        raise ValueError("it defines no dict `answers` of what the worksheet asks for")
    return {"answers": {str(key): plain(value) for key, value in found.items()}}


def plain(value):
    """A number, a text or nested lists of them, whatever array type they came in."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        return str(value)
    return array.tolist()


def grow(names, task):
    """Of a step of the engine grown: how many numbers of its example are right; [source, said, found] of the rest."""
    with contextlib.redirect_stdout(io.StringIO()):
        lines = examples.run(task["example"], names)
    wrong = [[line.source, ", ".join(line.said), ", ".join(map(str, line.found))] for line in lines if not line.right]
    return {"right": sum(len(line.said) for line in lines if line.right), "wrong": wrong}


def code(names, task):
    """Of a sheet's code: {class or function: {"marks": [name, mark, remark] each, "said": what its test says}}."""
    found: dict = {}
    for name, test in task["tests"].items():
        space = {**names, "check_layer": check_layer, "np": np}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(test, "test", "exec"), space)
        except AssertionError:  # what it found is told below
            pass
        except Exception as error:
            found[name] = {"marks": [], "said": " ".join(f"{type(error).__name__}: {error}".split())}
            continue
        check = space["found"]
        found[name] = {"marks": [[mark.name, mark.mark, mark.remark] for mark in check.marks], "said": str(check)}
    return {"tests": found}


TASKS = {"answers": answers, "code": code, "grow": grow}
