"""The scalars behind tensors: of a whole graph, or of a node alone."""

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, scalarize
from walkthroughs.stepper.arrays.behind import disagreement, openings_of
from walkthroughs.stepper.trace import Trace

from ..graphs import matrices


def test_scalars_behind_agree_on_random_networks():
    for seed in range(5):
        random = np.random.default_rng(seed)
        x = random.normal(size=(3, 2))
        W, V = Tensor(random.normal(size=(2, 3)), "W", True), Tensor(random.normal(size=(3, 2)), "V", True)
        loss = te.softmax_cross_entropy(te.tanh(x @ W) @ V + (W * W).sum(), np.array([0, 1, 1])).named("loss")
        trace = Trace(loss)
        (opening,) = openings_of(trace)
        scalars, behind = opening.trace, opening.places
        assert disagreement(trace, scalars, behind, trace.gradients) < 1e-14
        graph = scalarize(loss)
        assert len(behind) == sum(node in graph.values for node in trace.nodes)
        scalars.nodes[behind[trace.index[W]][0]].data += 1e-3  # and it would tell if they did not
        assert disagreement(trace, scalars, behind, trace.gradients) > 1e-4


def wide_loss(seed):
    """A small layer, x * x and a quotient on top of a matrix product too large to open."""
    random = np.random.default_rng(seed)
    x, W = Tensor(random.normal(size=(2, 900)), "x"), Tensor(random.normal(size=(900, 3)) / 30, "layer1/W", True)
    h = te.tanh(x @ W).named("h")
    return te.softmax_cross_entropy((h * h + h / (h * h + 1.0)).named("o"), np.array([0, 2])).named("L")


def test_a_node_alone_has_the_gradients_of_the_whole_graph():
    for seed in range(3):
        loss = wide_loss(seed)
        trace = Trace(loss)
        openings = openings_of(trace)
        opened = {trace.names[trace.nodes[i]]: opening for opening in openings for i in opening.places}
        assert set(opened) == {"h", "h * h", "h * h #2", "(h * h) + 1", "h / (multiply(...) + 1)", "o", "L"}
        assert all(float(opening.note.rpartition("difference ")[2].rstrip(").")) < 1e-14 for opening in openings)
        loss.backward(keep=True)
        for i, opening in ((i, found) for found in openings for i in found.places):
            node, gradients = trace.nodes[i], opening.trace.gradients
            elements = [opening.trace.nodes[place] for place in opening.places[i]]
            assert [x.data for x in elements] == pytest.approx(np.ravel(node.data).tolist(), rel=1e-12)
            assert [gradients[x] for x in elements] == pytest.approx(np.ravel(node.grad).tolist(), rel=1e-12, abs=1e-16)
        square = loss.inputs[0].inputs[0]  # h * h, whose contribution to h is twice h times its own gradient
        (found,) = [opening.trace for opening in openings if trace.index[square] in opening.places]
        of_h = {node.label: gradient for node, gradient in found.gradients.items()}
        expected = (2 * square.inputs[0].data * square.grad).ravel().tolist()
        assert [of_h[f"h[{i}, {j}]"] for i in range(2) for j in range(3)] == pytest.approx(expected)


def test_what_only_moves_elements_does_not_open():
    A, _ = matrices()
    big = Tensor(np.ones((1000, 3)), "big", True)
    trace = Trace(((A.T.named("T") * 2.0).sum() + big.sum()).named("L"))
    opened = {trace.names[trace.nodes[i]] for opening in openings_of(trace) for i in opening.places}
    assert "T * 2" in opened and "T" not in opened and "big.sum()" not in opened


def test_an_operator_without_scalars_keeps_the_others_from_opening_no_more_than_it_must():
    class Folded(te.ArrayOperator):
        symbol = "folded"

        def forward(self, x):
            return np.abs(x)

        def pull(self, upstream, out, x, needs):
            return [upstream * np.sign(out / x)]

    A, _ = matrices()
    trace = Trace((Folded()((A * A).named("B")).named("F") * A).named("G").sum().named("L"))
    assert {trace.names[trace.nodes[i]] for opening in openings_of(trace) for i in opening.places} == {"B", "G", "L"}
