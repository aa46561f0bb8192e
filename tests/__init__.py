"""The tests, in rooms like those of the code that they test."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent


def two_at_a_time(check, cases):
    """check(case) of all cases, which wait for processes of their own; the first that fails raises."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, cases))
