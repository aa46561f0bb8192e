"""Every hand-written network against the engine: the same weights, the same instances, the same loss and gradients."""

import ast
from pathlib import Path

import numpy as np
import pytest

from models import by_hand
from models.by_hand import augsburg, ftp, lmu, tsm, vu, vu_lists
from models.layers import MLP
from models.question3 import SHEET, SHEET_GRADIENTS, Question3, agrees, random_case
from models.training import backward
from tensor_engine.optimizers import SGD

SIZES = [6, 5, 4, 3]
RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(7, 6)), np.array([0, 2, 1, 1, 0, 2, 2])


def engine(sizes, activation, weights, biases):
    """The engine's network with these weights (inputs, outputs) and biases (outputs,) copied in."""
    model = MLP(sizes, activation, dtype=np.float64)
    for parameter, data in zip(model.parameters(), [p for pair in zip(weights, biases) for p in pair]):
        parameter.data[...] = data
    return model


def compared(sizes, activation, weights, biases, loss, weight_gradients, bias_gradients, update):
    """Hold a hand-written pass, and then its update at rate 0.3, to the engine's.

    All arrays come in the engine's layout, and those of `weights` and `biases` are views of the hand-written network's.
    """
    model = engine(sizes, activation, weights, biases)
    assert backward(model, X, Y) == pytest.approx(loss, rel=1e-12)
    found = [g for pair in zip(weight_gradients, bias_gradients) for g in pair]
    for parameter, gradient in zip(model.parameters(), found, strict=True):
        np.testing.assert_allclose(gradient, parameter.grad, rtol=1e-9, atol=1e-13, err_msg=parameter.label)
    update(0.3)
    SGD(model.parameters(), 0.3).step()
    for parameter, data in zip(model.parameters(), [p for pair in zip(weights, biases) for p in pair], strict=True):
        np.testing.assert_allclose(data, parameter.data, rtol=1e-9, atol=1e-13, err_msg=parameter.label)


def with_biases(*arrays):
    """Biases away from 0, so that a pass that leaves them out is seen."""
    for array in arrays:
        array[...] = RNG.normal(size=array.shape)


def test_vu_batched_is_the_engine():
    net = vu.BatchedNetwork(6, 5, 3, dtype=np.float64)
    with_biases(net.b, net.c)
    loss = net.forward(X, Y) / len(X)
    net.backward()
    gradients = [net.dW / len(X), net.dV / len(X)], [net.db / len(X), net.dc / len(X)]
    compared([6, 5, 3], "sigmoid", [net.W, net.V], [net.b, net.c], loss, *gradients, net.update)
    assert not net.dW.any() and net.n_instances == 0  # gradients start afresh after a step


def test_vu_batched_is_one_instance_at_a_time():
    single, batched = vu.Network(6, 5, 3, rng=4, dtype=np.float64), vu.BatchedNetwork(6, 5, 3, rng=4, dtype=np.float64)
    losses = []
    for x, y in zip(X, Y):
        losses.append(single.forward(x, y))
        single.backward()
    assert batched.forward(X, Y) == pytest.approx(sum(losses), rel=1e-12)
    batched.backward()
    for name in ("dW", "db", "dV", "dc"):
        np.testing.assert_allclose(getattr(batched, name), getattr(single, name), rtol=1e-10, atol=1e-14)
    for net in (single, batched):
        net.update(0.5)
    np.testing.assert_allclose(batched.W, single.W, rtol=1e-12)


def test_vu_gives_the_sheets_derivatives():
    """Question 3: dV = [[-0.4404, 0.4404]] x 3 and dc = [-0.5, 0.5]; dW and db are 0."""
    net = vu.Network(2, 3, 2, dtype=np.float64)
    net.W, net.b, net.V, net.c = (np.array(part) for part in (SHEET.W, SHEET.b, SHEET.V, SHEET.c))
    assert net.forward(np.array(SHEET.x), SHEET.target) == pytest.approx(np.log(2))
    net.backward()
    for name, gradient in SHEET_GRADIENTS.items():
        np.testing.assert_allclose(getattr(net, f"d{name}"), gradient, atol=5e-5)


def test_vu_steps_along_the_mean_of_a_few():
    """A step after two instances and one after the one that is left: as updates by hand."""
    trained, stepped = (vu.Network(6, 5, 3, rng=1, dtype=np.float64) for _ in range(2))
    losses = list(vu.train(trained, X[:3], Y[:3], 2, 0.3))
    expected = []
    for rows in ([0, 1], [2]):
        for row in rows:
            expected.append(stepped.forward(X[row], Y[row]))
            stepped.backward()
        stepped.update(0.3)
    assert losses == expected and np.array_equal(trained.W, stepped.W) and np.array_equal(trained.c, stepped.c)


def lists_of(case):
    k, h, o, y = vu_lists.forward(case.x, case.W, case.b, case.V, case.c)
    return {"k": k, "h": h, "o": o, "y": y}, dict(zip("WbVc", vu_lists.backward(case.x, case.target, case.V, h, y)))


def test_vu_lists_give_the_sheets_derivatives():
    values, gradients = lists_of(SHEET)
    assert values["k"] == [2.0, 2.0, 2.0] and vu_lists.loss(values["y"], SHEET.target) == pytest.approx(np.log(2))
    assert all(agrees(gradients[name], expected) for name, expected in SHEET_GRADIENTS.items())


@pytest.mark.parametrize("seed", range(4))
def test_vu_lists_are_the_engine(seed):
    case = random_case(seed)
    network = Question3(case)
    values, gradients = lists_of(case)
    assert all(values[name] == pytest.approx(network.values()[name], rel=1e-12) for name in values)
    assert all(agrees(gradients[name], expected, 12) for name, expected in network.gradients().items())


def test_vu_lists_take_a_step_after_each_instance():
    """w - 0.1 dl/dw for weights and biases of both layers; the same instance again costs less."""
    before, weights = ([[[0.5, -1.0]], [0.1, 0.2], [[1.0, -2.0], [0.3, 0.4]], [0.0, 0.1]] for _ in range(2))
    _, h, _, y = vu_lists.forward([2.0], *before)
    gradients = vu_lists.backward([2.0], 1, before[2], h, y)
    [loss] = vu_lists.train([[2.0]], [1], 0.1, *weights)
    for old, new, gradient in zip(before, weights, gradients):
        np.testing.assert_allclose(new, np.array(old) - 0.1 * np.array(gradient), rtol=1e-12)
    [again] = vu_lists.train([[2.0]], [1], 0.1, *weights)
    assert again < loss == vu_lists.loss(y, 1)


def test_augsburg_is_the_engine():
    net = augsburg.NeuralNetwork(SIZES, dtype=np.float64)
    with_biases(*net.biases)
    assert net.forward(X.T).shape == (3, 7)
    net.backward(Y)
    weights, biases = [w.T for w in net.weights], [b[:, 0] for b in net.biases]
    gradients = [g.T for g in net.weight_gradients], [g[:, 0] for g in net.bias_gradients]
    compared(SIZES, "sigmoid", weights, biases, net.loss(Y), *gradients, net.update)


def test_augsburgs_error_term_by_hand():
    """Two instances: H - one-hot, over M = 2, in the sheet's shape (N_n, M)."""
    H = np.array([[0.7, 0.1], [0.2, 0.3], [0.1, 0.6]])
    expected = [[-0.15, 0.05], [0.1, 0.15], [0.05, -0.2]]
    np.testing.assert_allclose(augsburg.error_term_last_layer(H, np.array([0, 2])), expected, atol=1e-15)
    assert augsburg.del_sigmoid(np.array([0.5, 0.9])) == pytest.approx([0.25, 0.09])


def test_augsburg_trains_itself_on_all_instances_and_on_mini_batches(tmp_path):
    """Its steps are forward, backward and update, on columns of which an epoch has each once; and its file has them."""
    plain, routine = (augsburg.NeuralNetwork(SIZES, dtype=np.float64) for _ in range(2))
    for _ in range(4):
        plain.forward(X.T)
        plain.backward(Y)
        plain.update(0.3)
    rows = routine.train((X.T, Y), (X[:2].T, Y[:2]), 4, 0.3, tmp_path / "log.txt", every=2)
    np.testing.assert_array_equal(routine.weights[0], plain.weights[0])
    assert [row[0] for row in rows] == [2, 4] and rows[1] == (
        4,
        *plain.measured(X.T, Y),
        *plain.measured(X[:2].T, Y[:2]),
    )
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert len(lines) == 3 and lines[2].split()[0] == "4" and float(lines[2].split()[1]) == round(rows[1][1], 4)
    taken = [columns.tolist() for _, columns in zip(range(6), augsburg.batches(7, 3, 0))]
    assert [len(columns) for columns in taken] == [3, 3, 1] * 2 and sorted(sum(taken[:3], [])) == list(range(7))
    assert taken[:3] != taken[3:] and sorted(sum(taken[3:], [])) == list(range(7))


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("sizes", [[6, 3], [6, 5, 3], SIZES])
def test_tsm_is_the_engine(sizes, activation):
    net = tsm.MLP(sizes, activation, dtype=np.float64)
    with_biases(*net.b)
    net.forward(X)
    net.backward(Y)
    compared(sizes, activation, [w.T for w in net.W], net.b, net.cost(Y), [g.T for g in net.dW], net.db, net.update)


def test_tsm_has_the_engines_momentum():
    net = tsm.MLP(SIZES, "relu", dtype=np.float64)
    model = engine(SIZES, "relu", [w.T for w in net.W], net.b)
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(3):
        net.forward(X)
        net.backward(Y)
        net.update(0.1, momentum=0.9)
        backward(model, X, Y)
        optimizer.step()
    for parameter, data in zip(model.parameters()[::2], net.W, strict=True):
        np.testing.assert_allclose(data.T, parameter.data, rtol=1e-9, atol=1e-13)


def test_ftp_is_the_engine():
    net = ftp.MLP(SIZES, dtype=np.float64)
    with_biases(*[layer.b for layer in net.layers])
    net.propagate(X)
    net.backpropagate(Y)
    weights, biases = [layer.W.T for layer in net.layers], [layer.b for layer in net.layers]
    gradients = [layer.grad_W.T for layer in net.layers], [layer.grad_b for layer in net.layers]
    compared(SIZES, "sigmoid", weights, biases, net.cost(Y), *gradients, net.update)


def test_ftps_gradient_check_passes_and_sees_a_wrong_gradient(monkeypatch):
    net = ftp.MLP(SIZES, dtype=np.float64)
    worst, count = ftp.gradient_check(net, X, Y)
    assert worst < 4e-7 and count == 6 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3
    monkeypatch.setattr(ftp.DenseLayer, "backpropagate", lambda self, grad_y: self.backpropagate_z(grad_y * self.y))
    assert ftp.gradient_check(net, X, Y)[0] > 1e-3


def test_lmu_is_the_engine():
    net = lmu.MLP(6, [5, 4], 3, dtype=np.float64)
    linears = [layer for layer in net.layers if isinstance(layer, lmu.Linear)]
    with_biases(*[layer.b for layer in linears])
    loss = net.loss.forward(net.forward(X), np.eye(3)[Y])
    net.backward()
    weights, biases = [layer.w.T for layer in linears], [layer.b for layer in linears]
    gradients = [layer.dw.T for layer in linears], [layer.db for layer in linears]
    compared(SIZES, "relu", weights, biases, loss, *gradients, net.update)


def test_lmus_softmax_needs_its_constant():
    """exp(1000) overflows; with C = -max the same logits give e^-1 / (1 + e^-1)."""
    f = np.array([[1000.0, 1001.0]])
    assert lmu.Softmax().forward(f)[0] == pytest.approx([0.2689, 0.7311], abs=1e-4)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(lmu.Softmax(stable=False).forward(f)).all()


def test_no_engine_inside():
    for path in Path(by_hand.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"numpy", "math"}, path.name
            if isinstance(node, ast.ImportFrom):
                assert (node.level, node.module) in {(1, "functions"), (0, "typing")}, path.name
