"""The walks through a graph: the plain backward pass is the fast one, and the forward pass runs on anything."""

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings

from models.question3 import SHEET, Question3, random_case
from scalar_engine import Operator, Symbol, Value, gradients, log, sigmoid, sqrt, sum, topological_order
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


def stored(root):
    """{node: its `.grad`} of each node that has one."""
    return {node: node.grad for node in topological_order(root) if node.grad is not None}


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_the_pass_in_the_nodes_is_the_real_one(f, points):
    for point in points:
        root = f(*[Value(x) for x in point])
        root.backward()
        assert {x: repr(g) for x, g in stored(root).items()} == {x: repr(g) for x, g in gradients(root).items()}


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_pass_in_the_nodes_is_the_real_one_on_random_graphs(root):
    root.zero_grad()
    root.backward(2.0)
    root.zero_grad()
    root.backward()
    assert stored(root) == gradients(root)


class Calling(Operator):
    """x, whose rule does something else first, in the middle of the pass."""

    symbol = "calling"
    forward_has_self = True

    def __init__(self, what):
        self.what = what

    def forward(self, x):
        return x

    def pull(self, upstream, out, x, needs):
        self.what()
        return [upstream]


def test_hazard_a_pass_within_a_pass_on_the_same_nodes():
    x, y = Value(3.0, "x"), Value(5.0, "y")
    product = x * y
    inner = product * product + x
    root = product * 2 + Calling(inner.backward)(product * y)
    root.backward()
    of_inner, of_root = gradients(inner), plain_backward_pass(inner * 0 + product * 2 + product * y)
    assert x.grad == of_inner[x] + of_root[x] and y.grad == of_inner[y] + of_root[y]
    assert product.grad == of_root[product]  # of the pass that ended last


def test_hazard_passes_in_threads_on_the_same_leaves():
    """One pass is held in its middle until another thread's, on the same weights, has ended."""
    x, w = Value(3.0, "x"), Value(2.0, "w")
    shared = x * w
    other = threading.Thread(target=(shared * shared * w).backward)
    root = Calling(lambda: (other.start(), other.join()))(shared * w) * x
    root.backward()
    assert w.grad == 3 * 9 * 4 + 2 * 9 * 2 and x.grad == 2 * 3 * 8 + 2 * 3 * 4  # of x x w w w and x w w x


def test_hazard_a_pass_after_one_that_has_failed_in_its_middle():
    x, zero = Value(4.0, "x"), Value(0.0, "zero")
    half = x * 0.5
    with pytest.raises(ZeroDivisionError):
        (sqrt(zero * 1) * half + half * x).backward()
    assert x.grad is zero.grad is half.grad is None
    (half * x).backward()
    assert (half.grad, x.grad) == (4, 4)


def test_hazard_what_receives_nothing_and_what_receives_minus_zero():
    """Without a contribution a gradient stays as it was; -0.0 is one."""

    class First(Operator):
        symbol = "first"
        forward = lambda x, y: x

        def pull(self, upstream, out, x, y, needs):
            return [upstream, None]

    x, y = Value(2.0), Value(5.0)
    square = y * y
    (First()(x, square) * -0.0).backward()
    assert repr(x.grad) == "-0.0" and square.grad is y.grad is None


def test_hazard_a_leaf_that_takes_no_gradient_any_more():
    x, w = Value(2.0), Value(3.0)
    root = sigmoid(x) * -w + sum([x, w, w])
    x.requires_grad = False
    root.backward()
    assert x.grad is None and w.grad == 2 - root.inputs[0].inputs[0].data


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
