"""The tests, in rooms like those of the code that they test."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Runs that are compared have sums in one order: how many threads BLAS has would be decided by trying how long it takes.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent


def two_at_a_time(check, cases):
    """check(case) of all cases, which wait for processes of their own; the first that fails raises."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, cases))
