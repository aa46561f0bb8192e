"""History: what happened in a training run, as numbers, files, and a picture."""

import csv
import io
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .keeping.files import as_json
from .plotting import TRAINING, VALIDATION, own_settings

FAINT_TRAINING = "#9cc9e3"


@dataclass
class Epoch:
    """One pass over the training set, and how the model does after it: mean cross-entropy in nats, fraction correct."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float  # of training, since the epoch recorded before it


@dataclass
class History:
    """The record of a run.

    batch_losses    the loss of every batch, before its step
    epochs          an `Epoch` for each that was finished and evaluated
    gradient_norms  if recorded: for every batch, {layer: the norm of its gradient}
    interrupted     whether a key stopped the run before its end
    held_out        what the instances are that are not trained on: "validation" or "test"
    diverged        where the loss stopped being finite, as a sentence; "" if it did not
    loss            what the losses are
    batches_per_epoch   how many of the batch losses belong to one epoch
    """

    batch_losses: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    gradient_norms: list[dict[str, float]] = field(default_factory=list)
    interrupted: bool = False
    held_out: str = "validation"
    diverged: str = ""
    loss: str = "cross-entropy (nats)"
    batches_per_epoch: int = 0

    @property
    def best(self):
        """The Epoch with the smallest held-out loss, the first of several."""
        return min(self.epochs, key=lambda e: e.validation_loss if math.isfinite(e.validation_loss) else math.inf)

    @property
    def waited(self):
        """How many epochs have passed since the best one."""
        return self.epochs[-1].epoch - self.best.epoch

    @property
    def seconds(self):
        """Of training, in all."""
        return sum(epoch.seconds for epoch in self.epochs)

    def save(self, folder):
        """Write history.csv (a row an epoch), history.json (everything) and learning_curve.png; returns their paths."""
        table, numbers, picture = (
            Path(folder) / name for name in ("history.csv", "history.json", "learning_curve.png")
        )
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(Epoch.__dataclass_fields__))
            writer.writeheader()
            writer.writerows(map(asdict, self.epochs))
        numbers.write_text(self.to_json() + "\n", encoding="utf-8")
        self.plot(picture)
        return [table, numbers, picture]

    def to_json(self):
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text):
        return cls.from_dict(json.loads(text))

    def to_dict(self):
        """The record as JSON can hold it: a number that is not finite is None."""
        return as_json(asdict(self))

    @classmethod
    def from_dict(cls, fields):
        """The History that `to_dict` has taken apart."""
        fields = with_nan(fields)
        return cls(**{**fields, "epochs": [Epoch(**epoch) for epoch in fields["epochs"]]})

    def _repr_png_(self):
        picture = io.BytesIO()
        self.plot(picture)
        return picture.getvalue()

    @own_settings()
    def plot(self, path):
        """The learning curve: the loss of every batch, and loss and accuracy after every epoch, as a picture file."""
        from matplotlib.figure import Figure

        known = [epoch.train_accuracy for epoch in self.epochs if math.isfinite(epoch.train_accuracy)]
        measures = ["loss", "accuracy"] if known or not self.epochs else ["loss"]
        figure = Figure(figsize=(5 * len(measures), 4), layout="constrained")
        panels = dict(zip(measures, figure.subplots(1, len(measures), squeeze=False)[0]))
        per_epoch = self.batches_per_epoch or len(self.batch_losses) / (self.epochs[-1].epoch if self.epochs else 1)
        positions = [(i + 1) / per_epoch for i in range(len(self.batch_losses))]
        loss_axes = panels["loss"]
        loss_axes.plot(positions, self.batch_losses, color=FAINT_TRAINING, linewidth=0.6, label="each batch")
        for kind, color in [("train", TRAINING), ("validation", VALIDATION)]:
            name = "training" if kind == "train" else self.held_out
            for measure, axes in panels.items():
                values = [getattr(epoch, f"{kind}_{measure}") for epoch in self.epochs]
                axes.plot([e.epoch for e in self.epochs], values, "o-", color=color, markersize=4, label=name)
        if self.diverged and positions:
            loss_axes.axvline(positions[-1], color="black", linestyle=":", label="no longer finite")
        usual = sorted(filter(math.isfinite, self.batch_losses))
        usual = usual[: max(1, len(usual) * 49 // 50)]  # a few wild batches should not flatten the rest
        losses = [epoch.train_loss for epoch in self.epochs if math.isfinite(epoch.train_loss)] + usual[-1:]
        loss_axes.set_ylim(min([0, *losses]), min(1.05 * max([0, *losses]), 1e6) or 1.0)
        loss_axes.set(xlabel="epoch", ylabel=self.loss, title="Loss")
        if "accuracy" in panels:
            panels["accuracy"].set(xlabel="epoch", ylabel="fraction correct", title="Accuracy")
        for axes in panels.values():
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(alpha=0.25)
            axes.legend()
        figure.savefig(path, dpi=150)


def with_nan(value):
    """A value of dicts and lists with NaN for None."""
    if isinstance(value, dict):
        return {key: with_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_nan(each) for each in value]
    return math.nan if value is None else value
