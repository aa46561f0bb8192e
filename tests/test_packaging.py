"""The package: what is built has everything in it, and runs where nothing else of the project is."""

import os
import subprocess
import sys
import tarfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests import ROOT

PACKAGES = "scalar_engine", "tensor_engine", "models", "walkthroughs"


def run(*words, cwd, **environment):
    found = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment})
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the sdist alone, as a package index would have it."""
    folder = tmp_path_factory.mktemp("dist")
    call = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    archive = run(sys.executable, "-c", call, "build_sdist", str(folder), cwd=ROOT).split()[-1]
    with tarfile.open(folder / archive) as sdist:
        sdist.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    source = folder / archive.removesuffix(".tar.gz")
    assert all((source / name).is_file() for name in ("CHANGELOG.md", "Makefile", "LICENSE", "tests/conftest.py"))
    return folder / run(sys.executable, "-c", call, "build_wheel", str(folder), cwd=source).split()[-1]


def test_everything_is_in_it(wheel):
    within = set(ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert len(ours) > 200 and not ours - within


def test_it_runs_where_nothing_else_is(wheel, tmp_path):
    """The installed command from a folder of one's own: Question 3, and the stepper."""
    place = tmp_path / "installed"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place), str(wheel), cwd=tmp_path)
    [command] = [path for folder in ("bin", "Scripts") for path in place.glob(f"{folder}/scalar-to-tensor*")]
    path = {"PYTHONPATH": str(place)}
    assert "report.html" in run(str(command), "question3", "--out", "q3", cwd=tmp_path, **path)
    assert (tmp_path / "q3" / "stepper.html").stat().st_size > 50_000
    program = "import walkthroughs.stepper as s, scalar_engine as e; print(s.__file__, s.step(e.Value(2.0) * 3).text())"
    said = run(sys.executable, "-c", program, cwd=tmp_path, **path)
    assert Path(said.split()[0]).is_relative_to(place)


@pytest.mark.parametrize("line, completed", [
    ("scalar-to-tensor ques", {"question3", "question4", "question5", "question6", "question7"}),
    ("scalar-to-tensor question4 --qu", {"--quick"}),
    ("scalar-to-tensor train --patie", {"--patience"}),
])  # fmt: skip
def test_a_shell_completes_its_words(line, completed, tmp_path):
    said = tmp_path / "said"
    told = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": said}
    call = [sys.executable, "-c", "from walkthroughs.__main__ import command; command()"]
    environment = {**os.environ, **{name: str(value) for name, value in told.items()}}
    subprocess.run(call, env=environment, cwd=ROOT, check=True, capture_output=True)
    assert {word.strip() for word in said.read_text().split("\v")} == completed


def test_the_description_for_an_index_has_addresses_that_lead_somewhere():
    spec = spec_from_file_location("setup_of_the_project", ROOT / "setup.py")
    setup = module_from_spec(spec)
    spec.loader.exec_module(setup)
    text = "![a graph](walkthroughs/x.svg) [a page](walkthroughs/y.md) [there](https://example.org) [here](#idea)"
    assert setup.description(text, "", "") == " a page [there](https://example.org) [here](#idea)"
    known = setup.description(text, "https://example.org/us/ours", "abc")
    assert "![a graph](https://example.org/us/ours/raw/abc/walkthroughs/x.svg)" in known
    assert "[a page](https://example.org/us/ours/blob/abc/walkthroughs/y.md)" in known
