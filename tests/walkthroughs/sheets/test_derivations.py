"""The derivations walkthrough: every formula against finite differences, the sheets' answers, text and LaTeX."""

import random
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from scalar_engine import Symbol, operators
from walkthroughs.markup import mathml
from walkthroughs.sheets.answer import TOLERANCE, error_of
from walkthroughs.sheets.answers import answers, assignment_answers
from walkthroughs.sheets.typesetting import displayed
from walkthroughs.sheets.vu.derivations import main

from ...latex import well_formed

ROWS = [row for answer in answers() for row in answer.rows]
OF_THE_ASSIGNMENT = [row for answer in assignment_answers() for row in answer.rows]
IDS = [f"{row.of}/{row.by}" if row.by else row.of for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_every_formula_at_random_points(row):
    """Definitions against the function's value, derivatives in all their forms against its finite differences."""
    assert error_of(row, random.Random(12345)) <= TOLERANCE


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_wrong_formula_is_noticed(row):
    rng = random.Random(1)
    assert error_of(replace(row, right=row.right + 1e-4), rng) > TOLERANCE
    if row.steps:
        assert error_of(replace(row, steps=(row.steps[0] * 1.001 + 1e-3, *row.steps[1:])), rng) > TOLERANCE
    if row.paths and len(row.paths) > 1:
        assert error_of(replace(row, paths=row.paths[1:]), rng) > TOLERANCE


def formulas(title, of, by):
    answer = next(answer for answer in answers() if title in answer.title)
    return [row.right for row in answer.rows if (row.of, row.by) == (of, by)]


def test_the_answers_that_the_sheets_expect():
    y_c, y_i, y_j, e_i, s, t_i, h, x_i, u_j = map(Symbol, ("y_c", "y_i", "y_j", "e_i", "s", "t_i", "h", "x_i", "u_j"))
    softmax, loss, jacobian = "through `e_i", "Question 2: the derivative", "Jacobian"
    assert formulas(softmax, "y_i", "")[0] == e_i / s
    assert formulas(softmax, "y_i", "e_i") == [1 / s] and formulas(softmax, "y_i", "s") == [-y_i / s]
    assert formulas(softmax, "y_i", "o_i")[0] == y_i * (1 - y_i)
    assert formulas(softmax, "y_i", "o_j")[0] == -y_i * y_j
    assert formulas("of the cross-entropy", "l", "y_c") == [-1 / y_c]
    assert formulas("as a sum", "l", "y_i") == [-t_i / y_i, -1 / y_i, Symbol("x") * 0]
    assert formulas(loss, "l", "o_c") == [y_c - 1]
    assert formulas(loss, "l", "o_i") == [y_i, y_i - t_i]
    y = [Symbol(f"y_{i}") for i in (1, 2, 3)]
    for i in range(3):
        row = [formulas(jacobian, f"y_{i + 1}", f"o_{j + 1}")[0] for j in range(3)]
        assert row == [y[i] * (1 - y[i]) if i == j else -y[i] * y[j] for j in range(3)]
    assert formulas("sigmoid", "h", "k") == [h * (1 - h), h * (1 - h), 1 - h**2]
    assert formulas("linear and a ReLU", "L", "w_ji") == [u_j * operators.step(Symbol("g_j")) * x_i]


def test_each_row_of_the_jacobian_sums_to_zero():
    """As the prose says: the y, which sum to 1, do not change when all o grow by the same number."""
    matrix = next(answer for answer in answers() if answer.matrix).matrix
    y = {Symbol("y_1"): 0.2, Symbol("y_2"): 0.5, Symbol("y_3"): 0.3}
    assert [sum(row.right.replace(y) for row in rows) for rows in matrix] == pytest.approx([0, 0, 0])


def test_text_and_file(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "new" / "folder")]) == 0
    text = capsys.readouterr().out
    for words in [
        "  dy_i/do_i = dy_i/de_i * de_i/do_i + dy_i/ds * ds/de_i * de_i/do_i\n"
        "            = (1 / s) * e_i + (-y_i / s) * 1 * e_i\n"
        "            = e_i * (1 - y_i) / s\n"
        "            = y_i * (1 - y_i)   (i = j)\n",
        "  dl/do_c = dl/dy_c * dy_c/do_c = (-1 / y_c) * (y_c * (1 - y_c)) = y_c - 1   (the target class)\n",
        "dl/dW11 = -0.165, by the chain rule",
        f"{len(OF_THE_ASSIGNMENT)} formulas, each at 5 random points: all agree with finite differences",
    ]:
        assert words in text
    assert "`" not in text and max(map(len, text.splitlines())) <= max(110, len(str(tmp_path)) + 50)
    source = (tmp_path / "new" / "folder" / "report.tex").read_text()
    assert str(tmp_path / "new" / "folder" / "report.tex") in text
    assert well_formed(source) and source.isascii() and "`" not in source
    for words in [
        r"\frac{\mathrm{d} l}{\mathrm{d} o_c} & = \frac{\partial l}{\partial y_c} \cdot \frac{\partial y_c}",
        r"= y_i \, (1 - y_i) \qquad \text{(}i = j\text{)}",
    ]:
        assert words in source


def test_the_page_sets_every_formula(tmp_path, capsys):
    main(["--out", str(tmp_path)])
    page = (tmp_path / "report.html").read_text()
    found = [latex for answer in assignment_answers() for latex in displayed(answer)]
    assert len(found) == 4 and all(mathml(latex, "block") in page for latex in found)
    text = re.sub(r"<style>.*?</style>|<[^>]*>", "", page, flags=re.S)
    assert not re.search(r"[$\\`]", text)


def test_no_sheet_has_the_answers_to_another(tmp_path, capsys):
    main(["--out", str(tmp_path)])
    source = (tmp_path / "report.tex").read_text()
    assert source.count("Question 1") and not any(sheet in source for sheet in ("Augsburg", "LMU", "Jacobian"))


def test_the_file_compiles(compiles, tmp_path):
    main(["--out", str(tmp_path), "--seed", "4"])
    assert compiles((tmp_path / "report.tex").read_text())
    assert "Overfull" not in (tmp_path / "document.log").read_text()


def test_same_seed_same_text(tmp_path, capsys, plain):
    texts = []
    for seed in ("1", "1", "2"):
        main(["--out", str(tmp_path), "--seed", seed])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_exit_status_1_where_a_rule_is_wrong(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(operators.Log, "partials", (lambda out, x: -1 / x,))
    assert main(["--out", str(tmp_path)]) == 1
    assert "these DISAGREE with finite differences: dl/dy_c = 1 / y_c, " in capsys.readouterr().out


def test_the_command_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(tmp_path / "file")])
    line = capsys.readouterr().err
    assert stop.value.code == 2 and line.count("\n") == 1 and "cannot write to" in line
    command = [sys.executable, "-m", "walkthroughs", "derivations", "--help"]
    usage = subprocess.run(command, capture_output=True, text=True)
    assert usage.returncode == 0 and "--seed" in usage.stdout and "--out DIR" in usage.stdout
