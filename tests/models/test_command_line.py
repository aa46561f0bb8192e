"""Command lines in odd surroundings: streams full or closed, names in no encoding, more than there is room for."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from models.command_line import Parser, one_line, run
from models.datasets.idx_files import is_here
from models.keeping import checkpoints, memory
from models.train import main
from tests import ROOT, two_at_a_time

SMALL = "--hidden 8 --batch-size 100 --epochs 1"
WHOLE = ["checkpoint.npz", "config.json", "history.csv", "history.json", "learning_curve.png", "model.safetensors"]


def shell(command, out, **variables):
    """The exit status and what went to standard error of a command for the shell, with PY and OUT in it."""
    environment = {**os.environ, "PY": sys.executable, "OUT": os.fspath(out), **variables}
    found = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, env=environment)
    return found.returncode, found.stderr.decode(errors="replace"), found.stdout


pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a shell of Unix")


def test_output_that_cannot_be_written_is_one_line_and_exit_2(tmp_path):
    def check(case):
        command, unbuffered = case
        status, said, _ = shell(
            f'"$PY" -m {command} > /dev/full', tmp_path / f"run{unbuffered}", PYTHONUNBUFFERED=unbuffered
        )
        assert status == 2 and said == "cannot write the output: No space left on device\n", case

    train, report = f'models.train {SMALL} --out "$OUT"/train', 'walkthroughs question3 --quick --out "$OUT"/report'
    commands = [train, report, "walkthroughs", "models.train --help"]
    two_at_a_time(check, product(commands, ["", "1"]))


def test_training_with_a_full_output_keeps_the_last_epoch(tmp_path):
    shell(f'"$PY" -m models.train {SMALL} --out "$OUT" > /dev/full', tmp_path, PYTHONUNBUFFERED="")
    assert len(checkpoints.read(tmp_path / "checkpoint.npz")["history"].epochs) == 1
    assert main(["--resume", "--out", str(tmp_path)]) == 0


def test_closed_streams_change_nothing(tmp_path):
    def check(closed):
        out = tmp_path / closed.replace(" ", "").replace("&", "")
        status, said, _ = shell(f'"$PY" -m models.train {SMALL} --out "$OUT" {closed}', out)
        assert status == 0 and not said and sorted(path.name for path in out.iterdir()) == WHOLE, closed
        checkpoints.read(out / "checkpoint.npz")
        assert json.loads((out / "config.json").read_text())["hidden"] == [8], closed

    two_at_a_time(check, [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])


def test_closed_streams_and_an_error(tmp_path):
    assert shell('"$PY" -m models.train --epochs 0 >&- 2>&-', tmp_path)[0] == 2
    status, said, _ = shell('"$PY" -m models.train --epochs 0 >&-', tmp_path)
    assert status == 2 and said.count("\n") == 1


def test_a_reader_that_has_had_enough_is_no_error(tmp_path):
    def check(command):
        line = f'"$PY" -u -m {command} --out "$OUT" | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}'
        status, said, _ = shell(line, tmp_path / command.split()[0])
        assert status == 0 and not said, command

    two_at_a_time(check, [f"models.train {SMALL}", "walkthroughs question3"])


C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_folder_of_any_name_in_any_locale(tmp_path):
    def check(case):
        name, locale = case
        out = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        status, said, printed = shell(f'"$PY" -m models.train {SMALL} --out "$OUT"', out, **locale)
        assert status == 0 and not said and b"Written:" in printed, case
        assert sorted(path.name for path in Path(out).iterdir()) == WHOLE, case
        status, said, printed = shell('"$PY" -m walkthroughs question3 --out "$OUT"/report', out, **locale)
        assert status == 0 and not said, case
        page = Path(out, "report", "report.html").read_text(encoding="utf-8")
        assert name.decode(errors="backslashreplace") in page
        status, said, _ = shell('"$PY" -m models.train --resume --out "$OUT"/report', out, **locale)
        assert status == 2 and "there is no checkpoint" in said and said[-1] == "\n" and said[:-1].isprintable(), case

    names = [(b"caf\xe9", C), ("café".encode(), C), (b"a\nb", C), (b"caf\xe9\x1b[31m", {"LC_ALL": "C.UTF-8"})]
    two_at_a_time(check, names)


def test_a_data_folder_that_cannot_be_read_is_blamed_itself(tmp_path, capsys):
    """A name too long for the system stands for what root may read anyway."""
    folder = tmp_path / ("x" * 300)
    with pytest.raises(SystemExit) as stop:
        main(["--data", "mnist", "--data-dir", str(folder), "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1 and "write" not in said
    assert f"cannot use the folder {folder} ([Errno 36] File name too long" in said
    assert not is_here("mnist", folder) and not is_here("mnist", "~no-such-user/data")


def test_what_cannot_be_read_is_not_called_written(tmp_path, capsys):
    parser = Parser("x", "y")
    for error, words in [
        (PermissionError(13, "Permission denied", "/data/mnist"), "cannot read /data/mnist: Permission denied"),
        (
            PermissionError(13, "Permission denied", str(tmp_path / "a")),
            f"cannot write to {tmp_path / 'a'}: Permission",
        ),
        (PermissionError(13, "Permission denied", os.fsencode(tmp_path)), f"cannot write to {tmp_path}: Permission"),
        (OSError(28, "No space left on device"), f"cannot write to {tmp_path}: No space left on device"),
        (MemoryError("Unable to allocate 5 TiB"), "not enough memory (Unable to allocate 5 TiB)"),
        (OverflowError("Python int too large"), "Python int too large"),
        (ValueError("two\nlines \x1b[31m"), "two\\nlines \\x1b[31m (--help"),
    ]:
        with pytest.raises(SystemExit) as stop, parser.errors_of(tmp_path):
            raise error
        said = capsys.readouterr().err
        assert stop.value.code == 2 and words in said and said.count("\n") == 1
    with pytest.raises(BrokenPipeError), parser.errors_of(tmp_path):
        raise BrokenPipeError


@pytest.mark.parametrize("options", [
    "--hidden 10000000000", "--hidden 1 10000000000", "--hidden 300000000 300000000", "--hidden 9999999999999999999999",
    "--hidden 10000000000 --dtype float64 --optimizer adam", "--seed -1", "--batch-size 0",
    "--validation 99999999999999999999",
    "--learning-rate 1e400", "--epochs 1e9",
])  # fmt: skip
def test_more_than_there_is_room_for_is_one_line_and_exit_2(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*options.split(), "--out", str(tmp_path)])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1
    assert "memory" in said or "--hidden" not in options
    assert not (tmp_path / "checkpoint.npz").exists()


def test_what_fits_and_what_does_not(monkeypatch):
    monkeypatch.setattr(memory, "memory", lambda: 5 * 4 * (65 * 8 + 9 * 10))
    memory.require_room([64, 8, 10], 4)
    with pytest.raises(ValueError, match="there is not enough memory for a network of 64-8-11"):
        memory.require_room([64, 8, 11], 4)


def test_the_machines_memory_is_known():
    assert 1e8 < memory.memory() < 1e15


def test_one_line_of_anything():
    assert one_line("a\nb\r\x00é σ\udce9") == "a\\nb\\r\\x00é σ\\udce9"


def test_an_error_of_the_system_that_nobody_has_met(monkeypatch, capsys):
    def main():
        raise PermissionError(13, "Permission denied", "/nowhere")

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 2 and capsys.readouterr().err == "/nowhere: Permission denied\n"
