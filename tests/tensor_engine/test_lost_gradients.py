"""Every way known in which a number leaves a graph: its gradient is kept, or the loss of it is refused or warned of.

What asks for the number itself, in so many words, gets it.
"""

import copy
import math
import operator
import sys
import warnings

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import Tensor, grad

ONE = np.ones(2)


@pytest.fixture
def x():
    return Tensor([0.5, 2.0], "x", requires_grad=True)


def written(value, key=0, dtype=float, into="array"):
    out = np.zeros(2, dtype)
    (out.flat if into == "flat" else out)[key] = value
    return out


def updated(value, key=0):
    out = np.ones(2)
    out[key] += value
    return out


KEPT = {
    "array * x": lambda x: ONE * x,
    "array @ x": lambda x: ONE @ x,
    "array += x": lambda x: operator.iadd(np.ones(2), x),
    "array.clip(x)": lambda x: ONE.clip(x[0], x[1]),
    "np.clip": lambda x: np.clip(ONE, x, None),
    "np.stack of numbers": lambda x: np.stack([x[0], 1.0, x[1]]),
    "np.hstack": lambda x: np.hstack([x[0], ONE]),
    "np.append": lambda x: np.append(ONE, x),
    "np.where": lambda x: np.where([True, False], x, ONE),
    "np.full_like": lambda x: np.full_like(x, x[0]),
    "sum": lambda x: sum([x[0], x[1]]),
    "max": lambda x: max([x[0], x[1]]),
    "sorted": lambda x: sorted(x)[1],
    "targets": lambda x: te.cross_entropy(np.zeros((1, 2)), x.reshape(1, 2)),
    "targets of nll": lambda x: te.nll(-np.ones((1, 2)), x.reshape(1, 2)),
    "label_smoothing": lambda x: te.cross_entropy(np.array([[1.0, 2.0]]), [0], label_smoothing=x[0]),
    "what pads": lambda x: te.pad(ONE, 1, constant_values=x[0]),
}  # fmt: skip
TAKEN = {  # one number, by an array or by a function of `math`
    "out[i] = x": lambda x: written(x[1]),
    "out[i] = x of one element": lambda x: written(x[1:]),
    "out[i] = x, of integers": lambda x: written(x[1], dtype=int),
    "out[:] = x": lambda x: written(x[1], slice(None)),
    "out[mask] = x": lambda x: written(x[1], ONE > 0),
    "out.flat[i] = x": lambda x: written(x[1], into="flat"),
    "out[i] += x": lambda x: updated(x[1]),
    "x.data = x": lambda x: setattr(Tensor(1.0), "data", x[0]),
    "Tensor": lambda x: Tensor(x[0]),
    "Tensor of a list": lambda x: Tensor([x[0], x[1]]),
    "operand": lambda x: te.operand(x[0]),
    "a list as an operand": lambda x: ONE * [x[0], x[1]],
    "a list beside x": lambda x: x + [1.0, x[0]],
    "te.sum of a list": lambda x: te.sum([x[0], x[1]]),
    "np.sum of a list": lambda x: np.sum([x[0], x[1]]),
    "np.exp of a list": lambda x: np.exp([x[0]]),
    "np.array": lambda x: np.array([x[0], x[1]]),
    "np.asarray": lambda x: np.asarray(x[0]),
    "np.full": lambda x: np.full(2, x[0]),
    "np.put": lambda x: np.ones(2).put([0], x[0]),
    "np.place": lambda x: np.place(np.ones(2), ONE > 0, [x[0]]),
    "np.fill_diagonal": lambda x: np.fill_diagonal(np.eye(2), x[0]),
    "np.arange": lambda x: np.arange(x[1]),
    "random numbers": lambda x: np.random.default_rng(0).normal(x[0]),
}  # fmt: skip
CALLED = {  # which function is called, Python says from 3.11 on
    "math.exp": lambda x: math.exp(x[0]),
    "math.sqrt of several lines": lambda x: 1 + math.sqrt(
        x[1]
    ),
    "math.floor": lambda x: math.floor(x[1]),
    "array.fill": lambda x: np.ones(2).fill(x[0]),
    "np.fromiter": lambda x: np.fromiter(x, float),
}  # fmt: skip
REFUSED = {  # of arrays, always
    "out[:] = x": lambda x: written(x, slice(None)),
    "out[:] += x": lambda x: updated(x, slice(None)),
    "out[mask] = x": lambda x: written(x, ONE > 0),
    "np.array of a list": lambda x: np.array([x, x]),
    "np.asarray": lambda x: np.asarray(x),
    "np.float64": lambda x: np.float64(x),
    "Tensor": lambda x: Tensor([x, x]),
    "array.dot(x)": lambda x: ONE.dot(x),
    "te.sum of a list": lambda x: te.sum([x, x]),
    "np.vectorize": lambda x: np.vectorize(abs)(x),
    "np.copyto": lambda x: np.copyto(np.ones(2), x),
    "np.put": lambda x: np.put(np.ones(2), [0], x[0]),
    "np.add.at": lambda x: np.add.at(np.ones(2), [0], x[0]),
    "out=": lambda x: np.exp(x, out=np.ones(2)),
    "np.full_like": lambda x: np.full_like(ONE, x[0]),
    "np.linspace": lambda x: np.linspace(0, x[0], 3),
    "random numbers": lambda x: np.random.default_rng(0).normal(x),
    "np.linalg.slogdet": lambda x: np.linalg.slogdet(x.reshape(1, 2) * np.ones((2, 1))),
    "weights of classes": lambda x: te.cross_entropy(np.zeros((1, 2)), [0], weight=x),
    "a copy of part of a graph": lambda x: copy.deepcopy(x[0]),
}  # fmt: skip
ASKED_FOR = {
    "float": lambda x: float(x[0]),
    "int": lambda x: int(x[1]),
    "np.float64": lambda x: np.float64(x[0]),
    "item": lambda x: x[0].item(),
    "f-string": lambda x: f"{x[0]:.2f}",
    "%": lambda x: "%.2f" % x[0],  # noqa: UP031
    "print": lambda x: str(x),
    "comparison": lambda x: x > 1,
    "truth": lambda x: bool(x[0]),
    "detached": lambda x: math.exp(x[0].detach()) + np.exp(x.data[0]),
    "written, detached": lambda x: written(x.detach()[0]),
    "float within math": lambda x: math.exp(float(x[0])),
    "several of them": lambda x: written([float(each) for each in x], slice(None)),
}  # fmt: skip


@pytest.mark.parametrize("f", KEPT.values(), ids=KEPT)
def test_a_gradient_that_is_kept(f, x):
    assert te.gradcheck(te.sum(f(x) * 2.0)).ok


@pytest.mark.parametrize("f", TAKEN.values(), ids=TAKEN)
def test_a_number_that_an_array_takes_is_warned_of_here(f, x):
    with pytest.warns(
        UserWarning, match=r"an array takes the number of .*x\[.*np.stack.* keeps it, and float\("
    ) as told:
        f(x)
    assert {warning.filename for warning in told} == {__file__}
    with warnings.catch_warnings(), te.no_grad():
        warnings.simplefilter("error")
        f(x)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python says so from 3.11 on")
@pytest.mark.parametrize("f", CALLED.values(), ids=CALLED)
def test_a_number_that_a_function_takes_is_warned_of(f, x):
    with pytest.warns(UserWarning, match=r"(math.\w+|an array) takes the number of x\[.\], and its gradient is lost"):
        f(x)


@pytest.mark.parametrize("f", [*TAKEN.values(), *CALLED.values(), *REFUSED.values()])
def test_all_of_it_is_refused_in_a_function_being_differentiated(f, x):
    with pytest.raises((TypeError, ValueError), match="lose|cut off|not written into|setting .*array"):
        grad(lambda v: te.sum(v) + te.sum(f(v)))(x.data)


@pytest.mark.parametrize("f", REFUSED.values(), ids=REFUSED)
def test_what_is_always_refused(f, x):
    with pytest.raises((TypeError, ValueError), match="lose|cut off|not written into|setting .* of array"):
        f(x)


@pytest.mark.parametrize("f", ASKED_FOR.values(), ids=ASKED_FOR)
def test_who_asks_for_the_number_gets_it(f, x, recwarn):
    f(x)
    assert not recwarn.list
