"""The tour: Question 3 from end to end, and what to look at next."""

import sys

from . import question3

NEXT = """
Next:
  python -m walkthroughs.question3 --help     the same with other weights, inputs and targets
  python -m walkthroughs.question4            a small network of scalars learns (Question 4)
"""

if __name__ == "__main__":
    status = question3.main(sys.argv[1:])
    print(NEXT)
    sys.exit(status)
