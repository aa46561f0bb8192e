"""Runs made sick on purpose, and healthy ones, on the shipped digits: what the diagnoses are tested on.

`python -m tests.models.watching.sick` runs all with ten seeds each, and counts what is said.
"""

import warnings
from collections import Counter
from dataclasses import replace

import numpy as np

from models.experiment import Setup, data_of, model_of, options_of
from models.training import Diverged, fit
from models.watching import Watch

RELU = Setup(hidden=(64,), activation="relu")
HEALTHY = {
    "sigmoid": Setup(hidden=(64,)),
    "relu": RELU,
    "tanh, 40 epochs": Setup(hidden=(32, 32), activation="tanh", epochs=40),
    "relu, adam, dropout": RELU.but(hidden=(64, 64), optimizer="adam", dropout=0.3, epochs=15),
    "without momentum": RELU.but(momentum=0.0, epochs=10),
    "whole batches": RELU.but(batch_size="full", epochs=60, learning_rate_decay=1.0),
    "gelu": Setup(hidden=(32, 32), activation="gelu"),
    "lenet": Setup(model="lenet", optimizer="adam", epochs=4),
    "cnn-bn": Setup(
        model="cnn-bn", optimizer="adamw", learning_rate=0.003, epochs=4, schedule="cosine", warmup=1, augment="shift"
    ),
}
# Of each: the setup, what is done to the data and to the weights, the kind that is to be said, and what also is true.
SICK = {
    "rate too large, relu": (RELU.but(learning_rate=2.0), None, None, "dead", {"too large"}),
    "rate too large, sigmoid": (Setup(hidden=(64,), learning_rate=20.0), None, None, "too large", {"saturated"}),
    "rate far too large": (RELU.but(learning_rate=1e3), None, None, "too large", {"dead"}),
    "rate too large, lenet": (
        Setup(model="lenet", optimizer="adam", learning_rate=0.3), None, None, "dead", {"too large"},
    ),
    "rate too small": (RELU.but(learning_rate=1e-6), None, None, "too small", set()),
    "zeros": (Setup(hidden=(64,), init="zeros"), None, None, "alike", set()),
    "zeros, relu": (RELU.but(init="zeros"), None, None, "alike", {"dead"}),
    "saturating sigmoid": (Setup(hidden=(64, 64)), None, "ten times", "saturated", set()),
    "saturating tanh": (Setup(hidden=(64, 64), activation="tanh"), None, "ten times", "saturated", set()),
    "unscaled pixels": (RELU, "unscaled", None, "unscaled", {"too large", "dead"}),
    "unscaled pixels, sigmoid": (Setup(hidden=(64,)), "unscaled", None, "unscaled", {"saturated"}),
    "labels shuffled": (RELU.but(learning_rate=0.03, epochs=8), "shuffled", None, "labels", set()),
    "labels shuffled, sigmoid": (Setup(hidden=(64,), epochs=8), "shuffled", None, "labels", set()),
    "ten layers of sigmoids": (Setup(hidden=(32,) * 9), None, None, "vanishing", set()),
    "sixty instances": (
        RELU.but(hidden=(128, 128), validation=1440, epochs=100, learning_rate_decay=1.0), None, None, "overfitting",
        set(),
    ),
}  # fmt: skip


class Listening(Watch):
    """A Watch that keeps all that is said at any moment of the run: {(kind, panel): the first sentence}.

    It looks as often as it would on a quick machine.
    """

    cost = property(lambda self: 0.0, lambda self, seconds: None)

    def write(self, at_most_every=0.0):
        for finding in self.findings:
            self.said.setdefault((finding.kind, finding.panel), finding.text)


def watched(setup, data_change=None, weights_change=None):
    data = data_of(setup)
    rng = np.random.default_rng(setup.seed)
    if data_change == "shuffled":
        data = replace(data, ytrain=rng.permutation(data.ytrain))
    if data_change == "unscaled":  # the digits' pixels go to 16
        xtrain, xval = (255 / 16 * (x * data.deviation + data.mean).round() for x in (data.xtrain, data.xval))
        data = replace(data, xtrain=abs(xtrain).astype("float32"), xval=abs(xval).astype("float32"))
    model, optimizer, rng = model_of(setup, data)
    if weights_change == "ten times":
        for parameter in model.parameters():
            parameter.data[...] *= 10
    watch = Listening()
    watch.said = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Diverged)
        warnings.filterwarnings("ignore", "xtrain goes from 0 to 255")
        history = fit(
            model, data, optimizer, setup.epochs, setup.batch_size, rng, **options_of(setup, data), watch=watch,
            style="arrays", progress=False,
        )  # fmt: skip
    watch.write()
    return watch, history


def panels(watch):
    """How many panels the page of a run has."""
    last = watch.record.looks[-1]
    return 6 + len({*last["layers"], *last["activations"]})


def main(seeds=range(10)):
    shown, false, missed = 0, [], []
    for name, setup in HEALTHY.items():
        for seed in seeds:
            watch, history = watched(setup.but(seed=seed))
            shown += panels(watch)
            false += [(name, seed, text) for text in watch.said.values()]
            if seed == seeds[0]:
                print(f"{name}: accuracy {history.epochs[-1].validation_accuracy:.3f}, said: {list(watch.said)}")
    for name, (setup, data, weights, kind, also) in SICK.items():
        kinds = Counter()
        for seed in seeds:
            watch, _ = watched(setup.but(seed=seed), data, weights)
            shown += panels(watch)
            kinds.update({finding.kind for finding in watch.findings})
            false += [(name, seed, text) for (found, _), text in watch.said.items() if found not in {kind, *also}]
            if all(finding.kind != kind for finding in watch.findings):
                missed.append((name, seed))
        print(f"{name}: at the end {dict(kinds)} of {len(seeds)}")
        print(*{finding.text for finding in watch.findings}, sep="\n", end="\n\n")
    print(f"{shown} panels, {len(false)} false words, {len(missed)} missed", *false, *missed, sep="\n")


if __name__ == "__main__":
    main()
