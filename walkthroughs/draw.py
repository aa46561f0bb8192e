"""`from walkthroughs.draw import draw`, which is in `drawing/picture.py`."""

from .drawing.picture import Drawing, draw

__all__ = ["Drawing", "draw"]
