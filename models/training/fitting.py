"""Training a network of Tensors on a data set: epochs of steps, compiled where they can be, and what ends them."""

import math
import sys
import time
import warnings
from functools import partial

import numpy as np
from tqdm.auto import tqdm

from tensor_engine import cross_entropy, modes, no_grad, topological_order
from tensor_engine.programs import jit

from ..datasets.checking import is_unscaled
from ..history import Epoch, History
from .compiled import CompiledForward, checked_step, compiled_step, style_for
from .evaluation import checked, measured
from .gradients import backward, clip, gradient_norms, piece_size, pieces
from .schedules import factor
from .threads import Threads


def fit(model, data, optimizer, epochs, batch_size=64, rng=0, *, loss=cross_entropy, clip_norm=None,
        patience=None, decay=1.0, schedule="exponential", warmup=0, augment=None, piece=None, history=None,
        record_norms=False, every=1, after_epoch=None, progress=True, style=None, watch=None):  # fmt: skip
    """Train until `epochs` epochs are finished; returns the History.

    data            a Dataset (models.datasets) with x as floats, scaled; `checking` says what becomes of other x and y
    batch_size      instances a step, or "full" for the whole training set; the last batch of an epoch may be smaller
    rng             a NumPy Generator (or a seed) for the order of the instances, new in every epoch
    loss            a function of the model's outputs and the targets of some instances, the mean over them: for
                    cross_entropy y is labels, for another one (mse, say) whatever numbers it takes. A partial of
                    cross_entropy, for smoothed labels say, is for the steps, and what is measured is cross_entropy
    clip_norm       a larger Euclidean norm of the whole gradient is scaled down to it before the step
    patience        stop after this many epochs without a smaller held-out loss; however the run ends, the model
                    has the weights of its best epoch then
    decay           the learning rate is multiplied by it after each epoch
    schedule        "cosine": it also goes down to 0 as a half cosine, step by step
    warmup          the epochs, or a part of one, in which it first rises from 0
    augment         a function of the instances of a step and of `rng`, which gives the instances to train on instead
    piece           see `backward`. A network with running statistics takes the whole batch at once unless it is said
    history         of the epochs that a resumed run has already had
    record_norms    also record the norm of each layer's gradient at every step
    every           how many epochs there are from one evaluation, and record, to the next; the last has one anyway
    after_epoch     called with the history after each recorded epoch, to save a checkpoint, say
    progress        whether a terminal sees a progress bar
    style           "eager": each step runs the model itself. Otherwise it is compiled, to a program in NumPy ("arrays")
                    or with Numba's loops ("loops"); None takes what is faster for a run of this length. A warning,
                    NotCompiled, says what cannot be compiled: layers that are not `pure`, a loss that changes
    watch           a Watch (models.watching): a page on how it learns, and what is wrong if it does not

    A keyboard interrupt ends the run; the history then has the finished epochs, and says that it was interrupted.
    A loss that is not finite ends it too, before it reaches the weights: `history.diverged` says where, and so does
    a warning, Diverged; the last of the history's epochs is the one that was not finished then.
    """
    rng = np.random.default_rng(rng)
    history = history or History()
    measure = loss.func if isinstance(loss, partial) else loss
    x, y = checked(model, data.xtrain, data.ytrain, measure, "train")
    xval, yval = checked(model, data.xval, data.yval, measure, "val")
    say_if_unscaled(x)
    size = len(x) if batch_size == "full" else min(batch_size, len(x))
    require_last_batch(model, x, size)
    history.batches_per_epoch = per_epoch = -(-len(x) // size)
    piece = piece or (size if model.statistics() else piece_size(x))
    if measure is not cross_entropy:
        history.loss = "loss"
    first_rate, best = optimizer.learning_rate, None
    style = style or style_for(optimizer, size, epochs * per_epoch)
    step = None if style == "eager" or modes.watching.get() else compiled_step(model, loss, optimizer, style)
    threads = Threads()
    forward = model if step is None else CompiledForward(model)
    as_one = False

    def train_on(rows, i):
        taken = (epoch - 1) * per_epoch + i
        now = factor(schedule, taken, epochs * per_epoch, round(warmup * per_epoch))
        optimizer.learning_rate = first_rate * decay ** (epoch - 1) * now
        batch = x[rows] if augment is None else augment(x[rows], rng)
        if step is None:
            batch_loss = backward(model, batch, y[rows], piece, loss)
        else:
            if threads.lag():
                threads.arrange(step, x[first], y[first])
            batch_loss = step(batch, y[rows], piece)
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

    if watch:
        watch.begin(model, x, y, yval, loss, history, getattr(data, "image_shape", None))
    watched = watch.around(train_on) if watch else train_on
    try:
        seconds = 0.0
        for epoch in range(history.epochs[-1].epoch + 1 if history.epochs else 1, epochs + 1):
            if history.diverged or (patience and history.epochs and history.waited >= patience):
                break
            started = time.perf_counter()
            title = f"epoch {epoch}/{epochs}" if progress else None
            norms: list[dict[str, float]] = []
            model.train(True)
            if step is not None:
                as_one = optimizer.settle() and not (record_norms or clip_norm)
                first = slice(min(size, piece))
                making = time.perf_counter()
                step = checked_step(step, x[first], y[first])
                if style == "loops" and progress and sys.stderr.isatty() and time.perf_counter() - making > 1:
                    tqdm.write(f"compiled loops, which {jit.folder()} keeps for the next run", file=sys.stderr)
            if step is not None:
                threads.arrange(step, x[first], y[first])
                threads.begin()
            losses, rows = run_epoch(model, len(x), size, rng, watched, title)
            seconds += time.perf_counter() - started
            history.batch_losses += losses
            history.gradient_norms += norms
            if not math.isfinite(losses[-1]):
                history.diverged = divergence(history, model, x[rows], y[rows], loss)
            elif epoch % every and epoch < epochs:
                continue
            if step is not None:
                optimizer.settle()
                threads.rest(step)
            mean_loss, accuracy = measured(model, x, y, measure, forward)
            if not (history.diverged or math.isfinite(mean_loss)):
                history.diverged = divergence(history, model, x, y, loss)
            val_loss, val_accuracy = measured(model, xval, yval, measure, forward)
            rate = optimizer.learning_rate
            history.epochs.append(Epoch(epoch, mean_loss, accuracy, val_loss, val_accuracy, rate, seconds))
            seconds = 0.0
            if watch:
                watch.after_epoch(history)
            if patience and history.best is history.epochs[-1]:
                best = [each.data.copy() for each in [*model.parameters(), *model.statistics()]]
            if after_epoch and not history.diverged:
                after_epoch(history)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        optimizer.learning_rate = first_rate
        threads.restore()
        if watch:
            watch.end(history)
    if best:
        for each, data in zip([*model.parameters(), *model.statistics()], best):
            each.data[...] = data
    if history.diverged:
        optimizer.zero_grad()
        warnings.warn(history.diverged, Diverged, stacklevel=2)
    return history


def require_last_batch(model, x, size):
    """Raise ValueError if an epoch ends with a batch of one instance, and the model, which normalises, takes none."""
    if not model.statistics() or (len(x) % size or size) > 1 or len(x) < 2:
        return
    undrawn = modes.switched(modes.drawing, lambda draw, *like: np.ones(*like))
    model.train(True)
    with no_grad(), undrawn, modes.switched(modes.noting, lambda note, *nodes: None), np.errstate(all="ignore"):
        model(x[:2])
        try:
            model(x[:1])
        except ValueError as error:
            better = next(n for n in range(size + 1, len(x) + 1) if len(x) % n != 1)
            raise ValueError(
                f"batch_size={size}: of {len(x)} instances the last batch has 1, which cannot be normalised; "
                f"batch_size={better}, say"
            ) from error


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
            losses.append(train_on(rows, start // size))
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
    with np.errstate(all="ignore"), modes.switched(modes.noting, lambda note, *nodes: None):
        for part in pieces(x, model):
            for node in topological_order(loss(model(x[part]), y[part])):
                if not np.isfinite(node.data).all():
                    return f"{node.label or node.describe()} is the first that is not finite"
    return "the layers' outputs are finite"


def say_if_unscaled(x):
    if is_unscaled(x):
        warnings.warn(
            f"xtrain goes from {x.min():g} to {x.max():g}: networks learn from features around 0 and about 1 in size, "
            "as datasets.standardised(data) makes them",
            stacklevel=3,
        )
