"""The tour: Question 3 from end to end, and what to look at next."""

from models.command_line import Parser, run

from . import question3

NEXT = """
Next:
  python -m walkthroughs.question3 --help     the same with other weights, inputs and targets
  python -m walkthroughs.question4            a small network of scalars learns (Question 4)
"""


def main():
    Parser("walkthroughs", __doc__).parse_args()
    status = question3.main([])
    print(NEXT)
    return status


if __name__ == "__main__":
    run(main)
