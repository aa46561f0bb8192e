"""All walkthroughs of a sheet, in its order, in one folder to hand in: a page that leads to theirs, and report.tex.

python -m walkthroughs sheet vu             on the whole data; writes runs/vu/report.tex and a folder a walkthrough
python -m walkthroughs sheet vu --quick     on slices, in seconds

What an earlier call with the same options has finished is taken as it lies there; remove its folder to run it anew.
"""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

from models.command_line import Parser
from models.keeping.files import write_whole
from walkthroughs.catalogue import ENTRIES, SHEETS, about
from walkthroughs.reports.document import joined
from walkthroughs.reports.report import Report, command_line


def main(arguments=None):
    """The whole of `python -m walkthroughs sheet KEY`; returns the exit status, 1 if a walkthrough's is."""
    parser = Parser("walkthroughs sheet", __doc__)
    parser.add_argument("sheet", choices=list(SHEETS), metavar="SHEET", help=", ".join(SHEETS))
    parser.add_argument("--quick", action="store_true", help="a small part of the data, in seconds")
    parser.add_argument("--seed", type=int, help="for all but the given network of Question 3 (default: 0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/SHEET")
    options = parser.parse_args(arguments)
    sheet, out = SHEETS[options.sheet], options.out or Path("runs", options.sheet)
    entries = [entry for entry in ENTRIES if entry.sheet is sheet]
    with parser.errors_of(out):
        for entry in entries:
            (out / entry.name).mkdir(parents=True, exist_ok=True)  # each page links to the ones beside it
        statuses = [made(entry, options, out / entry.name) for entry in entries]
        print(write(sheet, entries, command_line("sheet", arguments), out))
    return max(statuses)


def made(entry, options, folder):
    """Run a walkthrough, if its folder does not have what this very call leaves there; returns the exit status."""
    arguments = [*(["--quick"] if options.quick else []), "--out", str(folder)]
    if options.seed is not None and entry.is_seeded:
        arguments += ["--seed", str(options.seed)]
    if is_there(folder, command_line(entry.name, arguments)):
        print(f"{entry.name}: {folder}, as it lies there")
        return 0
    print(f"{entry.name}: {entry.question}, {'some seconds' if options.quick else about(entry.seconds)}", flush=True)
    with redirect_stdout(io.StringIO()):
        return entry.main(arguments)


def is_there(folder, command):
    """Whether a folder has a whole report that this command has left, and nothing to complain of."""
    try:
        numbers = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
        return (
            numbers["provenance"]["Command"] == command and not numbers["failures"] and (folder / "report.tex").exists()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(sheet, entries, command, out):
    """Write the sheet's page and its document; returns the paths, in words."""
    report = Report(sheet.title, "All questions, in the sheet's order", command)
    report.links = {entry.name: f"{entry.name}/report.html" for entry in entries}
    for entry in entries:
        report.prose(f"[{entry.question}]({entry.name}): {entry.line}")
    page, source, *_ = report.write(out)
    documents = {entry.name: (out / entry.name / "report.tex").read_text(encoding="utf-8") for entry in entries}
    write_whole(source, joined(sheet.title, documents))
    return f"\nWritten:\n  {page}\n  {source}, for pdflatex, twice for its table of contents"
