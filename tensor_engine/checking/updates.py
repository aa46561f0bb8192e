"""check_update: a student's update rule beside the textbook's, step after step: SGD, momentum, L2, Adam.

A slip is the right rule run with a setting changed: a momentum of 0, a learning rate with the wrong sign, a bias
correction left out. It has to lead to all that the student has, not to the first step only.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine.checking.marks import RIGHT, WRONG, Mark
from scalar_engine.checking.running import StudentError, run
from scalar_engine.checking.slips import FACTOR, MINUS, OPERANDS, POWER, TERM, KnownSlip, Slip
from scalar_engine.checking.step_check import StepCheck, difference

from ..tensor import Tensor
from .layer_check import LayerCheck
from .layers import drawn
from .student_code import UPDATE, fitting, method, required

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 3
SETTINGS = {"rate": 0.1, "momentum": 0.7, "decay": 0.03, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-8}
NAMES = {
    "w": "w W x theta param params weights weight parameters p values value",
    "g": "g dw dW grad grads gradient gradients dx dparams dtheta d",
    "rate": "lr learning_rate alpha eta rate step_size",
    "momentum": "momentum mu beta gamma rho",
    "decay": "lam lambda_ lambd l2 reg weight_decay decay wd regularization lmbda lamda",
    "beta1": "beta1 beta_1 b1 rho1",
    "beta2": "beta2 beta_2 b2 rho2",
    "epsilon": "eps epsilon",
    "t": "t step iteration iter k n_step",
    "config": "config state cache",
}

# ---- the right rules, and what may be changed in them

Settings = dict[str, Any]


def sgd(w: Any, g: Any, kept: Settings, s: Settings) -> Any:
    return w - s["rate"] * (g + s["penalty"] * w)


def momentum(w: Any, g: Any, kept: Settings, s: Settings) -> Any:
    kept["v"] = s["momentum"] * kept["v"] + s["of gradient"] * g
    return w - s["rate"] * kept["v"]


def adam(w: Any, g: Any, kept: Settings, s: Settings) -> Any:
    beta1, beta2, t = s["beta1"], s["beta2"], kept["t"] + s["late"]
    kept["m"] = beta1 * kept["m"] + s["of gradient"] * (1 - beta1) * g
    kept["v"] = beta2 * kept["v"] + (1 - beta2) * g ** s["square"]
    m = kept["m"] / (1 - beta1 ** (t * s["m corrected"]))
    v = kept["v"] / (1 - beta2 ** (t * s["v corrected"]))
    return w - s["rate"] * m / (v ** s["root"] + s["epsilon"])


CORRECTED = {"m corrected": 1.0, "v corrected": 1.0}

# The rule, its settings, and other conventions with what is said of them.
RULES: dict[str, tuple[Callable[..., Any], Callable[[Settings], Settings], list[tuple[Settings, str]]]] = {
    "sgd": (sgd, lambda s: {"penalty": 0.0}, []),
    "l2": (sgd, lambda s: {"penalty": 2 * s["decay"]}, []),
    "weight_decay": (sgd, lambda s: {"penalty": s["decay"]}, []),
    "momentum": (
        momentum,
        lambda s: {"of gradient": 1.0},
        [({"of gradient": 1 - SETTINGS["momentum"]}, "the gradient goes into the velocity times 1 - momentum")],
    ),
    "adam": (adam, lambda s: {"of gradient": 1.0, "late": 0, "square": 2, "root": 0.5} | CORRECTED, []),
}
NEVER = 1e9  # after so many steps no bias is left to be corrected

# Each slip with the settings that it changes: those that a rule does not have make it none.
SLIPS: list[tuple[KnownSlip, Callable[[Settings], Settings]]] = [
    (KnownSlip(MINUS, "the step goes up the slope: + was taken for -"), lambda s: {"rate": -s["rate"]}),
    (KnownSlip(TERM, "the learning rate was left out"), lambda s: {"rate": 1.0}),
    (KnownSlip(OPERANDS, "it was divided by the learning rate, not multiplied"), lambda s: {"rate": 1 / s["rate"]}),
    (KnownSlip(FACTOR, "the factor 2 of the penalty's derivative is missing"), lambda s: {"penalty": s["penalty"] / 2}),
    (KnownSlip(FACTOR, "there is a factor 2 too many in the penalty's"), lambda s: {"penalty": 2 * s["penalty"]}),
    (KnownSlip(TERM, "the penalty's derivative was left out"), lambda s: {"penalty": 0 * s["penalty"]}),
    (KnownSlip(MINUS, "the penalty's derivative has the wrong sign"), lambda s: {"penalty": -s["penalty"]}),
    (
        KnownSlip(TERM, "the penalty's derivative was not multiplied by the learning rate"),
        lambda s: {"penalty": s["penalty"] / s["rate"]},
    ),
    (
        KnownSlip(MINUS, "the penalty's derivative was not multiplied by the learning rate, and has the wrong sign"),
        lambda s: {"penalty": -s["penalty"] / s["rate"]},
    ),
    (KnownSlip(TERM, "there is no momentum: the velocity is not kept"), lambda s: {"momentum": 0 * s["momentum"]}),
    (KnownSlip(FACTOR, "the momentum was left out of the velocity"), lambda s: {"momentum": s["momentum"] ** 0}),
    (KnownSlip(MINUS, "the momentum has the wrong sign"), lambda s: {"momentum": -s["momentum"]}),
    (
        KnownSlip(OPERANDS, "momentum and 1 - momentum are exchanged"),
        lambda s: {"momentum": 1 - s["momentum"], "of gradient": s["momentum"] * s["of gradient"]},
    ),
    (
        KnownSlip(OPERANDS, "beta1 and beta2 are exchanged"),
        lambda s: {"beta1": s["beta2"], "beta2": s["beta1"]},
    ),
    (KnownSlip(TERM, "neither moment was corrected for its bias"), lambda s: {x: NEVER * s[x] for x in CORRECTED}),
    (KnownSlip(TERM, "m was not corrected for its bias"), lambda s: {"m corrected": NEVER * s["m corrected"]}),
    (KnownSlip(TERM, "v was not corrected for its bias"), lambda s: {"v corrected": NEVER * s["v corrected"]}),
    (KnownSlip(FACTOR, "t is one too large in the bias correction"), lambda s: {"late": s["late"] + 1}),
    (KnownSlip(POWER, "the square root of v was left out"), lambda s: {"root": 2 * s["root"]}),
    (KnownSlip(POWER, "the gradient in v was not squared"), lambda s: {"square": s["square"] - 1}),
    (
        KnownSlip(TERM, "the factor 1 - beta1 of the gradient was left out"),
        lambda s: {"of gradient": 1 / (1 - s["beta1"])},
    ),
    (KnownSlip(TERM, "the gradient was taken, and not its mean m"), lambda s: {"beta1": 0 * s["beta1"]}),
]


def check_update(student: Any, rule: str, **settings: float) -> LayerCheck:
    """Run a student's update rule for some steps beside the textbook's, and say at which step it goes wrong, and how.

    student     a class with update(parameters, gradients), or a function such as sgd(w, dw, lr) that changes w in place
                or returns it, alone or before what it keeps: (w, velocity), (w, config)
    rule        "sgd", "momentum", "l2" (the penalty is decay * sum of w^2), "weight_decay" (half of that), or "adam"
    settings    rate, momentum, decay, beta1, beta2, epsilon, where they are to be others than usual

    >>> print(check_update(lambda w, dw, lr: w + lr * dw, "sgd"))
    <lambda>, step 1: the new w is claimed ..., expected ...
      likely slip, missing minus: the step goes up the slope: + was taken for -

    Raises ValueError for a rule that is not known.
    """
    if rule not in RULES:
        raise ValueError(f"check_update: {rule!r} is none of {', '.join(RULES)}")
    name, s = getattr(student, "__name__", "update"), SETTINGS | settings
    function, own, conventions = RULES[rule]
    s = s | own(s)
    rng = np.random.default_rng(0)
    w, gradients = drawn(rng, [3, 2]), [drawn(rng, [3, 2]) for _ in range(STEPS)]
    try:
        claimed, updates = [w], Updates(student, name, s)
        with np.errstate(all="ignore"):
            for t, g in enumerate(gradients, 1):
                claimed.append(updates.step(claimed[-1].copy(), g.copy(), t))
    except StudentError as error:
        return LayerCheck(str(error), [Mark(None, WRONG, str(error), name="update")])
    for changed, remark in [({}, ""), *conventions]:
        if agrees(claimed, steps_of(function, s | changed, gradients, claimed)):
            marks = [Mark(None, RIGHT, remark, f"step {t}") for t in range(1, STEPS + 1)]
            return LayerCheck(f"{name} is right, in {STEPS} steps{remark and '; '}{remark}", marks)
    return wrong_update(name, function, s, gradients, claimed)


def steps_of(rule: Any, s: Settings, gradients: list[Any], before: list[Any]) -> list[Any]:
    """The parameters at first and after each step of a rule, each from those that were there `before`."""
    kept: Settings = {"m": 0 * before[0], "v": 0 * before[0], "t": 0}
    found = [before[0]]
    with np.errstate(all="ignore"):
        for w, g in zip(before, gradients):
            kept["t"] += 1
            found.append(rule(w, g, kept, s))
    return found


def agrees(claimed: list[Any], right: list[Any]) -> bool:
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-7, equal_nan=True) for a, b in zip(claimed, right))


def wrong_update(name: str, rule: Any, s: Settings, gradients: list[Any], claimed: list[Any]) -> LayerCheck:
    """The LayerCheck of a rule that is wrong: its first wrong step, and the slip that leads to all of them."""
    right, slip = steps_of(rule, s, gradients, claimed), None
    marks = []
    for t in range(1, STEPS + 1):
        is_right = agrees(claimed[t : t + 1], right[t : t + 1])
        marks.append(
            Mark(None, RIGHT if is_right else WRONG, "" if is_right else difference(claimed[t], right[t]), f"step {t}")
        )
    first = next(t for t in range(1, STEPS + 1) if not marks[t - 1].ok)
    node = Tensor(right[first], "the new w")
    for known, changes in SLIPS:
        try:
            changed = s | changes(s)
        except KeyError:  # the rule has no such setting
            continue
        if changed != s and agrees(claimed, steps_of(rule, changed, gradients, claimed)):
            slip = Slip(known.kind, known.sentence, node)
            break
    found = StepCheck(node, node, "value", claimed[first], right[first], slip)
    return LayerCheck(f"{name}, step {first}: {found}", marks, found)


# ---- a student's rule, however it is called


class Updates:
    """A student's update rule, and what it keeps from step to step."""

    def __init__(self, student: Any, name: str, settings: dict[str, float]) -> None:
        self.name, self.settings = name, settings
        self.kept: list[Any] = []
        self.config: dict[str, Any] = {}
        self.function = student
        if inspect.isclass(student):
            thing = run(name, partial(student, *map(self.setting, required(student)), **self.options(student)))
            self.function = method(thing, UPDATE)
            if self.function is None:
                raise StudentError(f"{name} has no method update, nor any that is called as others call it")

    def setting(self, name: str) -> Any:
        return self.settings.get(meaning_of(name), 0.0)

    def options(self, function: Any) -> dict[str, float]:
        """The settings that a function has defaults of its own for."""
        parameters = inspect.signature(function).parameters.values()
        given = {p.name: meaning_of(p.name) for p in parameters if p.default is not p.empty}
        return {name: self.settings[kind] for name, kind in given.items() if kind in self.settings}

    def step(self, w: Any, g: Any, t: int) -> Any:
        """The new w."""
        names, kept = required(self.function), iter(self.kept)
        by_dict = any(name in ("params", "parameters", "grads", "gradients") for name in names)
        arguments = []
        for name in names:
            kind = meaning_of(name)
            if kind in ("w", "g"):
                array = w if kind == "w" else g
                arguments.append({"W": array} if by_dict else array)
            elif kind == "t":
                arguments.append(t)
            elif kind == "config":
                arguments.append(self.configured())
            elif kind in self.settings:
                arguments.append(self.settings[kind])
            else:
                arguments.append(next(kept, np.zeros_like(w)))
        options = self.options(self.function) | {
            p.name: self.configured()
            for p in inspect.signature(self.function).parameters.values()
            if p.default is not p.empty and meaning_of(p.name) == "config"
        }
        result = run(self.name, partial(self.function, *arguments, **options))
        parts = list(result) if isinstance(result, tuple) else [result]
        if isinstance(parts[0], dict):
            parts[0] = next(iter(parts[0].values()), None)
        self.kept = parts[1:]
        self.config = next((part for part in parts[1:] if isinstance(part, dict)), self.config)
        if parts[0] is None:
            parts[0] = arguments[0]["W"] if by_dict else w
        after = fitting(parts[0], w)
        if after is None:
            raise StudentError(f"{self.name} returned shape {np.shape(parts[0])}, and {w.shape} is right")
        return np.array(after)

    def configured(self) -> dict[str, Any]:
        """The dict of settings that some functions take, and keep their moments in."""
        names = {
            "rate": "learning_rate",
            "momentum": "momentum",
            "beta1": "beta1",
            "beta2": "beta2",
            "epsilon": "epsilon",
        }
        return {name: self.settings[key] for key, name in names.items()} | self.config


def meaning_of(name: str) -> str:
    return next((kind for kind, names in NAMES.items() if name in names.split()), "")
