"""Copies, pickles, updates in place and threads: what the user sees is what is differentiated, or it is refused."""

import copy
import pickle
import threading

import numpy as np
import pytest

from models.layers import MLP
from tensor_engine import Tensor, cross_entropy, detect_anomaly, linear, mse, no_grad, relu, scalarize, where
from tensor_engine.kernels import ArrayOperator
from tensor_engine.optimizers import SGD, Adam
from walkthroughs.draw import draw
from walkthroughs.stepper import step

from ..array_expressions import ARRAY_EXPRESSIONS, leaves
from ..array_expressions import cases as array_cases
from .test_operators import every_array_operator


def parameter(*numbers):
    return Tensor(np.array(numbers), "w", requires_grad=True)


# ---- updates in place


def test_hazard_an_update_by_minus_equals_trains_nothing():
    """PyTorch's losses are 27.667, 5.489, 1.090, 0.217, 0.044."""
    x, t = np.array([[1.0], [2.0], [3.0]]), np.array([[3.0], [5.0], [7.0]])
    W, b = Tensor(np.zeros((1, 1)), "W", requires_grad=True), Tensor(np.zeros(1), "b", requires_grad=True)
    losses = []
    for _ in range(5):
        loss = mse(linear(x, W, b), t)
        loss.backward()
        losses.append(loss.item())
        with no_grad():
            for p in (W, b):
                p -= 0.05 * p.grad
        W.grad = b.grad = None
    assert losses == pytest.approx([27.667, 5.489, 1.090, 0.217, 0.044], abs=1e-3)


@pytest.mark.parametrize("update, expected", [
    (lambda p: p.__iadd__(1), [3, 4]), (lambda p: p.__isub__(1), [1, 2]), (lambda p: p.__imul__(2), [4, 6]),
    (lambda p: p.__itruediv__(2), [1, 1.5]), (lambda p: p.__ipow__(2), [4, 9]),
])  # fmt: skip
def test_every_update_in_place_keeps_the_tensor_and_its_memory(update, expected):
    w = parameter(2.0, 3.0)
    memory = w.data
    with no_grad():
        assert update(w) is w
    assert w.data.tolist() == expected and np.shares_memory(w.data, memory) and w.requires_grad


def test_hazard_an_update_in_place_that_would_be_recorded():
    w = parameter(2.0)
    with pytest.raises(
        RuntimeError, match="w takes a gradient, and -= would leave it as it is: `with no_grad.*w.data -="
    ):
        w -= 0.1
    total = Tensor(0.0)
    for _ in range(2):
        total = total + (w * w).sum()
    total += (w * 3).sum()  # what is computed may be added to: this makes a new Tensor
    total.backward()
    assert w.grad.tolist() == [11]


def test_hazard_a_step_between_forward_and_backward():
    """d W ** 3 at W = 2 is 12, and 9.78 at a mixture of 2 and 1.7; PyTorch raises too."""
    for kind in (SGD, Adam):
        w = Tensor([2.0], "W", requires_grad=True)
        optimizer = kind([w], 0.1)
        first, second = (3 * w).sum(), (w * w * w).sum()
        first.backward()
        optimizer.step()
        with pytest.raises(RuntimeError, match="W has been changed in place since the forward pass"):
            second.backward()
        assert w.grad is None
        (w * w).sum().backward()
        assert w.grad == pytest.approx(2 * w.data)


def test_hazard_data_in_place_between_forward_and_backward():
    w = parameter(2.0)
    loss = (w * w).sum()
    w.data -= 0.5
    with pytest.raises(RuntimeError, match="w has been changed in place"):
        loss.backward()
    with no_grad():
        w += 0.5
    with pytest.raises(RuntimeError, match="w has been changed in place"):
        loss.backward()


def test_hazard_data_assigned_between_forward_and_backward():
    """The array that the forward pass had is still there: the gradient is that of the forward pass."""
    w = parameter(2.0)
    loss = (w * w * w).sum()
    w.data = np.array([10.0])
    loss.backward()
    assert w.grad.tolist() == [12]


def test_hazard_an_element_written_into_an_array_between_forward_and_backward():
    """No object changes there: what looks at every element sees it, and backward does inside `detect_anomaly`."""
    w = parameter(2.0, 3.0)
    loss = (w * w).sum()
    w.data[0] = 7.0
    with detect_anomaly(), pytest.raises(ValueError, match="backward: data has changed since the graph was made"):
        loss.backward()
    assert w.grad is None


@pytest.mark.parametrize("look", [step, draw, scalarize])
def test_hazard_a_picture_of_numbers_that_do_not_go_together(look):
    w = parameter(2.0)
    k = (w * np.array([3.0])).sum().named("k")
    k.backward(keep=True)
    w.data -= 0.5 * w.grad
    with pytest.raises((ValueError, RuntimeError), match="changed"):
        look(k)
    w.data = np.array([2.0])
    w.data[0] = 7.0
    with pytest.raises((ValueError, RuntimeError), match="changed"):
        look(k)


@pytest.mark.parametrize("make", [
    lambda x, i: x[i], lambda x, i: x[i, i], lambda x, i: where((i > 0)[:, None], x[:2], -x[:2]),
    lambda x, i: cross_entropy(x[:2], i),
], ids=["index", "pair", "where", "classes"])  # fmt: skip
def test_hazard_an_index_that_is_edited_after_the_forward_pass(make):
    x, twin = (Tensor(np.arange(9.0).reshape(3, 3) ** 0.5, requires_grad=True) for _ in range(2))
    chosen = np.array([0, 2])
    loss = make(x, chosen).sum()
    chosen[:] = 1
    loss.backward()
    make(twin, np.array([0, 2])).sum().backward()
    assert np.array_equal(x.grad, twin.grad)


# ---- copies and pickles


def test_hazard_deepcopy_within_the_loss():
    x = parameter(1.5)
    h = (x * 2).named("h")
    with pytest.raises(TypeError, match="deepcopy: h is computed"):
        h + 2 * copy.deepcopy(h)
    twin = copy.deepcopy(x)
    assert twin is not x and not np.shares_memory(twin.data, x.data) and twin.label == "w" and twin.requires_grad


@every_array_operator
def test_array_operators_are_values(f, twin, arrays):
    """Equal, and copied and pickled, by what they are and what they were made with."""
    ops = [node.op for node in [f(*leaves(arrays))] if isinstance(node.op, ArrayOperator)]
    again = [node.op for node in [f(*leaves(arrays))] if isinstance(node.op, ArrayOperator)]
    for op, other in zip(ops, again):
        for same in (other, copy.copy(op), copy.deepcopy(op), pickle.loads(pickle.dumps(op))):
            assert same == op and hash(same) == hash(op)
        assert op != relu and op != object()


@pytest.mark.parametrize("f, twin, arrays", array_cases(ARRAY_EXPRESSIONS))
def test_a_pickled_graph_is_the_graph(f, twin, arrays):
    xs = leaves(arrays)
    root = (f(*xs) * 1.0).sum()
    (*ys, other) = pickle.loads(pickle.dumps((*xs, root)))
    root.backward()
    other.backward()
    for x, y in zip(xs, ys):
        assert np.array_equal(x.grad, y.grad)


def test_a_released_graph_is_pickled_as_such():
    w = parameter(2.0)
    loss = (w * w).sum()
    loss.backward()
    twin = pickle.loads(pickle.dumps(loss))
    assert twin.data == 4
    with pytest.raises(RuntimeError, match="released"):
        twin.backward()


def test_models_and_optimizers_are_copied_whole():
    model = MLP([4, 3, 2])
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    for pair in (copy.deepcopy((model, optimizer)), pickle.loads(pickle.dumps((model, optimizer)))):
        assert pair[1].parameters == [] or all(x is y for x, y in zip(pair[0].parameters(), pair[1].parameters))
        cross_entropy(pair[0](np.ones((2, 4), "float32")), [0, 1]).backward()
        before = [x.data.copy() for x in pair[0].parameters()]
        pair[1].step()
        assert all(not np.array_equal(x.data, y) for x, y in zip(pair[0].parameters(), before))


# ---- half-way states


def test_hazard_a_pass_that_raises_changes_no_gradient_and_is_named_afterwards():
    class Broken(ArrayOperator):
        symbol = "broken"
        refuses = True

        def forward(self, x):
            return x + 1

        def pull(self, upstream, out, x, needs):
            if Broken.refuses:
                raise ValueError("not yet")
            return [upstream]

    w = parameter(2.0, 3.0)
    loss = (Broken()(w * w) * 2).sum()
    with pytest.raises(ValueError, match="not yet"):
        loss.backward()
    assert w.grad is None
    Broken.refuses = False
    with pytest.raises(RuntimeError, match="released by a backward pass that failed .*not yet"):
        loss.backward()
    loss = (Broken()(w * w) * 2).sum()
    loss.backward()
    assert w.grad.tolist() == [8, 12]


# ---- threads


def test_hazard_modes_of_one_thread_in_another():
    w, inside = parameter(1.0), {}
    entered, leave = threading.Event(), threading.Event()

    def evaluation():
        with no_grad(), detect_anomaly():
            entered.set()
            leave.wait(5)
            inside["recorded"] = (w * 2).requires_grad

    thread = threading.Thread(target=evaluation)
    thread.start()
    entered.wait()
    assert (w * 2).requires_grad
    with np.errstate(all="ignore"):
        assert np.isinf((1 / (w - 1)).data).all()  # nobody watches here
    leave.set()
    thread.join()
    assert inside == {"recorded": False}


def test_hazard_two_threads_leave_no_grad_in_the_order_they_came():
    w = parameter(1.0)
    events = [threading.Event() for _ in range(4)]

    def overlapping(started, done):
        with no_grad():
            started.set()
            done.wait(5)

    first = threading.Thread(target=overlapping, args=(events[0], events[1]))
    second = threading.Thread(target=overlapping, args=(events[2], events[3]))
    first.start(), events[0].wait(), second.start(), events[2].wait()
    events[1].set(), first.join(), events[3].set(), second.join()
    assert (w * 2).requires_grad


def test_no_grad_and_detect_anomaly_as_decorators_and_again():
    @no_grad()
    def evaluated():
        return (parameter(1.0) * 2).requires_grad

    assert not evaluated() and not evaluated() and (parameter(1.0) * 2).requires_grad
