"""The list of all walkthroughs: the sheet and question that each answers, and about how long it takes.

python -m walkthroughs NAME             on the whole data; writes runs/NAME/report.html
python -m walkthroughs NAME --quick     on a slice, in seconds
python -m walkthroughs NAME --help      what else it takes
python -m walkthroughs sheet SHEET      all walkthroughs of a sheet, in one folder to hand in
python -m walkthroughs grow             the engine grown from twelve lines, in ten steps
python -m walkthroughs exercise NAME    worksheets with keys, or a sheet's code with blanks, to hand out
python -m walkthroughs mark FOLDER      marks and feedback for what comes back
python -m walkthroughs site --out DIR   all of this as a site: static files, to host anywhere

`scalar-to-tensor` is the same command, installed; `scalar-to-tensor demo`, `train`, `branch` and `predict` are those of
`python -m walkthroughs.demo`, `models.train`, `models.branch` and `models.predict`. A shell completes its words after
eval "$(register-python-argcomplete scalar-to-tensor)"
"""

import os
import sys
from importlib import import_module

from models.command_line import Parser, run
from walkthroughs.catalogue import BY_NAME, ENTRIES, SHEETS, about

# What is no walkthrough: {name: the module whose `main` does it}.
COMMANDS = {
    "sheet": "walkthroughs.sheets.whole_sheet",
    "grow": "walkthroughs.grow.command",
    "exercise": "walkthroughs.marking.hand_out",
    "mark": "walkthroughs.marking.mark",
    "site": "walkthroughs.site.command",
    "demo": "walkthroughs.demo",
    "train": "models.train",
    "predict": "models.predict",
    "branch": "models.branch",
}


def main(arguments=None):
    arguments = arguments_to_complete() or (sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] and arguments[0] in BY_NAME:
        return BY_NAME[arguments[0]].main(arguments[1:])
    if arguments[:1] and arguments[0] in COMMANDS:  # imported then: who wants the list need not wait for a second
        return import_module(COMMANDS[arguments[0]]).main(arguments[1:])
    parser = Parser("walkthroughs", __doc__)
    names = [*BY_NAME, *COMMANDS]
    parser.add_argument("name", nargs="?", choices=names, metavar="NAME", help="a walkthrough, and its options")
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


def arguments_to_complete():
    """The name that stands before what a shell wants to be completed, as a list; empty if there is none.

    argcomplete is told that the words to complete begin there: they are those of its command line.
    """
    words = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", 0))].split(" ")
    if os.environ.get("_ARGCOMPLETE") != "1" or len(words) < 3 or words[1] not in {*BY_NAME, *COMMANDS}:
        return []
    os.environ["_ARGCOMPLETE"] = "2"
    return words[1:2]


def command():
    """`scalar-to-tensor`, the installed command: it looks for no package in the folder where it is called."""
    run(main)


if __name__ == "__main__":
    command()
