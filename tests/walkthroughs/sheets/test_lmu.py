"""The LMU sheet: its sentences follow their numbers, and what its pages show is what PyTorch and formulas say."""

import importlib.util
import random
from dataclasses import replace

import numpy as np
import pytest

from models import datasets
from models.experiment import Setup, data_of
from models.layers import MLP, BatchNorm, LayerNorm, Linear, ReLU
from models.training import fit
from tensor_engine import SGD, Tensor
from walkthroughs.reports.report import Report
from walkthroughs.sheets.answer import TOLERANCE, error_of
from walkthroughs.sheets.lmu import hidden_layers, overfitting, task1, task2, task3, task5
from walkthroughs.sheets.lmu.networks import drawn_as_pytorch, started, trained
from walkthroughs.sheets.lmu.normalisation import with_normalisation
from walkthroughs.sheets.lmu.normalisation_answers import batch_answer, layer_answer

from .test_readings import history

# ---- Task 1


def test_task_1_names_who_overfits():
    rows = [("[30]", 0.1, 0.35, 0.34, 900, 0.96, 0.9, 0.7), ("[100]", 0.01, 1.2, 0.33, 50, 1.0, 0.87, 0.95)]
    said = overfitting.overfit(rows)
    assert said.startswith("[100] overfits most: its test loss is lowest at step 50")
    assert "best on the test points is [30]" in said
    assert overfitting.overfit([("[100]", *rows[0][1:]), ("[30]", *rows[1][1:])]).startswith("[30] overfits most")
    assert "none of the networks overfits" in overfitting.overfit(rows[:1])
    assert "[100] is surest of its mistakes: it gives them a probability of 95.0%" in overfitting.certain(rows)
    assert "None is surer" in overfitting.certain([(*rows[0][:7], 0.99), rows[1]])
    assert "from a logit of 100 on" in task1.overflow([("10, 9", "0.7", "0.7", 1.0), ("100, 99", "nan", "0.7", 1.0)])
    assert "each of the 1 rows does NOT have" in task1.overflow([("100, 99", "nan", "nan", 1.0)])


def test_task_1_sees_a_loss_jump():
    """0.1 was the lowest when the loss rose to 0.5; 0.09, two steps later, is below it."""
    said = overfitting.jumps({"[30]": np.array([1, 0.1, 0.5, 0.2, 0.09]), "[100]": np.array([1, 0.5, 0.6, 0.4])})
    assert "that of [30] to 0.500 nats after 2 steps, from 0.1000 nats, and falls below that again after 4" in said
    assert "[100]" not in said
    assert "stays above that from then on" in overfitting.jumps({"[30]": np.array([1, 0.1, 0.5, 0.2])})
    assert "No training loss jumps" in overfitting.jumps({"[30]": np.array([1, 0.5, 0.6, 0.4])})


def test_task_1_says_whether_the_draw_decides_who_overfits():
    risen = {0: {"[30]": 0.1, "[100]": 0.9}, 1: {"[30]": 0.2, "[100]": 0.7}}
    said = overfitting.over_seeds(risen)
    assert said.startswith("[100] overfits most for each of the 2 seeds") and "for 2 of 2 seeds that of [30]" in said
    assert "0.150 nats ([30]) and 0.800 nats ([100])" in said
    risen[1] = {"[30]": 0.7, "[100]": 0.2}
    said = overfitting.over_seeds(risen)
    assert "depends on the draw: [100] for seed 0 and [30] for seed 1" in said and "for 1 of 2 seeds" in said
    assert "no test loss rises by 0.020 nats" in overfitting.over_seeds({0: {"[30]": 0.01, "[100]": 0.0}})


# ---- Task 2


def test_task_2_says_where_the_pixels_are():
    x = task2.as_vectors(np.array([[[0, 16], [8, 4]]], np.uint8))
    assert x.tolist() == [[-1, 1, 0, -0.5]] and x.dtype == np.float32
    assert "is below it: 80.0%" in task2.in_range(0.8, -0.7)
    assert "is above it" in task2.in_range(0.1, 0.7) and "is close to it" in task2.in_range(0.5, 0.01)
    assert "the same to rounding" in task2.converted(0) and "NOT the same" in task2.converted(0.1)


def test_task_2_says_what_components_are():
    share = np.array([0.7, 0.21, *[0.01] * 9])
    assert "first two 91.0%" in task2.explained(share) and "takes 2 of 11 for 90%" in task2.explained(share)
    assert "far fewer dimensions than they have pixels, and near a plane" in task2.explained(share)
    assert "not many fewer dimensions, but not near a plane" in task2.explained(np.full(11, 1 / 11))
    rows = [(1, 0.1, 0.6, "0 against 1", 0.9, 0.8, 0.1, 0.3), (2, 0.1, 0.2, "3 against 7", 0.5, 0.1, -0.7, 0.4)]
    said = task2.meanings(rows)
    assert "How much ink an image has goes with component 1 (correlation 0.80). How much slant" in said
    assert "component 2 (correlation -0.70)" in said and "mean images is component 1 (0 against 1, cosine 0.90)" in said
    assert "most along component 1, where 60%" in said and "least along 2 (20%)" in said
    swapped = task2.meanings([(1, *rows[1][1:]), (2, *rows[0][1:])])
    assert (
        "most along component 2" in swapped and "ink an image has goes with component 2 (correlation 0.80)" in swapped
    )
    assert "is finer than the first: their roughness is 0.40 against 0.30" in task2.detail([0.3, 0.4])
    assert "no finer" in task2.detail([0.4, 0.3])
    assert "20.0% is between the means of the classes, less than half" in task2.easy(share, 0.2)
    assert "more than half" in task2.easy(share, 0.8)


def test_task_2_says_how_well_two_numbers_do():
    said = task2.separated(60_000, {"0": 0.8, "1": 0.95}, 0.17, 4_000, (0.4, 0.9))
    assert "most often for 1 (95.0%), least for 0 (80.0%)" in said and "Of all 60,000 images" in said
    assert "for 87.5% (the mean" in said and "Of the 4,000 that are shown, 40.0%" in said
    assert "most often for 0 (95.0%)" in task2.separated(1_000, {"0": 0.95, "1": 0.8}, 0.17, 400, (0.4, 0.9))
    said = task2.difficulty(0.46, 0.70, 0.92, "mnist")
    assert "24.0 percentage points more: much of the overlap is PCA's" in said and "need no more than a lin" in said
    said = task2.difficulty(0.70, 0.68, 0.5, "mnist")
    assert (
        "2.0 percentage points fewer: this training has found no two" in said and "need more than such training" in said
    )


# ---- Tasks 3 and 4


def test_tasks_3_and_4_compare_planes():
    rows = [("pixels", 0.2, 0.6, 0.2, 0.4, 0.43, 0.92), ("ReLU 1", 0.3, 0.6, 0.3, 0.5, 0.5, 0.94),
            ("ReLU 2", 0.3, 0.7, 0.4, 0.6, 0.6, 0.95)]  # fmt: skip
    said = hidden_layers.layers_compared(rows)
    assert "ReLU 2 60.0%, 17.0 percentage points more" in said and "grows from layer to layer" in said
    assert "Every plane hides 35.0 percentage points" in said
    worse = hidden_layers.layers_compared([(*rows[0][:5], 0.7, 0.6), *rows[1:]])
    assert "10.0 percentage points fewer" in worse and "does not grow" in worse and "Not every plane" in worse
    said = hidden_layers.between_compared(rows)
    assert "20.0% is between the classes' means for the pixels, 40.0% for ReLU 2. It grows with every layer" in said
    assert "does not grow with every layer" in hidden_layers.between_compared(rows[::-1])
    accuracy = history([0.1], validation_accuracy=0.96)
    said = task3.suitable(accuracy, rows, 0.7, "mnist")
    assert "is a suitable" in said and "17.0 percentage points purer" in said and "26.0 percentage points fewer" in said
    assert "less pure" in task3.suitable(accuracy, rows[::-1], 0.7, "mnist")
    assert "is not yet a suitable" in task3.suitable(history([0.1], validation_accuracy=0.5), rows, 0.7, "mnist")


def test_task_4_names_the_classes_that_gain_and_lose():
    before = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.5, 0.3, 0.2]])
    after = np.array([[0.6, 0.4, 0.0], [0.2, 0.8, 0.0], [0.1, 0.1, 0.8]])
    said = hidden_layers.classes_compared({"pixels": before, "ReLU 4": after}, "abc")
    assert "a and b have more than half" in said and "2 of the 3 classes stand apart better" in said
    assert "c gains most, from 20% to 80%; a loses most, from 90% to 60%: in that plane 40%" in said
    assert "nearest to the mean of b" in said and said.endswith("a and c for the pixels, a and b for ReLU 4.")
    said = hidden_layers.classes_compared({"pixels": after, "ReLU 4": before}, "abc")
    assert "a gains most, from 60% to 90%; c loses most, from 80% to 20%" in said and "1 of the 3" in said
    assert "a and b, in both" in hidden_layers.classes_compared({"pixels": after, "ReLU 4": after}, "abc")


def test_task_3_compares_starts_and_peers():
    found = history([0.1], validation_accuracy=0.96)
    data = replace(datasets.load("digits"), yval=np.zeros(250, int))
    assert "gives the same" in task3.recounted(96.0, found, data)
    assert "on the 250 test images after training, gives NOT the same, 95.00%" in task3.recounted(95.0, found, data)
    rows = [(1, 0.3, 0.31, 91.0, 91.2), (2, 0.2, 0.2, 94.0, 94.1)]
    said = task3.beside_pytorch(rows, 500, 1e-16)
    assert "further apart than 0.20 percentage points, or the losses than 0.0100 nats" in said
    assert "it is rounding" in said and "NOT rounding alone" in task3.beside_pytorch(rows, 500, 1e-3)
    he, pytorchs = [("He's", s, 1.0, 0.8, 0.9, 0.96) for s in (0, 1)], [("PyTorch's", 0, 0.4, 0.05, 0.8, 0.94)]
    said = task3.starts_compared(he + pytorchs)
    assert "With He's weights the size of activations stays about the same" in said
    assert "With PyTorch's weights the size of activations shrinks" in said
    assert "He's get 2.00 percentage points more than PyTorch's on average; they are apart for every seed" in said
    mixed = task3.starts_compared([*he, *pytorchs, ("PyTorch's", 1, 0.4, 1.0, 0.8, 0.97)])
    assert "on average only" in mixed and "0.50 percentage points more" in mixed


def test_the_network_in_pytorch_is_the_engines(torch):
    """From the same weights and on the same batches, in float64; another seed gives other losses."""
    from walkthroughs.sheets.lmu import in_pytorch

    setup = Setup("digits", (20, 10), "relu", "adam", 1e-3, limit=300, final=True, dtype="float64", scaling="symmetric")
    data = data_of(setup)
    model, rng = started(setup, data)
    ours = [epoch.validation_loss for epoch in trained(model, data, rng, 2, 1e-3, 50).epochs]
    model, rng = started(setup, data)
    found = in_pytorch.from_the_same_weights(model, data, rng, 2, 1e-3, 50)
    assert [loss for loss, _ in found] == pytest.approx(ours, rel=1e-9)
    model, rng = started(setup.but(seed=1), data)
    other = in_pytorch.from_the_same_weights(model, data, rng, 2, 1e-3, 50)
    assert other[0][0] != pytest.approx(ours[0], rel=1e-3)


def test_weights_as_pytorch_draws_them(torch):
    """Of as wide a range and as large a deviation as a new torch.nn.Linear's."""
    model = MLP([400, 300, 10], "relu")
    drawn_as_pytorch(model, np.random.default_rng(0))
    pytorchs = torch.nn.Linear(400, 300)
    for ours, theirs in zip(model.parameters(), pytorchs.parameters()):
        found = theirs.detach().numpy()
        assert np.abs(ours.data).max() == pytest.approx(np.abs(found).max(), rel=0.02)
        assert ours.data.std() == pytest.approx(found.std(), rel=0.1)


def test_without_pytorch_the_page_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    report = Report("", "", "")
    task3.in_pytorch(report, None, None, None)
    assert 'pip install "scalar-to-tensor[peers]"' in report.blocks[-1].content
    assert task5.of_pytorch(None, None, None, None) is None
    assert "PyTorch is not installed" in task5.layers_right([("BatchNorm", 0.0, 0.0, None)])


# ---- Task 5

NORMALISATION_ROWS = [row for answer in (batch_answer(), layer_answer()) for row in answer.rows]


@pytest.mark.parametrize("row", NORMALISATION_ROWS, ids=lambda row: f"{row.of}/{row.by}")
def test_the_formulas_of_normalisation(row):
    assert error_of(row, random.Random(5)) <= TOLERANCE
    assert error_of(replace(row, right=row.right + 1e-4), random.Random(5)) > TOLERANCE


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm])
def test_normalised_outputs(kind):
    """Mean 0 and variance 1 over instances or over features; beta and gamma are then the new ones."""
    x = Tensor(np.random.default_rng(0).normal(3, 2, (50, 40)))
    layer = kind(40, np.float64)
    axis = 0 if kind is BatchNorm else 1
    y = layer(x).data
    np.testing.assert_allclose(y.mean(axis=axis), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axis), 1, rtol=1e-4)
    layer.gamma.data[...], layer.beta.data[...] = 3, 2
    np.testing.assert_allclose(layer(x).data, 3 * y + 2)


def test_running_averages_are_pytorchs(torch):
    ours, theirs = BatchNorm(3, np.float64), torch.nn.BatchNorm1d(3, dtype=torch.float64)
    rng = np.random.default_rng(0)
    for _ in range(4):
        x = rng.normal(2, 3, (7, 3))
        np.testing.assert_allclose(ours(Tensor(x)).data, theirs(torch.tensor(x)).detach(), atol=1e-12)
    ours.train(False), theirs.eval()
    np.testing.assert_allclose(ours(Tensor(x[:1])).data, theirs(torch.tensor(x[:1])).detach(), atol=1e-12)


def test_normalisation_stands_between_a_hidden_layer_and_its_activation():
    model = with_normalisation(MLP([4, 3, 3, 2], "relu"), BatchNorm)
    assert [type(layer) for layer in model.layers] == [Linear, BatchNorm, ReLU] * 2 + [Linear]
    assert {"layer1/norm/gamma", "layer2/norm/beta"} < set(model.named_parameters())
    data = datasets.standardised(datasets.load("digits"))
    model = with_normalisation(MLP([64, 20, 10], "relu"), BatchNorm)
    fit(model, data, SGD(model.parameters(), 0.1), 1)
    assert model.layers[1].mean.data.any() and (model.layers[1].gamma.data != 1).any()


def test_task_5_says_what_normalisation_does():
    rows = [("no normalisation", 0.4, 0.1, 0.2, 0.2, 0.94, 2.0), ("batch normalisation", 0.7, 0.7, 0.1, 0.1, 0.97, 3.0),
            ("layer normalisation", 0.7, 0.7, 0.1, 0.1, 0.92, 2.5)]  # fmt: skip
    said = task5.gained(rows)
    assert "97.00% with batch normalisation (3.00 percentage points more)" in said
    assert "92.00% with layer normalisation (2.00 percentage points fewer)" in said and "0.25 (no norm" in said
    assert "1.5 times as long with batch normalisation" in said
    assert "depends on the others of its batch" in task5.averages(0.97, 0.96, 0.2, 64)
    assert "makes little difference" in task5.averages(0.97, 0.97, 0.97, 64)
    small = [("no normalisation", 0.6, 0.8), ("batch normalisation", 0.8, 0.78), ("layer normalisation", 0.8, 0.9)]
    said = task5.in_small_batches(small, 64)
    assert "+20.0 percentage points with no normalisation (60.0% to 80.0%), -2.0 percentage points with batch" in said
    assert "least is gained with batch normalisation. The best in batches of 4 is layer normalisation" in said
    said = task5.in_small_batches([small[0], (small[1][0], 0.8, 0.95), (small[2][0], 0.8, 0.7)], 64)
    assert "least is gained with layer normalisation. The best in batches of 4 is batch normalisation" in said
    assert "22 formulas agree" in task5.formulas_right([1e-12] * 22)
    assert "DISAGREE in 1 cases" in task5.formulas_right([1e-12, 1e-3])
    assert "the gradients of PyTorch (largest" in task5.layers_right([("BatchNorm", 0.0, 1e-16, 1e-16)])
    assert "OTHER gradients than PyTorch" in task5.layers_right([("BatchNorm", 0.0, 1e-16, 1e-3)])
