"""What nodes are called, in what a student claims and in what is found: never one name for two nodes."""

import random

import numpy as np
import pytest

from models.mlp import MLP
from scalar_engine import Value, check_steps, sigmoid, topological_order
from tensor_engine import Tensor


def two_layers():
    """y = w2 * sigmoid(w1 * x), whose weights are called w both."""
    x = Value(0.5, "x", requires_grad=False)
    w1, w2 = Value(2.0, "layer1/w"), Value(-3.0, "layer2/w")
    h = sigmoid((w1 * x).named("layer1/k")).named("h")
    return w1, w2, (w2 * h).named("y")


@pytest.mark.parametrize("key", ["dlayer1/w", "dlayer1.w", "dy/dlayer1/w", "dy/dlayer1.w"])
def test_a_node_is_claimed_by_the_name_that_texts_have_and_by_its_label(key):
    w1, _, y = two_layers()
    assert check_steps(y, {key: -0.2949})
    found = check_steps(y, {key: 0.2949})
    assert found.node is w1 and str(found).startswith("dy/dlayer1.w is claimed 0.2949, expected -0.2949")


def test_a_name_without_groups_is_enough_where_it_is_clear():
    w1, _, y = two_layers()
    assert check_steps(y, {"k": 1.0}) and check_steps(y, {"layer1.k": 1.0}) and check_steps(y, {"layer1/k": 1.0})
    with pytest.raises(ValueError, match="more than one node is named w; give the label with its groups"):
        check_steps(y, {"dw": 1.0})


def test_texts_name_each_node_once():
    _, w2, y = two_layers()
    found = check_steps(y, {"dlayer1.w": 0.2949, "dh": 3.0})
    assert str(found) == (
        "dy/dh is claimed 3, expected -3\n"
        "  expected is what comes through\n"
        "    y = layer2.w * h  1 x -3  = -3\n"
        "  likely slip, missing minus: what comes through y = layer2.w * h has the wrong sign; is a minus missing?"
    )
    y = (two_layers()[0] * w2).named("y")
    assert "y = layer1.w * layer2.w, with layer1.w = 2, layer2.w = -3" in str(check_steps(y, {"y": 6.0}))


def test_what_has_no_label_is_claimed_as_texts_call_it():
    x = Value(2.0, "x")
    one, two = x * x, x * x
    y = (one + two).named("y")
    assert check_steps(y, {"x * x": 4.0, "x * x #2": 4.0})
    found = check_steps(y, {"x * x": 4.0, "x * x #2": 5.0})
    assert found.node is two and str(found).startswith("x * x #2 is claimed 5, expected 4")


def test_a_slip_elsewhere_is_placed_by_a_name_of_its_own():
    """The slip is at one of the three nodes of this network that are called k."""
    y = MLP(2, [2, 1], activation=sigmoid, rng=random.Random(0))([1.0, -0.5]).named("y")
    y.backward()
    k, h = (next(node for node in topological_order(y) if node.label == f"layer1/neuron2/{name}") for name in "kh")
    wrong = h.grad * k.data * (1 - k.data)
    found = check_steps(y, {"dlayer1.neuron2.w1": round(wrong, 4), "dlayer1.neuron2.w2": round(-0.5 * wrong, 4)})
    assert found.slip.node is k and "perhaps a slip at layer1.neuron2.k, which" in str(found)


def test_the_name_of_a_node_may_begin_with_a_group_and_a_d():
    """layer/dropout is no derivative by ropout."""
    x = Value(2.0, "layer/dropout")
    y = (x * x).named("net/l")
    for key in ("dlayer/dropout", "dl/dlayer/dropout", "dnet.l/dlayer.dropout", "ddropout"):
        assert check_steps(y, {key: 4.0}), key
    assert not check_steps(y, {"dlayer/dropout": 5.0})
    with pytest.raises(ValueError, match="'dz/ddropout' is no gradient of the root, l"):
        check_steps(y, {"dz/ddropout": 4.0})


def test_a_root_is_called_as_texts_call_it():
    x = Value(2.0, "x")
    y = ((x * x).named("y") * 3.0).named("y")
    assert str(check_steps(y, {"dx": 4.0})).startswith("dy_2/dx is claimed 4, expected 12")
    assert check_steps(y, {"dy_2/dx": 12.0}) and check_steps(y, {"dy/dx": 12.0})


def test_a_group_of_numbered_nodes_may_be_called_with_its_layer():
    a, b = ([Value(x, f"{layer}/w{i}") for i, x in enumerate((1.0, 2.0), 1)] for layer in ("one", "two"))
    y = (a[0] * b[0] + a[1] * b[1]).named("y")
    assert check_steps(y, {"done.w": [1.0, 2.0], "dtwo/w": [1.0, 2.0]})
    assert check_steps(y, {"dtwo/w": [1.0, 3.0]}).node is b[1]


def test_a_backward_function_names_its_gradients_apart():
    w1, w2 = (Tensor(np.ones(2), f"layer{i}/w", requires_grad=True) for i in (1, 2))
    with pytest.raises(ValueError, match="returned 3 gradients, not dlayer1.w, dlayer2.w"):
        check_steps((w1 * w2).named("y"), lambda upstream, a, b: (a, b, a))


def test_a_backward_function_may_name_what_it_returns_with_a_d_or_without():
    w = Tensor(2.0, "w", requires_grad=True)
    for key in ("w", "dw"):
        assert check_steps((w * w).named("y"), lambda upstream, w, key=key: {key: 2 * w * upstream})


def test_steps_of_a_copy_are_told_of_the_graphs_own_nodes():
    x, w = Value(2.0, "x", requires_grad=False), Value(3.0, "w")
    y = (w * x).named("y")
    found = check_steps(y, {"dx": 4.0})
    assert found.node is x and [step.node for step in found.steps] == [y] and found.steps[0].input is x
