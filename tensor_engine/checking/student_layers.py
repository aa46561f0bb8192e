"""A student's layer as `check_layer` runs it: how it is called, and what it gave, in the engine's layout.

How instances lie, whether targets are one-hot, where a mean is taken: what a first run shows is kept for the others.
"""

import inspect
import itertools

import numpy as np

from scalar_engine.checking.running import StudentError, run

from .student_code import (
    BACKWARD,
    CACHE,
    FORWARD,
    INPUT,
    LOSS,
    RATE,
    TARGET,
    UPDATE,
    UPSTREAM,
    Context,
    arrays_in,
    get,
    made,
    meaning,
    method,
    parameters_of,
    put,
    required,
    role,
)
from .student_runs import RATE_OF_UPDATE, Run, close


class Student:
    """A student's class or functions, and what is known of their conventions.

    columns     whether instances are columns
    one_hot     whether targets are one-hot rows
    turned      the parameters that are kept transposed
    sums        whether a loss is the sum over the instances, not their mean
    per_mean    whether gradients of parameters are means over the instances, of upstream gradients of single ones
    means       whether the update takes the mean of a sum
    at          the method at work
    """

    def __init__(self, given):
        self.given = given
        functions = given if isinstance(given, (tuple, list)) else (given,)
        self.is_class = inspect.isclass(given)
        self.name = getattr(functions[0], "__name__", str(functions[0]))
        self.functions = functions
        self.columns = self.one_hot = self.sums = self.per_mean = self.means = False
        self.turned, self.remarks = set(), []
        self.partial = None
        self.at = self.at_forward = self.at_backward = self.at_update = ""

    # ---- what a first run shows

    def adapt(self, trial):
        """Find the conventions with which the code runs, and gives what is right if there are such."""
        best = None
        for self.columns, self.one_hot in itertools.product((False, True), repeat=2):
            if self.one_hot and trial.classes is None:
                continue
            self.partial = error = None
            try:
                self.run(trial)
            except StudentError as caught:
                error = caught
            far = self.partial is not None and self.partial.out is not None
            rank = (self.partial.count_right(), error is None) if far else (-1, False)
            if best is None or rank > best[0]:
                best = rank, self.columns, self.one_hot, self.partial, error
        _, self.columns, self.one_hot, self.partial, error = best
        if error is not None:
            raise error
        found = self.run(trial)
        self.learn(trial, found)

    def learn(self, trial, found):
        n, root = trial.sizes["N"], trial.root.data
        if self.columns:
            self.remarks.append("instances are columns")
        if self.turned:
            self.remarks.append(f"{', '.join(sorted(self.turned))} kept as the transpose")
        if trial.upstream is None and found.out_node is trial.root and close(found.out, n * root):
            self.sums = True
            self.remarks.append("the loss is the sum over the instances, not their mean")
        right = trial.right_gradients()
        of_parameters = [name for name in trial.parameters if name in found.gradients]
        if trial.upstream is not None and of_parameters:
            self.per_mean = all(close(n * found.gradients[name], right[name]) for name in of_parameters)
        if self.per_mean:
            self.remarks.append("gradients of parameters are means over the instances")
        steps = [
            (found.before[name] - found.after[name], RATE_OF_UPDATE * found.gradients[name] / n) for name in found.after
        ]
        if steps and all(close(*step) for step in steps):
            self.means = True
            self.remarks.append("the update takes the mean over the instances")

    def scales_of_update(self, trial):
        """By what an update may divide, the likeliest first: where a loss is a sum, the mean may be taken there."""
        n = trial.sizes["N"]
        return (n,) if self.means else (1, n) if self.sums else (1,)

    def note_overflow(self, trial):
        """Say so if a layer, right as it is, has no numbers where those it is given are large."""
        if trial.upstream is not None and not np.isfinite(self.run(trial).out).all():
            self.remarks.append(f"{self.at_forward} gives nan for logits of 1000: subtract the largest one first")

    # ---- a run

    def run(self, trial):
        """The Run on a trial's data."""
        data = {name: self.laid_out(trial, name) for name in trial.data}
        pool = {
            INPUT: [data[name] for name in trial.inputs if name not in self.targets(trial)],
            TARGET: [data[name] for name in self.targets(trial)],
            "W": [], "b": [], UPSTREAM: [], CACHE: [], RATE: [RATE_OF_UPDATE],
        }  # fmt: skip
        if trial.upstream is not None:
            pool[UPSTREAM] = [trial.upstream.T.copy() if self.columns else trial.upstream.copy()]
        else:
            pool[UPSTREAM] = [1.0]
        return (
            self.run_class(trial, pool) if self.is_class and not self.has_context else self.run_functions(trial, pool)
        )

    @property
    def has_context(self):
        forward = method(self.given, FORWARD) if self.is_class else None
        return bool(forward) and required(forward)[:1] == ["ctx"]

    def targets(self, trial):
        return [name for name in ("t", "y") if name in trial.data][:1] if self.has_target(trial) else []

    @staticmethod
    def has_target(trial):
        return "t" in trial.data or trial.classes is not None

    def laid_out(self, trial, name):
        """An argument as the student's code takes it."""
        array = trial.data[name]
        if name == "y" and trial.classes is not None and not self.one_hot:
            return trial.classes.copy()
        return array.T.copy() if self.columns and name in trial.inputs else array.copy()

    def run_class(self, trial, pool):
        sizes = trial.sizes
        first, last = (trial.data[name].shape[-1] for name in (trial.inputs[0], (trial.parameters or trial.inputs)[-1]))
        between = [sizes["h"]] if "h" in "".join(trial.shapes.values()) else []
        self.at = "__init__"
        arrays = {k: [trial.data[x].copy() for x in trial.parameters if role(x)[0] == k] for k in ("W", "b")}
        for thing in made(self.given, [first, *between, last], arrays):
            places = parameters_of(thing, {name: trial.data[name] for name in trial.parameters})
            absent = [name for name in trial.parameters if name not in places]
            if not absent:
                break
        else:
            shapes = ", ".join(f"{name} {trial.data[name].shape}" for name in absent)
            raise StudentError(f"{self.name} keeps no array that could be {shapes}")
        forward, backward = method(thing, FORWARD), method(thing, BACKWARD)
        if forward is None or backward is None:
            missing = "forward" if forward is None else "backward"
            raise StudentError(f"{self.name} has no method {missing}, nor any that is called as others call it")
        self.at_forward, self.at_backward = forward.__name__, backward.__name__
        for name, (holder, key) in places.items():
            own = get(holder, key)
            self.note_layout(name, own, trial)
            put(holder, key, self.for_student(name, trial.data[name], own))
        result = Run(self, trial)
        result.before = {name: np.array(get(*place)) for name, place in places.items()}
        out, loss = self.forward(thing, forward, trial, pool)
        before = {id(array): array.copy() for _, _, _, array in arrays_in(thing)}
        result.take_out(out, loss)
        if isinstance(out, tuple) and len(out) > 1:
            pool[CACHE] = [out[1]]
        returned = self.call(backward, pool)
        result.take_gradients(returned, thing, places, before)
        update = method(thing, UPDATE)
        now = {name: np.array(get(*place)) for name, place in places.items()}
        if any(not np.array_equal(now[name], result.before[name]) for name in places):
            result.take_updates(now)
        elif update is not None and set(places) <= set(result.gradients) and places:
            self.at_update = update.__name__
            try:
                self.call(update, pool)
            except StudentError as error:
                result.error = error
                return result.in_engine_layout()
            result.after = {name: np.array(get(*place)) for name, place in places.items()}
            for name, (holder, key) in places.items():
                put(holder, key, result.before[name].copy())
            again = Run(self, trial)
            self.forward(thing, forward, trial, pool)
            again.take_gradients(self.call(backward, pool), thing, places, {})
            result.is_stale = any(close(again.gradients.get(x), 2 * result.gradients[x]) for x in places)
            self.partial = result
        return result.in_engine_layout()

    def forward(self, thing, forward, trial, pool):
        """What forward gives or keeps, and the loss of it, if a method or an object beside takes that."""
        out = self.call(forward, pool)
        if out is None:
            out = tuple(array for path, _, _, array in arrays_in(thing) if not role(path)[1])[::-1]
        loss = method(thing, LOSS) or method(getattr(thing, "loss", None), FORWARD)
        if loss is None or trial.upstream is not None or len(required(forward)) == len(trial.inputs):
            return out, None
        return out, self.call(loss, pool | {INPUT: [out] if len(required(loss)) > 1 else []})

    def run_functions(self, trial, pool):
        """A pair (forward, backward) with a cache, two static methods with a ctx, or (loss, gradients) at once."""
        forward, *rest = (
            [method(self.given, FORWARD), method(self.given, BACKWARD)] if self.is_class else self.functions
        )
        self.at_forward, self.at_backward = forward.__name__, rest[0].__name__ if rest else forward.__name__
        for name in trial.parameters:
            pool[role(name)[0]].append(trial.data[name].copy())
        pool["params"] = [{name: trial.data[name].copy() for name in trial.parameters}]
        context = Context()
        pool["ctx"] = [context]
        result = Run(self, trial)
        out = self.call(forward, pool if rest else pool | {UPSTREAM: [], CACHE: []})
        result.take_out(out)
        if rest:
            pool[CACHE] = [out[1]] if isinstance(out, tuple) and len(out) > 1 else []
            result.take_gradients(self.call(rest[0], pool), None, {}, {})
        else:
            if not isinstance(out, tuple) or len(out) < 2:
                raise StudentError(
                    f"{self.name} returned no gradients beside the loss; give a pair (forward, backward)"
                )
            result.take_gradients(out[1] if len(out) == 2 else out[1:], None, {}, {})
        return result.in_engine_layout()

    def note_layout(self, name, own, trial):
        shape = trial.data[name].shape
        if len(shape) == 2 and shape[0] != shape[1] and own.shape == shape[::-1]:
            self.turned.add(name)

    def for_student(self, name, array, own):
        """A parameter in the student's layout and type."""
        return np.array(array.T if name in self.turned else array.reshape(own.shape), own.dtype)

    def call(self, function, pool):
        """function(...), with what its arguments' names say, and what is left over in order."""
        self.at = function.__name__
        names, queues = required(function), {kind: list(values) for kind, values in pool.items()}
        forward, chosen = function.__name__ in (self.at_forward, *LOSS.split()), []
        if forward and self.at_backward != self.at_forward:
            queues = {kind: queue for kind, queue in queues.items() if kind not in (UPSTREAM, CACHE)}
        for name in names:
            kind = self.kind_of(name, names, queues)
            chosen.append(queues[kind].pop(0) if queues.get(kind) else None)
        order = (INPUT, TARGET, "W", "b") if forward else (UPSTREAM, CACHE, INPUT, TARGET, "W", "b", RATE)
        left = [value for kind in order for value in queues.get(kind, ())]
        arguments = [left.pop(0) if value is None and left else value for value in chosen]
        copied = [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]
        self.at = function.__name__
        return run(f"{self.name}.{self.at}" if self.is_class else self.at, function, *copied)

    def kind_of(self, name, names, queues):
        if name == "ctx" or name in ("params", "parameters", "weights") and queues.get("params"):
            return "ctx" if name == "ctx" else "params"
        kind = meaning(name)
        if (
            kind == TARGET
            and name.lower() == "y"
            and any(other != name and meaning(other) == TARGET for other in names)
        ):
            return INPUT
        if kind == UPSTREAM and queues.get(role(name)[0]) and not role(name)[1]:
            return role(name)[0]
        return kind
