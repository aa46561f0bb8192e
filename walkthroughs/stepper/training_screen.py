"""What the stepper shows of a recording of training in a terminal: the loss so far, and one update after another."""

import math

from .listing import printable
from .quantities import brief
from .screen import BOLD, FAINT, ORANGE, cut, heading, painter, playing

HELP = "<- -> Home End  space:play + -:speed q"
CURVE = 7  # lines


def screen_of_training(recording, title, view, columns=80, rows=24, color=False):
    """What the terminal shows, as at most `rows` lines of at most `columns` characters."""
    paint = painter(color)
    last, position = len(recording.losses), view.position
    lines = heading(title, position, last, "" if position else ", before training", columns)
    if position:
        lines.append((f"loss of step {position} = {brief(recording.losses[position - 1])}", BOLD))
    else:
        lines.append(("The right arrow makes the first step.", BOLD))
    lines.append((playing(view) if view.playing else "", ORANGE))
    lines += [(line, "") for line in curve(recording.losses, position, columns)]
    lines.append((f"{f'What step {position} did ' if position else 'What step 1 will do ':-<{columns - 1}}", FAINT))
    entries = update_table(recording, max(0, position - 1)) if last else []
    room = rows - len(lines) - 1
    lines += entries if len(entries) <= room else [*entries[: room - 1], (f"... {len(entries) - room + 1} more", FAINT)]
    lines += [("", "")] * (rows - 1 - len(lines))
    return [paint(cut(text, columns), style) for text, style in [*lines[: rows - 1], (HELP, FAINT)]]


def curve(losses, position, columns):
    """The losses as a plot of characters: "*" up to the position, "o" at it, "." after it."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    margin = max(len(brief(low)), len(brief(high))) + 1
    width = min(columns - margin - 2, max(1, 2 * len(losses) - 1))
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
    lines = [(f"  {'parameter':<14}{'before':>12}{'gradient':>12}{'after':>12}", BOLD)]
    for name, update in zip(recording.names, recording.updates[i]):
        numbers = [update.before, update.gradient, update.after]
        columns = "".join(f"{'' if number is None else brief(number):>12}" for number in numbers)
        lines.append((f"  {cut(name, 13):<14}{columns}", ""))
        rule, written = update.formula(name)
        lines.append((f"    {printable(rule)}{f' = {written}' if written else ''}", FAINT))
    return lines
