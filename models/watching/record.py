"""What has been seen of a run, from which its page and its diagnoses are made."""

from dataclasses import dataclass, field
from typing import Any

from ..history import Epoch


@dataclass
class Record:
    """The record of a watched run.

    looks           what `looking.look` saw, each with its "step", its "epoch" (a number such as 1.5), and for each
                    layer the "ratio" of the update's norm to the weights', nan where no step followed
    epochs          as the History has them
    losses          of every batch
    per_epoch       batches an epoch
    chance          the accuracy of who always says the commonest class of the held-out instances, and how far from it
                    luck may come: three deviations
    log_classes     the loss of who knows nothing: log(classes)
    inputs          (least, greatest, whether that is unscaled) of the instances looked at
    tiles           the weights of the first layer as pictures, after each epoch
    """

    held_out: str = "validation"
    loss: str = "cross-entropy (nats)"
    looks: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    per_epoch: int = 1
    chance: tuple[float, float] = (0.0, 0.0)
    log_classes: float = 0.0
    inputs: tuple[float, float, bool] = (0.0, 0.0, False)
    tiles: list[dict[str, Any]] = field(default_factory=list)
    diverged: str = ""

    def series(self, group: str, name: str, quantity: str) -> list[float]:
        """A quantity of a layer or an activation at each look; nan where it was not seen."""
        return [look[group].get(name, {}).get(quantity, float("nan")) for look in self.looks]

    def when(self, look: int) -> str:
        """Since when something is, if it is since a look, in words."""
        return "from the start" if look == 0 else f"since epoch {1 + int(self.looks[look]['epoch'])}"
