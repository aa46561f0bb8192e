"""How the learning rate goes through a run: what it is multiplied by at each step."""

import math

# By name: from how much of a run is over, 0 to 1, to the factor. Goyal and others (2017) let it rise to 1 before.
SCHEDULES = {
    "exponential": lambda progress: 1.0,  # but for the decay after each epoch
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,  # Loshchilov and Hutter (2017)
}


def factor(schedule: str, step: int, steps: int, warmup: int = 0) -> float:
    """Of the learning rate at a step, counted from 0, of so many: it rises for `warmup` steps, then follows SCHEDULES.

    >>> [round(factor("cosine", step, 6, warmup=2), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if step < warmup:
        return (step + 1) / warmup
    return SCHEDULES[schedule]((step - warmup) / max(1, steps - warmup))
