"""The graph of Tensors: what a pass stores, what it releases, what it leaves alone, and whose memory a gradient is."""

import gc
import itertools
import weakref

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Operator
from tensor_engine import Tensor, explain, gradients, steps, topological_order
from walkthroughs.drawing.picture import draw

from ..array_expressions import ARRAY_EXPRESSIONS, array, cases, leaves
from ..expressions import EXPRESSIONS
from ..expressions import cases as scalar_cases


def require_separate_memory(root):
    """No gradient in the graph shares memory with another, or with data."""
    nodes = topological_order(root)
    grads = [node.grad for node in nodes if node.grad is not None]
    assert all(type(grad) is np.ndarray and grad.flags.writeable for grad in grads)
    for a, b in itertools.combinations(grads, 2):
        assert not np.shares_memory(a, b)
    for grad in grads:
        assert not any(np.shares_memory(grad, node.data) for node in nodes)


def passes_over(make):
    """The leaves and root of a graph after one pass with keep=True, and of another graph after one without."""
    for keep in (True, False):
        inputs, out = make()
        held = [node for node in topological_order(out) if node.inputs]
        root = out.sum()
        root.backward(keep=keep)
        yield inputs, held, root


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_the_memory_of_no_two_gradients_overlaps(f, twin, arrays):
    def make():
        inputs = leaves(arrays)
        return inputs, f(*inputs)

    (kept_inputs, _, root), (inputs, _, _) = passes_over(make)
    require_separate_memory(root)
    assert {node for node in topological_order(root) if node.grad is None} <= {
        node for node in topological_order(root) if not node.requires_grad
    }
    for kept, x in zip(kept_inputs, inputs):
        assert np.array_equal(kept.grad, x.grad)
        assert x.grad.shape == x.shape and x.grad.dtype == x.dtype and not np.shares_memory(x.grad, x.data)
    for a, b in itertools.combinations(inputs, 2):
        assert not np.shares_memory(a.grad, b.grad)


@pytest.mark.parametrize("f, points", scalar_cases(EXPRESSIONS))
def test_the_memory_of_no_two_gradients_overlaps_after_elementwise_operators(f, points):
    inputs = [Tensor(column, requires_grad=True) for column in zip(*points)]
    root = f(*inputs).sum()
    root.backward(keep=True)
    require_separate_memory(root)
    inputs = [Tensor(column, requires_grad=True) for column in zip(*points)]
    f(*inputs).sum().backward()
    for a, b in itertools.combinations(inputs, 2):
        assert not np.shares_memory(a.grad, b.grad)


class Both(Operator):
    """a + b, whose pull hands its upstream on as it came."""

    symbol = "both"
    forward = lambda a, b: a + b

    def pull(self, upstream, out, a, b, needs):
        return [upstream, upstream]


@pytest.mark.parametrize("keep", [True, False])
def test_a_pull_that_hands_its_upstream_on_shares_no_memory_either(keep):
    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    both = Both()(a, b)
    (both * 2).sum().backward(keep=keep)
    assert not np.shares_memory(a.grad, b.grad)
    assert not keep or not np.shares_memory(a.grad, both.grad)
    a.grad *= 10
    assert b.grad.tolist() == [2, 2]


def test_leaves_accumulate_in_place_over_graphs():
    w = Tensor([2.0, 3.0], requires_grad=True)
    (w * 3).sum().backward()
    (w * w).sum().backward()
    assert w.grad.tolist() == [3 + 4, 3 + 6]


def test_backward_twice_gives_twice_the_right_answer():
    """c = a + b; e = sum(c * c), as in the scalar engine: leaves accumulate, interior gradients are replaced."""
    a, b = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    c = a + b
    e = (c * c).sum()
    e.backward(keep=True)
    assert (a.grad, c.grad) == (6, 6)
    e.backward(keep=True)
    assert (a.grad, b.grad, c.grad, e.grad) == (12, 12, 6, 1)


def test_a_second_pass_over_a_released_graph_says_how_to_keep_it():
    w = Tensor([2.0], "w", requires_grad=True)
    h = (w * w).named("h")
    loss = h.sum().named("loss")
    loss.backward()
    for again in (loss.backward, loss.zero_grad, lambda: gradients(loss), lambda: steps(loss)):
        with pytest.raises(RuntimeError, match=r"graph behind loss has been released .* backward\(keep=True\)"):
            again()
    with pytest.raises(RuntimeError, match=r"backward\(keep=True\)"):
        explain(w, loss)
    assert w.grad == 4


def test_a_new_graph_on_a_released_node_says_so_and_changes_no_gradient():
    w, v = Tensor([2.0], "w", requires_grad=True), Tensor([3.0], "v", requires_grad=True)
    h = (w * w).named("layer1/h")
    h.sum().backward()
    for keep in (False, True):
        with pytest.raises(RuntimeError, match=r"graph behind h has been released .* backward\(keep=True\)"):
            (h * v + v).sum().backward(keep=keep)
    assert w.grad == 4 and v.grad is None


def test_a_kept_graph_may_be_built_upon():
    w = Tensor([2.0], requires_grad=True)
    h = w * w
    h.sum().backward(keep=True)
    (h * 3).sum().backward()
    assert w.grad == 4 + 12


def test_a_pass_frees_the_arrays_that_it_has_used():
    """h1, h2, ... are a chain that nobody else holds. When the pass is at h1, only the last few are left."""
    gc.disable()
    try:
        alive = []

        class Watched(Operator):
            """x, whose derivative counts how many of the chain's nodes are alive."""

            symbol = "watched"
            forward = lambda x: x

            def pull(self, upstream, out, x, needs):
                alive.append(sum(reference() is not None for reference in references))
                return [upstream]

        x = Tensor(np.zeros(3), requires_grad=True)
        node, references = Watched()(x), []
        for _ in range(10):
            for f in (te.sigmoid, lambda h: h @ np.eye(3), lambda h: h.reshape(3), te.softmax, lambda h: h * 2 + h):
                node = f(node)
                references += [weakref.ref(node), weakref.ref(node.data)]
        loss = node.sum()
        del node
        assert all(reference() is not None for reference in references)
        loss.backward()
        assert alive[0] <= 6
        assert not any(reference() is not None for reference in references)
    finally:
        gc.enable()


def test_a_graph_is_freed_by_reference_counting_alone():
    gc.disable()
    try:
        x = Tensor(np.ones((2, 2)), requires_grad=True)
        root = te.softmax_cross_entropy(te.linear(te.relu(x @ x), x, x[0]), [0, 1])
        root.backward(keep=True)
        explain(x, root)
        interior = [weakref.ref(node) for node in topological_order(root) if node.inputs]
        assert len(interior) >= 5 and all(node() is not None for node in interior)
        del root
        assert not any(node() is not None for node in interior)
    finally:
        gc.enable()


@pytest.mark.parametrize("keep, n", [(False, 10_000), (True, 100_000)])
def test_a_long_chain(keep, n):
    """What is kept must be freed without exhausting the stack."""
    x = Tensor(1.0, requires_grad=True)
    node = x
    for _ in range(n):
        node = node + 1
    node.backward(keep=keep)
    assert (node.item(), x.grad) == (n + 1, 1)
    del node


def test_a_root_that_is_a_leaf():
    x = Tensor([3.0], requires_grad=True)
    x.backward()
    assert x.grad.tolist() == [1] and not np.shares_memory(x.grad, x.data)


def test_the_graph_of_a_tensor_is_that_of_its_formula():
    x, W = Tensor(array(2, 3), "x"), Tensor(array(3, 2), "W", requires_grad=True)
    k = (x @ W).named("layer1/k")
    loss = te.sigmoid(k).mean()
    assert [node.name or node.describe() for node in topological_order(loss)] == [
        "x", "W", "k", "sigmoid(k)", "sigmoid(k).mean()"
    ]  # fmt: skip
    assert x.describe() == "x" and Tensor(array(2, 3)).describe() == "array(2, 3)" and Tensor([[2.0]]).describe() == "2"


def test_the_ledger_and_the_steps_are_the_scalar_engines():
    """f = sum(w * x): df/dw = x, by way of the product, whose gradient is 1 everywhere."""
    w, x = Tensor([2.0, 3.0], "w", requires_grad=True), Tensor([5.0, 7.0], "x")
    p = (w * x).named("p")
    f = p.sum().named("f")
    f.backward(keep=True)
    assert p.grad.tolist() == [1, 1] and f.grad == 1
    ledger = explain(w, f)
    assert ledger.gradient.tolist() == [5, 7]
    assert str(ledger) == "df/dw = (2,), the sum of upstream x local over\n  p = w * x  (2,) x (2,)  = (2,)"
    assert str(explain(p, f)) == "df/dp = (2,), the sum of upstream x local over\n  f = p.sum()  (2,)"
    assert [repr(step) for step in steps(f)] == [
        "<forward: p = (2,)>", "<forward: f = 31>", "<backward: f adds (2,) to p>", "<backward: p adds (2,) to w>"
    ]  # fmt: skip
    assert "none, for it is data" in str(explain(x, f))


def test_a_picture_shows_shapes_instead_of_long_data():
    x, W = Tensor(array(2, 784), "x"), Tensor(array(784, 3), "layer1/W", requires_grad=True)
    loss = te.sigmoid(x @ W).mean().named("loss")
    loss.backward(keep=True)
    source = draw(loss).source
    for shape in ("data (2, 784)", "data (784, 3)", "grad (784, 3)", "data (2, 3)", f"data {loss.item():.4g}"):
        assert shape in source
    assert len(source) < 4000


def test_what_is_printed_is_short():
    assert repr(Tensor([1.0, 2.5], "x")) == "Tensor([1. , 2.5], shape=(2,), dtype=float64, label='x')"
    w = Tensor(np.zeros((100, 100), np.float32), requires_grad=True)
    assert "dtype=float32, requires_grad=True" in repr(w) and len(repr(w)) < 400
    assert (w.sum() * 2).item() == 0 and w.numpy() is w.data and len(w) == 100
