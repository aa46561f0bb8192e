"""Trained networks in files: kept whole, refused where damaged, and used by python -m models.predict."""

import csv
import json
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imsave
from safetensors.numpy import load as tensors_in
from safetensors.numpy import save as packed

import models
from models import predict, train
from models.datasets import load, standardised, symmetric
from models.keeping.kept import KIND, ModelError
from models.layers import MLP, Dropout, Linear, Module, ReLU, Sequential, Softmax, Tanh
from models.training import fit
from tensor_engine import softmax
from tensor_engine.optimizers import SGD
from tests.models.datasets.test_files import NAMES, ROWS, damaged, idx, table  # noqa: F401 (table is a fixture)


@pytest.fixture(scope="module")
def digits():
    return standardised(load("digits"))


@pytest.fixture(scope="module")
def trained(digits):
    model = MLP([64, 16, 10], "tanh", 0.1)
    fit(model, digits, SGD(model.parameters(), 0.2, momentum=0.9), 4, progress=False)
    return model


@pytest.fixture
def path(trained, digits, tmp_path):
    models.save(tmp_path / "model.safetensors", trained, digits)
    return tmp_path / "model.safetensors"


# Saving and loading


@pytest.mark.parametrize("scaling", [standardised, symmetric])
def test_a_kept_network_says_the_same_of_data_as_it_is_stored(scaling, tmp_path, trained):
    stored = load("digits")
    data = scaling(stored)
    models.save(tmp_path / "m", trained, data)
    kept = models.load(tmp_path / "m")
    trained.train(False)
    expected = softmax(trained(data.xval)).data
    assert kept.probabilities(stored.xval) == pytest.approx(expected, abs=1e-6)
    assert kept.predict(stored.xval) == [data.class_names[c] for c in expected.argmax(axis=1)]
    assert kept.probabilities(stored.xval.reshape(-1, 8, 8)) == pytest.approx(expected, abs=1e-6)
    assert isinstance(kept.model, MLP) and repr(kept.model) == repr(trained)
    assert (kept.class_names, kept.image_shape, kept.largest) == (tuple("0123456789"), (8, 8), 16)
    with pytest.raises(ValueError, match="the model takes 64 features"):
        kept.predict(stored.xval[:, :9])
    with pytest.raises(ValueError, match=r"^x\[0, 2\] is nan"):
        kept.predict(np.where(np.arange(64) == 2, np.nan, stored.xval[:1]))


def test_a_sequential_of_layers_is_kept_too(tmp_path, digits):
    rng = np.random.default_rng(1)
    layers = [Linear(64, 8, rng, label="a"), ReLU(), Dropout(0.2, rng), Linear(8, 6, rng, dtype=np.float64, label="b"),
              Tanh(), Linear(6, 10, rng, label="c"), Softmax()]  # fmt: skip
    model = Sequential(*layers)
    models.save(tmp_path / "m", model, digits)
    kept = models.load(tmp_path / "m")
    assert repr(kept.model) == repr(model) and list(kept.model.named_parameters()) == list(model.named_parameters())
    assert [p.dtype for p in kept.model.parameters()] == [p.dtype for p in model.parameters()]
    assert kept.probabilities(load("digits").xval).sum(axis=1) == pytest.approx(1)


def test_what_a_file_cannot_tell_of_is_refused(tmp_path, digits):
    class Own(Module):
        pass

    rng = np.random.default_rng(0)
    for model, words in [
        (Own(), "not of a Own"),
        (Sequential(Linear(64, 10, rng), Own()), "cannot tell of a layer"),
        (Sequential(Linear(64, 9, rng), Linear(9, 10, rng)), "two parameters have one name"),
    ]:
        with pytest.raises(ModelError, match=words):
            models.save(tmp_path / "m", model, digits)
    with pytest.raises(ModelError, match="needs the Dataset of the model, not a ndarray"):
        models.save(tmp_path / "m", MLP([64, 10]), digits.xtrain)
    assert not list(tmp_path.iterdir())


def test_a_save_that_fails_leaves_the_last_file_whole(path, trained, digits, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        models.save(path, MLP([64, 10]), digits)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_no_pickle_is_in_it_and_none_is_read(path, tmp_path):
    (tmp_path / "evil").write_bytes(b"\x80\x04cos\nsystem\n(S'echo evil'\ntR.")
    with pytest.raises(ModelError, match="evil: not a whole model"):
        models.load(tmp_path / "evil")
    assert b"pickle" not in path.read_bytes()


def about(path):
    """(tensors, what the header says) of a kept network."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return dict(tensors_in(data)), json.loads(header["__metadata__"]["about"])


@pytest.mark.parametrize("change", [
    lambda tensors, about: about.pop("layers"),
    lambda tensors, about: about.update(layers={"MLP": [[64, 10**10, 10], "tanh", 0.1]}),
    lambda tensors, about: about.update(layers={"MLP": [[64, 16, 10], "sin", 0.1]}),
    lambda tensors, about: about.update(layers={"os.system": ["echo"]}),
    lambda tensors, about: about.update(layers={"Sequential": [["Linear", 10**6, 10**6, "a"]]}),
    lambda tensors, about: about.update(layers=[]),
    lambda tensors, about: about.update(class_names=["0", "1"]),
    lambda tensors, about: about.update(image_shape=[9, 9]),
    lambda tensors, about: about.update(columns={"names": ["a"], "used": [5], "label": 0}),
    lambda tensors, about: tensors.pop("layer1/W"),
    lambda tensors, about: tensors.pop("mean"),
    lambda tensors, about: tensors.update(deviation=np.zeros(())),
    lambda tensors, about: tensors.update(mean=np.zeros(63)),
    lambda tensors, about: tensors["layer1/W"].__setitem__((0, 0), np.nan),
    lambda tensors, about: tensors.update({"layer1/W": np.zeros((16, 64), np.float32)}),
], ids=range(15))  # fmt: skip
def test_a_header_that_does_not_fit_is_one_line(change, path):
    tensors, header = about(path)
    models.load(path)
    tensors = {name: array.copy() for name, array in tensors.items()}
    change(tensors, header)
    path.write_bytes(packed(tensors, {"kind": KIND, "about": json.dumps(header)}))
    with pytest.raises(ModelError) as refused:
        models.load(path)
    assert str(refused.value).startswith(f"{path}: not a whole model of models.save (") and "\n" not in str(
        refused.value
    )


def test_foreign_files_are_one_line(path, tmp_path):
    tensors, header = about(path)
    for data, words in [
        (b"", "not a whole model"),
        (b"PK\3\4", "a checkpoint or another .npz; the trained network is model.safetensors"),
        (packed(tensors), "safetensors, but not of models.save"),
        (packed(tensors, {"kind": KIND, "about": "[" * 100_000}), "RecursionError"),
        (packed(tensors, {"kind": KIND}), "KeyError"),
        ((2**60).to_bytes(8, "little") + b"{", "not a whole model"),
    ]:
        path.write_bytes(data)
        with pytest.raises(ModelError, match=words) as refused:
            models.load(path)
        assert "\n" not in str(refused.value)
    for place, words in [(tmp_path / "none", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(ModelError, match=f"cannot be read .{words}"):
            models.load(place)


def test_damaged_files_are_models_or_one_line(path):
    """Out of 500 damaged files with fixed seeds comes a network with finite weights, or a ModelError."""
    rng, whole, read = random.Random(0), path.read_bytes(), 0
    for i in range(500):
        start = 600 if i % 2 else len(whole)  # half of them within the header
        path.write_bytes(damaged(whole[:start], rng) + whole[start:])
        try:
            kept = models.load(path)
        except ModelError as error:
            assert "\n" not in str(error)
        else:
            read += 1
            assert all(np.isfinite(p.data).all() for p in kept.model.parameters())
    assert 0 < read < 400


def test_networks_of_values_do_not_wait_for_numpy():
    program = (
        "import sys; import models.mlp, models.question3; assert 'numpy' not in sys.modules; import models; models.load"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="module 'models' has no attribute 'sav'"):
        models.sav  # noqa: B018


# python -m models.predict


def labelled(*arguments):
    assert predict.main([str(each) for each in arguments]) == 0


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        predict.main([str(each) for each in arguments])
    out = capsys.readouterr()
    assert stop.value.code == 2 and out.err.count("\n") == 1 and out.out == ""
    return out.err


def test_a_table_of_ones_own_from_training_to_prediction(table, tmp_path, capsys):  # noqa: F811
    """Columns in another order, one too many, the constant one changed: the classes are right, and in words."""
    rows = [[f"{[1, 5, 9][i % 3] + i % 7 / 10}", f"{i % 5}", "7", ("owl", "wren", "stork")[i % 3]] for i in range(90)]
    out = tmp_path / "run"
    arguments = ["--data", table([NAMES, *rows]), "--hidden", "8", "--epochs", "60", "--batch-size", "10"]
    assert train.main([*arguments, "--learning-rate-decay", "1", "--seed", "3", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for note in (
        "classes: 0 is 'owl', 1 is 'stork', 2 is 'wren'", "dropped, since constant: 'station'",
        "scaled: each of 2 columns, to mean 0 and deviation 1 in the training data",
    ):  # fmt: skip
        assert f"\n  {note}\n" in said
    new = [["name", "length", "weight"], ["a", "2", "1.1"], ["b", "0", "9.3"], ["c", "4", "5"]]
    labelled(out / "model.safetensors", table(new, "new.csv"), "--out", tmp_path / "classes.csv")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["owl", "stork", "wren"]
    assert lines[1].startswith(f"{tmp_path / 'new.csv'}:2  stork  0.")
    with (tmp_path / "classes.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.reader(file))
    assert [row[2] for row in written] == ["class", "owl", "stork", "wren"]
    words = refused(capsys, out / "model.safetensors", table([["length", "size"], ["1", "2"]], "new.csv"))
    assert "new.csv: the model needs columns that are not there: 'weight'" in words
    missing = table([["station", "length", "weight"], ["1", "2", "3"], ["1", "", "3"]], "new.csv")
    assert "row 2 (line 3), column 'length': a value is missing" in refused(capsys, out / "model.safetensors", missing)


def test_pictures_idx_npz_and_tables_are_labelled_alike(path, tmp_path, capsys, table):  # noqa: F811
    """Also ink on paper, in colour, and with a transparent ground."""
    stored = load("digits", final=True)
    x, expected = stored.xval[:4], models.load(path).predict(stored.xval[:4])
    (tmp_path / "x.gz").write_bytes(idx(x.reshape(-1, 8, 8)))
    np.savez(tmp_path / "x.npz", x=x.reshape(-1, 8, 8))
    with_labels = table([["label", *range(64)], *np.c_[stored.yval[:4], x].tolist()], "labelled.csv")
    for file in (tmp_path / "x.gz", tmp_path / "x.npz", table(x.tolist()), with_labels):
        labelled(path, file)
        assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == expected
    light = x[0].reshape(8, 8) / 16
    transparent = np.stack([0 * light, 0 * light, 0 * light, light], axis=2)
    for picture in (light, 1 - light, np.repeat(light[..., None], 3, axis=2), transparent):
        imsave(tmp_path / "digit.png", picture, cmap="gray", vmin=0, vmax=1)
        labelled(path, tmp_path / "digit.png")
        line = capsys.readouterr().out
        assert line.split()[1] == expected[0] and line.startswith(f"{tmp_path / 'digit.png'}  ")


def test_what_cannot_be_labelled_is_one_line_and_exit_2(path, tmp_path, capsys, trained):
    imsave(tmp_path / "large.png", np.zeros((30, 20)))
    (tmp_path / "broken.png").write_bytes((tmp_path / "large.png").read_bytes()[:60])
    (tmp_path / "x").write_bytes(idx(np.zeros((2, 7, 7), np.uint8)))
    whole = tmp_path / "whole"
    whole.write_bytes(idx(np.zeros((2, 8, 8), np.uint8)))
    (tmp_path / "short.csv").write_text("1,2\n", encoding="utf-8")
    for files, words in [
        ([tmp_path / "large.png"], "pictures of 30x20 pixels, and the model takes 8x8"),
        ([whole, tmp_path / "broken.png"], "broken.png: cannot be read as a picture"),
        ([tmp_path / "x"], "x: pictures of 7x7 pixels, and the model takes 8x8"),
        ([tmp_path / "short.csv"], "short.csv: there are 2 columns, and the model takes 64"),
        ([tmp_path / "none.png"], "none.png: cannot be read (No such file or directory)"),
        ([tmp_path], "cannot be read (Is a directory)"),
        ([whole, "--out", tmp_path / "no" / "x.csv"], f"cannot write {tmp_path / 'no' / 'x.csv'}: No such file"),
    ]:
        assert words in refused(capsys, path, *files)
    assert f"{whole}: not a whole model of models.save" in refused(capsys, whole, whole)
    points = replace(standardised(load("moons")), class_names=("a", "b"))
    models.save(path, MLP([2, 2]), points)
    assert "large.png: a picture, and the model takes rows of a table" in refused(capsys, path, tmp_path / "large.png")
    with pytest.raises(SystemExit) as stop:
        predict.main(["--help"])
    assert stop.value.code == 0
