"""Files that are written whole, and folders that one run at a time writes into.

Whoever reads a file of ours while it is written, after a kill or on a full disk, finds the last whole one.
"""

import json
import math
import os
import re
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def take(descriptor):
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind the text, which others may then still read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def take(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


PART = re.compile(r".+\.\d+-\d+\.part")


class InUse(ValueError):
    """Another run holds what this one wants to write, and which, in one line."""


def write_whole(path, content):
    """Put text or bytes into the file `path`, in one step, once all of it is on the disk.

    Raises OSError, which names `path`; nothing is left behind then.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")  # no two writers share it
    try:
        with part.open("wb") as file:
            file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()


def as_json(value):
    """A value as JSON has it: NumPy's numbers and arrays as plain ones, None for a number that is not finite, and words
    for keys of any kind."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key if isinstance(key, (str, int, float)) else str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def held(path):
    """Hold a folder, or a file, for this run alone. Raises InUse, which says who holds it and since when, if another
    run does.

    The system lets go of the lock of a run that was killed, and what that run had half written is removed.
    """
    path = Path(path)
    folder, name = (path, "") if path.is_dir() else (path.parent, path.name)
    mark = folder / f"{name or 'in-use'}.lock"
    descriptor = lock(mark, path)
    try:
        os.ftruncate(descriptor, 0)
        whose = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.write(descriptor, json.dumps(whose).encode())
        for part in folder.iterdir():
            if PART.fullmatch(part.name) and part.name.startswith(name):
                part.unlink()
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            mark.unlink()
        os.close(descriptor)


def lock(mark, path):
    """The descriptor of the file `mark`, which nobody else has locked. Raises InUse for `path`."""
    while True:
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            take(descriptor)
            if os.path.samestat(os.fstat(descriptor), mark.stat()):
                return descriptor
        except FileNotFoundError:
            pass  # who had it has just removed it
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            raise InUse(f"{path} is in use: {holder(mark)}; wait for its end, or name another") from None
        except OSError:
            return descriptor  # a file system without locks: what is written is whole all the same
        os.close(descriptor)


def holder(mark):
    """Who holds a lock, in words."""
    try:
        whose = json.loads(mark.read_text(encoding="utf-8"))
        return f"process {int(whose['pid'])} on {whose['host']} has been writing there since {whose['since']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process is writing there"
