"""The rules on nodes: second derivatives, and the map to the real engine.

Rules run on floats, arrays and Symbols. Let them run on the nodes themselves, and the gradient is a graph too: it can
be evaluated, drawn, and differentiated again.
"""

import numpy as np

from walkthroughs.grow.step08 import SumTo, backward_pass
from walkthroughs.grow.step09 import MLP, Tensor, cross_entropy


def grad(root, wrt):
    """d root / d node for each node in `wrt`, as nodes: of a Tensor that holds one number."""
    found = backward_pass(root, lambda node: node, Tensor(np.ones_like(root.data), requires_grad=False))
    return [found[node] if node in found else 0.0 * node for node in wrt]


# Where each part of these ten steps is in the real engine, which does the same and says there why it does it its way.
MAP = {
    "topological_order": ("scalar_engine.graph", "a depth-first search with its own stack, as here"),
    "Operator": ("scalar_engine.graph", "also says how it is written, and in errors what to write instead"),
    "Node": ("scalar_engine.graph", "has slots, and keeps the operands it was computed from: data may change later"),
    "Value": ("scalar_engine", "an error names the node; a pass that fails changes nothing"),
    "Arithmetic": ("scalar_engine.arithmetic", "has operators for - and / of their own: fewer nodes"),
    "forward_pass": ("scalar_engine.passes", "goes on where an operator has no value, if asked to"),
    "backward_pass": ("scalar_engine.passes", "frees each gradient when it is used, and can be watched"),
    "gradcheck": ("scalar_engine", "chooses the step by the numbers, and says which leaf is wrong"),
    "softmax": ("scalar_engine", "exp(o - logsumexp(o)), which never overflows"),
    "Symbol": ("scalar_engine", "sums and products are dicts: like terms meet, whatever their order"),
    "derive": ("scalar_engine", "shows the chain rule step by step, and LaTeX"),
    "compile_graph": ("scalar_engine", "leaves out what is not needed; another style runs on all instances at once"),
    "Tensor": ("tensor_engine", "a graph that was used is released, and errors tell the shapes"),
    "SumTo": ("tensor_engine.operators.rearranging", "as here"),
    "BroadcastTo": ("tensor_engine.operators.rearranging", "as here"),
    "MatMul": (
        "tensor_engine.operators.products",
        "batches of matrices too; linear(x, W, b) does the sum in the same place",
    ),
    "cross_entropy": ("tensor_engine", "softmax and log in one operator, which keeps what its pull needs"),
    "Linear": ("models.layers", "as here"),
    "MLP": ("models.layers", "other activations, dropout"),
    "grad": ("scalar_engine", "as here, with create_graph=True"),
}


if __name__ == "__main__":
    x = Tensor(2.0, "x")
    [slope] = grad(x**3.0, [x])
    [curvature] = grad(slope, [x])
    slope.data, curvature.data  # 12.0, 12.0
    len(slope.inputs)  # 2: it is a node like any other
    grad(grad(x * 3.0, [x])[0], [x])[0].data  # 0.0

    # Newton's method goes to where the slope is 0, by the slope over its own slope.
    x = Tensor(1.0, "x")
    for _ in range(6):
        f = x**4.0 - 3.0 * x**2.0 + x
        [slope] = grad(f, [x])
        [curvature] = grad(slope, [x])
        x = Tensor(x.data - slope.data / curvature.data, "x")
    x.data  # 1.1309

    # Arrays, matrix products and the loss: how the squared length of a network's gradient changes with its parameters.
    model = MLP([4, 3, 2], np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(8, 4))
    loss = cross_entropy(model(X), np.arange(8) % 2)
    slopes = grad(loss, model.parameters())
    squared = sum(SumTo(())(g * g) for g in slopes)
    squared.backward()
    loss.data, squared.data, model.layers[1].b.grad  # 0.8822, 0.3278, [-0.1539, 0.1539]

    # What is left: MAP says where each part is in the real engine, and what that does besides.
    len(MAP)  # 20
