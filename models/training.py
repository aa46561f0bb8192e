"""Training a network of Tensors on a data set, and measuring it."""

import time
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from tensor_engine import no_grad, softmax_cross_entropy
from tensor_engine.fused import CrossEntropyOfClasses

from .history import Epoch, History

PIECE_BYTES = 3 << 20  # about what the caches of a core hold: larger batches go through the network in pieces


def piece_size(x):
    """How many rows of x (instances, features) go through a network at once."""
    return max(1, PIECE_BYTES // max(1, x[:1].nbytes))


def backward(model, x, y, piece=None):
    """Add the gradient of the batch's mean loss to the parameters' gradients; returns the loss.

    The batch x (instances, features), y (instances,) goes through the model in pieces of at most `piece` instances
    (None: as many as the caches hold), each weighted by its share of the batch, so that the sum is the whole batch's
    gradient, to rounding. `piece=1` is the accumulation over a few instances that "Assignment 1" suggests.
    """
    mean_loss, n = 0.0, len(x)
    piece = piece or piece_size(x)
    for start in range(0, n, piece):
        stop = min(n, start + piece)
        loss = softmax_cross_entropy(model(x[start:stop]), y[start:stop])
        if stop - start < n:
            loss = loss * ((stop - start) / n)
        loss.backward()
        mean_loss += loss.item()
    return mean_loss


def fit(model, data, optimizer, epochs, batch_size=64, rng=0, *, decay=1.0, piece=None, history=None,
        record_norms=False, every=1, after_epoch=None, progress=True):  # fmt: skip
    """Train until `epochs` epochs are finished; returns the History.

    data            a Dataset (models.datasets) with x as floats
    batch_size      instances a step, or "full" for the whole training set; the last batch of an epoch may be smaller
    rng             a NumPy Generator (or a seed) for the order of the instances, new in every epoch
    decay           the learning rate is multiplied by it after each epoch
    piece           see `backward`
    history         of the epochs that a resumed run has already had
    record_norms    also record the norm of each layer's gradient at every step
    every           how many epochs there are from one evaluation, and record, to the next; the last has one anyway
    after_epoch     called with the history after each recorded epoch, to save a checkpoint, say
    progress        whether a terminal sees a progress bar

    A keyboard interrupt ends the run; the history then has the finished epochs, and says that it was interrupted.
    """
    rng = np.random.default_rng(rng)
    history = history or History()
    x, y = data.xtrain, data.ytrain
    size = len(x) if batch_size == "full" else min(batch_size, len(x))
    first_rate = optimizer.learning_rate
    try:
        seconds = 0.0
        for epoch in range(history.epochs[-1].epoch + 1 if history.epochs else 1, epochs + 1):
            started = time.perf_counter()
            optimizer.learning_rate = first_rate * decay ** (epoch - 1)
            title = f"epoch {epoch}/{epochs}" if progress else None
            losses, norms = run_epoch(model, x, y, optimizer, size, rng, piece, record_norms, title)
            seconds += time.perf_counter() - started
            history.batch_losses += losses
            history.gradient_norms += norms
            if epoch % every and epoch < epochs:
                continue
            train, validation = evaluate(model, x, y), evaluate(model, data.xval, data.yval)
            history.epochs.append(
                Epoch(epoch, train.loss, train.accuracy, validation.loss, validation.accuracy,
                      optimizer.learning_rate, seconds)
            )  # fmt: skip
            seconds = 0.0
            if after_epoch:
                after_epoch(history)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        optimizer.learning_rate = first_rate
    return history


def run_epoch(model, x, y, optimizer, size, rng, piece, record_norms, title):
    """One pass over the training set in a new order; returns the loss of every batch, and the norms if recorded.

    `title` is the progress bar's, None for no bar.
    """
    losses, norms = [], []
    order = rng.permutation(len(x)) if size < len(x) else None
    model.train(True)
    with tqdm(total=len(x), desc=title, unit=" instances", disable=title is None or None, leave=False) as bar:
        for start in range(0, len(x), size):
            rows = slice(None) if order is None else order[start : start + size]
            losses.append(backward(model, x[rows], y[rows], piece))
            if record_norms:
                norms.append(gradient_norms(model))
            optimizer.step()
            bar.update(min(size, len(x) - start))
    return losses, norms


def gradient_norms(model):
    """{layer: the Euclidean norm of the gradient of its parameters}."""
    squares: dict[str, float] = {}
    for parameter in model.parameters():
        layer = parameter.label.rpartition("/")[0]
        squares[layer] = squares.get(layer, 0.0) + float(np.vdot(parameter.grad, parameter.grad))
    return {layer: square**0.5 for layer, square in squares.items()}


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
        wrong = np.flatnonzero(self.predictions != y)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")[:n]]


def evaluate(model, x, y):
    """The Evaluation of a model on x (instances, features) and y (instances,), in evaluation mode."""
    was_training = model.training
    model.train(False)
    losses, predictions = [], []
    with no_grad():
        for start in range(0, len(x), piece_size(x)):
            part = slice(start, start + piece_size(x))
            logits = model(x[part]).data
            losses.append(CrossEntropyOfClasses(y[part]).of_each(logits))
            predictions.append(logits.argmax(axis=1))
    model.train(was_training)
    each, predicted = np.concatenate(losses), np.concatenate(predictions)
    n_classes = logits.shape[1]
    confusion = np.bincount(y * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)
    return Evaluation(float(each.mean(dtype=np.float64)), float((predicted == y).mean()), each, predicted, confusion)
