"""One BLAS thread instead of two that wait for each other: decided by trying, and undone in the end."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models.datasets import load, standardised
from models.layers import MLP, Activation, BatchNorm, Linear, Sequential
from models.training import fit
from models.training import threads as module
from models.training.compiled import CompiledStep
from models.training.threads import Threads
from tensor_engine import Adam, drawn


@pytest.mark.parametrize("on_two, expected", [(10.0, 1), (1.2, 2), (0.5, 2)])
def test_one_thread_is_taken_if_it_is_clearly_faster(on_two, expected, monkeypatch):
    """Than one that takes 1 second."""
    with threadpool_limits(2, "blas"):
        threads = Threads()
        if threads.number < 2:
            pytest.skip("this BLAS has one thread")
        monkeypatch.setattr(module, "usual_time", lambda run: on_two if threads.number == 2 else 1.0)
        assert threads.decide(None) == (expected == 1) and threads.number == expected
        assert not threads.decide(None) and threads.number == expected
        threads.restore()
        assert threads.number == 2


def test_steps_that_come_to_take_longer_are_noticed_on_the_way(monkeypatch):
    """Each window once; the next are longer if nothing has helped."""
    now = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    threads = Threads()
    threads.until = threads.since + threads.window  # were there two

    def noticed(n_steps, seconds):
        found = []
        for _ in range(n_steps):
            found.append(threads.lag())
            threads.until = min(threads.until, threads.since + threads.window)
            now[0] += seconds
        return sum(found)

    assert noticed(500, 0.01) == 0 and noticed(500, 0.012) == 0
    assert noticed(100, 0.05) == 3 and threads.window == 8 * module.WINDOW


def test_a_program_with_large_arrays_has_pieces_of_batches_on_each_thread(monkeypatch):
    """While it trains: what is measured has all threads of BLAS. The numbers are the engine's, to the order of sums.

    What is dropped is so too, in each of two layers, whose masks are drawn for the batch as a whole, or its pieces.
    """
    workers, measured = [], []
    data = standardised(load("digits"), np.float64)
    of_pieces = CompiledStep.of_pieces
    monkeypatch.setattr(
        CompiledStep, "of_pieces", lambda step, pieces, n: workers.append(len(pieces)) or of_pieces(step, pieces, n)
    )

    def run(style, piece):
        model = MLP([64, 8, 8, 10], dtype=np.float64, dropout=0.3)
        history = fit(model, data, Adam(model.parameters()), 2, 100, progress=False, style=style, piece=piece,
                      after_epoch=lambda history: measured.append(Threads().number))  # fmt: skip
        return history.batch_losses

    with threadpool_limits(2, "blas"):
        if Threads().number < 2:
            pytest.skip("this BLAS has one thread")
        monkeypatch.setattr(module, "LARGE", 1000)
        for piece in (100, 60):
            assert run("arrays", piece) == pytest.approx(run("eager", piece), rel=1e-11)
        assert {*workers} == {2} and {*measured} == {2} and Threads().number == 2


class LessMean(Activation):
    """What an instance comes to depends on the others of its batch."""

    pure = True

    def __call__(self, x):
        return x - x.mean(axis=0)


class OneMask(Activation):
    """Of all instances the same elements are dropped."""

    pure = True

    def __call__(self, x):
        rng = self.__dict__.setdefault("rng", np.random.default_rng(0))
        return x * drawn(lambda: rng.integers(0, 2, x.shape[1:]).astype(x.dtype), x.shape[1:], x.dtype)


@pytest.mark.parametrize("make", [LessMean, OneMask, lambda: BatchNorm(64, np.float64)])
def test_what_is_no_mean_over_instances_stays_whole(make, monkeypatch):
    data = standardised(load("digits"), np.float64)
    monkeypatch.setattr(module, "LARGE", 1000)

    def run(style):
        model = Sequential(make(), Linear(64, 10, np.random.default_rng(0), dtype=np.float64))
        return fit(model, data, Adam(model.parameters()), 1, 100, progress=False, style=style).batch_losses

    with threadpool_limits(2, "blas"):
        assert run("arrays") == pytest.approx(run("eager"), rel=1e-11)


def test_a_trial_on_the_way_changes_no_number(monkeypatch):
    def run():
        data = standardised(load("digits"))
        model = MLP([64, 8, 10], dropout=0.2)
        fit(model, data, Adam(model.parameters()), 1, 100, progress=False, style="arrays")
        return [parameter.data.tobytes() for parameter in model.parameters()]

    undisturbed = run()
    tries = []
    monkeypatch.setattr(Threads, "lag", lambda self: True)
    monkeypatch.setattr(Threads, "decide", lambda self, run, *arguments: tries.append(run(*arguments)))
    assert run() == undisturbed and len(tries) > 10
