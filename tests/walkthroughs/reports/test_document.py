"""Reports as LaTeX: whatever is in them compiles with pdflatex, nothing is wider than the page, and nothing is lost."""

import re

import numpy as np
import pytest

from scalar_engine import Value
from scalar_engine.formulas.writing import LETTERS, SYMBOLS, escaped
from walkthroughs.draw import draw
from walkthroughs.reports.document import joined
from walkthroughs.reports.latex import displayed, listing, prose, typed
from walkthroughs.reports.report import Report
from walkthroughs.reports.tables import Table

from ... import latex

ODD = 'Δw ≤ 3 — 中 é ŷ ½ ∂L/∂w₁ “a” "q" don\'t --x [1] <a> | ~ ^ \\ { } # 100% & a_b «c» ✓ !` ?`'


def odd_report():
    report = Report(ODD, ODD, f"python -m x {ODD}")
    report.notice = "A short run (`--quick`): 50% of $x_1$."
    report.section(f"{ODD} `{ODD.replace('`', '')}` $y_i$")
    report.prose(f"See [the {'long ' * 30}way](question3), from $5 to $6.\n\n{ODD}")
    report.code("\n" * 12, "Room:")
    report.code(f"{ODD}\n\tx = [{', '.join(map(str, range(80)))}]\n\n{'y' * 200}", f"{ODD} `a_b`:")
    report.table("odd", f"{ODD} `a_b` $x_1$", {ODD: "", "σ": ".1%"}, [(ODD, -0.5), (None, float("nan"))])
    report.table(
        "wide", "Many.", {f"column number {i}": ".4f" for i in range(30)}, [[float(i)] * 30 for i in range(60)]
    )
    report.table("words", "Words.", {"a": "", "b": "", "c": "d"}, [("word " * 60, "other " * 60, 3)] * 3)
    report.math(r"a &= b \\ c &= d", ODD)
    report.math("\\[\n\n\\boldsymbol{x} + \\bm{y}\n\n\\]")
    x = Value(2.0, "x")
    report.picture("graph (of x) 1.5", draw(x * x), ODD)
    report.reading(ODD)
    return report


def test_whatever_is_in_it_compiles_and_fits(needed, compiles, tmp_path):
    odd_report().write(tmp_path)
    source = (tmp_path / "report.tex").read_text(encoding="utf-8")
    assert compiles(source), latex.errors(tmp_path)
    log = (tmp_path / "document.log").read_text(errors="replace")
    assert max(latex.overfull(tmp_path), default=0) < 3 and r"Overfull \vbox" not in log
    assert latex.well_formed(source)


def test_every_character_compiles_without_a_font_that_may_be_missing(compiles, tmp_path):
    characters = "".join(sorted(LETTERS | SYMBOLS.keys()))
    assert compiles(f"{escaped(characters)} \\texttt{{{typed(characters)}}}"), latex.errors(tmp_path)
    assert "jknappen" not in (tmp_path / "document.log").read_text(errors="replace").replace("\n", "")


HEADERS = {f"the validation accuracy of run {i}": ".2%" for i in range(1, 10)}


@pytest.mark.parametrize("table", [
    Table("one_row", "Turned.", HEADERS, [[0.5] * 9]),
    Table("rows", "Headers on several lines.", HEADERS, [[0.5] * 9] * 3),
    Table("words", "Words on several lines.", {"": "", **HEADERS}, [["784-300-10, dropout, decay"] + [0.5] * 9] * 3),
    Table("twenty", "In parts.", {f"run {i}": ",d" for i in range(20)}, [[-1234567] * 20] * 3),
], ids=lambda table: table.name)  # fmt: skip
def test_a_table_fits_the_page_of_a_plain_article(table, compiles, tmp_path):
    """It is wider as it was written once: one line a header, one a row."""
    plain = f"{' & '.join(table.columns)} \\\\ {' & '.join(escaped(cell) for cell in table.cells()[0])}"
    assert compiles(rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}{plain}\end{{tabular}}")
    assert max(latex.overfull(tmp_path)) > 100
    assert compiles(table.latex()) and not latex.overfull(tmp_path)
    cells = re.sub(r"\$-\$|\\%", lambda found: {"$-$": "-"}.get(found[0], "%"), table.latex())
    assert all(cells.count(cell) >= row.count(cell) for row in table.cells() for cell in row if " " not in cell)


def test_prose_keeps_its_markup():
    assert prose("`a_b` of $x_1$, 5% [more](question3)") == r"\texttt{a{\char95}\allowbreak{}b} of $x_1$, 5\% more"
    assert prose('--x "y"') == "-{}-x ``y''" and typed("{'a'}") == r"{\char123}{\straight}a{\straight}{\char125}"


def test_a_formula_without_surroundings_gets_those_that_it_needs():
    assert displayed(r"a &= b \\ c") == "\\begin{align*}\na &= b \\\\ c\n\\end{align*}"
    for latex_ in (r"\[x\]", r"\begin{gather*} a \\ b \end{gather*}"):
        assert displayed(latex_) == latex_
    cases = r"x = \begin{cases} a & b \\ c & d \end{cases}"
    assert displayed(cases) == f"\\[\n{cases}\n\\]" and displayed("x\n\n= 1") == "\\[\nx\n= 1\n\\]"


def test_a_long_line_of_code_goes_on_below():
    lines = listing(f"x = {'+ 1 ' * 60}\n" + "y = 1\n" * 30).splitlines()
    assert r"\footnotesize" in lines[0] and all(len(line) < 120 for line in lines) and lines[3].startswith("    1")
    assert "".join(lines).count("1") == 60 + 30


def test_documents_are_joined_each_with_its_figures(tmp_path):
    sources = {}
    for name in ("one", "two"):
        report = Report(f"Title {name}", "Source", "")
        report.picture("graph", draw(Value(2.0, "x") * 3), "A graph.")
        report.write(tmp_path / name)
        sources[name] = (tmp_path / name / "report.tex").read_text()
    source = joined("A sheet & more", sources)
    assert source.count(r"\documentclass") == source.count(r"\begin{document}") == source.count(r"\end{document}") == 1
    assert re.findall(r"graphicspath\{\{(\w+)/|section\{Title (\w+)", source) == [
        ("one", ""),
        ("", "one"),
        ("two", ""),
        ("", "two"),
    ]
    assert r"A sheet \& more" in source


def test_numbers_of_numpy_are_numbers():
    table = Table("t", "", {"a": ".1%", "b": ",d"}, [(np.float32(0.25), np.int64(1234))])
    assert table.numeric() == [True, True] and table.cells() == [["25.0%", "1,234"]]
