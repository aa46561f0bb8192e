"""The numbers of a watched run as TensorBoard reads them, by tensorboardX."""

import math
from pathlib import Path
from typing import Any

import numpy as np


class Events:
    """An event file in `folder`. Raises ValueError, in one line, if tensorboardX is missing or the folder cannot be."""

    def __init__(self, folder: Any) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            needed = 'pip install "scalar-to-tensor[tensorboard]"'
            raise ValueError(f"--tensorboard needs the package tensorboardX: {needed}") from None
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.writer = SummaryWriter(str(folder))
        except OSError as error:
            raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from None

    def look(self, look: dict[str, Any]) -> None:
        step = look["step"]
        self.scalar("look/loss", look["loss"], step)
        self.scalar("look/accuracy", look["accuracy"], step)
        for name, layer in look["layers"].items():
            self.scalar(f"gradient-norm/{name}", layer["norm"], step)
            self.scalar(f"update-to-weights/{name}", layer["ratio"], step)
            self.histogram(f"gradient/{name}", layer["gradient"], step)
        for name, activation in look["activations"].items():
            for share in {"dead", "saturated"} & activation.keys():
                self.scalar(f"{share}/{name}", activation[share], step)
            self.histogram(f"activation/{name}", activation["values"], step)

    def scalar(self, name: str, number: float, step: int) -> None:
        if math.isfinite(number):  # the writer logs a warning of others
            self.writer.add_scalar(name, number, step)

    def histogram(self, name: str, found: dict[str, Any], step: int) -> None:
        counts = np.asarray(found["counts"], float)
        if not counts.size:
            return
        edges = np.linspace(found["low"], found["high"], len(counts) + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        self.writer.add_histogram_raw(
            name, edges[0], edges[-1], counts.sum(), counts @ middles, counts @ middles**2, edges[1:].tolist(),
            counts.tolist(), global_step=step,
        )  # fmt: skip

    def epoch(self, epoch: Any, held_out: str) -> None:
        for part, which in ("train", "training"), ("validation", held_out):
            for measure in "loss", "accuracy":
                self.scalar(f"{measure}/{which}", getattr(epoch, f"{part}_{measure}"), epoch.epoch)

    def close(self) -> None:
        self.writer.close()
