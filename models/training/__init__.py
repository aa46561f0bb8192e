"""How networks of Tensors learn, and how they are measured.

Reading order: gradients, fitting, evaluation, mistakes (in pictures); schedules and augmentation, which a run may have;
compiled and threads, steps as programs and how they have the cores.
"""

from .evaluation import Evaluation, evaluate
from .fitting import Diverged, fit
from .gradients import backward, clip, gradient_norms, piece_size, pieces

__all__ = [
    "Diverged",
    "Evaluation",
    "backward",
    "clip",
    "evaluate",
    "fit",
    "gradient_norms",
    "piece_size",
    "pieces",
]
