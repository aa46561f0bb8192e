"""Every walkthrough runs with --quick, and writes a whole report; the list knows all of them."""

import json
import re

import pytest

from models.datasets.idx_files import VARIABLE, is_here
from tests import ROOT
from walkthroughs.__main__ import main as list_all
from walkthroughs.catalogue import BY_NAME, ENTRIES
from walkthroughs.reports.markup import mathml
from walkthroughs.sheets.answers import jacobian_answer, linear_relu_answer, sigmoid_answer, two_layers_answer
from walkthroughs.sheets.typesetting import displayed

NAMES = [entry.name for entry in ENTRIES]


def main_of(name):
    return BY_NAME[name].main


@pytest.mark.parametrize("name", NAMES)
def test_quick(name, tmp_path, capsys):
    assert main_of(name)(["--quick", "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # neither a warning nor a progress bar in a pipe
    page = (tmp_path / "report.html").read_text()
    assert BY_NAME[name].source in page and f"python -m walkthroughs {name} --quick" in page
    assert (
        'class="reading"' in page
        and "nan" not in re.sub(r"<svg.*?</svg>|<pre>.*?</pre>|<td>nan.*?</td>", "", page, flags=re.S).split()
    )
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    for table in numbers["tables"]:
        assert (tmp_path / f"{table}.tex").exists() and (tmp_path / f"{table}.csv").exists()
    assert {p.stem for p in tmp_path.glob("*.png")} == {p.stem for p in tmp_path.glob("*.pdf")}
    assert page.count("<svg") == len(list(tmp_path.glob("*.pdf")))
    assert all(str(tmp_path / p.name) in out for p in tmp_path.glob("*.p[nd][gf]"))


@pytest.mark.parametrize("name, questions", [
    ("augsburg", [sigmoid_answer, jacobian_answer]), ("lmu_task1", [linear_relu_answer, two_layers_answer]),
])  # fmt: skip
def test_a_page_has_the_derivations_that_its_sheet_asks_for(name, questions, tmp_path, capsys):
    main_of(name)(["--quick", "--out", str(tmp_path)])
    page = (tmp_path / "report.html").read_text()
    assert all(mathml(latex, "block") in page for question in questions for latex in displayed(question()))


def test_without_mnist_a_quick_run_takes_the_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert not is_here("mnist") and is_here("digits")
    assert main_of("lmu_task2")(["--quick", "--out", str(tmp_path / "out")]) == 0
    data = json.loads((tmp_path / "out" / "numbers.json").read_text())["data"]
    assert [entry["data"] for entry in data.values()] == ["digits"]


def test_the_same_seed_gives_the_same_numbers(tmp_path, capsys):
    def tables(folder, seed):
        arguments = ["--quick", "--data", "digits", "--seed", seed, "--out", str(tmp_path / folder)]
        main_of("question7")(arguments)
        return json.loads((tmp_path / folder / "numbers.json").read_text())["tables"]

    assert tables("a", "1") == tables("b", "1") != tables("c", "2")


@pytest.mark.filterwarnings("default")  # of the cluster's own making
def test_a_walkthrough_runs_its_sweep_on_a_dask_cluster(scheduler, tmp_path, capsys):
    def tables(folder, *more):
        main_of("question7")(["--quick", "--data", "digits", "--out", str(tmp_path / folder), *more])
        return json.loads((tmp_path / folder / "numbers.json").read_text())["tables"]

    assert tables("cluster", "--dask", scheduler) == tables("here")


def test_a_list_of_all_with_sheet_question_and_time(capsys):
    assert list_all([]) == 0
    out = capsys.readouterr().out
    for entry in ENTRIES:
        assert re.search(rf"^  {entry.name} +\d+ (s|min)  {re.escape(entry.question)}: ", out, re.MULTILINE)
        assert entry.sheet.title in out


def test_the_catalogue_has_every_walkthrough():
    """Every module of sheets/ with a `main` is listed."""
    folder = ROOT / "walkthroughs" / "sheets"
    scripts = {
        ".".join(p.relative_to(folder).with_suffix("").parts)
        for p in folder.rglob("*.py")
        if "\ndef main(" in p.read_text()
    }
    assert scripts == {entry.module for entry in ENTRIES}


@pytest.mark.parametrize("arguments, words", [
    (["question7", "--initialisations", "2"], "--initialisations 2: the sheet asks for at least 3"),
    (["question7", "--data", "nosuch"], "invalid choice: 'nosuch'"),
    (["question6", "--data", "mnist", "--data-dir", "/no/such/folder"], "/no/such/folder"),
    (["lmu_task1", "--quick", "--out", "/dev/null/x"], "cannot write to /dev/null/x"),
    (["tsm_exercise2", "--workers", "0"], "0 is not a number above 0"),
    (["tsm_exercise3", "--hidden", "0"], "0 is not a number above 0"),
])  # fmt: skip
def test_a_wrong_argument_is_one_clear_line_and_exit_2(arguments, words, capsys):
    name, *rest = arguments
    with pytest.raises(SystemExit) as stop:
        main_of(name)(rest)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and error.count("\n") == 1
