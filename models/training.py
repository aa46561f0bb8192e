"""Training a network of Tensors on a data set, and measuring it."""

import math
import sys
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from tensor_engine import cross_entropy, modes, no_grad, topological_order
from tensor_engine.fused import CrossEntropyOfClasses
from tensor_engine.programs import jit

from .compiled import CompiledForward, checked_step, compiled_step, style_for
from .datasets.checking import checked_labels, checked_targets, checked_x
from .history import Epoch, History
from .layers import Linear
from .threads import Threads

PIECE_BYTES = 3 << 20  # about what the caches of a core hold: larger batches go through the network in pieces


def piece_size(x):
    """How many rows of x (instances, features) go through a network at once."""
    return max(1, PIECE_BYTES // max(1, x[:1].nbytes))


def backward(model, x, y, piece=None, loss=cross_entropy):
    """Add the gradient of the batch's mean loss to the parameters' gradients; returns the loss.

    The batch x (instances, features), y (instances,) goes through the model in pieces of at most `piece` instances
    (None: as many as the caches hold), each weighted by its share of the batch, so that the sum is the whole batch's
    gradient, to rounding. `piece=1` is the accumulation over a few instances that "Assignment 1" suggests.
    """
    mean_loss, n = 0.0, len(x)
    piece = piece or piece_size(x)
    for start in range(0, n, piece):
        stop = min(n, start + piece)
        found = loss(model(x[start:stop]), y[start:stop])
        if stop - start < n:
            found = found * ((stop - start) / n)
        found.backward()
        mean_loss += found.item()
    return mean_loss


def fit(model, data, optimizer, epochs, batch_size=64, rng=0, *, loss=cross_entropy, clip_norm=None,
        patience=None, decay=1.0, piece=None, history=None, record_norms=False, every=1, after_epoch=None,
        progress=True, style=None):  # fmt: skip
    """Train until `epochs` epochs are finished; returns the History.

    data            a Dataset (models.datasets) with x as floats, scaled; `checking` says what becomes of other x and y
    batch_size      instances a step, or "full" for the whole training set; the last batch of an epoch may be smaller
    rng             a NumPy Generator (or a seed) for the order of the instances, new in every epoch
    loss            a function of the model's outputs and the targets of some instances, the mean over them: for
                    cross_entropy y is labels, for another one (mse, say) whatever numbers it takes
    clip_norm       a larger Euclidean norm of the whole gradient is scaled down to it before the step
    patience        stop after this many epochs without a smaller held-out loss; however the run ends, the model
                    has the weights of its best epoch then
    decay           the learning rate is multiplied by it after each epoch
    piece           see `backward`
    history         of the epochs that a resumed run has already had
    record_norms    also record the norm of each layer's gradient at every step
    every           how many epochs there are from one evaluation, and record, to the next; the last has one anyway
    after_epoch     called with the history after each recorded epoch, to save a checkpoint, say
    progress        whether a terminal sees a progress bar
    style           "eager": each step runs the model itself. Otherwise it is compiled, to a program in NumPy ("arrays")
                    or with Numba's loops ("loops"); None takes what is faster for a run of this length. A warning,
                    NotCompiled, says what cannot be compiled: layers that are not `pure`, a loss that changes

    A keyboard interrupt ends the run; the history then has the finished epochs, and says that it was interrupted.
    A loss that is not finite ends it too, before it reaches the weights: `history.diverged` says where, and so does
    a warning, Diverged; the last of the history's epochs is the one that was not finished then.
    """
    rng = np.random.default_rng(rng)
    history = history or History()
    x, y = checked(model, data.xtrain, data.ytrain, loss, "train")
    xval, yval = checked(model, data.xval, data.yval, loss, "val")
    say_if_unscaled(x)
    size = len(x) if batch_size == "full" else min(batch_size, len(x))
    history.batches_per_epoch = -(-len(x) // size)
    if loss is not cross_entropy:
        history.loss = "loss"
    first_rate, best = optimizer.learning_rate, None
    style = style or style_for(optimizer, size, epochs * history.batches_per_epoch)
    step = None if style == "eager" or modes.watching.get() else compiled_step(model, loss, optimizer, style)
    threads = Threads()
    forward = model if step is None else CompiledForward(model)
    as_one = False

    def train_on(rows):
        if step is None:
            batch_loss = backward(model, x[rows], y[rows], piece, loss)
        else:
            if threads.lag():
                threads.decide(step.rehearsed, x[first], y[first])
            batch_loss = step(x[rows], y[rows], piece or piece_size(x))
            if as_one and math.isfinite(batch_loss):
                step.update(step.gradients)
                return batch_loss
            step.hand_over()
        if not math.isfinite(batch_loss):
            return batch_loss
        if record_norms:
            norms.append(gradient_norms(model))
        if clip_norm:
            clip(model, clip_norm)
        optimizer.step()
        return batch_loss

    try:
        seconds = 0.0
        for epoch in range(history.epochs[-1].epoch + 1 if history.epochs else 1, epochs + 1):
            if history.diverged or (patience and history.epochs and history.waited >= patience):
                break
            started = time.perf_counter()
            optimizer.learning_rate = first_rate * decay ** (epoch - 1)
            title = f"epoch {epoch}/{epochs}" if progress else None
            norms: list[dict[str, float]] = []
            model.train(True)
            if step is not None:
                as_one = optimizer.settle() and not (record_norms or clip_norm)
                first = slice(min(size, piece or piece_size(x)))
                making = time.perf_counter()
                step = checked_step(step, x[first], y[first])
                if style == "loops" and progress and sys.stderr.isatty() and time.perf_counter() - making > 1:
                    tqdm.write(f"compiled loops, which {jit.folder()} keeps for the next run", file=sys.stderr)
            if step is not None:
                threads.decide(step.rehearsed, x[first], y[first])
                threads.begin()
            losses, rows = run_epoch(model, len(x), size, rng, train_on, title)
            seconds += time.perf_counter() - started
            history.batch_losses += losses
            history.gradient_norms += norms
            if not math.isfinite(losses[-1]):
                history.diverged = divergence(history, model, x[rows], y[rows], loss)
            elif epoch % every and epoch < epochs:
                continue
            if step is not None:
                optimizer.settle()
            mean_loss, accuracy = measured(model, x, y, loss, forward)
            if not (history.diverged or math.isfinite(mean_loss)):
                history.diverged = divergence(history, model, x, y, loss)
            val_loss, val_accuracy = measured(model, xval, yval, loss, forward)
            rate = optimizer.learning_rate
            history.epochs.append(Epoch(epoch, mean_loss, accuracy, val_loss, val_accuracy, rate, seconds))
            seconds = 0.0
            if patience and history.best is history.epochs[-1]:
                best = [parameter.data.copy() for parameter in model.parameters()]
            if after_epoch and not history.diverged:
                after_epoch(history)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        optimizer.learning_rate = first_rate
        threads.restore()
    if best:
        for parameter, data in zip(model.parameters(), best):
            parameter.data[...] = data
    if history.diverged:
        optimizer.zero_grad()
        warnings.warn(history.diverged, Diverged, stacklevel=2)
    return history


def run_epoch(model, n, size, rng, train_on, title):
    """One pass over the n instances in a new order; returns the loss of every batch, and the rows of the last.

    It ends with the first loss that is not finite. `title` is the progress bar's, None for no bar.
    """
    losses = []
    order = rng.permutation(n) if size < n else None
    with (
        np.errstate(over="ignore", invalid="ignore"),  # a loss that is not finite is told of in other words
        tqdm(total=n, desc=title, unit=" instances", disable=title is None or None, leave=False) as bar,
    ):
        for start in range(0, n, size):
            rows = slice(None) if order is None else order[start : start + size]
            losses.append(train_on(rows))
            if not math.isfinite(losses[-1]):
                break
            bar.update(min(size, n - start))
    return losses, rows


class Diverged(RuntimeWarning):
    """Training has come to a loss that is not finite."""


def divergence(history, model, x, y, loss):
    """The sentence on a loss that is not finite on x and y: at which step, and what was the first such number."""
    step, epoch = len(history.batch_losses), -(-len(history.batch_losses) // history.batches_per_epoch)
    if math.isfinite(history.batch_losses[-1]):
        when = f"after step {step}, the last of epoch {epoch}, the loss is no longer finite"
    else:
        when = f"at step {step}, in epoch {epoch}, the loss is {history.batch_losses[-1]}"
    return f"{when}; {first_not_finite(model, x, y, loss)}; try a smaller learning rate or clip_norm"


def first_not_finite(model, x, y, loss):
    """Which of the model's numbers were the first that are not finite: weights, or else what is made of x."""
    for parameter in model.parameters():
        if not np.isfinite(parameter.data).all():
            return f"the weights {parameter.label} are the first that are not finite, since the step before"
    with np.errstate(all="ignore"):
        for part in pieces(x):
            for node in topological_order(loss(model(x[part]), y[part])):
                if not np.isfinite(node.data).all():
                    return f"{node.label or node.describe()} is the first that is not finite"
    return "the layers' outputs are finite"


def clip(model, largest):
    """Scale the gradients of all parameters to the Euclidean norm `largest`, if theirs together is larger."""
    norm = math.sqrt(sum(square**2 for square in gradient_norms(model).values()))
    if norm > largest:
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad = parameter.grad * parameter.dtype.type(largest / norm)


def gradient_norms(model):
    """{layer: the Euclidean norm of the gradient of its parameters}."""
    squares: dict[str, float] = {}
    for parameter in model.parameters():
        if parameter.grad is None:
            continue
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
        for part in pieces(x):
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
        return sum(float(loss(forward(x[part]), y[part])) * len(x[part]) for part in pieces(x)) / len(x), math.nan


def pieces(x):
    """Slices of the rows of x that go through a network at once."""
    return [slice(start, start + piece_size(x)) for start in range(0, len(x), piece_size(x))]


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
    if x.dtype == np.uint8 and x.max() > 1:
        raise ValueError(
            f"x{part} holds pixels as they are stored, uint8 from {x.min()} to {x.max()}: scale them first, by "
            "datasets.standardised(data), or for another set by (x - data.mean) / data.deviation"
        )
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        x = x.astype(next((parameter.dtype for parameter in model.parameters()), np.float32))
    n_inputs = inputs_of(model)
    if n_inputs is not None and x.shape[1:] != (n_inputs,):
        raise ValueError(f"x{part} has shape {x.shape}, and the model takes {n_inputs} features an instance")
    with measuring(model):
        outputs = model(x[:1]).shape
    if loss is cross_entropy:
        return x, checked_labels(y, outputs[-1], f"y{part}", len(x))
    return x, checked_targets(y, len(x), outputs[-1] if len(outputs) == 2 else None, f"y{part}")


def inputs_of(model):
    """How many features the model takes, if it begins with a Linear layer; else None."""
    first = next(iter(model.parts()), None)
    return len(first.W.data) if isinstance(first, Linear) else None


def say_if_unscaled(x):
    x = x[:1000]  # enough to tell by
    if x.min() >= 0 and x.max() >= 100:
        warnings.warn(
            f"xtrain goes from {x.min():g} to {x.max():g}: networks learn from features around 0 and about 1 in size, "
            "as datasets.standardised(data) makes them",
            stacklevel=3,
        )
