"""More operators, and finite differences as the judge.

A derivative is what happens to the result when an input is moved a little. That needs no rule, and tells whether the
rules are right: move each leaf, go forward again, and compare.
"""

import math

from walkthroughs.grow import step03
from walkthroughs.grow.step02 import topological_order
from walkthroughs.grow.step03 import Operator, add, multiply


class Power(Operator):
    symbol = "**"
    forward = lambda x, y: x**y
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
    partials = (lambda out, x: step(x),)  # no `if` in a rule: piecewise behaviour is an operator of its own


power, exp, log, tanh, sigmoid, step, relu = Power(), Exp(), Log(), Tanh(), Sigmoid(), UnitStep(), Relu()


class Arithmetic:
    """What + - * / ** mean, for anything that operators can be applied to."""

    # fmt: off
    def __add__(self, other): return add(self, other)
    def __radd__(self, other): return add(other, self)
    def __mul__(self, other): return multiply(self, other)
    def __rmul__(self, other): return multiply(other, self)
    def __pow__(self, other): return power(self, other)
    def __rpow__(self, other): return power(other, self)
    def __neg__(self): return -1.0 * self
    def __sub__(self, other): return self + -other
    def __rsub__(self, other): return other + -self
    def __truediv__(self, other): return self * other**-1.0
    def __rtruediv__(self, other): return other * self**-1.0
    # fmt: on


class Value(Arithmetic, step03.Value):
    pass


def forward_pass(order, leaf):
    """{node: what its operator gives on what its inputs gave}, the leaves being leaf(node)."""
    found = {}
    for node in order:
        found[node] = node.op(*[found[x] for x in node.inputs]) if node.inputs else leaf(node)
    return found


def gradcheck(root, h=1e-6):
    """The largest difference, over all leaves, of what backward found and (root(leaf + h) - root(leaf - h)) / 2h."""
    order, worst = topological_order(root), 0.0
    gradients = step03.backward_pass(root)
    for leaf in [node for node in order if not node.inputs and node.requires_grad]:
        ends = [forward_pass(order, lambda node: node.data + (node is leaf) * way)[root] for way in (h, -h)]
        worst = max(worst, abs((ends[0] - ends[1]) / (2 * h) - gradients[leaf]))
    return worst


if __name__ == "__main__":
    x, w = Value(2.0, "x"), Value(-0.5, "w")
    y = sigmoid(w * x) ** 2 + relu(x) / (1 + exp(w))
    y.backward()
    y.data, w.grad, x.grad  # 1.3172, -0.2585, 0.5696
    gradcheck(y) < 1e-8  # 1

    # The wrong rule of step 3 is noticed now.
    class Square(Operator):
        symbol = "square"
        forward = lambda x: x * x
        partials = (lambda out, x: x,)

    gradcheck(Square()(x))  # 2.0

    # What still goes wrong: one neuron of 784 inputs is a page of such lines. We want to say "neuron" and "layer".
