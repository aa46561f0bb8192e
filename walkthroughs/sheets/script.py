"""What the walkthroughs' command lines share: the options, the data, and the report at the end."""

import time
from pathlib import Path

from threadpoolctl import threadpool_limits

from models.command_line import Parser, positive
from models.datasets import IMAGE_SHAPES
from models.datasets.idx_files import is_here
from models.experiment import Setup, data_of

from ..catalogue import BY_NAME
from ..reports.report import Report, command_line

QUICK = 1_000  # training instances of a --quick run


def parser_for(name, doc, data=None, sweeps=False):
    """The command line of the walkthrough `name`.

    data        the image data set that the sheet asks for, where there is one: adds --data and --data-dir
    sweeps      whether it trains many networks: adds --workers and --dask
    """
    parser = Parser(f"walkthroughs {name}", doc)
    parser.add_argument("--quick", action="store_true", help="a small part of the data, in seconds")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--out", type=Path, default=Path("runs", name), metavar="DIR", help=f"default: runs/{name}")
    parser.set_defaults(data=None, data_dir=None, workers=None, dask=None)
    if data:
        parser.add_argument("--data", choices=list(IMAGE_SHAPES), help=f"default: {data}")
        parser.add_argument("--data-dir", metavar="DIR", help="with mnist/ and fashion-mnist/ in it")
    if sweeps:
        parser.add_argument("--workers", type=positive(int), help="processes for the sweeps (default: one a core)")
        parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler to run the sweeps on")
    return parser


def run_walkthrough(name, doc, build, arguments=None, *, title, data=None, sweeps=False, add_options=None, threads=1):
    """The whole of a walkthrough's `main`: parse, `build(report, options)`, write, print; returns the exit status.

    `build` fills the report; a ValueError from it is one line for the user. `add_options(parser)` adds the
    walkthrough's own options. `threads` is how many BLAS may use: for mini-batches a second one brings little, and on a
    busy machine doubles the time; None, for whole sets at once, is one a core. In `options`, `data` and `limit` are
    those for a Setup.
    """
    parser = parser_for(name, doc, data, sweeps)
    if add_options:
        add_options(parser)
    options = parser.parse_args(arguments)
    report = Report(title, BY_NAME[name].source, command_line(name, arguments), options.seed)
    try:
        options.limit = None
        if data:
            choose_data(options, data)
        if options.quick and sweeps:
            options.workers = options.workers or 1  # to start processes takes longer than the runs
        options.out.mkdir(parents=True, exist_ok=True)
        with threadpool_limits(1 if options.quick else threads):
            build(report, options)
        written = report.write(options.out)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot write to {options.out}: {error.strerror}")
    print(report.text())
    print("\nWritten:", *(f"  {path}" for path in written), sep="\n")
    return 0


def choose_data(options, data):
    """Set options.data and options.limit. A quick run downloads nothing: without the data it takes the digits."""
    if options.data is None:
        options.data = data if not options.quick or is_here(data, options.data_dir) else "digits"
    if options.quick:
        options.limit = QUICK


def setup_for(options, **fields):
    """The Setup of a walkthrough's options: their data, slice and seed."""
    return Setup(**{"data": options.data, "limit": options.limit, "seed": options.seed, **fields})


def used(report, options, setup):
    """The Dataset of a Setup, named in the report."""
    data = data_of(setup, options.data_dir)
    held_out = "test" if setup.final else "validation"
    report.used(data.name, held_out, len(data.xtrain), len(data.xval), data.digest)
    return data


def timed(function, *arguments):
    """(what function(*arguments) returns, the seconds it took)."""
    started = time.perf_counter()
    return function(*arguments), time.perf_counter() - started
