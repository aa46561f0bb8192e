"""What the command lines of all scripts share: how they say what is wrong, and how they end."""

import argparse
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, cast

OUTPUT = "standard output"


class Parser(argparse.ArgumentParser):
    """An ArgumentParser for the script `python -m NAME`: `--help` shows `description` as it stands, and an error is
    one line and exit status 2, with what `further(message)` adds. An option that is added again is the later one."""

    def __init__(self, name, description, further=lambda message: ""):
        super().__init__(
            prog=f"python -m {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve",
        )  # fmt: skip
        self.further = further

    def parse_args(self, arguments=None, namespace=None):
        if "_ARGCOMPLETE" in os.environ:  # a shell asks what may come next, and has nobody who waits for errors
            import argcomplete

            argcomplete.autocomplete(self)
        return super().parse_args(arguments, namespace)

    def error(self, message):
        self.exit(2, f"{self.prog}: {one_line(message)}{self.further(message)} (--help shows what it takes)\n")

    @contextmanager
    def errors_of(self, folder):
        """What goes wrong within, with values, files or memory, is an error of this command line.

        `folder` is what is written into, if anything is: an OSError about another file is one of reading.
        """
        try:
            yield
        except OSError as error:
            if error.filename == OUTPUT or isinstance(error, BrokenPipeError):
                raise  # `run` knows what to do
            self.error(reason(error, folder))
        except MemoryError as error:
            self.error(f"there is not enough memory ({error or 'for what was asked'})")
        except (ArithmeticError, ValueError) as error:
            self.error(str(error))


def one_line(message):
    """A message as one line that any terminal shows: what cannot be printed, such as a name in no encoding, escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def reason(error, folder=None):
    """What could not be written or read, and why. `folder` is what is written into, if that is known."""
    why = error.strerror or str(error)
    if error.filename == OUTPUT:
        return f"cannot write the output: {why}"
    if error.filename is not None:
        path = Path(os.fsdecode(error.filename))
        if folder is None:
            return f"{path}: {why}"
        is_ours = path.is_relative_to(folder) or Path(folder).is_relative_to(path)
        return f"cannot {'write to' if is_ours else 'read'} {path}: {why}"
    return why if folder is None else f"cannot write to {folder}: {why}"


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
    """Run a script's `main`, and exit with the status it returns: 130 when interrupted, as shells have it.

    A reader that has had enough, such as `head`, is no error; output that cannot be written is one, with status 2.
    """
    output = open_streams()
    try:
        status = main()
        sys.stdout.flush()
    except SystemExit as stop:
        status = stop.code
    except KeyboardInterrupt:
        status = said("interrupted", 130)
    except BrokenPipeError:
        status = 0
    except OSError as error:
        status = said(reason(error), 2)
    sys.exit(let_go(output, status))


def said(message, status):
    with suppress(OSError):  # nobody is there to be told
        print(one_line(message), file=sys.stderr)
    return status


class Output:
    """Standard output, whose errors name it: no file is blamed for them."""

    def __init__(self, stream):
        self.stream = stream
        self.failure = None

    def write(self, text):
        return self.told(self.stream.write, text)

    def flush(self):
        self.told(self.stream.flush)

    def told(self, action, *arguments):
        try:
            return action(*arguments)
        except OSError as error:
            self.failure = OSError(error.errno, error.strerror, OUTPUT)
            raise self.failure from None

    def __getattr__(self, name):
        return getattr(self.stream, name)


def open_streams():
    """Make the standard streams fit for any text, and put nothing's device where the caller has closed one; gives
    the Output."""
    for name, mode in ("stdin", "r"), ("stdout", "w"), ("stderr", "w"):
        stream = getattr(sys, name)
        if stream is None:  # a file opened next would get the number, and what is written there
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode still shows the rest
    output = Output(sys.stdout)
    sys.stdout = cast(TextIO, output)
    return output


def let_go(output, status):
    """Write what the standard streams still hold, so that Python's own end has nothing to fail at; the exit status."""
    for stream in output, sys.stderr:
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    failure = output.failure  # also one that argparse has kept to itself
    if failure and not status and not isinstance(failure, BrokenPipeError):
        return said(reason(failure), 2)
    return status
