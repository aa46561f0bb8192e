"""What walkthroughs with a data set share: the options that choose it, the Setup of a run, and sweeps of many.

With --quick they take a slice, and download nothing.
"""

from models.command_line import positive
from models.datasets import IMAGE_SHAPES
from models.datasets.idx_files import is_here
from models.experiment import Setup, data_of
from models.sweep import sweep_of

QUICK = 1_000  # training instances of a --quick run

# The sheets' own training: plain gradient descent. A walkthrough says what it does otherwise.
PLAIN = {"learning_rate": 0.1, "learning_rate_decay": 1.0, "momentum": 0.0}


def add_data(parser, name):
    """Add --data and --data-dir for a sheet that asks for the images `name`."""
    parser.set_defaults(sheets_data=name)
    parser.add_argument("--data", choices=list(IMAGE_SHAPES), help=f"default: {name}")
    parser.add_argument("--data-dir", metavar="DIR", help="with mnist/ and fashion-mnist/ in it")


def add_sweeps(parser):
    """Add --workers and --dask for a walkthrough that trains many networks."""
    parser.add_argument("--workers", type=positive(int), help="processes for the sweeps (default: one a core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler to run the sweeps on")


def data_and_limit(options):
    """The data's name and how much of it to take, None for all. Without the data a quick run takes the digits."""
    if not options.quick:
        return options.data or options.sheets_data, None
    is_within_reach = is_here(options.sheets_data, options.data_dir)
    return options.data or (options.sheets_data if is_within_reach else "digits"), QUICK


def setup_for(options, **fields):
    """The Setup of a walkthrough: the data and seed of its options, PLAIN, and what `fields` say."""
    data, limit = data_and_limit(options)
    return Setup(**{"data": data, "limit": limit, "seed": options.seed, **PLAIN, **fields})


def used(report, options, setup):
    """The Dataset of a Setup, named in the report."""
    data = data_of(setup, options.data_dir)
    held_out = "test" if setup.final else "validation"
    report.used(data.name, held_out, len(data.xtrain), len(data.xval), data.digest)
    return data


def swept(options, setups, name):
    """The History of each Setup, trained as the options say; NAME.jsonl keeps them for another time."""
    workers = options.workers or (1 if options.quick else None)  # to start processes takes longer than quick runs
    return sweep_of(list(setups), options.out / f"{name}.jsonl", options.data_dir, workers, options.dask, name)
