"""Programs written for micrograd run with the import changed; where the engines differ is in the README."""

import random

import pytest

from models.mlp import MLP, Layer, Neuron
from scalar_engine import Value


def test_the_readme_example():
    """https://github.com/karpathy/micrograd: g = 24.7041, dg/da = 138.8338, dg/db = 645.5773."""
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_sanity_check():
    """micrograd's own test_sanity_check; PyTorch gives y = -20, dy/dx = 46."""
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20, 46)


def test_python_lists_and_builtin_sum():
    values = [Value(1.0), Value(2.0), Value(3.0)]
    total = sum(values) * (1.0 / len(values))
    total.backward()
    assert total.data == 2 and [v.grad for v in values] == pytest.approx([1 / 3] * 3)


def moons_demo(Value, MLP, steps=3):
    """The training loop of micrograd's demo, on eight points; returns the loss of each step."""
    points = [(0.9, 0.4), (-0.8, 0.6), (0.1, 0.9), (-1.0, 0.1), (0.2, -0.3), (1.8, -0.2), (1.0, -0.5), (0.1, 0.3)]
    labels = [1, 1, 1, 1, -1, -1, -1, -1]
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    history = []
    for k in range(steps):
        inputs = [list(map(Value, row)) for row in points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        history.append(total_loss.data)
    return history


def test_the_demo_gives_micrograds_losses():
    """The numbers are micrograd 0.1.0's, from this very loop."""
    assert moons_demo(Value, MLP) == pytest.approx(MICROGRAD_LOSSES, rel=1e-12)


def test_the_demo_beside_micrograd_itself(needed):
    try:
        from micrograd.engine import Value as MicrogradValue
        from micrograd.nn import MLP as MicrogradMLP
    except ImportError:
        needed(False, "micrograd")
    assert moons_demo(MicrogradValue, MicrogradMLP) == pytest.approx(MICROGRAD_LOSSES, rel=1e-12)


def test_shapes_names_and_representation_of_the_layers():
    model = MLP(3, [4, 1])
    assert len(model.parameters()) == 3 * 4 + 4 + 4 * 1 + 1
    assert isinstance(model([Value(1.0)] * 3), Value)  # a single output is not in a list
    assert len(Layer(2, 3)([1.0, 2.0])) == 3
    assert len(MLP(2, [1, 2])([1.0, 2.0])) == 2 and isinstance(MLP(2, [1, 1])([1.0, 2.0]), Value)
    assert repr(MLP(2, [2, 1])) == (
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    )  # fmt: skip
    assert repr(Neuron(2, activation=None)) == "LinearNeuron(2)"
    labels = [parameter.label for parameter in model.layers[1].parameters()]
    assert labels == [f"layer2/neuron1/{name}" for name in ("w1", "w2", "w3", "w4", "b")]


def test_zero_grad_forgets_gradients():
    model = MLP(2, [2, 1])
    model([1.0, 2.0]).backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_random_generator_of_ones_own_makes_weights_repeatable():
    first, second = (MLP(2, [3, 1], rng=random.Random(5)).parameters() for _ in range(2))
    assert [p.data for p in first] == [p.data for p in second]


MICROGRAD_LOSSES = [1.230857616801121, 1.1137071029572407, 0.3554632708678455]
