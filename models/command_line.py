"""What the command lines of all scripts share: how they say what is wrong, and how they end."""

import argparse
import io
import os
import sys


class Parser(argparse.ArgumentParser):
    """An ArgumentParser for the script `python -m NAME`: `--help` shows `description` as it stands, and an error is
    one line and exit status 2. An option that is added again is the later one."""

    def __init__(self, name, description):
        super().__init__(
            prog=f"python -m {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve",
        )  # fmt: skip

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help shows what it takes)\n")


def positive(kind):
    """An argument type: a finite number > 0, an int or a float by `kind`."""

    def read(text):
        number = kind(text)
        if not 0 < number < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
        return number

    read.__name__ = kind.__name__  # argparse names the type in its messages
    return read


def run(main):
    """Run a script's `main`, and exit with the status it returns: 130 when interrupted, as shells have it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode still shows the rest
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    except BrokenPipeError:  # the reader, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
