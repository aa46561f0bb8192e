"""A student's code in a process of its own: what it may do, and one line for what it may not or cannot."""

import json
import re
import sys

import pytest

from tests import ROOT
from walkthroughs.marking import isolated
from walkthroughs.marking.isolated import Failed, Limits, run_isolated

TASK = {"kind": "answers"}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits on memory are POSIX's")


def run(tmp_path, source, name="work.py", **limits):
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    return run_isolated(path, TASK, Limits(**limits))


def test_numbers_of_any_kind_come_back_as_plain_ones_and_output_apart(tmp_path):
    source = (
        "import numpy as np\nprint('seen')\nanswers = {'k': np.float32(2.5), 'W': np.eye(2), 's': '0.20', 'b': None}"
    )
    found = run(tmp_path, source)
    assert found["answers"] == {"k": 2.5, "W": [[1.0, 0.0], [0.0, 1.0]], "s": "0.20", "b": None}
    assert found["output"] == "seen\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = x / 0", r"line 2: ZeroDivisionError: division by zero"),
        ("x = 1\ny = = 2", r"line 2: SyntaxError: invalid syntax"),
        ("def f():\n    raise ValueError('<b>no</b>\\nsecond')\nf()", r"line 2: ValueError: <b>no</b> second"),
        ("import numpy as np\nnp.ones(3) @ np.ones(4)", r"line 2: ValueError: matmul.*"),
        ("x = 1", r"it defines no dict `answers`.*"),
        ("import sys\nsys.exit(0)", r"line 2: it ends the interpreter with exit\(\)"),
        ("import os\nos._exit(0)", r"it ended the interpreter before its end.*"),
        ("import os, signal\nwhile True: print('x' * 1000)", r"line 2: RuntimeError: it prints more than.*"),
        ("input('name?')", r"line 1: EOFError.*"),
    ],
)
def test_what_goes_wrong_is_one_line_with_its_place(tmp_path, source, line):
    with pytest.raises(Failed, match=f"(ValueError: )?{line}$"):
        run(tmp_path, source)


def test_an_endless_loop_is_stopped(tmp_path, monkeypatch):
    with pytest.raises(Failed, match=r"did not end within 1 s"):
        run(tmp_path, "while True: pass", seconds=1)
    monkeypatch.setattr(isolated, "STARTING", 1)
    with pytest.raises(Failed, match=r"did not end within 0.5 s"):
        run(tmp_path, "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)", seconds=0.5)


@POSIX
def test_memory_has_a_limit(tmp_path):
    with pytest.raises(Failed, match=r"line 2: it asks for more memory"):
        run(tmp_path, "import numpy as np\nx = np.ones(1 << 30)", memory=1024)


OUTSIDE = [
    "open({secret!r}).read()",
    "import pathlib; pathlib.Path({secret!r}).read_text()",
    "import os; os.open({secret!r}, os.O_RDONLY)",
    "import os; os.listdir({folder!r})",
    "import os; os.remove({secret!r})",
    "import os; os.rename('submission.py', {secret!r})",
    "import os; os.symlink({secret!r}, 'link')",
    "open({secret!r}, 'w')",
    "import numpy as np; np.load({secret!r})",
    "import os; os.chdir({folder!r})",
    "import socket; socket.create_connection(('127.0.0.1', 9))",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    "import subprocess; subprocess.run(['cat', {secret!r}])",
    "import os; os.system('true')",
    "import os; os.fork()",
    "import ctypes; ctypes.CDLL(None)",
    "open({project!r} + '/README.md')",
    "import os; os.listdir({project!r} + '/tests')",
    "from models.by_hand.lmu import Linear",
    "import walkthroughs.marking.exercises",
    "import shutil; shutil.rmtree({folder!r})",
    "exec(\"import os\\ntry:\\n    os.system('true')\\nexcept PermissionError:\\n    open({secret!r})\")",
]


def test_nothing_outside_is_reached(tmp_path):
    """Neither other submissions, nor keys, nor solutions, nor the network, nor another program."""
    folder = tmp_path / "others"
    folder.mkdir()
    secret = folder / "key.json"
    secret.write_text("{}")
    tries = [source.format(secret=str(secret), folder=str(folder), project=str(ROOT)) for source in OUTSIDE]
    source = f"""
answers = {{}}
for i, source in enumerate({tries!r}):
    try:
        exec(source, {{}})
    except Exception as error:
        answers[str(i)] = f"{{type(error).__name__}}: {{error}}"
"""
    said = run(tmp_path, source)["answers"]
    refused = "PermissionError: a submission may not|PermissionError.*denied|urlopen error"
    assert [source for i, source in enumerate(OUTSIDE) if not re.search(refused, said.get(str(i), ""))] == []
    assert secret.read_text() == "{}"


def test_its_own_folder_is_its_own(tmp_path):
    source = """
import os
open("mine.txt", "w").write("x")
answers = {"n": len(open("mine.txt").read()), "files": str(sorted(os.listdir(".")))}
"""
    assert run(tmp_path, source)["answers"] == {"n": 1, "files": "['mine.txt', 'submission.py']"}
    assert not (tmp_path / "mine.txt").exists()


def test_a_notebooks_cells_run_one_after_the_other_without_magics(tmp_path):
    cells = [
        ("markdown", "1 / 0"),
        ("code", "%matplotlib inline\nx = 2\n!ls"),
        ("code", "answers = {'x': x}\n"),
        ("code", "y = 1\nx / 0"),
    ]
    book = {"cells": [{"cell_type": kind, "source": [source], "metadata": {}} for kind, source in cells]}
    found = run(tmp_path, json.dumps(book), "work.ipynb")
    assert found["answers"] == {"x": 2} and found["error"] == "cell 4, line 2: ZeroDivisionError: division by zero"
    book["cells"].pop()
    assert run(tmp_path, json.dumps(book), "work.ipynb")["error"] == ""
