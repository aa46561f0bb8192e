"""One palette for all pages: what they use is in it, what is in it is used, and they have no colours beside it."""

import re

from tests import ROOT
from walkthroughs.drawing.palette import COLOURS, palette
from walkthroughs.reports.report import Report

FILES = [
    ROOT / "walkthroughs" / "reports" / "report.html.j2",
    *sorted((ROOT / "walkthroughs" / "stepper" / "browser").rglob("*.*")),
]
USED = {name for path in FILES for name in re.findall(r"var\(--([\w-]+)", path.read_text())}


def test_every_colour_is_in_the_palette_and_used():
    others = {"fill", "share", "formula", "size", "seen"}  # a state's fill is one of the colours; and sizes
    assert USED - others == set(COLOURS)


def test_no_page_names_a_colour_of_the_palette_itself():
    values = {value for pair in COLOURS.values() for value in pair} - {"#ffffff"}
    for path in FILES:
        assert not values & set(re.findall(r"#[0-9a-f]{6}\b", path.read_text())), path.name
        assert path.suffix == ".j2" or "prefers-color-scheme" not in path.read_text(), path.name


def test_a_theme_is_the_systems_or_chosen():
    dark = palette().count("--page: #16181b;")
    assert dark == 2 and palette().count("--page: #f6f6f4;") == 1


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_report_follows_the_system(open_page, tmp_path):
    html = Report("Title", "A sheet", command="").write(tmp_path)[0].read_text()
    assert background(open_page(html, color_scheme="light")) == "rgb(255, 255, 255)"
    assert background(open_page(html, color_scheme="dark")) == "rgb(31, 34, 38)"
