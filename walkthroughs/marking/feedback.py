"""What comes back: a page of feedback for each student, and one page about the whole class for the teacher."""

import re
from collections import Counter

from models.keeping.files import write_whole
from walkthroughs.reports.readings import listed, percent
from walkthroughs.reports.report import Report

WORDS = {
    "right": "right",
    "wrong": "wrong",
    "consistent": "follows rightly from an earlier mistake",
    "blank": "left blank",
}


def write_all(results, out):
    """Write feedback/STUDENT.html for each student, and class.html."""
    folder = out / "feedback"
    folder.mkdir(exist_ok=True)
    by_student: dict = {}
    for result in results:
        by_student.setdefault(result["student"], []).append(result)
    for student, own in by_student.items():
        write_whole(folder / f"{file_name(student)}.html", page_for_student(student, own).page())
    write_whole(out / "class.html", page_for_teacher(results).page())


def file_name(student):
    """A student's name as a file's: what cannot stand there is left out."""
    return re.sub(r"[^\w. -]", "_", student).strip(". ") or "_"


def points_of(result):
    return sum(row[2] for row in result["marks"]), sum(row[3] for row in result["marks"])


def page_for_student(student, results):
    """A Report with that student's work only."""
    report = Report("Feedback", student, command="")
    for result in results:
        report.section(f"{result['exercise'] or 'Not recognised'}: {result['file']}")
        if result["failed"]:
            report.code(result["failed"], "It could not be marked:")
            continue
        points, of = points_of(result)
        report.reading(f"{points:g} of {of:g} points: {tally(result)}.")
        report.code(result["said"], "The first thing to look at:" if points < of else "")
        rows = [(name, WORDS[mark], points, remark) for name, mark, points, _, remark in result["marks"]]
        columns = {"quantity": "", "mark": "", "points": "g", "remark": ""}
        report.table("marks", "In the order of working.", columns, rows)
    return report


def tally(result):
    counts = Counter(row[1] for row in result["marks"])
    return listed(f"{counts[mark]} {WORDS[mark]}" for mark in WORDS if counts[mark])


def page_for_teacher(results):
    """A Report on the whole class: marks, how each question went, and the commonest slips."""
    report = Report("Marks of the class", f"{len(results)} submissions", command="")
    shares = [points / of for points, of in map(points_of, results) if of]
    if shares:
        mean = percent(sum(shares) / len(shares), 0)
        report.reading(f"On average {mean} of the points of what could be marked, {len(shares)} of {len(results)}.")
    rows = [
        (r["student"], r["exercise"], r["seed"], *points_of(r), r["failed"] or r["said"].partition("\n")[0][:100])
        for r in results
    ]
    columns = {"student": "", "exercise": "", "seed": "d", "points": "g", "of": "g", "first remark": ""}
    report.table("class", "Every submission.", columns, rows)
    report.section("The commonest slips")
    slips = Counter(slip for r in results for slip in sorted(set(slips_in(r["said"]))))
    rows = [(slip, count) for slip, count in slips.most_common(15)]
    report.table("slips", "How many submissions have each.", {"slip": "", "submissions": "d"}, rows)
    for exercise in dict.fromkeys(r["exercise"] for r in results if r["marks"]):
        report.section(f"How each question went: {exercise}")
        report.table(
            f"questions_{exercise}",
            "How many had it so.",
            *questions([r for r in results if r["exercise"] == exercise]),
        )
    return report


SLIP = re.compile(r"(?:likely slip|would give this), ([^:\n]+):")


def slips_in(said):
    return SLIP.findall(said)


def questions(results):
    """Columns and rows: how many students had each question right, consistent, wrong and blank."""
    counts: dict = {}
    for result in results:
        for name, mark, *_ in result["marks"]:
            counts.setdefault(name, Counter())[mark] += 1
    columns = {"question": "", **dict.fromkeys(WORDS.values(), "d")}
    return columns, [(name, *(count[mark] for mark in WORDS)) for name, count in counts.items()]
