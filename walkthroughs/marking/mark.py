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
from functools import cache, partial
from pathlib import Path

from models.command_line import Parser, positive
from models.keeping.files import held, write_whole
from models.sweep import sweep
from scalar_engine import check_steps
from walkthroughs.marking import feedback, tasks
from walkthroughs.marking.blanks import SHEETS, parts_of, without_marks
from walkthroughs.marking.exercises import EXERCISES, drawn
from walkthroughs.marking.isolated import Failed, Limits, run_isolated
from walkthroughs.marking.submissions import read_submission, submissions_in
from walkthroughs.reports.tables import inert

CREDIT = {"right": 1.0, "wrong": 0.0, "blank": 0.0}


def main(arguments=None):
    parser = Parser("walkthroughs mark", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of submissions, a file or a folder a student")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: FOLDER-marked")
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
                marked, credit=options.consistent, seconds=options.time_limit,
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


def marked(config, credit, seconds, memory):
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
        limits = Limits(seconds, memory)
        if submission.exercise in EXERCISES:
            if submission.seed is None:
                raise ValueError("a worksheet's script says its seed too: `# exercise: chain, seed: 7`")
            if submission.file.suffix in (".py", ".ipynb"):
                submission.answers = run_isolated(submission.file, {"kind": "answers"}, limits)["answers"]
            return result | marks_of_worksheet(submission, credit)
        if submission.exercise in SHEETS:
            return result | marks_of_code(submission, credit, limits)
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
    given = dict.fromkeys(exercise.asked)
    given |= {key: value for key, value in submission.answers.items() if key in exercise.asked}
    unread = {key: f"{str(given[key])[:40]!r} is no number" for key in given if not is_read(exercise, key, given[key])}
    check = check_steps(exercise.root, given | dict.fromkeys(unread))
    found = {mark.name: (mark.mark, mark.remark) for mark in check.marks}
    found |= {key: ("wrong", remark) for key, remark in unread.items()}
    rows = []
    for quantity, points in exercise.asked.items():
        mark, remark = found[quantity]
        rows.append([quantity, mark, points * (CREDIT | {"consistent": credit})[mark], points, remark])
    unknown = [key for key in submission.answers if key not in exercise.asked]
    said = str(check) + (f"\nNot asked for, and not marked: {', '.join(map(repr, unknown[:5]))}" if unknown else "")
    return {"marks": rows, "said": said}


def is_read(exercise, key, value):
    """Whether an answer is a number, however it is written, or a blank."""
    try:
        check_steps(exercise.root, {key: value})
    except (TypeError, ValueError):
        return False
    return True


def marks_of_code(submission, credit, limits):
    """A mark for each step that the solution's tests mark; what a student's test did not come to is blank."""
    tests = {part.name: part.text for part in parts_of(submission.exercise) if part.kind == "test"}
    found = run_isolated(submission.file, {"kind": "code", "tests": tests}, limits)
    rows, said = [], [found["error"]] if found["error"] else []
    for name, steps in steps_of(submission.exercise).items():
        test = found["tests"][name]
        given = {step: (mark, remark) for step, mark, remark in test["marks"]}
        for step in steps:
            mark, remark = given.get(step, ("blank", "not reached"))
            rows.append(
                [f"{name}: {step}", mark, (CREDIT | {"consistent": credit})[mark], 1, remark.partition("\n")[0]]
            )
        said.append(test["said"])
    return {"marks": rows, "said": "\n\n".join(said)}


@cache
def steps_of(exercise):
    """{class or function: the steps that its test marks}, as the solution has them."""
    solution, tests = {"__name__": "solution"}, {}
    for part in parts_of(exercise):
        if part.kind == "test":
            tests[part.name] = part.text
        elif part.kind != "prose":
            exec(without_marks(part.text), solution)
    found = tasks.code(solution, {"tests": tests})["tests"]
    return {name: [step for step, _, _ in test["marks"]] for name, test in found.items()}


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
