"""The README's Python runs from top to bottom, and gives the numbers that stand beside it."""

import ast
import re

import numpy as np
import pytest

from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
CLAIM = re.compile(rf"#\s*(\(?{NUMBER}(?:[,\s()\[\]]+{NUMBER})*)")
NOT_RUN = "forward(x):\n        ...", "step(recording)"  # a rule left out; a loop of the reader's own


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
    """Run a block statement by statement; returns how many claims were compared."""
    claims, compared = claims_in(block), 0
    for statement in ast.parse(block).body:
        source = ast.get_source_segment(block, statement)
        is_value = isinstance(statement, ast.Expr)
        try:
            result = eval(source, namespace) if is_value else exec(source, namespace)
        except Exception as error:  # the README says so in the next line, word by word
            assert f"# {type(error).__name__}: {error}" in block.splitlines()[statement.end_lineno]
            compared += 1
            continue
        said = claims.get(statement.lineno)
        if said and not source.startswith("print("):
            found = numbers_of(result)
            assert len(found) == len(said), f"{source} gives {found}, and the README says {said}"
            for number, text in zip(found, said):
                decimals = len(text.partition(".")[2])
                assert round(number, decimals) == pytest.approx(float(text)), f"{source} gives {found}, not {said}"
            compared += len(said)
    return compared


def test_the_blocks_run_and_their_numbers_are_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace, compared = {}, 0
    for block in BLOCKS:
        if not any(words in block for words in NOT_RUN):
            compared += run(block, namespace)
    printed = capsys.readouterr().out
    assert "dy/dw = 0.2983, the sum of local x upstream over" in printed and "likely slip" in printed
    assert compared >= 12 and len(BLOCKS) >= 7


def test_a_wrong_number_is_noticed():
    with pytest.raises(AssertionError, match="1 \\+ 1 gives"):
        run("1 + 1    # 3", {})


def test_every_path_in_the_reading_table_is_there():
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:scalar_engine|tensor_engine|models|walkthroughs|tests)/[\w./]*)`", text))
    missing = [path for path in paths if not (ROOT / path).exists() and "SHEET" not in path]
    assert len(paths) > 30 and not missing
