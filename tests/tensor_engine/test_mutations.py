"""Would the checks notice a wrong pull? Every contribution of every array operator is made wrong in turn."""

import numpy as np
import pytest

from scalar_engine import compile_graph, grad, gradcheck
from tensor_engine import Tensor, gradients, topological_order
from tensor_engine.operators import rearranging
from tensor_engine.operators.reductions import SumOver

from ..array_expressions import ARRAY_EXPRESSIONS, array, leaves
from .test_operators import every_array_operator
from .test_operators import test_each_gradient_is_that_of_finite_differences as the_check

MUTATIONS = {
    "flipped": lambda contribution: -contribution,
    "zeroed": lambda contribution: 0 * contribution,
    "doubled": lambda contribution: 2 * contribution,
    "shifted": lambda contribution: contribution + 1e-3,
}


def expression_with(kind):
    """The first array expression with one node of that kind (of two, wrong signs would cancel), and that node."""
    for _, f, twin, arrays in ARRAY_EXPRESSIONS:
        nodes = [node for node in topological_order(f(*leaves(arrays))) if type(node.op) is kind]
        if len(nodes) == 1:
            return (f, twin or f, arrays), nodes[0]
    raise LookupError(f"no array expression has {kind.__name__} once")


def mutants(mutations):
    for kind in every_array_operator():
        _, node = expression_with(kind)
        for position in range(len(node.inputs)):
            for mutation in mutations:
                yield pytest.param(kind, position, mutation, id=f"{kind.__name__}-{position}-{mutation}")


def mutate(monkeypatch, kind, position, mutation):
    """Make one contribution of the operator's pull wrong, at run time."""
    right, change = kind.pull, MUTATIONS[mutation]

    def pull(self, upstream, out, *xs, needs):
        contributions = list(right(self, upstream, out, *xs, needs=needs))
        if contributions[position] is not None:
            contributions[position] = change(contributions[position])
        return contributions

    monkeypatch.setattr(kind, "pull", pull)


def is_caught(*expression):
    try:
        the_check(*expression)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("kind, position, mutation", list(mutants(MUTATIONS)))
def test_every_wrong_pull_is_caught(kind, position, mutation, monkeypatch):
    """By one expression already that the operator is in."""
    expression, _ = expression_with(kind)
    assert not is_caught(*expression)
    mutate(monkeypatch, kind, position, mutation)
    assert is_caught(*expression)


@pytest.mark.parametrize("kind, position, mutation", list(mutants(["flipped"])))
def test_a_sign_flipped_in_a_rule_flips_in_the_program(kind, position, mutation, monkeypatch):
    """A program has no derivative of its own."""
    (f, _, arrays), node = expression_with(kind)

    def number_of(tensors):
        out = f(*tensors)
        out = out * (array(*out.shape) + 3)
        return out.mean() if kind is SumOver else out.sum()  # two wrong signs would cancel

    def gradients_of_program():
        tensors = leaves(arrays)
        return compile_graph(number_of(tensors), parameters=tensors)([], arrays)[1]

    right = gradients_of_program()
    mutate(monkeypatch, kind, position, mutation)
    wrong, tensors = gradients_of_program(), leaves(arrays)
    assert not all(map(np.array_equal, right, wrong))
    for found, expected in zip(wrong, grad(number_of(tensors), tensors)):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind, position, mutation", list(mutants(["dropped"])))
def test_a_contribution_that_is_dropped_is_caught(kind, position, mutation, monkeypatch):
    """The operator takes one of its inputs for data."""
    (f, twin, arrays), _ = expression_with(kind)
    right = Tensor.apply_operator

    def apply_operator(op, *inputs):
        if type(op) is kind:
            inputs = [x.detach() if i == position and isinstance(x, Tensor) else x for i, x in enumerate(inputs)]
        return right(op, *inputs)

    monkeypatch.setattr(Tensor, "apply_operator", staticmethod(apply_operator))
    with pytest.raises((AssertionError, ValueError)) as caught:
        the_check(f, twin, arrays)
    if caught.type is ValueError:  # nothing is left to differentiate
        assert len(arrays) == 1 and "no leaf that requires a gradient" in str(caught.value)


def test_broadcasting_that_is_not_undone_is_caught(monkeypatch):
    """The mistake of hand-written engines: the gradient keeps the shape of the output."""
    a, b = Tensor([[1.0, 2.0], [3.0, 4.0]], "a", requires_grad=True), Tensor([5.0, 6.0], "b", requires_grad=True)
    product = a * b
    assert gradients(product)[b].shape == b.shape and gradcheck(product).ok
    monkeypatch.setattr(rearranging.SumTo, "forward", lambda self, x: x)
    assert gradients(product)[b].shape == (2, 2)
    with pytest.raises(ValueError, match=r"gradcheck: b has shape \(2,\), and its gradient \(2, 2\)"):
        gradcheck(product)


def test_a_scatter_that_forgets_repeats_is_caught(monkeypatch):
    x = Tensor([1.0, 2.0], requires_grad=True)
    twice = x[[0, 0]]
    assert gradcheck(twice).ok
    monkeypatch.setattr(rearranging, "may_repeat", lambda key: False)
    assert not gradcheck(twice).ok
