import os
import shutil
from importlib.util import find_spec

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from models.question3 import SHEET, Question3
from walkthroughs.stepper import step

from . import accessibility, latex

# Runs that are compared have sums in one order: how many threads BLAS has would be decided by trying how long it takes.
os.environ["OMP_NUM_THREADS"] = "1"
threadpool_limits(1, "blas")

# The same examples in every CI run, so that a red one means a change in the code.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def needed():
    """needed(found, name): skips the test where an optional part is missing; under CI=true it fails instead."""

    def check(found, name):
        if not found:
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing(f"{name} is not installed")

    return check


@pytest.fixture
def torch(needed):
    """PyTorch, with which the engines are compared."""
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    return torch


@pytest.fixture
def compiles(needed, tmp_path):
    """compiles(latex): whether pdflatex takes a document, or what goes into one, without an error."""
    needed(shutil.which("pdflatex"), "pdflatex")
    return lambda text: latex.compiles(text, tmp_path)


@pytest.fixture(scope="session")
def chromium(needed):
    """The machine's Chromium, headless, driven by Playwright."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    needed(found, "Chromium with Playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


SCREEN = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def blank_pages():
    """Pages that no test has at the moment, each in a context of its own: a new one takes longer than most tests."""
    return []


@pytest.fixture
def open_page(chromium, blank_pages, tmp_path):
    """open_page(html, **options of a context): the page, from disk. It may ask for nothing, and raise nothing.

    With an option that is not the viewport alone its context is new, and may be changed.
    """
    taken, contexts, requests, errors = [], [], [], []
    listeners = {
        "request": lambda request: requests.append(request.url),
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda message: errors.append(message.text),
        "dialog": lambda dialog: errors.append(dialog.message),
    }

    def opened(html, address="", **options):
        path = tmp_path / f"page{len(taken) + len(contexts)}.html"
        path.write_bytes(html.encode("utf-8", "xmlcharrefreplace"))
        if set(options) <= {"viewport"}:
            page = blank_pages.pop() if blank_pages else chromium.new_page()
            page.set_viewport_size(options.get("viewport", SCREEN))
            taken.append(page)
        else:
            contexts.append(chromium.new_context(**{"viewport": SCREEN} | options))
            page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        for kind, listener in listeners.items():
            page.on(kind, listener)
        page.goto(path.as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    for page in taken:
        page.evaluate("localStorage.clear()")
        page.emulate_media(media="null", color_scheme="light")
        for kind, listener in listeners.items():
            page.remove_listener(kind, listener)
        page.goto("about:blank")
        page.mouse.move(0, 0)
        blank_pages.append(page)
    assert not errors
    assert {url.partition("#")[0].partition(":")[0] for url in requests} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in requests) == len(taken) + len(contexts)


@pytest.fixture
def violations(needed):
    """violations(page): what axe-core finds wrong with it, at two widths and in both themes."""
    needed(find_spec("axe_playwright_python"), "axe-playwright-python")
    return accessibility.violations


@pytest.fixture(scope="session")
def question3():
    """The stepper's page of Question 3, as HTML."""
    return step(Question3(SHEET).l, "Question 3, step by step").html


@pytest.fixture
def page(open_page, question3):
    return open_page(question3)


@pytest.fixture
def scheduler(needed):
    """A Dask scheduler with two workers, each a process of its own, on loopback."""
    try:
        from distributed import LocalCluster
    except ImportError:
        needed(False, "distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1"}
    with LocalCluster(**options, dashboard_address=None) as cluster:
        yield cluster.scheduler_address
