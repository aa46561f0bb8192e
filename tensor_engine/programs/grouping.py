"""Calls that do something to each element, gathered into loops: what one pass over memory can do, one pass does."""

import numpy as np

from scalar_engine.graph import Operator
from scalar_engine.programs.plan import Variable

from ..kernels import KERNELS
from .recording import Call

OPERATORS = {kernel: op for op, kernel in KERNELS.items() if isinstance(kernel, np.ufunc)}  # {ufunc: operator}


class Loop(Call):
    """Calls on the elements of one shape, done one after the other to each element.

    calls       elementwise ones, and sums over the first axis
    bases       {Variable: the one that it broadcasts}
    stores      {Variable: an array like it} of what is needed afterwards
    loads       the Variables of what is needed from before, or is changed in place
    """

    def __init__(self, calls, stores, loads, bases):
        self.calls, self.stores, self.loads, self.bases = calls, stores, loads, bases
        self.function, self.into, self.view_of = "loop", None, None
        self.target = next(iter(stores))
        self.result = max((call.result for call in calls), key=np.ndim)  # an array of the shape that it goes over

    is_elementwise = True

    @property
    def operands(self):
        return [*self.loads, *self.stores]

    def makes(self):
        return [(x, like) for x, like in self.stores.items() if x not in self.loads]


class Grouping:
    """The way through a list of calls, on which those that a loop can do wait until somebody needs them.

    is_plain    is_plain(op) says whether the operator's rule can be written in a loop
    expanded    expanded(call) gives calls of NumPy for one that is in no loop after all
    results     Variables that are needed in the end
    """

    def __init__(self, calls, is_plain, expanded, results, inputs):
        self.is_plain, self.expanded, self.results = is_plain, expanded, set(results)
        self.owners, self.bases, self.waiting, self.order = {}, {}, [], []
        self.likes = dict(inputs)  # {Variable: an array like it}
        for call in calls:
            self.take(call)
        self.flush()
        self.loops()

    def owner(self, x):
        return self.owners.get(x, x)

    def take(self, call):
        self.likes[call.target] = call.result
        if call.view_of is not None:
            self.owners[call.target] = self.owner(call.view_of)
            if call.function is np.broadcast_to:
                self.bases[call.target] = self.bases.get(call.view_of, call.view_of)
            self.order.append(call)
            return
        sums = {other.target for _, other in self.waiting if is_sum(other)}
        if not sums.isdisjoint(self.bases.get(x, x) for x in call.operands):
            self.flush()
        shape = self.shape_of(call)
        if shape is not None:
            if self.waiting and self.waiting[0][0] != shape:
                self.flush()
            self.waiting.append((shape, call))
            return
        reads = {self.owner(x) for x in call.operands}
        writes = {self.owner(call.into)} if call.into else set()
        for _, other in self.waiting:
            written = self.owner(other.into or other.target)
            if written in reads or not writes.isdisjoint(map(self.owner, other.operands)):
                self.flush()
                break
        self.order += self.expanded(call)

    def shape_of(self, call):
        """The shape that a loop goes over in which this call can be; None if it can be in none."""
        function = call.function
        if is_sum(call):
            (x,) = call.arguments
            inside = any(other.target is x and not is_sum(other) for _, other in self.waiting)
            return self.likes[x].shape if inside and self.likes[x].ndim == 2 and call.into is None else None
        op = function if isinstance(function, Operator) else OPERATORS.get(function)
        if op is None or call.options or not self.is_plain(op) or call.result.ndim not in (1, 2):
            return None
        like = call.result
        if like.dtype not in (np.float32, np.float64):
            return None
        return like.shape if like.size and all(self.fits(x, like) for x in call.arguments) else None

    def fits(self, x, like):
        """Whether an argument is a number, or an array whose element for each of the loop's is plain to see."""
        if not isinstance(x, Variable):
            return np.ndim(x) == 0 and x != 0  # algebra would leave 0 * infinity out
        base, shape = self.bases.get(x, x), like.shape
        of = self.likes[base].shape
        if base in self.owners or self.likes[base].dtype != like.dtype:
            return False
        return of in (shape, (), shape[1:], (1, *shape[1:]), (*shape[:1], 1))

    def flush(self):
        calls = [call for _, call in self.waiting]
        self.order += [calls] if len(calls) > 1 else [each for call in calls for each in self.expanded(call)]
        self.waiting = []

    def loops(self):
        """Make a Loop of each list in the order: what it stores is what others, or the results, have need of."""
        needed = set(map(self.owner, self.results))
        for i in reversed(range(len(self.order))):
            entry = self.order[i]
            if isinstance(entry, list):
                made, loads = {}, []
                for call in entry:
                    for x in [self.bases.get(x, x) for x in call.arguments if isinstance(x, Variable)]:
                        if x not in made and x not in loads:
                            loads.append(x)
                    made.setdefault(call.target, call.result)
                stores = {x: like for x, like in made.items() if self.owner(x) in needed}
                entry = self.order[i] = Loop(entry, stores, loads, self.bases) if stores else None
                needed |= set(map(self.owner, loads)) if stores else set()
            else:
                needed |= set(map(self.owner, entry.operands))
        self.order = [entry for entry in self.order if entry is not None]


def is_sum(call):
    """Whether it sums over the first axis."""
    is_reduce = getattr(call.function, "__name__", "") == "reduce" and call.function.__self__ is np.add
    return is_reduce and len(call.arguments) == 1 and call.options in ({}, {"axis": 0}, {"axis": (0,)})
