"""The graph and its one backward pass: a test for each hazard of reverse-mode differentiation."""

import gc
import sys
import tracemalloc
import weakref

import pytest

from scalar_engine import Value, explain, gradients, relu, sin, sqrt, steps, topological_order


def test_a_node_used_twice_by_one_operator():
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6

    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2


def test_a_node_used_twice_at_two_depths():
    """micrograd's classic: b = a + a; c = b + b, so c = 4a."""
    a = Value(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert (b.grad, a.grad) == (2, 4)


def test_a_diamond():
    """f = (a + 1) * (a * 2): the two paths from a meet, and a's turn comes after both."""
    a = Value(3.0)
    left, right = a + 1, a * 2
    (left * right).backward()
    assert (left.grad, right.grad, a.grad) == (6, 4, 6 + 2 * 4)


def test_a_short_and_a_long_path():
    """f = a * sin(sin(a)) visits a's own product first and must not finish a before the long path arrives."""
    from math import cos
    from math import sin as s

    a = Value(0.7)
    (a * sin(sin(a))).backward()
    assert a.grad == pytest.approx(s(s(0.7)) + 0.7 * cos(s(0.7)) * cos(0.7), rel=1e-15)


def test_a_chain_of_100_000():
    x = Value(1.0)
    node = x
    for _ in range(100_000):
        node = node + 1
    node.backward()
    assert (node.data, x.grad) == (100_001, 1)
    assert len(steps(node)) == 200_000
    del node  # freeing it must not exhaust the stack either


def test_a_ladder_of_diamonds_takes_linear_time():
    """2 ** 1000 paths lead from the root to x."""
    x = Value(1.0)
    node = x
    for _ in range(1000):
        node = (node + node) * 0.5
    node.backward()
    assert x.grad == 1


def test_backward_twice_gives_twice_the_right_answer():
    """c = a + b; e = c * c: micrograd, which keeps c's old gradient, gives three times the right answer."""
    a, b = Value(1.0), Value(2.0)
    c = a + b
    e = c * c
    e.backward()
    assert (a.grad, c.grad) == (6, 6)
    e.backward()
    assert (a.grad, b.grad) == (12, 12)  # leaves accumulate
    assert (c.grad, e.grad) == (6, 1)  # interior gradients belong to the last pass


def test_leaves_accumulate_over_two_graphs():
    w = Value(2.0)
    (w * 3).backward()
    (w * w).backward()
    assert w.grad == 3 + 4


def test_a_root_that_is_a_leaf():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1
    assert topological_order(x) == [x] and steps(x) == []


def test_constants_take_no_gradient():
    x, data = Value(3.0), Value(4.0, requires_grad=False)
    f = x * data + 5
    constant = f.inputs[1]
    f.backward()
    assert x.grad == 4
    assert data.grad is None and constant.grad is None and not constant.requires_grad
    assert not (data * 2).requires_grad and f.requires_grad


def test_backward_from_data_says_that_there_is_nothing_to_differentiate():
    with pytest.raises(ValueError, match="depends on nothing that requires a gradient"):
        (Value(1.0, requires_grad=False) * 2).backward()


def test_zero_grad_resets_every_gradient_behind_a_node():
    x = Value(3.0)
    square = x * x
    f = square + x
    f.backward()
    f.zero_grad()
    assert x.grad is square.grad is f.grad is None
    f.backward()
    assert x.grad == 7


def test_a_graph_is_freed_by_reference_counting_alone():
    gc.disable()
    try:
        x = Value(3.0)
        root = relu(x * x + 2) * x
        root.backward()
        explain(x, root)
        interior = weakref.ref(root.inputs[0])
        assert interior() is not None
        del root
        assert interior() is None
        assert x.grad == 29
    finally:
        gc.enable()


def test_inputs_come_before_what_is_made_of_them_and_each_node_once():
    a, b = Value(1.0), Value(2.0)
    shared = a * b
    root = (shared + a) * (shared - b) + shared
    order = topological_order(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order) and order[-1] is root
    assert all(place[x] < place[node] for node in order for x in node.inputs)


def test_the_order_reads_as_the_expression_was_written():
    a, b, c = (Value(1.0, name) for name in "abc")
    names = [node.label for node in topological_order((a + b) * c) if node.label]
    assert names == ["a", "b", "c"]


def test_a_failing_pass_changes_no_gradient():
    x = Value(0.0, "x")
    y = Value(1.0)
    (y * 2).backward()
    f = y * y + sqrt(x)
    with pytest.raises(ZeroDivisionError):
        f.backward()
    assert (y.grad, x.grad, f.grad) == (2, None, None)


def test_gradients_stores_nothing():
    x = Value(3.0)
    f = x * x
    assert gradients(f)[x] == 6
    assert x.grad is f.grad is None


def test_watching_a_pass_does_not_change_it():
    a, b = Value(0.3), Value(-1.2)
    f = (a * b + sin(a)).tanh() / (b - a) ** 2
    watched = gradients(f, watch=lambda step: None)
    assert gradients(f) == watched


def test_a_node_of_two_inputs_takes_at_most_192_bytes():
    """8 more from Python 3.12 on, which keeps two words in front of an object with a place for weak references."""
    x = node = Value(1.0)
    tracemalloc.start()
    try:
        for _ in range(1000):
            node = node * x
        node.backward()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken <= 1000 * (192 if sys.version_info < (3, 12) else 200)
    assert not hasattr(node, "__dict__")
