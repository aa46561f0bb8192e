"""Answers set as text and as LaTeX, for a terminal, for a report's page, and for a document.

The layouts are the engine's; here the rows of an Answer are put into them, and names in backquotes into mathematics.
"""

import re

from scalar_engine import Symbol
from scalar_engine.formulas.layouts import LATEX_LAYOUT
from scalar_engine.formulas.writing import POWER, latex_name

NOTATION = (
    r"$\partial$ marks a local derivative: the other inputs are held fixed. $\mathrm{d}$ marks one through all paths."
)


def set_out(report, answer):
    """An answer in a report's section: its prose, formulas, and code."""
    report.prose(in_latex(answer.prose))
    for latex in displayed(answer):
        report.math(latex)
    if answer.code:
        report.code(answer.code, "The engine's formula in Python:")


def displayed(answer):
    """An answer's formulas and matrix, each as LaTeX on lines of its own."""
    found = []
    if answer.formulas:
        found.append(LATEX_LAYOUT.aligned([row_of(row, LATEX_LAYOUT) for row in answer.formulas]))
    if answer.matrix:
        lines = " \\\\\n  ".join(" & ".join(row.right.latex for row in rows) for rows in answer.matrix)
        found.append(f"\\[\n\\begin{{pmatrix}}\n  {lines}\n\\end{{pmatrix}}\n\\]")
    return found


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
