"""One training run, said in plain data: what the command line, the sweeps and the walkthroughs all train with."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from tensor_engine import cross_entropy
from tensor_engine.optimizers import SGD, Adam, AdamW, RMSprop

from . import datasets
from .history import History
from .keeping.memory import require_room
from .keeping.plausible import require_plausible, require_ranges
from .layers import ACTIVATIONS, INITIALISATIONS, MLP, LeNet, one_of
from .training import fit
from .training.augmentation import AUGMENTATIONS
from .training.schedules import SCHEDULES

SCALINGS = {"standardised": datasets.standardised, "symmetric": datasets.symmetric}


# Adding an optimizer is an entry here: its usual learning rate, and how a Setup makes it for some parameters.
OPTIMIZERS = {
    "sgd": (0.1, lambda setup, parameters, rate: SGD(parameters, rate, setup.momentum, setup.weight_decay)),
    "adam": (0.001, lambda setup, parameters, rate: Adam(parameters, rate, weight_decay=setup.weight_decay)),
    "nesterov": (0.1, lambda setup, parameters, rate: SGD(parameters, rate, setup.momentum, setup.weight_decay, True)),
    "adamw": (0.001, lambda setup, parameters, rate: AdamW(parameters, rate, weight_decay=setup.weight_decay)),
    "rmsprop": (0.001, lambda setup, parameters, rate: RMSprop(parameters, rate, weight_decay=setup.weight_decay)),
}

RANGES = {  # of a Setup's numbers: the lowest, whether it is allowed itself, the first that is too large
    **dict.fromkeys(("learning_rate", "learning_rate_decay", "clip_norm"), (0, False, math.inf)),
    **dict.fromkeys(("hidden", "batch_size", "validation", "limit", "patience"), (0, False, math.inf)),
    **dict.fromkeys(("weight_decay", "epochs", "seed", "warmup"), (0, True, math.inf)),
    **dict.fromkeys(("momentum", "dropout", "label_smoothing"), (0, True, 1)),
}
DTYPES = "float32", "float64"
CHOICES: dict[str, Any] = {
    "optimizer": OPTIMIZERS, "activation": ACTIVATIONS, "scaling": SCALINGS, "init": INITIALISATIONS,
    "schedule": SCHEDULES, "augment": AUGMENTATIONS,
}  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """All that decides the numbers of a run. The fields are the options of `python -m models.train`, and their
    defaults are its defaults; besides there are

    data        the name of a data set, or the path of a file; labels and test as `datasets.load` takes them
    eager       whether each step runs the network itself, instead of a program of it; last digits differ
    scaling     "standardised", to mean 0 and deviation 1, or "symmetric", pixels to [-1, 1]
    limit       train on the first `limit` instances, and validate on a quarter as many; None takes all

    A learning_rate of None is the optimizer's usual one, an activation of None the model's, and a validation of None
    holds out the data set's usual part. Raises ValueError, in one line, for what no run can have.

    >>> Setup("mnist", hidden=(100, 50)).layers
    '784-100-50-10'
    """

    data: str = "digits"
    hidden: tuple[int, ...] = (300,)
    activation: str | None = None
    optimizer: str = "sgd"
    learning_rate: float | None = None
    learning_rate_decay: float = 0.8
    momentum: float = 0.9
    weight_decay: float = 0.0
    dropout: float = 0.0
    batch_size: int | str = 64
    epochs: int = 5
    classes: tuple[int, ...] | None = None
    validation: int | None = None
    final: bool = False
    scaling: str = "standardised"
    limit: int | None = None
    seed: int = 0
    dtype: str = "float32"
    labels: str | None = None
    test: str | None = None
    clip_norm: float | None = None
    patience: int | None = None
    eager: bool = False
    model: str = "mlp"
    init: str | None = None
    label_smoothing: float = 0.0
    schedule: str = "exponential"
    warmup: float = 0.0
    augment: str | None = None

    def __post_init__(self):
        one_of(MODELS, self.model, "model")
        if self.activation is None:
            object.__setattr__(self, "activation", MODELS[self.model][0])
        require_plausible(self)
        require_ranges(self, RANGES)
        if self.warmup > self.epochs > 0:
            raise ValueError(f"warmup is {self.warmup:g} epochs of {self.epochs}: its learning rate is never reached")
        for name, table in CHOICES.items():
            if getattr(self, name) is not None:
                one_of(table, getattr(self, name), name)
        if self.dtype not in DTYPES:
            raise ValueError(f"there is no dtype {self.dtype!r}, only {', '.join(DTYPES)}")
        if isinstance(self.batch_size, str) and self.batch_size != "full":
            raise ValueError(f"batch_size is {self.batch_size!r}, and must be a number or 'full'")

    def but(self, **changes):
        """This setup with some fields changed."""
        return replace(self, **changes)

    @property
    def layers(self):
        """The network's sizes as the sheets write them, "784-300-10", for a data set that has a name."""
        n_inputs = int(np.prod(datasets.IMAGE_SHAPES.get(self.data, (2,))))
        n_classes = len(self.classes or datasets.CLASS_NAMES[self.data])
        return "-".join(map(str, (n_inputs, *self.hidden, n_classes)))


def data_of(setup, data_dir=None):
    """The scaled Dataset that a Setup trains on."""
    classes = None if setup.classes is None else tuple(setup.classes)
    selection = setup.data, setup.final, classes, setup.validation, setup.limit, setup.labels, setup.test
    return dataset_of(*selection, setup.scaling, setup.dtype, data_dir)


@lru_cache(maxsize=2)
def dataset_of(data, final, classes, validation, limit, labels, test, scaling, dtype, data_dir):
    """What `data_of` gives; the last two are kept, since runs of a sweep share them."""
    loaded = datasets.load(data, final, None, data_dir, classes, validation, labels, test)
    if limit is not None:
        n_val = max(1, limit // 4)
        parts = loaded.xtrain[:limit], loaded.ytrain[:limit], loaded.xval[:n_val], loaded.yval[:n_val]
        names = "xtrain", "ytrain", "xval", "yval"
        loaded = replace(loaded, **dict(zip(names, parts)), digest=datasets.digest_of(*parts))
    return SCALINGS[scaling](loaded, np.dtype(dtype))


def model_of(setup, data):
    """The untrained network, its optimizer, and the Generator of the order of instances.

    Raises ValueError for a network that this machine has no room for.
    """
    usual_rate, optimizer_for = OPTIMIZERS[setup.optimizer]
    model = MODELS[setup.model][1](setup, data)
    optimizer = optimizer_for(setup, model.parameters(), setup.learning_rate or usual_rate)
    return model, optimizer, np.random.default_rng([setup.seed, 1])


def mlp_of(setup, data):
    sizes = [data.xtrain.shape[1], *setup.hidden, data.num_classes]
    require_room(sizes, data.xtrain.itemsize)
    return MLP(sizes, setup.activation, setup.dropout, setup.seed, data.xtrain.dtype, setup.init)


def lenet_of(setup, data, normalise=False):
    if data.image_shape is None:
        raise ValueError(f"model {setup.model!r} takes pictures, and {data.name} holds none")
    shape, dtype = data.image_shape, data.xtrain.dtype
    return LeNet(shape, data.num_classes, setup.activation, setup.dropout, setup.seed, dtype, setup.init, normalise)


MODELS: dict[str, Any] = {  # the usual activation, and how a Setup makes it for some data
    "mlp": ("sigmoid", mlp_of),
    "lenet": ("relu", lenet_of),
    "cnn-bn": ("relu", partial(lenet_of, normalise=True)),
}


def loss_of(setup):
    smoothing = setup.label_smoothing
    return partial(cross_entropy, label_smoothing=smoothing) if smoothing else cross_entropy


def options_of(setup, data):
    """The keywords of `fit` that a Setup decides."""
    return {
        "loss": loss_of(setup), "clip_norm": setup.clip_norm, "patience": setup.patience, "schedule": setup.schedule,
        "warmup": setup.warmup, "decay": setup.learning_rate_decay if setup.schedule == "exponential" else 1.0,
        "augment": setup.augment and AUGMENTATIONS[setup.augment](data),
    }  # fmt: skip


def train(setup, data_dir=None, *, record_norms=False, every=1, after_epoch=None, progress=True):
    """Train a Setup's network; returns (model, History). The keywords are those of `training.fit`."""
    data = data_of(setup, data_dir)
    model, optimizer, rng = model_of(setup, data)
    history = fit(
        model, data, optimizer, setup.epochs, setup.batch_size, rng, **options_of(setup, data),
        history=History(held_out="test" if setup.final else "validation"), style="eager" if setup.eager else None,
        record_norms=record_norms, every=every, after_epoch=after_epoch, progress=progress,
    )  # fmt: skip
    if history.interrupted:
        raise KeyboardInterrupt
    return model, history
