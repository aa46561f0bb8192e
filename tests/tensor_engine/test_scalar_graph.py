"""The bridge between the engines: the scalar graph behind a tensor has its values, its gradients, and a known size."""

import re
from collections import Counter

import numpy as np
import pytest

from scalar_engine import Operator
from scalar_engine import sum as scalar_sum
from tensor_engine import (
    Tensor,
    linear,
    log_softmax,
    logsumexp,
    mse,
    no_grad,
    relu,
    scalar_graph,
    scalarize,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    topological_order,
)
from tensor_engine.operators.array_operator import ArrayOperator, is_choice
from tensor_engine.operators.convolution import Sliding
from tensor_engine.operators.linear_algebra import OfSquares
from tensor_engine.operators.pooling import Pooling
from tensor_engine.operators.reductions import AlongAxis, Reduction
from tensor_engine.operators.windows import Windowed
from tensor_engine.scalar_graph import count_of, recipe_of
from tests.array_operators import ARRAY_OPERATORS, CLASSES, TIED, leaves, weighted
from tests.expressions import EXPRESSIONS, cases
from walkthroughs.drawing.picture import draw


def require_agreement(loss):
    """All values behind the loss, and all gradients but those of moved elements, agree in both engines to 1e-12."""
    graph = scalarize(loss)
    graph.root.backward()
    loss.backward(keep=True)
    for node in [node for node in topological_order(loss) if not is_choice(node)]:
        values = np.array([value.data for value in graph[node].flat]).reshape(node.shape)
        np.testing.assert_allclose(values, node.data, rtol=1e-12, atol=1e-12)
        if node.requires_grad and not isinstance(node.op, ArrayOperator):
            takes = np.array([value.requires_grad for value in graph[node].flat]).reshape(node.shape)
            assert takes.all() or node.inputs
            np.testing.assert_allclose(graph.grad(node)[takes], node.grad[takes], rtol=1e-12, atol=1e-12)
    return graph


def require_count(loss, graph):
    """The number of Values that was foretold is the number that were made."""
    made = [value for node, array in graph.values.items() if not is_choice(node) for value in array.flat]
    assert sum(count_of(*entry) for entry in recipe_of(loss)) == len(topological_order(scalar_sum(made))) - 1


def operators_of(graph):
    return Counter(value.op.name for value in graph.nodes if value.op)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_elementwise_operators_agree(f, points):
    loss = weighted(f(*leaves(*np.array(points, dtype=float).T)))
    require_count(loss, require_agreement(loss))


@pytest.mark.parametrize("f, inputs", cases(ARRAY_OPERATORS))
def test_array_operators_agree(f, inputs):
    loss = weighted(f(*leaves(*inputs)))
    require_count(loss, require_agreement(loss))


def every(kind):
    return {kind}.union(*map(every, kind.__subclasses__()))


def opens(kind):
    """Whether an array operator says what it is in scalars."""
    return hasattr(kind, "composition") or kind.moves or kind.scalars is not ArrayOperator.scalars


def test_no_array_operator_is_forgotten():
    abstract = {OfSquares, Pooling, Sliding, Windowed}
    known = {kind for kind in every(ArrayOperator) if kind.__module__.startswith("tensor_engine.")}
    assert {kind for kind in known if not opens(kind)} == {ArrayOperator, *abstract}
    tested = set()
    for _, f, inputs in ARRAY_OPERATORS:
        tested |= {type(node.op) for node in topological_order(weighted(f(*leaves(*inputs))))}
    assert known - tested == {ArrayOperator, Reduction, AlongAxis, *abstract}


def network(activation, last):
    """5-4-3 with random weights, on a batch of 3: its loss, with every layer's pre-activation named."""
    random = np.random.default_rng(3)
    x = Tensor(random.normal(size=(3, 5)), "x")
    W1, b1 = Tensor(random.normal(size=(5, 4)), "layer1/W", True), Tensor(random.normal(size=4), "layer1/b", True)
    W2, b2 = Tensor(random.normal(size=(4, 3)), "layer2/W", True), Tensor(random.normal(size=3), "layer2/b", True)
    h = activation(linear(x, W1, b1).named("layer1/k"))
    return last(linear(h, W2, b2).named("layer2/o")).named("loss")


def test_a_classifier_agrees():
    """The layers have 3 * 4 and 3 * 3 outputs: so many sums, additions of the bias and (first) sigmoids, and 5 and 4
    times as many products. Each instance has a logsumexp and the difference of its class; then their negative mean."""
    loss = network(sigmoid, lambda o: softmax_cross_entropy(o, CLASSES))
    graph = require_agreement(loss)
    require_count(loss, graph)
    assert operators_of(graph) == {
        "multiply": 96, "sum": 22, "add": 21, "sigmoid": 12, "logsumexp": 3, "subtract": 3, "divide": 1, "negative": 1,
    }  # fmt: skip
    assert len(graph.nodes) == 159 + 15 + 24 + 15 + 1  # operators, x, layer 1, layer 2, and the 3 in the mean


def test_a_regression_with_relu_max_and_mse_agrees():
    target = np.array([0.5, -1.0, 2.0])
    loss = network(relu, lambda o: mse(o.max(axis=1), Tensor(target, "t")))
    graph = require_agreement(loss)
    require_count(loss, graph)
    # for each instance 2 maximum and, for each of 3 outputs, whether it equals the maximum; dot / sum
    assert operators_of(graph) == {
        "multiply": 96, "sum": 21 + 3 + 1, "add": 21, "relu": 12,
        "maximum": 6, "equal": 9, "dot": 3, "subtract": 3, "divide": 3 + 1, "power": 3,
    }  # fmt: skip


def test_a_matrix_product_is_its_products_and_sums():
    """(2, 3) @ (3, 4): 8 elements, each the sum of 3 products."""
    a, b = leaves((2, 3), (3, 4))
    c = (a @ b).named("c")
    graph = scalarize(c)
    assert operators_of(graph) == {"multiply": 24, "sum": 8}
    assert len(graph.nodes) == 24 + 8 + 6 + 12
    assert graph[c].shape == (2, 4)
    assert graph[c][1, 2].formula() == "sum(a[1, 0] * b[0, 2], a[1, 1] * b[1, 2], a[1, 2] * b[2, 2])"


@pytest.mark.parametrize("f, inputs, operators", [
    (lambda a, b: a @ b, [(3, 1), (1, 2)], {"multiply": 6}),  # sums of one product are that product
    (linear, [(2, 3), (3, 4), (4,)], {"multiply": 24, "sum": 8, "add": 8}),
    (lambda x: x.T.reshape(6)[::2], [(2, 3)], {}),
    (lambda x: x.max(axis=1), [(4, 2)], {"maximum": 4}),
    (lambda x: x.max(), [(5,)], {"maximum": 4, "equal": 5, "dot": 1, "sum": 1, "divide": 1}),
    (lambda x: logsumexp(x, axis=0), [(4, 2)], {"logsumexp": 2}),
    (softmax, [(2, 3)], {"logsumexp": 2, "subtract": 6, "exp": 6}),
    (log_softmax, [(2, 3)], {"logsumexp": 2, "subtract": 6}),
    (mse, [(2, 3), (2, 3)], {"subtract": 6, "power": 6, "sum": 1, "divide": 1}),
    (lambda x: x.mean(axis=0), [(4, 2)], {"sum": 2, "divide": 2}),
])  # fmt: skip
def test_the_operators_and_how_many_of_each(f, inputs, operators):
    assert operators_of(scalarize(f(*leaves(*inputs)))) == operators


def test_equal_elements_share_the_derivative_of_max():
    (x,) = leaves(TIED[0])
    out = x.max()
    graph = scalarize(out)
    graph.root.backward()
    assert graph.grad(x).tolist() == [0, 0.5, 0.5, 0]
    (x,) = leaves(TIED[2])
    graph = scalarize(x.max())
    graph.root.backward()
    assert graph.grad(x).tolist() == [0.25] * 4


def test_labels_and_groups():
    x, b = Tensor([[1.0, 2.0]], "x"), Tensor([0.5, 1.5], "layer1/b", requires_grad=True)
    k = (x + b * 2).named("layer1/k")
    loss = k.sum().named("loss")
    graph = scalarize(loss)
    assert [value.label for value in graph[b]] == ["layer1/b[0]", "layer1/b[1]"]
    assert [value.label for value in graph[k].flat] == ["layer1/k[0, 0]", "layer1/k[0, 1]"]
    assert graph.root.label == "loss"
    assert [value.requires_grad for value in (*graph[x].flat, *graph[b])] == [False, False, True, True]
    assert graph[k][0, 1].describe() == "k[0, 1]" and graph[k][0, 1].formula() == "x[0, 1] + (b[1] * 2)"
    two = graph[k][0, 1].inputs[1].inputs[1]
    assert (two.data, two.label, two.requires_grad) == (2, "", False)


def test_a_moved_element_is_the_same_value():
    (a,) = leaves((2, 3))
    moved = a.T.named("moved")
    graph = scalarize(moved)
    assert graph[moved][2, 1] is graph[a][1, 2]
    assert graph[a][1, 2].label == "a[1, 2]"


def test_a_new_elementwise_operator_needs_nothing_more():
    class Cube(Operator):
        symbol = "cube"
        forward = lambda x: x * x * x
        partials = (lambda out, x: 3 * x * x,)

    cube = Cube()
    graph = require_agreement(weighted(cube(*leaves((2, 3)))))
    assert operators_of(graph)["cube"] == 6


def test_a_new_array_operator_needs_a_composition():
    class Trace(ArrayOperator):
        symbol = "trace"

        def forward(self, x):
            return np.trace(x)

        def pull(self, upstream, out, x, needs):
            return [np.eye(x.shape[0]) * upstream]

    (x,) = leaves((3, 3))
    with pytest.raises(TypeError, match=r"array operator trace \(Trace\) is unknown; give it a `composition"):
        scalarize(Trace()(x))
    Trace.composition = lambda self, x: x[np.arange(3), np.arange(3)].sum()
    trace = Trace()(x)
    assert operators_of(require_agreement(trace)) == {"sum": 1}
    with no_grad():  # the graph was recorded before
        assert operators_of(scalarize(trace)) == {"sum": 1}


def test_a_released_graph_says_how_to_keep_it():
    (x,) = leaves((3,))
    k = (x * x).named("k")
    loss = k.sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"has been released .* scalarize before it, or .* backward\(keep=True\)"):
        scalarize(loss)
    with pytest.raises(RuntimeError, match="the graph behind k has been released"):
        scalarize((k * 2).sum())


def test_what_was_not_recorded_says_so():
    x, w = Tensor([1.0, 2.0], "x"), Tensor([3.0, 4.0], "w", requires_grad=True)
    with pytest.raises(ValueError, match="not recorded, for it depends on nothing that takes a gradient"):
        scalarize((x * 2).sum())
    with pytest.raises(KeyError, match="x is not in the graph of s as it was recorded"):
        scalarize((x * 2 * w).sum().named("s"))[x]


def test_a_graph_too_large_is_counted_not_built(monkeypatch):
    monkeypatch.setattr(scalar_graph, "values_of", None)
    a, b = leaves((300, 300), (300, 300))
    with pytest.raises(ValueError, match=r"scalarize: 27,270,001 Values would be needed \(the limit is 300,000\)"):
        scalarize((a @ b).sum())


def test_the_root_of_many_elements_is_not_one_value():
    (x,) = leaves((2, 3))
    graph = scalarize((x * x).named("k"))
    with pytest.raises(ValueError, match=r"root: k has shape \(2, 3\): choose one Value, or .sum\(\)"):
        graph.root.backward()
    (y,) = leaves((1, 1))
    assert scalarize(y * y).root.data == y.item() ** 2


def test_gradients_before_backward_and_of_what_is_not_used():
    (x,) = leaves((3,))
    graph = scalarize(x[1] * 2)
    assert graph.grad(x) is None
    graph.root.backward()
    assert graph.grad(x).tolist() == [0, 2, 0]


@pytest.mark.parametrize("logits", [[1e5, 1e5 + 1, -1e5], [1.0, -np.inf, 2.0]])
def test_logits_of_any_size_agree(logits):
    (o,) = leaves(np.array([logits]))
    require_agreement(softmax(o)[0, 0])
    (o,) = leaves(np.array([logits]))
    require_agreement(softmax_cross_entropy(o, np.array([0])))


def test_float32_agrees_to_its_precision():
    x = Tensor(np.float32([0.1, -0.7, 2.5]), "x", requires_grad=True)
    loss = (sigmoid(x) * 2**x).sum()
    graph = scalarize(loss)
    graph.root.backward()
    loss.backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(graph.grad(x), x.grad, rtol=1e-6)


def test_a_matrix_product_drawn():
    """(2, 2) @ (2, 2) and the sum of its elements: 8 named leaves, 8 products, 4 named sums, and s."""
    A = Tensor([[1.0, 2.0], [3.0, 4.0]], "A", requires_grad=True)
    B = Tensor([[5.0, 6.0], [7.0, 8.0]], "B", requires_grad=True)
    C = (A @ B).named("C")
    graph = scalarize(C.sum().named("s"))
    graph.root.backward()
    source = draw(graph.root).source
    named = re.findall(r"<B>(.*?)</B><BR/>data (\S+?)<", source)
    elements = [f"{name}[{i}, {j}]" for name in "ABC" for i in (0, 1) for j in (0, 1)]
    assert {name: float(data) for name, data in named} == dict(zip(elements, [*range(1, 9), 19, 22, 43, 50]), s=134)
    assert Counter(re.findall(r"_op \[label=<(.*?)>", source)) == {"*": 8, "sum": 5}


def test_one_element_of_a_matrix_product_drawn():
    """C[0, 1] = A[0, 0] * B[0, 1] + A[0, 1] * B[1, 1]: its own graph has no other leaves."""
    A, B = leaves((2, 2), (2, 2))
    C = (A @ B).named("C")
    source = draw(scalarize(C)[C][0, 1]).source
    assert re.findall(r"<B>(.*?)</B>", source) == ["a[0, 0]", "b[0, 1]", "a[0, 1]", "b[1, 1]", "C[0, 1]"]
