"""The walkthrough from scalar to tensor: five ways, one result."""

import json
import subprocess
import sys

import numpy as np
import pytest

from walkthroughs.sheets.vu import from_scalar_to_tensor
from walkthroughs.sheets.vu.from_scalar_to_tensor import main


def test_five_ways_agree_and_the_programs_are_written(tmp_path, capsys):
    assert main(["--instances", "60", "--hidden", "5", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "The value and the 27 gradients agree to 1e-12" in out
    assert "dk = dh * h * (1 - h)  # sigmoid" in out and "dw1 = np.dot(dk, x1)  # dot" in out
    rows = json.loads((tmp_path / "numbers.json").read_text())["tables"]["ways"]
    assert len(rows) == 5
    assert "np.matmul(x.T, " in (tmp_path / "report.html").read_text(encoding="utf-8")
    for name in ("program.py", "batched_program.py", "tensor_program.py"):
        subprocess.run([sys.executable, tmp_path / name], check=True)


@pytest.mark.parametrize("way", ["by_program", "by_batched_program", "by_tensors", "by_tensor_program"])
def test_a_way_that_is_off_is_noticed(way, monkeypatch, tmp_path, capsys):
    right = getattr(from_scalar_to_tensor, way)

    def wrong(*arguments):
        value, gradients = right(*arguments)
        return value, [*gradients[:-1], gradients[-1] + 1e-9]

    monkeypatch.setattr(from_scalar_to_tensor, way, wrong)
    main(["--quick", "--out", str(tmp_path)])
    assert "DISAGREE" in capsys.readouterr().out


def test_the_lines_of_a_layer_are_what_the_rules_compute():
    import tensor_engine as te

    rng = np.random.default_rng(1)
    x, W1, b1, dh1 = (rng.normal(size=shape) for shape in ((7, 2), (2, 3), 3, (7, 3)))
    W, b = (te.Tensor(array, requires_grad=True) for array in (W1, b1))
    (te.sigmoid(te.linear(x, W, b)) * dh1).sum().backward()
    names = {"x": x, "W1": W1, "b1": b1, "dh1": dh1, "linear": lambda x, W, b: x @ W + b, "sigmoid": te.sigmoid}
    exec(from_scalar_to_tensor.LAYER, names)
    np.testing.assert_allclose(names["dW1"], W.grad, rtol=1e-12)
    np.testing.assert_allclose(names["db1"], b.grad, rtol=1e-12)


def test_gradients_come_in_the_order_of_the_parameters():
    """Against finite differences of the tensors' own loss: neuron by neuron, the weights and then the bias."""
    import random

    from models.mlp import MLP
    from scalar_engine import sigmoid

    model = MLP(2, [3, 2], activation=sigmoid, rng=random.Random(4))
    x, y = np.random.default_rng(0).normal(size=(7, 2)), np.arange(7) % 2
    _, gradients = from_scalar_to_tensor.by_tensors(model, x, y)
    for parameter, gradient in zip(model.parameters(), gradients):
        values = []
        for shift in (1e-5, -2e-5):
            parameter.data += shift
            values.append(from_scalar_to_tensor.by_tensors(model, x, y)[0])
        parameter.data += 1e-5
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(gradient, abs=1e-8)
