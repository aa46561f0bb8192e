"""What is wrong with a run, in sentences with its numbers: each rule looks at a Record, and its thresholds have names.

A rule that sees nothing wrong says nothing. What explains more comes first: labels are doubted only where nothing else
is wrong.
"""

import math
from dataclasses import dataclass

from .record import Record

LARGE_RATIO = 0.1  # of an update to its weights; about 0.001 is usual
SMALL_RATIO = 1e-5
HARDLY = 0.05  # by which part a loss has to fall, to be said to fall
RISEN = 1.5  # a loss so many times that of the start, or of who knows nothing, has risen
DEAD = 0.4  # of a layer's ReLUs
SATURATED = 0.5  # of a layer's sigmoid or tanh values
VANISHED = 1e-3  # of the first layer's gradient norm to the last one's
OVERFITTED, FOR_EPOCHS = (
    1.25,
    3,
)  # held-out loss to its least, for so many epochs, or half of those to the least: it may swing
ENOUGH = 3  # looks in a row, so that one is no accident
NEAR_CHANCE = 0.1  # of the way from chance to all right: a network takes whole groups of instances for one class
TOO_LUCKY = 0.1  # of so few held-out instances nothing is said
FEW_STEPS, FEW_EPOCHS = 50, 3  # in which a loss may do anything, and an accuracy


@dataclass(frozen=True)
class Finding:
    """What is wrong: its kind, the panel that shows it, and a sentence."""

    kind: str
    panel: str
    text: str


def findings(record: Record) -> list[Finding]:
    """All that is wrong with a run so far."""
    if not record.looks:
        return []
    found = [*unscaled(record), *alike(record), *too_large(record), *too_small(record)]
    found += [*saturated(record, found), *dead(record, found)]
    return found or [*vanishing(record)] or [*shuffled(record)] or [*overfitting(record)]


def unscaled(record):
    low, high, is_unscaled = record.inputs
    if is_unscaled:
        yield Finding(
            "unscaled", "inputs",
            f"The inputs go from {low:.3g} to {high:.3g}, and networks learn from numbers around 0, about 1 in size: "
            "scale them, by datasets.standardised(data).",
        )  # fmt: skip


def alike(record):
    """Units that start alike get the same gradient, and stay so. The last layer's get their own from the labels."""
    for name in list(record.looks[0]["layers"])[:-1]:
        if since_when([are is True for are in record.series("layers", name, "alike")]) == 0:
            yield Finding(
                "alike", f"layer {name}",
                f"{name}: all units have the same weights, from the start, so they get the same gradient and stay "
                "alike: draw the weights at random (initialisation he or glorot).",
            )  # fmt: skip


def too_large(record):
    if record.diverged:
        yield Finding("too large", "loss", f"The loss is no longer finite: {record.diverged}.")
    elif len(record.losses) >= FEW_STEPS:
        start = max(record.looks[0]["loss"], record.log_classes)
        now = mean_of(record.losses[-min(record.per_epoch, FEW_STEPS) :])
        if now > RISEN * start:
            yield Finding(
                "too large", "loss",
                f"The loss has risen from {start:.3g} to {now:.3g}: {blame(record)}.",
            )  # fmt: skip
    for name in () if all_alike(record) else record.looks[-1]["layers"]:
        ratios = finite(record.series("layers", name, "ratio"))[-ENOUGH:]
        if len(ratios) == ENOUGH and min(ratios) > LARGE_RATIO:
            yield Finding(
                "too large", "ratio",
                f"{name}: a step changes the weights by {percent(min(ratios))} and more of their size, where 0.1 % is "
                f"usual: {blame(record)}.",
            )  # fmt: skip


def too_small(record):
    ratios = [finite([layer["ratio"] for layer in look["layers"].values()]) for look in record.looks]
    largest = [max(each) for each in ratios if each]
    first, now = record.looks[0]["loss"], record.looks[-1]["loss"]
    if len(largest) >= ENOUGH and max(largest) < SMALL_RATIO and now > (1 - HARDLY) * first and not all_alike(record):
        yield Finding(
            "too small", "ratio",
            f"No step changes any weights by more than {percent(max(largest))} of their size, where 0.1 % is usual, "
            f"and the loss has gone from {first:.3g} to {now:.3g} only: the learning rate is likely too small.",
        )  # fmt: skip


def saturated(record, found):
    for name, activation in record.looks[-1]["activations"].items():
        shares = record.series("activations", name, "saturated")
        since = since_when([share > SATURATED for share in shares])
        if since is not None:
            yield Finding(
                "saturated", "units",
                f"{name}: {percent(shares[-1])} of the {activation['kind']}'s values are at its limits "
                f"{record.when(since)}, where its slope is almost 0: {origin(record, since, found)}.",
            )  # fmt: skip


def dead(record, found):
    for name in () if all_alike(record) else record.looks[-1]["activations"]:
        shares = record.series("activations", name, "dead")
        since = since_when([share > DEAD for share in shares])
        if since is not None:
            yield Finding(
                "dead", "units",
                f"{name}: {percent(shares[-1])} of the ReLUs are dead {record.when(since)}, 0 for every instance seen, "
                f"so no gradient reaches their weights: {origin(record, since, found)}.",
            )  # fmt: skip


def vanishing(record):
    names = list(record.looks[-1]["layers"])
    if len(names) < 3 or is_suspect(record):
        return
    first, last = (record.series("layers", names[i], "norm")[-ENOUGH:] for i in (0, -1))
    if len(first) == ENOUGH and all(0 <= a < VANISHED * b for a, b in zip(first, last)):
        part = f"{first[-1] / last[-1]:.1g} of" if first[-1] else "0, beside"
        yield Finding(
            "vanishing", "gradient",
            f"The gradient of {names[0]} is {part} that of {names[-1]}: it vanishes on its way down. ReLU, "
            "normalisation or fewer layers let more of it through.",
        )  # fmt: skip


def shuffled(record):
    """The labels of the held-out instances cannot be told, though the network learns those it has seen."""
    chance, luck = record.chance
    if len(record.epochs) <= FEW_EPOCHS or len(record.losses) < FEW_STEPS or not 0 < luck < TOO_LUCKY:
        return
    now = record.epochs[-1]
    near = chance + luck + NEAR_CHANCE * (1 - chance)
    if max(epoch.validation_accuracy for epoch in record.epochs[-FEW_EPOCHS:]) <= near and not is_suspect(record):
        yield Finding(
            "labels", "accuracy",
            f"After {now.epoch} epochs {percent(now.validation_accuracy)} of the {record.held_out} instances are "
            f"right, about as by chance ({percent(chance)}), and {percent(now.train_accuracy)} of the training ones; "
            f"the loss is {now.train_loss:.3g}, that of who knows nothing {record.log_classes:.3g}. Nothing else "
            "looks wrong: do the labels belong to the instances, or have they been shuffled?",
        )  # fmt: skip


def overfitting(record):
    losses = [epoch.validation_loss for epoch in record.epochs]
    if len(losses) <= FOR_EPOCHS:
        return
    least = min(losses)
    best = record.epochs[losses.index(least)]
    now, long_enough = record.epochs[-1], max(FOR_EPOCHS, best.epoch // 2)
    if min(losses[-long_enough:]) > OVERFITTED * least and now.train_loss < best.train_loss:
        yield Finding(
            "overfitting", "loss",
            f"Overfitting since epoch {best.epoch}: the {record.held_out} loss has risen from {least:.3g} to "
            f"{losses[-1]:.3g}, while the training loss fell to {now.train_loss:.3g}. Stop there (patience), or use "
            "dropout, weight decay or more data.",
        )  # fmt: skip


def all_alike(record):
    """Whether nothing moves since the weights are all the same, which says more than the size of steps."""
    return any(each["alike"] for each in list(record.looks[-1]["layers"].values())[:-1])


def is_suspect(record):
    """Whether the last look alone shows what may be said soon, and explains more."""
    units = record.looks[-1]["activations"].values()
    return any(each.get("dead", 0) > DEAD or each.get("saturated", 0) > SATURATED for each in units)


def blame(record):
    return "the inputs are unscaled" if record.inputs[2] else "the learning rate is likely too large"


def origin(record, since, found):
    """What has driven units to where they do not learn: the rate, if that came about while training."""
    if record.inputs[2]:
        return "the inputs are unscaled"
    if since == 0 and not any(finding.kind == "too large" for finding in found):
        return "the weights as they were drawn, or the size of the inputs, make them so"
    return "the learning rate is likely too large"


def since_when(are):
    """The first look from which on something has been so, to the last; None if it is not, or not for long enough."""
    since = len(are)
    while since and are[since - 1]:
        since -= 1
    return since if len(are) - since >= ENOUGH else None


def finite(numbers):
    return [number for number in numbers if math.isfinite(number)]


def mean_of(numbers):
    return sum(numbers) / len(numbers)


def percent(share):
    return f"{100 * share:.3g} %"
