"""The site: made once, small, and looked at as its readers do; what it must not do is done to it once."""

import re
from importlib.util import find_spec

import pytest

from tests import ROOT
from walkthroughs.catalogue import BY_NAME
from walkthroughs.grow.steps import LAST
from walkthroughs.site import command

FOLDERS = "tour", "grow", "reports", "steppers", "worksheets", "notebook", "reference"
PARTS = ["index", *(f"{folder}/index" for folder in FOLDERS)]


@pytest.fixture(scope="module", autouse=True)
def pdoc(needed):
    needed(find_spec("pdoc"), "pdoc")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site with the report of Question 3 and one exercise."""
    from walkthroughs.site import material

    folder = tmp_path_factory.mktemp("site")
    assert BY_NAME["question3"].main(["--quick", "--out", str(folder / "runs" / "question3")]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(material, "EXERCISES", {"network": material.EXERCISES["network"]})
        patch.setattr(material, "SEEDS", range(1, 2))
        out = folder / "out"
        assert command.main(["--out", str(out), "--runs", str(folder / "runs")]) == 0
    return out


@pytest.fixture
def visit(site, chromium):
    """visit(address, **options): a page of the site, which may ask for nothing but the site's own files."""
    pages, asked, errors = [], [], []

    def visited(address, **options):
        pages.append(chromium.new_page(**options))
        pages[-1].on("request", lambda request: asked.append(request.url))
        pages[-1].on("pageerror", lambda error: errors.append(str(error)))
        pages[-1].goto((site / address).as_uri())
        return pages[-1]

    yield visited
    for page in pages:
        page.close()
    assert not errors
    assert not [url for url in asked if not url.startswith(("data:", "about:", site.as_uri()))]


def text(site, address):
    return (site / address).read_text(encoding="utf-8")


def test_every_part_is_there_and_says_what_it_has_computed(site):
    assert all((site / f"{part}.html").is_file() for part in [*PARTS, "playground/index"])
    tour = text(site, "tour/index.html")
    assert "0.18242552380635632" in tour and "<svg" in tour and "likely slip" in tour
    assert 'href="../reference/scalar_engine.html#gradcheck"' in tour
    assert 'href="../reports/question3/report.html"' in tour and "reports/question4" not in tour
    assert all(f'src="step{n:02d}-stepper.html"' in text(site, f"grow/step{n:02d}.html") for n in range(1, LAST + 1))
    notebook = text(site, "notebook/index.html")
    own = re.sub(r"srcdoc='[^']*'", "srcdoc", notebook)  # without the scripts of steppers
    assert "<math" in own and "<iframe srcdoc" in own and "$$" not in own


def test_a_report_has_the_header_and_links_to_those_that_are_there_only(site):
    assert "(a short run)" in text(site, "reports/index.html")
    report = text(site, "reports/question3/report.html")
    assert '<nav class="site"' in report and (site / "reports/question3/stepper.html").is_file()
    assert "<code>python -m walkthroughs derivations</code>" in report and "../derivations/" not in report


def test_the_reference_tells_rules_and_lists(site):
    page = text(site, "reference/scalar_engine.html")
    assert "dout/dx = out * (1 - out)" in page  # of sigmoid, by its own rule
    assert re.search(r"<li><code>.*root.*</code>, <code>.*wrt.*</code>: it is the derivative", page)


def test_the_same_site_comes_out_again(site, tmp_path):
    from walkthroughs.site import material, reference, tour

    material.write_steppers(tmp_path)
    tour.write_notebook(tmp_path)
    reference.write_reference(tmp_path)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) > 8 and all(path.read_bytes() == (site / path.relative_to(tmp_path)).read_bytes() for path in made)


def test_a_reader_searches_from_any_page(visit):
    page = visit("reports/question3/report.html")
    page.keyboard.press("/")
    page.keyboard.type("compile_graph")
    page.wait_for_selector(".found a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/scalar_engine.html#compile_graph")
    page.fill("nav.site input", "<b>nowhere")
    page.wait_for_function("document.querySelector('.found').textContent === 'Nothing found.'")


def test_keys_are_behind_a_switch(visit):
    page = visit("worksheets/index.html")
    assert not page.is_visible(".key a")
    page.check("#keys")
    page.click(".key a")
    page.locator("h1", has_text="the key").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_every_page_in_its_width(visit, theme):
    page = visit("index.html", viewport={"width": 360, "height": 740}, color_scheme=theme)
    for part in [*PARTS, "grow/step03", "reference/tensor_engine", "worksheets/network/sheets/1/report"]:
        page.goto(re.sub(r"/out/.*", f"/out/{part}.html", page.url))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, part
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 380) == (theme == "light")


@pytest.mark.parametrize("address", ["worksheets/network/keys/1/report", "reports/index", "grow/index"])
def test_axe_finds_nothing(visit, violations, address):
    assert not violations(visit(f"{address}.html"))


def test_links_that_lead_nowhere_and_requests_to_others_are_said(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">b</a> <a href="#here">a</a>', encoding="utf-8"
    )
    (tmp_path / "b.html").write_text('<p id="there"><img src="https://example.org/x.png">', encoding="utf-8")
    assert command.read_again(tmp_path, bundle=False) == 2
    with pytest.raises(ValueError, match="pages ask other hosts: b.html: https://example.org/x.png"):
        command.read_again(tmp_path, bundle=True)
    (tmp_path / "b.html").write_text('<p><a href="../a.html">outside</a> <a href="c.html">c</a>', encoding="utf-8")
    with pytest.raises(ValueError, match=r"3 dead links: a.html: b.html#there, b.html: \.\./a.html, b.html: c.html"):
        command.read_again(tmp_path, bundle=False)


def test_no_other_files_are_removed(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(SystemExit) as stop:
        command.main(["--out", str(tmp_path)])
    assert stop.value.code == 2 and capsys.readouterr().err.count("\n") == 1 and (tmp_path / "thesis.tex").exists()


def test_a_number_that_is_not_what_stands_beside_it_ends_the_build():
    from walkthroughs.site import cells

    assert "7" in cells.run_html("x = 3\nx + 4  # 7\n", {})
    with pytest.raises(ValueError, match="x \\+ 4 gives"):
        cells.run_html("x = 3\nx + 4  # 8\n", {})


def test_every_link_of_the_readme_is_a_page_or_is_told(site):
    """What the README leads to in the repository, the tour leads to in the site."""
    from walkthroughs.site.tour import AFTER, FIRST, GONE

    read = FIRST + (ROOT / "README.md").read_text(encoding="utf-8").partition(FIRST)[2].partition(AFTER)[0]
    links = set(
        re.findall(r"(?<!!)\[[^]]*\]\((?!https?:)([^)]+)\)", re.sub(r"^```.*?^```", "", read, flags=re.S | re.M))
    )
    assert links <= set(GONE)
