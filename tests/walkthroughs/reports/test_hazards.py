"""Reports of hostile or odd names and numbers: nothing runs, nothing is computed, nothing is written elsewhere."""

import csv
import json
import re
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from scalar_engine import Value, derive, sigmoid
from walkthroughs.draw import draw
from walkthroughs.markup import ATTRIBUTES, ESCAPES, TAGS, marked_up, mathml
from walkthroughs.reports.figures import loss_curve, new_figure
from walkthroughs.reports.report import Report, command_line
from walkthroughs.reports.tables import Table

from ...latex import well_formed

LABELS = [
    "<svg/onload=alert(1)>", "<img src=x onerror=alert(1)>", "</math><script>alert(1)</script>", "&lt;b&gt;", "--><b>",
    r"\href{javascript:alert(1)}{x}", "a_b", "50%", "a&b", "#1", "{x}", "}", "{", "$5$", "~", "^", "\\", "x|y", "a b",
    r"x}\text{y", '"q"', "'", "a\nb", "]]>", "é", "Δw", "σ(k)", "h₁", "x²", "∂L", "≤ 3", "$", "$$", r"\(x\)", "中",
    "&#60;b",
]  # fmt: skip


class Found(HTMLParser):
    """The tags, attributes and addresses in a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(str(html))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def harmless(html):
    found = Found(html)
    return not {"script", "img", "iframe", "object", "a", "b"} & set(found.tags) and not any(
        name.startswith("on") or name != "aria-label" and "javascript:" in (value or "")
        for name, value in found.attributes
    )


def formulas_of(label):
    """The LaTeX of a derivation with a node of this label."""
    x, w = Value(2.0, label), Value(-1.0, "w")
    return re.findall(r"\\begin\{align\*\}.*?\\end\{align\*\}", derive(sigmoid(x * w).named("y"), w).latex, re.S)


@pytest.mark.parametrize("label", LABELS)
def test_a_label_in_a_formula_is_shown_and_does_not_run(label):
    formulas = formulas_of(label)
    assert formulas
    pages = [mathml(latex, "block") for latex in formulas]
    assert all(map(harmless, pages)) and all(set(Found(page).tags) <= TAGS for page in pages)
    texts = "".join(Text(page).text for page in pages).replace("\xa0", " ")
    shown = label.rpartition("/")[2].replace("\n", " ")  # of a path its last part, where that is clear
    assert label == "a_b" or shown in texts


class Text(HTMLParser):
    """The text of a page, as a reader sees it."""

    def __init__(self, html):
        super().__init__()
        self.text = ""
        self.feed(str(html))

    def handle_data(self, data):
        self.text += data


@pytest.mark.filterwarnings("ignore:draw. no font here")  # on a machine that has none for it
@pytest.mark.parametrize("label", LABELS)
def test_a_label_anywhere_in_a_report_does_not_run(label, tmp_path):
    report = Report(label, label, label)
    for add in (report.section, report.prose, report.reading, report.code):
        add(label)
    report.table("t", label, {label: ""}, [(label,)])
    report.picture("graph", draw(sigmoid(Value(2.0, label)).named("y")), label)
    report.used(label, label, 1, 1, label)
    try:
        page = report.write(tmp_path)[0].read_text(encoding="utf-8")
    except ValueError as error:
        assert str(error).startswith("no MathML for") and "$" in label
    else:
        assert harmless(page)


@pytest.mark.parametrize("latex", [
    r"\href{javascript:alert(1)}{x}", r"\style{background:url(x)}{x}", r"\class{x}{y}", r"\nosuch{x}", r"a \nosuch",
    "{", r"\frac{a}", r"\begin{array}", r"\left( x", "x^", r"\text{a",
])  # fmt: skip
def test_a_formula_that_is_more_or_less_than_mathematics_is_refused(latex):
    """Before the work, not after it."""
    try:
        assert harmless(mathml(latex, "block")) and "href" not in mathml(latex, "block")
    except ValueError as error:
        assert str(error) == f"no MathML for {latex}"
        with pytest.raises(ValueError, match="no MathML for"):
            Report("T", "S", "").math(latex)


def test_links_and_styles_are_no_mathematics():
    assert not {"href", "style", "class", "id", "src"} & ATTRIBUTES and not {"a", "script", "annotation-xml"} & TAGS
    for latex in (r"\href{x}{x}", r"\style{x}{x}", r"\class{x}{x}"):
        with pytest.raises(ValueError, match="no MathML for"):
            marked_up(f"${latex}$")


def test_what_latex_escapes_is_one_character_again():
    assert len(set(ESCAPES)) == len(ESCAPES) and ESCAPES[r"\_"] == "_" and ESCAPES[r"$\theta$"] == "θ"
    assert "<mtext>a_b&#x003B8;&lt;</mtext>" in mathml(r"\text{a\_b$\theta$\textless{}}", "inline")


@pytest.mark.parametrize("latex", [
    r"a &= b \\ c &= d", r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"a = 1 \\ b = 2",
    r"\begin{gather} a = 1 \\ b = 2 \end{gather}", r"\begin{split} a &= b \\ c &= d \end{split}",
    r"\begin{gathered} a \\ b \end{gathered}",
])  # fmt: skip
def test_lines_of_a_formula_are_lines_on_the_page(latex):
    page = mathml(latex, "block")
    assert page.count("<mtr>") == 2 and "&amp;" not in page and "linebreak" not in page


def test_the_latex_of_every_label_compiles(compiles):
    """In one document; if that does not, it is said of which labels the LaTeX does not by itself."""
    made = {
        label: "\n".join(formulas_of(label)) + Table("t", "c", {"label": ""}, [(label,)]).latex() + "\n\\clearpage\n"
        for label in LABELS
        if label != "中"
    }
    assert [label for label in made if not well_formed(made[label])] == []
    assert compiles("".join(made.values())), [label for label in made if not compiles(made[label])]


CELLS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "-x"]


def test_words_in_a_csv_file_are_no_formulas(tmp_path):
    numbers = [-1.5, "-1.5", "+3", "-inf", "", "a=1", None]
    rows = [(cell,) for cell in CELLS + numbers]
    Table("t", "c", {"=who": ""}, rows).write(tmp_path)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        found = [row[0] if row else "" for row in csv.reader(file)]
    assert found == ["'=who", *(f"'{cell}" for cell in CELLS), "-1.5", "-1.5", "+3", "-inf", "", "a=1", ""]
    report = Report("T", "S", "")
    report.columns("c", {"@x": ["=1", -2]})
    report.write(tmp_path)
    assert (tmp_path / "c.csv").read_text() == "'@x\n'=1\n-2\n"


BAD_NAMES = [
    "../x", "/etc/x", "a/b", "..", ".", "", ".hidden", "a\\b", "C:x", 'a" onload="x', "a\0b", "a\n", "-x", "x/",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_written(name):
    report, figure = Report("T", "S", ""), new_figure()[0]
    for add in (
        lambda: report.table(name, "c", {"a": ""}, []),
        lambda: report.figure(name, figure, "c"),
        lambda: report.picture(name, None, "c"),
        lambda: report.columns(f"{name}/../x", {}),
        lambda: report.file(f"../{name}", "text"),
    ):
        with pytest.raises(ValueError, match="a report's files need names of letters"):
            add()
    assert not report.blocks and not report.files
    report.file("exam/report.html", "text")


def test_numbers_that_are_none_are_null(tmp_path):
    report = Report("T", "S", "")
    report.numbers |= {
        "a": float("nan"),
        "b": [np.float32("inf"), 1],
        "c": np.array([1.0, np.nan]),
        "d": (True, "NaN", 3),
    }
    report.table("t", "c", {"loss": ".1f"}, [(float("nan"),)])
    report.numbers["e"] = {np.float32(0.1): np.float32(0.5), np.int64(3): np.bool_(True), (1, 2): 0, None: 1}
    report.write(tmp_path)
    found = json.loads((tmp_path / "numbers.json").read_text(), parse_constant=pytest.fail)
    keys = found["numbers"].pop("e")
    assert keys == {"0.1": 0.5, "3": True, "(1, 2)": 0, "None": 1}
    assert found["numbers"] == {"a": None, "b": [None, 1], "c": [1.0, None], "d": [True, "NaN", 3]}
    assert found["tables"]["t"] == [{"loss": None}]


def test_a_command_in_no_encoding_is_told(tmp_path):
    report = Report("T", "S", command_line("question3", ["--out", "caf\udce9"]))
    assert r"--out caf\xe9" in report.write(tmp_path)[0].read_text(encoding="utf-8")


def test_two_things_of_one_name_are_noticed_when_the_second_is_added(tmp_path):
    report, figure = Report("T", "S", ""), loss_curve([2.0, 1.0], 1, "")
    report.figure("loss (first)", figure, "c")
    report.columns("curve", {"x": [1]})
    for add in (
        lambda: report.figure("loss (first)", figure, "c"),
        lambda: report.picture("loss (first)", draw(Value(1.0, "x")), "c"),
        lambda: report.table("curve", "c", {"a": ""}, []),
        lambda: report.table("report", "c", {"a": ""}, []),
        lambda: report.figure("report", figure, "c"),
        lambda: report.file("numbers.json", "{}"),
    ):
        with pytest.raises(ValueError, match="the report has a .* already: give one of the two another name"):
            add()
    page = report.write(tmp_path)[0].read_text()
    ids, used = re.findall(r'\bid="([^"]+)"', page), re.findall(r"url\(#([^)]+)\)", page)
    assert set(used) <= set(ids) and (tmp_path / "loss (first).pdf").exists() and len(report.blocks) == 1


def test_a_clone_that_is_not_installed_writes_its_report(tmp_path, monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("walkthroughs.reports.report.version", version)
    assert "scalar-to-tensor (not installed)" in Report("T", "S", "make").write(tmp_path)[0].read_text()
