"""The files of MNIST and Fashion-MNIST: found in a data folder or downloaded, checked by SHA-256, and read.

A file is named by data set and usual name, "mnist/train-images-idx3-ubyte", and may be gzipped or not. Whatever is
wrong with one raises DataError, in one line that says which file, what was expected, what was found and what to do.
"""

import gzip
import hashlib
import io
import os
import sys
import urllib.request
import zlib
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from tqdm.auto import tqdm

from ..keeping.files import write_whole

VARIABLE = "SCALAR_TO_TENSOR_DATA"  # the environment variable that names a data folder

# SHA-256 and length of each file, unpacked: gzip packs the same bytes in many ways.
CHECKSUMS = """
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  47040016  mnist/train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  60008     mnist/train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  7840016   mnist/t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  10008     mnist/t10k-labels-idx1-ubyte
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888  47040016  fashion-mnist/train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9  60008     fashion-mnist/train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b  7840016   fashion-mnist/t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34  10008     fashion-mnist/t10k-labels-idx1-ubyte
"""
FILES = {name: (digest, int(length)) for digest, length, name in map(str.split, CHECKSUMS.strip().splitlines())}
LARGEST = max(length for _, length in FILES.values()) + (1 << 20)  # what no file of ours reaches, packed or not

# Tried in this order. A mirror need not be trusted, nor its line be encrypted: the SHA-256 decides.
MIRRORS = {
    "mnist": [
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ],
    "fashion-mnist": [
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ],
}
LIBRARIES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}  # as torchvision calls its folders
TIMEOUT = 15  # seconds without a byte after which the next mirror is tried


class DataError(ValueError):
    """A data file is missing or not what it should be, or cannot be downloaded."""


def read_idx(name, data_dir=None):
    """The array in the file `name`: uint8, images of shape (n, 28, 28) or labels of shape (n,).

    The file is looked for in the folder `data_dir`, else in the one that SCALAR_TO_TENSOR_DATA names; where neither is
    given, in the user's cache folder, into which it is downloaded the first time. Raises DataError.
    """
    given = data_dir or os.environ.get(VARIABLE)
    try:
        folder = Path(given or cache_folder()).expanduser()
        path, is_folder = find(name, folder), folder.is_dir()
    except (OSError, RuntimeError) as error:
        raise DataError(f"cannot use the folder {given or cache_folder()} ({error}); {by_hand(name)}") from None
    if path is not None:
        advice = f"get it again from {source(name)}" if given else "delete it, and the next run downloads it again"
        data = verified_file(path, name, advice)
    elif not given:
        data = download(name, folder / f"{name}.gz")
    elif is_folder:
        looked = ", ".join(place for place in places(name)[2:] if not place.endswith(".gz"))
        raise DataError(
            f"{folder / name} is missing, also as .gz; get it from {source(name)}, or {UNSET} (also looked for there: "
            f"{looked})"
        )
    else:
        raise DataError(f"there is no data folder {folder} to read {name} from; {UNSET}, or {by_hand(name)}")
    return parse(data)


def is_here(dataset, data_dir=None):
    """Whether all files of a data set lie where `read_idx` looks for them, and may be looked at. "digits" are always
    here."""
    try:
        folder = Path(data_dir or os.environ.get(VARIABLE) or cache_folder()).expanduser()
        return all(find(name, folder) for name in FILES if name.startswith(f"{dataset}/"))
    except (OSError, RuntimeError):
        return False


def find(name, folder):
    """The path of the file `name` in `folder`, unpacked or else gzipped; None if there is neither.

    Where there is only a folder of that name, it is that, for whoever reads it to say so.
    """
    candidates = [folder / place for place in places(name)]
    return next((path for test in (Path.is_file, Path.exists) for path in candidates if test(path)), None)


def places(name):
    """Where the file `name` may lie in a data folder, as unpackers and other libraries leave it."""
    dataset, filename = name.split("/")
    folders = f"{dataset}/", f"{LIBRARIES[dataset]}/raw/", ""
    filenames = filename, filename.replace("-idx", ".idx")
    return [f"{folder}{each}{suffix}" for folder in folders for each in filenames for suffix in ("", ".gz")]


def parse(data):
    """The array in an IDX file of bytes: 0, 0, 8, the number of axes, each axis as four bytes, the elements."""
    num_axes = data[3]
    shape = np.frombuffer(data, ">u4", count=num_axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * num_axes).reshape(shape).copy()  # a buffer is read-only


# Verifying


def verified_file(path, name, advice):
    """The unpacked bytes of the file at `path`, which are those of `name`; else DataError, which ends in `advice`."""
    try:
        with path.open("rb") as file:
            return verified(file.read(LARGEST), name)
    except DataError as error:
        raise DataError(f"{path}: {error}; {advice}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None


def verified(packed, name):
    """The bytes `packed`, gunzipped if need be, when they are those of `name`; else DataError says what they are."""
    digest, length = FILES[name]
    try:
        data = unpacked(packed) if packed.startswith(b"\x1f\x8b") else packed
    except EOFError:
        found = f"found a gzip file cut short after {len(packed)} bytes"
    except (OSError, zlib.error):
        found = "found a damaged gzip file"
    else:
        actual = hashlib.sha256(data).hexdigest()
        if actual == digest:
            return data
        others = [other for other in FILES if FILES[other][0] == actual]
        size = f"{len(data)} bytes" if len(data) < LARGEST else f"{LARGEST} bytes and more"
        found = f"this is {others[0]}" if others else f"found {size} with {abbreviated(actual)}"
    raise DataError(f"expected {name}, {length} bytes unpacked with {abbreviated(digest)}; {found}")


def unpacked(packed):
    """The bytes in those of a gzip file; of a bomb no more than the largest of our files has."""
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        return file.read(LARGEST)


def abbreviated(digest):
    return f"SHA-256 {digest[:12]}..."


# Downloading


def cache_folder():
    """The folder of this project in the user's cache, by the platform's convention; "~" is the user's home."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base, "scalar-to-tensor")


def download(name, path):
    """Fetch the file `name`, keep it at `path`, gzipped as it came, and return it unpacked.

    Nothing is written before the whole file is there and verified, and then it appears under its name at once.
    Raises DataError, which says how to get the file by hand.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        packed, data = fetch_from_mirrors(name)
        write_whole(path, packed)
    except OSError as error:
        raise DataError(f"cannot write {path} ({error.strerror}); {by_hand(name)}") from None
    return data


def fetch_from_mirrors(name):
    """The file `name` from the first mirror that has it: gzipped and unpacked, verified. Raises DataError."""
    dataset, filename = name.split("/")
    failures = []
    for mirror in MIRRORS[dataset]:
        try:
            packed = fetch(f"{mirror}{filename}.gz", description=name)
            return packed, verified(packed, name)
        except (OSError, HTTPException, ValueError) as error:
            failures.append(f"{urlsplit(mirror).netloc}: {str(error).strip('<>')}")
    raise DataError(f"cannot download {name}.gz ({'; '.join(failures)}); {by_hand(name)}")


def fetch(url, description):
    """The bytes that come from `url`, be they all or not, with a progress bar on a terminal. A mirror that sends
    without end is not listened to for longer than our largest file takes."""
    chunks: list[bytes] = []
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        length = int(response.headers.get("Content-Length") or 0) or None
        with tqdm(total=length, desc=description, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            while sum(map(len, chunks)) < LARGEST and (chunk := response.read(1 << 16)):
                chunks.append(chunk)
                bar.update(len(chunk))
    return b"".join(chunks)


# What to do, as the end of a sentence

UNSET = f"leave data_dir and {VARIABLE} unset to have it downloaded"


def source(name):
    dataset, filename = name.split("/")
    return f"{MIRRORS[dataset][0]}{filename}.gz"


def by_hand(name):
    """How to do without a network."""
    dataset = name.split("/")[0]
    names = ", ".join(f"{other.split('/')[1]}.gz" for other in FILES if other.startswith(f"{dataset}/"))
    return (
        f"put {names} from {MIRRORS[dataset][0]} into a folder {dataset}/ and name the folder that holds {dataset}/ "
        f"as the data folder, by data_dir or the environment variable {VARIABLE}"
    )
