"""Question 7.1's split: what it does that the validation set is the last of the images, and is not drawn at random.

The same network learns from the same images, shuffled before they are split.
"""

from dataclasses import asdict, replace
from functools import partial

import numpy as np

from models.experiment import Setup, data_of, model_of
from models.history import History
from models.sweep import sweep
from models.training import fit
from walkthroughs.reports.readings import nats

SHUFFLES = 3  # splits of shuffled images, beside the loader's


def shuffled_runs(options, setup):
    """The Histories of a Setup's network on shuffled splits of its images."""
    configs = [{"setup": asdict(setup), "shuffle": i} for i in range(1, SHUFFLES + 1)]
    workers = options.workers or (1 if options.quick else None)
    run = partial(shuffled_run, data_dir=options.data_dir)
    return [
        History.from_dict(found)
        for found in sweep(run, configs, options.out / "splits.jsonl", workers, options.dask, "splits")
    ]


def shuffled_run(config, data_dir=None):
    """The History of a run of this sweep, as a dict: both sets are shuffled together, and split again as they were."""
    setup = Setup(**config["setup"])
    data = data_of(setup, data_dir)
    x, y = np.concatenate([data.xtrain, data.xval]), np.concatenate([data.ytrain, data.yval])
    order = np.random.default_rng([setup.seed, 2, config["shuffle"]]).permutation(len(y))
    train_on, validate_on = np.split(order, [len(data.ytrain)])
    data = replace(data, xtrain=x[train_on], ytrain=y[train_on], xval=x[validate_on], yval=y[validate_on])
    model, optimizer, rng = model_of(setup, data)
    return fit(model, data, optimizer, setup.epochs, setup.batch_size, rng, progress=False).to_dict()


def gaps(histories):
    """Validation loss minus training loss (epochs, histories)."""
    return np.array([[e.validation_loss - e.train_loss for e in history.epochs] for history in histories]).T


def growing(histories):
    """What is to be said of the mean gap if it has grown in every epoch: overfitting begins before it does harm."""
    means = gaps(histories).mean(axis=1)
    falls = all(history.epochs[-1].validation_loss < history.epochs[0].validation_loss for history in histories)
    if len(means) < 2 or not (np.diff(means) > 0).all():
        return ""
    harm = ", while the validation loss has fallen too" if falls else ""
    return f", and has grown in every epoch, from {nats(means[0])} to {nats(means[-1])}{harm}"


def by_the_split(history, others):
    """What the gap in the loader's order owes to the images that it withholds, and what shuffled ones say."""
    [gap], shuffled = gaps([history])[-1], gaps(others)[-1]
    mean, deviation = shuffled.mean(), shuffled.std(ddof=1)
    over = "above" if mean > 0 else "below"
    said = (
        f"Shuffled first, the validation loss ends {nats(abs(mean))} {over} the training loss (the standard deviation "
        f"between splits is {nats(deviation)}), and not {nats(abs(gap))} {'above' if gap > 0 else 'below'} it."
    )
    if abs(gap - mean) <= 5 * deviation:  # where 95 of 100 single splits lie, by the t distribution for three
        return f"{said} Splits alone may differ by as much: it does not tell the withheld images from others."
    kind = "easier" if gap < mean else "harder"
    sign = ", enough to turn the difference's sign" if gap * mean < 0 else ""
    return (
        f"{said} The images that the loader withholds are {kind} than images drawn at random, by about "
        f"{nats(abs(gap - mean))}{sign}. So in the loader's order the difference reflects which images are "
        f"withheld; shuffled, it measures how much worse the network does on new images{growing(others)}."
    )
