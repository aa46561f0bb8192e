"""Checkpoints: whole and plausible, or one line of our own, whatever the bytes are."""

import io
import json
import re
import zipfile

import numpy as np
import pytest

from models.experiment import Setup, data_of, model_of
from models.keeping import checkpoints
from models.keeping.checkpoints import CheckpointError
from models.train import main
from tests import ROOT

NPY_OF = "parameter:layer1/W.npy"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a checkpoint: 64-8-10, one epoch of Adam."""
    folder = tmp_path_factory.mktemp("run")
    main(["--hidden", "8", "--epochs", "1", "--optimizer", "adam", "--out", str(folder)])
    return (folder / "checkpoint.npz").read_bytes()


@pytest.fixture
def error_of(tmp_path):
    """error_of(bytes): the message of reading them, which names the file and is one line."""

    def error(data):
        path = tmp_path / "checkpoint.npz"
        path.write_bytes(data)
        with pytest.raises(CheckpointError) as raised:
            checkpoints.read(path)
        assert str(raised.value).startswith(f"{path}: not a whole checkpoint (")
        return str(raised.value)

    return error


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def archive(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def with_text(data, name, change):
    """The checkpoint with one of its texts, parsed, changed in place or, if that returns something, replaced."""
    members = members_of(data)
    text = str(np.load(io.BytesIO(members[f"text:{name}.npy"])))
    if isinstance(change, str):
        text = change
    else:
        value = json.loads(text)
        text = json.dumps(change(value) or value)
    return archive({**members, f"text:{name}.npy": npy(np.array(text))})


def with_array(data, array, name=NPY_OF):
    return archive({**members_of(data), name: array if isinstance(array, bytes) else npy(array)})


def test_a_whole_one_is_read_back(whole, tmp_path):
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(whole)
    found = checkpoints.read(path)
    assert found["parameter:layer1/W"].shape == (64, 8) and found["config"]["optimizer"] == "adam"
    path.write_bytes(archive(members_of(whole)))  # as these tests pack it again
    assert np.array_equal(checkpoints.read(path)["parameter:layer1/W"], found["parameter:layer1/W"])


@pytest.mark.parametrize("at, value", [(8, 1), (8, 0xFF), (6, 255), (10, 8), (10, 99)])
def test_flags_versions_and_methods_of_a_zip_member(whole, error_of, at, value):
    """Encrypted, of a later version, compressed by another or an unknown method: in the central directory."""
    damaged = bytearray(whole)
    damaged[whole.rindex(b"PK\x01\x02") + at] = value
    error_of(bytes(damaged))


def test_a_name_as_long_as_the_file_is_not_quoted(whole, error_of):
    at = whole.index(b"PK\x03\x04")
    message = error_of(whole[: at + 26] + b"\xff\x20" + whole[at + 28 :])
    assert "\n" not in message and len(message) < 500


def test_a_compressed_archive_is_not_unpacked(whole, error_of):
    bomb = archive({**members_of(whole), "optimizer:bomb.npy": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    assert "a compressed member" in error_of(bomb)


@pytest.mark.parametrize("shape", ["(10000000000,)", "(100000, 100000)", "(64, 9)", "(-64, -8)", "(64.0, 8)"])
def test_a_header_that_claims_another_size(whole, error_of, shape):
    """Ten thousand million elements are not asked for: the bytes that are there are counted first."""
    start = members_of(whole)[NPY_OF]
    length = 10 + int.from_bytes(start[8:10], "little")
    header = re.sub(rb"\(64, 8\)", shape.encode(), start[10:length]).rstrip() + b"\n"
    damaged = start[:8] + len(header).to_bytes(2, "little") + header + start[length:]
    error_of(with_array(whole, damaged))


@pytest.mark.parametrize(
    "header", [b"{'descr': ", b"[" * 5000, b"(" * 60000, b"\0" * 50, "'\u00e9'".encode(), b"1e999 .\n"]
)
def test_a_header_that_is_no_python(whole, error_of, header):
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    error_of(with_array(whole, start + header + bytes(2048)))


@pytest.mark.parametrize("array", [
    np.full((64, 8), np.nan, np.float32), np.full((64, 8), np.inf, np.float32), np.zeros((64, 8), np.int64),
    np.zeros((64, 8), np.complex64), np.zeros((64, 8), "M8[s]"), np.zeros((64, 8), "f4,f4"), np.array(["a"]),
])  # fmt: skip
def test_weights_that_are_no_finite_numbers(whole, error_of, array):
    assert "parameter:layer1/W" in error_of(with_array(whole, array))


@pytest.mark.parametrize("name", checkpoints.TEXTS)
@pytest.mark.parametrize("text", [
    "[]", "{}", "null", "3", '""', "", "{", "[" * 100_000, '{"a":' * 100_000, "NaN", "9" * 5000, "\ud800", "[[1, 2]]",
])  # fmt: skip
def test_texts_that_hold_something_else(whole, error_of, name, text):
    members = {**members_of(whole), f"text:{name}.npy": npy(np.array(text))}
    error_of(archive(members))


@pytest.mark.parametrize("name", checkpoints.TEXTS)
def test_texts_that_are_none_or_missing(whole, error_of, name):
    for array in (np.arange(3), np.array([["a"]]), np.array(b"{}")):
        error_of(with_array(whole, array, f"text:{name}.npy"))
    error_of(archive({key: data for key, data in members_of(whole).items() if key != f"text:{name}.npy"}))


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_texts_of_what_is_no_character(whole, error_of, code):
    """Of which NumPy makes a str that breaks Python, far from here."""
    history = str(np.load(io.BytesIO(members_of(whole)["text:history.npy"]))).replace("seconds", "second#")
    array = npy(np.array(history)).replace("#".encode("utf-32-le"), code.to_bytes(4, "little"))
    assert "UnicodeDecodeError" in error_of(with_array(whole, array, "text:history.npy"))


@pytest.mark.parametrize("field, value, words", [
    ("optimizer", "nosuch", "there is no optimizer 'nosuch', only sgd, adam"),
    ("activation", "nosuch", "there is no activation"),
    ("activation", [], "activation is []"),
    ("dtype", "float8", "there is no dtype"),
    ("hidden", [8, 0], "hidden is 0, and must be above 0"),
    ("hidden", 8, "hidden is 8"),
    ("hidden", [8.5], "hidden is [8.5]"),
    ("hidden", "8", "hidden is '8'"),
    ("learning_rate", float("nan"), "learning_rate is nan"),
    ("learning_rate", "0.1", "learning_rate is '0.1'"),
    ("learning_rate_decay", 0, "learning_rate_decay is 0"),
    ("momentum", 1, "momentum is 1, and must be at least 0 and below 1"),
    ("dropout", -0.5, "dropout is -0.5"),
    ("weight_decay", float("inf"), "weight_decay is inf"),
    ("batch_size", "many", "batch_size is 'many'"),
    ("batch_size", 0, "batch_size is 0"),
    ("epochs", True, "epochs is True"),
    ("epochs", -1, "epochs is -1"),
    ("seed", -1, "seed is -1"),
    ("final", 1, "final is 1"),
    ("classes", ["3", "5"], "classes is ['3', '5']"),
    ("data", 3, "data is 3"),
    ("threads", 0, "threads is 0"),
    ("threads", "two", "threads is 'two'"),
    ("nosuch", 1, "nosuch"),
])  # fmt: skip
def test_a_config_that_no_run_can_have(whole, error_of, field, value, words):
    assert words in error_of(with_text(whole, "config", lambda config: config.update({field: value})))


def test_a_setup_refuses_the_same():
    with pytest.raises(ValueError, match="dropout is 2, and must be at least 0 and below 1"):
        Setup(dropout=2)
    with pytest.raises(ValueError, match=re.escape("hidden is 300, and must be tuple[int, ...]")):
        Setup(hidden=300)
    assert Setup(hidden=[3], learning_rate=np.float32(0.5), seed=np.int64(3), batch_size="full").layers == "64-3-10"


@pytest.mark.parametrize("change", [
    lambda history: history.update(batch_losses="none"),
    lambda history: history.update(batch_losses=[1.0, "2"]),
    lambda history: history.update(held_out=3),
    lambda history: history["epochs"][0].update(epoch="1"),
    lambda history: history["epochs"][0].update(train_loss=[]),
    lambda history: history["epochs"][0].pop("seconds"),
    lambda history: history.update(nosuch=1),
    lambda history: history.update(gradient_norms=[{"layer1": "large"}]),
])  # fmt: skip
def test_a_history_that_is_none(whole, error_of, change):
    error_of(with_text(whole, "history", lambda history: change(history) and None))


@pytest.mark.parametrize("change", [
    lambda states: states.pop("model"),
    lambda states: states["order"].update(bit_generator="MT19937"),
    lambda states: states["order"]["state"].update(state=-1),
    lambda states: states["order"]["state"].update(state=2**200),
    lambda states: states["order"]["state"].update(inc="1"),
    lambda states: states.update(order=[]),
])  # fmt: skip
def test_random_states_that_are_none(whole, error_of, change):
    error_of(with_text(whole, "random", lambda states: change(states) and None))


def test_one_that_does_not_fit_its_config_changes_nothing(whole, tmp_path):
    path = tmp_path / "checkpoint.npz"
    for name, array, words in [
        ("parameter:layer2/b.npy", np.zeros(11, np.float32), "parameter:layer2/b is (11,) float32, and must be (10,)"),
        ("parameter:layer2/W.npy", np.zeros((8, 10)), "is (8, 10) float64, and must be (8, 10) float32"),
        ("parameter:layer3/W.npy", np.zeros(3, np.float32), "parameter:layer3/W is none of this network's"),
    ]:
        path.write_bytes(with_array(whole, array, name))
        setup = Setup(hidden=(8,), optimizer="adam")
        model, optimizer, rng = model_of(setup, data_of(setup))
        before = [parameter.data.copy() for parameter in model.parameters()], rng.bit_generator.state
        with pytest.raises(CheckpointError, match=re.escape(words)):
            checkpoints.restore(checkpoints.read(path), path, model, optimizer, rng)
        assert all(map(np.array_equal, before[0], [parameter.data for parameter in model.parameters()]))
        assert rng.bit_generator.state == before[1]


def test_what_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        checkpoints.read(tmp_path / "nothing.npz")
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        checkpoints.read(tmp_path)
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        checkpoints.read(ROOT / "README.md")


def test_a_config_of_before_convolutions_is_one_of_dense_layers(whole, tmp_path):
    """Setups have had fields since then, whose defaults are what such a run was."""
    old = with_text(whole, "config", lambda config: [config.pop(name) for name in checkpoints.LATER] and None)
    (tmp_path / "checkpoint.npz").write_bytes(old)
    assert main(["--resume", "--epochs", "2", "--out", str(tmp_path)]) == 0
    assert checkpoints.read(tmp_path / "checkpoint.npz")["config"]["model"] == "mlp"
