"""Every walkthrough runs with --quick, and writes a whole report; the list knows all of them."""

import json
import os
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from html import unescape
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.datasets.idx_files import VARIABLE, is_here
from tests import ROOT
from walkthroughs.__main__ import main as list_all
from walkthroughs.catalogue import BY_NAME, ENTRIES, Entry
from walkthroughs.markup import mathml
from walkthroughs.reports.document import joined
from walkthroughs.sheets.answers import jacobian_answer, linear_relu_answer, sigmoid_answer, two_layers_answer
from walkthroughs.sheets.typesetting import displayed

from ... import latex

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/null")
NAMES = [entry.name for entry in ENTRIES]


def main_of(name):
    return BY_NAME[name].main


def left_by(name, folder):
    """What a --quick run leaves, a warning or a progress bar in a pipe too."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        status = main_of(name)(["--quick", "--out", str(folder)])
    page = (folder / "report.html").read_text(encoding="utf-8")
    return SimpleNamespace(status=status, out=out.getvalue(), err=err.getvalue(), folder=folder, page=page)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """quick(name): what a --quick run leaves; each is run once, and those of a sheet lie in one folder.

    It runs in a process of its own, and the next one in another.
    """
    base, runs = tmp_path_factory.mktemp("quick"), {}
    pool = ProcessPoolExecutor(2, get_context("spawn"))

    def run(name):
        at = NAMES.index(name)
        for each in NAMES[at : at + 2]:
            if each not in runs:
                runs[each] = pool.submit(left_by, each, base / BY_NAME[each].sheet.key / each)
        return runs[name].result()

    yield run
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", NAMES)
def test_quick(name, quick):
    run = quick(name)
    assert run.status == 0 and run.err == ""  # neither a warning nor a progress bar in a pipe
    page, folder = run.page, run.folder
    assert BY_NAME[name].source in page and f"python -m walkthroughs {name} --quick" in page
    assert (
        'class="reading"' in page
        and "nan" not in re.sub(r"<svg.*?</svg>|<pre.*?</pre>|<td>nan.*?</td>", "", page, flags=re.S).split()
    )
    numbers = json.loads((folder / "numbers.json").read_text(), parse_constant=pytest.fail)
    for table in numbers["tables"]:
        assert (folder / f"{table}.tex").exists() and (folder / f"{table}.csv").exists()
    assert {p.stem for p in folder.glob("*.png")} == {p.stem for p in folder.glob("*.pdf")}
    assert page.count("<svg") == len(list(folder.glob("*.pdf")))
    assert all(str(folder / p.name) in run.out for p in folder.glob("*.p[nd][gf]"))


NOUNS = "batches classes digits epochs errors images instances iterations layers mistakes neurons numbers parameters " \
    "points runs seconds steps units values weights".replace(" ", "|")  # fmt: skip
WRONG = {
    "a plural of one": rf"(?<![\w.,-])1 ({NOUNS})\b",
    "two negated as one": r"\bboth are not\b",
    "a line that begins with a full stop": r"(?m)^\s*\.(?![.\d])",
}


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_said_as_people_say_them(name, quick):
    run = quick(name)
    page = re.sub(r"<svg.*?</svg>|<pre.*?</pre>|<style>.*?</style>|<math.*?</math>", "x", run.page, flags=re.S)
    readings = [
        re.sub(r"<[^>]*>", "", text).strip() for text in re.findall(r'<div class="reading">(.*?)</div>', page, re.S)
    ]
    assert all(readings) and not any("nan" in re.findall(r"\w+", text) for text in readings)
    for what, pattern in WRONG.items():
        found = re.search(pattern, f"{run.out}\n{unescape(re.sub('<[^>]*>', '', page))}")
        assert not found, f"{what}: {found}"


@pytest.mark.parametrize("text, what", [
    ("after 1 epochs", "a plural of one"), ("both are not within", "two negated as one"),
    ("a\n . So", "a line that begins with a full stop"),
])  # fmt: skip
def test_what_nobody_says_is_noticed(text, what):
    assert re.search(WRONG[what], text)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("derivations", "question3")])
def test_a_report_of_a_slice_says_so_at_its_top(name, quick):
    """On the page, in the terminal and in LaTeX, with how many of how many where there is more of the data."""
    run = quick(name)
    if not json.loads((run.folder / "numbers.json").read_text())["data"]:
        return  # nothing was left out
    source = (run.folder / "report.tex").read_text(encoding="utf-8")
    head = re.search(r'<p class="notice" role="note">(.*?)</p>', run.page, re.S)[1]
    assert head.startswith("A short run (<code>--quick</code>)") and run.page.index(head) < run.page.index("<main>")
    assert re.search(r"(?m)^A short run \(--quick\)", run.out) and r"\textbf{A short run (\texttt{--quick})" in source
    if re.search(r"<td>(mnist|fashion-mnist|digits)", run.page):
        assert re.search(r"Used were [\d,]+ of [\d,]+ training instances", head)


def test_every_report_compiles_and_fits_the_page(quick, needed):
    """All in one document, as a sheet's are; one alone, as it lies there, beside its figures."""
    needed(shutil.which("pdflatex"), "pdflatex")
    folders = [quick(name).folder for name in NAMES]
    base = folders[0].parents[1]
    sources = {folder: (folder / "report.tex").read_text(encoding="utf-8") for folder in folders}
    alone = quick("question3").folder
    for where, source in [
        (base, joined("All", {str(f.relative_to(base)): text for f, text in sources.items()})), (alone, sources[alone]),
    ]:  # fmt: skip
        assert latex.compiles(source, where), latex.errors(where)
        assert max(latex.overfull(where), default=0) < 3, f"{latex.overfull(where)} in {where}"


CUT = """() => [...document.body.querySelectorAll('*')].filter(element => {
    if (element.closest('svg') && element.tagName != 'svg') return false
    for (let outer = element; outer; outer = outer.parentElement)
        if (getComputedStyle(outer).overflowX != 'visible' && outer != document.body) return false
    return element.getBoundingClientRect().right > innerWidth + 1
}).map(element => element.tagName + ' ' + element.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_on_a_phone(theme, quick, chromium):
    page = chromium.new_page(viewport={"width": 360, "height": 640}, color_scheme=theme)
    for name in NAMES:
        page.goto((quick(name).folder / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360 and not page.evaluate(CUT), name
    page.close()


def test_a_sheet_is_one_document(quick, needed, capsys, tmp_path):
    """In the sheet's order, of what earlier calls with the same options have left, which is not run again."""
    folder = quick("question3").folder.parent
    names = [name for name in NAMES if BY_NAME[name].sheet.key == "vu"]
    for name in names:
        quick(name)
    stamps = [(folder / name / "numbers.json").stat().st_mtime_ns for name in names]
    assert list_all(["sheet", "vu", "--quick", "--out", str(folder)]) == 0
    assert capsys.readouterr().out.count("as it lies there") == len(names)
    assert stamps == [(folder / name / "numbers.json").stat().st_mtime_ns for name in names]
    source, page = (folder / "report.tex").read_text(encoding="utf-8"), (folder / "report.html").read_text()
    places = [source.index(rf"\graphicspath{{{{{name}/}}}}") for name in names]
    assert places == sorted(places) and all(f'href="{name}/report.html"' in page for name in names)
    needed(shutil.which("pdflatex"), "pdflatex")
    assert latex.compiles(source, folder) and max(latex.overfull(folder), default=0) < 3


def test_a_sheet_runs_what_is_not_there_and_keeps_question_3(tmp_path, capsys, monkeypatch):
    calls = []
    write = lambda arguments: (
        calls.append(arguments) or (Path(arguments[arguments.index("--out") + 1]) / "report.tex").write_text("")
    )
    monkeypatch.setattr(Entry, "main", property(lambda entry: lambda arguments: write(arguments) or 0))
    assert list_all(["sheet", "vu", "--seed", "3", "--out", str(tmp_path)]) == 0
    assert len(calls) == len([entry for entry in ENTRIES if entry.sheet.key == "vu"])
    assert [call[-2:] == ["--seed", "3"] for call in calls].count(False) == 1 and calls[1] == [
        "--out",
        str(tmp_path / "question3"),
    ]
    with pytest.raises(SystemExit) as stop:
        list_all(["sheet", "nosuch"])
    assert stop.value.code == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name, questions", [
    ("augsburg", [sigmoid_answer, jacobian_answer]), ("lmu_task1", [linear_relu_answer, two_layers_answer]),
])  # fmt: skip
def test_a_page_has_the_derivations_that_its_sheet_asks_for(name, questions, quick):
    page = quick(name).page
    assert all(mathml(latex, "block") in page for question in questions for latex in displayed(question()))


def test_without_mnist_a_quick_run_takes_the_digits(tmp_path, monkeypatch, capsys, plain):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert not is_here("mnist") and is_here("digits")
    assert main_of("lmu_task2")(["--quick", "--out", str(tmp_path / "out")]) == 0
    data = json.loads((tmp_path / "out" / "numbers.json").read_text())["data"]
    assert [entry["data"] for entry in data.values()] == ["digits"]


def test_the_same_seed_gives_the_same_numbers(tmp_path, capsys, plain):
    def tables(folder, seed):
        arguments = ["--quick", "--data", "digits", "--seed", seed, "--out", str(tmp_path / folder)]
        main_of("question7")(arguments)
        return json.loads((tmp_path / folder / "numbers.json").read_text())["tables"]

    assert tables("a", "1") == tables("b", "1") != tables("c", "2")


@pytest.mark.filterwarnings("default")  # of the cluster's own making
def test_a_walkthrough_runs_its_sweep_on_a_dask_cluster(scheduler, tmp_path, capsys, plain):
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
    """Every module of a sheet's room with a `main` is listed."""
    folder = ROOT / "walkthroughs" / "sheets"
    scripts = {
        ".".join(p.relative_to(folder).with_suffix("").parts)
        for p in folder.glob("*/*.py")
        if "\ndef main(" in p.read_text()
    }
    assert scripts == {entry.module for entry in ENTRIES}


@pytest.mark.parametrize("arguments, words", [
    (["question7", "--initialisations", "2"], "--initialisations 2: the sheet asks for at least 3"),
    (["question7", "--data", "nosuch"], "invalid choice: 'nosuch'"),
    (["question6", "--data", "mnist", "--data-dir", "/no/such/folder"], "/no/such/folder"),
    pytest.param(["lmu_task1", "--quick", "--out", "/dev/null/x"], "cannot write to /dev/null/x", marks=POSIX),
    (["tsm_exercise2", "--workers", "0"], "0 is not a number above 0"),
    (["tsm_exercise3", "--hidden", "0"], "0 is not a number above 0"),
])  # fmt: skip
def test_a_wrong_argument_is_one_clear_line_and_exit_2(arguments, words, capsys):
    name, *rest = arguments
    with pytest.raises(SystemExit) as stop:
        main_of(name)(rest)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and error.count("\n") == 1
