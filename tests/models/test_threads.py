"""One BLAS thread instead of two that wait for each other: decided by trying, and undone in the end."""

import pytest
from threadpoolctl import threadpool_limits

from models import threads as module
from models.datasets import load, standardised
from models.layers import MLP
from models.threads import Threads
from models.training import fit
from tensor_engine import Adam


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
