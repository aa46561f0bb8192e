"""The tests, in rooms like those of the code that they test."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
