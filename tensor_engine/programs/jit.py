"""Loops as machine code, by Numba if it is there; what it has compiled is kept on disk for the next run."""

import hashlib
import importlib.util
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

FUNCTIONS = "cos", "exp", "log", "sin", "sqrt", "tanh"  # of Python's math module

HEAD = f"""from math import {", ".join(FUNCTIONS)}

import numpy as np
from numba import njit


@njit(cache={{keeps}}, error_model="numpy", nogil=True)
"""


def is_there():
    return importlib.util.find_spec("numba") is not None


def folder():
    """Where loops are kept: in the user's cache folder."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(caches) / "scalar-to-tensor" / "loops"


@cache
def loop_of(text, keeps=True):
    """The function `loop` of a text, which Numba compiles when it is called, or finds on disk by the text."""
    source = HEAD.format(keeps=keeps) + text
    if not keeps:
        namespace = {}
        exec(source, namespace)
        return namespace["loop"]
    name = name_of(text)
    path = folder() / f"{name}.py"
    put(path, source)
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)  # where what is kept looks for it
    spec.loader.exec_module(module)
    return module.loop


def compiled(text, arguments):
    """The function `loop` of a text, ready for arguments like these."""
    from numba import typeof  # half a second, which who compiles nothing need not wait

    types = tuple(map(typeof, arguments))
    try:
        if seal_of(text) != kept_seal(text):
            forget(text)
        loop = loop_of(text)
        loop.compile(types)
        put(seal_path(text), seal_of(text))
    except Exception:  # a folder that cannot be written, a file there that is damaged
        forget(text)
        loop = loop_of(text, keeps=False)
        loop.compile(types)
    return loop


def seal_of(text):
    """A digest of the machine code that is kept of a loop, which nothing else would tell from damaged code; or ""."""
    files = [path.read_bytes() for path in sorted(folder().glob(f"__pycache__/{name_of(text)}*.nb?"))]
    return hashlib.sha256(b"".join(files)).hexdigest() if files else ""


def seal_path(text):
    return folder() / f"{name_of(text)}.sha256"


def kept_seal(text):
    path = seal_path(text)
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def name_of(text):
    return f"loop_{hashlib.sha256(text.encode()).hexdigest()[:32]}"


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
    """Remove what is kept of a loop, as far as may be."""
    name = name_of(text)
    for path in [*folder().glob(f"{name}*"), *folder().glob(f"__pycache__/{name}*")]:
        with suppress(OSError):
            path.unlink()
