"""Training seen from inside: looks at a run while it goes on, what they say is wrong, and the page that shows it.

Reading order: looking, record, diagnoses, watch; page and tensorboard write it down.
"""

from .diagnoses import Finding
from .watch import Watch

__all__ = ["Finding", "Watch"]
