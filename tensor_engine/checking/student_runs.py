"""What one run of a student's code gave: told by names, shapes and layouts, and laid out as the engine has it."""

import numpy as np

from scalar_engine.checking.running import StudentError

from .student_code import arrays_in, fitting, get, role

RATE_OF_UPDATE = 0.1


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
