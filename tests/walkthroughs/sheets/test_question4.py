"""Question 4: the sheet's data, and a network of scalars that learns it."""

import csv
import os
import random

import numpy as np
import pytest

from models.by_hand import vu_lists
from models.datasets import load_synth
from models.mlp import MLP
from models.scalar_training import accuracy, sgd_step, train, train_on_graphs
from scalar_engine import Value
from walkthroughs.sheets.vu import question4
from walkthroughs.sheets.vu.question4 import main


def test_load_synth_is_the_sheets():
    """The sheet's own loader, word for word in its arithmetic."""
    (xtrain, ytrain), (xval, yval), num_cls = load_synth(num_train=500, num_val=100, seed=3)
    np.random.seed(3)
    x = np.random.randn(600, 2)
    quadratic = np.asarray([[1, -0.05], [1, 0.4]])
    y = (np.einsum("bf, fk, bk -> b", x, quadratic, x) > 0.6).astype(int)
    assert np.array_equal(xtrain, x[:500]) and np.array_equal(xval, x[500:])
    assert np.array_equal(ytrain, y[:500]) and np.array_equal(yval, y[500:])
    assert num_cls == 2
    shapes = [part.shape for pair in load_synth()[:2] for part in pair]
    assert shapes == [(60_000, 2), (60_000,), (10_000, 2), (10_000,)]


def test_an_sgd_step_by_hand():
    w, unused = Value(2.0), Value(5.0)
    (w * w).backward()
    sgd_step([w, unused], learning_rate=0.1)
    assert w.data == pytest.approx(2 - 0.1 * 4) and w.grad is None
    assert unused.data == 5


def test_training_yields_the_loss_before_each_step():
    """Zero weights give two equal logits, so the first loss is log 2; the same instance again costs less."""
    model = MLP(2, [2])
    for parameter in model.parameters():
        parameter.data = 0.0
    first, second = train(model, [[1.0, 2.0]] * 2, [1, 1], learning_rate=0.5)
    assert first == pytest.approx(np.log(2)) and second < first


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_program_trains_as_the_graph_does(n_classes):
    """The same losses and the same weights, though it is left early."""
    rng = np.random.default_rng(0)
    instances, targets = rng.normal(size=(50, 2)).tolist(), rng.integers(0, n_classes, 50).tolist()
    models = [MLP(2, [3, n_classes], rng=random.Random(1)) for _ in range(2)]
    by_graph = train_on_graphs(models[0], instances, targets, 0.1)
    by_program = train(models[1], instances, targets, 0.1)
    assert [next(by_program) for _ in range(40)] == pytest.approx([next(by_graph) for _ in range(40)], rel=1e-12)
    by_program.close()
    first, second = ([parameter.data for parameter in model.parameters()] for model in models)
    assert first == pytest.approx(second, rel=1e-9)
    assert list(train(models[1], [], [], 0.1)) == []


def test_the_walkthrough_learns_and_writes_its_curve(tmp_path, capsys):
    assert main(["--out", str(tmp_path)]) == 0
    out = capsys.readouterr()
    lines = out.out.splitlines()
    assert out.err == ""  # no progress bar in a pipe
    assert lines.index("features as loaded:") < lines.index("2-3-2 network, sigmoid and softmax, 17 parameters")
    accuracy = float(next(line for line in lines if line.startswith("validation accuracy")).split()[-1])
    assert accuracy > 0.9
    standardised = lines[lines.index("features standardised:") :]
    assert sum("mean  0.00, deviation 1.00" in line for line in standardised) == 2
    losses = [float(row["loss"]) for row in csv.DictReader((tmp_path / "loss.csv").read_text().splitlines())]
    assert len(losses) == 60_000 and np.mean(losses[-6000:]) < 0.5 * np.mean(losses[:6000])
    assert (tmp_path / "loss_curve.png").read_bytes().startswith(b"\x89PNG")


def test_by_hand_and_by_the_engine_the_losses_are_the_same(tmp_path, monkeypatch, capsys, plain):
    """One wrong derivative is seen; a network with more layers is the engine's alone."""
    small = ["--instances", "300", "--out", str(tmp_path)]
    assert (
        main(small) == 0
        and "the losses are the same to rounding, however the network is trained" in capsys.readouterr().out
    )
    rows = list(csv.DictReader((tmp_path / "ways.csv").read_text().splitlines()))
    assert [row["steps"] for row in rows] == ["300"] * 3
    assert rows[0]["validation accuracy"] == rows[1]["validation accuracy"]
    assert "yield l\n" in (tmp_path / "report.html").read_text()
    assert main([*small, "--hidden", "3", "2"]) == 0 and "yield l\n" not in (tmp_path / "report.html").read_text()
    right = vu_lists.backward

    def wrong(*arguments):
        dW, db, dV, dc = right(*arguments)
        return dW, db, dV, [dc[0] + 1e-6, *dc[1:]]

    monkeypatch.setattr(vu_lists, "backward", wrong)
    main(small)
    assert "the losses are NOT the same" in capsys.readouterr().out


def test_whether_the_data_need_to_be_normalised():
    x = np.random.default_rng(0).normal(size=(1000, 2))
    said = question4.normalised(x - x.mean(axis=0), x - x.mean(axis=0))
    assert "that is a controlled range already" in said and "moves no number by more than 0.000" in said
    said = question4.normalised(3 * x, x)
    assert "so they need to be normalised" in said and f"go from {x.min():.2f} to {x.max():.2f}." in said


def test_the_same_seed_gives_the_same_numbers(tmp_path, plain):
    def losses(name, seed):
        small = ["--instances", "200", "--epochs", "2", "--hidden", "4", "3"]
        main([*small, "--seed", seed, "--out", str(tmp_path / name)])
        return (tmp_path / name / "loss.csv").read_text()

    assert losses("a", "1") == losses("b", "1") != losses("c", "2")


def test_accuracy_counts_the_largest_logit():
    model = MLP(2, [2])
    for parameter, data in zip(model.parameters(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]):
        parameter.data = data  # logits = x
    assert accuracy(model, [[2.0, 1.0], [0.0, 1.0], [3.0, 5.0], [1.0, 0.0]], [0, 1, 0, 0]) == 0.75


def test_diverging_training_stops_says_so_and_keeps_what_was_done(tmp_path, capsys):
    assert main(["--learning-rate", "1e308", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "try a smaller --learning-rate" in error and error.count("\n") == 1
    assert (tmp_path / "loss.csv").exists() and (tmp_path / "loss_curve.png").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        "--hidden 0",
        "--learning-rate nan",
        "--learning-rate -1",
        "--instances 60001",
        "--epochs x",
        pytest.param("--out /dev/null/x", marks=pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/null")),
    ],
)
def test_a_bad_argument_is_one_clear_line_and_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    assert stop.value.code == 2 and capsys.readouterr().err.count("\n") == 1
