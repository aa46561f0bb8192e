"""Measuring a network on data that has been checked: loss, accuracy, and what it takes for what."""

import math
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tensor_engine import cross_entropy, no_grad
from tensor_engine.operators.fused import CrossEntropyOfClasses

from ..datasets.checking import checked_labels, checked_targets, checked_x
from ..layers import Embedding, Linear, Unflatten
from .gradients import pieces


@dataclass(frozen=True)
class Evaluation:
    """How a model does on some instances.

    loss, accuracy      mean cross-entropy in nats, and the fraction whose largest logit is the true class's
    losses              of each instance: (instances,)
    predictions         the class of the largest logit: (instances,)
    confusion           (classes, classes): how many of the class of the row were taken for that of the column
    """

    loss: float
    accuracy: float
    losses: np.ndarray
    predictions: np.ndarray
    confusion: np.ndarray

    def worst(self, y, n=10):
        """The indices of the n misclassified instances with the largest loss, the worst first."""
        wrong = np.flatnonzero(self.predictions != checked_labels(y, len(self.confusion), "y", len(self.losses)))
        return wrong[np.argsort(-self.losses[wrong], kind="stable")[:n]]


def evaluate(model, x, y):
    """The Evaluation of a model on x (instances, features) and y (instances,), in evaluation mode."""
    return evaluation(model, *checked(model, x, y, cross_entropy))


def evaluation(model, x, y, forward=None):
    """`evaluate`, of what has been checked; `forward` is the model itself or a program of it."""
    forward = forward or model
    losses, predictions = [], []
    with measuring(model):
        for part in pieces(x, model):
            logits = np.asarray(forward(x[part]))
            losses.append(CrossEntropyOfClasses(y[part]).of_each(logits))
            predictions.append(logits.argmax(axis=1))
    each, predicted = np.concatenate(losses), np.concatenate(predictions)
    n_classes = logits.shape[1]
    confusion = np.bincount(y * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)
    return Evaluation(float(each.mean(dtype=np.float64)), float((predicted == y).mean()), each, predicted, confusion)


def measured(model, x, y, loss, forward):
    """(mean loss, fraction correct) on x and y; the fraction is nan for a loss of one's own."""
    if loss is cross_entropy:
        found = evaluation(model, x, y, forward)
        return found.loss, found.accuracy
    with measuring(model):
        return sum(float(loss(forward(x[part]), y[part])) * len(x[part]) for part in pieces(x, model)) / len(
            x
        ), math.nan


@contextmanager
def measuring(model):
    """The model in evaluation mode, and nothing recorded; that a number may not be finite is no surprise here."""
    was_training = model.training
    model.train(False)
    try:
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            yield
    finally:
        model.train(was_training)


# Checking, once a call: of what there may be, datasets.checking decides


def checked(model, x, y, loss, part=""):
    """x and y as this model and loss take them. Raises ValueError, which calls them xtrain and ytrain for "train"."""
    x = checked_x(x, f"x{part}")
    first = next(iter(model.parts()), None)
    if isinstance(first, Embedding):
        if x.dtype.kind not in "iu" or x.min() < 0 or x.max() >= first.n:
            found = f"{x.dtype} from {x.min()} to {x.max()}"
            raise ValueError(f"x{part} is {found}, and the model takes integers from 0 to {first.n - 1}")
    elif x.dtype == np.uint8 and x.max() > 1:
        raise ValueError(
            f"x{part} holds pixels as they are stored, uint8 from {x.min()} to {x.max()}: scale them first, by "
            "datasets.standardised(data), or for another set by (x - data.mean) / data.deviation"
        )
    elif x.dtype.kind != "f" or x.dtype.itemsize < 4:
        x = x.astype(next((parameter.dtype for parameter in model.parameters()), np.float32))
    if isinstance(first, (Linear, Unflatten)) and x.shape[1:] != (first.n_inputs,):
        raise ValueError(f"x{part} has shape {x.shape}, and the model takes {first.n_inputs} features an instance")
    with measuring(model):
        outputs = model(x[:1]).shape
    if loss is cross_entropy:
        return x, checked_labels(y, outputs[-1], f"y{part}", len(x))
    return x, checked_targets(y, len(x), outputs[-1] if len(outputs) == 2 else None, f"y{part}")
