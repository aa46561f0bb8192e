"""The playground in headless Chromium, its parts bundled by npm and served on loopback: Python runs in the page."""

import ast
import contextlib
import functools
import http.server
import importlib
import io
import json
import re
import shutil
import sys
import threading
import zipfile

import pytest

from models.question3 import SHEET, Question3
from walkthroughs.site import playground
from walkthroughs.site.pages import write_shared
from walkthroughs.site.playground import EXAMPLES, write_playground
from walkthroughs.site.playground_run import Run, bytecode
from walkthroughs.stepper import step
from walkthroughs.stepper.page import trace_data

from ...accessibility import violations
from ..stepper.pages import wait

# What the console says of NumPy's host, and of Playwright's own script in a frame where none may run.
NOT_THERE = ("Failed to load resource", "net::ERR", "Blocked script execution")

HOSTILE = "</script><img src=x onerror=alert(1)><b>"


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site(needed, tmp_path_factory):
    """The address of the playground, and the requests that it gets."""
    needed(shutil.which("npm"), "npm")
    folder = tmp_path_factory.mktemp("site")
    write_shared(folder)
    write_playground(folder / "playground", bundle=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/playground/index.html"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def visitor(chromium):
    """A browser's window, in which several pages may be opened; nothing goes wrong in it."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(120_000)
    errors, hosts = [], set()
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda message: errors.append(message.text))
    context.on("dialog", lambda dialog: errors.append(dialog.message))
    context.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    yield context
    context.close()
    assert not [error for error in errors if not any(words in error for words in NOT_THERE)]
    assert {host.partition(":")[0] for host in hosts} <= {"127.0.0.1", "cdn.jsdelivr.net", ""}


@pytest.fixture(scope="module")
def page(site, visitor):
    page = visitor.new_page()
    page.goto(site)
    settled(page)
    return page


def settled(page):
    page.wait_for_selector('main[aria-busy="false"]')


def stepper(page):
    return page.query_selector("#frames iframe").content_frame()


def run(page, program):
    """Types a program and runs it."""
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(program)
    page.keyboard.press("Control+Enter")
    settled(page)


def test_a_graph_is_stepped_through_and_its_leaves_live(page):
    run(page, 'x = y = Value(3.0, "x")\nfor _ in range(2):\n    y = (y * y).named("y")\nprint("hello", y.data)\n')
    assert page.text_content("#printed") == "hello 81.0\n" and page.input_value("#graph") == "y"
    frame = stepper(page)
    for _ in range(3):
        frame.click("#next")
    assert "the turn" in frame.text_content("#where")
    frame.fill("#number", "2")
    wait(frame, "document.getElementById('changed').textContent === 'Changed: x was 3.'")
    frame.click("#back")
    assert frame.text_content("#formula").endswith("= 16")


def test_question3_shows_the_numbers_of_python(page):
    run(page, playground.example("question3")[2])
    shown = stepper(page).evaluate("JSON.parse(document.getElementById('data').textContent).graph")
    expected = json.loads(json.dumps(trace_data(step(Question3(SHEET).l).trace)))

    def in_writing(data):  # all digits of a number may end otherwise: the page's exp is not this machine's
        return [{key: text for key, text in each.items() if "xact" not in key and key != "likely"} for each in data]

    assert in_writing(shown["frames"]) == in_writing(expected["frames"])
    assert in_writing(shown["nodes"]) == in_writing(expected["nodes"])
    for mine, theirs in zip(shown["views"], expected["views"]):  # Graphviz's picture, whatever its fonts
        assert mine["nodes"].keys() == theirs["nodes"].keys() and mine["open"] == theirs["open"]
        assert {tuple(edge[:2]) for edge in mine["edges"]} == {tuple(edge[:2]) for edge in theirs["edges"]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_steps_to_its_end(page, name):
    page.select_option("#example", name)
    settled(page)
    assert page.is_hidden("#error") and page.text_content("#note") == ""
    frame = (stepper(page).child_frames or [stepper(page)])[0]
    frame.click("#end")
    assert re.match(r"Step (\d+) of \1\b", frame.text_content("#where"))


def test_errors_stand_at_their_line(page):
    run(page, 'x = Value(1.0, "x")\nif x.data > 0\n    y = x\n')
    assert page.text_content("#to-line") == "Line 2: expected ':'"
    page.wait_for_selector(".cm-lint-marker-error")
    page.wait_for_selector(".cm-lintRange-error")
    run(page, 'x = Value(0.0, "x")\ny = x * x\n\ndef f(x):\n    return log(x)\n\nz = f(x)\n')
    assert page.text_content("#to-line").startswith("Line 5: ValueError: log: log(x) does not exist at x = 0")
    assert "in f" in page.text_content("#traceback") and "scalar_engine" not in page.text_content("#traceback")
    assert page.input_value("#graph") == "y"  # what there was before it
    page.click("#to-line")
    assert page.text_content(".cm-activeLine").strip() == "return log(x)"


def test_labels_stay_text(page):
    run(page, f"x = Value(1.0, {HOSTILE!r})\ny = sigmoid(x).named({HOSTILE!r})\nstep(y, {HOSTILE!r})")
    assert page.input_value("#graph") == HOSTILE and page.locator("img, b").count() == 0
    frame = stepper(page)
    frame.click("#end")
    assert frame.locator("img, b").count() == 0 and HOSTILE in frame.text_content("#title")
    run(page, f"x = Value(0.0, {HOSTILE!r})\nprint(x)\n1 / x")
    assert page.locator("img, b").count() == 0 and HOSTILE in page.text_content("#traceback")


def test_the_last_line_is_shown_and_latex_is_typeset(page):
    run(page, 'class Formula:\n    def _repr_latex_(self):\n        return r"$\\frac{1}{2}$"\n\nFormula()')
    value = page.query_selector("#shown").content_frame()
    value.wait_for_selector("math mfrac", state="attached")
    run(page, f"[{HOSTILE!r}]")
    value = page.query_selector("#shown").content_frame()
    value.wait_for_selector("pre")
    assert HOSTILE in value.text_content("pre") and value.locator("img").count() == 0


def test_tensors_say_that_numpy_is_missing(page):
    run(page, "from tensor_engine import Tensor\nTensor([1.0, 2.0])")
    assert "could not be fetched from cdn.jsdelivr.net" in page.text_content("#status")
    assert page.is_disabled("#graph") and "of the program before" in page.text_content("#note")


def test_a_link_carries_program_and_step(page, visitor):
    run(page, 'x = Value(3.0, "x")\nŷ = (x * x).named("ŷ")')
    page.evaluate("addEventListener('message', ({ data }) => (window.told = data.address))")  # after the page's own
    stepper(page).click("#next")
    stepper(page).click("#next")
    wait(page, "window.told === '#2'")
    page.click("#link")
    page.wait_for_url(re.compile("#code=.*step="))
    assert not page.url.partition("#")[2].isspace() and "Value" not in page.url
    text = page.inner_text(".cm-content")
    page.reload()
    settled(page)
    assert page.inner_text(".cm-content") == text
    wait(stepper(page), "document.getElementById('where').textContent.startsWith('Step 2 of')")


def test_an_endless_loop_is_stopped(page):
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("n = 0\nwhile True:\n    n += 1\n    if n % 1000000 == 0:\n        print(n)\n")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#stop:visible")
    page.click("#stop")
    run(page, 'x = Value(2.0, "x")\ny = x * x\nprint(y.data)')
    assert page.text_content("#printed") == "4.0\n"


def test_the_stepper_is_a_file_of_its_own(page, open_page, tmp_path):
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "stepper.html")
    opened = open_page((tmp_path / "stepper.html").read_text(encoding="utf-8"))
    opened.click("#end")
    assert opened.text_content("#where").startswith("Step 4 of 4")


def test_a_second_visit_needs_no_network(page, visitor):
    run(page, "print(4.0)")
    page.evaluate("history.replaceState(null, '', location.pathname)")  # no link's program
    wait(page, "navigator.serviceWorker.getRegistration().then((found) => Boolean(found?.active))")
    wait(page, "caches.open('bytecode').then((cache) => cache.keys()).then((keys) => keys.length === 1)")
    visitor.set_offline(True)
    try:
        page.reload()
        settled(page)
        assert page.text_content("#printed") == "4.0\n"  # the program is remembered
    finally:
        visitor.set_offline(False)


def test_a_phone_needs_no_scrolling(page):
    size = page.viewport_size
    for width, height in [(360, 740), (740, 360)]:
        page.set_viewport_size({"width": width, "height": height})
        sides = "['scrollWidth', 'scrollHeight'].map((side) => document.documentElement[side])"
        wait(page, f"{sides}.join() === '{width},{height}'")
    page.set_viewport_size(size)


def test_everybody_can_use_it(page):
    run(page, 'x = Value(2.0, "x")\ny = x * x\nprint(y.data)\n1 / 0')
    page.evaluate("document.getElementById('shown').remove()")  # where no script runs, axe-core does not
    assert not violations(page)


# ---- without a browser


def test_examples_are_programs_by_themselves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in EXAMPLES:
        namespace = {"__name__": "__main__"}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(playground.example(name)[2], name, "exec"), namespace)


def test_a_stale_graph_is_computed_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Run('w = Value(1.0, "w")\nloss = (w * w).named("loss")\nw.data = 2.0', print)
    html, note = found.page("loss")
    assert "computed anew" in note and '"data":"4"' in html


def test_what_is_assigned_last_is_shown_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Run(
        "x = Value(2.0)\nb = x * 2\na = x * 3\nfor p in [b * 4]: pass\ndef f():\n    c = x * 1\n    return c", print
    )
    assert list(found.graphs) == ["b", "a"] and found.chosen == "a"
    assert Run("x = Value(2.0)\na = x * 3\nx * 4", print).chosen == "x * 4"


def test_output_has_an_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = []
    Run("for i in range(10**5): print('number', i)", printed.append)
    assert 200_000 <= len("".join(printed)) < 201_000


def test_other_peoples_files_have_versions_and_digests(tmp_path, monkeypatch):
    write_playground(tmp_path, bundle=False)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    found = ast.literal_eval(re.search(r'type="importmap">(.*?)</script>', page)[1])
    for address in found["imports"].values():
        assert re.fullmatch(r"https://cdn\.jsdelivr\.net/npm/.+@\d+\.\d+\.\d+/.+", address)
        assert found["integrity"][address].startswith("sha384-")
    monkeypatch.setitem(playground.OUTSIDE, "crelt", {"version": "1.0.6", "files": {"index.js": "sha384-other"}})
    with pytest.raises(ValueError, match="not the file that playground_files.json means"):
        archive = tmp_path / "crelt.tgz"
        pack(archive, "package/index.js", b"// other")
        playground.unpack(archive, playground.OUTSIDE["crelt"]["files"], tmp_path / "crelt")


def pack(path, name, content):
    import tarfile

    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def test_without_npm_a_bundle_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="needs npm"):
        write_playground(tmp_path, bundle=True)


def test_the_same_files_come_out_each_time(tmp_path):
    for name in ("a", "b"):
        write_playground(tmp_path / name, bundle=False)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_what_python_has_compiled_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "compiled_here.py").write_text("x = 1")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "compiled_here", importlib.import_module("compiled_here"))
    with zipfile.ZipFile(io.BytesIO(bytecode(str(tmp_path)))) as package:
        (name,) = package.namelist()
        assert name.startswith("__pycache__/compiled_here.")
