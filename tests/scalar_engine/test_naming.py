"""What nodes are called in a text: never two the same, and formulas that say whose they are."""

from hypothesis import given, settings

from models.mlp import MLP
from models.question3 import SHEET, Question3
from scalar_engine import Value, explain, sum, topological_order
from scalar_engine.naming import LONG, unique_names
from tensor_engine import Tensor

from .test_random_graphs import graphs


def names_behind(root, **options):
    return list(unique_names(topological_order(root), **options).values())


def test_groups_are_named_where_labels_are_alike():
    a, b, c = Value(1.0, "layer1/w"), Value(2.0, "layer2/w"), Value(3.0, "layer2/c")
    assert names_behind(a * b + c) == ["layer1.w", "layer2.w", "layer1.w * layer2.w", "c", "(layer1.w * layer2.w) + c"]
    elements = Value(1.0, "one/k[0]"), Value(2.0, "one/k[1]"), Value(3.0, "two/k[0]")
    assert names_behind(elements[0] * elements[1])[:2] == ["k[0]", "k[1]"]
    assert names_behind(elements[0] * elements[1] * elements[2])[:2] == ["one.k[0]", "one.k[1]"]


def test_what_is_alike_even_so_is_numbered():
    a, again, v1, leaf = Value(1.0, "a"), Value(2.0, "a"), Value(5.0, "v1"), Value(7.0)
    one, two = a * a, a * a
    assert names_behind((one + two) * again * v1 * leaf * 7)[:9] == [
        "a", "a * a", "a * a #2", "(a * a) + (a * a)", "a_2", "(multiply(...) + multiply(...)) * a_2", "v1",
        "add(...) * a_2 * v1", "v2",
    ]  # fmt: skip


def test_what_is_cut_keeps_its_place_and_what_tells_it_from_others():
    labels = [f"encoder.layers.{i}.attention.weight[0, {j}, 12]" for i in (1, 2) for j in (10, 11)]
    assert names_behind(sum([Value(1.0, label) for label in labels]), most=LONG)[:4] == [
        "encoder.layers.1….weight[0, 10, 12]", "encoder.layers.1….weight[0, 11, 12]",
        "encoder.layers.2….weight[0, 10, 12]", "encoder.layers.2….weight[0, 11, 12]",
    ]  # fmt: skip
    labels = [f"transformer.encoder.layers.{i}.weight" for i in (1, 12, 2)]
    assert names_behind(sum([Value(1.0, label) for label in labels]), most=LONG)[:3] == [
        "transformer.enco….weight", "transformer.enco…s.12….weight", "transformer.enco…rs.2….weight",
    ]  # fmt: skip


def test_formulas_may_give_way_to_numbers():
    a = Value(1.0, "a")
    assert names_behind(a * a + (a * a).named("v2"), unlabelled="v") == ["a", "v1", "v2", "v3"]


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_no_two_nodes_of_a_graph_share_a_name(graph):
    root = graph if isinstance(graph, Value) else graph[0]
    nodes = [node for node in topological_order(root) if node.inputs or node.label or node.requires_grad]
    names = unique_names(topological_order(root))
    assert len({names[node] for node in nodes}) == len(nodes)


def test_a_ledger_names_neurons_apart():
    """The MLP's own neurons: dot([w1, w2], [h, h]) says neither whose weights nor whose outputs they are."""
    loss = MLP(2, [2, 1])([1.0, -1.0])
    loss.backward()
    text = str(explain(next(x for x in topological_order(loss) if x.label == "layer1/neuron1/h"), loss))
    assert "dot([layer2.neuron1.w1, w2], [layer1.neuron1.h, layer1.neuron2.h])" in text.replace(
        "layer2.neuron1.w2", "w2"
    )
    a, b = Value(2.0, "layer1/w"), Value(3.0, "layer2/w")
    f = (a * b).named("f")
    f.backward()
    assert (
        str(explain(a, f))
        == "df/dlayer1.w = 3, the sum of upstream x local over\n  f = layer1.w * layer2.w  1 x 3  = 3"
    )


def test_question3_is_called_as_on_the_sheet():
    network = Question3(SHEET)
    names = unique_names(topological_order(network.l))
    assert [names[x] for x in (network.W[1][2], network.h[0], network.t[1], network.l)] == ["W23", "h1", "t2", "l"]


def test_tensors_too():
    a, b = Tensor([1.0, 2.0], "layer1/w", requires_grad=True), Tensor([3.0, 4.0], "layer2/w")
    assert names_behind((a * b).sum())[:3] == ["layer1.w", "layer2.w", "layer1.w * layer2.w"]


def test_what_is_broadcast_unasked_goes_unsaid():
    k = Tensor([[1.0, 2.0]], "x", requires_grad=True) + Tensor([[1.0], [2.0]], "b", requires_grad=True)
    names = unique_names(topological_order(k))
    assert k.formula(names=names) == "x + b" and names[k] == "x + b"
