"""What students hand in: the answers to a worksheet as JSON or CSV, code as a Python file or a notebook.

A submission says which exercise it is of: a worksheet's file by its first entries, code by a comment
`# exercise: lmu` near its top. A script may also compute a worksheet's answers: it says `# exercise: chain, seed: 7`,
with the options that the worksheet was drawn with behind that, and leaves a dict `answers`. Whose it is, the file's
name says.
"""

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from walkthroughs.marking.within import cells

SUFFIXES = ".json", ".csv", ".py", ".ipynb"
LARGEST = 4 << 20  # bytes of a submission
HEAD = "exercise", "seed", "options", "name"  # what stands before the answers
EXERCISE = re.compile(r"#\s*exercise:\s*(\w+)(?:,\s*seed:\s*(\d+))?(?:,\s*options:\s*(\{.*\}))?")


@dataclass
class Submission:
    """One student's work on one exercise.

    student     the file's name without its suffix; in a folder for each student, that folder's name
    exercise    a name of EXERCISES or of SHEETS
    seed        of a worksheet; None for code
    options     what the worksheet was drawn with
    answers     {quantity: what was written there} of a worksheet; empty for code, which is still to be run
    """

    file: Path
    student: str
    exercise: str
    seed: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)


def submissions_in(folder):
    """The files in a folder that can be submissions, (student, path) in the order of names.

    A student has a file in the folder, or a folder in it; below that, nbgrader's folders of assignments too.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = []
    for path in files:
        parts = path.relative_to(folder).parts
        if not any(part.startswith((".", "__")) for part in parts):
            found.append((path.stem if len(parts) == 1 else parts[0], path))
    return found


def read_submission(student, path):
    """The Submission in a file. Raises ValueError, with one line for the student, if it is none."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"the file has more than {LARGEST >> 20} MiB")
        if path.suffix in (".py", ".ipynb"):
            return of_code(student, path)
        text = path.read_text(encoding="utf-8-sig")
        head, answers = of_json(text) if path.suffix == ".json" else of_csv(text)
    except (OSError, RecursionError, UnicodeDecodeError, csv.Error, KeyError, TypeError) as error:
        raise ValueError(f"the file cannot be read: {type(error).__name__}: {error}") from None
    exercise, seed = str(head.get("exercise", "")), head.get("seed")
    try:
        seed = int(seed)
        options = head.get("options") or {}
        options = json.loads(options) if isinstance(options, str) else options
    except (TypeError, ValueError):
        raise ValueError(f"the worksheet's seed must be a whole number, as it was handed out, not {seed!r}") from None
    return Submission(path, student, exercise, seed, options, answers)


def of_json(text):
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("answers"), dict):
        raise ValueError('the file must hold {"exercise": ..., "seed": ..., "answers": {...}}, as it was handed out')
    return found, found["answers"]


def of_csv(text):
    """Two columns, with a comma between them or, as spreadsheets of other countries save it, a semicolon or a tab."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    head, answers = {}, {}
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        name, value = [*(cell.strip() for cell in row), "", ""][:2]
        if name in HEAD and name not in head:
            head[name] = value.replace("'", '"') if name == "options" else value
        elif name and name != "quantity":
            answers[name] = value
    if not answers:
        raise ValueError("the file holds no line `quantity,answer`, as it was handed out")
    return head, answers


def of_code(student, path):
    source = "\n".join(source for _, source in cells(path))
    found = EXERCISE.search(source)
    if not found:
        raise ValueError("the code says nowhere which exercise it is of: keep the comment `# exercise: ...`")
    seed = None if found[2] is None else int(found[2])
    return Submission(path, student, found[1], seed, json.loads(found[3] or "{}"))
