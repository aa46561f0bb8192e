"""A bounded fuzz of every file format: a damaged file gives the right data, or one of our own errors in one line."""

import gzip
import hashlib
import io
import json
import os
import zipfile
from dataclasses import asdict

import numpy as np
import pytest

from models import sweep
from models.datasets import idx_files, load, standardised
from models.datasets.files import load_file
from models.datasets.idx_files import DataError, read_idx
from models.experiment import Setup, data_of, model_of
from models.keeping import checkpoints, kept
from models.keeping.checkpoints import CheckpointError
from models.layers import MLP
from models.question3 import SHEET, Case, read_case
from models.train import main
from tests.damaged import tried

N = int(os.environ.get("DAMAGED_FILES", 300))  # of each format; a long run by hand takes more
LABELS = "mnist/t10k-labels-idx1-ubyte"


def own_line(error, path):
    """One line that any terminal shows after `one_line`, of bearable length, and about this file."""
    text = str(error)
    assert str(path) in text and "\n" not in text.replace(str(path), "") and len(text) < 2000, text
    return True


@pytest.fixture
def checkpoint(tmp_path):
    """The bytes of a checkpoint, and what reads it and puts it into a network."""
    main(["--hidden", "3", "--epochs", "1", "--batch-size", "full", "--optimizer", "adam", "--out", str(tmp_path)])
    path = tmp_path / "checkpoint.npz"
    setup = Setup(hidden=(3,), batch_size="full", epochs=1, optimizer="adam")
    data = data_of(setup)

    def restored():
        model, optimizer, rng = model_of(setup, data)
        found = checkpoints.read(path)
        history = checkpoints.restore(found, path, model, optimizer, rng)
        return [array.tobytes() for array in checkpoints.arrays_of(model, optimizer).values()], found["config"], history

    whole, right = path.read_bytes(), restored()

    def read(damaged):
        path.write_bytes(damaged)
        try:
            found = restored()
        except CheckpointError as error:
            return own_line(error, path)
        assert crcs(damaged) != crcs(whole) or found == right
        return False

    return whole, read


def crcs(data):
    """What an archive says of its members; of a file that was packed again it says another thing."""
    return {(m.filename, m.CRC) for m in zipfile.ZipFile(io.BytesIO(data)).infolist()}


@pytest.fixture(params=["plain", "gzipped"])
def idx(request, tmp_path, monkeypatch):
    content = bytes([0, 0, 8, 1, 0, 0, 0, 40]) + bytes(i % 10 for i in range(40))
    monkeypatch.setattr(idx_files, "FILES", {LABELS: (hashlib.sha256(content).hexdigest(), len(content))})
    path = tmp_path / f"{LABELS}{'.gz' if request.param == 'gzipped' else ''}"
    path.parent.mkdir()

    def read(damaged):
        path.write_bytes(damaged)
        try:
            found = read_idx(LABELS, tmp_path)
        except DataError as error:
            return own_line(error, path)
        assert found.tolist() == list(content[8:])
        return False

    return gzip.compress(content) if request.param == "gzipped" else content, read


@pytest.fixture
def sweeps(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # for speed
    path = tmp_path / "a.jsonl"
    right = {f'{{"x": {x}}}': {"square": x**2, "half": x / 3, "curve": [x, None]} for x in range(6)}
    lines = [json.dumps({"fingerprint": "f"}), *(sweep.line_of("f", *item) for item in right.items())]

    def read(damaged):
        path.write_bytes(damaged)
        found = sweep.results_in(path, "f")
        assert found.items() <= right.items()
        assert sweep.results_in(path, "f") == found  # the file is whole now
        return found != right

    return "".join(f"{line}\n" for line in lines).encode(), read


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.json"

    def read(damaged):
        path.write_bytes(damaged)
        try:
            case = read_case(path)
        except ValueError as error:
            return own_line(error, path)
        assert isinstance(case, Case) and np.isfinite(np.array(case.W)).all()
        return False

    return json.dumps(asdict(SHEET), indent=1).encode(), read


@pytest.fixture(params=["table.csv", "table.csv.gz", "arrays.npz", "images-idx3-ubyte"])
def own_data(request, tmp_path):
    """A file of one's own: what changes a number in it and leaves a table is no damage that anybody could see."""
    rng, path = np.random.default_rng(0), tmp_path / request.param
    x, y = rng.integers(0, 255, (30, 3, 3), dtype=np.uint8), np.arange(30) % 3
    if "csv" in path.name:
        rows = [",".join(map(str, [f"class {label}", *image.ravel()])) for label, image in zip(y, x)]
        whole = "\n".join(["label,a,b,c,d,e,f,g,h,i", *rows]).encode()
        whole = gzip.compress(whole) if path.suffix == ".gz" else whole
    elif path.suffix == ".npz":
        np.savez(path, x_train=x, y_train=y)
        whole = path.read_bytes()
    else:
        whole = bytes([0, 0, 8, 3, 0, 0, 0, 30, 0, 0, 0, 3, 0, 0, 0, 3]) + x.tobytes()
        labels = tmp_path / "labels-idx1-ubyte"
        labels.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 30]) + y.astype(np.uint8).tobytes())

    def read(damaged):
        path.write_bytes(damaged)
        try:
            found = load_file(path)
        except DataError as error:
            return own_line(error, path)
        assert np.isfinite(found.xtrain).all() and set(found.ytrain) <= set(range(found.num_classes))
        return False

    return whole, read


@pytest.fixture
def kept_model(tmp_path):
    path = tmp_path / "model.safetensors"
    kept.save(path, MLP([64, 3, 10]), standardised(load("digits")))

    def read(damaged):
        path.write_bytes(damaged)
        try:
            found = kept.load(path)
        except kept.ModelError as error:
            return own_line(error, path)
        assert np.isfinite(found.model.parameters()[0].data).all()
        return False

    return path.read_bytes(), read


def all_is_refused_or_right(whole, read, refused):
    assert not read(whole)
    assert tried(read, whole, N, seed=0) >= refused * N


def test_damaged_checkpoints(checkpoint):
    all_is_refused_or_right(*checkpoint, refused=0.8)


def test_damaged_idx_files(idx):
    all_is_refused_or_right(*idx, refused=0.8)


def test_damaged_sweeps(sweeps):
    all_is_refused_or_right(*sweeps, refused=0.8)


def test_damaged_weights(weights):
    all_is_refused_or_right(*weights, refused=0.5)


def test_damaged_data_of_ones_own(own_data):
    all_is_refused_or_right(*own_data, refused=0.2)


def test_damaged_models(kept_model):
    all_is_refused_or_right(*kept_model, refused=0.2)
