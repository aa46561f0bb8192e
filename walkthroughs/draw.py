"""`from walkthroughs.draw import draw`, which is in `drawing/picture.py`."""

from walkthroughs.drawing.picture import draw
from walkthroughs.drawing.rendering import Drawing

__all__ = ["Drawing", "draw"]
