"""`python -m walkthroughs.question3`, which is `sheets/vu/question3.py`."""

from models.command_line import run
from walkthroughs.sheets.vu.question3 import main

if __name__ == "__main__":
    run(main)
