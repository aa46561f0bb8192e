"""The same expressions in PyTorch: values, derivatives, and what happens at kinks."""

import pytest

from ..expressions import EXPRESSIONS, cases


def twins(torch):
    """PyTorch's functions under the names that the expressions use."""

    def stacked(f):
        return lambda xs, *more: f(torch.stack([torch.as_tensor(x, dtype=torch.float64) for x in xs]), *more)

    tensor = stacked(lambda xs: xs)
    return {
        "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "sin": torch.sin, "cos": torch.cos,
        "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "xlogy": torch.xlogy,
        "softplus": torch.nn.functional.softplus, "lowered": lambda x, y, k: x ** (y - k),
        "powlog": lambda p, x: p * torch.log(x),
        "maximum": torch.maximum, "minimum": torch.minimum, "clip": torch.clip,
        "tan": torch.tan, "arcsin": torch.arcsin, "arccos": torch.arccos, "arctan": torch.arctan,
        "arctan2": torch.arctan2, "hypot": torch.hypot,
        "sinh": torch.sinh, "cosh": torch.cosh, "expm1": torch.expm1, "log1p": torch.log1p,
        "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "sign": torch.sign,
        "step": lambda x: (x > 0).double(), "floor_divide": lambda a, b: torch.floor(a / b),
        "log2": torch.log2, "log10": torch.log10, "erf": torch.erf,
        "gelu": torch.nn.functional.gelu, "silu": torch.nn.functional.silu,
        "leaky_relu": lambda x, slope: torch.where(x > 0, x, slope * x),
        "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x)),
        "sum": stacked(torch.sum), "mean": stacked(torch.mean), "logsumexp": stacked(lambda x: torch.logsumexp(x, 0)),
        "softmax": stacked(lambda x: torch.softmax(x, 0)), "log_softmax": stacked(lambda x: torch.log_softmax(x, 0)),
        "dot": lambda a, b: tensor(a) @ tensor(b),
        "cross_entropy": lambda o, t: torch.nn.functional.cross_entropy(
            tensor(o), torch.tensor(t) if isinstance(t, int) else tensor(t)
        ),
    }  # fmt: skip


def in_pytorch(f, point, torch):
    """f's value and derivatives at the point, with every name in f looked up among PyTorch's functions."""
    from types import FunctionType

    functions = twins(torch)
    name = getattr(f, "name", None)  # an operator stands for itself
    twin = functions[name] if name else FunctionType(f.__code__, functions)
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    out = twin(*inputs)
    out.backward()
    return out.item(), [x.grad.item() for x in inputs]


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_values_and_derivatives_are_pytorchs(f, points, torch):
    from scalar_engine import Value

    for point in points:
        inputs = [Value(x) for x in point]
        out = f(*inputs)
        out.backward()
        value, derivatives = in_pytorch(f, point, torch)
        assert out.data == pytest.approx(value, rel=1e-12, abs=1e-12)
        assert [x.grad for x in inputs] == pytest.approx(derivatives, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "name, point", [("relu", (0.0,)), ("abs", (0.0,)), ("maximum", (2.0, 2.0)), ("minimum", (2.0, 2.0))]
)
def test_kinks_are_pytorchs(name, point, torch):
    from scalar_engine import Value, operators

    op = operators.absolute if name == "abs" else getattr(operators, name)
    inputs = [Value(x) for x in point]
    op(*inputs).backward()
    twin = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    getattr(torch, name)(*twin).backward()
    assert [x.grad for x in inputs] == [x.grad.item() for x in twin]
