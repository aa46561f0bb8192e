"""The stepper as text: every frame of a trace, or every step of a recording, the same each time."""

from .quantities import brief


def listing(trace):
    """Both passes of a graph, a frame a line."""
    width = len(str(len(trace.frames)))
    lines = []
    for position, frame in enumerate(trace.frames, start=1):
        if frame.kind != "backward" and (position == 1 or frame.kind == "turn"):
            lines += ["", "Forward pass"] if frame.kind == "forward" else ["", "Backward pass"]
        tail = f"    {frame.nth} of {frame.of}, sum {brief(frame.total)}" if frame.of > 1 else ""
        lines.append(f"{position:{width + 2}}  {frame.formula}{tail}")
    return "\n".join(map(printable, lines)).strip("\n")


def listing_of_training(recording):
    """Every optimizer step: its loss, and what it did to every parameter."""
    lines = []
    for number, loss, updates in zip(recording.steps, recording.losses, recording.updates):
        lines.append(f"step {number}: loss = {brief(loss)}")
        lines += [f"  {line}" for line in update_lines(recording, updates)]
    return "\n".join(map(printable, lines))


def update_lines(recording, updates):
    for name, update in zip(recording.names, updates):
        rule, numbers = update.formula(name)
        yield f"{rule} = {numbers}" if numbers else f"{rule}    {brief(update.after)}"


def printable(text):
    """A line without what a terminal would obey: a label may hold anything."""
    return "".join(c if c.isprintable() or c in JOINERS else "\N{REPLACEMENT CHARACTER}" for c in text)


JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # within emoji, and words of Persian and of India's scripts
