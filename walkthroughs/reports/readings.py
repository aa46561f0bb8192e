"""Sentences about measurements, made from the numbers: run the same on other numbers and other sentences come out."""

import numpy as np


def percent(fraction, decimals=1):
    return f"{100 * fraction:.{decimals}f}%"


def points(difference, decimals=1):
    """A difference of two fractions."""
    return f"{100 * abs(difference):.{decimals}f} percentage points"


def listed(words):
    """a, b and c"""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def winner(results, measure, higher=True, form=percent, apart=points):
    """Who of {name: number} did best, and by how much over the next."""
    order = sorted(results, key=results.__getitem__, reverse=higher)
    best = results[order[0]]
    if len(order) == 1:
        return f"{order[0]} has {form(best)} {measure}."
    second = results[order[1]]
    if best == second:
        return f"{order[0]} and {order[1]} share the best {measure}, {form(best)}."
    return (
        f"{order[0]} has the best {measure}, {form(best)}: {apart(best - second)} ahead of {order[1]} ({form(second)})."
    )


def nats(number, decimals=3):
    return f"{number:.{decimals}f} nats" if abs(number) < 1e4 else f"{number:.3g} nats"


def overfitting(history):
    """How the training loss and the held-out loss go apart, and where the held-out loss turns."""
    held_out = history.held_out
    validation = [epoch.validation_loss for epoch in history.epochs]
    last = history.epochs[-1]
    at = int(np.argmin(validation))
    gap = last.validation_loss - last.train_loss
    over = "above" if gap > 0 else "below"
    first = (
        f"After epoch {last.epoch} the {held_out} loss ({nats(last.validation_loss)}) is {nats(abs(gap))} {over} the "
        f"training loss ({nats(last.train_loss)})."
    )
    if at == len(validation) - 1:
        return f"{first} The {held_out} loss is still falling: more epochs should lower it further."
    rise = validation[-1] - validation[at]
    said = (
        "the network has begun to learn its training instances by heart: it overfits"
        if rise > 0.02 * validation[at] and last.train_loss < history.epochs[at].train_loss
        else "a rise too small to speak of overfitting"
    )
    return (
        f"{first} It was lowest after epoch {history.epochs[at].epoch} ({nats(validation[at])}) and has risen by "
        f"{nats(rise)} since: {said}."
    )


def spread(values, what, form=percent):
    """Mean, deviation, smallest and largest of some runs' values."""
    values = np.asarray(values)
    return (
        f"Over {len(values)} runs the {what} is {form(values.mean())} on average, with a standard deviation of "
        f"{form(values.std(ddof=1))}, from {form(values.min())} to {form(values.max())}."
    )


def speed(first, first_seconds, second, second_seconds):
    """Which of two is faster, and how many times."""
    (fast, a), (slow, b) = sorted([(first, first_seconds), (second, second_seconds)], key=lambda pair: pair[1])
    return f"{fast[0].upper()}{fast[1:]} took {seconds(a)}, {slow} {seconds(b)}: {times(b / a)} as long."


def seconds(number):
    if number < 1e-3:
        return f"{1e6 * number:.0f} microseconds"
    if number < 1:
        return f"{1e3 * number:.1f} ms"
    return f"{number:.1f} s" if number < 100 else f"{number / 60:.1f} min"


def times(ratio):
    return f"{ratio:.1f} times" if ratio < 20 else f"{ratio:,.0f} times"
