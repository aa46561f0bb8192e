"""The engine grown in ten steps: list them, explain one, write it with its idea left out, or mark somebody's own.

    python -m walkthroughs grow               the ten steps
    python -m walkthroughs grow 4             what is new in step 4, its examples run, and its graph to step through
    python -m walkthroughs grow 4 --blank     step04.py with the idea's lines taken out, and a test beside it
    python -m walkthroughs grow 4 --check my_step04.py

Exit status: 0; with --check 1 if something is not right yet; 2 if an argument or a file cannot be used.
"""

import sys
from pathlib import Path

from models.command_line import Parser
from models.keeping.files import write_whole
from walkthroughs.grow import examples
from walkthroughs.grow.steps import IDEAS, LAST, Step, graph_of
from walkthroughs.marking.isolated import Failed, Limits, run_isolated
from walkthroughs.stepper import step as stepped

NEW, RESET = "\x1b[32m", "\x1b[0m"
TEST = '''"""Says what is wrong in {name}; the project must be installed: python {test}"""

import sys

from walkthroughs.grow.command import main

if __name__ == "__main__":
    sys.exit(main(["{number}", "--check", "{name}"]))
'''


def main(arguments=None):
    parser = Parser("walkthroughs grow", __doc__)
    parser.add_argument("step", nargs="?", type=int, choices=range(1, LAST + 1), metavar="STEP", help="1 to 10")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--blank", action="store_true", help="write the step without its idea, and a test")
    doing.add_argument("--check", type=Path, metavar="FILE", help="mark a step that somebody has written")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/grow")
    options = parser.parse_args(arguments)
    if options.step is None:
        if options.blank or options.check:
            parser.error("--blank and --check need the number of a step")
        print(listing())
        return 0
    step, out = Step(options.step), options.out or Path("runs", "grow")
    with parser.errors_of(out):
        if options.check:
            return checked(step, options.check)
        out.mkdir(parents=True, exist_ok=True)
        return blank(step, out) if options.blank else explain(step, out)


def listing():
    steps = [Step(number) for number in range(1, LAST + 1)]
    lines = [f"{step.number:3}  {step.title}  ({step.added} new lines)" for step in steps]
    return "\n".join(
        [*lines, "", "python -m walkthroughs grow 1 explains the first; the files are in walkthroughs/grow."]
    )


def explain(step, out):
    """Print what is new in a step and what its example gives, and write its graph."""
    print(f"Step {step.number}. {step.opening}\n")
    colour = sys.stdout.isatty()
    for mark, line in step.difference():
        print(f"{NEW}+ {line}{RESET}" if mark == "+" and colour else f"{mark or ' '} {line}".rstrip())
    print("\nThe example:\n")
    names = dict(vars(step.module))
    for line in examples.run(step.example, names):
        print("  " + line.source.replace("\n", "\n  ") + (f"    # {', '.join(line.said)}" if line.said else ""))
        if not line.right:
            print(f"    gives {line.found}, and not what stands beside it")
    graph = graph_of(names)
    page = stepped(graph, f"Step {step.number}: {step.title}").save(out / f"step{step.number:02d}.html")
    print(f"\nWritten:\n  {page}")
    return 0


def blank(step, out):
    path, test = out / step.path.name, out / f"test_{step.path.name}"
    for each in (path, test):
        if each.exists():
            raise ValueError(f"{each} is there already, perhaps with work of yours: move it, or name another --out")
    write_whole(path, step.blanked())
    write_whole(test, TEST.format(name=path.name, test=test.name, number=step.number))
    print(f"To be written: {', '.join(IDEAS[step.number])}.\n\nWritten:\n  {path}\n  {test}")
    return 0


def checked(step, path):
    """Run the step's example on somebody's own file, in a process of its own, and say what is not right."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        found = run_isolated(path, {"kind": "grow", "example": step.example}, Limits())
    except Failed as error:
        print(f"{path}: {error}")
        return 1
    wrong = [f"{source}\n    gives {gives}, and should give {said}" for source, said, gives in found["wrong"]]
    print("\n".join(wrong or [f"All {found['right']} numbers of step {step.number}'s example are right."]))
    return 1 if wrong else 0
