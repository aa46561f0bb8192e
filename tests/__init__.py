"""The tests, in rooms like those of the code that they test."""

import os
from pathlib import Path

# Runs that are compared have sums in one order: how many threads BLAS has would be decided by trying how long it takes.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent
