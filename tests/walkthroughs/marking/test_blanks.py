"""The sheets' code with blanks: made of the solutions, as scripts and notebooks, and as nbgrader takes them."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from walkthroughs.marking.blanks import SHEETS, as_notebook, as_script, blanked, parts_of

EACH = pytest.mark.parametrize("name", SHEETS)


def defined(source):
    """{name of a function, with its class: its body's text}"""
    found = {}
    for node in ast.parse(source).body:
        for inner in [node, *(node.body if isinstance(node, ast.ClassDef) else [])]:
            if isinstance(inner, ast.FunctionDef):
                own = inner.name if inner is node else f"{node.name}.{inner.name}"
                body = inner.body[1:] if ast.get_docstring(inner) else inner.body
                found[own] = "\n".join(map(ast.unparse, body))
    return found


@EACH
def test_the_blanks_are_blank_and_all_else_is_the_solution(name):
    solved, handed_out = (defined(as_script(parts_of(name), each)) for each in (True, False))
    code = SHEETS[name]
    expected = {f"{own}.{method}" for own, methods in code.blanks.items() for method in methods}
    expected |= {own for own, methods in code.blanks.items() if not methods}
    assert {own for own, body in handed_out.items() if body == "raise NotImplementedError()"} == expected
    assert {own for own in solved if solved[own] != handed_out[own]} == expected
    original = defined(Path(code.module.__file__).read_text(encoding="utf-8"))
    assert all(solved[own] == body for own, body in original.items())


@EACH
def test_a_notebook_has_each_blank_with_a_locked_test_beneath(name):
    book = json.loads(as_notebook(name, parts_of(name), solved=False))
    about = [cell["metadata"].get("nbgrader") for cell in book["cells"]]
    for i, each in enumerate(about):
        if each and each["solution"]:
            assert "NotImplementedError" in book["cells"][i]["source"]
            if book["cells"][i]["metadata"]["nbgrader"]["grade_id"].removeprefix("blank-") not in SHEETS[name].tests:
                continue
            test = about[i + 1]
            assert test["grade"] and test["locked"] and test["points"] >= 1 and not test["solution"]
    assert sum(bool(each and each["grade"]) for each in about) == len(SHEETS[name].tests) >= 1
    assert len({each["grade_id"] for each in about if each}) == len(SHEETS[name].blanks) + len(SHEETS[name].tests)
    assert not any("SOLUTION" in cell["source"] for cell in book["cells"])


def test_a_change_of_the_solution_is_a_change_of_the_exercise():
    """The text is the solution's own source: what is between the marks is what stands there."""
    for part in parts_of("augsburg"):
        if part.name == "del_sigmoid" and part.kind == "blank":
            assert "return h * (1 - h)" in part.text and "return h * (1 - h)" not in blanked(part.text)
            return
    pytest.fail("del_sigmoid is no blank")


def test_nbgrader_makes_the_very_same_release_and_grades_it(tmp_path, needed):
    """Its generate_assignment on our source gives our own notebook with blanks; its autograde gives the solution all
    points, and the blanks none."""
    try:
        from nbgrader.api import Gradebook
    except ImportError:
        needed(False, "nbgrader")
    parts = parts_of("augsburg")
    texts = {"ann": as_notebook("augsburg", parts, solved=True), "bo": as_notebook("augsburg", parts, solved=False)}
    for folder, text in [("source", texts["ann"]), *((f"submitted/{name}", text) for name, text in texts.items())]:
        (tmp_path / folder / "augsburg").mkdir(parents=True)
        (tmp_path / folder / "augsburg" / "augsburg.ipynb").write_text(text, encoding="utf-8")
    for step in ("generate_assignment", "autograde"):
        command = [sys.executable, "-m", "nbgrader", step, "augsburg", f"--course-dir={tmp_path}"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=blanks_environment())
        assert run.returncode == 0, run.stderr[-2000:]
    made = json.loads((tmp_path / "release" / "augsburg" / "augsburg.ipynb").read_text(encoding="utf-8"))
    text = [["".join(cell["source"]) for cell in book["cells"]] for book in (made, json.loads(texts["bo"]))]
    assert text[0] == text[1]
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
        marks = {each.student.id: (each.score, each.max_score) for each in book.assignment_submissions("augsburg")}
    assert marks["ann"][0] == marks["ann"][1] > 0 and marks["bo"][0] == 0


def blanks_environment():
    """nbgrader calls a program that is installed beside Python."""
    beside = str(Path(sys.executable).parent)
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
