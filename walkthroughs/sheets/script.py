"""What all walkthroughs' scripts share: the command line, and the report at the end.

A script's `main` makes its parser, adds the options of its own, and hands it with its `build` to `run_walkthrough`.
"""

import sys
from contextlib import ExitStack
from pathlib import Path

from threadpoolctl import threadpool_limits

from models.command_line import Parser
from models.keeping.files import held
from models.plotting import own_settings
from walkthroughs.catalogue import BY_NAME, ENTRIES, entry_of
from walkthroughs.reports.report import Report, command_line, noticed
from walkthroughs.sheets.data import notice


def parser_for(name, doc):
    """The command line of the walkthrough `name`, with what all of them take."""
    parser = Parser(f"walkthroughs {name}", doc)
    parser.set_defaults(name=name, instead=None)
    parser.add_argument("--quick", action="store_true", help="a small part of the data, in seconds")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"default: runs/{name}")
    return parser


def run_walkthrough(parser, build, arguments, title, threads=1):
    """The whole of a walkthrough: parse, `build(report, options)`, write, print; returns the exit status.

    `build` fills the report, and may return a text for the terminal in place of the report's own; a ValueError from it
    is one line for the user. An option that is stored as `options.instead` wants that text alone: nothing is written
    unless --out says where. `threads` is how many BLAS may use: for mini-batches a second one brings little, and on a
    busy machine doubles the time; None, for whole sets at once, is one a core.
    """
    options = parser.parse_args(arguments)
    if not options.instead:
        options.out = options.out or Path("runs", options.name)
    with ExitStack() as stack:
        stack.enter_context(parser.errors_of(options.out))
        report = Report(title, entry_of(options.name).source, command_line(options.name, arguments), options.seed)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)  # who cannot write should not have to wait to hear of it
            stack.enter_context(held(options.out))
            report.links = addresses(options.out.resolve().parent)
            report.around = around(entry_of(options.name))
        stack.enter_context(own_settings())
        with threadpool_limits(1 if options.quick else threads):
            text = build(report, options)
        report.notice = notice(report, options, shortened(parser, options))
        written = report.write(options.out) if options.out else []
    text = report.text() if text is None else "\n\n".join(filter(None, [noticed(report.notice), text]))
    if text:
        print(text)
    if not options.instead:
        print("\nWritten:", *(f"  {path}" for path in written), sep="\n")
    for line in report.failures:
        print(line, file=sys.stderr)
    return 1 if report.failures else 0


def shortened(parser, options):
    """The options that make a run less than it is by itself, as they are given."""
    if options.quick:
        return "--quick"
    n, usual = (source("instances") for source in (vars(options).get, parser.get_default))
    return "" if n == usual else f"--instances {n}"


def addresses(folder):
    """{walkthrough: the address of its page from a page beside it}, or the command that makes the page."""
    return {
        name: f"../{name}/report.html" if (folder / name).is_dir() else f"python -m walkthroughs {name}"
        for name in BY_NAME
    }


def around(entry):
    """What comes before and after a walkthrough, in the order of the catalogue, as prose with links."""
    i = ENTRIES.index(entry)
    beside = [("Before", ENTRIES[j]) for j in range(max(0, i - 1), i)] + [
        ("Next", each) for each in ENTRIES[i + 1 : i + 2]
    ]
    return " ".join(f"{where}: [{each.source}]({each.name})." for where, each in beside)
