"""Rewind a run to an epoch, change one thing, train on from there, and draw both curves in one picture.

    python -m models.train --watch --out runs/digits
    python -m models.branch runs/digits --at-epoch 3 --learning-rate 0.01

RUN is the --out of a `python -m models.train --watch`, which keeps a checkpoint of each epoch; of other runs there is
that of the last epoch. --at-epoch 0 is before the first step. Exit status: as of models.train.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .command_line import Parser, run
from .experiment import data_of, model_of
from .keeping import checkpoints
from .keeping.files import held
from .options import DIFFERENCES, OPTIONS, pytorchs
from .plotting import TRAINING, VALIDATION, own_settings
from .train import batch_of, epochs_kept, train_into
from .training.schedules import factor


def parser():
    line = Parser("models.branch", __doc__, pytorchs)
    line.add_argument("run", type=Path, metavar="RUN", help="the folder of a run")
    line.add_argument("--at-epoch", type=int, required=True, metavar="N", help="after which it becomes another")
    for flag in DIFFERENCES:
        words = {**OPTIONS[flag], "default": argparse.SUPPRESS}
        line.add_argument(flag, **words)
    line.add_argument("--seed", type=int, default=argparse.SUPPRESS, help="another order of instances from there on")
    line.add_argument("--epochs", type=int, help="(default: the run's)")
    line.add_argument("--data-dir", metavar="DIR", help=OPTIONS["--data-dir"]["help"])
    line.add_argument("--out", type=Path, default=Path("runs/branch"), metavar="DIR", help="(default: runs/branch)")
    return line


def main(arguments=None):
    line = parser()
    given = vars(line.parse_args(arguments))
    source, out, at = (given.pop(name) for name in ("run", "out", "at_epoch"))
    epochs, data_dir = given.pop("epochs"), given.pop("data_dir")
    with line.errors_of(out):
        if len(given) != 1:
            raise ValueError(f"one thing is changed, of {', '.join(DIFFERENCES)}, --seed; {len(given)} are given")
        if out.resolve() == source.resolve():
            raise ValueError(f"--out {out} is the run itself: name another folder")
        whole = checkpoints.read(source / "checkpoint.npz")["history"]
        checkpoint, path = checkpoint_of(source, at)
        config = changed(checkpoint, given, epochs, at, data_dir)
        out.mkdir(parents=True, exist_ok=True)
        with held(out), threadpool_limits(config["threads"], "blas"):
            status = train_into(out, config, checkpoint, data_dir, False)
            ((name, value),) = given.items()
            branch = checkpoints.read(out / "checkpoint.npz")["history"]
            picture = out / "branch.png"
            draw_branch(whole, branch, at, f"{name.replace('_', ' ')} {value:g}", picture)
            print(f"  {picture}")
    return status


def checkpoint_of(source, at):
    """The checkpoint of a run after an epoch, and its path. Raises ValueError if none has been kept."""
    kept = epochs_kept(source)
    if at not in kept:
        there = f"there are those of {', '.join(map(str, kept))}" if kept else "there is none"
        raise ValueError(f"{source} has no checkpoint of epoch {at}, {there}: models.train --watch keeps one of each")
    return checkpoints.read(kept[at]), kept[at]


def changed(checkpoint, given, epochs, at, data_dir):
    """The config of a checkpoint with what is given, whose random states and optimizer are made to fit it."""
    config = {**checkpoint["config"], **given}
    if epochs is not None:
        config["epochs"] = epochs
    if config["epochs"] <= at:
        raise ValueError(f"the run has {config['epochs']} epochs: say how far to go after {at}, --epochs {at + 5}")
    setup = checkpoints.setup_of(config)
    if "momentum" in given and setup.optimizer not in ("sgd", "nesterov"):
        raise ValueError(f"--momentum is for --optimizer sgd and nesterov, and the run has {setup.optimizer}")
    data = data_of(setup, data_dir)
    if "learning_rate" in given:  # it is the rate from there on, and a config's that of the start
        per_epoch = -(-len(data.xtrain) // min(batch_of(setup, data), len(data.xtrain)))
        now = factor(setup.schedule, at * per_epoch, setup.epochs * per_epoch, round(setup.warmup * per_epoch))
        decay = setup.learning_rate_decay if setup.schedule == "exponential" else 1.0
        config["learning_rate"] = given["learning_rate"] / (now * decay**at)
    if "seed" in given:
        config["seed"] = checkpoint["config"]["seed"]
        checkpoint["random"]["order"] = np.random.default_rng([given["seed"], 1]).bit_generator.state
    if "momentum" in given:  # without one there is no velocity
        state = model_of(setup, data)[1].state()
        for name in [name for name in checkpoint if name.startswith("optimizer:") and name[10:] not in state]:
            del checkpoint[name]
        for name, array in state.items():
            checkpoint.setdefault(f"optimizer:{name}", array)
    return config


@own_settings()
def draw_branch(whole: Any, branch: Any, at: int, change: str, path: Any) -> None:
    """Loss and accuracy of a run and of its branch after epoch `at`, as a picture file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        for part, label, color in ("train", "training", TRAINING), ("validation", whole.held_out, VALIDATION):
            for history, style, words in (whole, ":", "as it was"), (branch, "-", change):
                shown = [epoch for epoch in history.epochs if epoch.epoch >= at or history is whole]
                values = [getattr(epoch, f"{part}_{measure}") for epoch in shown]
                axes.plot([epoch.epoch for epoch in shown], values, style, marker="o", markersize=3, color=color,
                          label=f"{label}, {words}")  # fmt: skip
        axes.axvline(at, color="grey", linewidth=0.8)
        axes.set(xlabel="epoch", ylabel=whole.loss if measure == "loss" else "fraction correct")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8)
    figure.suptitle(f"After epoch {at}: {change}")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    run(main)
