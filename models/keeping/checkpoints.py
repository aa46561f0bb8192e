"""Checkpoints: everything that a training run needs to go on as if it had never stopped, in one .npz file.

The file holds plain arrays and JSON text, no pickles, and is replaced in one step: whoever is killed while writing
leaves the last one whole. What is read is taken for anybody's bytes until it has been found whole and plausible.
"""

import io
import json
import os
import warnings
import zipfile
from dataclasses import fields
from pathlib import Path
from textwrap import shorten

import numpy as np

from ..experiment import Setup
from ..history import History
from .files import write_whole
from .plausible import require_plausible

TEXTS = "random", "history", "config"
# Fields that runs have had since there are convolutions.
LATER = "model", "init", "label_smoothing", "schedule", "warmup", "augment"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, and why, in one line."""


def save(path, model, optimizer, rng, history, config):
    """Write the checkpoint of a run: parameters, optimizer, random states, history, and the config it was made with.

    `rng` is the Generator of the order of instances; the model's own (`model.rng`) is saved beside it.
    """
    arrays = arrays_of(model, optimizer)
    random_states = {"order": rng.bit_generator.state, "model": model.rng.bit_generator.state}
    texts = {"random": json.dumps(random_states), "history": history.to_json(), "config": json.dumps(config)}
    arrays |= {f"text:{name}": np.array(texts[name]) for name in TEXTS}
    file = io.BytesIO()
    np.savez(file, **arrays)
    with file.getbuffer() as contents:  # let go of before file, also where writing fails
        write_whole(path, contents)


def arrays_of(model, optimizer):
    """The arrays that a run consists of, by their names in a checkpoint."""
    arrays = {f"parameter:{name}": parameter.data for name, parameter in model.named_parameters().items()}
    arrays |= {f"statistic:{each.label}": each.data for each in model.statistics()}
    return arrays | {f"optimizer:{name}": array for name, array in optimizer.state().items()}


def read(path):
    """A checkpoint's arrays by name, its texts parsed: {"parameter:layer1/W": array, ..., "config": {...}, ...}.

    Raises CheckpointError if the file is missing, damaged, or none of ours: whatever its bytes are, no other error.
    """
    try:
        found = arrays_in(path)
        texts = {name: text_of(found.pop(f"text:{name}")) for name in TEXTS}
        require_finite(found)
        config, random_states = json.loads(texts["config"]), json.loads(texts["random"])
        setup_of(config)
        for name in ("order", "model"):
            np.random.default_rng().bit_generator.state = random_states[name]
        history = History.from_json(texts["history"])
        require_plausible(history)
        return {**found, "config": config, "random": random_states, "history": history}
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no checkpoint") from error
    except Exception as error:  # zipfile, zlib, tokenize, json and NumPy each have their own for damaged bytes
        why = shorten(f"{type(error).__name__}: {error}", 200, placeholder="...")  # some quote half of the file
        raise CheckpointError(f"{path}: not a whole checkpoint ({why})") from error


def setup_of(config):
    """The Setup in a checkpoint's config, which also has the BLAS threads of its run. Raises an error if it has not."""
    config.setdefault("eager", True)  # as runs were before there were programs
    config.setdefault("style", "eager" if config["eager"] else "arrays")
    names = {field.name for field in fields(Setup)} | {"threads", "style"}
    for field in fields(Setup):
        if field.name in LATER:
            config.setdefault(field.name, field.default)
    strange = sorted(names ^ config.keys())
    if strange:
        raise ValueError(f"the config {'lacks' if strange[0] in names else 'has'} {strange[0]}")
    threads = config["threads"]
    if type(threads) is not int or threads < 1:
        raise ValueError(f"threads is {threads!r}")
    if config["style"] not in ("eager", "arrays", "loops"):
        raise ValueError(f"style is {config['style']!r}")
    return Setup(**{name: value for name, value in config.items() if name not in ("threads", "style")})


def arrays_in(path):
    """{name: array} of an .npz file as NumPy writes it, uncompressed: nothing is allocated that the file has not."""
    with Path(path).open("rb") as stream, zipfile.ZipFile(stream) as file:
        size = os.fstat(stream.fileno()).st_size  # of this file: the path may be another's by now
        members = file.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a compressed member")
        if sum(member.file_size for member in members) > size:
            raise ValueError("members larger than the file")
        return {member.filename.removesuffix(".npy"): array_of(file.read(member)) for member in members}


def array_of(data):
    """The array in the bytes of an .npy file. Raises an error if the header does not fit the rest."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("another version of the format npy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of headers that Python 2 wrote
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    array = np.frombuffer(data[stream.tell() :], dtype)  # as many as there are, whatever the header claims
    return array.reshape(shape, order="F" if is_fortran else "C").copy()  # a buffer is read-only


def text_of(array):
    """The text in an array. Of numbers that are no characters NumPy would make a string that breaks Python."""
    if array.dtype.kind != "U" or array.shape:
        raise ValueError(f"a text is {array.shape} {array.dtype}")
    return array.tobytes().decode("utf-32-le" if array.dtype.str[0] == "<" else "utf-32-be")


def require_finite(arrays):
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is no finite number")


def restore(checkpoint, path, model, optimizer, rng):
    """Put what `read` found into a model, an optimizer and a Generator that were made the same way; gives the History.

    Raises CheckpointError, naming `path`, if their arrays do not fit; nothing has been changed then.
    """
    targets = arrays_of(model, optimizer)
    for name, target in targets.items():
        array = checkpoint.get(name)
        if array is None or array.shape != target.shape or array.dtype != target.dtype:
            found = "missing" if array is None else f"{array.shape} {array.dtype}"
            raise CheckpointError(f"{path}: {name} is {found}, and must be {target.shape} {target.dtype}")
    strangers = [name for name in checkpoint if ":" in name and name not in targets]
    if strangers:
        raise CheckpointError(f"{path}: {strangers[0]} is none of this network's")
    for name, target in targets.items():
        target[...] = checkpoint[name]
    rng.bit_generator.state = checkpoint["random"]["order"]
    model.rng.bit_generator.state = checkpoint["random"]["model"]
    return checkpoint["history"]
