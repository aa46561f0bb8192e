"""check_layer: a student's layer, loss or network beside the engine's, on random data of several shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine.checking.calculation import Calculation
from scalar_engine.checking.check import judged
from scalar_engine.checking.claims import Claims
from scalar_engine.checking.marks import BLANK, RIGHT, WRONG, Mark
from scalar_engine.checking.running import StudentError
from scalar_engine.checking.slips import BATCH, FACTOR
from scalar_engine.checking.words import spoken_names
from scalar_engine.graph import topological_order
from scalar_engine.operators import log, relu, sigmoid, tanh
from scalar_engine.passes import backward_pass

from ..operators.fused import mse, softmax_cross_entropy
from ..operators.reductions import softmax
from ..tensor import Tensor
from .layer_check import LayerCheck
from .student_layers import Student
from .student_runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scalar_engine.checking.step_check import StepCheck


def linear(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return x @ W + b


def mean_cross_entropy(p: Tensor, y: Tensor) -> Tensor:
    return -(y * log(p)).sum() / len(p)


def network_relu(x: Tensor, y: Any, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return network(x, y, W1, b1, W2, b2, relu)


def network(x: Tensor, y: Any, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor, f: Any = sigmoid) -> Tensor:
    h = f((x @ W1 + b1).named("k")).named("h")
    p = softmax((h @ W2 + b2).named("o")).named("p")
    return mean_cross_entropy(p, y)


# What a layer may be said to be: its function, and the axes of what it takes: N instances, n inputs, m outputs, h
# hidden units. Targets (y, "Nm") are handed over as classes or as one-hot rows, as the student's code takes them.
LAYERS: dict[str, tuple[Callable[..., Tensor], dict[str, str]]] = {
    "linear": (linear, {"x": "Nn", "W": "nm", "b": "m"}),
    "relu": (relu, {"x": "Nn"}),
    "sigmoid": (sigmoid, {"x": "Nn"}),
    "tanh": (tanh, {"x": "Nn"}),
    "softmax": (softmax, {"x": "Nn"}),
    "linear_sigmoid": (lambda x, W, b: sigmoid(linear(x, W, b).named("z")), {"x": "Nn", "W": "nm", "b": "m"}),
    "linear_relu": (lambda x, W, b: relu(linear(x, W, b).named("z")), {"x": "Nn", "W": "nm", "b": "m"}),
    "linear_softmax": (lambda x, W, b: softmax(linear(x, W, b).named("z")), {"x": "Nn", "W": "nm", "b": "m"}),
    "cross_entropy": (mean_cross_entropy, {"p": "Nm", "y": "Nm"}),
    "softmax_cross_entropy": (softmax_cross_entropy, {"o": "Nm", "y": "Nm"}),
    "mse": (lambda y, t: mse(y, t), {"y": "Nm", "t": "Nm"}),
    "network": (network, {"x": "Nn", "y": "Nm", "W1": "nh", "b1": "h", "W2": "hm", "b2": "m"}),
    "network_relu": (network_relu, {"x": "Nn", "y": "Nm", "W1": "nh", "b1": "h", "W2": "hm", "b2": "m"}),
}
SHAPES = (
    {"N": 5, "n": 3, "h": 6, "m": 4},
    {"N": 4, "n": 4, "h": 4, "m": 4},
    {"N": 1, "n": 3, "h": 5, "m": 2},
    {"N": 2, "n": 6, "h": 3, "m": 5},
)


LARGE = 1000.0  # logits of which no exp is finite


def check_layer(
    student: Any, layer: str | Callable[..., Tensor], shapes: dict[str, str] | None = None, *, seed: int = 0
) -> LayerCheck:
    """Run a student's layer beside the engine's, and say which method and which step is the first wrong one.

    student     a class with forward and backward (by these names or others, also with a ctx), or functions: a pair
                (forward, backward), or one that returns (loss, gradients)
    layer       what it is to compute: "linear", "relu", "sigmoid", "tanh", "softmax", "linear_sigmoid", "linear_relu",
                "linear_softmax", "cross_entropy", "softmax_cross_entropy", "mse", "network"; or a function of Tensors
                with `shapes`, the axes of each of its arguments: {"x": "Nn", "W": "nm", "b": "m"}; N, n, h and m are
                1 to 6, N the instances

    >>> class Linear:
    ...     def __init__(self, n_in, n_out):
    ...         self.W, self.b = np.zeros((n_in, n_out)), np.zeros(n_out)
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x @ self.W + self.b
    ...     def backward(self, upstream):
    ...         self.dW, self.db = self.x.T @ upstream, upstream.mean(axis=0)
    ...         return upstream @ self.W.T
    >>> check = check_layer(Linear, "linear")
    >>> [(mark.name, mark.mark) for mark in check.marks]
    [('forward', 'right'), ('dx', 'right'), ('dW', 'right'), ('db', 'wrong')]

    It is made with random parameters, and run on random data of four shapes, a batch of one among them. Layouts are
    the student's own. An exception in the student's code is a verdict, in one line.
    Raises ValueError for a layer that is not known.
    """
    if isinstance(layer, str):
        if layer not in LAYERS:
            raise ValueError(
                f"check_layer: {layer!r} is none of {', '.join(LAYERS)}; or give a function and its shapes"
            )
        function, shapes = LAYERS[layer]
    else:
        function = layer
        if not shapes or not {*"".join(shapes.values())} <= {*SHAPES[0]}:
            raise ValueError(
                'check_layer: say which axes the arguments have, as in shapes={"x": "Nn", "W": "nm"}, '
                f"of the letters {', '.join(SHAPES[0])}"
            )
    rng = np.random.default_rng(seed)
    trials = [Trial(function, shapes, sizes, rng) for sizes in SHAPES]
    told, check = Student(student), None
    trial = trials[0]
    try:
        with np.errstate(all="ignore"):
            told.adapt(trial)
            for trial in trials:
                check = judged_trial(told, trial)
                if not check.ok:
                    return check
            told.note_overflow(Trial(function, shapes, SHAPES[0], rng, scale=LARGE))
    except StudentError as error:
        return failed(told, trial, error)
    remarks = "".join(f"; {remark}" for remark in told.remarks)
    names = ", ".join(mark.name for mark in check.marks)
    return LayerCheck(f"{told.name} is right ({names}), with batches of 5, 4, 1 and 2{remarks}", check.marks)


def failed(student: Student, trial: Trial, error: StudentError) -> LayerCheck:
    """The LayerCheck of code that raised an exception: of its forward pass, if that went well and is wrong."""
    run = student.partial
    marks: list[Mark] = []
    if run is not None and run.out is not None:
        check = judged_forward(student, trial, run, marks)
        if check is not None:
            return check
    step = "update" if student.at == student.at_update else "backward" if marks else "forward"
    mark = BLANK if isinstance(error.__cause__, NotImplementedError) else WRONG
    return LayerCheck(str(error), [*marks, Mark(None, mark, str(error), step)])


class Trial:
    """Random data of one shape, and the engine's graph on it.

    data        {argument: array}, and `classes` of targets
    nodes       {argument: Tensor}
    root        what the layer gives
    upstream    the gradient of it; None for a loss
    """

    def __init__(
        self, function: Any, shapes: dict[str, str], sizes: dict[str, int], rng: Any, scale: float = 1.0
    ) -> None:
        self.sizes, self.shapes = sizes, shapes
        self.data = {name: scale * drawn(rng, [sizes[axis] for axis in axes]) for name, axes in shapes.items()}
        self.classes = None
        if "y" in shapes and "t" not in shapes:
            self.classes = rng.integers(sizes["m"], size=sizes["N"])
            self.data["y"] = np.eye(sizes["m"])[self.classes]
        if "p" in shapes:
            e = np.exp(self.data["p"])
            self.data["p"] = e / e.sum(axis=1, keepdims=True)
        self.nodes = {
            name: Tensor(array, name, requires_grad=name != "y" or "t" in shapes) for name, array in self.data.items()
        }
        self.root = function(*self.nodes.values()).named("out")
        self.order = topological_order(self.root)
        shape = self.root.shape
        self.upstream = rng.normal(size=shape) if shape else None
        self.inputs = [name for name, axes in shapes.items() if axes[0] == "N" or name == "t"]
        self.parameters = [name for name in shapes if name not in self.inputs]
        self.wanted = self.parameters if self.parameters and not shape else [*self.inputs[:1], *self.parameters]

    def right_gradients(self) -> dict[str, Any]:
        """{argument: the gradient of what the layer gives}"""
        found = dict(backward_pass(self.root, unit=self.upstream))
        return {name: found[node] for name, node in self.nodes.items() if node in found}

    def check(self, kind: str, given: dict[Any, Any], factor: float = 1.0) -> StepCheck:
        """The StepCheck of what a student's code gave for values or gradients of nodes."""
        claims = Claims(spoken_names(self.order))
        for node, array in given.items():
            claims.add(node, kind, array)
        unit = self.root.unit * factor if self.upstream is None else self.upstream
        return judged(Calculation(self.root, claims.computed(), unit))

    def __str__(self) -> str:
        return ", ".join(f"{axis} = {self.sizes[axis]}" for axis in "Nnhm" if axis in "".join(self.shapes.values()))


def drawn(rng: Any, shape: list[int]) -> Any:
    """Random numbers that float32 has too."""
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def judged_forward(student: Student, trial: Trial, run: Run, marks: list[Mark]) -> LayerCheck | None:
    """Enter the mark of the forward pass; the LayerCheck if it is wrong."""
    node, out, n = run.out_node, run.out, trial.sizes["N"]
    is_loss = node is trial.root and trial.upstream is None
    options = [out / n if is_loss and student.sums else out, *[out / n] * (is_loss and not student.sums)]
    found = likeliest(trial.check("value", {node: option}) for option in options)
    marks.append(Mark(None, RIGHT if found.ok else WRONG, "" if found.ok else str(found).split("\n")[0], "forward"))
    return None if found.ok else LayerCheck(f"{student.name}.{student.at_forward}, with {trial}: {found}", marks, found)


def judged_trial(student: Student, trial: Trial) -> LayerCheck:
    """The LayerCheck of one trial."""
    run = student.run(trial)
    marks: list[Mark] = []
    check = judged_forward(student, trial, run, marks)
    if check is not None:
        return check
    factor = float(trial.sizes["N"]) if student.sums else 1.0
    missing = [name for name in trial.wanted if name not in run.gradients]
    options = [run.in_scale(student.per_mean)]
    if trial.upstream is not None and trial.parameters:
        options.append(run.in_scale(not student.per_mean))
    found = likeliest(trial.check("gradient", option, factor) for option in options)
    by_node = {mark.claim.node: mark for mark in found.marks}
    for name in trial.wanted:
        mark = by_node.get(trial.nodes[name])
        if mark is None:
            marks.append(Mark(None, WRONG, "no gradient of it was found", f"d{name}"))
        else:
            marks.append(Mark(None, mark.mark, mark.remark or ("" if mark.ok else str(found)), f"d{name}"))
    if not found.ok:
        return LayerCheck(f"{student.name}.{student.at_backward}, with {trial}: {found}", marks, found)
    if missing:
        names = ", ".join(f"d{name}" for name in missing)
        return LayerCheck(
            f"{student.name}.{student.at_backward}: no {names} was found, neither returned nor kept", marks
        )
    return updated(student, trial, run, marks)


def likeliest(checks: Iterable[StepCheck]) -> StepCheck:
    """Of what was found by several conventions, the first that is right, or else one with a slip that is no factor.

    What the student's convention is (a sum or a mean) right work shows, and wrong work does not.
    """
    found: list[StepCheck] = []
    for check in checks:
        if check.ok and not found:
            return check
        found.append(check)
    return next((x for x in found if x.slip is not None and x.slip.kind not in (FACTOR, BATCH)), found[0])


def step_check(run: Run, name: str, after: Any, n: int) -> StepCheck:
    """The StepCheck of a parameter after the update, a step along its gradient / n."""
    p, g, rate = (
        Tensor(np.asarray(data, run.before[name].dtype), label, requires_grad=True)
        for data, label in ((run.before[name], name), (run.gradients[name], f"d{name}"), (run.rate, "rate"))
    )
    new = (p - rate * (g / n if n > 1 else g)).named(f"{name} after the update")
    claims = Claims(spoken_names(topological_order(new)))
    claims.add(new, "value", after)
    return judged(Calculation(new, claims.computed()))


def updated(student: Student, trial: Trial, run: Run, marks: list[Mark]) -> LayerCheck:
    """The same, with the update judged: parameters less rate x gradient, by the student's own gradients."""
    if run.error is not None:
        return LayerCheck(str(run.error), [*marks, Mark(None, WRONG, str(run.error), "update")])
    for name, after in run.after.items():
        found = likeliest(step_check(run, name, after, n) for n in student.scales_of_update(trial))
        if not found.ok:
            marks.append(Mark(None, WRONG, str(found).split("\n")[0], "update"))
            return LayerCheck(f"{student.name}.{student.at_update}, with {trial}: {found}", marks, found)
    if run.is_stale:
        text = "the gradients of the step before are still in those of the next: set them to zero in between"
        marks.append(Mark(None, WRONG, text, "second step"))
        return LayerCheck(f"{student.name}.{student.at_update}: {text}", marks)
    if run.after:
        marks.append(Mark(None, RIGHT, "", "update"))
    return LayerCheck("", marks)
