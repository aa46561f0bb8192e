"""Train a multilayer perceptron, and write its learning curve and a checkpoint.

    python -m models.train --data mnist --hidden 300 --epochs 5
    python -m models.train --data digits --hidden 64 --activation relu --optimizer adam --out runs/digits

MNIST and Fashion-MNIST are read from --data-dir, or from the folder that the environment variable
SCALAR_TO_TENSOR_DATA names, or are downloaded. A run that was stopped goes on, bit for bit, with

    python -m models.train --resume --out DIR
"""

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from . import checkpoints, datasets
from .command_line import Parser, positive, run
from .experiment import OPTIMIZERS, Setup, data_of, model_of
from .history import History
from .layers import ACTIVATIONS, parameter_count
from .training import evaluate, fit

USUAL_RATES = ", ".join(f"{rate:g} for {name}" for name, (rate, _) in OPTIMIZERS.items())


def fraction(text):
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to below 1")
    return number


def not_negative(text):
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 up")
    return number


def batch_size(text):
    return text if text == "full" else positive(int)(text)


OPTIONS: dict[str, dict[str, Any]] = {  # how argparse reads each
    "--data": {"choices": datasets.NAMES},
    "--data-dir": {"metavar": "DIR", "help": "with mnist/ and fashion-mnist/ in it"},
    "--hidden": {"nargs": "*", "type": positive(int), "help": "units of each hidden layer"},
    "--activation": {"choices": list(ACTIVATIONS)},
    "--dropout": {"type": fraction, "help": "rate after each hidden layer"},
    "--optimizer": {"choices": list(OPTIMIZERS)},
    "--learning-rate": {"type": positive(float), "help": f"(default: {USUAL_RATES})"},
    "--learning-rate-decay": {"type": positive(float), "help": "factor of the rate after each epoch"},
    "--momentum": {"type": fraction, "help": "for sgd"},
    "--weight-decay": {"type": not_negative, "help": "L2 penalty"},
    "--batch-size": {"type": batch_size, "help": 'instances a step, or "full"'},
    "--epochs": {"type": positive(int)},
    "--classes": {"nargs": "+", "type": int, "help": "train on these classes only"},
    "--validation": {"type": positive(int), "metavar": "N", "help": "instances held out"},
    "--final": {"action": "store_true", "help": "train on all training data, report on the test set"},
    "--seed": {"type": int, "help": "of the weights and the order"},
    "--dtype": {"choices": ["float32", "float64"]},
    "--out": {"type": Path, "metavar": "DIR"},
    "--resume": {"action": "store_true", "help": "go on with the run in --out"},
}
SETUP = {field.name: field.default for field in fields(Setup)}  # what decides the numbers of a run, and its defaults
OF_A_CALL = {"data_dir": None, "out": Path("runs/train"), "resume": False}


def parser():
    """The command line. Options that are not given are absent from its result, so that --resume can tell."""
    parser = Parser("models.train", __doc__)
    for flag, keywords in OPTIONS.items():
        default = (SETUP | OF_A_CALL)[flag[2:].replace("-", "_")]
        words = " ".join(map(str, default)) if isinstance(default, tuple) else default
        shown = "" if default is None or default is False else f" (default: {words})"
        parser.add_argument(
            flag, **{**keywords, "help": keywords.get("help", "") + shown, "default": argparse.SUPPRESS}
        )
    return parser


def main(arguments=None):
    line = parser()
    given = vars(line.parse_args(arguments))
    out = given.get("out", OF_A_CALL["out"])
    try:
        checkpoint = checkpoints.read(out / "checkpoint.npz") if given.get("resume") else None
        config = config_of(given, checkpoint and checkpoint["config"])
        out.mkdir(parents=True, exist_ok=True)
        return train_into(out, config, checkpoint, given.get("data_dir"))
    except OSError as error:
        line.error(f"cannot write to {out}: {error.strerror}")
    except ValueError as error:
        line.error(str(error))


def config_of(given, saved):
    """All that decides the numbers of a run: the defaults, what a checkpoint was made with, what was given.

    Raises ValueError if something was given that the run to be resumed was made without.
    """
    config = {name: given.get(name, default) for name, default in SETUP.items()}
    if "momentum" in given and config["optimizer"] != "sgd":
        raise ValueError("--momentum is for --optimizer sgd")
    config["learning_rate"] = config["learning_rate"] or OPTIMIZERS[config["optimizer"]][0]
    if saved is None:
        return config
    for name in set(given) - set(OF_A_CALL) - {"epochs"}:
        if saved.get(name) != given[name]:
            raise ValueError(f"--{name.replace('_', '-')} {given[name]}: the run to be resumed has {saved.get(name)}")
    return {**saved, "epochs": given.get("epochs", saved["epochs"])}


def train_into(out, config, checkpoint, data_dir):
    """Load, train, and write everything into the folder `out`; returns the exit status."""
    setup = Setup(**config)
    data = data_of(setup, data_dir)
    model, optimizer, rng = model_of(setup, data)
    path = out / "checkpoint.npz"
    history = checkpoints.restore(checkpoint, path, model, optimizer, rng) if checkpoint else None

    held_out = "test" if setup.final else "validation"
    print(f"{data.name}: {len(data.xtrain)} training and {len(data.xval)} {held_out} instances")
    print(f"{'-'.join(map(str, model.sizes))}, {setup.activation}, {parameter_count(model):,} parameters")
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")

    def after_epoch(history):
        checkpoints.save(path, model, optimizer, rng, history, config)
        report(history.epochs[-1], held_out)

    if history is None:
        history = History()
        checkpoints.save(path, model, optimizer, rng, history, config)  # so that a run can be resumed from its start
    history.interrupted, history.held_out = False, held_out
    history = fit(
        model, data, optimizer, setup.epochs, setup.batch_size, rng,
        decay=setup.learning_rate_decay, history=history, after_epoch=after_epoch,
    )  # fmt: skip
    written = [out / "config.json", *(history.save(out) if history.epochs else []), path]
    if setup.final and not history.interrupted:
        print(f"test accuracy {evaluate(model, data.xval, data.yval).accuracy:.4f}")
    print("Written:", *(f"  {name}" for name in written), sep="\n")
    if history.interrupted:
        print(f"interrupted; --resume --out {out} goes on after epoch {len(history.epochs)}")
        return 130
    return 0


def report(epoch, held_out):
    print(
        f"epoch {epoch.epoch:3}  loss {epoch.train_loss:.4f}  accuracy {epoch.train_accuracy:.4f}"
        f"   {held_out} loss {epoch.validation_loss:.4f}  accuracy {epoch.validation_accuracy:.4f}"
        f"   {epoch.seconds:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    run(main)
