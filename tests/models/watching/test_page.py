"""The page of a run in a browser: it follows from disk, stands alone at the end, and is for everybody."""

import copy
import json

import pytest

from models.train import main
from models.watching.page import Page, markup_free
from tests.accessibility import violations

from .sick import SICK, watched

EVIL = "</script><img src=x onerror=document.title='run'>"


@pytest.fixture(scope="module")
def record():
    """Of a run that gets sick, with a layer whose name is markup."""
    record = watched(*SICK["rate too large, relu"][:3])[0].record
    for look in record.looks:
        for group in look["layers"], look["activations"]:
            group[EVIL] = group.pop("layer1")
    return record


@pytest.fixture
def opened(chromium):
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()
    assert page.errors == []


def test_it_follows_the_run_and_stands_alone_after_it(record, opened, tmp_path):
    page, early = Page(tmp_path / "health.html", "A run"), copy.copy(record)
    early.looks, early.epochs, early.tiles = record.looks[:2], record.epochs[:1], record.tiles[:2]
    page.update(early)
    opened.goto((tmp_path / "health.html").as_uri())
    opened.locator("#state", has_text="goes on").wait_for()
    assert violations(opened) == []
    assert opened.locator(".finding").count() == 0 and opened.locator("svg").count() >= 5
    opened.set_viewport_size({"width": 360, "height": 740})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    opened.locator("#epoch").fill("0")
    opened.evaluate("scrollTo(0, 600)")
    page.update(record)
    opened.locator(".finding").first.wait_for()
    assert opened.locator("#epoch").input_value() == "0" and opened.evaluate("scrollY") == pytest.approx(600, abs=200)
    page.end(record, "finished")
    assert not (tmp_path / "health.js").exists()
    opened.locator("#state", has_text="Training has ended").wait_for()
    assert opened.title() == "A run" and opened.locator("h2", has_text=EVIL).count() == 1
    assert "dead" in opened.locator("[data-panel=units] .finding").inner_text()
    assert violations(opened) == []


def test_nothing_in_the_data_can_end_a_script():
    text = markup_free({EVIL: "&", "nan": float("nan")})
    assert "<" not in text and "&" not in text and json.loads(text) == {EVIL: "&", "nan": None}


@pytest.mark.parametrize("rate, state, status", [("0.1", "has ended", 0), ("1e30", "no longer finite", 3)])
def test_the_command_leaves_a_whole_page(rate, state, status, opened, tmp_path, capsys):
    options = ["--hidden", "8", "--activation", "relu", "--epochs", "2", "--learning-rate", rate, "--watch"]
    assert main([*options, "--out", str(tmp_path)]) == status
    opened.goto((tmp_path / "health.html").as_uri())
    assert state in opened.inner_text("#state") and not (tmp_path / "health.js").exists()
    assert ("Nothing wrong" in opened.inner_text("#wrong")) == (status == 0)


def test_an_interrupted_run_leaves_a_whole_page(opened, tmp_path, monkeypatch):
    from models.watching import Watch

    def interrupted(self, history):
        raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "after_epoch", interrupted)
    assert main(["--hidden", "8", "--watch", "--out", str(tmp_path)]) == 130
    opened.goto((tmp_path / "health.html").as_uri())
    assert "interrupted" in opened.inner_text("#state") and opened.locator("canvas.strip").count() == 3
