"""Practical Work 03: what its pages say follows from their numbers, and what they claim to compare is comparable."""

import importlib.util
import json
import tracemalloc

import numpy as np
import pytest

from models.experiment import Setup, data_of, train
from models.layers import MLP
from tensor_engine import softmax_cross_entropy
from tests.walkthroughs.sheets.test_readings import history
from walkthroughs.sheets.tsm import exercise1, exercise2, exercise3, exercise4, exercise5, linear_layers, memory

# ---- Exercise 1


def test_each_method_of_a_layer_is_needed():
    rows = [(name, exercise1.without(name, 0)) for name in ("__init__", "__call__", "parameters")]
    assert [said.partition(":")[0] for _, said in rows] == ["TypeError", "TypeError", "AttributeError"]
    assert exercise1.without("__doc__", 0) == ""
    assert "Each of __init__, __call__ and parameters is needed" in exercise1.needed(rows)
    assert exercise1.needed([*rows, ("__doc__", "")]) == "A layer works without __doc__."


def test_exercise_1_sees_a_layer_that_is_not_the_projects():
    layer, other = (exercise1.Layer(2, 2, np.random.default_rng(0)) for _ in range(2))
    assert exercise1.largest_difference(layer, other) == 0
    other.b.data[0] = 1e-6
    apart = exercise1.largest_difference(layer, other)
    assert apart > 1e-7 and "DIFFER" in exercise1.agreement(apart) and "are the same" in exercise1.agreement(0.0)
    assert "have a state each" in exercise1.own_state(True, True)
    assert "NOT have a state each" in exercise1.own_state(True, False)


def test_exercise_1_finds_methods_where_python_does():
    rows = [("__init__", "a", "a", "MLP"), ("train", "a", "a", "Module")]
    assert "MLP writes 1 of these 2 methods itself (__init__)" in exercise1.inherited(rows)
    assert exercise1.definer(MLP, "parts").__name__ == "Sequential"
    assert exercise1.ancestors(MLP) == ["Sequential", "Module"]


def test_forgotten_parameters_are_not_trained():
    whole, forgetful = ("A", "", 48, 0.4, 2.0, 0.2), ("B", "", 6, 0.0, 2.0, 0.3)
    said = exercise1.forgotten(whole, forgetful)
    assert "finds 48 numbers, with B 6" in said and "stay as they were, and the loss ends at 0.3000 inst" in said
    swapped = exercise1.forgotten(forgetful, whole)
    assert "its weights move by 0.4, and the loss all the same ends at 0.2000" in swapped


# ---- Exercise 2


RUNS = {
    "no hidden layer": history([0.4, 0.3, 0.3], [0.4, 0.3, 0.25], 0.92, 0.93),
    "100 sigmoid": history([0.4, 0.2, 0.2], [0.4, 0.2, 0.1], 0.970, 0.98),
    "100 relu": history([0.4, 0.1, 0.2], [0.4, 0.1, 0.01], 0.979, 0.999),
    "300-100 relu": history([0.4, 0.1, 0.09], [0.4, 0.1, 0.02], 0.980, 0.99),
}


def swapped(runs, a, b):
    return {**runs, a: runs[b], b: runs[a]}


def test_exercise_2_names_the_favourite_and_who_is_near():
    said = exercise2.favoured(RUNS, "300-100 relu", 5_000)
    assert said.startswith("300-100 relu has the best validation accuracy, 98.00%: 0.10 percentage points ahead of 100")
    assert "On 5,000 images" in said and "standard error of 0.20 percentage points: 100 relu is within" in said
    assert "6.0 percentage points ahead of the network without a hidden layer" in said
    assert "furthest apart for 100 relu, where training is 2.00 percentage points above" in said
    said = exercise2.favoured(swapped(RUNS, "100 relu", "300-100 relu"), "100 relu", 500_000)
    assert said.startswith("100 relu has the best validation accuracy, 98.00%") and "no other variant is" in said
    first = swapped(RUNS, "no hidden layer", "300-100 relu")
    assert "without a hidden layer" not in exercise2.favoured(first, "no hidden layer", 5_000)


def test_exercise_2_compares_activations_of_one_network_only():
    setups = {
        name: Setup("mnist", hidden=hidden, activation=activation)
        for name, hidden, activation in [
            ("no hidden layer", (), "sigmoid"), ("100 sigmoid", (100,), "sigmoid"), ("100 relu", (100,), "relu"),
            ("300-100 relu", (300, 100), "relu"),
        ]
    }  # fmt: skip
    said = exercise2.activations_compared(setups, RUNS)
    assert said.startswith("Of the two activations of 784-100-10, each at its own rate, relu has the best")
    assert "0.90 percentage points ahead of sigmoid" in said and said.count("Of the two") == 1
    assert "sigmoid has the best" in exercise2.activations_compared(setups, swapped(RUNS, "100 relu", "100 sigmoid"))


def test_exercise_2_says_whether_variants_learn_and_for_long_enough():
    said = exercise2.learned(RUNS)
    assert (
        "falls for all variants; in proportion most for 100 relu (0.400 nats to 0.010 nats), least for no hid" in said
    )
    rising = {**RUNS, "300-100 relu": history([0.1, 0.2], [0.1, 0.2])}
    assert "all variants but 300-100 relu; in" in exercise2.learned(rising)
    said = exercise2.long_enough(RUNS, 5_000)
    assert "long enough" in said and "for no hidden layer, 100 sigmoid and 100 relu, and has risen" in said
    assert said.endswith("by 0.100 nats at most (100 relu).")
    assert "for all variants, and has" in exercise2.long_enough({"100 relu": RUNS["100 relu"]}, 5_000)
    late = history([0.3, 0.2, 0.1])
    late.epochs[1].validation_accuracy = 0.85
    said = exercise2.long_enough({"100 relu": late}, 5_000)
    assert "still brings 100 relu 5.00 percentage points" in said and "No validation cost has begun to rise" in said


def test_exercise_2_names_what_the_favourite_was_tested_with():
    assert "on both partitions together, 60,000 images, the favourite has 98.00% of 10,000" in exercise2.tested(
        0.98, 55_000, 5_000, 60_000, 10_000
    )
    assert "again on 1,000 training images" in exercise2.tested(0.98, 1_000, 250, 1_000, 250)


def test_exercise_2_names_the_rates():
    validated = {("A", 0.1): 0.9, ("A", 1.0): 0.5, ("B", 0.1): 0.8, ("B", 1.0): 0.85}
    said = exercise2.tuned({"A": 0.1, "B": 1.0}, validated)
    assert "0.1 for A and 1 for B" in said and "most for A, which would lose 40.0" in said
    assert "at the edge of the rates tried for B:" in said
    assert "edge" not in exercise2.tuned({"A": 0.1, "B": 0.1}, validated)


# ---- Exercise 3


def test_exercise_3_trains_on_equal_terms():
    """In float64 nothing but the terms could tell the two apart: rates, momentum, batches, weights."""
    setup = Setup("digits", hidden=(20, 10), activation="relu", learning_rate=0.02, learning_rate_decay=0.5, epochs=3,
                  limit=200, dtype="float64")  # fmt: skip
    _, by_engine = train(setup)
    _, by_hand = exercise3.train_by_hand(setup, data_of(setup))
    for engine, hand in zip(by_engine.epochs, by_hand.epochs, strict=True):
        assert hand.train_loss == pytest.approx(engine.train_loss, rel=1e-9)
        assert hand.validation_accuracy == engine.validation_accuracy
    ((_, _, first), *_, (steps, single, double)), parted = exercise3.drift(setup, data_of(setup))
    assert parted is None
    assert steps == 4 and first < 1e-15 and double < 1e-13 < single


def test_exercise_3_sees_a_difference():
    row = ("6-3", "relu", "PyTorch", 1.0, 1e-16)
    assert "agree with" in exercise3.same([row]) and "DIFFER" in exercise3.same([(*row[:4], 1e-6)])
    engine, hand = history([0.2], validation_accuracy=0.97), history([0.2001], validation_accuracy=0.9702)
    said = exercise3.compared(engine, hand, 0.998, 5_000)
    assert "97.02% of the 5,000 validation images" in said and "0.02 percentage points apart, within" in said
    assert "99.8% of the images into the same class" in said and "differ by 0.000100 nats" in said
    worse = exercise3.compared(engine, history([0.4], validation_accuracy=0.93), 0.94, 5_000)
    assert "4.00 percentage points apart, NOT within" in worse
    said = exercise3.drifted([(1, 1e-8, 1e-17), (860, 1e-4, 1e-15)], 329)
    assert "float32's rounding" in said and "At step 329 for the first time a relu" in said
    assert "relu" not in exercise3.drifted([(1, 1e-8, 1e-17), (860, 1e-4, 1e-15)], None)
    assert "NOT rounding alone" in exercise3.drifted([(1, 1e-8, 1e-17), (860, 1e-4, 1e-5)], 329)


def test_exercise_3_knows_exercise_2s_variants():
    setup = exercise2.variant_of(Setup("mnist"), (300, 100), "relu", 0.0).but(learning_rate=exercise3.RATE)
    assert "one of Exercise 2's variants" in exercise3.in_exercise2(setup)
    assert "no such variant" in exercise3.in_exercise2(setup.but(hidden=(30,)))
    assert "no such variant" in exercise3.in_exercise2(setup.but(learning_rate=0.02))


# ---- Exercise 4


def test_engine_and_pytorch_give_the_same_numbers(needed, tmp_path, capsys):
    needed(importlib.util.find_spec("torch"), "PyTorch")
    import torch

    assert exercise4.main(["--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "agree in all 41 numbers" in out and "refuse the same 2 passes" in out and "NOT" not in out
    assert torch.get_default_dtype() == torch.float32
    numbers = json.loads((tmp_path / "numbers.json").read_text())["tables"]
    assert [row["PyTorch"] for row in numbers["accumulated"]] == ["27, 12, 75", "54, 24, 150", "27, 12, 75"]


def test_without_pytorch_the_page_has_the_engines_half(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(exercise4, "pytorch", lambda: None)
    assert exercise4.main(["--out", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "scalar-to-tensor[peers]" in page and "torch.tensor" not in page and "27, 12, 75" in page


def test_exercise_4_sees_a_difference():
    row, refused = ("x", [1.0, 2.0], [1.0, 2.0], 0.0), ("again", ValueError("a"), ValueError("b"), None)
    assert "agree in all 2 numbers" in exercise4.agreed([row, refused], "2")
    assert "DIFFER in y: by up to 1e-06" in exercise4.agreed([row, ("y", [1.0], [1.000001], 1e-6)], "2")
    assert exercise4.difference([1.0, 2.0], [1.0, 2.5]) == pytest.approx(0.2)
    assert exercise4.difference(ValueError(), ValueError()) is None
    assert exercise4.difference(ValueError(), None) == exercise4.difference([1.0], ValueError()) == float("inf")


@pytest.mark.parametrize("example", exercise4.EXAMPLES, ids=lambda example: example.engine.__name__)
def test_what_an_example_shows_is_read_off_its_numbers(example):
    found = example.engine()
    said = example.shown(found)
    assert "NOT" not in said
    other = {what: None if isinstance(value, Exception) else exercise4.numbers(value) + i
             for i, (what, value) in enumerate(found.items(), start=1)}  # fmt: skip
    if example.engine.__name__ == "trained":
        other["loss before the first and the last step"] = np.array([0.1, 0.2])
    changed = example.shown(other)
    assert changed != said and ("NOT" in changed or "half way" not in changed)


# ---- Exercise 5


def test_exercise_5_counts_parameters_and_passes():
    assert "109,260 parameters" in exercise5.counted("784-10", 109_260, 109_260)
    assert "NOT the same: 7" in exercise5.counted("784-10", 8, 7)
    rows = [("a", 100, 1e-4, 1e-2, 100.0, 1e-9), ("b", 1000, 1e-4, 0.1, 1000.0, 5e-11)]
    said = exercise5.saved(rows)
    assert "For b with its 1,000 parameters" in said and "1,000 times as long; with 100 parameters it is 100 t" in said
    assert "in any derivative is 1e-09" in said
    said = exercise5.extrapolated("784-10", 10_000, 1e-3, 2e-3)
    assert "2 x 10,000 of them" in said and "would be 20.0 s, about 10,000 times as long" in said


def test_exercise_5_says_what_linear_layers_bring():
    same = linear_layers.collapse(1e-7, 10, 0.0)
    assert "of rank 10" in same and "NOT" not in same
    assert linear_layers.collapse(1e-2, 5, 1e-2).count("NOT the same") == 2
    deep, flat = ("deep", 200, 10, 0.3, 0.92, 2.0), ("flat", 100, 10, 0.2, 0.93, 1.0)
    others = ("narrow", 50, 5, 0.4, 0.9, 1.0), ("relu", 200, None, 0.1, 0.97, 2.0)
    said = linear_layers.worth(deep, flat, *others, 5_000)
    assert "higher training loss" in said and "the one 93.00%: 1.00 percentage points less, with 2.0 times the" in said
    assert "rank 5 and 90.00%, 3.00 percentage points less" in said and "5.00 percentage points more than" in said
    said = linear_layers.worth(flat, deep, *others, 5_000)
    assert "lower training loss" in said and "the one 92.00%: 1.00 percentage points more, with 0.5 times" in said


def test_every_layer_fits_a_chain_that_is_no_narrower_and_a_narrow_one_restricts_the_rank():
    rng = np.random.default_rng(0)
    W, b, x = rng.normal(size=(30, 10)), rng.normal(size=10), rng.normal(size=(7, 30)).astype(np.float32)
    one = linear_layers.linear_network([(W, b)])
    chain = linear_layers.linear_network(linear_layers.expanded((W, b), (12, 20, 10)))
    assert [layer.W.shape for layer in chain.layers] == [(30, 12), (12, 20), (20, 10), (10, 10)]
    assert linear_layers.apart(one, chain, x) < 1e-6 and linear_layers.rank(chain) == linear_layers.rank(one) == 10
    sizes = [(30, 100), (100, 5), (5, 50), (50, 10)]
    narrow = linear_layers.linear_network([(rng.normal(size=size), np.ones(size[1])) for size in sizes])
    assert linear_layers.rank(narrow) == 5
    assert linear_layers.apart(narrow, linear_layers.linear_network([linear_layers.collapsed(narrow)]), x) < 1e-4


def graph_of(n=64):
    rng = np.random.default_rng(0)
    model = MLP([50, 40, 30, 10], "relu")
    x, y = rng.normal(size=(n, 50)).astype(np.float32), rng.integers(10, size=n)
    return model, lambda: softmax_cross_entropy(model(x), y)


def test_what_a_graph_holds_is_what_its_memory_is():
    """Python's own count of a forward pass is the arrays that are new in it, and little beside."""
    model, forward = graph_of(2_000)
    forward()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss = forward()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    new = [row for row in memory.held(loss, model) if not row[2] and row[1] not in ("input", "targets")]
    assert sum(row[4] for row in new) == pytest.approx(taken, rel=0.02)


def test_what_the_backward_pass_needs():
    """The input, each activation, and the loss's slope; all weights but the first; no k, no bias, no targets."""
    model, forward = graph_of()
    loss = forward()
    rows = [(*row, memory.needed(loss, array)) for *row, array in memory.held(loss, model)]
    assert [f"{row[0]} {row[1]}" for row in rows if row[-1]] == [
        "layer1/k input", "layer1/h h", "layer2/k W", "layer2/h h", "layer3/k W", "loss its slope"
    ]  # fmt: skip
    assert all(np.isfinite(parameter.data).all() for parameter in model.parameters())
    said = memory.remembered(rows, 64)
    assert "the input, layer1/h, layer2/h and the loss's slope" in said
    assert "The others, layer1/k, layer2/k, layer3/k and the targets, could" in said
    assert "it reads layer2/W and layer3/W" in said


def test_exercise_5_computes_when_a_batch_outgrows_the_parameters():
    rows = [
        ("layer1/k", "input", "", "", 64_000, True), ("layer1/k", "W", "yes", "", 50_000, True),
        ("layer1/k", "k", "", "", 900, False),
    ]  # fmt: skip
    said = memory.remembered(rows, 64)
    assert "holds 65 kB" in said and "reads 64 kB" in said and "from 51 instances a batch on" in said
    assert "layer1/k, could be forgotten" in said
    rows[1], rows[2] = (*rows[1][:4], 49_900, True), (*rows[2][:5], True)
    said = memory.remembered(rows, 64)
    assert "from 50 instances a batch on" in said and "the input and layer1/k" in said and "forgotten" not in said
