"""What a reading says comes from its numbers: with two runs swapped, the sentence changes."""

import re
from types import SimpleNamespace

import numpy as np

from models.experiment import Setup
from models.history import Epoch, History
from walkthroughs.reports import readings
from walkthroughs.sheets.vu import question4, question5, question6, question7, splits


def history(validation_losses, train_losses=None, validation_accuracy=0.9, train_accuracy=0.95):
    """A History whose last epoch has these accuracies."""
    train_losses = train_losses or [1 / (i + 1) for i in range(len(validation_losses))]
    return History([2.0, 1.0], [
        Epoch(i, train, train_accuracy, validation, validation_accuracy, 0.1, 1.0)
        for i, (train, validation) in enumerate(zip(train_losses, validation_losses), start=1)
    ])  # fmt: skip


def test_the_winner_and_its_lead():
    assert readings.winner({"A": 0.9, "B": 0.92}, "accuracy") == (
        "B has the best accuracy, 92.0%: 2.0 percentage points ahead of A (90.0%)."
    )
    assert readings.winner({"A": 0.92, "B": 0.9}, "accuracy").startswith("A has the best accuracy, 92.0%")
    assert "share the best" in readings.winner({"A": 0.9, "B": 0.9}, "accuracy")
    losses = readings.winner({"A": 0.5, "B": 0.4}, "loss", higher=False, form=readings.nats, apart=readings.nats)
    assert losses.startswith("B has the best loss, 0.400 nats")


def test_where_validation_turns():
    rising = readings.overfitting(history([0.5, 0.3, 0.4], [0.5, 0.3, 0.1]))
    assert "lowest after epoch 2 (0.300 nats) and has risen by 0.100 nats" in rising and "it overfits" in rising
    assert "is 0.300 nats above the training loss (0.100 nats)" in rising
    falling = readings.overfitting(history([0.5, 0.4, 0.3], [0.6, 0.5, 0.4]))
    assert "still falling" in falling and "0.100 nats below" in falling and "overfits" not in falling
    assert "too small to speak of overfitting" in readings.overfitting(history([0.5, 0.3, 0.301], [0.5, 0.3, 0.2]))


def test_spread_and_speed():
    assert "is 90.0% on average, with a standard deviation of 1.0%, from 89.0% to 91.0%" in readings.spread(
        [0.89, 0.9, 0.91], "accuracy"
    )
    assert readings.speed("a", 1.0, "b", 3.0) == "A took 1.0 s, b 3.0 s: 3.0 times as long."
    assert readings.speed("a", 3.0, "b", 1.0) == "B took 1.0 s, a 3.0 s: 3.0 times as long."
    assert [readings.seconds(s) for s in (2e-6, 0.05, 5, 120)] == ["2 microseconds", "50.0 ms", "5.0 s", "2.0 min"]
    assert readings.listed("abc") == "a, b and c"


def test_question_4_says_whether_the_loss_drops():
    said = question4.learned([1.0] * 10 + [0.5] * 10, 0.9, 250)
    assert "drops: 1.0000" in said and "90.00% of the 250 validation instances" in said
    assert "does NOT drop" in question4.learned([0.5] * 10 + [1.0] * 10, 0.9, 250)


def test_question_5_names_the_better_way_of_stepping():
    def runs(*accuracies, seconds=1.0):
        return [question5.Run([2.0] * 10 + [1.0] * 10, accuracy, seconds) for accuracy in accuracies]

    better, worse = runs(0.90, 0.91, 0.92), runs(0.80, 0.81, 0.82, seconds=2.0)
    said = question5.compared({1: worse, 4: better})
    assert (
        "4 instances a step 91.00% and one step per instance 81.00%" in said and "4 instances a step is ahead" in said
    )
    assert said.endswith("4 instances a step took 1.0 s, one step per instance 2.0 s: 2.0 times as long.")
    assert "one step per instance is ahead" in question5.compared({1: better, 4: worse})
    near = question5.compared({1: better, 4: runs(0.90, 0.91, 0.915)})
    assert "3 initialisations do not tell which is ahead" in near
    assert "falls from 2.00" in question5.falling([2.0] * 20 + [1.0] * 20)
    assert "RISES from 1.00" in question5.falling([1.0] * 20 + [2.0] * 20)


def test_question_5_says_which_rates_suit_and_what_averaging_steadies():
    grid = {1: {0.1: 0.8, 0.2: 0.9, 0.4: 0.7}, 4: {0.2: 0.7, 0.4: 0.92, 0.8: 0.9}}
    said = question5.suited(grid)
    assert "0.2 for one step per instance (90.00%) and 0.4 for 4 instances a step (92.00%)" in said
    assert "The more instances are averaged, the larger the best rate." in said and "edge" not in said
    grid[4][0.2] = 0.95
    said = question5.suited(grid)
    assert "It does NOT grow" in said and "At the edge of the rates tried for 4 instances a step:" in said
    assert "a step of 16 is 4.0 times as steady as one of 1" in question5.steadied({1: 8.0, 4: 4.0, 16: 2.0})
    assert "a step of 16 is 2.0 times" in question5.steadied({1: 8.0, 4: 4.0, 16: 4.0})


def test_question_6_names_the_best_batch_and_where_it_saves():
    assert "batches of 64 it takes 2 micro" in question6.saving(1e-4, {16: 4e-6, 64: 2e-6}, 1e-4)
    assert "batches of 16 it takes 2 micro" in question6.saving(1e-4, {16: 2e-6, 64: 4e-6}, 1e-4)
    said = question6.saving(1e-4, {1: 4e-4, 16: 2e-6}, 2e-4)
    assert "A batch of 1 takes 4.0 times as long as one at a time, 300 microseconds more" in said
    assert said.endswith("of these, the step that it takes for each instance costs 200 microseconds.")
    assert "batch of 1" not in question6.saving(1e-4, {1: 5e-5, 16: 2e-6}, 1e-4)
    assert "NOT the same" in question6.agreement([("dW", "(1,)", 1.0, 1e-3)])
    parts = {question6.PRODUCT: (2e-5, 1e-6), question6.OUTER: (9e-5, 4e-6), question6.STEP: (0, 0)}
    parts[question6.REST] = (2e-5, 1e-6)
    said = question6.saved(parts)
    assert "takes 90 microseconds" in said and "69% of what a batch saves is saved at `dW += outer(x, dk)`" in said
    parts[question6.PRODUCT], parts[question6.OUTER] = parts[question6.OUTER], parts[question6.PRODUCT]
    assert "saved at `x @ W`, more than anywhere else: it reads each weight once" in question6.saved(parts)


def test_question_6_tries_matmul_on_batches():
    session, results = question6.console(question6.QUICK_TEST)
    assert results.count(True) == 4 and (4, 2, 5) in results and any("ValueError" in str(r) for r in results)
    assert ">>> np.matmul(A, B).shape\n(4, 2, 5)\n" in session
    assert question6.tested(results).startswith("All 4 comparisons hold; 1 product")
    assert question6.tested([True, False]).startswith("1 of 2 comparisons do NOT hold")


def test_question_7_follows_the_learning_rates():
    rates, losses = question7.RATES, [2.0, 1.0, 0.5, 0.4]
    growing = question7.influence(rates, losses, [0.6, 0.8, 0.88, 0.9], [0.01] * 4)
    assert growing.startswith("Learning rate 0.03 has the best") and "The larger the rate, the better" in growing
    assert "30.0 percentage points behind, with a training loss of 2.000 nats against 0.400 nats: it has not" in growing
    swapped = question7.influence(rates, losses, [0.6, 0.8, 0.9, 0.88], [0.01] * 4)
    assert swapped.startswith("Learning rate 0.01 has the best")
    assert "0.03, is 2.0 percentage points behind: more than two deviations" in swapped
    assert "behind: less than two" in question7.influence(rates, losses, [0.6, 0.8, 0.9, 0.88], [0.02] * 4)
    assert "do not simply rise" in question7.influence(rates, losses, [0.8, 0.6, 0.88, 0.9], [0.01] * 4)
    assert "it has not" not in question7.influence(rates, losses[::-1], [0.6, 0.8, 0.88, 0.9], [0.01] * 4)
    assert "falls from 2.000" in question7.falling([2.0] * 5 + [1.0] * 5)
    assert "rises from 1.000" in question7.falling([1.0] * 5 + [2.0] * 5)


def test_question_7_says_what_the_split_does():
    def ending(gap):
        return history([0.5, 0.2 + gap], [0.5, 0.2])

    shuffled = [ending(gap) for gap in (0.029, 0.030, 0.031)]
    said = splits.by_the_split(ending(-0.006), shuffled)
    assert "ends 0.030 nats above the training loss" in said and "and not 0.006 nats below it" in said
    assert "easier than images drawn at random, by about 0.036 nats, enough to turn the difference's sign" in said
    harder = splits.by_the_split(ending(0.06), shuffled)
    assert "harder than images drawn at random, by about 0.030 nats. So" in harder
    assert "Splits alone may differ by as much" in splits.by_the_split(ending(0.033), shuffled)


def test_question_7_names_what_a_run_was_given():
    setup, data = Setup("mnist"), SimpleNamespace(xtrain=range(55_000), xval=range(5_000))
    assert "The last 5,000 of the training images" in question7.split_of(setup, data)
    assert question7.sets_of(setup, data) == ("the full training set of 55,000 images", "the test set of 5,000")
    data = SimpleNamespace(xtrain=range(1_000), xval=range(250))
    for words in (question7.split_of(setup.but(limit=1_000), data), *question7.sets_of(setup.but(limit=1_000), data)):
        assert not re.search("full|5,000|[Ll]ast|the test set", words) and re.search("1,000|250", words)
    assert question7.epochs_of(setup.but(epochs=1)) == "1 epoch" and question7.epochs_of(setup) == "5 epochs"


def test_question_7_says_what_initialisations_do():
    mean, deviation = np.ones(40), np.linspace(0.4, 0.1, 40)
    alike = [history([0.3, value]) for value in (0.200, 0.201, 0.202)]
    assert "hardly matters" in question7.over_runs(alike, mean, deviation)
    apart = [history([0.3, value]) for value in (0.1, 0.2, 0.3)]
    assert "matters for where a run ends, so that" in question7.over_runs(apart, mean, deviation)
    assert (
        "within one run batches scatter by 0.707 there, so the band says mostly that each run draws other batches"
        in (question7.over_runs(alike, mean, deviation))
    )
    assert "the runs themselves are apart" in question7.over_runs(alike, mean, 10 * deviation)
    best, test = history([0.2], validation_accuracy=0.97).epochs[0], history([0.2], validation_accuracy=0.96).epochs[0]
    sets = "the training images", "the test images"
    said = question7.chosen(0.3, {0.3: best, 0.1: test}, test, sets, 5000)
    assert "(97.00%, 0.200 nats), 1.00 percentage points ahead of 0.1." in said
    assert "96.00% of the test images right, 1.00 percentage points below" in said
    assert "1.00 percentage points above" in question7.chosen(0.3, {0.3: test, 0.1: test}, best, sets, 5000)
    assert "the largest tried: one beyond" in said and "do not tell the two apart" not in said
    near = question7.chosen(0.3, {0.3: best, 0.1: test}, test, sets, 100)
    assert "less than two standard errors of an accuracy on 100 images (1.71 percentage points each)" in near
    assert "largest" not in question7.chosen(0.1, {0.3: test, 0.1: best}, test, sets, 5000)
