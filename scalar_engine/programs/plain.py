"""Programs in plain Python, on floats."""

from . import writer
from .planner import plan_of


def written(root, inputs, parameters):
    """The text of the program, and {name: forward rule} of what it has to be given."""
    plan = plan_of(root, inputs, parameters)
    return writer.written(plan, writer.Style(plan.operators))
