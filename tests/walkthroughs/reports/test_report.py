"""Reports and tables: what is written, that it stands alone, and that it reads the same in every format."""

import csv
import json
import re

import matplotlib.style
import numpy as np
import pytest

from models.datasets import load
from models.history import Epoch, History
from walkthroughs.markup import marked_up, mathml
from walkthroughs.reports.figures import finish, learning_curves, loss_curve, new_figure
from walkthroughs.reports.report import Report
from walkthroughs.reports.saving import inline_svg, recoloured
from walkthroughs.reports.tables import Table


def small_report():
    report = Report("Title & more", "A sheet: Question 1", "python -m walkthroughs.x --seed 3", seed=3)
    report.section("One <section>")
    report.prose("Some `code` & text.\n\nA second paragraph.")
    report.reading("Rate 0.1 won.")
    for name in ("first", "second"):
        figure, axes = new_figure()
        axes.plot([1, 2], [3, 4], label="line")
        finish(axes, "step", "loss (nats)")
        report.figure(name, figure, f"The {name} figure.")
    report.table("results", "Some results, 50% & more.", {"name_": "", "accuracy": ".1%"}, [("a_b", 0.5), ("c", None)])
    report.columns("curve", {"step": range(1, 3), "loss": np.array([0.5, 0.25])})
    report.numbers["array"] = np.arange(3)
    digits = load("digits")
    report.used("digits", "validation", len(digits.xtrain), len(digits.xval), digits.digest)
    return report


def test_everything_is_written(tmp_path):
    paths = small_report().write(tmp_path / "new")
    names = {path.name for path in paths}
    assert names == {
        "report.html", "report.tex", "numbers.json", "curve.csv", "results.tex", "results.csv",
        "first.png", "first.pdf", "second.png", "second.pdf",
    }  # fmt: skip
    assert all(path.stat().st_size for path in paths) and {p.name for p in (tmp_path / "new").iterdir()} == names
    numbers = json.loads((tmp_path / "new" / "numbers.json").read_text())
    assert numbers["numbers"]["array"] == [0, 1, 2] and numbers["provenance"]["Seed"] == "3"
    assert numbers["tables"]["results"] == [{"name_": "a_b", "accuracy": 0.5}, {"name_": "c", "accuracy": None}]
    rows = list(csv.reader((tmp_path / "new" / "curve.csv").read_text().splitlines()))
    assert rows == [["step", "loss"], ["1", "0.5"], ["2", "0.25"]]


def test_the_page_stands_alone_and_says_where_it_comes_from(tmp_path):
    page = small_report().write(tmp_path)[0].read_text()
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:")) for link in links) and "<script" not in page and "@import" not in page
    assert page.count("<svg") == 2 and "Title &amp; more" in page and "One &lt;section&gt;" in page
    assert "<code>code</code> &amp; text." in page and "prefers-color-scheme: dark" in page
    digits = load("digits")
    for words in ("python -m walkthroughs.x --seed 3", "numpy " + np.__version__, digits.digest, "1,200 training"):
        assert words in page
    assert '<td class="number">50.0%</td>' in page


def test_no_two_figures_share_an_id_and_every_reference_is_there(tmp_path):
    page = small_report().write(tmp_path)[0].read_text()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and len({i.partition("-")[0] for i in ids} - {"part"}) == 2  # figures
    references = re.findall(r'href="#([^"]+)"', page) + re.findall(r"url\(#([^)]+)\)", page)
    assert references and set(references) <= set(ids)


def test_prose_is_marked_up():
    assert marked_up("from $5 to $6") == "from $5 to $6"
    html = marked_up("`a < b`, $y_i$ &\n2.5e-05")
    assert html.startswith("<code>a &lt; b</code>, <math") and "<msub><mi>y</mi><mi>i</mi></msub>" in html
    assert html.endswith('</math> &amp; <span class="unbroken">2.5e-05</span>')


def test_formulas_are_set_as_latex_would():
    """The d of a derivative upright and a variable d not, signs beside what they belong to, names of functions."""
    html = mathml(r"\frac{\mathrm{d} y}{\mathrm{d} d} = -\operatorname{step}(\partial d) - 1", "block")
    assert html.count("<mtext>d</mtext>") == 2 and html.count("<mi>d</mi>") == 2 and "<mi>step</mi>" in html
    assert html.count('<mo form="prefix">&#x02212;</mo>') == 1 and html.count("<mo>&#x02212;</mo>") == 1
    assert '<mo lspace="0" rspace="0">&#x02202;</mo>' in html and 'display="block"' in html
    assert '<mo form="prefix">&#x02212;</mo><mn>2</mn>' in mathml("[-1, -2]", "inline")
    with pytest.raises(ValueError, match="no MathML for"):
        mathml(r"\nosuch{x}", "inline")
    assert "[" not in mathml("\\[\n1\n\\]", "block")


def test_black_follows_the_page_and_other_colours_stay():
    svg = '<?xml version="1.0"?><svg><g id="a" style="stroke: #000000"/><use href="#a" fill="black"/></svg>'
    inline = inline_svg(svg, "n", "a & b")
    assert inline.startswith('<svg role="img" aria-label="a &amp; b"><g id="n-a"') and 'href="#n-a"' in inline
    assert recoloured('style="stroke: #000000; fill: #0072b2" fill="black"') == (
        'style="stroke: currentColor; fill: #0072b2" fill="currentColor"'
    )


def test_the_same_report_gives_the_same_page(tmp_path):
    def without_seconds(folder):
        return re.sub(r"<td>Seconds</td><td>[^<]*", "", small_report().write(folder)[0].read_text())

    assert without_seconds(tmp_path / "a") == without_seconds(tmp_path / "b")


def test_logarithmic_axes_have_plain_numbers_where_these_are_short():
    labels = []
    for values in ([0.002, 2000], [1e-9, 1]):
        figure, axes = new_figure()
        axes.loglog([1, 100], values)
        finish(axes, "step", "loss (nats)")
        figure.canvas.draw()
        labels.append({text.get_text() for text in axes.get_yticklabels(which="both")})
    assert {"0.01", "1", "1,000"} <= labels[0] and not any("e" in text or "^" in text for text in labels[0])
    assert any("10^" in text for text in labels[1])


def test_a_table_in_every_format():
    table = Table(
        "t", "50% & more_", {"who": "", "n": ",d", "share": ".1%"}, [("x_1", 1234, 0.25), ("y", None, -0.0001)]
    )
    assert table.cells() == [["x_1", "1,234", "25.0%"], ["y", "", "0.0%"]]
    assert table.numeric() == [False, True, True]
    assert table.text() == "  who      n  share\n  x_1  1,234  25.0%\n  y            0.0%"
    latex = table.latex()
    assert r"\begin{tabular}{lrr}" in latex and r"x\_1 & 1,234 & 25.0\% \\" in latex
    assert r"\caption{50\% \& more\_}" in latex and latex.count(r"\\") == 3
    assert r"\caption{$x_1$ of 50\%}" in Table("t", "$x_1$ of 50%", {"a": ""}, []).latex()
    assert Table("t", "", {"$x$": ""}, [("[3]",)]).text() == "  $x$\n  [3]"
    with pytest.raises(ValueError, match="table t: each row must have 1 values"):
        Table("t", "", {"a": ""}, [(1, 2)])


def test_tables_compile(compiles):
    rows = [("[30, 30]", 0.5), ("100% of a_b & {c} ~ ^ \\ $5 < $6 #", None)]
    assert compiles(Table("t", "$x_1$ of 50%", {"hidden": "", "share": ".1%"}, rows).latex())


def test_a_terminal_shows_no_empty_section():
    report = Report("Title", "A sheet", command="")
    report.section("Prose only")
    report.prose("For the page.")
    report.section("A reading")
    report.reading("Rate 0.1 won.")
    assert report.text() == "Title\nA sheet\n\nA reading\n\n  Rate 0.1 won."


def test_a_report_without_a_command_tells_none(tmp_path):
    page = Report("Exam", "After a sheet", command="").write(tmp_path)[0].read_text()
    assert "Command" not in page and "Seed" not in page


def test_figures_are_drawn_in_settings_of_our_own(tmp_path):
    """A user's dark style, and one that asks for LaTeX, are the user's afterwards too."""
    history = History([2.0, 1.0], [Epoch(1, 2.0, 0.5, 2.1, 0.5, 0.1, 1.0), Epoch(2, 1.0, 0.7, 1.2, 0.6, 0.1, 1.0)])

    def drawn(folder):
        report = Report("T", "S", "")
        report.figure("curves", learning_curves(history), "c")
        report.figure("losses", loss_curve([2.0, 1.0], 1, ""), "c")
        page = report.write(folder)[0].read_text()
        history.plot(folder / "curve.svg")
        return re.findall(r"<svg.*?</svg>", page, re.S), re.sub("<dc:date>.*", "", (folder / "curve.svg").read_text())

    usual = drawn(tmp_path / "usual")
    with matplotlib.style.context(["dark_background", {"text.usetex": True, "lines.linewidth": 9, "font.size": 30}]):
        assert drawn(tmp_path / "dark") == usual
        assert matplotlib.rcParams["text.usetex"] and matplotlib.rcParams["text.color"] == "white"
    assert not re.search(r"(fill|stroke): ?(#ffffff|white)", "".join(usual[0]))


def test_a_formula_keeps_its_full_stop():
    """A line that begins with one would be the browser's doing."""
    html = marked_up("for all $x_i$. So ($y$), and $z$ too")
    assert (
        html.count('<span class="unbroken"><math') == 2 and "</math>.</span> So" in html and "</math>),</span>" in html
    )


def test_links_lead_to_what_is_there_and_else_say_how_it_is_made(tmp_path):
    report = Report("T", "S", "make")
    report.links = {"there": "../there/report.html", "elsewhere": "python -m walkthroughs elsewhere"}
    report.prose("See [this & that](there), [more](elsewhere) and [nothing](nowhere).")
    report.file("stepper.html", "<p>steps</p>")
    for i in range(5):
        report.section(f"Part {i}")
    page = report.write(tmp_path)[0].read_text()
    assert '<a href="../there/report.html">this &amp; that</a>' in page and '<a href="stepper.html">' in page
    assert "more (<code>python -m walkthroughs elsewhere</code>)" in page and "[nothing](nowhere)" in page
    assert all(f'href="#{i}"' in page for i in re.findall(r'<h2 id="([^"]+)"', page)) and page.count("<h2") == 5


@pytest.mark.parametrize("latex, character", [
    (r"\mathbf{x}", "𝐱"), (r"\boldsymbol{\theta}", "𝜽"), (r"\bm{x}", "𝒙"), (r"\mathbf{12}", "𝟏𝟐"),
    (r"\textbf{ab}", "𝐚𝐛"),
])  # fmt: skip
def test_bold_letters_are_bold_by_themselves(latex, character):
    """Browsers know no variant but normal."""
    page = mathml(latex, "inline")
    assert "bold" not in page and "".join(f"&#x{ord(c):05X};" for c in character) in page


def test_columns_keep_their_gaps_on_the_page(open_page, tmp_path):
    """Those of cases and array; aligned lines join theirs at the sign, and leave room before the next."""
    report = Report("T", "S", "")
    for latex in (
        r"\begin{cases} a & b \\ c & d \end{cases}", r"\begin{array}{lr} a & b \\ c & d \end{array}",
        r"\begin{aligned} a &= b & c &= d \\ e &= f & g &= h \end{aligned}",
    ):  # fmt: skip
        report.math(latex)
    page = open_page(report.write(tmp_path)[0].read_text())
    gaps = page.evaluate("""() => [...document.querySelectorAll('math')].map(math => {
        const boxes = [...math.querySelectorAll('mtr')][0].querySelectorAll('mtd > :is(mi, mo, mn):not(:empty)')
        const [first, second, , , fifth] = [...boxes].map(box => box.getBoundingClientRect())
        return [second.left - first.right, fifth ? fifth.left - second.right : 0]
    })""")
    assert gaps[0][0] > 8 and gaps[1][0] > 8 and 0 <= gaps[2][0] < 8 < 20 < gaps[2][1]


def test_a_page_is_read_by_keyboard_and_aloud(open_page, tmp_path):
    html = small_report().write(tmp_path)[0].read_text()
    page = open_page(html, viewport={"width": 360, "height": 640})
    assert page.get_by_role("main").count() == 1 and page.get_by_role("img", name="The first figure.").count() == 1
    region = page.get_by_role("group", name="Some results, 50% & more.")
    region.focus()
    assert page.evaluate("document.activeElement.querySelector('table') != null")
