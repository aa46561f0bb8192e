"""How many threads BLAS has: two that wait for each other, while others have the cores, are slower than one."""

import time

import numpy as np
from threadpoolctl import ThreadpoolController

RUNS = 5
CLEARLY = 0.7  # of the time on all threads; less is no accident


class Threads:
    """The number of BLAS threads of a run, which goes down to one for the rest of it if that is clearly faster.

    Products on one thread may differ in their last digits, as sums in another order do.
    """

    def __init__(self):
        self.blas = ThreadpoolController().select(user_api="blas")
        self.limit = None

    @property
    def number(self):
        return max((pool.num_threads for pool in self.blas.lib_controllers), default=1)

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

    def restore(self):
        if self.limit:
            self.limit.restore_original_limits()


def usual_time(run, *arguments):
    """Seconds of the median of some runs, after one to warm up."""
    times = []
    with np.errstate(all="ignore"):  # what is not finite is told of by the step itself
        for _ in range(1 + RUNS):
            start = time.perf_counter()
            run(*arguments)
            times.append(time.perf_counter() - start)
    return sorted(times[1:])[RUNS // 2]
