"""The walks through a graph: the plain backward pass is the fast one, and the forward pass runs on anything."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

from models.question3 import SHEET, Question3, random_case
from scalar_engine import Symbol, Value, gradients, log, sigmoid, topological_order
from scalar_engine.graph import plain_backward_pass
from scalar_engine.passes import forward_pass
from tensor_engine import Tensor

from ..array_expressions import ARRAY_EXPRESSIONS, leaves
from ..array_expressions import cases as array_cases
from ..expressions import EXPRESSIONS, cases
from .test_random_graphs import graphs


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_the_plain_pass_is_the_real_one(f, points):
    for point in points:
        root = f(*[Value(x) for x in point])
        assert plain_backward_pass(root) == gradients(root)


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_plain_pass_is_the_real_one_on_random_graphs(root):
    assert plain_backward_pass(root) == gradients(root)


@pytest.mark.parametrize("f, twin, arrays", array_cases(ARRAY_EXPRESSIONS))
def test_the_plain_pass_is_the_real_one_on_arrays(f, twin, arrays):
    root = f(*leaves(arrays))
    plain, real = plain_backward_pass(root), gradients(root)
    assert plain.keys() == real.keys()
    assert all(np.array_equal(plain[node], real[node]) for node in real)


def test_a_forward_pass_from_other_leaves():
    case, other = SHEET, random_case(3)
    network, expected = Question3(case), Question3(other)
    order = topological_order(network.l)
    numbers = {x.label: x.data for x in topological_order(expected.l) if x.label and not x.inputs}
    found = forward_pass(order, lambda x: numbers.get(x.label, x.data))
    assert found[network.l] == expected.l.data and found[network.h[2]] == expected.h[2].data
    assert network.l.data == Question3(case).l.data  # nothing is stored


def test_a_forward_pass_on_symbols_and_on_nodes():
    x, w = Value(2.0, "x"), Value(-1.0, "w")
    k = w * x
    h = sigmoid(k)
    order = topological_order(h)
    assert str(forward_pass(order, lambda node: Symbol(node.label))[h]) == "sigmoid(w * x)"
    twin = forward_pass(order, lambda node: Value(node.data, node.label))[h]
    assert twin is not h and twin.data == h.data and twin.inputs[0].op is k.op
    assert str(forward_pass(order, lambda node: Symbol(node.label or "k"), leaves={k})[h]) == "sigmoid(k)"


def test_a_forward_pass_with_a_revision_and_a_failure():
    x = Value(2.0, "x")
    y = (x - 2).named("y")
    z = log(y + 1)
    order = topological_order(z)
    assert forward_pass(order, revise=lambda node, out: 1.0 if node is y else out)[z] == math.log(2)
    refused = []

    def moved(node):
        return -9.0 if node is x else node.data

    found = forward_pass(order, moved, failed=lambda *what: refused.append(what) or 7)
    assert found[z] == 7 and refused[0][0] is z and isinstance(refused[0][1], ValueError)
    with pytest.raises(ValueError):
        forward_pass(order, moved)


def test_a_forward_pass_on_arrays():
    a = Tensor([1.0, 2.0], "a", requires_grad=True)
    root = (a * a).sum()
    assert forward_pass(topological_order(root), lambda node: node.data + 1)[root] == 13
