"""Loops as machine code, by Numba if it is there; what it has compiled is kept on disk for the next run."""

import hashlib
import importlib.util
import os
import tempfile
from functools import cache
from pathlib import Path

HEAD = """from math import sqrt

import numpy as np
from numba import njit


@njit(cache={keeps}, error_model="numpy", nogil=True)
"""


def is_there():
    return importlib.util.find_spec("numba") is not None


def folder():
    """Where loops are kept: in the user's cache folder."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(caches) / "scalar-to-tensor" / "loops"


@cache
def compiled(text, keeps=True):
    """The function `loop` of a text, which Numba compiles when it is called, or finds on disk by the text."""
    source = HEAD.format(keeps=keeps) + text
    if not keeps:
        namespace = {}
        exec(source, namespace)
        return namespace["loop"]
    name = f"loop_{hashlib.sha256(source.encode()).hexdigest()[:32]}"
    path = folder() / f"{name}.py"
    try:
        put(path, source)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.loop
    except Exception:  # a folder that cannot be written, a file that somebody has damaged meanwhile
        return compiled(text, False)


def put(path, source):
    """Write a file whole, unless it is there already as it should be; two processes may do so at once."""
    try:
        if path.read_text(encoding="utf-8") == source:
            return
    except (OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(source)
    Path(name).replace(path)


def forget(text):
    """Remove what is kept of a loop."""
    name = f"loop_{hashlib.sha256((HEAD.format(keeps=True) + text).encode()).hexdigest()[:32]}"
    for path in [*folder().glob(f"{name}*"), *folder().glob(f"__pycache__/{name}*")]:
        path.unlink(missing_ok=True)
