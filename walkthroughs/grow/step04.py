"""More operators, and finite differences as the judge.

A derivative is what happens to the result when an input is moved a little. That needs no rule, and so it can judge the
rules: move each leaf, go forward again, and compare.
"""

import math

from walkthroughs.grow import step03
from walkthroughs.grow.step02 import topological_order
from walkthroughs.grow.step03 import Operator, add, multiply


class Power(Operator):
    symbol = "**"
    forward = math.pow  # unlike **, it raises where the result is not real
    partials = (lambda out, x, y: y * x ** (y - 1), lambda out, x, y: out * log(x))


class Exp(Operator):
    symbol = "exp"
    forward = math.exp
    partials = (lambda out, x: out,)


class Log(Operator):
    symbol = "log"
    forward = math.log
    partials = (lambda out, x: 1 / x,)


class Tanh(Operator):
    symbol = "tanh"
    forward = math.tanh
    partials = (lambda out, x: 1 - out * out,)


class Sigmoid(Operator):
    symbol = "sigmoid"
    forward = lambda x: 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))
    partials = (lambda out, x: out * (1 - out),)


class UnitStep(Operator):
    symbol = "step"
    forward = lambda x: 1.0 if x > 0 else 0.0
    partials = (lambda out, x: 0.0,)


class Relu(Operator):
    symbol = "relu"
    forward = lambda x: x if x > 0 else 0.0
    partials = (lambda out, x: step(x),)  # no `if` in a rule, which is to run on formulas too (step 6)


power, exp, log, tanh, sigmoid, step, relu = Power(), Exp(), Log(), Tanh(), Sigmoid(), UnitStep(), Relu()


class Arithmetic:
    """What + - * / ** mean, for anything that operators can be applied to."""

    __add__ = lambda self, other: add(self, other)
    __radd__ = lambda self, other: add(other, self)
    __mul__ = lambda self, other: multiply(self, other)
    __rmul__ = lambda self, other: multiply(other, self)
    __pow__ = lambda self, other: power(self, other)
    __rpow__ = lambda self, other: power(other, self)
    __neg__ = lambda self: -1.0 * self
    __sub__ = lambda self, other: self + -other
    __rsub__ = lambda self, other: other + -self
    __truediv__ = lambda self, other: self * other**-1.0
    __rtruediv__ = lambda self, other: other * self**-1.0


class Value(Arithmetic, step03.Value):
    pass


def forward_pass(order, leaf):
    """{node: what its operator gives on what its inputs gave}, the leaves being leaf(node)."""
    found = {}
    for node in order:
        found[node] = node.op(*[found[x] for x in node.inputs]) if node.inputs else leaf(node)
    return found


def gradcheck(root, h=1e-6):
    """The largest difference, over all leaves, of backward's slope and (root(leaf + h) - root(leaf - h)) / 2h, relative
    where the slope is above 1. (Not for a kink, where there is no derivative.)"""
    order, gradients, differences = topological_order(root), step03.backward_pass(root), []
    for moved in [node for node in order if not node.inputs and node.requires_grad]:
        high, low = (forward_pass(order, lambda x: x.data + (shift if x is moved else 0))[root] for shift in (h, -h))
        slope = (high - low) / (2 * h)
        differences.append(abs(gradients[moved] - slope) / max(1.0, abs(slope)))
    return max(differences, key=lambda x: (x != x, x))  # nan, which equals nothing, is the worst


if __name__ == "__main__":
    x, w = Value(2.0, "x"), Value(-0.5, "w")
    y = sigmoid(w * x) ** 2 + relu(x) / (1 + exp(w))
    y.backward()
    y.data, w.grad, x.grad  # 1.3172, -0.2585, 0.5696
    gradcheck(y) < 1e-8  # True

    # The wrong rule of step 3 is noticed now.
    class Square(Operator):
        symbol = "square"
        forward = lambda x: x * x
        partials = (lambda out, x: x,)

    gradcheck(Square()(x))  # 0.5: the slope is 4, and half of it is missing

    # What still goes wrong: one neuron of 784 inputs is a page of such lines. We want to say "neuron" and "layer".
