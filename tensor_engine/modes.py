"""Whether tensor operations are recorded, and whether results are watched for NaN and infinity."""

from contextlib import contextmanager

import numpy as np

recording = True
watching = False


@contextmanager
def no_grad():
    """Nothing computed inside requires a gradient or remembers how it was made: for evaluation, and for updates."""
    global recording
    before, recording = recording, False
    try:
        yield
    finally:
        recording = before


@contextmanager
def detect_anomaly():
    """The first result that is NaN or infinite, forward or backward, raises FloatingPointError and names its maker.

    NumPy's own warnings (divide by zero, overflow) are silent meanwhile: the error says more.
    """
    global watching
    before, watching = watching, True
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        watching = before
