"""Repeated and varied training: one function run on many configurations, in parallel, and continued where it was.

joblib starts the processes, so that the same call runs on this machine or, through joblib's backend for it, on a Dask
cluster. Each run has one BLAS thread: the runs together fill the cores, and the numbers do not depend on how many
workers there are.
"""

import hashlib
import inspect
import json
import os
import sys
import threading
import time
import warnings
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from joblib import Parallel, cpu_count, delayed, parallel_config
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from .experiment import Setup, train
from .history import History
from .keeping.files import held, write_whole
from .training import Diverged

PACKAGES = "scalar_engine", "tensor_engine", "models"  # the code that decides what a run gives
DASK_TIMEOUT = 10  # seconds to wait for a scheduler


def sweep(run, configs, path, workers=None, dask=None, title="sweep"):
    """[run(config) for config in configs], in parallel; returns the results in the order of `configs`.

    run         a function of a module or of a notebook's cell, or a partial of one, from a dict to what JSON can hold
    configs     dicts that JSON can hold, no two alike; whatever is random in a run comes from a seed in its config
    path        a file of JSON lines, to which each result is appended as its run ends, with a digest of its own. What
                an earlier call has left there is not run again, unless it is damaged, which is said, or the code (this
                project's or run's module) or NumPy has changed since
    workers     processes; None is one a core, and 1 runs in this process
    dask        the address of a Dask scheduler to run on instead ("tcp://host:8786"); its workers need this project,
                and the data where `run` looks for it
    title       of the progress bar

    Raises ValueError for configurations alike, for a scheduler that does not answer and for a path that another sweep
    is writing, and what a run raises. Workers on this machine end with this process, however it ends.
    """
    keys = [key_of(config) for config in configs]
    if len(set(keys)) < len(keys):
        raise ValueError("two configurations of a sweep are alike")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(held(path))
        if dask:
            stack.enter_context(dask_client(dask))
            stack.enter_context(parallel_config("dask"))
        else:
            bound = {"initializer": end_with, "initargs": (os.getpid(),)}
            stack.enter_context(parallel_config("loky", inner_max_num_threads=1, **bound))
        stack.enter_context(threadpool_limits(1))  # for runs in this process; the limit is lifted afterwards
        fingerprint = fingerprint_of(run)
        done = results_in(path, fingerprint)
        missing = [(key, config) for key, config in zip(keys, configs) if key not in done]
        parallel = Parallel(n_jobs=workers or cpu_count(), return_as="generator_unordered", batch_size=1)
        with path.open("a", encoding="utf-8") as file:
            finished = parallel(delayed(run_one)(run, key, config) for key, config in missing)
            bar = tqdm(finished, title, len(keys), initial=len(keys) - len(missing), disable=None, leave=False)
            for key, result in bar:
                line = line_of(fingerprint, key, result)
                file.write(f"{line}\n")
                file.flush()
                done[key] = json.loads(line)["result"]  # as it will be read another time
    return [done[key] for key in keys]


def sweep_of(setups, path, data_dir=None, workers=None, dask=None, title="sweep"):
    """The History of each Setup, trained by `sweep`, which explains the other arguments."""
    run = partial(run_setup, data_dir=data_dir)
    found = sweep(run, [asdict(setup) for setup in setups], path, workers, dask, title)
    return [History.from_dict(fields) for fields in found]


def run_setup(fields, data_dir):
    """A run of a sweep: from a Setup as a dict to its History as a dict. Diverging is a result like others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Diverged)
        return train(Setup(**fields), data_dir, progress=False)[1].to_dict()


def run_one(run, key, config):
    threadpool_limits(1)  # for good: a worker does nothing else
    return key, run(config)


def key_of(config):
    return json.dumps(config, sort_keys=True)


def fingerprint_of(run):
    """SHA-256 of all that may change a result but its configuration: this project's code, run's module, NumPy."""
    root = Path(__file__).parents[1]
    files = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    function = run.func if isinstance(run, partial) else run
    sha = hashlib.sha256(np.__version__.encode())
    for path in sorted(files):
        sha.update(path.read_bytes())
    sha.update(text_of(function))
    return sha.hexdigest()


def text_of(function):
    """The text of a function's module, or of the function alone if it was typed into a cell of a notebook.

    Raises ValueError if nobody has kept it.
    """
    try:
        path = Path(inspect.getfile(function))
        return path.read_bytes() if path.is_file() else inspect.getsource(function).encode()
    except (OSError, TypeError):
        name = getattr(function, "__name__", "run")
        raise ValueError(
            f"sweep: the text of {name} cannot be read, by which a sweep knows whether its results still hold: put "
            f"{name} into a file, and import it from there"
        ) from None


def line_of(fingerprint, key, result):
    """A result as a line of a sweep's file, whose end is a digest of the rest and of the code that gave it."""
    entry = {"config": key, "result": result}
    digest = hashlib.sha256(f"{fingerprint}{json.dumps(entry)}".encode()).hexdigest()
    return json.dumps({**entry, "digest": digest[:32]})


def results_in(path, fingerprint):
    """{key: result} of what the file holds, after making it hold whole lines of this fingerprint only.

    What does not hold is left out, and said on standard error.
    """
    head = json.dumps({"fingerprint": fingerprint})
    first, *lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    found, kept, damaged = {}, [head], []
    for number, line in enumerate(lines, start=2):
        try:
            entry = json.loads(line.decode())
            if line_of(fingerprint, entry["config"], entry["result"]) != line.decode():
                raise ValueError("another digest")
            found[entry["config"]] = entry["result"]
            kept.append(line.decode())
        except Exception:  # whatever a line that is none makes json and its reader raise
            damaged += [number] if line else []
    if damaged and not found and first != head.encode():
        print(f"{path}: results of other code; they are run again", file=sys.stderr)
    elif damaged:
        numbers = ", ".join(map(str, damaged))
        print(f"{path}: damaged in line {numbers}; what was there is run again", file=sys.stderr)
    write_whole(path, "".join(f"{line}\n" for line in kept))
    return found


def end_with(parent):
    """In a worker: watch the process that has started it, and end within a second of it, even if it was killed."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def dask_client(address):
    """A connection to a Dask scheduler, as a context. Raises ValueError if there is none."""
    try:
        from distributed import Client  # optional: the extra `cluster`
    except ImportError:
        raise ValueError('--dask needs the package distributed: pip install "scalar-to-tensor[cluster]"') from None
    try:
        return Client(address, timeout=DASK_TIMEOUT, set_as_default=True)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address} ({type(error).__name__})") from None
