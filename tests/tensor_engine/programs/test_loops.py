"""Programs with loops equal the engine, on the numbers where loops may go wrong; and what is kept of them on disk."""

import math
import subprocess
import sys
from struct import pack

import numpy as np
import pytest

import tensor_engine as te
from models.layers import MLP
from scalar_engine import Operator, grad, operators
from tensor_engine import Tensor, operand
from tensor_engine.operators.fused import SoftmaxLessOneHot
from tensor_engine.operators.rearranging import Cast
from tensor_engine.operators.reductions import LogSoftmax, Softmax
from tensor_engine.programs import jit
from tensor_engine.programs.array_program import Instance
from tests import ROOT

from ...array_expressions import ARRAY_EXPRESSIONS, CHOICES, array, leaves
from ...scalar_engine.test_mutations import mutate
from ..test_mutations import mutate as mutate_pull


@pytest.fixture(autouse=True)
def numba(needed):
    needed(jit.is_there(), "Numba")


class Wave(Operator):
    """An operator of one's own."""

    symbol = "wave"
    forward = lambda x: x * x - 3 / (2 + x * x) if x > 0.5 else -x
    partials = (lambda out, x: te.step(x - 0.5) * (2 * x + 6 * x / (2 + x * x) ** 2) + te.step(0.5 - x) * -1.0,)


EXPRESSIONS = {
    "sigmoid": lambda x, b: te.sigmoid(x + b) * x,
    "relu": lambda x, b: te.relu(x + b) - te.relu(x) * 2,
    "tanh": lambda x, b: te.tanh(x * b) / (x * x + 1),
    "maximum": lambda x, b: te.maximum(x, b) * te.minimum(x, 0.3) + abs(x),
    "roots": lambda x, b: te.sqrt(x * x + 1) / te.exp(b) ** 2,
    "columns": lambda x, b: (x - x.mean(axis=1, keepdims=True)) * (x.sum(axis=0) + b),
    "softmax": lambda x, b: te.softmax(x + b) * x - b,
    "a sum that a loop needs": lambda x, b: x * 2 + (x * x).sum(axis=0) * b,
    "in itself": lambda x, b: (x + x) * (x + x) - (b - b),
    "one's own": lambda x, b: Wave()(x * b) + x,
}


def instance_of(f, arrays):
    tensors = leaves(arrays)
    return Instance(f(*tensors), [], tensors, "loops")


def weighted(f):
    return lambda *xs: (f(*xs) * (array(5, 4) + 3).astype(xs[0].dtype)).sum()


@pytest.mark.parametrize("dtype, rel", [(np.float64, 1e-12), (np.float32, 2e-5)])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_loops_equal_the_engine(name, dtype, rel):
    f, arrays = weighted(EXPRESSIONS[name]), [array(5, 4).astype(dtype), array(4).astype(dtype)]
    instance = instance_of(f, arrays)
    for numbers in (arrays, [x[::-1].copy() * dtype(0.5) for x in arrays], arrays):
        tensors = leaves(numbers)
        root = f(*tensors)
        value, gradients = instance.function([], numbers)
        assert value == pytest.approx(root.item(), rel=rel) and value.dtype == dtype
        for found, expected in zip(gradients, grad(root, tensors)):
            assert found == pytest.approx(expected, rel=rel, abs=rel) and found.dtype == dtype


def without_numba(text, arguments):
    """A loop as plain Python, which is slow, and there at once."""
    namespace = {"np": np, **{name: getattr(math, name) for name in jit.FUNCTIONS}}
    exec(text, namespace)
    return namespace["loop"]


def require_the_engines(f, arrays, others):
    instance = instance_of(f, arrays)
    for numbers in (others, arrays):
        tensors = leaves(numbers)
        root = f(*tensors)
        value, gradients = instance.function([], [*map(np.asarray, numbers)])
        assert value == pytest.approx(root.item(), rel=1e-11)
        for found, expected in zip(gradients, grad(root, tensors)):
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-10 * max(1, np.abs(expected).max(initial=0)))


def test_every_array_expression(monkeypatch):
    monkeypatch.setattr(jit, "compiled", without_numba)
    for _, f, _, arrays in ARRAY_EXPRESSIONS + CHOICES:

        def number_of(*xs, f=f):
            out = f(*xs)
            return (out * (array(*out.shape) + 3)).sum()

        require_the_engines(number_of, arrays, [np.roll(x, 1) * 0.9 for x in arrays])


def test_infinity_is_a_number_to_numba():
    require_the_engines(lambda x: (te.clip(x, max=0.5) * te.exp(x)).sum(), [array(5, 4)], [array(5, 4) * 0.9])


def classes_for(x):
    return np.arange(x.shape[0]) % x.shape[1]


def chosen(x):
    return x[(np.arange(x.shape[0]), operand(classes_for(x)))]


ROWS = [te.softmax, te.log_softmax, lambda x: x - x.mean(axis=1, keepdims=True), lambda x: x * te.exp(x - x.max()),
        lambda x: x / (1 + x.max(axis=1, keepdims=True) ** 2), lambda x: x * x.min(axis=-1).reshape((x.shape[0], 1)),
        lambda x: x * te.cross_entropy(x, operand(classes_for(x))), lambda x: te.softmax(x, axis=0) * x[::-1],
        lambda x: te.exp(x.mean(axis=1) / 9)[::-1, None] * x, lambda x: te.exp(x.sum(axis=1) / 9)[:, None] - x,
        lambda x: x * chosen(x).reshape((x.shape[0], 1)), lambda x: x * x.mean(axis=1).mean() + te.sigmoid(x),
        lambda x: x + x.sum(axis=1) if x.shape[0] == x.shape[1] else x + x[0], lambda x: te.mse(x, x.T.T * 2) - x,
        lambda x: te.logsumexp(x, axis=1, keepdims=True) + te.tanh(x),
        lambda x: te.cross_entropy(x, te.softmax(x)) * x]  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 4), (3, 3), (4, 1), (1, 3), (1, 1)])
def test_random_graphs_of_rows(shape, monkeypatch):
    """Rows as long as columns, or of one element, are the ones to be mistaken for the other."""
    monkeypatch.setattr(jit, "compiled", without_numba)
    for seed in range(15):
        rng = np.random.default_rng(seed)
        choices = rng.integers(0, 99, (rng.integers(1, 6), 3))

        def f(*nodes, choices=choices):
            nodes = list(nodes)
            for i, j, k in choices:
                nodes.append(ROWS[k % len(ROWS)](nodes[i % len(nodes)]) + 0.5 * nodes[j % len(nodes)])
            return sum(node.mean() for node in [*nodes[:2], *nodes[-3:]])

        require_the_engines(f, *([rng.uniform(-2, 2, shape) for _ in range(2)] for _ in range(2)))


def cross_entropy_of(x, y):
    tensors = [operand(x, "x"), operand(y, "y")]
    tensors[0].requires_grad = True
    return Instance(te.cross_entropy(tensors[0] * 2, tensors[1]), [tensors[1]], tensors[:1], "loops")


def test_softmax_the_loss_and_its_gradient_are_one_loop():
    instance = cross_entropy_of(array(2, 3), np.array([0, 1]))
    assert instance.source.count("def loop_") == 1 and instance.source.count("exp(") == 1
    assert "np." not in instance.source.split("# forward")[1]
    with np.errstate(invalid="ignore"):
        for row in ([np.nan, 0, 1], [np.inf, 0, 1], [-np.inf, 0, 1]):
            x = Tensor([row, [1, 2, 3]], "x", requires_grad=True)
            root = te.cross_entropy(x * 2, np.array([1, 2]))
            value, (gradient,) = instance.function([np.array([1, 2])], [x.data])
            assert value == pytest.approx(root.item(), nan_ok=True)
            assert gradient == pytest.approx(grad(root, [x])[0], nan_ok=True)
    assert np.isnan(instance.function([np.array([3, -1])], [array(2, 3)])[0])  # there are no such classes


def test_a_network_is_products_exponentials_and_loops():
    x, y = np.random.default_rng(0).normal(size=(8, 5)), np.arange(8) % 3
    model = MLP([5, 4, 4, 3], dtype=np.float64)
    nodes = [operand(x, "x"), operand(y, "y")]
    instance = Instance(te.cross_entropy(model(nodes[0]), nodes[1]), nodes, model.parameters(), "loops")
    assert instance.source.count("def loop_") == 3 and instance.source.count("    loop_1(") == 2
    value, gradients = instance.function([x, y], [parameter.data for parameter in model.parameters()])
    loss = te.cross_entropy(model(x), y)
    assert value == pytest.approx(loss.item(), rel=1e-12)
    for found, expected in zip(gradients, grad(loss, model.parameters())):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_two_types_are_two_loops():
    def f(x, b):
        rough = Cast(np.float32)(x * b + 1) * 3
        return (te.softmax(Cast(np.float64)(rough * rough)) * x).sum()

    arrays = [array(5, 4), array(4)]
    instance, tensors = instance_of(f, arrays), leaves(arrays)
    value, gradients = instance.function([], arrays)
    assert value == pytest.approx(f(*tensors).item(), rel=1e-7)
    for found, expected in zip(gradients, grad(f(*tensors), tensors)):
        assert found == pytest.approx(expected, rel=1e-5)


def test_nan_and_infinity_are_numpys():
    def f(x, b):
        return (te.relu(x) * b + x / b - te.maximum(x, b) + te.sigmoid(x * b) + te.sqrt(x)).sum()

    numbers = [
        np.array([[np.inf, -np.inf, np.nan, 0.0, 1e200, -1.0]] * 2),
        np.array([0.0, np.inf, 1.0, 0.0, 1e200, np.nan]),
    ]
    with np.errstate(all="ignore"):
        tensors = leaves(numbers)
        root = f(*tensors)
        expected = grad(root, tensors)
        value, gradients = instance_of(f, [array(2, 6) + 3, array(6) + 3]).function([], numbers)
    assert np.array_equal(value, root.data, equal_nan=True)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(gradients, expected))


@pytest.mark.parametrize("op", ["relu", "sigmoid", "tanh"])
def test_a_sign_flipped_in_a_rule_flips_in_the_loop(op, monkeypatch):
    def gradient():
        return instance_of(lambda x: (getattr(te, op)(x) * 3).sum(), [array(5, 4)]).function([], [array(5, 4)])[1][0]

    right = gradient().copy()
    mutate(monkeypatch, getattr(operators, op), 0, "flipped")
    assert np.array_equal(gradient(), -right) and right.any()


ROW_RULES = [
    (Softmax, lambda x: (te.softmax(x) * x).sum()),
    (LogSoftmax, lambda x: (te.log_softmax(x) * x.detach()).sum()),
    (te.operators.fused.CrossEntropyOfClasses, lambda x: te.cross_entropy(x, operand(np.arange(5) % 4))),
    (SoftmaxLessOneHot, lambda x: (SoftmaxLessOneHot()(x, operand(np.arange(5) % 4)) * x.detach()).sum()),
    (te.operators.fused.MeanSquaredError, lambda x: te.mse(x, np.ones((5, 4)))),
    (te.operators.reductions.MaxOver, lambda x: (x.max(axis=1, keepdims=True) * x.detach()).sum()),
]


@pytest.mark.parametrize("kind, f", ROW_RULES)
def test_a_sign_flipped_in_a_rule_flips_in_the_loop_over_rows(kind, f, monkeypatch):
    monkeypatch.setattr(jit, "compiled", without_numba)

    def gradient():
        return instance_of(f, [array(5, 4)]).function([], [array(5, 4)])[1][0].copy()

    def by_engine():
        x = Tensor(array(5, 4), requires_grad=True)
        return grad(f(x), [x])[0]

    right = gradient()
    mutate_pull(monkeypatch, kind, 0, "flipped")
    wrong = gradient()
    assert not np.allclose(wrong, right) and wrong == pytest.approx(by_engine(), rel=1e-12, abs=1e-15)


def test_what_is_kept_is_found_and_what_is_damaged_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "def loop(a0):\n    for i in range(a0.shape[0]):\n        a0[i] = a0[i] * np.float64(7.5)\n"
    script = (
        "import sys, numpy as np\nfrom tensor_engine.programs import jit\n"
        "a = np.ones(3)\nloop = jit.compiled(sys.argv[1], [a])\nloop(a)\nassert a.tolist() == [7.5] * 3\n"
        "print(sum(loop.stats.cache_hits.values()))"
    )

    def start():
        return subprocess.Popen([sys.executable, "-c", script, text], cwd=ROOT, stdout=subprocess.PIPE, text=True)

    together = [start(), start()]
    assert [process.communicate()[0] != "" for process in together] == [True, True]
    assert start().communicate()[0] == "1\n"
    changed = 0
    for path in tmp_path.rglob("*.nbc"):  # machine code that is read without complaint, and multiplies by 8.5
        code, other = path.read_bytes(), path.read_bytes().replace(pack("<d", 7.5), pack("<d", 8.5))
        path.write_bytes(other)
        changed += other != code
    assert changed == 1 and start().communicate()[0] == "0\n" and start().communicate()[0] == "1\n"
    for path in tmp_path.rglob("*.nb?"):
        path.write_bytes(b"damaged")
    for path in tmp_path.rglob("*.py"):
        path.write_text("damaged")
    assert start().communicate()[0] == "0\n"
