"""python -m models.train: what it writes, how it resumes, and how it says no."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models import train as module
from models.experiment import Setup, train
from models.keeping import checkpoints
from models.keeping.checkpoints import CheckpointError
from models.train import main
from models.training.threads import Threads
from tests import two_at_a_time

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/null")
SMALL = ["--data", "digits", "--hidden", "8", "--batch-size", "100"]


def arrays(folder):
    """The parameters and the optimizer's state in a folder's checkpoint."""
    found = checkpoints.read(folder / "checkpoint.npz")
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_it_writes_everything_and_is_quiet_in_a_pipe(tmp_path, capsys):
    assert main([*SMALL, "--epochs", "2", "--final", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr()
    names = ["checkpoint.npz", "config.json", "history.csv", "history.json", "learning_curve.png", "model.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert out.err == "" and all(str(tmp_path / name) in out.out for name in names)
    assert "64-8-10, sigmoid, 610 parameters" in out.out and "test accuracy 0." in out.out
    assert sum(line.startswith("epoch") for line in out.out.splitlines()) == 2
    assert json.loads((tmp_path / "config.json").read_text())["hidden"] == [8]


def test_the_command_trains_what_a_setup_trains(tmp_path, capsys):
    """With no option but the size of the network: the defaults of both are the same."""
    main(["--hidden", "8", "--epochs", "1", "--out", str(tmp_path)])
    model, history = train(Setup(hidden=(8,), epochs=1), progress=False)
    assert json.loads((tmp_path / "history.json").read_text())["batch_losses"] == history.batch_losses
    assert json.loads((tmp_path / "config.json").read_text())["learning_rate"] == 0.1


def test_the_same_seed_gives_the_same_weights(tmp_path, capsys):
    for name, seed in [("a", "1"), ("b", "1"), ("c", "2")]:
        main([*SMALL, "--epochs", "1", "--seed", seed, "--out", str(tmp_path / name)])
    assert same(arrays(tmp_path / "a"), arrays(tmp_path / "b"))
    assert not same(arrays(tmp_path / "a"), arrays(tmp_path / "c"))


@pytest.mark.parametrize("optimizer", [["sgd", "--momentum", "0.9"], ["adam"]])
def test_stopped_and_resumed_equals_never_stopped(optimizer, tmp_path, capsys):
    options = [*SMALL, "--dropout", "0.3", "--optimizer", *optimizer]
    main([*options, "--epochs", "4", "--out", str(tmp_path / "whole")])
    main([*options, "--epochs", "2", "--out", str(tmp_path / "parts")])
    assert main(["--resume", "--epochs", "4", "--out", str(tmp_path / "parts")]) == 0
    assert same(arrays(tmp_path / "whole"), arrays(tmp_path / "parts"))
    whole, parts = (json.loads((tmp_path / name / "history.json").read_text()) for name in ("whole", "parts"))
    assert whole["batch_losses"] == parts["batch_losses"] and len(parts["epochs"]) == 4


def test_killed_at_any_moment_and_resumed_equals_never_killed(tmp_path, capsys):
    """SIGKILL, some time after the first checkpoint is there; as often as it takes to finish."""
    options = [*SMALL, "--dropout", "0.2", "--epochs", "12"]
    main([*options, "--out", str(tmp_path / "whole")])

    def check(seed):
        folder, rng = tmp_path / f"killed{seed}", random.Random(seed)
        command = [sys.executable, "-m", "models.train", "--out", str(folder)]
        extra = options
        for _ in range(3):
            process = subprocess.Popen([*command, *extra], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            before = (folder / "checkpoint.npz").stat().st_mtime_ns if extra == ["--resume"] else 0
            while process.poll() is None and not (
                (folder / "checkpoint.npz").exists() and (folder / "checkpoint.npz").stat().st_mtime_ns > before
            ):
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.2))
            process.kill()
            process.communicate()
            extra = ["--resume"]
        subprocess.run([*command, "--resume"], check=True, capture_output=True)
        assert same(arrays(tmp_path / "whole"), arrays(folder)), seed

    two_at_a_time(check, range(3))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_keeps_the_finished_epochs(tmp_path):
    command = [sys.executable, "-u", "-m", "models.train", *SMALL, "--epochs", "100000", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("epoch   3"):
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and "interrupted; --resume --out" in out
    epochs = json.loads((tmp_path / "history.json").read_text())["epochs"]
    assert len(epochs) >= 3 and (tmp_path / "learning_curve.png").exists()


def test_full_batches_classes_and_dtype(tmp_path, capsys):
    options = ["--batch-size", "full", "--classes", "3", "5", "--dtype", "float64", "--validation", "50"]
    assert main([*SMALL[:4], *options, "--epochs", "3", "--out", str(tmp_path)]) == 0
    assert "64-8-2" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "history.json").read_text())["batch_losses"]) == 3
    assert arrays(tmp_path)["parameter:layer1/W"].dtype == np.float64


@pytest.mark.parametrize("options, words", [
    ("--data nosuch", "invalid choice: 'nosuch'"),
    ("--epochs 0", "0 is not a number above 0"),
    ("--hidden 3 x", "--hidden: invalid int value: 'x'"),
    ("--learning-rate nan", "nan is not a number above 0"),
    ("--momentum 1", "1 is not a number from 0 to below 1"),
    ("--batch-size many", "--batch-size: invalid"),
    ("--optimizer adam --momentum 0.5", "--momentum is for --optimizer sgd"),
    ("--classes 1", "class"),
    ("--classes 1 11", "11"),
    ("--data mnist --data-dir /no/such/folder", "/no/such/folder"),
    pytest.param("--out /dev/null/x", "cannot write to /dev/null/x", marks=POSIX),
    ("--resume --out /no/such/run", "/no/such/run/checkpoint.npz: there is no checkpoint"),
])  # fmt: skip
def test_a_wrong_argument_is_one_clear_line_and_exit_2(options, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(options.split())
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and error.count("\n") == 1


def test_resuming_with_another_option_is_refused(tmp_path, capsys):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        main(["--resume", "--hidden", "9", "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert "--hidden [9]: the run to be resumed has [8]" in capsys.readouterr().err


def test_resuming_with_fewer_epochs_than_it_had_is_refused(tmp_path, capsys):
    main([*SMALL, "--epochs", "3", "--out", str(tmp_path)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SystemExit) as stop:
        main(["--resume", "--epochs", "2", "--out", str(tmp_path)])
    assert stop.value.code == 2 and "--epochs 2: the run to be resumed has had 3" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("epochs", [[], ["--epochs", "3"], ["--epochs", "4"]])
def test_config_json_is_the_checkpoints_config(epochs, tmp_path, capsys):
    """Also while a resumed run has not yet ended an epoch, and when there is nothing left to train."""
    main([*SMALL, "--epochs", "3", "--out", str(tmp_path)])
    assert main(["--resume", *epochs, "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == checkpoints.read(tmp_path / "checkpoint.npz")["config"]
    assert config["epochs"] == (int(epochs[1]) if epochs else 3)


def test_a_resumed_run_has_agreed_before_it_trains(tmp_path, capsys, monkeypatch):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        main(["--resume", "--epochs", "9", "--out", str(tmp_path)])
    found = checkpoints.read(tmp_path / "checkpoint.npz")["config"]
    assert found == json.loads((tmp_path / "config.json").read_text()) and found["epochs"] == 9


def test_resuming_keeps_to_the_number_of_blas_threads(tmp_path, capsys, monkeypatch):
    """Sums of two threads differ from those of one, in the last digits."""
    monkeypatch.setattr(Threads, "decide", lambda *arguments: False)  # for one, if others have the cores
    with threadpool_limits(2, "blas"):
        main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    assert checkpoints.read(tmp_path / "checkpoint.npz")["config"]["threads"] == 2
    seen, fit = [], module.fit
    monkeypatch.setattr(
        module, "fit", lambda *args, **kwargs: seen.append(module.blas_threads()) or fit(*args, **kwargs)
    )
    with threadpool_limits(1, "blas"):
        assert main(["--resume", "--epochs", "2", "--out", str(tmp_path)]) == 0
        assert seen == [2] and module.blas_threads() == 1  # the caller has its number back
    assert "digits may differ" not in capsys.readouterr().out
    monkeypatch.setattr(module, "blas_threads", lambda: 1)  # a BLAS that does not do as it is told
    assert main(["--resume", "--epochs", "3", "--out", str(tmp_path)]) == 0
    assert "BLAS has 1 threads, the run began with 2: last digits may differ" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(path.read_bytes()[:-200]),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"not a checkpoint"),
    lambda path: np.savez(path, weights=np.zeros(3)),
    lambda path: np.savez(path, pickle=np.array([{}], dtype=object)),
])  # fmt: skip
def test_a_damaged_checkpoint_is_one_clear_line(damage, tmp_path, capsys):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    path = tmp_path / "checkpoint.npz"
    damage(path)
    with pytest.raises(SystemExit) as stop:
        main(["--resume", "--out", str(tmp_path)])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and f"{path}: not a whole checkpoint" in error and error.count("\n") == 1


def test_a_checkpoint_of_another_shape_is_refused(tmp_path, capsys):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    path = tmp_path / "checkpoint.npz"
    found = dict(np.load(path))
    found["parameter:layer1/W"] = np.zeros((3, 3), np.float32)
    np.savez(path, **found)
    with pytest.raises(SystemExit):
        main(["--resume", "--out", str(tmp_path), "--epochs", "2"])
    assert "parameter:layer1/W is (3, 3) float32, and must be (64, 8) float32" in capsys.readouterr().err


def test_a_checkpoint_holds_no_pickle(tmp_path, capsys):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        checkpoints.read(tmp_path / "nothing.npz")


def test_mnist_as_the_readme_says(tmp_path, capsys, needed):
    """784-300-10 with the command's own defaults: at least 0.975 on the test set after 5 epochs."""
    needed(os.environ.get("SCALAR_TO_TENSOR_DATA"), "MNIST (SCALAR_TO_TENSOR_DATA)")
    assert main(["--data", "mnist", "--hidden", "300", "--epochs", "5", "--final", "--out", str(tmp_path)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("test accuracy"))
    assert float(line.split()[-1]) >= 0.975
