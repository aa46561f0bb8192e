"""How pictures of training are drawn: colours that mean something, and settings of our own.

A user's matplotlibrc or style, dark or set by LaTeX, is for the user's own pictures; ours stand on white pages.
"""

from collections.abc import Iterator
from contextlib import contextmanager

TRAINING, VALIDATION = "#0072b2", "#d55e00"  # one colour a meaning; Okabe and Ito's, for colour-blind readers


@contextmanager
def own_settings() -> Iterator[None]:
    """Within it, or in a function that it decorates, matplotlib has its own settings, and the user's afterwards."""
    import matplotlib.style  # half a second, which a run without a picture need not wait

    with matplotlib.style.context(["default", {"svg.hashsalt": "scalar-to-tensor"}]):  # the same figure, the same SVG
        yield
