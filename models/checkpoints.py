"""Checkpoints: everything that a training run needs to go on as if it had never stopped, in one .npz file.

The file holds plain arrays and JSON text, no pickles, and is replaced in one step: whoever is killed while writing
leaves the last one whole.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np

from .history import History


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, and why, in one line."""


def save(path, model, optimizer, rng, history, config):
    """Write the checkpoint of a run: parameters, optimizer, random states, history, and the config it was made with.

    `rng` is the Generator of the order of instances; the model's own (`model.rng`) is saved beside it.
    """
    arrays = arrays_of(model, optimizer)
    random_states = {"order": rng.bit_generator.state, "model": model.rng.bit_generator.state}
    texts = {"random": json.dumps(random_states), "history": history.to_json(), "config": json.dumps(config)}
    arrays |= {f"text:{name}": np.array(text) for name, text in texts.items()}
    path = Path(path)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def arrays_of(model, optimizer):
    """The arrays that a run consists of, by their names in a checkpoint."""
    arrays = {f"parameter:{name}": parameter.data for name, parameter in model.named_parameters().items()}
    return arrays | {f"optimizer:{name}": array for name, array in optimizer.state().items()}


def read(path):
    """A checkpoint's arrays by name, its texts parsed: {"parameter:layer1/W": array, ..., "config": {...}, ...}.

    Raises CheckpointError if the file is missing, damaged, or none of ours.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = dict(file)
        texts = {name: json.loads(str(found.pop(f"text:{name}"))) for name in ("random", "history", "config")}
        return {**found, **texts, "history": History.from_json(json.dumps(texts["history"]))}
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no checkpoint") from error
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: not a whole checkpoint ({type(error).__name__}: {error})") from error


def restore(checkpoint, path, model, optimizer, rng):
    """Put what `read` found into a model, an optimizer and a Generator that were made the same way; gives the History.

    Raises CheckpointError, naming `path`, if their arrays do not fit.
    """
    for name, target in arrays_of(model, optimizer).items():
        array = checkpoint.get(name)
        if array is None or array.shape != target.shape or array.dtype != target.dtype:
            found = "missing" if array is None else f"{array.shape} {array.dtype}"
            raise CheckpointError(f"{path}: {name} is {found}, and must be {target.shape} {target.dtype}")
        target[...] = array
    rng.bit_generator.state = checkpoint["random"]["order"]
    model.rng.bit_generator.state = checkpoint["random"]["model"]
    return checkpoint["history"]
