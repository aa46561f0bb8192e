"""Examples of what autograd does, in the manner of Fleuret's lectures 4.1 and 4.2: each on the engine and in PyTorch.

Of each pair both functions do the same, in a few lines, and return {what: numbers, or the error that was raised}.
Those for PyTorch are given `torch`, so that nobody needs it to read or run the others.
"""
# mypy: ignore-errors
# The page shows these functions as a student would write them, without the annotations that a checker would ask for.

import numpy as np

from tensor_engine import Tensor, cross_entropy, grad, log, no_grad, tanh


def of_many_inputs():
    t = Tensor([1.0, 2.0, 4.0], requires_grad=True)
    u = Tensor([10.0, 20.0], requires_grad=True)
    a = (t**2).sum() + log(u).sum()
    by_t, by_u = grad(a, [t, u])
    return {"a": a.item(), "da/dt": by_t, "da/du": by_u}


def of_many_inputs_in_pytorch(torch):
    t = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    u = torch.tensor([10.0, 20.0], requires_grad=True)
    a = (t**2).sum() + u.log().sum()
    by_t, by_u = torch.autograd.grad(a, [t, u])
    return {"a": a.item(), "da/dt": by_t, "da/du": by_u}


def accumulated():
    x, found = Tensor([-3.0, 2.0, 5.0], requires_grad=True), {}
    (x**3).sum().backward()
    found["x.grad"] = x.grad.copy()
    (x**3).sum().backward()
    found["x.grad, not zeroed before a second pass"] = x.grad
    x.grad = None
    (x**3).sum().backward()
    found["x.grad, zeroed before a third"] = x.grad
    return found


def accumulated_in_pytorch(torch):
    x, found = torch.tensor([-3.0, 2.0, 5.0], requires_grad=True), {}
    (x**3).sum().backward()
    found["x.grad"] = x.grad.clone()
    (x**3).sum().backward()
    found["x.grad, not zeroed before a second pass"] = x.grad
    x.grad = None
    (x**3).sum().backward()
    found["x.grad, zeroed before a third"] = x.grad
    return found


def shared_weights():
    x = Tensor([[1.0, -2.0]])
    w, w1, w2 = (Tensor([[0.5, -0.1], [0.2, 0.3]], requires_grad=True) for _ in range(3))
    (tanh(x @ w) @ w).sum().backward()
    (tanh(x @ w1) @ w2).sum().backward()
    return {"dy/dw, used twice": w.grad, "the sum of dy/dw1 and dy/dw2": w1.grad + w2.grad}


def shared_weights_in_pytorch(torch):
    x = torch.tensor([[1.0, -2.0]])
    w, w1, w2 = (torch.tensor([[0.5, -0.1], [0.2, 0.3]], requires_grad=True) for _ in range(3))
    (torch.tanh(x @ w) @ w).sum().backward()
    (torch.tanh(x @ w1) @ w2).sum().backward()
    return {"dy/dw, used twice": w.grad, "the sum of dy/dw1 and dy/dw2": w1.grad + w2.grad}


def descended():
    found = {}
    for name, cut in [("a and b after 100 steps", lambda a: a), ("with a.detach()", lambda a: a.detach())]:
        a, b = Tensor(0.5, requires_grad=True), Tensor(-0.5, requires_grad=True)
        for _ in range(100):
            loss = (a - 1) ** 2 + (b + 1) ** 2 + (cut(a) - b) ** 2
            by_a, by_b = grad(loss, [a, b])
            with no_grad():
                a -= 0.1 * by_a
                b -= 0.1 * by_b
        found[name] = [a.item(), b.item()]
    return found


def descended_in_pytorch(torch):
    found = {}
    for name, cut in [("a and b after 100 steps", lambda a: a), ("with a.detach()", lambda a: a.detach())]:
        a, b = torch.tensor(0.5, requires_grad=True), torch.tensor(-0.5, requires_grad=True)
        for _ in range(100):
            loss = (a - 1) ** 2 + (b + 1) ** 2 + (cut(a) - b) ** 2
            by_a, by_b = torch.autograd.grad(loss, [a, b])
            with torch.no_grad():
                a -= 0.1 * by_a
                b -= 0.1 * by_b
        found[name] = [a.item(), b.item()]
    return found


def passed_twice():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x**2).sum()
    y.backward(keep=True)
    y.backward()
    found = {"x.grad after two passes": x.grad}
    try:
        y.backward()
    except RuntimeError as error:
        found["a pass after one that did not keep the graph"] = error
    return found


def passed_twice_in_pytorch(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x**2).sum()
    y.backward(retain_graph=True)
    y.backward()
    found = {"x.grad after two passes": x.grad}
    try:
        y.backward()
    except RuntimeError as error:
        found["a pass after one that did not keep the graph"] = error
    return found


def changed_in_place():
    w = Tensor([1.0, 2.0], "w", requires_grad=True)
    loss = (w * w).sum()
    with no_grad():
        w -= 0.1
    found = {"w": w}
    try:
        loss.backward()
    except RuntimeError as error:
        found["the pass"] = error
    return found


def changed_in_place_in_pytorch(torch):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    with torch.no_grad():
        w -= 0.1
    found = {"w": w}
    try:
        loss.backward()
    except RuntimeError as error:
        found["the pass"] = error
    return found


def second_derivative():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    slope = grad((x**3).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    return {"the gradient": slope, "the gradient of its squared norm": x.grad}


def second_derivative_in_pytorch(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (slope,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    return {"the gradient": slope, "the gradient of its squared norm": x.grad}


def quadrants():
    """64 points (64, 2), class 1 where both coordinates have one sign, and initial weights for a 2-8-2 network."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2))
    weights = rng.normal(size=(2, 8)), np.zeros(8), rng.normal(size=(8, 2)), np.zeros(2)
    return x, (x[:, 0] * x[:, 1] > 0).astype(int), weights


def trained():
    x, y, weights = quadrants()
    W1, b1, W2, b2 = parameters = [Tensor(array, requires_grad=True) for array in weights]
    losses = []
    for _ in range(200):
        loss = cross_entropy(tanh(x @ W1 + b1) @ W2 + b2, y)
        loss.backward()
        with no_grad():
            for parameter in parameters:
                parameter -= 0.5 * parameter.grad
                parameter.grad = None
        losses.append(loss.item())
    return {"loss before the first and the last step": [losses[0], losses[-1]], "b2": b2}


def trained_in_pytorch(torch):
    x, y, weights = quadrants()
    x, y = torch.tensor(x), torch.tensor(y)
    W1, b1, W2, b2 = parameters = [torch.tensor(array, requires_grad=True) for array in weights]
    losses = []
    for _ in range(200):
        loss = torch.nn.functional.cross_entropy(torch.tanh(x @ W1 + b1) @ W2 + b2, y)
        loss.backward()
        with torch.no_grad():
            for parameter in parameters:
                parameter -= 0.5 * parameter.grad
                parameter.grad = None
        losses.append(loss.item())
    return {"loss before the first and the last step": [losses[0], losses[-1]], "b2": b2}
