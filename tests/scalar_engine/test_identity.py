"""Copies, pickles, and data that is assigned after the forward pass: never a wrong gradient, and never a mixed one."""

import copy
import pickle
import threading

import pytest
from hypothesis import given, settings

from models.question3 import Question3, random_case
from scalar_engine import (
    Operator,
    Value,
    check_steps,
    compile_graph,
    derive,
    exp,
    grad,
    gradcheck,
    gradients,
    operators,
    relu,
    sigmoid,
    sum,
    topological_order,
)

from ..expressions import EXPRESSIONS, cases
from .test_operators import INSTANCES
from .test_random_graphs import graphs


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_hazard_data_assigned_between_forward_and_backward(f, points):
    """The gradient is that of the forward pass, whatever was assigned to leaves and to what was computed."""
    for point in points:
        xs = [Value(x) for x in point]
        root = f(*xs)
        expected = [gradients(root).get(x, 0.0) for x in xs]
        for node in topological_order(root):
            node.data = 77.0
        root.backward()
        assert [x.grad or 0.0 for x in xs] == expected


def test_hazard_two_losses_with_an_update_between_their_backward_passes():
    w = Value(2.0, "w")
    first, second = 3 * w, w**3 * w
    first.backward()
    w.data -= 0.1 * w.grad
    w.grad = None
    second.backward()
    assert w.data == 1.7 and w.grad == 32


@pytest.mark.parametrize("look", [gradcheck, lambda k: derive(k, k.inputs[0]), lambda k: grad(k, k.inputs[0], True)])
@pytest.mark.parametrize("which", [0, 1])
def test_hazard_what_shows_numbers_refuses_a_graph_that_has_changed(look, which):
    x, w = Value(2.0, "x"), Value(3.0, "w")
    k = (x * w).named("k")
    (x, k)[which].data = 5.0
    with pytest.raises(ValueError, match="data has changed since the graph was made; compute it again .k = "):
        look(k)


def test_hazard_a_changed_graph_whose_root_is_the_same():
    x = Value(2.0, "x")
    root = relu(-x).named("r")
    x.data = 3.0
    with pytest.raises(ValueError, match="data has changed"):
        gradcheck(root)


# ---- copies


def test_hazard_deepcopy_within_the_loss():
    x = Value(1.5, "x")
    h = (x * 2).named("h")
    with pytest.raises(TypeError, match="deepcopy: h is computed, and its copy would be cut off from the leaves"):
        h + 2 * copy.deepcopy(h)
    (h + 2 * copy.copy(h)).backward()
    assert x.grad == 6


def test_leaves_are_copied_with_their_gradient_and_identity():
    x = Value(1.5, "x")
    (x * x).backward()
    twin, again = copy.deepcopy([x, x])
    assert twin is again and twin is not x and (twin.data, twin.grad, twin.label) == (1.5, 3, "x")
    twin.data = 4.0
    (twin * twin).backward()
    assert (twin.grad, x.grad) == (11, 3)


@pytest.mark.parametrize("name", INSTANCES)
def test_operators_survive_as_what_they_are(name):
    op = INSTANCES[name]
    assert copy.copy(op) is copy.deepcopy(op) is pickle.loads(pickle.dumps(op)) is type(op)() is op


class Shifted(Operator):
    """An operator that is made with something."""

    symbol = "shifted"
    partials = (lambda out, x: 1.0,)

    def __init__(self, by):
        self.by = by


def test_operators_that_are_made_with_something_stay_apart():
    one, two = Shifted(1), Shifted(2)
    assert one is not two and pickle.loads(pickle.dumps(two)).by == 2 and copy.deepcopy(one).by == 1


# ---- pickles


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_a_pickled_graph_is_the_graph(root):
    root.backward()
    order, twin = topological_order(root), pickle.loads(pickle.dumps(root))
    found = topological_order(twin)
    assert [(x.data, x.grad, x.op, x.label, x.requires_grad) for x in found] == [
        (x.data, x.grad, x.op, x.label, x.requires_grad) for x in order
    ]
    places = {node: i for i, node in enumerate(order)}
    twins = {node: i for i, node in enumerate(found)}
    assert [[twins[y] for y in x.inputs] for x in found] == [[places[y] for y in x.inputs] for x in order]
    assert list(gradients(twin).values()) == list(gradients(root).values())


def test_a_pickled_graph_keeps_its_leaves_beside_it():
    x = Value(3.0, "x")
    twin, root, other = pickle.loads(pickle.dumps((x, x * x, exp(x))))
    root.backward()
    other.backward()
    assert twin.grad == 6 + other.data


def test_hazard_programs_slips_and_formulas_of_a_pickled_graph():
    network = Question3(random_case(2))
    twin = pickle.loads(pickle.dumps(network.l))
    assert compile_graph(twin).source == compile_graph(network.l).source
    y = (Value(3.0, "x") / Value(4.0, "n", requires_grad=False)).named("y")
    wrong = [str(check_steps(node, {"dx": 1.0})) for node in (y, pickle.loads(pickle.dumps(y)))]
    assert wrong[0] == wrong[1] and "factor of the batch size" in wrong[0]


def test_hazard_a_chain_too_deep_for_recursion():
    x = node = Value(1.0, "x")
    for _ in range(20_000):
        node = node + 0.5
    twin = pickle.loads(pickle.dumps(node))
    twin.backward()
    assert twin.data == node.data and topological_order(twin)[0].grad == 1 and x.grad is None


def test_graphs_in_threads():
    """A graph in each thread, on leaves of its own; nothing is shared but the operators."""
    found = {}

    def work(i):
        x = Value(0.1 * i, "x")
        for _ in range(50):
            x.grad = None
            sum([sigmoid(x * k) for k in range(5)]).backward()
        found[i] = x.grad

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for i, slope in found.items():
        expected = [operators.sigmoid(0.1 * i * k) for k in range(5)]
        assert slope == pytest.approx(__builtins__["sum"](k * y * (1 - y) for k, y in enumerate(expected)))
