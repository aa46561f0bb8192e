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
    fitting,
    get,
    made,
    meaning,
    method,
    parameters_of,
    put,
    required,
    role,
)

RATE_OF_UPDATE = 0.1


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


class Run:
    """What one run of a student's code gave: the output, the gradients, the parameters before and after an update."""

    def __init__(self, student, trial):
        self.student, self.trial = student, trial
        self.rate = RATE_OF_UPDATE
        self.out, self.out_node = None, trial.root
        self.gradients, self.before, self.after = {}, {}, {}
        self.coarse = self.is_stale = False
        self.error = None  # that of the update
        student.partial = self

    def count_right(self):
        """How much of it is right, but for a factor of the batch size: the output, and each gradient."""
        pairs = [(self.out, self.out_node.data)]
        pairs += [(self.gradients.get(name), array) for name, array in self.trial.right_gradients().items()]
        n = self.trial.sizes["N"]
        return sum(any(close(a, b * factor) for factor in (1, n, 1 / n)) for a, b in pairs if a is not None)

    def in_scale(self, per_mean):
        """{node: gradient}, those of parameters times N if they are means."""
        nodes, n = self.trial.nodes, self.trial.sizes["N"]
        of_parameters = {name: array * n for name, array in self.gradients.items() if name in self.trial.parameters}
        return {nodes[name]: array for name, array in (self.gradients | (of_parameters if per_mean else {})).items()}

    def take_out(self, given, loss=None):
        """The first of what was returned that may be the output, and the node that it is."""
        nodes = [x for x in reversed(self.trial.order) if x.label and x.inputs]  # a network may give its probabilities
        if self.trial.upstream is not None:
            nodes = nodes[:1]
        parts = [loss] if loss is not None else list(given) if isinstance(given, tuple) else [given]
        options = [
            (laid, node) for part in parts for node in nodes for laid in [self.shaped(part, node)] if laid is not None
        ]
        if not options:
            shapes = ", ".join(str(np.shape(part)) for part in parts)
            where = f"{self.student.name}.{self.student.at_forward}" if self.student.is_class else self.student.name
            raise StudentError(f"{where} returned shape {shapes}, and {self.trial.root.shape} is right")
        n = self.trial.sizes["N"]
        agreeing = [x for x in options if close(x[0], x[1].data) or close(x[0], x[1].data * n)]
        self.out, self.out_node = (agreeing or options)[0]
        self.coarse |= np.asarray(self.out).dtype == np.float32

    def shaped(self, part, node):
        """What was returned, in the shape and the layout of a node; None if it does not fit."""
        if not isinstance(part, (np.ndarray, float, int, np.generic)):
            return None
        part = np.asarray(part)
        return fitting(part.T if self.student.columns and part.ndim == 2 else part, node.data)

    def take_gradients(self, returned, thing, places, before):
        """Gradients by what was returned, then by names in the object, then by what has changed."""
        wanted = self.trial.wanted
        self.offer(returned)
        if thing is not None:
            own = [(path, array) for path, _, _, array in arrays_in(thing)]
            self.by_name(own)
            for path, array in own:
                for name in wanted[:1] if wanted[0] in self.trial.inputs else ():
                    if role(path)[:2] == ("x", True) and name not in self.gradients and self.fits(name, array):
                        self.gradients[name] = array
            kept = {id(get(*place)) for place in places.values()} | {id(x) for x in self.gradients.values()}
            for _, array in own:
                is_new = id(array) not in before or not np.array_equal(array, before[id(array)])
                if is_new and id(array) not in kept:
                    for name in wanted:
                        if name in places and name not in self.gradients and self.fits(name, array):
                            self.gradients[name] = array
                            break
        self.gradients = {name: np.array(array) for name, array in self.gradients.items()}
        arrays = [*self.gradients.values(), *self.before.values()]
        self.coarse |= any(array.dtype == np.float32 for array in arrays)

    def offer(self, returned):
        wanted = self.trial.wanted
        if isinstance(returned, dict):
            self.by_name([(str(path), array) for path, _, _, array in arrays_in(returned)], is_gradient=True)
            return
        parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        nested = [part for part in parts if isinstance(part, (dict, list, tuple))]
        for part in nested:
            self.offer(part)
        arrays = [part for part in parts if isinstance(part, (np.ndarray, float, np.generic))]
        for names in (wanted, [*self.trial.inputs, *self.trial.parameters], wanted[:1], wanted[1:]):
            if len(arrays) == len(names) and all(map(self.fits, names, arrays)):
                self.gradients.update({name: array for name, array in zip(names, arrays) if name in wanted})
                return
        if len(arrays) == len(wanted):  # in a wrong shape
            self.gradients.update(zip(wanted, arrays))
            return
        for array in arrays:
            name = next((name for name in wanted if name not in self.gradients and self.fits(name, array)), None)
            if name is None and len(arrays) == 1 and wanted and wanted[0] in self.trial.inputs:
                name = wanted[0]
            if name is not None:
                self.gradients[name] = array

    def by_name(self, found, is_gradient=False):
        """Of named arrays, those that are called the gradient of a parameter."""
        for kind in ("W", "b"):
            names = [x for x in self.trial.parameters if role(x)[0] == kind and x not in self.gradients]
            arrays = [(role(path), array) for path, array in found]
            arrays = [
                (number, array) for (of, is_one, number), array in arrays if of == kind and (is_one or is_gradient)
            ]
            if {role(name)[2] for name in names} == {number for number, _ in arrays}:
                arrays.sort(key=lambda entry: entry[0] or 0)
            for name in names:
                place = next((i for i, (_, array) in enumerate(arrays) if self.fits(name, array)), None)
                if place is not None or len(arrays) == len(names) == 1:  # or in a wrong shape
                    self.gradients[name] = arrays.pop(place or 0)[1]

    def fits(self, name, array):
        array = np.asarray(array)
        is_input = name in self.trial.inputs
        wanted = self.trial.data[name]
        if (
            wanted.ndim == 1
            and array.ndim == 2
            and self.student.columns
            and array.shape == (len(wanted), self.trial.sizes["N"])
        ):
            return True
        turned = array.T if is_input and self.student.columns else array
        return turned.shape == wanted.shape if is_input else fitting(array, wanted) is not None

    def take_updates(self, now):
        """Gradients from an update inside the backward pass, where none were kept."""
        for name, array in now.items():
            self.gradients.setdefault(name, (self.before[name] - array) / self.rate)

    def in_engine_layout(self):
        """The same, each array as the engine has it."""
        for arrays in (self.gradients, self.before, self.after):
            for name, array in arrays.items():
                arrays[name] = self.laid_back(name, array)
        return self

    def laid_back(self, name, array):
        array, wanted = np.asarray(array), self.trial.data[name]
        is_turned = name in self.student.turned or self.student.columns and name in self.trial.inputs
        if array.ndim == 2 and wanted.ndim == 2 and is_turned and array.shape == wanted.shape[::-1]:
            array = array.T
        elif array.shape != wanted.shape and sorted(n for n in array.shape if n > 1) == [
            n for n in wanted.shape if n > 1
        ]:
            array = array.reshape(wanted.shape) if array.ndim != 2 or wanted.ndim != 2 else array
        return array.astype(np.float32) if self.coarse else array


def close(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=1e-6)
