"""Mark a folder of submissions: worksheets as JSON or CSV, code as Python files or notebooks, one a student.

    python -m walkthroughs mark FOLDER --out marked

OUT gets marks.csv, feedback/STUDENT.html with that student's work only, and class.html for the teacher. A student's
code runs in a process of its own, with limits and without network. A run that was stopped goes on where it was.

Exit status: 0, or 2 if an argument cannot be used; what is wrong with a submission is in its feedback.
"""

import csv
import hashlib
import io
import sys
from functools import partial
from pathlib import Path

from models.command_line import Parser, positive
from models.keeping.files import held, write_whole
from models.sweep import sweep
from scalar_engine import check_steps
from walkthroughs.marking import feedback
from walkthroughs.marking.blanks import SHEETS
from walkthroughs.marking.exercises import EXERCISES, drawn
from walkthroughs.marking.isolated import Failed, Limits, run_isolated
from walkthroughs.marking.submissions import read_submission, submissions_in
from walkthroughs.reports.tables import inert

CREDIT = {"right": 1.0, "wrong": 0.0, "blank": 0.0}


def main(arguments=None):
    parser = Parser("walkthroughs mark", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of submissions, a file or a folder a student")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: FOLDER-marked")
    parser.add_argument("--seed", type=int, default=0, help="of the data that code is tried on (default: 0)")
    parser.add_argument("--consistent", type=float, default=1.0, metavar="SHARE",
                        help="points for what follows rightly from an earlier mistake (default: 1, all)")  # fmt: skip
    parser.add_argument(
        "--time-limit", type=positive(float), default=20, metavar="SECONDS", help="for code (default: 20)"
    )
    parser.add_argument(
        "--memory-limit", type=positive(int), default=2048, metavar="MIB", help="for code (default: 2048)"
    )
    parser.add_argument("--workers", type=positive(int), help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    if not 0 <= options.consistent <= 1:
        parser.error(f"--consistent is a share from 0 to 1, not {options.consistent:g}")
    files = submissions_in(options.folder)
    if not files:
        parser.error(f"{options.folder} has no .json, .csv, .py or .ipynb")
    out = options.out or options.folder.with_name(f"{options.folder.name}-marked")
    with parser.errors_of(out):
        out.mkdir(parents=True, exist_ok=True)
        with held(out):
            run = partial(
                marked, seed=options.seed, credit=options.consistent, seconds=options.time_limit,
                memory=options.memory_limit,
            )  # fmt: skip
            configs = [{"student": s, "file": str(path), "sha256": digest(path)} for s, path in files]
            results = sweep(run, configs, out / "marks.jsonl", options.workers, title="marking")
            paths = [out / "marks.csv", out / "class.html", out / "feedback"]
            write_whole(paths[0], as_csv(results))
            feedback.write_all(results, out)
    print("Written:", *(f"  {path}" for path in paths), sep="\n")
    return 0


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def marked(config, seed, credit, seconds, memory):
    """The result of one submission, as plain data; whatever is wrong with it is in the result, and stops nobody.

    marks       [quantity, mark, points, of, remark] each
    said        what there is to say, in lines
    failed      why it could not be marked, or ""
    """
    result = {"student": config["student"], "file": Path(config["file"]).name, "exercise": "", "seed": None,
              "marks": [], "said": "", "failed": ""}  # fmt: skip
    try:
        submission = read_submission(config["student"], config["file"])
        result |= {"exercise": submission.exercise, "seed": submission.seed}
        if submission.exercise in EXERCISES:
            return result | marks_of_worksheet(submission, credit)
        if submission.exercise in SHEETS:
            return result | marks_of_code(submission, seed, credit, Limits(seconds, memory))
        known = ", ".join([*EXERCISES, *SHEETS])
        raise ValueError(f"there is no exercise {submission.exercise!r}; there are {known}")
    except (Failed, ValueError) as error:
        return result | {"failed": str(error)}
    except Exception as error:  # of ours, and even so nobody else's problem
        return result | {"failed": f"it could not be marked ({type(error).__name__}: {error}): tell your teacher"}


def marks_of_worksheet(submission, credit):
    try:
        exercise = drawn(submission.exercise, submission.seed, **submission.options)
    except (TypeError, ValueError, IndexError, KeyError):
        raise ValueError(
            "its head does not say a worksheet that was handed out: leave the first lines as they are"
        ) from None
    known = {key: value for key, value in submission.answers.items() if key in exercise.asked}
    check = check_steps(exercise.root, {**dict.fromkeys(exercise.asked), **known})
    found = {mark.name: mark for mark in check.marks}
    rows = []
    for quantity, points in exercise.asked.items():
        mark = found[quantity]
        rows.append([quantity, mark.mark, points * (CREDIT | {"consistent": credit})[mark.mark], points, mark.remark])
    unknown = [key for key in submission.answers if key not in exercise.asked]
    said = str(check) + (f"\nNot asked for, and not marked: {', '.join(map(repr, unknown[:5]))}" if unknown else "")
    return {"marks": rows, "said": said}


def marks_of_code(submission, seed, credit, limits):
    task = {"kind": "code", "exercise": submission.exercise, "seed": seed}
    found = run_isolated(submission.file, task, limits)
    rows = [
        [name, mark, points * (CREDIT | {"consistent": credit})[mark], points, remark]
        for name, mark, points, remark in found["marks"]
    ]
    return {"marks": rows, "said": found["said"]}


def as_csv(results):
    """A row a student and exercise: points, and each question's mark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "exercise", "seed", "points", "of", "marks", "remark"])
    for result in results:
        points, of = sum(row[2] for row in result["marks"]), sum(row[3] for row in result["marks"])
        marks = " ".join(f"{row[0]}:{row[1]}" for row in result["marks"])
        first = result["failed"] or result["said"].partition("\n")[0]
        writer.writerow(inert([result["student"], result["exercise"], result["seed"], points, of, marks, first]))
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main())
