"""Hand out an exercise: worksheets with other numbers for each student, or a sheet's code with blanks to fill.

    python -m walkthroughs exercise network --sizes 2 3 2 --activation relu --seed 100 --count 30 --out week3
    python -m walkthroughs exercise lmu --out week4

Worksheets come as OUT/sheets/SEED/ with a page for A4, LaTeX, and answers.json or answers.csv for those who hand in
files, and as OUT/keys/SEED/ with every step. Code comes as OUT/release/NAME/, a script and a notebook with blanks, and
solved as OUT/source/NAME/, as nbgrader has its folders.

Exit status: 0, or 2 if an argument cannot be used.
"""

import sys
from pathlib import Path

from tqdm.auto import tqdm

from models.command_line import Parser, positive
from models.keeping.files import held, write_whole
from walkthroughs.marking import blanks, worksheets
from walkthroughs.marking.exercises import ACTIVATIONS, EXERCISES, LOSSES, drawn
from walkthroughs.reports.report import command_line

NAMES = [*EXERCISES, *blanks.SHEETS]


def main(arguments=None):
    parser = Parser("walkthroughs exercise", __doc__)
    parser.add_argument(
        "name", choices=NAMES, metavar="NAME", help=f"{', '.join(EXERCISES)}; code: {', '.join(blanks.SHEETS)}"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first worksheet (default: 0)")
    parser.add_argument(
        "--count", type=positive(int), default=1, help="worksheets, one a seed from there on (default: 1)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/exercise-NAME")
    parser.add_argument(
        "--sizes", type=positive(int), nargs="+", help="network: units of each layer, inputs first (default: 2 2 2)"
    )
    parser.add_argument("--activation", choices=list(ACTIVATIONS), help="network: default sigmoid")
    parser.add_argument("--loss", choices=LOSSES, help="network: default cross-entropy")
    parser.add_argument("--batch", type=positive(int), help="network: instances (default: 1)")
    options = parser.parse_args(arguments)
    given = {name: getattr(options, name) for name in ("sizes", "activation", "loss", "batch")}
    given = {name: value for name, value in given.items() if value is not None}
    out = options.out or Path("runs", f"exercise-{options.name}")
    with parser.errors_of(out):
        out.mkdir(parents=True, exist_ok=True)
        with held(out):
            if options.name in blanks.SHEETS:
                folders = hand_out_code(options.name, out)
            else:
                seeds = range(options.seed, options.seed + options.count)
                command = command_line("exercise", arguments)
                folders = hand_out_worksheets(options.name, seeds, given, out, command)
    print("Written:", *(f"  {folder}" for folder in folders), sep="\n")
    return 0


def hand_out_worksheets(name, seeds, given, out, command):
    """Write the sheets and keys of these seeds; returns their folders."""
    for seed in tqdm(seeds, "worksheets", disable=None, leave=False):
        exercise = drawn(name, seed, **given)
        folder = out / "sheets" / str(seed)
        worksheets.sheet(exercise, seed).write(folder)
        write_whole(folder / "answers.json", worksheets.answers_json(exercise, name, seed, given))
        write_whole(folder / "answers.csv", worksheets.answers_csv(exercise, name, seed, given))
        worksheets.key(exercise, seed, command).write(out / "keys" / str(seed))
    return [out / "sheets", out / "keys"]


def hand_out_code(name, out):
    """Write the exercise with blanks, and solved; returns the folders."""
    parts = blanks.parts_of(name)
    folders = [out / "release" / name, out / "source" / name]
    for folder, solved in zip(folders, (False, True)):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{name}.py", blanks.as_script(parts, solved))
        write_whole(folder / f"{name}.ipynb", blanks.as_notebook(name, parts, solved))
    return folders


if __name__ == "__main__":
    sys.exit(main())
