"""What a forward rule does, as calls of NumPy: found by running it on arrays that write down what is done to them.

The rule is the operator's own and stays as it is. One that looks at numbers (a branch on data, a loop over elements)
cannot be written down so, and is called as it stands.
"""

from collections import defaultdict
from typing import Any

import numpy as np

from scalar_engine.programs.plan import Variable


class Call:
    """target = function(*arguments, **options), on arrays.

    function    a ufunc, its `reduce`, another function of NumPy, "[]" or "[]=" (an index), or a Rule as it stands
    arguments   with Variables for arrays, also within tuples
    into        the Variable in whose memory it is computed, the target itself; None if the result has its own
    view_of     the Variable whose memory it shows; None if it is no view
    result      an array like the result
    """

    def __init__(self, function, arguments, options, target, result, into=None, view_of=None):
        self.function, self.arguments, self.options = function, arguments, options
        self.target, self.result, self.into, self.view_of = target, result, into, view_of

    @property
    def is_elementwise(self):
        return isinstance(self.function, np.ufunc) and self.function.signature is None

    @property
    def takes_out(self):
        """Whether the result can go into an array that is there."""
        return self.result.ndim > 0 and isinstance(getattr(self.function, "__self__", self.function), np.ufunc)

    def makes(self):
        """Pairs (Variable, an array like it) of results that can go into arrays that are there."""
        goes = self.function is np.empty_like or self.takes_out and self.into is None and self.view_of is None
        return [(self.target, self.result)] if goes else []

    @property
    def operands(self):
        return [*variables_of([self.arguments, self.options]), *([self.into] if self.into else [])]

    def with_variables(self, change):
        """The same of other Variables."""
        named = mapped(lambda x: change(x) if isinstance(x, Variable) else x, [self.arguments, self.options])
        others = [x and change(x) for x in (self.into, self.view_of)]
        return Call(self.function, *named, change(self.target), self.result, *others)

    def run(self, known):
        """Compute the target, where known is {Variable: array}."""
        arguments, options = mapped(
            lambda x: known[x] if isinstance(x, Variable) else x, [self.arguments, self.options]
        )
        if changes_first(self.function):
            applied(self.function, arguments, options)
        elif self.into:
            self.function(*arguments, **options, out=known[self.into])
        else:
            known[self.target] = np.asarray(applied(self.function, arguments, options))


class NotRecorded(Exception):
    """A rule has done something that no call of NumPy says."""


class Recorded(np.ndarray):
    """An array with a Variable, on which each call of NumPy is appended to `calls`."""

    variable: Any = None
    calls: Any = None

    def __array_ufunc__(self, ufunc, method, *inputs, out=(None,), **options):
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        usual = {"where": True, "keepdims": False, "initial": np._NoValue, "dtype": None}
        options = {name: x for name, x in options.items() if name not in usual or x is not usual[name]}
        return record(function, inputs, options, inputs[0] if method == "at" else out[0])

    def __array_function__(self, function, types, arguments, options):
        return record(function, arguments, options)

    def __getitem__(self, key):
        return record("[]", (self, key), {})

    def __setitem__(self, key, value):
        record("[]=", (self, key, value), {}, self)

    T = property(lambda self: record(np.transpose, (self,), {}))

    def reshape(self, *shape):
        return record(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {})

    def transpose(self, *axes):
        return record(np.transpose, (self, axes[0] if len(axes) == 1 else axes), {})

    def swapaxes(self, a, b):
        return record(np.swapaxes, (self, a, b), {})

    def ravel(self):
        return record(np.ravel, (self,), {})

    def copy(self):
        return record(np.copy, (self,), {"order": "C"})

    def astype(self, dtype):
        return record(np.ndarray.astype, (self, np.dtype(dtype)), {})

    def looked_at(self, *arguments, **options):
        raise NotRecorded

    __bool__ = __int__ = __float__ = __index__ = __iter__ = __contains__ = looked_at
    item = tolist = fill = sort = dot = take = view = argmax = argmin = nonzero = looked_at


def record(function, arguments, options, out=None):
    """function(*arguments, **options) on the arrays, and its Call written down; the result as a Recorded array."""
    recorded = [x for x in found_in([arguments, options, out]) if isinstance(x, Recorded)]
    if any(x.variable is None for x in recorded) or not (out is None or isinstance(out, Recorded)):
        raise NotRecorded
    plain, plain_options = mapped(lambda x: np.asarray(x) if isinstance(x, Recorded) else x, [arguments, options])
    if out is None or changes_first(function):
        result = applied(function, plain, plain_options)
    else:
        result = function(*plain, **plain_options, out=np.asarray(out))
    if isinstance(result, np.dtype) or function in (np.shape, np.ndim, np.size):
        return result
    if not isinstance(result, (np.ndarray, np.generic)) or not is_of_numpy(function):
        raise NotRecorded
    if out is None and result is plain[0]:
        return arguments[0]
    target = out if out is not None else as_recorded(np.asarray(result), Variable(), recorded[0].calls)
    shows = out is None and isinstance(arguments[0], Recorded) and np.may_share_memory(result, plain[0])
    named = mapped(lambda x: x.variable if isinstance(x, Recorded) else x, [arguments, options])
    into = out.variable if out is not None else None
    view_of = arguments[0].variable if shows else None
    recorded[0].calls.append(Call(function, *named, target.variable, np.asarray(result), into, view_of))
    return target


def applied(function, arguments, options):
    if function == "[]":
        return arguments[0][arguments[1]]
    if function == "[]=":
        arguments[0][arguments[1]] = arguments[2]
        return arguments[0]
    if changes_first(function):
        function(*arguments)
        return arguments[0]
    return function(*arguments, **options)


def changes_first(function):
    """Whether it changes its first argument: x[key] = value, or np.add.at."""
    return function == "[]=" or getattr(function, "__name__", "") == "at"


def is_of_numpy(function):
    """Whether a program can name it."""
    function = getattr(function, "__self__", None) or function
    return isinstance(function, str) or function is np.ndarray.astype or name_in_numpy(function) is not None


def name_in_numpy(function):
    name = getattr(function, "__name__", "")
    rooms = {"": np, "linalg.": np.linalg, "lib.stride_tricks.": np.lib.stride_tricks}
    return next((room + name for room, module in rooms.items() if getattr(module, name, None) is function), None)


def as_recorded(array, variable, calls):
    out = array.view(Recorded)
    out.variable, out.calls = variable, calls
    return out


def recording(function, operands):
    """(the Calls that function makes, its results as Variables); None if it cannot be written down.

    operands    pairs (Variable, array), or (None, number or array that is always the same)
    """
    found = attempt(function, operands)
    if found is None:  # what is made from a constant, and filled by what varies, is written down with it
        named = [(variable or Variable(), x) for variable, x in operands]
        constants = {new: x for (new, x), (old, _) in zip(named, operands) if old is None}
        found = attempt(function, named)
        found = found and with_constants(*found, constants)
    return found


def with_constants(calls, results, constants):
    """Calls of which some Variables are {Variable: array} that are always the same; None if these are written into."""
    fixed, found = set(constants), []
    for call in calls:
        if call.into in fixed:
            return None
        if call.view_of in fixed:
            fixed.add(call.target)
        call = call.with_variables(lambda x: constants.get(x, x))
        call.view_of = None if call.target in fixed else call.view_of
        found.append(call)
    return found, results


def attempt(function, operands):
    calls: list[Call] = []
    xs = [x if variable is None else as_recorded(np.asarray(x), variable, calls) for variable, x in operands]
    with np.errstate(all="ignore"):
        try:
            results = function(*xs)
            results = results if isinstance(results, tuple) else (results,)
            if not all(isinstance(x, Recorded) and x.variable for x in results):
                return None
            results = [x.variable for x in results]
            return (calls, results) if holds(function, operands, calls, results) else None
        except (NotRecorded, TypeError, ValueError):
            return None


def holds(function, operands, calls, results):
    """Whether the calls do on other numbers what the function does, which may have let some get away unrecorded."""
    others = [(variable, x if variable is None else changed(np.asarray(x))) for variable, x in operands]
    known = {variable: x for variable, x in others if variable is not None}
    expected = function(*[x for _, x in others])
    for call in calls:
        call.run(known)
    found = zip(results, expected if isinstance(expected, tuple) else (expected,))
    return all(np.array_equal(known[variable], x, equal_nan=True) for variable, x in found)


def changed(x):
    """Another array of the same kind: numbers reversed, so that a matrix keeps its inverse, and smaller."""
    return (0.75 * np.flip(x)).astype(x.dtype) if x.dtype.kind == "f" else np.roll(x, 1)


def without_casts(calls, samples):
    """Pairs (call, the same) but for calls that make numbers of truth values only to multiply by them: these do too."""
    likes, uses, casts = dict(samples), defaultdict(list), {}
    for call in calls:
        likes[call.target] = call.result
        for x in call.operands:
            uses[x].append(call)
        if call.function is np.ndarray.astype and likes[call.arguments[0]].dtype == bool:
            casts[call.target] = call.arguments[0]

    def multiplies(use, number):
        if use.function is not np.multiply or use.into is number:
            return False
        others = [x for x in use.arguments if x is not number and type(x) is Variable and x not in casts]
        return [likes[x].dtype for x in others] == [likes[number].dtype]

    truth = {x: casts[x] for x in casts if uses[x] and all(multiplies(use, x) for use in uses[x])}
    for call in calls:
        if call.target not in truth:
            is_simpler = not truth.keys().isdisjoint(call.operands)
            yield call, call.with_variables(lambda x: truth.get(x, x)) if is_simpler else call


# ---- what is within arguments


def found_in(x):
    if isinstance(x, (list, tuple)):
        for each in x:
            yield from found_in(each)
    elif isinstance(x, dict):
        yield from found_in([*x.values()])
    else:
        yield x


def variables_of(x):
    return [each for each in found_in(x) if isinstance(each, Variable)]


def mapped(change, x):
    if isinstance(x, (list, tuple)):
        return type(x)([mapped(change, each) for each in x])
    return {name: mapped(change, each) for name, each in x.items()} if isinstance(x, dict) else change(x)
