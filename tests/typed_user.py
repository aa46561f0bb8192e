"""A user's program, whose types mypy checks as strictly as it can."""

from typing import Any

from numpy.typing import NDArray

import tensor_engine as te
from models.layers import MLP
from models.mlp import MLP as ScalarMLP
from scalar_engine import (
    Symbol,
    Value,
    check_steps,
    compile_graph,
    cross_entropy,
    derive,
    explain,
    grad,
    gradcheck,
    sigmoid,
    steps,
)
from tensor_engine import SGD, Adam, Tensor, no_grad, scalarize
from walkthroughs.draw import draw
from walkthroughs.stepper import Recording, step


def scalars() -> float:
    x = Value(2.0, "x")
    product: Value = x * 3 - 1 / x
    y = sigmoid(product).named("y")
    y.backward()
    print(derive(y, x).latex, derive(y, x).gradient + 1, explain(x, y), check_steps(y, {"dx": 0.0}).ok)
    value, gradients = compile_graph(y, parameters=[x])([], [2.0])
    loss: Value = cross_entropy([x, y], 0)
    text: str = (Symbol("h") * 2).latex
    print(text, value, gradients, gradcheck(loss).ok, grad(loss, [x, y]), steps(loss)[0].node.name)
    draw(y, fold=False).write("y.svg")
    step(y).save("p.html")
    output: Value = ScalarMLP(2, [4, 1])([1.0, x])
    return output.data + (x.grad or 0.0)


def arrays(images: NDArray[Any], classes: NDArray[Any]) -> float:
    model = MLP([784, 100, 10], "relu")
    optimizer = SGD(model.parameters(), learning_rate=0.1, momentum=0.9)
    recording = Recording(model.parameters(), optimizer)
    loss = te.cross_entropy(model(images), classes)
    loss.backward(keep=True)
    with recording.step(loss):
        optimizer.step()
    W = Tensor([[1.0, 2.0]], "W", requires_grad=True)
    squares: Tensor = (W @ W.T).sum(axis=0, keepdims=True) + W[0, 1] * W.mean()
    root: Value = scalarize(squares.sum()).root
    with no_grad():
        W -= 0.1
    Adam([W]).zero_grad()
    return squares.item() + root.data + W.shape[0]
