"""Programs of Tensors equal the engine: every array expression, every operator on numbers, random graphs, networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensor_engine as te
from models.layers import MLP
from scalar_engine import compile_graph, grad
from tensor_engine import Tensor, operand

from ...array_expressions import ARRAY_EXPRESSIONS, CHOICES, array, cases, leaves
from ...expressions import EXPRESSIONS
from ...expressions import cases as scalar_cases


def alone(program):
    """The program's text, run with nothing but NumPy."""
    namespace = {}
    exec(program.source, namespace)
    return namespace["program"]


def equal(found, expected, rel=1e-12):
    (value, gradients), (expected_value, expected_gradients) = found, expected
    assert value == pytest.approx(expected_value, rel=rel, abs=rel)
    for a, b in zip(gradients, expected_gradients):
        assert np.shape(a) == np.shape(b) and a == pytest.approx(b, rel=rel, abs=rel)


def weighted(out):
    """One number, in which no two elements count alike."""
    return (out * (array(*out.shape) + 3)).sum()


def by_engine(f, arrays):
    tensors = leaves(arrays)
    root = f(*tensors)
    return root.item(), grad(root, tensors)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS + CHOICES))
def test_every_array_expression(f, twin, arrays):
    """At other numbers than the program was made with, twice: what is left of a call must not matter to the next."""
    tensors = leaves(arrays)
    program = compile_graph(weighted(f(*tensors)), parameters=tensors)
    others = [np.roll(x, 1) * 0.9 for x in arrays]
    for numbers in (arrays, others, arrays):
        expected = by_engine(lambda *xs: weighted(f(*xs)), numbers)
        equal(program([], numbers), expected)
        equal(alone(program)([], numbers), expected)


@pytest.mark.parametrize("f, points", scalar_cases(EXPRESSIONS))
def test_every_operator_on_numbers(f, points):
    columns = [np.array(column, float) for column in zip(*points)]
    tensors = leaves(columns)
    program = compile_graph(f(*tensors).sum(), parameters=tensors)
    equal(program([], columns), by_engine(lambda *xs: f(*xs).sum(), columns))


UNARY = [te.tanh, te.sigmoid, lambda x: x * x, lambda x: 1.5 - x, lambda x: x.T.T / 3, lambda x: te.relu(x) + x[::-1],
         lambda x: x - x.max(axis=0), te.softmax, lambda x: x.mean(axis=1, keepdims=True) * x]  # fmt: skip
BINARY = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (b * b + 1), te.maximum,
          lambda a, b: (a @ b.T) @ a, lambda a, b: a + b[0], lambda a, b: te.concatenate([a, b])[1:4]]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=10),
    st.integers(0, 2**32 - 1),
)
def test_random_graphs_at_other_numbers_than_they_were_made_with(choices, seed):
    def f(*nodes):
        nodes = list(nodes)
        for i, j, k in choices:
            a, b, g = nodes[i % len(nodes)], nodes[j % len(nodes)], (UNARY + BINARY)[k % len(UNARY + BINARY)]
            nodes.append(g(a, b) if g in BINARY else g(a))
        return sum(node.mean() for node in [*nodes[:3], *nodes[-3:]])

    rng = np.random.default_rng(seed)
    arrays, others = ([rng.uniform(-2, 2, (3, 4)) for _ in range(3)] for _ in range(2))
    tensors = leaves(arrays)
    program = compile_graph(f(*tensors), parameters=tensors[:2], inputs=tensors[2:])
    for numbers in (others, arrays):
        value, gradients = by_engine(f, numbers)
        equal(program(numbers[2:], numbers[:2]), (value, gradients[:2]), rel=1e-11)


def network(batch, dtype=np.float64):
    rng = np.random.default_rng(batch)
    return rng.normal(size=(batch, 5)).astype(dtype), rng.integers(0, 3, batch)


def loss_of(model, x, y):
    return te.cross_entropy(model(x), y).named("loss")


def test_other_batches_and_types_are_further_instances():
    """Dropout's mask, the data and the classes are inputs; what is made of data alone follows it."""
    model = MLP([5, 4, 3], "relu", dtype=np.float64)
    x, y = network(8)
    x, y = Tensor(x, "x", requires_grad=True), operand(y, "y")
    program = compile_graph(loss_of(model, x / 2 - x.mean(axis=0), y), inputs=[x, y], parameters=model.parameters())
    for batch, dtype in [(8, np.float64), (3, np.float64), (1, np.float64), (8, np.float32), (8, np.float64)]:
        x, y = network(batch, dtype)
        other = MLP([5, 4, 3], "relu", dtype=dtype, rng=batch)
        loss = loss_of(other, x / 2 - x.mean(axis=0), y)
        value, gradients = program([x, y], [parameter.data for parameter in other.parameters()])
        assert gradients[0].dtype == dtype
        equal((value, gradients), (loss.item(), grad(loss, other.parameters())), 1e-12 if dtype is np.float64 else 1e-5)
    assert len(program.instances) == 4


def test_what_a_call_returns_is_the_callers():
    x = Tensor([1.0, 2.0], "x", requires_grad=True)
    program = compile_graph((x * x).sum())
    _, (first,) = program([], [[1.0, 2.0]])
    program([], [[5.0, 5.0]])
    assert first.tolist() == [2, 4]


def test_a_program_is_forward_only_without_parameters_and_then_of_any_shape():
    x = Tensor(array(2, 3), "x", requires_grad=True)
    program = compile_graph(te.softmax(x), inputs=[x], parameters=[])
    assert np.array_equal(program([x.data], [])[0], te.softmax(x.data))
    with pytest.raises(ValueError, match=r"softmax\(x\) has shape \(2, 3\), and must be one number"):
        compile_graph(te.softmax(x))


def test_the_text_is_one_a_person_would_write():
    x, W = Tensor(array(4, 3), "x"), Tensor(array(3, 2), "layer1/W", requires_grad=True)
    b = Tensor(array(2), "layer1/b", requires_grad=True)
    lines = compile_graph(te.sigmoid(te.linear(x, W, b).named("k")).sum(), inputs=[x]).source.splitlines()
    assert "    np.matmul(x, W, out=k)  # linear (4, 2)" in lines and "    np.add(k, b, out=k)" in lines
    assert "    np.matmul(x.T, dk, out=dW)  # linear (3, 2)" in lines
    assert "dW = gradients[0:6].reshape((3, 2))" in lines


def test_truth_values_are_multiplied_by_as_they_are():
    """And become numbers where something else is done to them."""
    x, w = (Tensor(array(2, 3), name, requires_grad=True) for name in "xw")
    source = compile_graph((te.relu(w) * x).sum(), [x], [w]).source
    assert "np.greater" in source and "astype" not in source
    for slope in (te.step(w) * 2.0, te.step(w) + x, te.step(w) * te.step(x)):
        assert "astype" in compile_graph((slope * w + x).sum(), [x], [w]).source


def test_what_would_be_silently_frozen_is_refused():
    x, w = Tensor(array(3), "x"), Tensor(array(3), "w", requires_grad=True)
    with pytest.raises(ValueError, match="how was not recorded; if it depends on an input"):
        compile_graph(((x * 2) * w + x).sum(), inputs=[x])
    program = compile_graph(((x * 2).detach() * w + x).sum(), inputs=[x])
    assert program([[0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]])[0] == pytest.approx(2 * array(3).sum())


def test_wrong_shapes_and_classes_are_told_as_the_engine_tells_them():
    model = MLP([5, 4, 3], dtype=np.float64)
    x, y = (f(each, name) for f, each, name in zip((Tensor, operand), network(8), "xy"))
    program = compile_graph(loss_of(model, x, y), inputs=[x, y])
    weights = [parameter.data for parameter in model.parameters()]
    with pytest.raises(ValueError, match=r"linear: \(2, 7\) @ \(5, 4\), inner axes 7 and 5 differ"):
        program([np.ones((2, 7)), np.array([0, 1])], weights)
    with pytest.raises(IndexError, match="class 3 of 3 classes"):
        program([network(8)[0], np.full(8, 3)], weights)
    with pytest.raises(ValueError, match="takes 2 inputs and 4 parameters, not 1 and 4"):
        program([network(8)[0]], weights)


def test_a_second_derivative_of_a_convolution():
    """In it patches are asked for before the convolution that would keep them."""

    def f(x, w):
        return (grad((te.conv2d(x, w, padding=1) ** 2).sum(), x, create_graph=True) ** 2).sum()

    arrays = [array(2, 2, 4, 3), array(3, 2, 2, 3)]
    program = compile_graph(f(*leaves(arrays)))
    others = [x[::-1] * 0.5 for x in arrays]
    equal(program([], others), by_engine(f, others), 1e-12)
    with pytest.raises(ValueError, match="how was not recorded"):  # the ones that sum()'s gradient is, of 2 images
        program([], [arrays[0][:1], arrays[1]])


@pytest.mark.parametrize("a", [np.diag([1.0, 2.0]), [[1.0, 2.0], [2.0, 1.0]]], ids=["diagonal", "symmetric"])
def test_matrices_whose_elements_moved_on_have_no_inverse(a):
    """A rule is tried on other numbers: on matrices that have one too. What raises there is called as it stands."""

    def f(a):
        return te.solve(a, te.inv(a)).sum() + te.det(a)

    program = compile_graph(f(Tensor(a, "a", requires_grad=True)))
    equal(program([], [np.array(a) + 0.1]), by_engine(f, [np.array(a) + 0.1]), 1e-12)
    assert "np.linalg.solve(" in program.source and "np.linalg.det(" in program.source
    program = compile_graph(te.det(Tensor(a, "a", requires_grad=True)))
    with pytest.raises(RuntimeError, match=r"det: \(2, 2\), a matrix is singular, and the gradient's rule"):
        program([], [np.ones((2, 2))])

    class Shifted(te.ArrayOperator):
        symbol = "shifted"

        def forward(self, x):
            return np.linalg.inv(x - 0.75 * np.flip(a))  # which the other numbers are

    x = Tensor(a, requires_grad=True)
    assert compile_graph(Shifted()(x), [x], [])([x.data], [])[0].tolist() == Shifted()(x.data).tolist()


def test_infinities_and_nan_are_the_engines():
    def f(x):
        return te.log(x).sum() + (1 / x).sum() + te.exp(x).sum()

    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    program = compile_graph(f(x))
    for numbers in ([0.0, 1.0, 1e4], [-1.0, 1.0, 2.0]):
        with np.errstate(all="ignore"):
            expected = by_engine(f, [np.array(numbers)])
        value, gradients = program([], [numbers])
        assert np.array_equal([value], [expected[0]], equal_nan=True)
        assert np.array_equal(gradients, expected[1], equal_nan=True)
