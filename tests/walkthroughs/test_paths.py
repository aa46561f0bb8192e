"""The paths that people use, and what they are told where a folder of theirs has one of the project's names."""

import os
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

import walkthroughs
from tests import ROOT


def run(folder, *arguments):
    """Python in a folder, which comes first on its path, and the project after it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture(params=["models.py", "models/__init__.py"])
def with_models(request, tmp_path):
    """A folder with a module or a package `models` of its own."""
    (tmp_path / request.param).parent.mkdir(exist_ok=True)
    (tmp_path / request.param).write_text("print('theirs ran')\n")
    return tmp_path


@pytest.mark.parametrize("command", ["walkthroughs", "walkthroughs.question3", "walkthroughs.demo"])
def test_models_of_somebody_elses_are_named_in_one_line(command, with_models):
    found = run(with_models, "-m", command, "--help")
    assert found.returncode == 1 and found.stdout == "" and found.stderr.count("\n") == 1
    assert (
        f"Python finds {with_models / 'models'}" in found.stderr and "rename that, or work in a folder" in found.stderr
    )


def test_so_it_is_where_a_report_is_imported(with_models):
    found = run(with_models, "-c", "from walkthroughs.report import Report")
    assert "ImportError: walkthroughs needs this project's `models`" in found.stderr.splitlines()[-1]
    assert "theirs ran" not in found.stdout


def test_pictures_and_steps_need_no_models(with_models):
    program = "from walkthroughs.draw import draw; from walkthroughs.stepper import step; import models"
    found = run(with_models, "-c", program)
    assert found.returncode == 0 and found.stdout == "theirs ran\n" and found.stderr == ""


def test_a_folder_of_files_hides_nothing(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.npz").write_text("")
    assert run(tmp_path, "-m", "walkthroughs", "--help").returncode == 0


def test_the_thin_files_lead_where_they_say(tmp_path):
    names = {
        "draw": "draw, Drawing", "report": "Report, svg_of", "figures": "learning_curves", "markup": "mathml",
        "tables": "Table", "stepper": "step, Recording",
    }  # fmt: skip
    program = "\n".join(f"from walkthroughs.{module} import {objects}" for module, objects in names.items())
    found = run(tmp_path, "-W", "error", "-c", f"{program}\nprint(Table.__module__, draw.__module__)")
    assert found.stdout == "walkthroughs.reports.tables walkthroughs.drawing.picture\n" and not found.stderr


def test_nor_does_one_that_an_editable_install_comes_after(monkeypatch):
    """There the folder is found first, as a package without a file, and the project's own modules all the same."""
    monkeypatch.setattr(walkthroughs, "find_spec", lambda name: ModuleSpec(name, None, is_package=True))
    walkthroughs.require_models()
    monkeypatch.setattr(walkthroughs, "find_spec", lambda name: ModuleSpec(name, None, origin="/theirs/models.py"))
    with pytest.raises(ImportError, match="/theirs/models.py"):
        walkthroughs.require_models()
