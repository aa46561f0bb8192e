"""The files of MNIST and Fashion-MNIST: read, and what happens when they are missing, wrong or far away."""

import gzip
import hashlib
import subprocess
import sys
import threading
import tracemalloc
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from models.datasets import idx_files
from models.datasets.idx_files import DataError, read_idx
from tests import ROOT

IMAGES = "mnist/train-images-idx3-ubyte"
LABELS = "mnist/train-labels-idx1-ubyte"
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)


@pytest.fixture
def files(monkeypatch, tmp_path):
    """{name: bytes} of small files that the checksum table expects from now on.

    There is no data folder, and the cache folder is tmp_path/cache.
    """
    contents = {
        IMAGES: bytes([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 28, 0, 0, 0, 28]) + PIXELS.tobytes(),
        LABELS: bytes([0, 0, 8, 1, 0, 0, 0, 12, 7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6]),
        "mnist/t10k-images-idx3-ubyte": bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(784),
        "fashion-mnist/train-images-idx3-ubyte": bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9]),
    }
    table = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in contents.items()}
    monkeypatch.setattr(idx_files, "FILES", table)
    monkeypatch.setattr(idx_files, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(idx_files.VARIABLE, raising=False)
    return contents


@pytest.fixture
def folder(files, tmp_path):
    """A data folder with the small files, gzipped."""
    for name, data in files.items():
        put(tmp_path / "data" / f"{name}.gz", gzip.compress(data))
    return tmp_path / "data"


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def all_files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def error_of_reading(data_dir=None):
    """The DataError's message, which must be one line."""
    with pytest.raises(DataError) as raised:
        read_idx(IMAGES, data_dir)
    assert "\n" not in str(raised.value)
    return str(raised.value)


# Reading


def test_a_file_may_be_gzipped_or_not(files, folder, tmp_path):
    put(tmp_path / IMAGES, files[IMAGES])
    for data_dir in (folder, str(tmp_path)):
        x = read_idx(IMAGES, data_dir)
        assert x.dtype == np.uint8 and x.flags.writeable and np.array_equal(x, PIXELS)
    assert read_idx(LABELS, folder).tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6]


def test_the_argument_names_the_folder_before_the_environment_does(folder, monkeypatch):
    nowhere = folder / "nowhere"
    monkeypatch.setenv(idx_files.VARIABLE, str(folder))
    assert np.array_equal(read_idx(IMAGES), PIXELS)
    assert str(nowhere) in error_of_reading(nowhere)
    monkeypatch.setenv(idx_files.VARIABLE, str(nowhere))
    assert str(nowhere) in error_of_reading()
    assert np.array_equal(read_idx(IMAGES, folder), PIXELS)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/scalar-to-tensor"),
        ("linux", {}, "~/.cache/scalar-to-tensor"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "~/Library/Caches/scalar-to-tensor"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/scalar-to-tensor"),
        ("win32", {}, "~/AppData/Local/scalar-to-tensor"),
    ],
)
def test_the_cache_folder_is_the_platforms(monkeypatch, platform, variables, expected):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert idx_files.cache_folder().as_posix() == expected


def test_the_mirrors_and_checksums_are_those_of_two_data_sets():
    names = {
        f"{dataset}/{part}-ubyte"
        for dataset in ("mnist", "fashion-mnist")
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    }
    assert set(idx_files.FILES) == names and len({digest for digest, _ in idx_files.FILES.values()}) == 8
    assert all(len(mirrors) > 1 for mirrors in idx_files.MIRRORS.values())
    assert all(url.endswith("/") for mirrors in idx_files.MIRRORS.values() for url in mirrors)


# Wrong files


def flip_checksum(data):
    packed = bytearray(gzip.compress(data))
    packed[-8] ^= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (lambda files: gzip.compress(files[IMAGES])[:1000], "found a gzip file cut short after 1000 bytes"),
        (lambda files: flip_checksum(files[IMAGES]), "found a damaged gzip file"),
        (lambda files: files[IMAGES][:-1], "found 9423 bytes with SHA-256 "),
        (lambda files: b"<html>", "found 6 bytes with SHA-256 b7d082ee12e9..."),
        (lambda files: b"", "found 0 bytes"),
        (lambda files: files[LABELS], f"this is {LABELS}"),
        (lambda files: files["mnist/t10k-images-idx3-ubyte"], "this is mnist/t10k-images-idx3-ubyte"),
        (lambda files: gzip.compress(files[f"fashion-{IMAGES}"]), f"this is fashion-{IMAGES}"),
    ],
    ids=["cut gzip", "damaged gzip", "cut", "foreign", "empty", "labels for images", "t10k for train", "fashion"],
)
def test_a_wrong_file_says_what_it_is(files, folder, content, found):
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(content(files))
    message = error_of_reading(folder)
    digest = hashlib.sha256(files[IMAGES]).hexdigest()
    assert message.startswith(f"{path}: expected {IMAGES}, 9424 bytes unpacked with SHA-256 {digest[:12]}...; {found}")
    assert message.endswith(f"; get it again from {idx_files.MIRRORS['mnist'][0]}{path.name}")


def test_a_gzip_bomb_is_stopped(folder, monkeypatch):
    """64 MB of zeros in 64 kB: no more is unpacked than the largest file has, and a little."""
    monkeypatch.setattr(idx_files, "LARGEST", 1 << 20)
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(64 << 20), 9))
    tracemalloc.start()
    message = error_of_reading(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "found 1048576 bytes and more with SHA-256" in message and peak < 8 << 20
    (folder / IMAGES).write_bytes(bytes(4 << 20))  # and a plain file without end
    assert "found 1048576 bytes and more" in error_of_reading(folder)


def test_the_largest_file_is_read_whole():
    assert max(length for _, length in idx_files.FILES.values()) < idx_files.LARGEST < 1 << 26


def test_a_wrong_file_in_the_cache_is_to_be_deleted(files, tmp_path):
    path = tmp_path / "cache" / f"{IMAGES}.gz"
    put(path, b"?")
    message = error_of_reading()
    assert message.startswith(str(path)) and message.endswith("; delete it, and the next run downloads it again")


def test_a_missing_folder_or_file_says_what_to_do(folder):
    message = error_of_reading(folder / "other")
    assert message.startswith(f"there is no data folder {folder / 'other'} to read {IMAGES} from; ")
    assert all(part in message for part in ("train-labels-idx1-ubyte.gz", idx_files.VARIABLE, "https://"))
    (folder / f"{IMAGES}.gz").unlink()
    message = error_of_reading(folder)
    assert message.startswith(f"{folder / IMAGES} is missing, also as .gz; get it from https://")
    (folder / IMAGES).mkdir()
    assert error_of_reading(folder).startswith(f"{folder / IMAGES} cannot be read (")
    assert error_of_reading("~no-such-user/data").startswith("cannot use the folder ~no-such-user/data (")


# Downloading, from a server on this machine


class Handler(BaseHTTPRequestHandler):
    """Answers with server.replies[path], bytes or (bytes, claimed length); waits for server.hang_up to end."""

    def do_GET(self):
        self.server.requests.append(self.path)
        reply = self.server.replies.get(self.path)
        if reply is None:
            self.send_error(404)
            return
        data, length = reply if isinstance(reply, tuple) else (reply, len(reply))
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        self.server.sent.set()
        if not self.server.hang_up.wait(60):
            self.server.requests.append("the client waited on")

    def log_message(self, *_):
        pass


@pytest.fixture
def server(files, monkeypatch):
    """Serves IMAGES under /a/ and /b/, the two mirrors of MNIST from now on."""
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.sent, server.hang_up = [], threading.Event(), threading.Event()
    server.hang_up.set()
    server.replies = dict.fromkeys([FROM_A, FROM_B], gzip.compress(files[IMAGES]))
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(idx_files, "MIRRORS", {"mnist": [f"{url}/a/", f"{url}/b/"]})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.hang_up.set()
    server.shutdown()
    thread.join()
    server.server_close()


FROM_A, FROM_B = "/a/train-images-idx3-ubyte.gz", "/b/train-images-idx3-ubyte.gz"
DEAD = "http://127.0.0.1:1/"


def test_a_download_is_kept_in_the_cache(server, tmp_path, capsys):
    for _ in range(2):
        assert np.array_equal(read_idx(IMAGES), PIXELS)
        assert server.requests == [FROM_A]
        assert all_files(tmp_path) == [f"cache/{IMAGES}.gz"]
    assert (tmp_path / "cache" / f"{IMAGES}.gz").read_bytes() == server.replies[FROM_A]
    assert capsys.readouterr().err == ""  # no progress bar in a pipe


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (None, "HTTP Error 404: Not Found"),
        ((b"\x1f\x8b half", 5000), "found a gzip file cut short"),
        (b"<html>Moved</html>", "found 18 bytes"),
        (gzip.compress(b"another file"), "found 12 bytes"),
    ],
    ids=["404", "cut transfer", "page", "foreign"],
)
def test_a_mirror_without_the_file_is_passed_over(server, tmp_path, reply, reason):
    server.replies[FROM_A] = reply
    assert np.array_equal(read_idx(IMAGES), PIXELS) and server.requests == [FROM_A, FROM_B]
    (tmp_path / "cache" / f"{IMAGES}.gz").unlink()
    server.replies[FROM_B] = reply
    assert error_of_reading().count(reason) == 2
    assert all_files(tmp_path) == []


def test_a_dead_mirror_is_passed_over(server):
    idx_files.MIRRORS["mnist"][0] = DEAD
    assert np.array_equal(read_idx(IMAGES), PIXELS) and server.requests == [FROM_B]


def test_a_mirror_that_falls_silent_is_passed_over(server, monkeypatch):
    urlopen = urllib.request.urlopen

    def opened(url, timeout):
        response = urlopen(url, timeout=60)  # however long it takes to begin
        if url.endswith(FROM_A) and timeout == idx_files.TIMEOUT:
            response.fp.raw._sock.settimeout(0.1)
        return response

    monkeypatch.setattr(urllib.request, "urlopen", opened)
    server.replies[FROM_A] = (b"\x1f\x8b", 5000)
    server.hang_up.clear()
    assert np.array_equal(read_idx(IMAGES), PIXELS) and server.requests == [FROM_A, FROM_B]


def test_a_mirror_that_sends_without_end_is_passed_over(server, monkeypatch):
    monkeypatch.setattr(idx_files, "LARGEST", 1 << 17)
    server.replies[FROM_A] = bytes(1 << 24)
    sizes, verified = [], idx_files.verified
    monkeypatch.setattr(idx_files, "verified", lambda packed, name: sizes.append(len(packed)) or verified(packed, name))
    assert np.array_equal(read_idx(IMAGES), PIXELS) and server.requests == [FROM_A, FROM_B]
    assert sizes[0] < 1 << 18


def test_without_a_network_it_says_how_to_get_the_data_by_hand(files, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(idx_files, "MIRRORS", {"mnist": [DEAD, "http://127.0.0.1:2/"]})
    message = error_of_reading()
    assert message.startswith(f"cannot download {IMAGES}.gz (127.0.0.1:1: ") and "; 127.0.0.1:2: " in message
    names = "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz"
    assert f"put {names} from {DEAD} into a folder mnist/" in message
    assert message.endswith(f"by data_dir or the environment variable {idx_files.VARIABLE}")
    assert all_files(tmp_path) == []


def test_a_run_killed_half_way_leaves_no_file(server, tmp_path):
    whole = server.replies[FROM_A]
    server.replies[FROM_A] = whole[: len(whole) // 2], len(whole)
    server.hang_up.clear()
    program = (
        "from pathlib import Path; from models.datasets import idx_files;"
        f"idx_files.MIRRORS = {idx_files.MIRRORS!r};"
        f"idx_files.cache_folder = lambda: Path({str(tmp_path / 'cache')!r});"
        f"idx_files.read_idx({IMAGES!r})"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as process:
        assert server.sent.wait(60) and process.poll() is None
        process.kill()
    assert server.requests == [FROM_A] and all_files(tmp_path) == []


def test_an_interrupted_write_leaves_no_file(server, tmp_path, monkeypatch):
    def interrupted(self, target):
        assert self.parent == target.parent and self.read_bytes() == server.replies[FROM_A]
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_idx(IMAGES)
    assert all_files(tmp_path) == []


def test_a_cache_that_cannot_be_written_says_so(server, tmp_path):
    (tmp_path / "cache").write_text("a file")
    message = error_of_reading()
    assert message.startswith(f"cannot write {tmp_path / 'cache' / IMAGES}.gz (") and idx_files.VARIABLE in message
