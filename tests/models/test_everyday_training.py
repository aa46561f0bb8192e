"""Training as a new user tries it: stopped early, clipped, with another loss, and what happens where it diverges."""

import ast
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from models.datasets import load, standardised
from models.experiment import Setup, train
from models.history import Epoch, History
from models.keeping import kept
from models.layers import MLP, BatchNorm, Dropout, Flatten, Linear, Sequential, Unflatten
from models.sweep import sweep_of
from models.train import main
from models.training import Diverged, clip, fit, gradient_norms
from tensor_engine import cross_entropy, log
from tensor_engine.optimizers import SGD
from tests import ROOT


@pytest.fixture(scope="module")
def digits():
    return standardised(load("digits"))


def weights(model):
    return [parameter.data.copy() for parameter in model.parameters()]


def same(a, b):
    return all(map(np.array_equal, a, b))


def test_a_last_batch_that_cannot_be_normalised_is_refused_before_training(digits):
    rng, n = np.random.default_rng(0), len(digits.xtrain)
    model = Sequential(Linear(64, 8, rng), Dropout(0.5, rng), BatchNorm(8), Linear(8, 10, rng))
    before, state = weights(model) + [model.layers[2].mean.data.copy()], rng.bit_generator.state
    with pytest.raises(ValueError, match=rf"batch_size={n - 1}: of {n} .* cannot be normalised; batch_size={n}, say$"):
        fit(model, digits, SGD(model.parameters(), 0.1), 1, n - 1, progress=False)
    assert same(before, weights(model) + [model.layers[2].mean.data]) and rng.bit_generator.state == state
    of_pictures = Sequential(Unflatten((1, 8, 8)), BatchNorm(1), Flatten(), Linear(64, 10, rng))
    fit(of_pictures, digits, SGD(of_pictures.parameters(), 0.1), 1, n - 1, progress=False)


# Stopping early, clipping, losses of one's own


def test_patience_stops_and_keeps_the_best_weights(digits):
    """A rate so high that the held-out loss goes up and down: the weights are those of the best epoch."""
    seen = []
    model = MLP([64, 12, 10])
    history = fit(model, digits, SGD(model.parameters(), 2.0, momentum=0.5), 60, 40, patience=4, progress=False,
                  after_epoch=lambda history: seen.append(weights(model)))  # fmt: skip
    losses = [epoch.validation_loss for epoch in history.epochs]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 4 < 60 and history.best is history.epochs[best] and history.waited == 4
    assert same(weights(model), seen[best]) and not same(weights(model), seen[-1])


def test_without_patience_the_weights_are_the_last(digits):
    model, seen = MLP([64, 12, 10]), []
    fit(
        model,
        digits,
        SGD(model.parameters(), 2.0),
        3,
        progress=False,
        after_epoch=lambda h: seen.append(weights(model)),
    )
    assert same(weights(model), seen[-1])


def test_clipping_scales_the_whole_gradient(digits):
    model = MLP([64, 12, 10])

    def gradient():
        model.zero_grad()
        cross_entropy(model(digits.xtrain[:50]), digits.ytrain[:50]).backward()
        return [parameter.grad.copy() for parameter in model.parameters()]

    plain = gradient()
    norm = math.sqrt(sum(float((g.astype(float) ** 2).sum()) for g in plain))
    clip(model, norm / 4)
    for g, parameter in zip(plain, model.parameters()):
        assert parameter.grad == pytest.approx(g / 4, rel=1e-5) and parameter.grad.dtype == np.float32
    assert math.hypot(*gradient_norms(model).values()) == pytest.approx(norm / 4, rel=1e-5)
    again = gradient()
    clip(model, norm * 1.01)
    assert all(np.array_equal(g, parameter.grad) for g, parameter in zip(again, model.parameters()))


def test_clipped_training_takes_smaller_steps(digits):
    def moved(clip_norm):
        model = MLP([64, 12, 10])
        before = weights(model)
        fit(model, digits, SGD(model.parameters(), 1.0), 1, "full", clip_norm=clip_norm, progress=False)
        return math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(before, weights(model))))

    assert moved(0.01) == pytest.approx(0.01, rel=1e-3) and moved(None) > 0.1


def test_the_cross_entropy_by_another_name_is_the_same_training(digits):
    def losses(**options):
        model = MLP([64, 12, 10])
        return fit(model, digits, SGD(model.parameters(), 0.1), 1, progress=False, **options).batch_losses

    own = losses(loss=lambda logits, y: cross_entropy(logits, y))
    assert own == losses() == losses(clip_norm=1e6) and own != losses(loss=lambda o, y: cross_entropy(o, y) * 2)


def test_arguments_in_the_wrong_order_are_refused_by_their_meaning():
    rng = np.random.default_rng(0)
    for wrong, words in [
        (lambda: MLP([2, 3, 2], "tanh", rng), r"dropout rate Generator\(PCG64\): .*is it meant as the rng\? Say rng="),
        (lambda: MLP([2, 2], "tanh", 42), "dropout rate 42: .*is it meant as the rng"),
        (lambda: MLP([2, 3, 2], "tanh", 1.5), "dropout rate 1.5: must be at least 0 and below 1$"),
        (lambda: MLP([2, 3, 2], 0.1), "there is no activation 0.1, only sigmoid, relu, tanh"),
        (lambda: MLP([2, 3, 2], ["relu"]), "there is no activation"),
        (lambda: MLP(784, "relu"), "sizes 784: must be two or more whole numbers above 0"),
        (lambda: MLP([784], "relu"), "sizes"),
        (lambda: MLP([784, 10.5]), "sizes"),
        (lambda: MLP([784, 0, 10]), "sizes"),
    ]:
        with pytest.raises(ValueError, match=words):
            wrong()
    assert len(MLP([2, 3, 2], "tanh", rng=rng).layers) == 3


# A run that diverges


WILD = ["--data", "digits", "--hidden", "64", "64", "64", "--activation", "relu", "--learning-rate", "1e9"]


def strictly(text):
    """What JSON holds; NaN is none."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_a_run_that_diverges_says_where_and_ends_with_3(tmp_path, capsys):
    assert main([*WILD, "--epochs", "2", "--out", str(tmp_path)]) == 3
    error = capsys.readouterr().err
    assert error.startswith("training diverged: at step 3, in epoch 1, the loss is nan; ") and error.count("\n") == 1
    assert "layer2/k is the first that is not finite; try a smaller learning rate" in error
    numbers = strictly((tmp_path / "history.json").read_text(encoding="utf-8"))
    assert len(numbers["batch_losses"]) == 3 and numbers["batch_losses"][2] is None
    assert numbers["epochs"][-1]["train_loss"] is None and numbers["diverged"] in error
    assert (tmp_path / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "model.safetensors").exists()
    back = History.from_json((tmp_path / "history.json").read_text(encoding="utf-8"))
    assert math.isnan(back.batch_losses[2]) and math.isnan(back.epochs[-1].validation_loss)
    assert main(["--resume", "--learning-rate", "0.01", "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert strictly((tmp_path / "history.json").read_text(encoding="utf-8"))["diverged"] == ""


def test_the_status_of_a_diverged_run_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "3 when the loss stopped being finite" in " ".join(capsys.readouterr().out.split())


def test_weights_that_are_not_finite_are_named(digits):
    model = MLP([64, 12, 10])
    model.layers[2].W.data[0, 0] = np.inf
    with pytest.warns(Diverged, match="at step 1, .*the weights layer2/W are the first that are not finite"):
        history = fit(model, digits, SGD(model.parameters(), 0.1), 3, progress=False)
    assert len(history.batch_losses) == 1 and math.isnan(history.epochs[-1].train_loss)


def test_a_loss_of_ones_own_that_diverges_is_named(digits):
    model = MLP([64, 12, 10])
    with pytest.warns(Diverged, match=r"the loss is nan; log\(.*is the first that is not finite"):
        fit(model, digits, SGD(model.parameters(), 0.1), 3, loss=lambda o, y: log(o.sum() - 1e6), progress=False)


def test_the_step_that_would_spoil_the_weights_is_not_taken(digits):
    model = MLP([64, 12, 10])
    calls = []

    def loss(logits, y):
        calls.append(weights(model))
        return cross_entropy(logits, y) * (np.inf if len(calls) == 5 else 1.0)

    with pytest.warns(Diverged, match="at step 5, in epoch 1, the loss is inf; the layers' outputs are finite"):
        fit(model, digits, SGD(model.parameters(), 0.1), 3, loss=loss, progress=False, style="eager")
    assert same(weights(model), calls[4])


def test_a_sweep_takes_divergence_as_a_result(tmp_path):
    wild = Setup("digits", (8,), learning_rate=1e30, activation="relu", epochs=2)
    (history,) = sweep_of([wild], tmp_path / "sweep.jsonl", workers=1)
    assert history.diverged and math.isnan(history.epochs[-1].validation_loss)
    for line in (tmp_path / "sweep.jsonl").read_text(encoding="utf-8").splitlines():
        strictly(line)


def test_the_batches_and_the_epochs_of_a_curve_end_together(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    seen = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: seen.append(figure))
    _, history = train(Setup("digits", (8,), limit=200, epochs=10), every=5, progress=False)
    history.plot(tmp_path / "curve.png")
    cut_short = History([1.0] * 15, [Epoch(1, 1.0, 0.5, 1.0, 0.5, 0.1, 1.0)], batches_per_epoch=10)
    cut_short.plot(tmp_path / "curve.png")
    ends = [{line.get_label(): line.get_xdata()[-1] for line in figure.axes[0].lines} for figure in seen]
    assert ends[0]["each batch"] == ends[0]["training"] == 10
    assert ends[1]["each batch"] == 1.5 and ends[1]["training"] == 1


@pytest.mark.parametrize("losses", [[], [math.nan], [math.inf, 1e300], [-1.0, -2.0]])
def test_a_curve_of_any_losses_is_drawn(losses, tmp_path):
    epochs = [Epoch(1, losses[-1], math.nan, math.inf, math.nan, 0.1, 1.0)] if losses else []
    history = History(losses, epochs, diverged="somewhere")
    assert len(history.save(tmp_path)) == 3
    assert strictly((tmp_path / "history.json").read_text(encoding="utf-8"))["diverged"] == "somewhere"


# From the command line

SMALL = ["--data", "digits", "--hidden", "8", "--batch-size", "100"]


def test_resuming_with_another_learning_rate_says_so_and_uses_it(tmp_path, capsys):
    out = ["--out", str(tmp_path)]
    main([*SMALL, "--epochs", "2", *out])
    capsys.readouterr()
    assert main(["--resume", "--learning-rate", "0.5", "--epochs", "3", *out]) == 0
    assert "learning rate 0.5, not 0.1 as until now; with the decay of the epochs so far 0.32 in epoch 3" in (
        capsys.readouterr().out
    )
    assert json.loads((tmp_path / "config.json").read_text())["learning_rate"] == 0.5
    rates = [epoch["learning_rate"] for epoch in json.loads((tmp_path / "history.json").read_text())["epochs"]]
    assert rates == pytest.approx([0.1, 0.08, 0.32])


def test_patience_from_the_command_line_keeps_the_best_also_when_resumed(tmp_path, capsys):
    """A high rate at the end of the first part: no later epoch is better, and the model stays the earlier one."""
    out = ["--out", str(tmp_path)]
    assert main([*SMALL, "--epochs", "6", "--patience", "50", *out]) == 0
    before = kept.load(tmp_path / "model.safetensors").model
    assert main(["--resume", "--learning-rate", "200", "--epochs", "40", "--patience", "3", "--mistakes", *out]) == 0
    assert "stopped early; the best epoch is 6, and the model has its weights" in capsys.readouterr().out
    assert same(weights(kept.load(tmp_path / "model.safetensors").model), weights(before))
    for name in ("confusion.png", "mistakes.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit):
        main(["--resume", "--hidden", "9", *out])


def test_patience_cannot_begin_in_the_middle(tmp_path, capsys):
    main([*SMALL, "--epochs", "1", "--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        main(["--resume", "--patience", "2", "--out", str(tmp_path)])
    assert "--patience 2: the run to be resumed has None" in capsys.readouterr().err


def test_a_network_too_large_for_memory_is_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--data", "digits", "--hidden", "10000000000", "--out", str(tmp_path)])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and "there is not enough memory" in error and error.count("\n") == 1


@pytest.mark.parametrize("program", [
    "from scalar_engine import Value; from walkthroughs.stepper import step; step(Value(1.0, 'σ') * 2).run()",
    "from models.command_line import run; run(lambda: print('σ'))",
])  # fmt: skip
def test_a_label_that_a_pipe_cannot_say_does_not_raise(program):
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, env=environment)
    assert done.returncode == 0 and rb"\u03c3" in done.stdout, done.stderr.decode()


def without_encoding(tree):
    """The lines of a module that open, read or write a text file and leave its encoding to the machine."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and not any(keyword.arg == "encoding" for keyword in call.keywords):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            of = getattr(getattr(call.func, "value", None), "id", "")
            modes = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            is_open = name == "open" and of not in ("os", "gzip", "tarfile") and not any("b" in mode for mode in modes)
            if is_open or name in ("write_text", "read_text"):
                yield call.lineno


def test_every_text_file_says_its_encoding():
    assert list(without_encoding(ast.parse("p.open()\np.open('rb')\nopen(p, 'w')\np.write_text('')"))) == [1, 3, 4]
    for package in ("scalar_engine", "tensor_engine", "models", "walkthroughs"):
        for path in (ROOT / package).rglob("*.py"):
            assert not list(without_encoding(ast.parse(path.read_text(encoding="utf-8")))), path
