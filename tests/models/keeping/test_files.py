"""Files that are written whole, and folders that one run at a time writes into."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.keeping import checkpoints, files
from models.keeping.files import InUse, held, write_whole
from models.train import main
from tests import ROOT

SMALL = ["--hidden", "8", "--batch-size", "100"]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, "first é \udce9")
    assert path.read_bytes() == "first é \\udce9".encode() and names_in(tmp_path) == ["a.txt"]

    def full(descriptor):
        assert path.read_text(encoding="utf-8").startswith("first")  # while the next one is being written
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as raised:
        write_whole(path, b"second")
    assert raised.value.filename == str(path) and raised.value.errno == errno.ENOSPC
    assert path.read_bytes().startswith(b"first") and names_in(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_line_and_leaves_no_part(tmp_path):
    """A limit on the size of files stands for it: the checkpoint does not fit, config.json would."""
    resource = pytest.importorskip("resource")
    command = [sys.executable, "-m", "models.train", *SMALL, "--epochs", "3", "--out", str(tmp_path)]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))
    found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, preexec_fn=limit)
    assert found.returncode == 2 and found.stderr.count("\n") == 1
    assert f"cannot write to {tmp_path}/checkpoint.npz: File too large" in found.stderr
    assert names_in(tmp_path) == []


def test_a_folder_in_use_says_by_whom_and_since_when(tmp_path, capsys):
    with held(tmp_path):
        assert names_in(tmp_path) == ["in-use.lock"]
        with pytest.raises(SystemExit) as stop:
            main([*SMALL, "--out", str(tmp_path)])
    line = capsys.readouterr().err
    assert stop.value.code == 2 and line.count("\n") == 1
    assert f"{tmp_path} is in use: process {os.getpid()} on " in line and re.search(r"since 20\d\d-\d\d-\d\d", line)
    assert names_in(tmp_path) == []
    assert main([*SMALL, "--epochs", "1", "--out", str(tmp_path)]) == 0


def test_a_holder_that_has_not_said_who_it_is(tmp_path):
    with held(tmp_path):
        for text in ("", "[" * 100_000, '{"pid": "x"}', "\xff"):
            (tmp_path / "in-use.lock").write_text(text, encoding="latin-1")
            with pytest.raises(InUse, match="is in use: another process is writing there"), held(tmp_path):
                pass


def test_the_lock_of_a_killed_run_and_its_parts_are_nobodys(tmp_path):
    program = (
        "import os, sys, time; from pathlib import Path; from models.keeping.files import held\n"
        "with held(sys.argv[1]): Path(sys.argv[1], f'checkpoint.npz.{os.getpid()}-1.part').touch(); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT)
    while not list(tmp_path.glob("*.part")):
        time.sleep(0.01)
    (tmp_path / "film.part").touch()  # somebody else's
    with pytest.raises(InUse, match=f"process {process.pid} on "), held(tmp_path):
        pass
    process.kill()
    process.wait()
    assert "in-use.lock" in names_in(tmp_path)
    with held(tmp_path):
        assert names_in(tmp_path) == ["film.part", "in-use.lock"]
    assert names_in(tmp_path) == ["film.part"]


def test_a_lock_that_its_holder_has_just_removed_is_none(tmp_path, monkeypatch):
    """Opened, then removed by its last holder, then locked: nobody else would meet that lock."""
    take, path = files.take, tmp_path / "in-use.lock"
    late = [path.unlink]

    def removed_first(descriptor):
        if late:
            late.pop()()
        take(descriptor)

    monkeypatch.setattr(files, "take", removed_first)
    with held(tmp_path):
        with pytest.raises(InUse), held(tmp_path):
            pass
        assert path.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_two_runs_at_once_leave_one_whole_run(tmp_path):
    """One of them runs; a reader meets whole checkpoints only; config.json and the checkpoint agree."""
    command = [sys.executable, "-m", "models.train", *SMALL, "--epochs", "100000", "--out", str(tmp_path)]
    started = [
        subprocess.Popen([*command, "--seed", str(seed)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
        for seed in (1, 2)
    ]
    path, reads = tmp_path / "checkpoint.npz", 0
    while reads < 20 or all(process.poll() is None for process in started):
        if path.exists():
            checkpoints.read(path)
            reads += 1
    refused, running = sorted(started, key=lambda process: process.poll() is None)
    assert refused.communicate()[1].count(b"is in use: process") == 1 and refused.returncode == 2
    running.send_signal(signal.SIGINT)
    assert running.communicate()[1] == b"interrupted\n" and running.returncode == 130
    saved = checkpoints.read(path)["config"]
    assert saved == json.loads((tmp_path / "config.json").read_text())
    assert not [name for name in names_in(tmp_path) if name.endswith((".lock", ".part"))]


def test_a_report_holds_its_folder(tmp_path):
    command = [sys.executable, "-m", "walkthroughs", "question3", "--out", str(tmp_path)]
    with held(tmp_path):
        found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 2 and "is in use" in found.stderr and not list(Path(tmp_path).iterdir())
