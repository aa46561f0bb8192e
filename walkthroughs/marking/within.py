"""The inside of the process in which a student's code runs: it fences itself in, runs the code, does the task, answers.

The fence is Python's audit hook, which code cannot take down again, and the limits of the operating system.
"""

import io
import json
import os
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

from walkthroughs.marking.tasks import TASKS

# What code may not do at all, by the names under which Python audits it.
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.kill", "pty.", "ctypes.", "signal.pthread_kill", "winreg.", "msvcrt.", "fcntl.",
)  # fmt: skip
# What it may do in its own folder; the first of these, which only look, with Python's own files too.
READING = "open", "os.listdir", "os.scandir"
PATHS = (
    *READING, "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "os.utime", "os.chdir", "os.setxattr", "shutil.", "tempfile.",
)  # fmt: skip


def main():
    job = json.loads(sys.stdin.buffer.read())
    answer = os.fdopen(os.dup(1), "wb")  # where the code's own output cannot go
    output = Output(1024 * job["output"])
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), output, output
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    limited(job["memory"], job["seconds"])
    fenced(Path.cwd(), Path(__file__).parents[1])
    try:
        names, error = executed(job["file"])
        found = TASKS[job["task"]["kind"]](names, job["task"]) | {"error": in_a_line(error) if error else ""}
    except BaseException as error:  # also exit() and what no except of the student's can be asked to catch
        found = {"failed": in_a_line(error)}
    answer.write(json.dumps({**found, "output": output.getvalue()}).encode())
    answer.close()
    os._exit(0)  # whatever threads it has left


def limited(memory, seconds):
    """Set the operating system's own limits, where it has them."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for kind, limit in [("AS", memory << 20), ("CPU", int(seconds) + 1), ("FSIZE", 16 << 20)]:
            with suppress(OSError, ValueError):  # the soft limit on time has a signal of its own
                resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (limit, limit + 1))
    threading.stack_size(16 << 20)


def fenced(own, package):
    """From here on this process opens no network, starts no other, and touches no file but in `own` and Python's."""
    root = package.parent
    python = {sys.prefix, sys.base_prefix, *sys.path} - {str(root), ""}
    ours = [root / name for name in ("scalar_engine", "tensor_engine", "models", "walkthroughs/grow")]
    readable = [os.path.realpath(p) for p in (*python, *ours, "/usr/share", "/etc/localtime")]
    solutions = [os.path.realpath(p) for p in (root / "models" / "by_hand", *package.glob("[!g]*"))]
    own, root = os.path.realpath(own), os.path.realpath(root)

    def inside(path, folders):
        return any(path == folder or path.startswith(folder + os.sep) for folder in folders)

    def hook(event, arguments):
        if event.startswith(REFUSED):
            raise PermissionError(f"a submission may not use {event}")
        if event.startswith(PATHS):
            for path in arguments[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    allowed(event, os.path.realpath(os.fsdecode(path)), arguments)

    def allowed(event, path, arguments):
        if inside(path, [own]) or path == os.devnull or (event == "os.listdir" and path == root):
            return
        writes = event == "open" and (
            any(c in str(arguments[1] or "r") for c in "wax+") or (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        )
        if event not in READING or writes or inside(path, solutions) or not inside(path, readable):
            raise PermissionError(f"a submission may not touch {path}")

    sys.addaudithook(hook)


class Output(io.StringIO):
    """What the code prints, up to a limit."""

    def __init__(self, limit):
        super().__init__()
        self.left = limit

    def write(self, text):
        if len(text) > self.left:
            self.left = 0
            raise RuntimeError("it prints more than a marker can read")
        self.left -= len(text)
        return super().write(text)


def executed(file):
    """The names that the code in a file defines, a script's or those of a notebook's cells one after the other; and
    what the first cell that fails has raised. Other cells may be right all the same."""
    names, first = {"__name__": "submission"}, None
    for title, source in cells(Path(file)):
        try:
            exec(compile(source, title, "exec"), names)
        except Exception as error:
            if not title:
                raise
            first = first or error
    return names, first


def cells(path):
    """[(what to call it, source)]: a script is one. Of a notebook, the tests of ours that it was handed out with are
    left out, and lines for the shell and magics."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".py":
        return [("", text)]
    found = []
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader", {}).get("grade"):
            lines = "".join(cell["source"]).split("\n")
            source = "\n".join("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)
            found.append((f"cell {number}", source))
    return found


def in_a_line(error):
    """What was raised, and in which line of the student's own code, as one line."""
    said = " ".join(str(error).split()) or "no message"
    what = f"{type(error).__name__}: {said[:300]}"
    if isinstance(error, SystemExit):
        what = "it ends the interpreter with exit()"
    if isinstance(error, MemoryError):
        what = "it asks for more memory than a submission may have"
    if isinstance(error, SyntaxError):
        return f"{place(error.filename, error.lineno)}SyntaxError: {error.msg}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename)]
    if isinstance(error, NotImplementedError) and own:
        what = f"{own[-1].name} is still to be written"
    return f"{place(own[-1].filename, own[-1].lineno)}{what}" if own else what


def is_own(filename):
    return filename == "" or filename.startswith("cell ")


def place(filename, line):
    return f"{filename}, line {line}: ".removeprefix(", ") if line else ""
