"""python -m models.train --model lenet and cnn-bn, and the options of a recipe: on the shipped digits."""

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

import models
from models import predict
from models.datasets import load, standardised
from models.experiment import MODELS, Setup, data_of, model_of, options_of, train
from models.keeping import checkpoints
from models.train import main
from models.training import evaluate, fit
from models.training.augmentation import shifting
from models.training.compiled import NotCompiled
from models.training.schedules import factor
from tensor_engine import SGD, Tensor
from tests.models.datasets.test_files import NAMES, idx, table  # noqa: F401 (table is a fixture)

RECIPE = [
    *(
        "--data",
        "digits",
        "--batch-size",
        "100",
        "--validation",
        "1300",
        "--optimizer",
        "adamw",
        "--weight-decay",
        "0.02",
    ),
    *("--schedule", "cosine", "--warmup", "1", "--label-smoothing", "0.1", "--augment", "shift"),
]


def arrays(folder):
    found = checkpoints.read(folder / "checkpoint.npz")
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}


def losses(folder):
    return json.loads((folder / "history.json").read_text())["batch_losses"]


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("eager", [[], ["--eager"]])
def test_killed_and_resumed_equals_never_stopped(eager, tmp_path, capsys, monkeypatch):
    """With all that a recipe has: running statistics, drawn shifts and dropout, a rate that moves at each step."""
    options = ["--model", "cnn-bn", *RECIPE, *eager, "--dropout", "0.2", "--epochs", "3"]
    main([*options, "--out", str(tmp_path / "whole")])
    saved = checkpoints.save

    def killed(path, model, optimizer, rng, history, config):
        saved(path, model, optimizer, rng, history, config)
        if len(history.epochs) == 1:
            raise MemoryError("killed")

    monkeypatch.setattr(checkpoints, "save", killed)
    with pytest.raises(SystemExit):
        main([*options, "--out", str(tmp_path / "parts")])
    monkeypatch.setattr(checkpoints, "save", saved)
    assert main(["--resume", "--out", str(tmp_path / "parts")]) == 0
    whole, parts = arrays(tmp_path / "whole"), arrays(tmp_path / "parts")
    assert equal(whole, parts) and losses(tmp_path / "whole") == losses(tmp_path / "parts")
    assert {"statistic:conv1/norm/mean", "statistic:conv2/norm/variance"} < whole.keys()
    assert whole["statistic:conv1/norm/mean"].all()


def test_a_compiled_run_is_the_eager_one(tmp_path, recwarn):
    """Batches, statistics, evaluations by running statistics; the last digits of float64 apart."""
    setup = Setup(
        "digits", model="cnn-bn", optimizer="nesterov", learning_rate=0.05, batch_size=50, validation=1300, epochs=2,
        dtype="float64", label_smoothing=0.1, augment="shift", schedule="cosine", init="lecun",
    )  # fmt: skip
    (model, history), (twin, expected) = (train(setup.but(eager=eager), progress=False) for eager in (False, True))
    assert not [each for each in recwarn if each.category is NotCompiled]
    np.testing.assert_allclose(history.batch_losses, expected.batch_losses, rtol=1e-9)
    assert history.epochs[-1].validation_loss == pytest.approx(expected.epochs[-1].validation_loss, rel=1e-9)
    for a, b in zip(model.statistics(), twin.statistics()):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-9)
    found = evaluate(model, data_of(setup).xval, data_of(setup).yval)
    assert found.loss == pytest.approx(history.epochs[-1].validation_loss, rel=1e-6)  # of whole labels


def test_a_lenet_learns_is_kept_and_predicts(tmp_path, capsys):
    """Own pictures in IDX, from training to prediction; and a cnn-bn predicts by its running statistics."""
    (x, y), (xval, yval), _ = models.datasets.load_digits(flatten=False)
    (tmp_path / "train-images-idx3").write_bytes(idx(x))
    (tmp_path / "train-labels-idx1").write_bytes(idx(y.astype(np.uint8)))
    for model in ("lenet", "cnn-bn"):
        out = tmp_path / model
        options = ["--optimizer", "adam", "--epochs", "2", "--batch-size", "32", "--learning-rate", "0.003"]
        assert main(["--data", str(tmp_path / "train-images-idx3"), "--model", model, *options, "--out", str(out)]) == 0
        assert "1x8x8-16x4x4-32x2x2-128-10, relu, " in capsys.readouterr().out
        kept = models.load(out / "model.safetensors")
        assert np.mean(np.array(kept.predict(xval)) == yval.astype(str)) > 0.85
        before = kept.probabilities(xval[:5])
        assert kept.probabilities(xval[:1]) == pytest.approx(before[:1], abs=1e-5)  # whatever the batch
    (tmp_path / "new").write_bytes(idx(xval[:3]))
    assert predict.main([str(out / "model.safetensors"), str(tmp_path / "new")]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == kept.predict(xval[:3])


@pytest.mark.parametrize("options, words", [
    ("--model lenet --hidden 30", "--hidden is for --model mlp"),
    ("--schedule cosine --learning-rate-decay 0.5", "--learning-rate-decay is for --schedule exponential"),
    ("--optimizer adamw --momentum 0.5", "--momentum is for --optimizer sgd and nesterov"),
    ("--model nosuch", "invalid choice: 'nosuch'"),
    ("--init xavier", "invalid choice: 'xavier'"),
    ("--init xavier", "PyTorch's name; here it is glorot"),
    ("--init kaiming_uniform", "PyTorch's name; here it is he-uniform"),
    ("--activation leaky_relu", "PyTorch's name; here it is leaky-relu"),
    ("--lr 0.1", "unrecognized arguments: --lr 0.1: PyTorch's name; here it is --learning-rate"),
    ("--epochs 1 --warmup 2", "warmup is 2 epochs of 1: its learning rate is never reached"),
    ("--label-smoothing 1", "1 is not a number from 0 to below 1"),
    ("--data moons --model lenet", "model 'lenet' takes pictures, and moons holds none"),
    ("--data moons --augment shift", "augment 'shift' moves pictures, and moons holds none"),
])  # fmt: skip
def test_what_does_not_go_together_is_one_line(options, words, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*options.split(), "--out", str(tmp_path)])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and error.count("\n") == 1


def test_a_table_is_no_picture(table, tmp_path, capsys):  # noqa: F811
    rows = [[f"{i % 5}", f"{i % 7}", f"{i}", ("owl", "wren")[i % 2]] for i in range(40)]
    with pytest.raises(SystemExit) as stop:
        main(["--data", str(table([NAMES, *rows])), "--model", "lenet", "--out", str(tmp_path / "run")])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and "model 'lenet' takes pictures, and " in error and error.count("\n") == 1


def test_every_option_reaches_the_run():
    data = standardised(load("digits"))
    for name, (activation, _) in MODELS.items():
        assert Setup(model=name).activation == activation
    setup = Setup("digits", (5,), init="zeros", label_smoothing=0.2, schedule="cosine", warmup=1.5, augment="shift")
    model, _, _ = model_of(setup, data)
    assert not model.layers[0].W.data.any()
    options = options_of(setup, data)
    assert options["loss"].keywords == {"label_smoothing": 0.2} and options["decay"] == 1 and options["warmup"] == 1.5
    assert options_of(Setup("digits"), data)["decay"] == 0.8


def test_shifts_move_pictures_within_their_ground():
    """A picture of one bright pixel: it is where the drawn shift has it, and all else is the ground."""
    stored = load("digits")
    x = np.zeros((500, 64), np.uint8)
    x[:, 8 * 4 + 4] = 9
    data = standardised(replace(stored, xtrain=x))
    moved = shifting(data)(data.xtrain, np.random.default_rng(0))
    rows, columns = np.unravel_index(moved.argmax(axis=1), (8, 8))
    assert {*zip(rows, columns)} == {(i, j) for i in (3, 4, 5) for j in (3, 4, 5)}
    assert np.array_equal(np.sort(moved, axis=1), np.sort(data.xtrain, axis=1)) and moved.dtype == np.float32
    whole = np.arange(64, dtype=np.float32).reshape(1, 64) + 1
    shifts = {float(shifting(data)(whole, np.random.default_rng(seed)).max()) for seed in range(30)}
    assert shifts == {64.0, 63.0, 56.0, 55.0}  # the last pixel goes out below, or on the right


@pytest.mark.parametrize("warmup", [0, 4])
def test_schedules_are_pytorchs(warmup, needed):
    needed(find_spec("torch"), "PyTorch")
    import torch

    twin = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(twin, 20 - warmup)
    if warmup:
        rise = torch.optim.lr_scheduler.LinearLR(twin, 1 / warmup, total_iters=warmup - 1)
        schedule = torch.optim.lr_scheduler.SequentialLR(twin, [rise, schedule], [warmup])
    for step in range(20):
        assert factor("cosine", step, 20, warmup) == pytest.approx(twin.param_groups[0]["lr"], abs=1e-12)
        twin.step()
        schedule.step()


def test_the_rate_of_each_step_is_the_schedules():
    """Without a gradient's help: plain SGD on a loss whose slope is 1 moves by the rate."""
    seen = []

    class Moved(SGD):
        def step(self):
            seen.append(self.learning_rate)
            super().step()

    data = standardised(load("digits"))
    model, _, _ = model_of(Setup("digits", ()), data)
    optimizer = Moved(model.parameters(), 0.5)
    fit(model, data, optimizer, 2, 400, schedule="cosine", warmup=1, style="eager", progress=False)
    assert seen == [0.5 * factor("cosine", step, 6, 3) for step in range(6)] and optimizer.learning_rate == 0.5


@pytest.mark.parametrize("style", ["arrays", "eager"])
def test_a_loss_that_is_not_finite_leaves_the_statistics_alone(style):
    setup = Setup("digits", model="cnn-bn", batch_size=100, validation=1000)
    data = data_of(setup)
    model, optimizer, rng = model_of(setup, data)
    before = [each.data.copy() for each in model.statistics()]
    model.layers[1].W.data[...] = np.inf
    with pytest.warns(RuntimeWarning, match="the weights conv1/W are the first that are not finite"):
        fit(model, data, optimizer, 1, 100, rng, style=style, progress=False)
    assert all(np.array_equal(each.data, old) for each, old in zip(model.statistics(), before))


def test_the_best_weights_come_with_their_statistics():
    """Patience: after a second epoch from weights that were spoilt, all of the model is as after the first."""
    setup = Setup("digits", model="cnn-bn", optimizer="adam", validation=1300)
    data, seen = data_of(setup), []
    model, optimizer, rng = model_of(setup, data)

    def after(history):
        seen.append([each.data.copy() for each in model.statistics()])
        for parameter in model.parameters():
            parameter.data = parameter.data * -9

    fit(model, data, optimizer, 9, 50, rng, patience=1, after_epoch=after, progress=False)
    assert len(seen) == 2 and not np.array_equal(seen[0][0], seen[1][0])
    assert all(np.array_equal(each.data, old) for each, old in zip(model.statistics(), seen[0]))


@pytest.mark.parametrize("style", ["arrays", "eager"])
def test_steps_train_on_what_augment_gives(style):
    """Of pictures that are all 0 nothing is learned but the bias."""
    data = standardised(load("digits"))
    model, optimizer, rng = model_of(Setup("digits", (), init="zeros"), data)
    fit(model, data, optimizer, 1, 400, rng, augment=lambda x, rng: x * 0, style=style, progress=False)
    assert not model.layers[0].W.data.any() and model.layers[0].b.data.any()


def test_dtype_of_statistics_stays():
    model, _, _ = model_of(Setup("digits", model="cnn-bn"), standardised(load("digits")))
    model(Tensor(np.ones((3, 64), np.float32)))
    assert {each.dtype for each in model.statistics()} == {np.dtype("float32")}
