"""Programs in plain Python, on floats."""

from . import writer


def written(plan):
    """The text of the program, and {name: forward rule} of what it has to be given."""
    return writer.written(plan, writer.Style(plan.operators))
