"""Rules apart from the graph.

An operator says what it computes and its partial derivatives, and knows nothing of graphs. The graph only remembers
which operator was applied to what; slopes are computed when a backward pass asks for them, and not for constants.
"""

import operator

from walkthroughs.grow.step02 import topological_order


class Operator:
    """symbol, forward(*xs), and one rule per input: rule(out, *xs) is the partial derivative of out by that input."""

    symbol, forward, partials = "", None, ()
    forward_on = {}  # {type: forward(op, *xs)}, for other things than floats; step 8 enters arrays

    def __init_subclass__(cls):
        cls.forward = staticmethod(cls.forward)  # or else Python would hand it the operator as well

    def __call__(self, *xs):
        for x in xs:
            if hasattr(x, "apply_operator"):  # a Value, and later a formula, decides for itself
                return x.apply_operator(self, *xs)
        for x in xs:
            if type(x) in self.forward_on:
                return self.forward_on[type(x)](self, *xs)
        return self.forward(*xs)


class Add(Operator):
    symbol = "+"
    forward = operator.add
    partials = (lambda out, a, b: 1.0, lambda out, a, b: 1.0)


class Multiply(Operator):
    symbol = "*"
    forward = operator.mul
    partials = (lambda out, a, b: b, lambda out, a, b: a)


add, multiply = Add(), Multiply()


class Node:
    """data, and how it was made: op applied to inputs; None and () for a leaf. grad is None until it is computed."""

    def __init__(self, data, label="", op=None, inputs=(), requires_grad=True):
        self.data, self.label, self.op, self.inputs, self.grad = data, label, op, inputs, None
        self.requires_grad = requires_grad  # False for constants, and what is made of constants only

    def __add__(self, other):
        return add(self, other)

    def __mul__(self, other):
        return multiply(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def named(self, label):
        self.label = label
        return self


class Value(Node):
    @classmethod
    def apply_operator(cls, op, *xs):
        inputs = tuple(x if isinstance(x, cls) else cls(float(x), requires_grad=False) for x in xs)
        needed = any(x.requires_grad for x in inputs)
        return cls(op.forward(*[x.data for x in inputs]), "", op, inputs, needed)

    def backward(self):
        for node, gradient in backward_pass(self).items():
            node.grad = gradient if node.inputs or node.grad is None else node.grad + gradient


def backward_pass(root):
    """{node: d root / d node}"""
    gradients = {root: 1.0}
    for node in reversed(topological_order(root)):
        if node.inputs and node in gradients:
            xs = [x.data for x in node.inputs]
            for x, rule in zip(node.inputs, node.op.partials):
                if x.requires_grad:
                    contribution = rule(node.data, *xs) * gradients[node]
                    gradients[x] = gradients[x] + contribution if x in gradients else contribution
    return gradients


if __name__ == "__main__":
    x = Value(3.0, "x")
    y = x * x + 2 * x
    y.backward()
    y.data, x.grad  # 15.0, 8.0
    multiply(3.0, 4.0)  # 12.0
    (y.inputs[1].inputs[1].data, y.inputs[1].inputs[1].grad is None)  # 2.0, True

    # What still goes wrong: nobody notices a wrong rule. This one says that the derivative of x * x is x.
    class Square(Operator):
        symbol = "square"
        forward = lambda x: x * x
        partials = (lambda out, x: x,)

    x = Value(3.0, "x")
    z = Square()(x)
    z.backward()
    z.data, x.grad  # 9.0, 3.0, and 6.0 is right
