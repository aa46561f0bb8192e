"""Questions 1 and 2 of the assignment: the derivatives of softmax and cross-entropy, made by the engine.

Then one weight of Question 3's network, with its numbers. What other sheets ask to be derived is in their walkthroughs.

Every formula comes from the operators' own derivative rules, run on symbols. Each is evaluated at random points and
compared with finite differences, or with the function that it defines.

Exit status: 0 if all formulas agree with finite differences, 1 if one does not, 2 if an argument cannot be used.
"""

import random
import textwrap

from models.question3 import Question3, random_case
from scalar_engine import derive
from scalar_engine.formulas.layouts import LATEX_LAYOUT, TEXT_LAYOUT, WIDTH
from scalar_engine.formulas.pages import Page
from walkthroughs.sheets.answer import POINTS, TOLERANCE, error_of
from walkthroughs.sheets.answers import assignment_answers
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, in_latex, in_text, left_of, row_of, set_out


def main(arguments=None):
    return run_walkthrough(parser_for("derivations", __doc__), build, arguments, "Derivations")


def build(report, options):
    found = assignment_answers()
    network = Question3(random_case(options.seed))
    example = derive(network.l, network.W[0][0])
    rng = random.Random(options.seed)
    errors = [(row, error_of(row, rng)) for answer in found for row in answer.rows]
    checked = agreement(errors)
    if not all(error <= TOLERANCE for _, error in errors):
        report.fail(checked)
    fill(report, found, example, options.seed, checked)
    return f"{text(found, example, options.seed)}\n\n{textwrap.fill(checked, WIDTH)}"


def agreement(errors):
    """Whether the formulas agree with finite differences, from pairs of a Formula and its error."""
    wrong = [f"{left_of(row, TEXT_LAYOUT)} = {row.right}" for row, error in errors if not error <= TOLERANCE]
    said = f"{len(errors)} formulas, each at {POINTS} random points: "
    if wrong:
        return f"{said}these DISAGREE with finite differences: {', '.join(wrong)}"
    worst = max(error for _, error in errors)
    return (
        f"{said}all agree with finite differences, definitions with the functions themselves (worst error {worst:.0e})."
    )


def text(found, example, seed):
    """The answers for a terminal."""
    parts = []
    for answer in found:
        prose = textwrap.wrap(in_text(answer.prose), WIDTH)
        rows = [TEXT_LAYOUT.row(*row_of(row, TEXT_LAYOUT)) for row in answer.formulas]
        parts.append("\n".join([underlined(in_text(answer.title)), *prose, "", *rows]).rstrip())
    return "\n\n\n".join([*parts, f"{underlined(example_title(seed))}\n{example}"])


def fill(report, found, example, seed, checked):
    """The answers as a page."""
    report.prose(NOTATION)
    for answer in found:
        report.section(in_latex(answer.title))
        set_out(report, answer)
    report.section(example_title(seed))
    page = Page(example, LATEX_LAYOUT)
    report.prose(page.title())
    for heading, rows in page.sections():
        report.math(LATEX_LAYOUT.aligned(rows), heading)
    report.reading(checked)


def underlined(title):
    return f"{title}\n{'-' * len(title)}"


def example_title(seed):
    return f"With numbers: the first weight of Question 3's network, with other weights (seed {seed})"
