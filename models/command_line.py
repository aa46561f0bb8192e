"""What the command lines of all scripts share: a parser that says what is wrong in one line, and exits with 2."""

import argparse


class Parser(argparse.ArgumentParser):
    """An ArgumentParser for the script `python -m NAME`, whose `--help` shows the module's docstring as it stands."""

    def __init__(self, name, description):
        super().__init__(
            prog=f"python -m {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help shows what it takes)\n")
