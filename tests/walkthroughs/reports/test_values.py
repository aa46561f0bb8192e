"""table(root): the named nodes with the engine's values and gradients, in text, HTML and LaTeX."""

import numpy as np
import pytest

from models.question3 import SHEET, Question3
from scalar_engine import Value
from tensor_engine import Tensor
from walkthroughs.tables import table


def test_a_table_has_every_named_node():
    network = Question3(SHEET)
    rows = {row["name"]: row for row in table(network.l).records()}
    gradients = network.gradients()
    assert rows["V11"] == {"name": "V11", "value": 1.0, "gradient": pytest.approx(gradients["V"][0][0])}
    assert rows["x1"]["gradient"] is None and rows["l"]["gradient"] == 1.0 and len(rows) == 32


def test_it_is_written_in_html_and_latex(compiles):
    found = table((Value(2.0, "<b>") * Value(3.0, "a_1")).named("out"))
    assert "&lt;b&gt;" in found.html() and "<b>" not in found.html() and found._repr_html_() == found.html()
    assert compiles(found.latex())


def test_an_array_is_told_by_its_shape():
    W = Tensor(np.ones((3, 2)), "W", requires_grad=True)
    assert table((np.ones((4, 3)) @ W).mean().named("L")).records() == [
        {"name": "W", "value": "(3, 2)", "gradient": "(3, 2)"}, {"name": "L", "value": 3.0, "gradient": 1.0},
    ]  # fmt: skip


def test_what_is_no_node_is_refused():
    with pytest.raises(TypeError, match="table: takes a Value or a Tensor, not list"):
        table([Value(2.0, "x")])
