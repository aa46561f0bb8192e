"""The notebooks run from end to end, say what they said when they were saved, and open with pictures."""

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from matplotlib.image import imread

from models.history import Epoch, History
from models.question3 import SHEET, Question3
from scalar_engine import Value, check_steps, compile_graph, derive, explain, gradcheck, sigmoid, topological_order
from tensor_engine import Tensor
from tensor_engine.checking.layer_check import LayerCheck
from tests import ROOT
from walkthroughs.markup import mathml
from walkthroughs.reports.figures import new_figure
from walkthroughs.stepper import Recording, beside, step

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
    assert "<iframe srcdoc='" in html and html.count("'") % 2 == 0
    assert "sandbox='allow-scripts allow-downloads'" in html
    assert "<html" in html.partition("srcdoc='")[2].partition("'")[0]


def test_values_tensors_and_steppers_are_readable():
    assert repr(Value(2.0, "w")) == "Value(data=2.0, grad=None, label='w')"
    assert repr(Tensor([1.0, 2.0], "x")) == "Tensor([1., 2.], shape=(2,), dtype=float64, label='x')"
    assert repr(step(Question3(SHEET).l)) == "<Stepper: l, step by step, 85 steps>"


def test_a_picture_is_left_where_frames_are_taken_away():
    x = Value(2.0, "it's <b>")
    y = (x * x).named("y")
    recording = Recording([x], 0.1)
    with recording.step(y):
        x.data = 1.0
    for shown, pictures in [(step(x * x), 1), (beside(x * x, x**2), 2), (step(recording), 1)]:
        left = re.sub(r"<iframe srcdoc='[^']*'[^>]*></iframe>", "", shown._repr_html_())
        assert left.count("<img alt=") == pictures and "<b>" not in left and left.count("'") % 2 == 0
        assert all(b64decode(data).startswith(b"\x89PNG") for data in re.findall(r"base64,([^']+)", left))


def objects(label):
    """Objects with faces, of a graph with this label in it."""
    x, w = Value(2.0, "x"), Value(-1.0, label)
    y = sigmoid((w * x).named("k")).named("y")
    y.backward()
    check, W = check_steps(y, {"k": 7.0, label: -1.0}), Tensor([[1.0, -2.0]], label)
    return [y, w, w * x, explain(w, y), explain(x, w * x), gradcheck(y), check, W, LayerCheck(label, check.marks)]


def test_faces_show_text_as_text():
    faces = [thing._repr_html_() for thing in objects("w<img onerror=x>&")]
    assert not [face for face in faces if "<img onerror" in face]
    assert sum("w&lt;img onerror=x&gt;&amp;" in face for face in faces) >= 6
    value, _, unnamed, ledger, *_ = (thing._repr_html_() for thing in objects("w"))
    assert "<td>y</td><td>sigmoid(k)</td><td>0.1192</td><td>1</td>" in value
    assert "<td>w * x</td><td>-2</td><td>None</td>" in unnamed
    assert "<td>k = w * x</td><td>0.105 x 2</td><td>0.21</td>" in ledger and "dy/dw, their sum" in ledger


def test_formulas_are_shown_as_formulas_that_mathjax_knows():
    loss = Question3(SHEET).l
    weight = next(node for node in topological_order(loss) if node.requires_grad)
    shown = derive(loss, weight)._repr_markdown_()
    apart, inline = re.findall(r"\$\$(.+?)\$\$", shown, re.DOTALL), re.findall(r"(?<!\$)\$([^$\n]+)\$(?!\$)", shown)
    assert apart and inline and all(mathml(latex, "block") for latex in apart + inline)
    assert "\\paragraph" not in shown and "align*" not in shown and shown.count("**") % 2 == 0
    assert derive(loss, weight).formula._repr_latex_().startswith("$\\displaystyle ")
    assert compile_graph(loss)._repr_markdown_().startswith("```python\n")


def test_arrays_have_heat_maps_and_training_has_curves():
    [data] = re.findall(r"base64,([^\"]+)", Tensor([[-1.0, 0.0], [2.0, np.nan]], "W")._repr_html_())
    pixels = np.rint(imread(io.BytesIO(b64decode(data)))[..., :3] * 255).astype(int)
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()
    assert corners == [[140, 174, 209], [247, 247, 247], [178, 24, 43], [255, 0, 255]]
    large = Tensor(np.ones((784, 300)), "x", requires_grad=True)
    large.grad = large.data
    assert large._repr_html_().count("<img") == 2 and len(large._repr_html_()) < 20_000
    assert "<img" not in Tensor(2.0)._repr_html_() + Tensor(np.ones((0, 3)))._repr_html_()
    history = History([0.9, 0.5], [Epoch(1, 0.7, 0.8, 0.7, 0.8, 0.1, 1.0)])
    assert all(shown._repr_png_().startswith(b"\x89PNG") for shown in (history, new_figure()[0]))
