"""What walkthroughs with a data set share: the options that choose it, the Setup of a run, and sweeps of many.

With --quick they take a slice, and download nothing.
"""

from models.command_line import positive
from models.datasets import IMAGE_SHAPES, NUM_VAL
from models.datasets.idx_files import is_here
from models.experiment import Setup, data_of
from models.sweep import sweep_of
from walkthroughs.reports.readings import listed

QUICK = 1_000  # training instances of a --quick run

# What each data set is called, and how much there is of it: all that may be trained on, and the test set.
WHOLE = {
    "mnist": ("MNIST", 60_000, 10_000),
    "fashion-mnist": ("Fashion-MNIST", 60_000, 10_000),
    "digits": ("the shipped digits", 1_500, 297),
    "synth": ("the sheet's synthetic data", 70_000, 10_000),
}

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
    name = data.name if setup.classes is None else f"{data.name}, {len(setup.classes)} of its classes"
    report.used(name, held_out, len(data.xtrain), len(data.xval), data.digest)
    return data


def swept(options, setups, name):
    """The History of each Setup, trained as the options say; NAME.jsonl keeps them for another time."""
    workers = options.workers or (1 if options.quick else None)  # to start processes takes longer than quick runs
    return sweep_of(list(setups), options.out / f"{name}.jsonl", options.data_dir, workers, options.dask, name)


def notice(report, options, told):
    """What a reader has to know first of a report of a slice, or of other data than the sheet's; "" of a whole one.

    told        the options that make it less than the walkthrough is by itself, as they are given
    """
    if not report.data:
        return ""
    sentences = []
    if told:
        sentences.append(f"A short run (`{told}`): on less data, or with fewer steps, than without that.")
        slices = dict.fromkeys(filter(None, map(slice_of, report.data.values())))
        sentences += [f"Used were {'; '.join(slices)}."] if slices else []
    asked, names = vars(options).get("sheets_data"), {entry["data"].partition(",")[0] for entry in report.data.values()}
    if asked and asked not in names:
        why = "as `--data` says" if options.data else "which is not on this machine"
        used_instead = " and ".join(WHOLE[name][0] for name in sorted(names))
        sentences.append(f"{used_instead[0].upper()}{used_instead[1:]} stand in for {WHOLE[asked][0]}, {why}.")
    return " ".join(sentences)


def slice_of(entry):
    """ "1,000 of 55,000 training instances and 250 of 5,000 validation instances of MNIST"; "" if it is all of it."""
    name, kind = entry["data"], entry["held-out instances"]
    if name not in WHOLE:
        return ""
    called, pool, n_test = WHOLE[name]
    whole = (pool, n_test) if kind == "test" else (pool - NUM_VAL[name], NUM_VAL[name])
    parts = zip((entry["training"], entry["held out"]), whole, ("training", kind))
    said = [(n < of, f"{n:,} of {of:,} {kind} instances") for n, of, kind in parts if n]
    return f"{listed(words for _, words in said)} of {called}" if any(is_part for is_part, _ in said) else ""
