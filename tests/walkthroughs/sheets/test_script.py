"""run_walkthrough: what is written and printed, how it ends, and what it says of a walkthrough that is not listed."""

import pytest

from walkthroughs.catalogue import ENTRIES, SHEETS
from walkthroughs.sheets.script import parser_for, run_walkthrough


def build(report, options):
    report.reading("All is well.")
    report.file("notes.txt", "a note\n")
    report.file("deeper/written.txt", lambda path: path.parent.mkdir() or path.write_text("by a function\n"))


def run(arguments, build=build, name="question3"):
    parser = parser_for(name, "A walkthrough.")
    parser.add_argument("--short", dest="instead", action="store_const", const="short")
    return run_walkthrough(parser, build, arguments, "A title")


def test_a_report_is_written_with_its_files_and_printed(tmp_path, capsys):
    assert run(["--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert (tmp_path / "notes.txt").read_text() == "a note\n"
    assert (tmp_path / "deeper" / "written.txt").read_text() == "by a function\n"
    assert out.startswith("A title\nVU, Assignment 1: Question 3\n\n  All is well.\n\nWritten:\n") and not err
    assert all(str(tmp_path / name) in out for name in ("report.html", "notes.txt", "deeper/written.txt"))


def test_a_text_stands_in_for_the_reports_own(tmp_path, capsys):
    run(["--out", str(tmp_path)], lambda report, options: build(report, options) or "In other words.")
    assert capsys.readouterr().out.startswith("In other words.\n\nWritten:\n")


def test_instead_of_the_report_a_text_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = lambda report, options: build(report, options) or "{}"
    assert run(["--short"], said) == 0 and capsys.readouterr().out == "{}\n" and not list(tmp_path.iterdir())
    assert run(["--short", "--out", "folder"], said) == 0 and capsys.readouterr().out == "{}\n"
    assert (tmp_path / "folder" / "report.html").exists()
    assert run(["--quick"]) == 0 and (tmp_path / "runs" / "question3" / "report.html").exists()


def test_what_is_not_as_it_should_be_is_a_line_and_exit_status_1(tmp_path, capsys):
    def failing(report, options):
        build(report, options)
        report.fail("dW DISAGREES.")

    assert run(["--out", str(tmp_path)], failing) == 1
    assert capsys.readouterr().err == "dW DISAGREES.\n" and (tmp_path / "report.html").exists()


def test_a_walkthrough_that_is_not_listed_says_what_to_add(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        run(["--out", str(tmp_path / "new")], name="question8")
    line = capsys.readouterr().err
    assert stop.value.code == 2 and line.count("\n") == 1 and not (tmp_path / "new").exists()
    assert '"question8" is not in walkthroughs/catalogue.py yet: add an Entry("question8", ...) to ENTRIES' in line


def test_a_sheet_is_a_room():
    assert {entry.module.partition(".")[0] for entry in ENTRIES} == set(SHEETS)
    assert all(entry.sheet.key == key for key in SHEETS for entry in ENTRIES if entry.module.startswith(f"{key}."))
