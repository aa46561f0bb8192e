"""Files that are written whole, and folders that one run at a time writes into.

Whoever reads a file of ours while it is written, after a kill or on a full disk, finds the last whole one.
"""

import json
import os
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

if os.name == "nt":
    import msvcrt

    def take(descriptor):
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind the text, which others may then still read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def take(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


PART = re.compile(r".+\.\d+-\d+\.part")
LOCK = "in-use.lock"


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
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def held(folder):
    """Hold a folder for this run alone. Raises InUse, which says who holds it and since when, if another run does.

    The system lets go of the lock of a run that was killed, and what that run had half written is removed.
    """
    path = Path(folder) / LOCK
    descriptor = lock(path)
    try:
        os.truncate(path, 0)
        whose = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.write(descriptor, json.dumps(whose).encode())
        for part in Path(folder).iterdir():
            if PART.fullmatch(part.name):
                part.unlink()
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            path.unlink()
        os.close(descriptor)


def lock(path):
    """The descriptor of the file `path`, which nobody else has locked. Raises InUse."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            take(descriptor)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass  # who had it has just removed it
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            raise InUse(f"{path.parent} is in use: {holder(path)}; wait for its end, or name another folder") from None
        os.close(descriptor)


def holder(path):
    """Who holds a lock, in words."""
    try:
        whose = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(whose['pid'])} on {whose['host']} has been writing there since {whose['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is writing there"
