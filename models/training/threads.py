"""How a run has the cores: threads of BLAS, which wait for each other, or pieces of a batch, each on a thread."""

import math
import time

import numpy as np
from threadpoolctl import ThreadpoolController

RUNS = 9
CLEARLY = 0.8  # of the time on all threads; less is no accident
SLOWER = 1.5  # times as long as usual: others may have come for the cores
LARGE = 4 << 20  # bytes of a program's arrays, which are more work than the products alone, and done piece by piece
PIECE = 12 << 20  # bytes of a piece's; with smaller ones, on many cores, threads wait for the interpreter
WINDOW = 0.5  # seconds, after which it is seen how long steps take


class Threads:
    """The number of BLAS threads of a run, which goes down to one for the rest of it if that is clearly faster.

    Products on one thread may differ in their last digits, as sums in another order do.
    """

    def __init__(self):
        self.blas = ThreadpoolController().select(user_api="blas")
        self.limit = None
        self.window, self.usual = WINDOW, math.inf
        self.begin()

    @property
    def number(self):
        return max((pool.num_threads for pool in self.blas.lib_controllers), default=1)

    def arrange(self, step, x, y):
        """Give a CompiledStep what is faster for batches like x and y."""
        if self.limit is None and self.number > 1 and step.memory(x, y) > LARGE and step.is_a_mean(x, y):
            step.workers = min(self.number, max(2, math.ceil(step.memory(x, y) / PIECE)))
            self.limit = self.blas.limit(limits=1)
        self.decide(step.rehearsed, x, y)

    def rest(self, step):
        """Between epochs, what is not done in pieces has all threads."""
        if step.workers > 1:
            self.restore()

    def decide(self, run, *arguments):
        """Try run(*arguments) on all threads and on one; whether one is taken from here on that was not before."""
        if self.limit or self.number < 2:
            return False
        on_all = usual_time(run, *arguments)
        limit = self.blas.limit(limits=1)
        if usual_time(run, *arguments) < CLEARLY * on_all:
            self.limit = limit
            return True
        limit.restore_original_limits()
        return False

    def begin(self):
        """Steps follow, of which each asks whether they `lag`."""
        self.steps, self.since = 0, time.perf_counter()
        self.until = math.inf if self.limit or self.number < 2 else self.since + self.window

    def lag(self):
        """Whether steps have come to take clearly longer, so that it is time to `decide` again; before each of them."""
        now = time.perf_counter()
        if now < self.until or not self.steps:
            self.steps += 1
            return False
        pace = (now - self.since) / self.steps
        lags = pace > SLOWER * self.usual
        self.usual = min(self.usual, pace)
        self.window *= 1 + lags  # for it may be that one thread is no faster
        self.begin()
        return lags

    def restore(self):
        if self.limit:
            self.limit.restore_original_limits()
            self.limit = None


def usual_time(run, *arguments):
    """Seconds of the median of some runs, after one to warm up."""
    times = []
    with np.errstate(all="ignore"):  # what is not finite is told of by the step itself
        for _ in range(1 + RUNS):
            start = time.perf_counter()
            run(*arguments)
            times.append(time.perf_counter() - start)
    return sorted(times[1:])[RUNS // 2]
