"""The slips that a Tensor brings along: check_steps asks the nodes themselves, and operators say what they are like."""

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import check_steps, gradients
from tensor_engine import Tensor
from tensor_engine.kernels import ArrayOperator
from tensor_engine.operators.reductions import Reduction


def product():
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3)), "x")
    W = Tensor(np.random.default_rng(1).normal(size=(3, 3)), "W", requires_grad=True)
    return W, (x @ W).named("k").sum().named("l")


def test_the_slips_of_arrays_are_asked_of_the_nodes(monkeypatch):
    W, loss = product()
    transposed = {"dW": gradients(loss)[W].round(4).T}
    assert check_steps(loss, transposed).slip.kind == "transposed"
    monkeypatch.setattr(Tensor, "further_slips", None)
    assert check_steps(loss, transposed).slip is None


def test_a_matrix_that_was_transposed_in_a_product():
    W, loss = product()
    k, x = loss.inputs[0], loss.inputs[0].inputs[0]
    found = check_steps(loss, {"k": x.data @ W.data.T})
    assert found.node is k and found.slip.text == "in k = x @ W, matrix 2 was transposed"


class ScaledProduct(ArrayOperator):
    """2 a @ b: an operator of somebody's own."""

    symbol = "scaled_product"
    matrix_product = True

    def forward(self, a, b):
        return 2 * np.matmul(a, b)

    def pull(self, upstream, out, a, b, needs):
        return [2 * upstream @ b.T if needs[0] else None, 2 * a.T @ upstream if needs[1] else None]


class Largest(Reduction):
    """The largest element along an axis, one of several."""

    symbol = "largest"

    def forward(self, x):
        return np.max(x, axis=self.axis, keepdims=self.keepdims)

    def pull(self, upstream, out, x, needs):
        return [self.expanded(upstream, x) * (x == self.expanded(out, x))]


def test_a_matrix_product_of_ones_own_has_the_slips_of_matrix_products():
    rng = np.random.default_rng(0)
    a, b = (Tensor(rng.normal(size=(3, 3)), name, requires_grad=True) for name in "ab")
    c = ScaledProduct()(a, b).named("c")
    found = check_steps(c, {"c": 2 * a.data @ b.data.T})
    assert found.slip.text == "in c = scaled_product(a, b), matrix 2 was transposed"
    found = check_steps(c, lambda upstream, a, b: (2 * upstream @ b, 2 * a.T @ upstream))
    assert found.node is a and found.slip.text == (
        "matrix 2 of c = scaled_product(a, b) must be transposed in the product with the upstream gradient"
    )


def test_a_reduction_of_ones_own_has_the_slips_of_reductions():
    x = Tensor(np.random.default_rng(0).normal(size=(3, 3)), "x", requires_grad=True)
    y = Largest(axis=0)(x).named("y")
    found = check_steps(y, {"y": x.data.max(axis=1)})
    assert found.slip.text == "y = largest(x, axis=0) goes over axis 0, and was taken over axis 1"


def test_the_bias_left_out_is_an_operand_left_out():
    rng = np.random.default_rng(0)
    x, W, b = (Tensor(rng.normal(size=n), name) for n, name in (((4, 3), "x"), ((3, 2), "W"), (2, "b")))
    W.requires_grad = True
    k = te.linear(x, W, b).named("k")
    found = check_steps(k, {"k": x.data @ W.data})
    assert found.slip.kind == "operand forgotten" and "operand 3" in found.slip.text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mean", [lambda total: total / 10, lambda total: total * (1 / 10)], ids=["/ 10", "* 0.1"])
def test_a_division_by_a_number_that_was_forgotten(mean, dtype):
    x = Tensor(np.linspace(0.3, 1.7, 10).astype(dtype), "x", requires_grad=True)
    total = (x * x).sum().named("total")
    check = check_steps(mean(total).named("l"), {"dl/dtotal": 1.0})
    assert check.slip.kind == "factor of the batch size" and "divides by 10" in check.slip.text
