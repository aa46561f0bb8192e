"""The derivations that the sheets ask for, made by the engine.

Questions 1 and 2 of the assignment, the softmax Jacobian, the sigmoid's derivative from its output, and a linear and
ReLU layer; then one weight of Question 3's network with its numbers.

Every formula comes from the operators' own derivative rules, run on symbols. Each is evaluated at random points and
compared with finite differences, or with the function that it defines. Prints the answers, and writes them as a page
and as LaTeX, derivations.tex.

Exit status: 0 if all formulas agree with finite differences, 1 if one does not, 2 if an argument cannot be used.
"""

import random
import textwrap

from models.question3 import Question3, random_case
from scalar_engine import derive
from scalar_engine.formulas.layouts import LATEX_LAYOUT, TEXT_LAYOUT, WIDTH
from scalar_engine.formulas.pages import Page
from walkthroughs.sheets.answer import POINTS, TOLERANCE, error_of
from walkthroughs.sheets.answers import answers
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, displayed, in_latex, in_text, left_of, row_of, set_out

DOCUMENT = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=25mm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\title{Derivations}
\author{}
\date{}
\begin{document}
\maketitle

NOTATION

BODY

\end{document}
"""


def main(arguments=None):
    return run_walkthrough(parser_for("derivations", __doc__), build, arguments, "Derivations")


def build(report, options):
    found = answers()
    network = Question3(random_case(options.seed))
    example = derive(network.l, network.W[0][0])
    rng = random.Random(options.seed)
    errors = [(row, error_of(row, rng)) for answer in found for row in answer.rows]
    checked = agreement(errors)
    if not all(error <= TOLERANCE for _, error in errors):
        report.fail(checked)
    fill(report, found, example, options.seed, checked)
    report.file("derivations.tex", document(found, example, options.seed))
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
        parts.append("\n".join([underlined(in_text(answer.title)), *prose, "", *text_rows(answer)]).rstrip())
    return "\n\n\n".join([*parts, f"{underlined(example_title(seed))}\n{example}"])


def text_rows(answer):
    """An answer's formulas, matrix and code as lines."""
    rows = [TEXT_LAYOUT.row(*row_of(row, TEXT_LAYOUT)) for row in answer.formulas]
    if answer.matrix:
        rows += ["", *text_matrix(answer.matrix)]
    if answer.code:
        rows += ["", textwrap.indent(answer.code, "  ")]
    return rows


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
    report.prose("`derivations.tex`, beside this page, is the same for LaTeX.")


def underlined(title):
    return f"{title}\n{'-' * len(title)}"


def text_matrix(matrix):
    cells = [[str(row.right) for row in rows] for rows in matrix]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return ["  [ " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " ]" for row in cells]


def document(found, example, seed):
    """The answers as a LaTeX document."""
    parts = []
    for answer in found:
        parts += [f"\\section*{{{in_latex(answer.title)}}}", in_latex(answer.prose)]
        parts += displayed(answer)
        if answer.code:
            parts.append(f"\\begin{{verbatim}}\n{answer.code}\n\\end{{verbatim}}")
    parts += [f"\\section*{{{in_latex(example_title(seed))}}}", example.latex]
    return DOCUMENT.replace("NOTATION", NOTATION).replace("BODY", "\n\n".join(parts))


def example_title(seed):
    return f"With numbers: the first weight of Question 3's network, with other weights (seed {seed})"
