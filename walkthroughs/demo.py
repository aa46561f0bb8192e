"""The tour: Question 3 from end to end, a network that learns the digits, and what to look at next."""

from pathlib import Path

import models.train
from models.command_line import Parser, run
from walkthroughs.sheets.vu import question3

NEXT = """
Next:
  python -m walkthroughs                      the list of all walkthroughs
  python -m walkthroughs question3 --step     through both passes, step by step (or open runs/question3/stepper.html)
  python -m walkthroughs question3 --help     the same with other weights, inputs and targets
  python -m walkthroughs derivations          Questions 1 and 2: the local derivatives, derived
  python -m walkthroughs question4            a small network of scalars learns (Question 4)
  python -m models.train --help               batched training, on MNIST too
"""


def main(arguments=None):
    parser = Parser("walkthroughs.demo", __doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the network's weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="default: runs")
    options = parser.parse_args(arguments)
    status = question3.main(["--out", str(options.out / "question3")])
    print("\nThe same calculus on arrays: a 64-32-10 network learns 8 x 8 images of handwritten digits.")
    digits = ["--data", "digits", "--hidden", "32", "--seed", str(options.seed), "--out", str(options.out / "digits")]
    status = models.train.main(digits) or status
    print(NEXT)
    return status


if __name__ == "__main__":
    run(main)
