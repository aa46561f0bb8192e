"""A student's script or notebook in a process of its own: with limits, without a network, away from all other files.

What goes wrong there, an endless loop or a crash of the interpreter itself, comes back as one line about that student's
work. It keeps mistakes and idle curiosity apart from the teacher's files; against a determined attacker a machine (or
container) of its own is the right fence.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import walkthroughs

ROOT = Path(walkthroughs.__file__).parents[1]
LARGEST_ANSWER = 1 << 20  # bytes that the process may answer
STARTING = 5  # seconds that the process itself may take to begin, on a busy machine
START = "import sys; sys.path.insert(0, sys.argv[1]); from walkthroughs.marking.within import main; main()"


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds of time, MiB of memory, and KiB of output."""

    seconds: float = 20.0
    memory: int = 2048
    output: int = 256


class Failed(Exception):
    """A submission did not come to its end; the message says why, in one line for the student."""


def run_isolated(file: Path, task: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Run the code in `file` (.py or .ipynb) and then `task` on what it defines, as `within` knows it; the answer.

    Raises Failed, with one line for the student, if the code raises or does not end within the limits.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as place:
        folder = Path(place).resolve()
        shutil.copyfile(file, folder / f"submission{file.suffix}")
        job = {"file": f"submission{file.suffix}", "task": task, "memory": limits.memory, "seconds": limits.seconds,
               "output": limits.output}  # fmt: skip
        answer, status, timed_out = ran(folder, json.dumps(job).encode(), limits)
    if timed_out:
        raise Failed(f"it did not end within {limits.seconds:g} s: is there a loop without an end?")
    try:
        found = json.loads(answer)
    except ValueError:
        raise Failed(died(status, limits)) from None
    if "failed" in found:
        raise Failed(found["failed"])
    return found


def ran(folder, job, limits):
    """What the process answered, its exit status, and whether it was stopped."""
    kept = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder), "MPLCONFIGDIR": str(folder), "MPLBACKEND": "Agg"}
    environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    with tempfile.TemporaryFile() as answer:  # no pipe: a file has an end that the limits set
        process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", START, str(ROOT)], cwd=folder, env=environment,
            stdin=subprocess.PIPE, stdout=answer, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(job, timeout=limits.seconds + STARTING)
        except subprocess.TimeoutExpired:
            return b"", None, True
        finally:
            stop(process)
        answer.seek(0)
        found = answer.read(LARGEST_ANSWER)
    return found, process.returncode, process.returncode == -getattr(signal, "SIGXCPU", -1)


def stop(process):
    """End the process with all that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def died(status, limits):
    """Why a process ended without an answer."""
    if status is not None and status < 0:
        name = signal.Signals(-status).name
        return f"the interpreter itself ended ({name}): is there too much recursion, or more than {limits.memory} MiB?"
    return "it ended the interpreter before its end: a script for marking must not call exit()"
