"""Question 3: the sheet's numbers, a second network without its symmetry, and the command line."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from models import question3
from models.by_hand import vu_lists
from models.question3 import SHEET, Case, Question3, agrees, random_case
from scalar_engine import gradcheck, operators
from tests import ROOT
from walkthroughs.sheets.vu.question3 import main

ASYMMETRIC = Case(
    x=[0.5, -2.0, 1.2],
    W=[[0.3, -1.1, 0.8, 0.2], [1.4, 0.6, -0.7, -0.9], [-0.2, 0.1, 0.4, 1.3]],
    b=[0.1, -0.3, 0.2, 0.7],
    V=[[0.9, -0.4, 0.3], [-1.2, 0.5, 0.8], [0.6, 1.1, -0.5], [-0.8, 0.2, 0.4]],
    c=[0.05, -0.15, 0.25],
    target=2,
)


def flat(rows):
    return [x for row in rows for x in (row if isinstance(row, list) else [row])]


def test_the_sheets_forward_pass():
    """k = 2, h = sigmoid(2) = 0.8808, o = -0.8808 twice, y = 1/2, l = log 2."""
    values = Question3(SHEET).values()
    assert values["k"] == [2, 2, 2]
    assert values["h"] == pytest.approx([0.8808] * 3, abs=5e-5)
    assert values["y"] == pytest.approx([0.5, 0.5])
    assert values["l"] == pytest.approx(0.6931, abs=5e-5)


def test_the_sheets_derivatives():
    gradients = Question3(SHEET).gradients()
    assert flat(gradients["W"]) == [0] * 6 and gradients["b"] == [0] * 3
    assert flat(gradients["V"]) == pytest.approx([-0.4404, 0.4404] * 3, abs=5e-5)
    assert gradients["c"] == pytest.approx([-0.5, 0.5])
    assert all(agrees(gradients[name], expected) for name, expected in question3.SHEET_GRADIENTS.items())
    assert "-0.0" not in re.findall(r"-?[\d.]+", str(gradients["W"]))


@pytest.mark.parametrize("case", [ASYMMETRIC, random_case(1), random_case(2)])
def test_without_symmetry_no_derivative_is_zero_and_all_agree_with_finite_differences(case):
    network = Question3(case)
    gradients = network.gradients()
    assert all(abs(g) > 1e-5 for name in gradients for g in flat(gradients[name]))
    assert gradcheck(network.l, tolerance=1e-9).ok


def test_the_hand_derived_gradients():
    """dl/do = y - onehot (Question 2), dl/dV_ij = h_i dl/do_j, dl/dk = V dl/do * h (1 - h), dl/dW_ij = x_i dl/dk_j."""
    case = ASYMMETRIC
    network = Question3(case)
    gradients, values = network.gradients(), network.values()
    h, y = values["h"], values["y"]
    do = [y[j] - (j == case.target) for j in range(3)]
    dk = [sum(case.V[i][j] * do[j] for j in range(3)) * h[i] * (1 - h[i]) for i in range(4)]
    assert gradients["c"] == pytest.approx(do, abs=1e-14)
    assert flat(gradients["V"]) == pytest.approx([h[i] * do[j] for i in range(4) for j in range(3)], abs=1e-14)
    assert gradients["b"] == pytest.approx(dk, abs=1e-14)
    assert flat(gradients["W"]) == pytest.approx([case.x[i] * dk[j] for i in range(3) for j in range(4)], abs=1e-14)


def test_nodes_are_named_as_on_the_sheet():
    network = Question3(SHEET)
    assert [node.name for node in (network.x[1], network.W[0][2], network.b[2])] == ["x2", "W13", "b3"]
    assert [node.name for node in (network.k[0], network.h[1], network.V[2][1])] == ["k1", "h2", "V32"]
    assert [node.name for node in (network.c[1], network.o[0], network.y[1], network.l)] == ["c2", "o1", "y2", "l"]


def test_json_has_everything_at_full_precision(capsys):
    assert main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {"values", "gradients", "sheet", "agrees"}
    assert found["gradients"] == Question3(SHEET).gradients()
    assert found["sheet"] == question3.SHEET_GRADIENTS and found["agrees"] is True


def test_the_text_shows_both_columns_the_ledger_and_where_it_wrote(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "new" / "folder")]) == 0
    text = capsys.readouterr().out
    assert re.search(r"dl/dV +-0\.4404 +0\.4404 +\| +-0\.4404 +0\.4404 +agree", text)
    assert "V11 * h1  -0.5 x 0.8808  = -0.4404" in text and "DISAGREE" not in text and "-0.0000" not in text
    written = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert {"question3.json", "question3.pdf", "question3.png", "question3.svg", "report.html", "stepper.html"} <= set(
        written
    )
    assert "exam" not in written
    assert all(str(tmp_path / "new" / "folder" / name) in text for name in written)


def test_a_random_case_is_an_exam_and_its_answer_key(tmp_path, capsys, plain):
    """The key has every derivative; the sheet to hand out has the weights and the task, but no answer and no seed."""
    assert main(["--random", "5", "--out", str(tmp_path)]) == 0
    case, gradients = random_case(5), Question3(random_case(5)).gradients()
    key, exam = (tmp_path / "report.html").read_text(), (tmp_path / "exam" / "report.html").read_text()
    answers = [f"{number:.6f}" for name in "WV" for row in gradients[name] for number in row]
    assert len(answers) == 12 and all(answer in key for answer in answers)
    assert not any(answer in exam for answer in answers) and "--random" not in exam
    weights = [f'<td class="number">{number:g}</td>' for name in "WV" for row in getattr(case, name) for number in row]
    assert all(weight in exam and weight in key for weight in weights)
    assert "The derivatives agree with finite differences" in key


def text_of(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.S).split())


def test_an_exam_has_room_and_points_and_tells_nothing_else(tmp_path, capsys, plain):
    main(["--random", "5", "--out", str(tmp_path)])
    exam = (tmp_path / "exam" / "report.html").read_text()
    text = text_of(exam)
    for words in ("Name", "Student number", "Points, of 10", "(3 points)", "(4 points)", "Working:"):
        assert words in text
    assert sum(map(int, re.findall(r"\((\d+) points\)", text))) == 10
    assert exam.count("Working:") == exam.count("\n" * 10) == 3  # a page's lines to write on
    assert not re.search("Seconds|Versions|numbers.json|[Ss]eed|CSV", text)
    assert "(3 points)" in (tmp_path / "report.html").read_text()
    main(["--out", str(tmp_path / "sheet")])
    assert "points)" not in (tmp_path / "sheet" / "report.html").read_text()


@pytest.mark.parametrize("arguments, target, y", [([], 0, 1), (["--target", "1"], 1, 2)])
def test_the_target_class_is_called_the_same_everywhere(arguments, target, y, tmp_path, capsys, plain):
    """Counted from 0, as the sheet's loaders do, with the y that it means; nowhere another word or number."""
    main([*arguments, "--out", str(tmp_path)])
    terminal, page = capsys.readouterr().out, (tmp_path / "report.html").read_text()
    assert f"target class {target}, counted from 0, so that l = -log y{y}\n" in terminal
    seed = next(seed for seed in range(9) if random_case(seed).target == target)
    main(["--random", str(seed), "--out", str(tmp_path / "of_seed")])
    key, exam = ((tmp_path / "of_seed" / path).read_text() for path in ("report.html", "exam/report.html"))
    for text in map(text_of, (page, key, exam)):
        assert f"target class {target}, counted from 0, so that" in text and "true class" not in text
        assert re.search(rf"so that l = &#x02212; log y {y} \.", re.sub(r"[\u2061\s]+", " ", text)), text[:900]
    notebook = (ROOT / "walkthroughs" / "question3.ipynb").read_text(encoding="utf-8")
    assert "target class 0, counted from 0" in notebook and "true class" not in notebook


def test_the_loops_run_alone_and_are_held_to_the_engine(tmp_path, monkeypatch, capsys, plain):
    assert main(["--out", str(tmp_path)]) == 0
    assert "The loops' derivatives agree with the engine's" in (tmp_path / "report.html").read_text().replace(
        "&#39;", "'"
    )
    command = [sys.executable, "-I", "-S", str(tmp_path / "by_hand.py")]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "derivatives wrt V, c:\n[[-0.4404, 0.4404], [-0.4404, 0.4404], [-0.4404, 0.4404]]\n[-0.5, 0.5]\n" in out
    source = (tmp_path / "by_hand.py").read_text()
    assert re.findall(r"^(?:from|import) .*", source, re.MULTILINE) == ["import math"]
    monkeypatch.setattr(vu_lists, "sigmoid", sigmoid)
    assert main(["--out", str(tmp_path)]) == 1
    assert "The loops' derivatives DO NOT agree with the engine's" in capsys.readouterr().err


def sigmoid(k):
    """A wrong one, to be seen."""
    return [0.9 for _ in k]


@pytest.mark.parametrize("what", ["sheet value", "weight"])
def test_exit_status_1_when_the_sheets_case_disagrees(what, monkeypatch, capsys):
    if what == "weight":
        monkeypatch.setattr(question3, "SHEET", replace(SHEET, V=[[1.01, 1.0], [-1.0, -1.0], [-1.0, -1.0]]))
    else:
        monkeypatch.setitem(question3.SHEET_GRADIENTS, "c", [-0.5, 0.5001])
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["agrees"] is False


def test_exit_status_1_when_finite_differences_disagree(monkeypatch, capsys):
    monkeypatch.setattr(operators.Sigmoid, "partials", (lambda out, x: out * (1 + out),))
    assert main(["--json", "--random", "1"]) == 1
    assert json.loads(capsys.readouterr().out)["finite_differences"]["agree"] is False


def test_other_inputs_targets_and_weights(tmp_path, capsys):
    assert main(["--json", "--target", "1", "--x", "0.5", "-2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["gradients"] == Question3(replace(SHEET, x=[0.5, -2.0], target=1)).gradients()
    assert found["sheet"] is None and found["agrees"] is None

    path = tmp_path / "weights.json"
    path.write_text(json.dumps(vars(ASYMMETRIC)))
    assert main(["--json", "--weights", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["gradients"] == Question3(ASYMMETRIC).gradients() and found["finite_differences"]["agree"]

    assert main(["--json", "--random", "7"]) == 0
    assert json.loads(capsys.readouterr().out)["gradients"] == Question3(random_case(7)).gradients()


@pytest.mark.parametrize("arguments, words", [
    (["--target", "2"], "target is 2, and must be a class from 0 to 1"),
    (["--x", "1", "2", "3"], "W must be a list of 3 rows: x has 3 values, b has 3, c has 2"),
    (["--x", "one"], "invalid float value: 'one'"),
    (["--x", "nan", "1"], "x has a number that is not finite: [nan, 1.0]"),
    (["--weights", 'FILE:{"target": true}'], "target is True, and must be a class"),
    (["--weights", 'FILE:{"V": [[355, -355], [0, 0], [0, 0]], "x": [100, 0]}'], "a derivative is not finite"),
    (["--weights", 'FILE:{"V": [[1000, -1000], [0, 0], [0, 0]]}'], "log(y2) does not exist at softmax/y2 = 0"),
    (["--weights", "FILE:[1]"], "expected an object with the keys x, W, b, V, c, target"),
    (["--weights", "FILE:{"], "FILE: Expecting property name"),
    (["--weights", "FILE:"], "FILE: Expecting value"),
    (["--weights", 'FILE:{"b": [1, 2]}'], "FILE: row 1 of W has 3 numbers, and must have 2"),
    (["--weights", 'FILE:{"c": [0, "0"]}'], "FILE: c must be a list of numbers, not [0, '0']"),
    (["--weights", 'FILE:{"V": 3}'], "FILE: V must be a list of 3 rows"),
    (["--weights", "/no/such/file"], "/no/such/file: [Errno 2] No such file"),
    (["--out", "FILE:"], "cannot write to FILE: File exists"),
    (["--weights", "x", "--random", "1"], "not allowed with argument"),
])  # fmt: skip
def test_a_bad_argument_or_file_is_one_clear_line_and_exit_2(arguments, words, tmp_path, capsys):
    path = tmp_path / "file.json"
    for i, argument in enumerate(arguments):
        if argument.startswith("FILE:"):
            path.write_text(argument[5:])
            arguments = [*arguments[:i], str(path), *arguments[i + 1 :]]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    line = capsys.readouterr().err
    assert stop.value.code == 2 and line.count("\n") == 1
    assert words.replace("FILE", str(path)) in line


def test_the_tour_and_the_help_run_as_modules_from_any_folder(tmp_path):
    def run(*arguments):
        return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=tmp_path)

    tour = run("walkthroughs.demo")
    assert tour.returncode == 0 and "The engine agrees with the sheet" in tour.stdout and tour.stderr == ""
    assert (tmp_path / "runs" / "question3" / "question3.svg").exists()
    usage = run("walkthroughs.question3", "--help")
    assert usage.returncode == 0 and "--weights FILE" in usage.stdout


def test_the_program_alone_reproduces_the_sheets_derivatives(capsys):
    assert main(["--program"]) == 0
    text = capsys.readouterr().out
    out = subprocess.run([sys.executable, "-I", "-S", "-c", text], capture_output=True, text=True, check=True).stdout
    expected = flat([question3.SHEET_GRADIENTS[name] for name in ("W", "b", "V", "c")])
    assert [float(line.split()[-1]) for line in out.splitlines()] == [0.6931, *flat(expected)]
    assert out.count("-0.0000") == 0 and "dl/dV12 = 0.4404" in out
