"""derive: the chain rule written out, on graphs small enough to work out by hand, and on others beside the engine."""

import math

import pytest
from hypothesis import given, settings

from models.question3 import Question3, random_case
from scalar_engine import (
    Symbol,
    Value,
    derive,
    dot,
    exp,
    grad,
    gradients,
    log,
    maximum,
    relu,
    sigmoid,
    sin,
    softmax,
    sum,
    tanh,
    topological_order,
)
from scalar_engine.operators import Sigmoid
from tensor_engine import Tensor, scalarize

from ...latex import well_formed
from ...walkthroughs.sheets.test_question3 import ASYMMETRIC
from ..test_random_graphs import graphs


def example():
    """f = a * b + a at a = 2, b = -3: df/da = 1 + b = -2, by two paths."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    product = (a * b).named("p")
    return a, b, product, (product + a).named("f")


def test_by_hand():
    a, b, p, f = example()
    found = derive(f, a)
    assert str(found) == (
        "df/da = -2, by the chain rule\n"
        "\n"
        "Nodes, from a to f\n"
        "  a = 2\n"
        "  p = a * b = -6\n"
        "  f = p + a = -4\n"
        "\n"
        "Local derivatives\n"
        "  df/dp = 1\n"
        "  df/da (local) = 1\n"
        "  dp/da = b = -3\n"
        "\n"
        "Path 1 of 2, a -> p -> f\n"
        "  df/dp * dp/da\n"
        "       = 1 * b\n"
        "       = b\n"
        "       = 1 * (-3)\n"
        "       = -3\n"
        "\n"
        "Path 2 of 2, a -> f\n"
        "  df/da (local) = 1\n"
        "\n"
        "The sum over the paths\n"
        "  df/da = b + 1 = -3 + 1 = -2"
    )
    assert found.gradient == -2 and found.formula == Symbol("b") + 1
    assert [[(x.node, x.input) for x in path] for path in found.paths] == [[(f, p), (p, a)], [(f, a)]]
    assert well_formed(found.latex)
    assert r"\frac{\mathrm{d} f}{\mathrm{d} a} & = b + 1 = -3 + 1 = -2" in found.latex
    assert str(derive(f, f)) == "df/df = 1: a node's derivative by itself" and derive(f, f).gradient == 1


def test_nodes_without_a_label_are_merged_into_what_is_made_of_them():
    """k = W11 * x1 + W21 * x2 + b1: the products have no name, and dk/dW11 = x1."""
    W11, W21, b1 = (Value(number, name) for number, name in [(0.5, "W11"), (-1.0, "W21"), (0.1, "b1")])
    x1, x2 = (Value(number, name, requires_grad=False) for number, name in [(2.0, "x1"), (3.0, "x2")])
    k1 = (W11 * x1 + W21 * x2 + b1).named("k1")
    h1 = sigmoid(k1).named("h1")
    text = str(derive(h1, W11))
    assert "  k1 = W11 * x1 + W21 * x2 + b1 = -1.9\n" in text and "  dk1/dW11 = x1 = 2\n" in text
    assert "  dh1/dk1 = h1 * (1 - h1) = 0.1301 * (1 - 0.1301) = 0.1132\n" in text


def test_another_classes_softmax_goes_by_its_name():
    o = [Value(0.1 * i, f"o{i}") for i in range(1, 4)]
    y = [node.named(f"y{i}") for i, node in enumerate(softmax(o), start=1)]
    l = (-sum([t * log(p) for t, p in zip((0.0, 1.0, 0.0), y)])).named("l")
    formulas = {(x.node.name, x.input.name): str(x.formula) for x in derive(l, o[0]).locals}
    assert formulas["y1", "o1"] == "y1 * (1 - y1)"
    assert formulas["y2", "o1"] in ("-y1 * y2", "-y2 * y1")


def test_long_formulas_get_a_name_on_the_way():
    w, x = Value(2.0, "w"), Value(0.5, "x")
    found = derive((sigmoid(w * x + 1) ** 2 * 3).named("f"), x)
    assert "  v1 = sigmoid(w * x + 1) = 0.8808\n  f = 3 * v1 ** 2 = 2.327\n" in str(found)
    assert "those without a label are called v1, v2, ..." in str(found)


def test_what_is_named_is_what_nests_deepest():
    """Softmax of products is too deep for one formula: the logsumexp is named, and its slopes are the outputs."""
    a, b, w = Value(0.3, "a"), Value(-0.2, "b"), Value(1.5, "w")
    y1, y2 = (node.named(f"y{i}") for i, node in enumerate(softmax([a * w, b * w]), start=1))
    text = str(derive((y1 * y2).named("f"), w))
    assert "  v1 = logsumexp(a * w, b * w) = 0.8369\n  y1 = exp(a * w - v1) = 0.6792\n" in text
    assert "  dv1/dw = b * y2 + a * y1 = (-0.2) * 0.3208 + 0.3 * 0.6792 = 0.1396\n" in text


def test_without_any_label():
    x = Value(0.5)
    root = x * x + 1
    text = str(derive(root, x))
    assert "  v1 = 0.5\n  v2 = v1 ** 2 + 1 = 1.25\n" in text and "dv2/dv1 = 2 * v1 = 2 * 0.5 = 1\n" in text


def test_what_the_numbers_stand_for_is_said_even_off_the_way():
    a, x = Value(0.3, "a", requires_grad=False), Value(2.0, "x")
    deep = sin(sin(sin(sin(a))))
    text = str(derive((deep * x).named("f"), x))
    assert "  v1 = 0.2832   (which does not depend on x)\n" in text and "  df/dx = v1 = 0.2832" in text


def test_names_are_told_apart():
    """Two nodes of one name go by their labels; two of one label are numbered; v1 of the user's is left alone."""
    ks = [Value(1.0 + i, f"layer{i}/k") for i in range(2)]
    w, again, v1, unnamed = Value(2.0, "w"), Value(3.0, "w"), Value(5.0, "v1"), Value(7.0)
    root = (ks[0] * w + ks[1] * again * v1 * unnamed).named("f")
    assert str(derive(root, ks[0]).definitions[root]) == "layer0.k * w + 7 * layer1.k * w_2 * v1"
    assert str(derive(root, unnamed).names[unnamed]) == "v2"
    assert r"\text{layer0.}k" in derive(root, ks[0]).latex and well_formed(derive(root, ks[0]).latex)


def test_names_that_mean_something_to_latex(compiles):
    a, b = Value(2.0, r"\end{align*} }{ $%&#_^~"), Value(3.0, "two\n\nlines")
    found = derive((tanh(a * b) / a).named("50%"), a)
    assert well_formed(found.latex)
    assert compiles(found.latex)
    assert "two" in str(found)


@pytest.mark.parametrize("case", [ASYMMETRIC, random_case(3)])
def test_question_3_weight_by_weight(case):
    """The sum over the paths, from the written formulas and from the numbers, is the engine's gradient."""
    network = Question3(case)
    gradient_of = gradients(network.l)
    for row in [*network.W, network.b, *network.V, network.c]:
        for leaf in row:
            found = derive(network.l, leaf)
            numbers = {name: node.data for node, name in found.names.items()}
            assert found.gradient == gradient_of[leaf]
            assert found.formula.replace(numbers) == pytest.approx(gradient_of[leaf], abs=1e-14)
            total = math.fsum(math.prod(x.number for x in path) for path in found.paths)
            assert total == pytest.approx(gradient_of[leaf], abs=1e-14)
            assert len(found.paths) == found.n_paths == len(case.c) ** 2 if leaf in network.W[0] else found.paths


def consistent(found):
    """Each local formula is its number, and the numbers, summed over paths node by node, give the gradient."""
    numbers = {name: node.data for node, name in found.names.items()}
    totals = {found.root: 1.0}
    leaving = {node: [] for node in found.definitions}
    for x in found.locals:
        leaving[x.node].append(x)
    for node in reversed(found.definitions):
        for x in leaving[node]:
            value = x.formula.replace(numbers)
            assert value == pytest.approx(x.number, rel=1e-9, abs=1e-12), (str(x.formula), str(found))
            totals[x.input] = totals.get(x.input, 0.0) + totals[node] * x.number
        assert found.definitions[node].replace(numbers) == pytest.approx(node.data, rel=1e-9, abs=1e-12)
    return totals[found.wrt] == pytest.approx(found.gradient, rel=1e-9, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_random_graphs(root):
    expected = gradients(root)
    for wrt in [node for node in topological_order(root) if node in expected]:
        found = derive(root, wrt)
        assert found.gradient == expected[wrt] and consistent(found)
        if found.formula is not None:
            numbers = {name: node.data for node, name in found.names.items()}
            assert found.formula.replace(numbers) == pytest.approx(expected[wrt], rel=1e-9, abs=1e-12)
        assert str(found).startswith("d") and well_formed(found.latex)
    assert all(node.grad is None for node in topological_order(root))


def test_too_many_paths_are_written_node_by_node():
    """Twenty diamonds have 2 ** 20 paths. Each node's derivative is the sum over its two consumers."""
    x = node = Value(1.0, "x")
    for i in range(20):
        node = ((node * 0.5).named(f"p{i}") + (node * 0.25).named(f"q{i}")).named(f"s{i}")
    found = derive(node, x)
    assert (found.n_paths, found.longest, found.paths, found.formula) == (2**20, 40, None, None)
    text = str(found)
    assert "Node by node, from s19 back, for there are 1,048,576 paths of up to 40 steps" in text
    assert "  ds19/ds18 = ds19/dp19 * dp19/ds18 + ds19/dq19 * dq19/ds18 = 1 * 0.5 + 1 * 0.25 = 0.75\n" in text
    assert "Path 1" not in text and consistent(found) and well_formed(found.latex)
    assert found.gradient == pytest.approx(0.75**20)


@pytest.mark.parametrize("step", [sin, lambda x: 1.0001 * x + 0.1, lambda x: 0.1 * x * x + sin(x), lambda x: x + x])
def test_thousands_of_nodes_without_a_label(step):
    x = node = Value(0.5, "x")
    for _ in range(1000):
        node = step(node)
    found = derive(node.named("y"), x)
    assert found.gradient == gradients(node)[x] and consistent(found)
    text = str(found)
    assert len(text) < 600 * len(topological_order(node)) and "Node by node" in text or found.n_paths == 1


def test_a_wide_sum_is_shortened():
    ws, xs = ([Value(0.01 * i, f"{name}{i}") for i in range(784)] for name in "wx")
    l = tanh(dot(ws, xs).named("k") * 1e-4).named("l")
    text = str(derive(l, ws[3]))
    assert "k = w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3 + ... + w782 * x782 + w783 * x783 = " in text
    assert "dk/dw3 = x3 = 0.03\n" in text and max(map(len, text.splitlines())) <= 110


def test_no_line_is_too_long_for_a_terminal():
    network = Question3(ASYMMETRIC)
    lines = [line for leaf in network.W[0] for line in str(derive(network.l, leaf)).splitlines()]
    assert max(map(len, lines)) <= 110


def test_it_compiles(compiles):
    network = Question3(ASYMMETRIC)
    many = network.l
    assert compiles(derive(many, network.W[0][0]).latex + derive(exp(many) * many, network.k[1]).latex)


def test_kinks():
    a, b = Value(1.0, "a"), Value(1.0, "b")
    text = str(derive(maximum(a, b).named("m"), a))
    assert "dm/da = (1 + sign(a - b)) / 2 = (1 + sign(1 - 1)) / 2 = 0.5" in text
    assert "dr/da = step(r) = step(1) = 1" in str(derive(relu(a).named("r"), a))


def test_errors():
    a, b, p, f = example()
    with pytest.raises(ValueError, match="derive: y is not part of the graph of f"):
        derive(f, Value(1.0, "y"))
    with pytest.raises(ValueError, match="derive: t takes no gradient, for it is data or depends on data only"):
        t = Value(1.0, "t", requires_grad=False)
        derive((t * a).named("g"), t)
    a.data = 5.0
    with pytest.raises(ValueError, match="derive: data has changed since the graph was made"):
        derive(f, a)
    a.data = 2.0
    p.inputs = ()  # as a backward pass leaves it that releases what it has consumed
    with pytest.raises(RuntimeError, match="has been released by an earlier backward pass"):
        derive(f, a)


def test_tensors_are_sent_to_scalarize():
    A = Tensor([[1.0, 2.0], [3.0, 4.0]], "A", requires_grad=True)
    root = (A @ A).sum()
    with pytest.raises(TypeError, match=r"A is a tensor, and derive needs scalars: graph = scalarize\(root\)"):
        derive(Value(1.0), A)
    with pytest.raises(TypeError, match="scalarize"):
        derive(root, A)
    graph = scalarize(root)
    text = str(derive(graph.root, graph[A][0, 1]))
    assert "A[0, 1] = 2" in text and text.startswith("d") and " = 11, by the chain rule" in text


def test_there_is_one_table_of_derivatives(monkeypatch):
    """Flip the sign of sigmoid's rule: formula, LaTeX, gradient and second derivative change alike."""

    def seen():
        k = Value(0.7, "k")
        h = sigmoid(k).named("h")
        found = derive(h, k)
        slope = grad(h, k, create_graph=True)
        return str(found.formula), found.formula.latex, found.gradient, grad(slope, k), str(found), found.latex

    before = seen()
    monkeypatch.setattr(Sigmoid, "partials", (lambda out, x: -out * (1 - out),))
    after = seen()
    assert before[:2] == ("h * (1 - h)", r"h \, (1 - h)")
    assert after[:2] == ("-h * (1 - h)", r"-h \, (1 - h)")
    h = 1 / (1 + math.exp(-0.7))
    assert before[2:4] == pytest.approx((h * (1 - h), h * (1 - h) * (1 - 2 * h)))
    # the slope -h (1 - h) is differentiated by the flipped rule too: (-h (1 - h)) * (-(1 - 2 h))
    assert after[2:4] == pytest.approx((-h * (1 - h), h * (1 - h) * (1 - 2 * h)))
    assert "dh/dk = h * (1 - h) = 0.6682 * (1 - 0.6682) = 0.2217" in before[4]
    assert "dh/dk = -h * (1 - h) = -0.6682 * (1 - 0.6682) = -0.2217" in after[4]
    assert r"-h \, (1 - h)" in after[5] and r"-h \, (1 - h)" not in before[5]
