"""The list of all walkthroughs: the sheet and question that each answers, and about how long it takes.

python -m walkthroughs NAME             on the whole data; writes runs/NAME/report.html
python -m walkthroughs NAME --quick     on a slice, in seconds
python -m walkthroughs NAME --help      what else it takes
python -m walkthroughs sheet SHEET      all walkthroughs of a sheet, in one folder to hand in
python -m walkthroughs grow             the engine grown from twelve lines, in ten steps
python -m walkthroughs exercise NAME    worksheets with keys, or a sheet's code with blanks, to hand out
python -m walkthroughs mark FOLDER      marks and feedback for what comes back
python -m walkthroughs site --out DIR   all of this as a site: static files, to host anywhere
"""

import sys
from importlib import import_module

from models.command_line import Parser, run
from walkthroughs.catalogue import BY_NAME, ENTRIES, SHEETS, about

# What is no walkthrough: {name: the module whose `main` does it}.
COMMANDS = {
    "sheet": "sheets.whole_sheet",
    "grow": "grow.command",
    "exercise": "marking.hand_out",
    "mark": "marking.mark",
    "site": "site.command",
}


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] and arguments[0] in BY_NAME:
        return BY_NAME[arguments[0]].main(arguments[1:])
    if arguments[:1] and arguments[0] in COMMANDS:  # imported then: who wants the list need not wait for a second
        return import_module(f"walkthroughs.{COMMANDS[arguments[0]]}").main(arguments[1:])
    parser = Parser("walkthroughs", __doc__)
    parser.add_argument("name", nargs="?", choices=list(BY_NAME), metavar="NAME", help="a walkthrough, and its options")
    parser.parse_args(arguments)
    print(f"{__doc__.strip()}\n")
    width = max(map(len, BY_NAME))
    for sheet in SHEETS.values():
        print(f"{sheet.title} ({sheet.key})")
        for entry in ENTRIES:
            if entry.sheet is sheet:
                print(f"  {entry.name:<{width}}  {about(entry.seconds):>6}  {entry.question}: {entry.line}")
    of_all = about(sum(entry.seconds for entry in ENTRIES))
    print(f"\npython -m walkthroughs.demo: the tour that `make demo` shows. Together about {of_all}.")
    return 0


def command():
    """`scalar-to-tensor`, the installed command: it looks for no package in the folder where it is called."""
    run(main)


if __name__ == "__main__":
    command()
