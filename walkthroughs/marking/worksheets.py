"""A worksheet for paper, its key with every step, and the files in which answers come back for a machine to mark."""

import csv
import io
import json

from scalar_engine import explain
from walkthroughs.drawing.picture import draw
from walkthroughs.marking.exercises import DECIMALS, Exercise
from walkthroughs.reports.report import Report
from walkthroughs.sheets.vu.answer_key import WORKING
from walkthroughs.stepper import step

BLANK = "__________"


def sheet(exercise: Exercise, seed: int) -> Report:
    """The worksheet of a student, without answers, and without the command that would tell them."""
    report = Report(exercise.title, f"Worksheet {seed}", command="")
    columns = {"Name": "", "Student number": "", f"Points, of {total(exercise)}": ""}
    report.table("name", "Who hands this in.", columns, [("_" * 30, "_" * 16, "_" * 6)])
    stated(report, exercise)
    if exercise.picture:
        caption = "The computation graph: fill in the values on the way down, and the gradients on the way back."
        report.picture("graph", draw(exercise.root, blank=True), caption)
    report.section("Answers")
    report.prose(f"Give numbers to {DECIMALS} decimals where they do not end before.")
    rows = [(quantity, points, BLANK) for quantity, points in exercise.asked.items()]
    report.table(
        "quantities", "In the order of working.", *beside(("quantity", "points", "answer"), ("", "d", ""), rows)
    )
    report.code(*WORKING)
    return report


def key(exercise: Exercise, seed: int, command: str) -> Report:
    """The same with every answer, every step of both passes, and where each gradient comes from."""
    report = Report(f"{exercise.title}: the key", f"Worksheet {seed}", command, seed)
    stated(report, exercise)
    answers = exercise.answers()
    if exercise.picture:
        report.picture("graph", draw(exercise.root), "The computation graph, with values and gradients.")
    rows = [(quantity, points, answers[quantity]) for quantity, points in exercise.asked.items()]
    report.section("Answers")
    columns = ("quantity", "points", "answer"), ("", "d", f".{DECIMALS}f")
    report.table("quantities", f"Together {total(exercise)} points.", *beside(*columns, rows))
    report.section("Every step")
    report.code(step(exercise.root).text())
    report.section("Where the gradients come from")
    nodes = {node.name: node for node in exercise.nodes()}
    ledgers = [explain(nodes[quantity.partition("/d")[2]], exercise.root) for quantity in answers if "/d" in quantity]
    report.code("\n\n".join(map(str, ledgers)) or "No derivative is asked for by itself.")
    report.numbers["answers"] = answers
    return report


def stated(report, exercise):
    """The question and its numbers."""
    report.prose(exercise.task)
    report.math(r" \qquad ".join(f"{name} = {as_latex(given)}" for name, given in exercise.given.items()))


def as_latex(given):
    """A number, a vector or a matrix in LaTeX; vectors stand as columns."""
    if not isinstance(given, list):
        return f"{given:g}"
    rows = [" & ".join(f"{x:g}" for x in (row if isinstance(row, list) else [row])) for row in given]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def total(exercise):
    return sum(exercise.asked.values())


def beside(headers, specs, rows, most=12):
    """Columns and rows of a long narrow table, folded into several side by side that have at most so many lines."""
    n = max(1, min(3, -(-len(rows) // most)))
    lines = -(-len(rows) // n)
    parts = [rows[i * lines : (i + 1) * lines] for i in range(n)]
    columns = {f"{header}{' ' * i}": spec for i in range(n) for header, spec in zip(headers, specs)}
    empty = (None,) * len(headers)
    folded = [tuple(x for part in parts for x in (part[i] if i < len(part) else empty)) for i in range(lines)]
    return columns, folded


# ---- for a machine


def head(name, seed, options):
    return {"exercise": name, "seed": seed, "options": options, "name": ""}


def answers_json(exercise: Exercise, name: str, seed: int, options: dict) -> str:
    """What a student fills in, as JSON: null for each answer."""
    return json.dumps({**head(name, seed, options), "answers": dict.fromkeys(exercise.asked)}, indent=1) + "\n"


def answers_csv(exercise: Exercise, name: str, seed: int, options: dict) -> str:
    """The same for a spreadsheet: quantity and answer."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((name, json.dumps(value) if value else "") if name == "options" else (name, value)
                     for name, value in head(name, seed, options).items())  # fmt: skip
    writer.writerow(("quantity", "answer"))
    writer.writerows((quantity, "") for quantity in exercise.asked)
    return text.getvalue()
