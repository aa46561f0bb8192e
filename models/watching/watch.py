"""Watch: a run looked at now and then while it goes on, and told of on a page that grows with it."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from tensor_engine import cross_entropy

from ..datasets.checking import is_unscaled
from ..history import History
from .diagnoses import Finding, findings
from .looking import look, weights_of
from .page import Page
from .record import Record

INSTANCES = 128  # that are looked at
LOOKS = 4  # an epoch, if it has steps enough
APART = 40  # steps between two looks at least, if that leaves one an epoch
MOST = 240  # looks that are kept: of a longer run every second one is let go of, and so on
SHARE, SECONDS = 0.04, 0.5  # of the time that has gone by, and in all, that watching may take
TILES = 16


class Watch:
    """What `fit(..., watch=Watch("health.html"))` shows of a run, while it goes on and after it, and what is wrong.

    page            a file of HTML, which follows the run by a script beside it, and stands alone at its end
    tensorboard     a folder for the same numbers as TensorBoard reads them: needs the package tensorboardX (ValueError)
    title           of the page

    The run's numbers are the same as without it. It takes at most 5 % of its time, or half a second if that is more.

    >>> from models.datasets import load, standardised
    >>> from models.layers import MLP
    >>> from models.training import fit
    >>> from tensor_engine import SGD
    >>> model, watch = MLP([64, 16, 10], "relu"), Watch()
    >>> history = fit(model, standardised(load("digits")), SGD(model.parameters(), 5.0), 3, watch=watch)
    >>> print(watch.findings[0].text)
    layer1: 100 % of the ReLUs are dead since epoch 2, ...
    """

    def __init__(self, page: Any = None, tensorboard: Any = None, title: str = "Training") -> None:
        self.record = Record()
        self.page = None if page is None else Page(Path(page), title)
        self.events = None
        if tensorboard is not None:
            from .tensorboard import Events  # an extra, which nobody else needs

            self.events = Events(tensorboard)
        self.cost = 0.0

    @property
    def findings(self) -> list[Finding]:
        """What is wrong so far."""
        return findings(self.record)

    def begin(
        self, model: Any, x: np.ndarray, y: np.ndarray, yval: np.ndarray, loss: Any, history: History, image_shape: Any
    ) -> None:
        """Before the first step; x, y and yval are the instances as they have been checked."""
        rows = np.linspace(0, len(x) - 1, min(INSTANCES, len(x))).astype(int)
        self.model, self.loss, self.x, self.y = model, loss, x[rows], y[rows]
        self.image_shape = image_shape
        record = self.record = Record(history.held_out, history.loss, epochs=list(history.epochs))
        record.losses, record.per_epoch = list(history.batch_losses), history.batches_per_epoch
        record.inputs = float(self.x.min()), float(self.x.max()), is_unscaled(x)
        if getattr(loss, "func", loss) is cross_entropy:
            counts = np.bincount(yval)
            chance = counts.max() / counts.sum()
            record.chance = float(chance), 3 * math.sqrt(chance * (1 - chance) / counts.sum())
            record.log_classes = math.log(max(2, 1 + int(y.max())))
        self.stride = max(-(-record.per_epoch // LOOKS), min(APART, record.per_epoch))
        self.next_look, self.cost, self.started = len(record.losses), 0.0, time.perf_counter()
        if self.page:
            self.page.written = 0.0
        if not record.epochs:
            self.keep_tiles(0)
        self.write()

    def around(self, train_on: Any) -> Any:
        """A step, `train_on(rows, i)` to the loss of its batch, with a look before some."""

        def watched(rows: Any, i: int) -> float:
            started, found = time.perf_counter(), None
            if len(self.record.losses) >= self.next_look:
                self.next_look = len(self.record.losses) + self.stride
                if self.cost <= max(SECONDS, SHARE * (started - self.started)):
                    found = self.look()
                    before = {name: W.data.copy() for name, W in weights_of(self.model).items()}
            stepping = time.perf_counter()
            batch_loss = train_on(rows, i)
            stepped = time.perf_counter()
            self.record.losses.append(batch_loss)
            if found is not None:
                for name, W in weights_of(self.model).items():
                    found["layers"][name]["ratio"] = change(before[name], W.data)
                self.keep(found)
                self.cost += time.perf_counter() - stepped + stepping - started
            return batch_loss

        return watched

    def look(self) -> dict[str, Any]:
        found, done = look(self.model, self.x, self.y, self.loss), len(self.record.losses)
        return {"step": done, "epoch": done / self.record.per_epoch, **found}

    def keep(self, found: dict[str, Any]) -> None:
        self.record.looks.append(found)
        if len(self.record.looks) > MOST:
            del self.record.looks[1::2]
            self.stride *= 2
        if self.events:
            self.events.look(found)
        self.write(at_most_every=1.0)

    def after_epoch(self, history: History) -> None:
        started = time.perf_counter()
        self.record.epochs = list(history.epochs)
        self.keep_tiles(history.epochs[-1].epoch)
        if self.events:
            self.events.epoch(history.epochs[-1], history.held_out)
        self.write(at_most_every=1.0)
        self.cost += time.perf_counter() - started

    def end(self, history: History) -> None:
        """After the last step, however it came to be the last: the page is whole from here on."""
        self.record.epochs, self.record.diverged = list(history.epochs), history.diverged
        if self.record.losses and not history.diverged:
            found = self.look()
            for layer in found["layers"].values():
                layer["ratio"] = math.nan
            self.keep(found)
        state = "diverged" if history.diverged else "interrupted" if history.interrupted else "finished"
        if self.page:
            self.page.end(self.record, state)
        if self.events:
            self.events.close()

    def write(self, at_most_every: float = 0.0) -> None:
        if self.page and time.perf_counter() - self.page.written >= at_most_every:
            self.page.update(self.record)

    def keep_tiles(self, epoch: int) -> None:
        """The weights of the first layer's first units as pictures, if they are of pictures."""
        parameter = next(iter(weights_of(self.model).values()), None)
        W = np.empty(0) if parameter is None else parameter.data
        if W.ndim == 4:
            pictures = W[:TILES, 0]
        elif self.image_shape and W.ndim == 2 and len(W) == math.prod(self.image_shape):
            pictures = W[:, :TILES].T.reshape(-1, *self.image_shape)
        else:
            return
        largest = float(np.abs(pictures).max())
        if not math.isfinite(largest):
            return
        levels = np.rint(127 + 127 * pictures / (largest or 1.0)).astype(np.uint8)
        tile = {"epoch": epoch, "shape": list(levels.shape[1:]), "largest": largest}
        self.record.tiles.append({**tile, "levels": [each.tobytes().hex() for each in levels]})
        if len(self.record.tiles) > MOST:
            del self.record.tiles[1::2]


def change(before: np.ndarray, after: np.ndarray) -> float:
    """The norm of an update beside that of the weights; nan for weights that are 0."""
    size = float(np.linalg.norm(before))
    return float(np.linalg.norm(after - before)) / size if size else math.nan
