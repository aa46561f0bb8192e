"""What the stepper shows of a recording of training in a terminal: the loss so far, and one update after another."""

import math

from ..listing import printable
from ..quantities import brief
from .lines import BOLD, FAINT, Line, cut, padded, summaries

CURVE = 7  # lines
TABLE = 52  # columns


def loss_text(recording, view):
    if view.position:
        number = recording.steps[view.position - 1]
        kept = f"    kept are {recording.which}" if recording.every > 1 else ""
        return f"loss of step {number} = {brief(recording.losses[view.position - 1])}{kept}"
    return "The right arrow makes the first step." if recording.losses else "Nothing has been recorded."


def curve_lines(recording, view, columns, height):
    lines = curve(recording.losses, view.position, columns)
    if recording.steps:
        first, last = f"step {recording.steps[0]}", str(recording.steps[-1]) if len(recording.steps) > 1 else ""
        margin = lines[0].index("|") + 1
        lines.append(" " * margin + first + last.rjust(max(len(last) + 1, len(lines[0]) - margin - len(first))))
    return [Line(cut(text, columns)) for text in lines][:height]


def update_lines(recording, view, columns, height):
    """What the step at hand did to every parameter, or the first one will do."""
    table = update_table if columns >= TABLE else update_list
    entries = table(recording, max(0, view.position - 1)) if recording.losses else []
    if len(entries) > height:
        entries = [*entries[: height - 1], Line(f"... {len(entries) - height + 1} more", FAINT)]
    return [line._replace(text=cut(line.text, columns)) for line in entries]


def curve(losses, position, columns):
    """The losses as a plot of characters: "*" up to the position, "o" at it, "." after it."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    margin = max(len(brief(low)), len(brief(high))) + 1
    width = max(1, min(columns - margin - 2, 2 * len(losses) - 1))
    plot = [[" "] * width for _ in range(CURVE)]
    of_column: dict = {}
    for i in range(len(losses)):
        of_column.setdefault(round(i * (width - 1) / max(1, len(losses) - 1)), []).append(i)
    for column, steps in of_column.items():
        i = position - 1 if position - 1 in steps else steps[-1]
        if math.isfinite(losses[i]):
            height = round((losses[i] - low) / (high - low) * (CURVE - 1)) if high > low else 0
            plot[CURVE - 1 - height][column] = "o" if i == position - 1 else "*" if i < position else "."
    labels = [brief(high), *[""] * (CURVE - 2), brief(low)]
    return [f"{label:>{margin}} |{''.join(row)}" for label, row in zip(labels, plot)]


def update_table(recording, i):
    """Each parameter before the update, its gradient and it afterwards, and under it the rule."""
    lines = [Line(f"  {'parameter':<14}{'before':>12}{'gradient':>12}{'after':>12}", BOLD)]
    for name, update in zip(recording.names, recording.updates[i]):
        numbers = [update.before, update.gradient, update.after]
        columns = "".join(f"{'' if number is None else brief(number):>12}" for number in numbers)
        lines.append(Line(f"  {padded(name, 14)}{columns}"))
        rule, written = update.formula(name)
        lines.append(Line(f"    {printable(rule)}{f' = {written}' if written else ''}", FAINT))
        told = summaries(before=update.before, gradient=update.gradient, after=update.after)
        lines += [Line(f"    {text}", FAINT) for text in told]
    return lines


def update_list(recording, i):
    """The same where there is no room for a table."""
    lines = []
    for name, update in zip(recording.names, recording.updates[i]):
        lines.append(Line(printable(name), BOLD))
        for when in ("before", "gradient", "after"):
            quantity = getattr(update, when)
            lines.append(Line(f"  {when:<9}{'' if quantity is None else brief(quantity)}"))
    return lines
