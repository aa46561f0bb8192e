"""Watching a run: it changes no number of it, and sees what is there."""

import builtins
import json
import subprocess
import sys

import numpy as np
import pytest

from models.experiment import Setup, data_of, model_of, options_of
from models.keeping import checkpoints
from models.layers import MLP
from models.train import main
from models.training import fit
from models.watching import Watch
from models.watching import watch as module
from models.watching.looking import are_alike, histogram, look
from tensor_engine import cross_entropy
from tests import ROOT

SETUPS = {
    "mlp": Setup(hidden=(32,), dropout=0.3, epochs=2),
    "lenet": Setup(model="lenet", dropout=0.2, epochs=2, limit=128),
    "cnn-bn": Setup(model="cnn-bn", optimizer="adamw", augment="shift", epochs=2, limit=128),
}


def trained(setup, watch, style):
    data = data_of(setup)
    model, optimizer, rng = model_of(setup, data)
    options = {**options_of(setup, data), "style": style, "watch": watch, "progress": False}
    history = fit(model, data, optimizer, setup.epochs, setup.batch_size, rng, **options)
    return history.batch_losses, [each.data for each in [*model.parameters(), *model.statistics()]]


@pytest.mark.parametrize("style", ["arrays", "eager"])
@pytest.mark.parametrize("name", SETUPS)
def test_the_numbers_are_the_same_with_and_without(name, style, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 60)
    losses, arrays = trained(SETUPS[name], None, style)
    watch = Watch(tmp_path / "health.html")
    watched_losses, watched_arrays = trained(SETUPS[name], watch, style)
    assert losses == watched_losses and len(watch.record.looks) > SETUPS[name].epochs
    assert all(np.array_equal(a, b) for a, b in zip(arrays, watched_arrays))
    ratios = [layer["ratio"] for each in watch.record.looks[:-1] for layer in each["layers"].values()]
    assert ratios and all(0 < ratio < 1 for ratio in ratios)


def test_a_look_sees_dead_and_saturated_units_and_the_gradient():
    model = MLP([2, 4, 2], "relu", dtype=np.float64)
    model.named_parameters()["layer1/b"].data[:3] = -1e3
    x, y = np.array([[0.5, 1.0], [1.0, -1.0], [2.0, 0.1]]), np.array([0, 1, 0])
    found = look(model, x, y, cross_entropy)
    assert found["activations"]["layer1"]["dead"] >= 0.75
    assert all(parameter.grad is None for parameter in model.parameters())
    cross_entropy(model(x), y).backward()
    gradient = model.named_parameters()["layer2/W"].grad
    assert found["layers"]["layer2"]["norm"] == pytest.approx(np.linalg.norm(gradient))
    again = look(model, x, y, cross_entropy)
    assert again["layers"]["layer2"]["norm"] == found["layers"]["layer2"]["norm"]
    assert np.array_equal(model.named_parameters()["layer2/W"].grad, gradient)  # the look has left it
    model = MLP([2, 4, 2], "tanh", dtype=np.float64)
    model.named_parameters()["layer1/b"].data[...] = [9, -9, 9, 0]
    assert look(model, x * 1e-3, y, cross_entropy)["activations"]["layer1"]["saturated"] == 0.75


def test_units_are_alike_whatever_the_layout():
    column = np.arange(3.0)[:, None]
    assert are_alike(np.tile(column, 4)) and are_alike(np.zeros((3, 2))) and not are_alike(np.tile(column, 4).T)
    kernels = np.tile(np.arange(9.0).reshape(1, 1, 3, 3), (4, 1, 1, 1))
    assert are_alike(kernels) and not are_alike(kernels + np.arange(4.0)[:, None, None, None])


def test_histograms_of_what_is_odd():
    assert histogram(np.array([np.nan, np.inf]))["counts"] == []
    assert histogram(np.zeros(5)) == {"low": 0.0, "high": 0.0, "counts": [99]}
    found = histogram(np.array([0.0, 0.0, 1.0, np.nan]))
    assert (found["low"], found["high"], found["counts"][0], found["counts"][-1]) == (0.0, 1.0, 99, 49)


def test_a_long_run_keeps_so_many_looks(monkeypatch):
    monkeypatch.setattr(module, "MOST", 10)
    monkeypatch.setattr(module, "SECONDS", 60)
    watch = Watch()
    trained(Setup(hidden=(8,), batch_size="full", epochs=70, limit=64), watch, "arrays")
    steps = [each["step"] for each in watch.record.looks]
    assert len(steps) <= 11 and steps[0] == 0 and steps[-1] == 70 and steps == sorted(set(steps))


def test_watching_that_costs_too_much_is_done_less_often(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.0)
    monkeypatch.setattr(module, "SHARE", 0.0)
    watch = Watch()
    trained(Setup(hidden=(8,), epochs=4, limit=200), watch, "arrays")
    assert [each["step"] for each in watch.record.looks] == [0, 16]


def test_tensorboard_gets_the_same_numbers(tmp_path, needed):
    try:
        from tensorboardX.proto.event_pb2 import Event
    except ImportError:
        needed(False, "tensorboardX")
    options = ["--hidden", "8", "--epochs", "2", "--tensorboard", str(tmp_path / "tb"), "--out", str(tmp_path / "run")]
    assert main(options) == 0 and not (tmp_path / "run" / "health.html").exists()
    data, values, at = next((tmp_path / "tb").iterdir()).read_bytes(), {}, 0
    while at < len(data):  # length, its checksum, an event, its checksum
        size = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + size])
        values |= {(value.tag, event.step): value for value in event.summary.value}
        at += size + 16
    epochs = json.loads((tmp_path / "run" / "history.json").read_text())["epochs"]
    assert values["loss/validation", 2].simple_value == pytest.approx(epochs[1]["validation_loss"])
    assert values["gradient-norm/layer1", 0].simple_value > 0
    assert sum(values["activation/layer1", 0].histo.bucket) > 0


def test_a_missing_writer_is_one_line(tmp_path, monkeypatch, capsys):
    real = builtins.__import__

    def without(name, *rest, **keywords):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return real(name, *rest, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SystemExit) as stop:
        main(["--tensorboard", str(tmp_path / "tb"), "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1 and 'pip install "scalar-to-tensor[tensorboard]"' in said


def test_nobody_else_loads_it():
    program = "import models.train, sys; print('tensorboardX' in sys.modules, 'jinja2' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split()[0] == "False"


def test_each_epochs_checkpoint_is_kept(tmp_path, capsys):
    main(["--hidden", "8", "--epochs", "3", "--watch", "--out", str(tmp_path)])
    kept = {int(path.stem): checkpoints.read(path) for path in (tmp_path / "epochs").iterdir()}
    assert sorted(kept) == [0, 1, 2, 3] and [len(kept[i]["history"].epochs) for i in range(4)] == [0, 1, 2, 3]
    main(["--hidden", "8", "--epochs", "1", "--out", str(tmp_path)])
    assert not (tmp_path / "epochs").exists()  # they are another run's
