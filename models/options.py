"""The options of `python -m models.train`: how each is read, which decide the numbers of a run, and what may change.

`models.branch` takes some of them too.
"""

import argparse
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from tensor_engine.pytorch_names import ARGUMENTS, chosen, hint

from . import datasets
from .command_line import positive
from .experiment import MODELS, OPTIMIZERS, Setup
from .layers import ACTIVATIONS, INITIALISATIONS
from .training.augmentation import AUGMENTATIONS
from .training.schedules import SCHEDULES

USUAL_ACTIVATIONS = ", ".join(f"{activation} for {name}" for name, (activation, _) in MODELS.items())
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


def data_name(text):
    if text not in datasets.NAMES and not Path(text).is_file():
        raise argparse.ArgumentTypeError(
            f"invalid choice: {text!r} (choose from {', '.join(datasets.NAMES)}, or a file: there is none of this name)"
        )
    return text


OPTIONS: dict[str, dict[str, Any]] = {  # how argparse reads each
    "--data": {"type": data_name, "metavar": "DATA", "help": f"{', '.join(datasets.NAMES)}, or a file"},
    "--labels": {"help": "the label column of a CSV file, by name or number, or a file of the labels"},
    "--test": {"metavar": "FILE", "help": "the test set that belongs to a file"},
    "--data-dir": {"metavar": "DIR", "help": "with mnist/ and fashion-mnist/ in it"},
    "--model": {
        "choices": list(MODELS),
        "help": "dense layers, convolutions before them, and batch normalisation too",
    },
    "--hidden": {"nargs": "*", "type": positive(int), "help": "units of each hidden layer"},
    "--activation": {"choices": list(ACTIVATIONS), "help": f"(default: {USUAL_ACTIVATIONS})"},
    "--init": {
        "choices": list(INITIALISATIONS),
        "help": "of the weights (default: he for relu and its like, else glorot)",
    },
    "--dropout": {"type": fraction, "help": "rate after each hidden layer, or before each dense one of a lenet"},
    "--label-smoothing": {"type": fraction, "metavar": "PART", "help": "of each label, shared out among all classes"},
    "--augment": {"choices": list(AUGMENTATIONS), "help": "change each picture a little before each step"},
    "--optimizer": {"choices": list(OPTIMIZERS)},
    "--learning-rate": {"type": positive(float), "help": f"(default: {USUAL_RATES})"},
    "--schedule": {
        "choices": list(SCHEDULES),
        "help": "of the rate: a factor an epoch, or down to 0 as a cosine",
    },
    "--learning-rate-decay": {"type": positive(float), "help": "the factor after each epoch"},
    "--warmup": {"type": not_negative, "metavar": "EPOCHS", "help": "in which the rate first rises from 0"},
    "--momentum": {"type": fraction, "help": "for sgd and nesterov"},
    "--weight-decay": {"type": not_negative, "help": "L2 penalty"},
    "--clip-norm": {"type": positive(float), "metavar": "NORM", "help": "scale larger gradients down to this norm"},
    "--batch-size": {"type": batch_size, "help": 'instances a step, or "full"'},
    "--epochs": {"type": positive(int)},
    "--patience": {
        "type": positive(int),
        "metavar": "N",
        "help": "stop after N epochs without a smaller held-out loss, and keep the best epoch's weights",
    },
    "--classes": {"nargs": "+", "type": int, "help": "train on these classes only"},
    "--validation": {"type": positive(int), "metavar": "N", "help": "instances held out"},
    "--final": {"action": "store_true", "help": "train on all training data, report on the test set"},
    "--seed": {"type": int, "help": "of the weights and the order"},
    "--dtype": {"choices": ["float32", "float64"]},
    "--eager": {"action": "store_true", "help": "run the network itself at each step, instead of a program of it"},
    "--program": {"action": "store_true", "help": "print the program of a step, and do not train"},
    "--mistakes": {"action": "store_true", "help": "draw the confusion matrix and the ten worst mistakes"},
    "--watch": {"action": "store_true", "help": "show how it learns on a page that follows the run, health.html"},
    "--tensorboard": {"metavar": "DIR", "help": "write the same numbers there, as TensorBoard reads them"},
    "--out": {"type": Path, "metavar": "DIR"},
    "--resume": {"action": "store_true", "help": "go on with the run in --out"},
}
SETUP = {field.name: field.default for field in fields(Setup)}  # what decides the numbers of a run, and its defaults
OF_A_CALL = {
    "data_dir": None, "mistakes": False, "program": False, "watch": False, "tensorboard": None,
    "out": Path("runs/train"), "resume": False,
}  # fmt: skip
FOR_SOME = (
    ("momentum", "optimizer", ("sgd", "nesterov")), ("hidden", "model", ("mlp",)),
    ("learning_rate_decay", "schedule", ("exponential",)),
)  # fmt: skip
DIFFERENCES = (  # that models.branch can make of a run
    "--learning-rate", "--momentum", "--batch-size", "--dropout", "--weight-decay", "--clip-norm", "--label-smoothing",
)  # fmt: skip
MAY_CHANGE = {"epochs", "learning_rate", "patience"}  # when a run is resumed


def add_options(parser):
    """Add them all. Those that are not given are absent from what is read, so that --resume can tell."""
    for flag, keywords in OPTIONS.items():
        default = (SETUP | OF_A_CALL)[flag[2:].replace("-", "_")]
        words = " ".join(map(str, default)) if isinstance(default, tuple) else default
        shown = "" if default is None or default is False else f" (default: {words})"
        parser.add_argument(
            flag, **{**keywords, "help": keywords.get("help", "") + shown, "default": argparse.SUPPRESS}
        )


def pytorchs(message):
    """Our name for PyTorch's, if what argparse does not know is one: of an option, or of what is chosen by one."""
    choice = re.search("invalid choice: '([^']*)'", message)
    if choice:
        return chosen(choice[1])
    option = re.match("unrecognized arguments: --([a-z_-]+)", message)
    ours = ARGUMENTS.get(option[1].replace("-", "_"), ()) if option else ()
    return "".join(hint(f"--{name.replace('_', '-')}") for name in ours[:1])
