"""Programs in NumPy for all instances at once, with the functions of kernels.py as their own text."""

import numpy as np

from scalar_engine.programs import writer
from scalar_engine.programs.rule_text import Rule

from ..kernels import KERNELS
from .averaging import plan_for_all


class InstancesStyle(writer.Style):
    """Formulas on arrays of one number an instance, and on numbers."""

    modules = {"np": np}
    arguments = "np.asarray(inputs, float)"

    def rule(self, op):
        kernel = KERNELS.get(op)
        if kernel is None:
            return by_element(super().rule(op))
        return Rule(f"np.{kernel.__name__}") if isinstance(kernel, np.ufunc) else self.reader.rule(kernel, op.name)


def by_element(rule):
    """An operator's own rule, on arrays: as it is, if it is arithmetic, and else element by element."""
    if not rule.is_arithmetic:
        vectorized = f"{rule.name} = np.vectorize({rule.name}, otypes=[float])"
        rule.definition = f"{rule.definition}\n\n\n{vectorized}".lstrip()
        rule.body = ""
    return rule


def written(root, inputs, parameters):
    """The text of the program, and {name: forward rule} of what it has to be given."""
    plan = plan_for_all(root, inputs, parameters)
    return writer.written(plan, InstancesStyle(plan.operators))
