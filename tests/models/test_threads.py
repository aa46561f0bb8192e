"""One BLAS thread instead of two that wait for each other: decided by trying, and undone in the end."""

import pytest
from threadpoolctl import threadpool_limits

from models import threads as module
from models.threads import Threads


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
