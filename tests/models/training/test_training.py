"""Training: gradients in pieces, the record of a run, evaluation, and that it learns."""

import csv
import json

import numpy as np
import pytest

from models.datasets import load, standardised
from models.history import Epoch, History
from models.layers import MLP
from models.training import backward, evaluate, fit, gradient_norms, gradients
from tensor_engine import softmax_cross_entropy
from tensor_engine.optimizers import SGD, Adam


@pytest.fixture(scope="module")
def digits():
    return standardised(load("digits"), np.float64)


def model_for(data, **options):
    return MLP([data.xtrain.shape[1], 12, data.num_classes], dtype=data.xtrain.dtype, **options)


@pytest.mark.parametrize("piece", [1, 7, 50, 64, 1000])
def test_pieces_add_up_to_the_whole_batch(digits, piece):
    """Also where the last piece is smaller: 50 = 7 * 7 + 1."""
    x, y = digits.xtrain[:50], digits.ytrain[:50]
    whole, parts = model_for(digits), model_for(digits)
    loss = softmax_cross_entropy(whole(x), y)
    loss.backward()
    assert backward(parts, x, y, piece) == pytest.approx(loss.item(), rel=1e-12)
    for a, b in zip(whole.parameters(), parts.parameters()):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-10, atol=1e-14)


def test_large_batches_are_cut_to_the_size_of_the_caches(digits, monkeypatch):
    monkeypatch.setattr(gradients, "PIECE_BYTES", 10 * digits.xtrain[:1].nbytes)
    seen = []
    model = model_for(digits)
    model.layers.insert(0, lambda x: seen.append(len(x)) or x)
    backward(model, digits.xtrain[:25], digits.ytrain[:25])
    assert seen == [10, 10, 5]


def test_fit_records_every_batch_and_every_epoch(digits):
    model = model_for(digits)
    history = fit(model, digits, SGD(model.parameters(), 0.1, momentum=0.9), epochs=3, batch_size=500, decay=0.5)
    assert len(history.batch_losses) == 3 * 3  # 1,200 instances in batches of 500, 500 and 200
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
    assert [epoch.learning_rate for epoch in history.epochs] == [0.1, 0.05, 0.025]
    last, measured = history.epochs[-1], evaluate(model, digits.xval, digits.yval)
    assert (last.validation_loss, last.validation_accuracy) == (measured.loss, measured.accuracy)
    assert history.epochs[0].train_loss > last.train_loss


@pytest.mark.parametrize("optimizer", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.01)])
def test_it_learns_the_digits(digits, optimizer):
    model = model_for(digits)
    history = fit(model, digits, optimizer(model.parameters()), epochs=8, batch_size=32)
    assert history.epochs[-1].train_accuracy > 0.97 and history.epochs[-1].validation_accuracy > 0.87


def test_a_full_batch_step_is_plain_gradient_descent(digits):
    model, by_hand = model_for(digits), model_for(digits)
    fit(model, digits, SGD(model.parameters(), 0.5), epochs=1, batch_size="full")
    softmax_cross_entropy(by_hand(digits.xtrain), digits.ytrain).backward()
    for a, b in zip(model.parameters(), by_hand.parameters()):
        np.testing.assert_allclose(a.data, b.data - 0.5 * b.grad, rtol=1e-10, atol=1e-14)


def test_the_same_seed_gives_the_same_run(digits):
    def losses(seed):
        model = model_for(digits, dropout=0.2)
        return fit(model, digits, SGD(model.parameters(), 0.1), 2, 100, rng=seed).batch_losses

    assert losses(1) == losses(1) != losses(2)


def test_evaluation_every_few_epochs_changes_nothing_but_the_record(digits):
    def history(every):
        model = model_for(digits)
        return fit(model, digits, SGD(model.parameters(), 0.1), 5, 600, every=every)

    often, seldom = history(1), history(2)
    assert often.batch_losses == seldom.batch_losses
    assert [epoch.epoch for epoch in seldom.epochs] == [2, 4, 5]  # the last one too
    assert [e.validation_loss for e in seldom.epochs] == [often.epochs[i].validation_loss for i in (1, 3, 4)]


def test_gradient_norms_are_recorded_on_request(digits):
    model = model_for(digits)
    history = fit(model, digits, SGD(model.parameters(), 0.1), 1, 600, record_norms=True)
    assert [set(norms) for norms in history.gradient_norms] == [{"layer1", "layer2"}] * 2
    softmax_cross_entropy(model(digits.xtrain[:9]), digits.ytrain[:9]).backward()
    W, b = model.layers[0].parameters()
    assert gradient_norms(model)["layer1"] == pytest.approx(np.sqrt((W.grad**2).sum() + (b.grad**2).sum()))


def test_a_key_ends_a_run_and_keeps_the_finished_epochs(digits):
    def stop_after_two(history):
        if len(history.epochs) == 2:
            raise KeyboardInterrupt

    model = model_for(digits)
    history = fit(model, digits, SGD(model.parameters(), 0.1), 5, 400, after_epoch=stop_after_two)
    assert history.interrupted and len(history.epochs) == 2 and len(history.batch_losses) == 2 * 3


def test_evaluation_by_hand():
    """Logits x on four instances: two right, and the worse of the wrong ones first."""
    x = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 1.0], [3.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    y = np.array([0, 1, 2, 1])

    class Identity(MLP):
        def __call__(self, x):
            from tensor_engine import Tensor

            return Tensor(x)

    found = evaluate(Identity([3, 3]), x, y)
    assert found.accuracy == 0.5 and found.predictions.tolist() == [0, 2, 0, 1]
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    assert found.worst(y).tolist() == [2, 1] and found.worst(y, n=1).tolist() == [2]
    assert found.losses[2] == pytest.approx(np.log(np.exp(3) + 2))
    assert found.loss == pytest.approx(found.losses.mean())


def test_evaluation_leaves_dropout_out_and_the_model_in_training(digits):
    model = model_for(digits, dropout=0.9)
    first, second = (evaluate(model, digits.xval, digits.yval).loss for _ in range(2))
    assert first == second and model.training and model.layers[2].training


def test_history_saves_itself_and_comes_back(tmp_path):
    history = History([2.0, 1.5], [Epoch(1, 1.4, 0.5, 1.6, 0.4, 0.1, 2.0)])
    table, numbers, picture = history.save(tmp_path)
    assert [row["validation_loss"] for row in csv.DictReader(table.read_text().splitlines())] == ["1.6"]
    assert History.from_json(numbers.read_text()) == history
    assert json.loads(numbers.read_text())["batch_losses"] == [2.0, 1.5]
    assert picture.read_bytes().startswith(b"\x89PNG")
