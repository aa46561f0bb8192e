"""History: what happened in a training run, as numbers, files, and a picture."""

import csv
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

TRAINING, VALIDATION = "#0072b2", "#d55e00"  # one colour a meaning; Okabe and Ito's, for colour-blind readers
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
    """

    batch_losses: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    gradient_norms: list[dict[str, float]] = field(default_factory=list)
    interrupted: bool = False
    held_out: str = "validation"

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
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text):
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, fields):
        """The History that dataclasses.asdict has taken apart."""
        return cls(**{**fields, "epochs": [Epoch(**epoch) for epoch in fields["epochs"]]})

    def plot(self, path):
        """The learning curve: the loss of every batch, and loss and accuracy after every epoch, as a picture file."""
        from matplotlib.figure import Figure  # half a second, which a run without a picture need not wait

        figure = Figure(figsize=(10, 4), layout="constrained")
        loss_axes, accuracy_axes = figure.subplots(1, 2)
        steps = len(self.batch_losses)
        per_epoch = steps / max(1, len(self.epochs))
        positions = [(i + 1) / per_epoch for i in range(steps)]
        loss_axes.plot(positions, self.batch_losses, color=FAINT_TRAINING, linewidth=0.6, label="each batch")
        epochs = [epoch.epoch for epoch in self.epochs]
        for kind, color in [("train", TRAINING), ("validation", VALIDATION)]:
            name = "training" if kind == "train" else self.held_out
            for axes, measure in [(loss_axes, "loss"), (accuracy_axes, "accuracy")]:
                values = [getattr(epoch, f"{kind}_{measure}") for epoch in self.epochs]
                axes.plot(epochs, values, "o-", color=color, markersize=4, label=name)
        loss_axes.set(xlabel="epoch", ylabel="cross-entropy (nats)", title="Loss")
        accuracy_axes.set(xlabel="epoch", ylabel="fraction correct", title="Accuracy")
        usual = sorted(self.batch_losses)[: max(1, steps * 49 // 50)]  # a few wild batches should not flatten the rest
        largest = max([epoch.train_loss for epoch in self.epochs] + usual[-1:], default=1.0)
        loss_axes.set_ylim(0, min(1.05 * largest, 1e6))
        for axes in (loss_axes, accuracy_axes):
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(alpha=0.25)
            axes.legend()
        figure.savefig(path, dpi=150)
