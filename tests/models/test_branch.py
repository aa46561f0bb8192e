"""python -m models.branch: a run rewound, one thing changed, and both drawn."""

import json

import numpy as np
import pytest

from models.branch import main
from models.keeping import checkpoints
from models.train import main as train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    options = ["--hidden", "8", "--epochs", "4", "--batch-size", "100", "--learning-rate-decay", "0.5"]
    train([*options, "--watch", "--out", str(folder)])
    return folder


def history(folder):
    return json.loads((folder / "history.json").read_text())


def branched(run, out, *options):
    assert main([str(run), *options, "--out", str(out)]) == 0
    assert (out / "branch.png").stat().st_size > 10_000
    return history(out)


def test_it_goes_on_from_there_with_one_thing_changed(run, tmp_path, capsys):
    whole, branch = history(run), branched(run, tmp_path, "--at-epoch", "2", "--learning-rate", "0.01")
    assert branch["batch_losses"][:24] == whole["batch_losses"][:24] and len(branch["epochs"]) == 4
    assert [epoch["learning_rate"] for epoch in branch["epochs"]] == pytest.approx([0.1, 0.05, 0.01, 0.005])
    assert branch["batch_losses"][25] != whole["batch_losses"][25]
    assert checkpoints.read(run / "checkpoint.npz")["history"].to_dict() == whole  # the run is as it was


def test_the_rate_that_it_had_anyway_changes_nothing(run, tmp_path, capsys):
    whole, branch = history(run), branched(run, tmp_path, "--at-epoch", "1", "--learning-rate", "0.05")
    assert np.allclose(branch["batch_losses"], whole["batch_losses"], rtol=1e-6)


@pytest.mark.parametrize(
    "change", [("--momentum", "0"), ("--batch-size", "300"), ("--dropout", "0.3"), ("--seed", "5")]
)
def test_what_else_can_be_changed(change, run, tmp_path, capsys):
    whole, branch = history(run), branched(run, tmp_path, "--at-epoch", "0", *change)
    assert branch["batch_losses"] != whole["batch_losses"] and len(branch["epochs"]) == 4


@pytest.mark.parametrize(
    "options, said",
    [
        (["--at-epoch", "9", "--learning-rate", "1"], "no checkpoint of epoch 9, there are those of 0, 1, 2, 3, 4"),
        (["--at-epoch", "1"], "one thing is changed"),
        (["--at-epoch", "1", "--momentum", "0", "--dropout", "0.1"], "2 are given"),
        (["--at-epoch", "4", "--momentum", "0"], "say how far to go after 4, --epochs 9"),
    ],
)
def test_it_says_no_in_one_line(options, said, run, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(run), *options, "--out", str(tmp_path / "b")])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and said in error and error.count("\n") == 1 and not (tmp_path / "b").exists()


def test_there_must_be_a_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "none"), "--at-epoch", "1", "--dropout", "0.1"])
    assert stop.value.code == 2 and "there is no checkpoint" in capsys.readouterr().err
