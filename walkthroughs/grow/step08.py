"""The same rules on arrays: broadcasting and its undoing.

NumPy adds a row to every row of a matrix by reading it many times. The gradient of what was read many times is the
sum of what all readings say: so on the way back, each contribution is summed to its input's shape.
"""

import numpy as np

from walkthroughs.grow.step02 import topological_order
from walkthroughs.grow.step03 import Node, Operator
from walkthroughs.grow.step04 import Arithmetic, exp, log, power, relu, sigmoid, step, tanh

# How the forward rules run on arrays. Only these: the partials are arithmetic and operators, and run as they stand.
KERNELS = {
    exp: np.exp, log: np.log, tanh: np.tanh, sigmoid: lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    relu: lambda x: np.maximum(x, 0), power: np.power, step: lambda x: (x > 0).astype(x.dtype),
}  # fmt: skip
Operator.forward_on[np.ndarray] = lambda op, *xs: KERNELS.get(op, op.forward)(*xs)


class ArrayOperator(Operator):
    """An operator on whole arrays. Its derivative is not one factor per element, so it has no partials: in
    pull(upstream, out, *xs), made of operators, it says what it contributes to each input's gradient."""


class SumTo(ArrayOperator):
    """Summed to a smaller shape, which undoes broadcasting; () is the shape of a number."""

    symbol = "sum"

    def __init__(self, shape):
        self.shape, self.forward = shape, lambda x: summed(x, shape)

    def pull(self, upstream, out, x):
        return [BroadcastTo(x.shape)(upstream)]


class BroadcastTo(ArrayOperator):
    symbol = "broadcast"

    def __init__(self, shape):
        self.shape, self.forward = shape, lambda x: np.broadcast_to(x, shape)

    def pull(self, upstream, out, x):
        return [SumTo(x.shape)(upstream)]


def summed(x, shape):
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 != x.shape[i]), keepdims=True)


class Tensor(Arithmetic, Node):
    """A Node whose data is an array."""

    def __init__(self, data, label="", op=None, inputs=(), requires_grad=True):
        super().__init__(np.asarray(data), label, op, inputs, requires_grad)

    __array_ufunc__ = None  # tells NumPy to leave array * Tensor to the Tensor
    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)

    @classmethod
    def apply_operator(cls, op, *xs):
        kind = next(x.data.dtype for x in xs if isinstance(x, cls))  # float32 stays it beside a number such as 2.0
        numbers = [np.asarray(x, kind) if isinstance(x, (int, float)) else x for x in xs]
        inputs = tuple(x if isinstance(x, cls) else cls(x, requires_grad=False) for x in numbers)
        data = op(*[x.data for x in inputs])
        return cls(data, "", op, inputs, any(x.requires_grad for x in inputs))

    def backward(self):
        for node, gradient in backward_pass(self, lambda node: node.data, np.ones_like(self.data)).items():
            node.grad = gradient if node.inputs or node.grad is None else node.grad + gradient


def backward_pass(root, on, unit):
    """As in step 6, but that a node pulls: its operator may be one on whole arrays."""
    gradients = {root: unit}
    for node in reversed(topological_order(root)):
        if node.inputs and node in gradients:
            for x, contribution in zip(node.inputs, pull(node, gradients[node], on)):
                if x.requires_grad:
                    gradients[x] = gradients[x] + contribution if x in gradients else contribution
    return gradients


def pull(node, upstream, on):
    """What a node contributes to each of its inputs: by its own pull, or local x upstream, summed to the shape."""
    out, xs = on(node), [on(x) for x in node.inputs]
    if isinstance(node.op, ArrayOperator):
        return node.op.pull(upstream, out, *xs)
    products = [
        rule(out, *xs) * upstream if x.requires_grad else None for x, rule in zip(node.inputs, node.op.partials)
    ]
    return [p if p is None or p.shape == x.shape else SumTo(x.shape)(p) for x, p in zip(node.inputs, products)]


if __name__ == "__main__":
    x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "x")
    b = Tensor([10.0, 20.0, 30.0], "b")
    y = SumTo(())(x * b)
    y.backward()
    y.data  # 460.0
    b.grad  # [5.0, 7.0, 9.0]
    c = Tensor([[1.0], [2.0]], "c")
    SumTo(())(x * c).backward()
    c.grad  # [[6.0], [15.0]]

    # The sigmoid's rule is step 4's, and now works on six numbers at once.
    z = sigmoid(x - 3.5)
    SumTo(())(z).backward()
    z.data.round(4).tolist()  # [[0.0759, 0.1824, 0.3775], [0.6225, 0.8176, 0.9241]]

    # What still goes wrong: a layer is no elementwise product. By broadcasting, 64 images times 784 x 300 weights are
    # an array of 15 million products that are only there to be summed.
    (np.ones((64, 784, 1)) * np.ones((784, 300))).size  # 15052800
