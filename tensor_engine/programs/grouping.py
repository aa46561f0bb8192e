"""Calls that do something to each element, gathered into loops: what one pass over memory can do, one pass does."""

from typing import NamedTuple

import numpy as np

from scalar_engine.graph import Operator
from scalar_engine.programs.plan import Variable

from ..kernels import KERNELS
from .recording import Call, variables_of

OPERATORS = {kernel: op for op, kernel in KERNELS.items() if isinstance(kernel, np.ufunc)}  # {ufunc: operator}
STARTS = {np.add: "0.0", np.maximum: "-np.inf", np.minimum: "np.inf"}  # of what a loop reduces
SHORT_ROW = 50  # elements; NumPy reduces longer ones faster than a loop


class Place(NamedTuple):
    """Where a call is done in a loop.

    shape       of the elements that the loop goes over
    kind        what there is of its result: an "element" each, one a "row", one a "column", or a "total"
    operands    what it reads there: numbers, (Variable, index), or the index "j" itself
    """

    shape: tuple
    kind: str
    operands: list


class Loop(Call):
    """Calls on the elements of one shape, done one after the other to each element, or to each row of them.

    members     pairs (call, its Place)
    stores      {Variable: an array like it} of what is needed afterwards
    loads       the Variables of what is needed from before, or is changed in place
    """

    def __init__(self, members, stores, loads):
        self.members, self.stores, self.loads = members, stores, loads
        self.calls = [call for call, _ in members]
        self.function, self.into, self.view_of = "loop", None, None
        self.target = next(iter(stores))
        self.dtype = next(call.result.dtype for call in self.calls if call.result.dtype.kind == "f")
        self.result = np.broadcast_to(self.dtype.type(0), members[0][1].shape)  # like what it goes over

    is_elementwise = True

    @property
    def operands(self):
        return [*self.loads, *self.stores]

    def makes(self):
        return [(x, like) for x, like in self.stores.items() if x not in self.loads]


class Grouping:
    """The way through a list of calls, on which those that a loop can do wait until somebody needs them.

    is_plain    is_plain(op, size) says whether the operator's rule can be written in a loop over so many elements
    expanded    expanded(call) gives calls of NumPy for one that is in no loop after all
    results     Variables that are needed in the end
    """

    def __init__(self, calls, is_plain, expanded, results, inputs):
        self.is_plain, self.expanded, self.results = is_plain, expanded, set(results)
        self.owners, self.bases, self.rows = {}, {}, {}  # what views show: arrays, what is broadcast, one number a row
        self.waiting, self.kinds, self.order = [], {}, []
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
            self.see(call)
            self.order.append(call)
            return
        place = self.place(call)
        if self.waiting and (place is None or place.shape != self.shape):
            waiting, kinds, self.waiting, self.kinds = self.waiting, self.kinds, [], {}
            place = self.place(call)  # in a loop of its own
            self.waiting, self.kinds = waiting, kinds
            if place:
                self.flush()
        if place:
            self.waiting.append((call, place))
            self.kinds[call.target] = place.kind
            return
        reads = {self.owner(x) for x in call.operands}
        writes = {self.owner(call.into)} if call.into else set()
        for other, _ in self.waiting:
            written = self.owner(other.into or other.target)
            if written in reads or not writes.isdisjoint(map(self.owner, other.operands)):
                self.flush()
                break
        self.order += self.expanded(call)

    def see(self, call):
        """Take down what a view shows."""
        x, of = call.view_of, self.likes[call.view_of].shape
        self.owners[call.target] = self.owner(x)
        if call.function is np.broadcast_to:
            self.bases[call.target] = self.bases.get(x, x)
        elif {of, call.result.shape} == {of[:1], (*of[:1], 1)} and keeps_order(call):
            self.rows[call.target] = self.rows.get(x, x)

    # ---- where a call can be done

    def place(self, call):
        """The Place of a call in a loop, the one that waits if there is one; None if it can be in none."""
        function, like = call.function, call.result
        if self.dtype and like.dtype.kind == "f" and like.dtype != self.dtype:
            return None
        if getattr(function, "__name__", "") == "reduce":
            return self.place_of_reduction(call)
        if function == "[]":
            return self.place_of_choice(*call.arguments)
        if function in (np.equal, np.ndarray.astype):
            fits = self.dtype and like.ndim == 2 and like.dtype.kind in "fb"
            return self.reading(call.arguments, like.shape, "element", "iub") if fits else None
        op = function if isinstance(function, Operator) else OPERATORS.get(function)
        if op is None or call.options or not like.size or like.dtype not in (np.float32, np.float64):
            return None
        if not self.is_plain(op, like.size):
            return None
        kinds = {self.kinds.get(self.shown(x)) for x in call.arguments if isinstance(x, Variable)}
        if "total" in kinds:
            return self.reading(call.arguments, self.shape, "total", like.dtype)
        if "row" in kinds and like.shape[1:] in ((), (1,)):
            return self.reading(call.arguments, self.shape, "row", like.dtype)
        return self.reading(call.arguments, like.shape, "element", like.dtype) if like.ndim in (1, 2) else None

    def place_of_reduction(self, call):
        options = {"axis": 0, "keepdims": False, **call.options}
        axis, keepdims = options.pop("axis"), options.pop("keepdims")
        ufunc, (x, *more) = call.function.__self__, call.arguments
        if ufunc not in STARTS or options or more or call.into or not isinstance(x, Variable):
            return None
        like, kind = self.likes[x], self.kinds.get(self.shown(x))
        axes = {*range(like.ndim)} if axis is None else {n % like.ndim for n in np.ravel(axis).tolist()}
        sums_up = ufunc is np.add and not keepdims
        if kind == "row" and sums_up and axes == {0} == {*range(like.ndim)}:
            return self.reading([x], self.shape, "total", like.dtype, "row")
        if like.ndim != 2 or not like.size:
            return None
        if axes == {1} and like.shape[1] <= SHORT_ROW:
            return self.reading([x], like.shape, "row", like.dtype, "element")
        if kind == "element" and sums_up and 0 in axes:
            return self.reading([x], like.shape, "total" if 1 in axes else "column", like.dtype, "element")
        return None

    def place_of_choice(self, x, key):
        """Of the one element that is chosen of each row, x[np.arange(n), y]."""
        if not isinstance(key, tuple) or len(key) != 2 or self.kinds.get(x) != "element" or len(self.shape) != 2:
            return None
        counted, y = key
        if not isinstance(y, Variable) or self.likes[y].ndim != 1 or not counts(counted, self.shape[:1]):
            return None
        chosen, from_ = self.read(y, self.shape, "row", "iub"), self.read(x, self.shape, "element", self.dtype)
        return Place(self.shape, "row", [from_, chosen]) if chosen and from_ else None

    def reading(self, arguments, shape, kind, dtype, of=None):
        """The Place of a call in a loop over elements of a shape, with such a result, of operands `of` another kind."""
        operands = [self.read(x, shape, of or kind, dtype) for x in arguments if not isinstance(x, np.dtype)]
        return None if None in operands else Place(shape, kind, operands)

    def read(self, x, shape, kind, dtype):
        """An argument as a Place has it, if it is a number, or an array of which a loop has what it needs; or None.

        dtype       that it must have, or the kinds of them
        """
        if not isinstance(x, Variable):
            if counts(x, shape[1:]) and kind == "element":
                return "j"
            return x if np.ndim(x) == 0 and x != 0 else None  # algebra would leave 0 * infinity out
        base = self.bases.get(x, x)
        x, of, inner = self.rows.get(base, base), self.likes[base].shape, len(shape) == 2
        known = self.kinds.get(x)
        has = self.likes[x].dtype
        if x in self.owners or (has.kind not in dtype if isinstance(dtype, str) else has != dtype):
            return None
        if known is None and of == ():
            return x, ""
        if inner and of == (shape[0], 1) and (known == "row" or x is not base or shape[1] > 1) or kind == "row":
            upright = "[i]" if self.likes[x].ndim == 1 else "[i, 0]"
            fits = known == "row" or known is None and self.likes[x].size == shape[0]
            return (x, upright) if fits else None
        if kind == "total" or known not in (None, "element"):
            return (x, "") if kind == known else None
        index = {shape: "[i, j]" if inner else "[i]"}
        if inner:
            index = {(1, *shape[1:]): "[0, j]", shape[1:]: "[j]", **index}
        return (x, index[of]) if of in index and x is base else None

    def shown(self, x):
        """The Variable with one number a row that x shows; or else x."""
        base = self.bases.get(x, x)
        return self.rows.get(base, base)

    # ---- loops

    @property
    def shape(self):
        return self.waiting[0][1].shape if self.waiting else ()

    @property
    def dtype(self):
        return next((call.result.dtype for call, _ in self.waiting if call.result.dtype.kind == "f"), None)

    def flush(self):
        calls = [call for call, _ in self.waiting]
        self.order += [self.waiting] if len(calls) > 1 else [each for call in calls for each in self.expanded(call)]
        self.waiting, self.kinds = [], {}

    def loops(self):
        """Make a Loop of each list in the order: what it stores is what others, or the results, have need of."""
        needed, used = set(map(self.owner, self.results)), set(self.results)
        for i in reversed(range(len(self.order))):
            entry = self.order[i]
            if isinstance(entry, list):
                made, loads = {}, []
                for call, place in entry:
                    for x in variables_of(place.operands):
                        if x not in made and x not in loads:
                            loads.append(x)
                    made.setdefault(call.target, call.result)
                stores = {x: like for x, like in made.items() if self.owner(x) in needed}
                entry = self.order[i] = Loop(entry, stores, loads) if stores else None
                needed |= set(map(self.owner, loads)) if stores else set()
            elif entry.view_of is None or entry.target in used:
                needed |= set(map(self.owner, entry.operands))
                used.update(entry.operands)
            else:  # a view that loops have seen through
                self.order[i] = None
        self.order = [entry for entry in self.order if entry is not None]


def keeps_order(call):
    """Whether a view has the elements in the order that they have."""
    if call.function == "[]":
        key = call.arguments[1] if isinstance(call.arguments[1], tuple) else call.arguments[1:]
        return all(part is None or part is Ellipsis or part in (0, slice(None)) for part in key)
    return call.function in (np.reshape, np.squeeze, np.expand_dims)


def counts(x, shape):
    """Whether x is the array 0, 1, 2, ... of a shape."""
    return isinstance(x, np.ndarray) and x.shape == shape and len(shape) == 1 and (x == np.arange(len(x))).all()
