"""Worked examples: lines of Python with their numbers beside them, run and compared.

A line `y.data  # -4.0` says that the expression gives -4.0, to the decimals that are written; `# RecursionError` in the
line after a statement says that it raises that.
"""

import ast
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

NUMBER = r"(?:-?\d+(?:\.\d+)?(?:e-?\d+)?|True|False)"
CLAIM = re.compile(rf"#\s*([(\[]*{NUMBER}(?:[,\s()\[\]]+{NUMBER})*)")


@dataclass
class Line:
    """A statement of an example that has been run.

    source      its text
    said        the numbers that stand beside it, as texts, or the formula; [] if it claims nothing
    found       what it gave
    right       whether these are those
    result      what the expression is; None of other statements
    """

    source: str
    said: list[str]
    found: list[Any]
    right: bool = True
    result: Any = None


def claims_in(block):
    """{line: the numbers that its comment begins with}, as texts."""
    found = {}
    for number, line in enumerate(block.splitlines(), start=1):
        claim = CLAIM.search(line)
        if claim and line[: claim.start()].strip():
            found[number] = re.findall(NUMBER, claim[1])
    return found


def numbers_of(result):
    """The numbers in a result, in order."""
    if isinstance(result, (tuple, list)):
        return [number for part in result for number in numbers_of(part)]
    return [float(x) for x in np.ravel(getattr(result, "data", result))] if result is not None else []


def run(block, namespace):
    """The Lines of a block, run statement by statement in the namespace."""
    return list(lines(block, namespace))


def lines(block, namespace):
    """The same, each as soon as it has been run."""
    claims, after = claims_in(block), block.splitlines()
    for statement in ast.parse(block).body:
        source = ast.get_source_segment(block, statement) or ""
        try:
            is_value = isinstance(statement, ast.Expr)
            result: Any = None
            if is_value:
                result = eval(source, namespace)
            else:
                exec(source, namespace)
        except Exception as error:
            expected = after[statement.end_lineno].strip() if statement.end_lineno < len(after) else ""
            what = f"# {type(error).__name__}"
            if expected not in (what, f"{what}: {error}"):
                raise
            yield Line(source, [expected[2:]], [])
            continue
        if not is_value or result is None:
            yield Line(source, [], [])
        elif type(result).__name__ in ("Symbol", "str"):
            words = after[statement.end_lineno - 1].partition("  # ")[2].partition(";")[0].strip()
            yield Line(source, [words], [str(result)], not words or words == str(result), result)
        else:
            said = claims.get(statement.lineno, [])
            found = numbers_of(result) if said else []
            yield Line(source, said, found, agree(found, said), result)


def agree(found, said):
    """Whether numbers are those that are written, to the decimals in which they are."""
    if len(found) != len(said):
        return False
    return all(map(is_written, found, said))


def is_written(x, text):
    if text in ("True", "False"):
        return x == (text == "True")
    return abs(x - float(text)) <= 0.5000001 * 10.0 ** -len(text.partition(".")[2])
