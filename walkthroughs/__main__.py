"""The list of all walkthroughs: the sheet and question that each answers, and about how long it takes.

python -m walkthroughs NAME             on the whole data; writes runs/NAME/report.html
python -m walkthroughs NAME --quick     on a slice, in seconds
"""

import sys
from itertools import groupby

from models.command_line import Parser, run

from .catalogue import BY_NAME, ENTRIES


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] and arguments[0] in BY_NAME:
        return BY_NAME[arguments[0]].main(arguments[1:])
    parser = Parser("walkthroughs", __doc__)
    parser.add_argument("name", nargs="?", choices=list(BY_NAME), metavar="NAME", help="a walkthrough, and its options")
    parser.parse_args(arguments)
    print(f"{__doc__.strip()}\n")
    width = max(len(entry.name) for entry in ENTRIES)
    for sheet, entries in groupby(ENTRIES, lambda entry: entry.sheet):
        print(f"{sheet}")
        for entry in entries:
            print(f"  {entry.name:<{width}}  {about(entry.seconds):>6}  {entry.question}: {entry.line}")
    print(f"\npython -m walkthroughs.demo: the tour that `make demo` shows. Together about {about(total())}.")
    return 0


def total():
    return sum(entry.seconds for entry in ENTRIES)


def about(seconds):
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    run(main)
