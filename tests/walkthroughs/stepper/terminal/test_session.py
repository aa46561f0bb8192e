"""A session in a real terminal: bursts of keys, the shell in between, its end; and what a pipe gets."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest

from tests import ROOT

if sys.platform != "win32":
    import pty


class Session:
    """A program in a terminal of its own: what it has written, and keys for it."""

    def __init__(self, *command, **environment):
        self.terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdin=end, stdout=end, stderr=end, start_new_session=True,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"} | environment,
        )  # fmt: skip
        os.close(end)
        self.output = b""

    def until(self, text, seconds=120):
        """Read until the text is there, and forget what came before it."""
        end = time.monotonic() + seconds
        while text.encode() not in self.output:
            if time.monotonic() > end or not self.read():
                pytest.fail(f"{text!r} has not come; the last was {self.output[-300:]!r}")
        self.output = self.output.partition(text.encode())[2]

    def read(self):
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            found = os.read(self.terminal, 65536)
        except OSError:  # the end, on Linux
            return False
        self.output += found
        return bool(found)

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def status(self):
        while self.read():
            pass
        os.close(self.terminal)
        return self.process.wait(120)


posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


@posix
def test_a_session_and_the_shell_in_between():
    session = Session("-m", "walkthroughs.question3", "--step", NO_COLOR="1")
    session.until("step 0 of 85")
    for keys, expected in [
        ("\x1b[F", "step 85 of 85"),
        ("\x1b[D", "84 of 85"),
        ("/h1\rnw", "step 4 of 85"),  # in one burst
    ]:
        session.press(keys)
        session.until(expected)
    session.press("\x1a")  # Ctrl-Z
    session.until("\x1b[?1049l")
    assert os.waitid(os.P_PID, session.process.pid, os.WSTOPPED | os.WNOWAIT)
    session.process.send_signal(signal.SIGCONT)  # what fg does
    session.until("\x1b[?1049h")
    session.until("step 4 of 85")
    session.press("q")
    assert session.status() == 0
    assert b"\x1b[?1049l" in session.output and b"\x1b[?25h" in session.output  # the screen and the cursor are back


@posix
@pytest.mark.parametrize("how", ["key", "signal"])
def test_an_interrupted_session_leaves_the_terminal_as_it_was(how):
    imports = f"from {__package__}.pressing import recording_of_w; from walkthroughs.stepper import step"
    session = Session("-c", f"{imports}; step(recording_of_w()).run()")
    session.until("step 0 of 6")
    session.press("\x03") if how == "key" else session.process.send_signal(signal.SIGINT)
    assert session.status() in (1, 130, -signal.SIGINT) and b"\x1b[?1049l" in session.output
    assert b"KeyboardInterrupt" in session.output


def test_without_a_terminal_the_trace_is_printed():
    command = [sys.executable, "-m", "walkthroughs.question3", "--step", "--random", "1"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert found.stdout.startswith("Forward pass\n   1  ") and len(found.stdout.splitlines()) == 88


def test_textual_is_loaded_for_a_terminal_only():
    program = "from walkthroughs.stepper import step; import sys; print([n for n in sys.modules if n == 'textual'])"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@posix
def test_a_session_ends_when_its_terminal_is_gone():
    session = Session("-m", "walkthroughs.question3", "--step")
    session.until("step 0 of 85")
    os.close(session.terminal)
    assert session.process.wait(120) != 0
