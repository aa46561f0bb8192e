"""The notebooks run from end to end, say what they said when they were saved, and open with pictures."""

import re

import pytest

from models.question3 import SHEET, Question3
from scalar_engine import Value
from tensor_engine import Tensor
from tests import ROOT
from walkthroughs.stepper import step

NOTEBOOKS = sorted((ROOT / "walkthroughs").glob("*.ipynb"))


def words(cell):
    """What a cell has printed or given as text; what holds addresses in memory is left out."""
    found = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return [re.sub(r"0x[0-9a-f]+", "0x", text) for text in found]


def kinds(notebook):
    return {kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}


@pytest.mark.filterwarnings("ignore")  # of the kernel's libraries
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_says_what_it_said(path, needed):
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError:
        needed(False, "nbclient")
    saved, fresh = (nbformat.read(path, as_version=4) for _ in range(2))
    NotebookClient(fresh, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    for before, after in zip(saved.cells, fresh.cells):
        if before.cell_type == "code":
            advice = f"run it again: jupyter execute --inplace {path.name}"
            assert words(before) == words(after), advice
            assert [set(o.get("data", {})) for o in before.outputs] == [set(o.get("data", {})) for o in after.outputs]
    assert {"image/svg+xml", "image/png", "text/html"} <= kinds(saved)


def test_there_is_one():
    assert "question3.ipynb" in [path.name for path in NOTEBOOKS]


def test_a_stepper_shows_itself_in_a_frame_of_its_own():
    html = step(Question3(SHEET).l)._repr_html_()
    assert "<iframe srcdoc='" in html and html.count("'") % 2 == 0 and "sandbox='allow-scripts'" in html
    assert "<html" in html.partition("srcdoc='")[2].partition("'")[0]


def test_values_tensors_and_steppers_are_readable():
    assert repr(Value(2.0, "w")) == "Value(data=2.0, grad=None, label='w')"
    assert repr(Tensor([1.0, 2.0], "x")) == "Tensor([1., 2.], shape=(2,), dtype=float64, label='x')"
    assert repr(step(Question3(SHEET).l)) == "<Stepper: l, step by step, 85 steps>"
