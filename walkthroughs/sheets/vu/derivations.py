"""The derivations that the sheets ask for, made by the engine.

Questions 1 and 2 of the assignment, the softmax Jacobian, the sigmoid's derivative from its output, and a linear and
ReLU layer; then one weight of Question 3's network with its numbers.

Every formula comes from the operators' own derivative rules, run on symbols. Each is evaluated at random points and
compared with finite differences. Prints the answers, and writes them as a page and as LaTeX, derivations.tex.

Exit status: 0 if all formulas agree with finite differences, 1 if one does not, 2 if an argument cannot be used.
"""

import math
import random
import re
import textwrap
from pathlib import Path

from models.command_line import Parser
from models.question3 import Question3, random_case
from scalar_engine import Symbol, derive
from scalar_engine.formulas.layouts import LATEX_LAYOUT, TEXT_LAYOUT, WIDTH
from scalar_engine.formulas.pages import Page
from scalar_engine.formulas.writing import POWER, latex_name

from ...catalogue import BY_NAME
from ...reports.report import Report, command_line
from ..answers import answers

POINTS, TOLERANCE = 5, 1e-8

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

NOTATION = (
    r"$\partial$ marks a local derivative: the other inputs are held fixed. $\mathrm{d}$ marks one through all paths."
)


def main(arguments=None):
    parser = Parser("walkthroughs derivations", __doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the random points and of the last network (default: 0)")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/derivations"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument("--quick", action="store_true", help="as without: it takes a second")
    options = parser.parse_args(arguments)
    report = Report("Derivations", BY_NAME["derivations"].source, command_line("derivations", arguments), options.seed)
    found = answers()
    network = Question3(random_case(options.seed))
    example = derive(network.l, network.W[0][0])
    rng = random.Random(options.seed)
    errors = [(row, error_of(row, rng)) for answer in found for row in rows_of(answer)]
    fill(report, found, example, options.seed, verdict(errors))
    path = options.out / "derivations.tex"
    try:
        written = report.write(options.out)
        path.write_text(document(found, example, options.seed), encoding="utf-8")
    except OSError as error:
        parser.error(f"cannot write to {options.out}: {error.strerror}")
    print(f"{text(found, example, options.seed)}\n\n{verdict(errors)}\n")
    print("Written:", *(f"  {path}" for path in [path, *written]), sep="\n")
    return 0 if all(error <= TOLERANCE for _, error in errors) else 1


# ---- checking


def verdict(errors):
    """Whether the formulas agree with finite differences, from pairs of a Formula and its error."""
    wrong = [f"{left_of(row, TEXT_LAYOUT)} = {row.right}" for row, error in errors if not error <= TOLERANCE]
    said = f"{len(errors)} formulas, each at {POINTS} random points: "
    if wrong:
        return f"{said}these DISAGREE with finite differences: {', '.join(wrong)}"
    return f"{said}all agree with finite differences (worst error {max(error for _, error in errors):.0e})."


def rows_of(answer):
    """All its Formulas, those of the matrix included."""
    return [*answer.formulas, *(row for rows in answer.matrix for row in rows)]


def error_of(row, rng):
    """The largest relative error of a Formula, in any of its forms, at random points.

    A definition is compared with the function's value, and a derivative with finite differences of the function.
    """
    return max(error_at(row, drawn(row, rng)) for _ in range(POINTS))


def drawn(row, rng):
    """Random arguments for the formula's function: outputs and the like above 0, all others of either sign."""
    names = row.function.__code__.co_varnames[: row.function.__code__.co_argcount]
    positive = [name == "rest" or name.startswith("y") for name in names]
    point = {name: rng.uniform(0.1, 0.9) if above else rng.uniform(-2, 2) for name, above in zip(names, positive)}
    return {**point, **row.fixed}


def error_at(row, point):
    values = {**point, **row.function(**point)}
    expected = difference(row, point, values) if row.by else values[row.of]
    forms = [evaluated(form, values) for form in (*row.steps, row.right)]
    if row.paths:
        forms.append(sum(math.prod(evaluated(local, values) for _, _, local in path) for path in row.paths))
    return max(abs(form - expected) / max(1.0, abs(expected)) for form in forms)


def evaluated(formula, values):
    return formula.replace({Symbol(name): value for name, value in values.items()})


def difference(row, point, values, h=1e-3):
    """The derivative by fourth-order finite differences."""

    def at(shift):
        if row.held is not None:
            return evaluated(row.held, {**values, row.by: values[row.by] + shift})
        return row.function(**{**point, row.by: point[row.by] + shift})[row.of]

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


# ---- writing


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


def set_out(report, answer):
    """An answer in a report's section: its prose, formulas, and code."""
    report.prose(in_latex(answer.prose))
    for latex in displayed(answer):
        report.math(latex)
    if answer.code:
        report.code(answer.code, "The engine's formula in Python:")


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


def displayed(answer):
    """An answer's formulas and matrix, each as LaTeX on lines of its own."""
    found = []
    if answer.formulas:
        found.append(LATEX_LAYOUT.aligned([row_of(row, LATEX_LAYOUT) for row in answer.formulas]))
    if answer.matrix:
        lines = " \\\\\n  ".join(" & ".join(row.right.latex for row in rows) for rows in answer.matrix)
        found.append(f"\\[\n\\begin{{pmatrix}}\n  {lines}\n\\end{{pmatrix}}\n\\]")
    return found


def example_title(seed):
    return f"With numbers: the first weight of Question 3's network, with other weights (seed {seed})"


def row_of(row, layout):
    """A Formula as a row (left, rights) of the layout."""
    write = layout.writer().formula
    rights = []
    if any(len(path) > 1 for path in row.paths):
        in_names = [
            [layout.local(write(Symbol(of)), write(Symbol(by)), len(path) == 1) for of, by, _ in path]
            for path in row.paths
        ]
        in_formulas = [[write(local, POWER) for _, _, local in path] for path in row.paths]
        for paths in (in_names, in_formulas):
            rights.append(layout.joined([layout.joined(path, layout.times) for path in paths], layout.plus))
    rights += [write(form) for form in (*row.steps, row.right)]
    if row.note:
        rights[-1] += layout.note(in_latex(row.note) if layout is LATEX_LAYOUT else in_text(row.note))
    return left_of(row, layout), rights


def left_of(row, layout):
    of, by = (layout.writer().formula(Symbol(name)) for name in (row.of, row.by))
    return of if not row.by else (layout.total if row.held is None else layout.local)(of, by)


def in_text(prose):
    return prose.replace("`", "")


def in_latex(prose):
    """Prose with its names, in backquotes, set as mathematics."""
    return re.sub("`([^`]*)`", lambda match: f"${names_in_latex(match[1])}$", prose)


def names_in_latex(text):
    """What stands in backquotes: names, and a little mathematics with them, such as `dl/dy_i` or `i != j`."""

    def word(match):
        if match[1]:
            return rf"\mathrm{{d}} {latex_name(match[1])} / \mathrm{{d}} {latex_name(match[2])}"
        return r"\neq" if match[0] == "!=" else latex_name(match[0])

    return re.sub(r"\bd([A-Za-z]\w*)/d([A-Za-z]\w*)|[A-Za-z]\w*|!=", word, text)
