"""Trained networks, kept: `save` writes one to a file with all that is needed to use it, and `load` brings it back.

The file is safetensors: the parameters as plain arrays, and JSON in the header for the layers, the names of the
classes, and the scaling of the features. Nothing in it can run.
"""

import inspect
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save as packed

from tensor_engine import no_grad, softmax

from .. import layers as kinds
from ..datasets import Dataset
from ..datasets.checking import checked_x
from ..datasets.dataset import Columns, scaled
from ..layers import MLP, LeNet, Sequential, Softmax
from ..module import Module
from ..training.gradients import pieces
from .files import as_json, write_whole

KIND = "scalar-to-tensor model"
LAYERS: dict[str, Any] = {
    name: kind for name, kind in vars(kinds).items() if isinstance(kind, type) and name in kinds.__all__
}


class ModelError(ValueError):
    """A file that is no kept network, or one that cannot be kept, and why, in one line."""


@dataclass(eq=False)
class Kept:
    """A trained network with what it needs to be used on data as it is stored.

    model               takes scaled features, gives logits
    class_names         a word for each class
    image_shape         (rows, columns) of the pictures that it takes; None if they are none
    columns             of the table that it was trained on (datasets.dataset.Columns), or None
    largest             the largest stored feature of the training data: 255 for most pictures
    mean, deviation     the network sees (x - mean) / deviation of the stored x
    """

    model: Sequential
    class_names: tuple[str, ...]
    image_shape: tuple[int, int] | None
    columns: Columns | None
    largest: float
    mean: np.ndarray
    deviation: np.ndarray

    def scaled(self, x):
        """What the network sees of the stored x (instances, features)."""
        x, n_features = checked_x(x), self.model.n_inputs
        if self.image_shape is not None and x.shape[1:] == self.image_shape:
            x = x.reshape(len(x), -1)
        if x.shape[1:] != (n_features,):
            raise ValueError(f"x has shape {x.shape}, and the model takes {n_features} features an instance")
        return scaled(x, self.mean, self.deviation, self.model.parameters()[0].dtype)

    def probabilities(self, x):
        """The probability of each class, (instances, classes), for x as it is stored: not scaled."""
        self.model.train(False)
        x = self.scaled(x)
        with no_grad():
            out = np.concatenate([self.model(x[part]).data for part in pieces(x, self.model)])
        return out if isinstance(self.model.layers[-1], Softmax) else softmax(out)

    def predict(self, x):
        """The name of the likeliest class of each instance of x, as it is stored."""
        return [self.class_names[c] for c in self.probabilities(x).argmax(axis=1)]


def save(path, model, data):
    """Write a network of this project's layers to `path`, with the names and the scaling of the data set it knows.

    The file is replaced in one step. Raises ModelError for layers that a file cannot tell of.

    >>> from models.datasets import load as dataset, standardised
    >>> model = MLP([64, 16, 10])
    >>> save("digits.safetensors", model, standardised(dataset("digits")))    # doctest: +SKIP
    """
    if not isinstance(data, Dataset):
        raise ModelError(f"save(path, model, data) needs the Dataset of the model, not a {type(data).__name__}")
    layers, arrays = architecture(model), [*model.parameters(), *model.statistics()]
    if model.n_inputs is None:
        raise ModelError("a file can tell of networks whose first layer says how many features it takes")
    tensors = {each.label: each.data for each in arrays}
    if len(tensors) < len(arrays):
        raise ModelError("two parameters have one name: give the layers labels of their own")
    tensors |= {name: np.asarray(getattr(data, name), np.float64) for name in ("mean", "deviation")}
    largest = np.max(data.mean + data.deviation * data.xtrain.max(axis=0))
    about = {
        "layers": as_json(layers),
        "class_names": data.class_names,
        "image_shape": data.image_shape,
        "columns": data.columns and asdict(data.columns),
        "largest": round(float(largest), 3),
    }
    metadata = {"kind": KIND, "about": json.dumps(about)}
    write_whole(path, packed({name: np.array(each, order="C") for name, each in tensors.items()}, metadata))


def load(path):
    """The Kept network in a file that `save` has written. Raises ModelError for what is none, or not whole."""
    try:
        with Path(path).open("rb") as file:
            if file.read(2) == b"PK":
                raise ModelError(f"{path}: a checkpoint or another .npz; the trained network is model.safetensors")
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        with safe_open(str(path), framework="np") as file:
            metadata = file.metadata() or {}
            if metadata.get("kind") != KIND:
                raise ModelError("safetensors, but not of models.save")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        return restored(json.loads(metadata["about"]), tensors)
    except Exception as error:  # safetensors', JSON's and NumPy's, and whatever an altered header makes of the layers
        words = " ".join(str(error).split()) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ModelError(f"{path}: not a whole model of models.save ({words})") from None


def restored(about, tensors):
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ModelError(f"{name} has numbers that are not finite")
    mean, deviation = tensors.pop("mean"), tensors.pop("deviation")
    model = network(about["layers"], sum(array.size for array in tensors.values()))
    arrays = {each.label: each for each in [*model.parameters(), *model.statistics()]}
    if {name: each.shape for name, each in arrays.items()} != {name: array.shape for name, array in tensors.items()}:
        raise ModelError("its weights are not those of its layers")
    for name, each in arrays.items():
        each.data = tensors[name]
    n_features = model.n_inputs
    model.train(False)
    with no_grad(), np.errstate(all="ignore"):
        outputs = model(np.zeros((1, n_features), model.parameters()[0].dtype)).data
    n_classes = outputs.shape[-1]
    class_names = tuple(map(str, about["class_names"]))
    columns = about["columns"] and Columns(**{name: as_tuple(each) for name, each in about["columns"].items()})
    image_shape = about["image_shape"] and tuple(map(int, about["image_shape"]))
    plausible = (
        len(class_names) == n_classes
        and np.isfinite(outputs).all()  # as they would not be by a variance below 0
        and all(array.shape in [(), (n_features,)] for array in (mean, deviation))
        and deviation.all()
        and (not image_shape or image_shape[0] * image_shape[1] == n_features)
        and (not columns or len([columns.names[i] for i in columns.used]) == n_features)
    )
    if not plausible:
        raise ModelError("its header does not fit its weights")
    return Kept(model, class_names, image_shape, columns, float(about["largest"]), mean, deviation)


def as_tuple(value):
    return tuple(value) if isinstance(value, list) else value


def architecture(model):
    """The layers of a network in words and numbers, from which `network` makes them again."""
    if type(model) is MLP:
        return {"MLP": made_with(model)}
    if type(model) not in (Sequential, LeNet):
        raise ModelError(
            f"a file can tell of a Sequential of layers, an MLP or a LeNet, not of a {type(model).__name__}"
        )
    return {"Sequential": [words_for(layer) for layer in model.layers]}


def words_for(layer):
    name = type(layer).__name__
    if LAYERS.get(name) is not type(layer) or isinstance(layer, Sequential):
        raise ModelError(f"a file cannot tell of a layer {layer!r}")
    return [name, *made_with(layer)]


def made_with(layer):
    return [getattr(layer, name) for name in layer.arguments]


def network(layers, size):
    """The network of an `architecture`, its weights 0; it may not have more than `size` parameters."""
    ((kind, fields),) = layers.items()
    if kind == "MLP":
        return layer_of(size, "MLP", *fields)
    if kind != "Sequential":
        raise ModelError(f"a network of the kind {kind!r}")
    return Sequential(*(layer_of(size, *words) for words in fields))


def layer_of(size: int, name: str, *fields: Any) -> Module:
    kind = LAYERS[name]
    sizes = [x for field in fields for x in (field if isinstance(field, list) else [field]) if isinstance(x, int)]
    if max(sizes, default=0) > size:
        raise ModelError("its weights are not those of its layers")

    def zeros(rng: Any, n_inputs: int, n_outputs: int, shape: Any = None) -> np.ndarray:
        if math.prod(shape or (n_inputs, n_outputs)) > size:
            raise ModelError("its weights are not those of its layers")
        return np.zeros(shape or (n_inputs, n_outputs))

    takes = inspect.signature(kind).parameters
    by_chance = {"rng": np.random.default_rng(0), "initialisation": zeros}
    made: Module = kind(
        **{argument: as_tuple(x) for argument, x in zip(kind.arguments, fields)},
        **{argument: x for argument, x in by_chance.items() if argument in takes},
    )
    return made
