"""How array operators are written: as Python that gives what they give, with axes, keys and shapes."""

import copy
import math
import pickle

import numpy as np
import pytest

import tensor_engine as te
from tensor_engine import ArrayOperator, Tensor
from tensor_engine.operators.convolution import Patches, Transposed
from tensor_engine.operators.rearranging import BroadcastTo, Cast, Index, Scatter, SumTo
from tensor_engine.operators.reductions import MeanOver, SumOver
from tensor_engine.operators.windows import window_of

from ..array_expressions import ARRAY_EXPRESSIONS, CLASSES, MASK, cases, leaves

CALLED = (
    {name: getattr(te, name) for name in te.__all__}
    | {
        "array": lambda *shape: MASK,  # the only one here that is too long to write
        "broadcast_to": np.broadcast_to,
        "conv_transpose2d": lambda y, w, lengths, stride, padding: Transposed(
            **window_of(2, w.shape[2:], stride, padding, 1), groups=1, lengths=lengths
        )(y, w),
        "float64": np.float64,
        "inf": math.inf,
        "one_hot": np.eye(3)[CLASSES],
        "patches": lambda x, size, padding: Patches(**window_of(2, size, 1, padding, 1), groups=1)(x),
        "s_": np.s_,
        "scatter": lambda x, key, shape: Scatter(key, shape)(x),
        "sum_to": lambda x, shape: SumTo(shape)(x),
    }
)


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_a_formula_is_python_that_gives_the_same(f, twin, arrays):
    inputs = leaves(arrays)
    out = f(*inputs)
    names = {x.label: x.data for x in inputs}
    formula = out.formula(depth=-1).replace("scatter(a, [", "scatter(a, s_[")  # a key as Python has it
    assert eval(formula, {**CALLED, **names}) == pytest.approx(out.data, rel=1e-14, abs=1e-14)


def x(*shape):
    return Tensor(np.ones(shape), "x", requires_grad=True)


LONG = np.zeros(60, int)


@pytest.mark.parametrize("formula, node", [
    ("x.sum()", lambda: x(2, 3).sum()),
    ("x.mean(axis=1, keepdims=True)", lambda: x(2, 3).mean(axis=1, keepdims=True)),
    ("x.max(axis=(0, -1))", lambda: x(2, 3).max(axis=(0, -1))),
    ("logsumexp(x)", lambda: te.logsumexp(x(2, 3))),
    ("logsumexp(x, axis=None)", lambda: te.logsumexp(x(2, 3), axis=None)),
    ("softmax(x, axis=0)", lambda: te.softmax(x(2, 3), axis=0)),
    ("x.reshape(2, -1)", lambda: x(2, 3).reshape(2, -1)),
    ("x.reshape(())", lambda: x(1, 1).reshape(())),
    ("x.T", lambda: x(2, 3).T),
    ("x.transpose(0, 2, 1)", lambda: x(2, 3, 4).swapaxes(1, 2)),
    ("x.astype(float32)", lambda: Cast(np.float32)(x(2))),
    ("broadcast_to(x, (4, 3))", lambda: x(3).broadcast_to((4, 3))),
    ("x[0:2, :]", lambda: x(2, 3)[0:2, :]),
    ("x[..., None, ::-1, [0, 2]]", lambda: x(2, 3, 3)[..., None, ::-1, np.array([0, 2])]),
    ("x[array(60,)]", lambda: x(2)[LONG]),
    ("x[()]", lambda: x(2)[()]),
    ("(x + x)[1]", lambda: (x(2) + x(2))[1]),
    ("concatenate([x, x, x, ..., x], axis=0)", lambda: te.concatenate([x(1)] * 20)),
    ("where([True, False], x, -2)", lambda: te.where([True, False], x(2), -2.0)),
    ("clip(x, 0, inf)", lambda: te.clip(x(2), min=0)),
    ("softmax_cross_entropy(x, [0, 2])", lambda: te.softmax_cross_entropy(x(2, 3), [0, 2])),
    ("softmax_cross_entropy(x, array(60,))", lambda: te.softmax_cross_entropy(x(60, 3), LONG)),
    ("linear(x, array(3, 4), array(4,))", lambda: te.linear(x(2, 3), np.zeros((3, 4)), np.zeros(4))),
    ("x * array(3,)", lambda: x(2, 3) * np.zeros(3)),
])  # fmt: skip
def test_formulas_name_axes_keys_and_shapes(formula, node):
    assert node().formula() == formula


def test_the_ledger_names_axes_and_keys():
    W = Tensor(np.ones((3, 2)), "W", requires_grad=True)
    k = W[0:2, :].named("k")
    f = (k.sum(axis=0) * te.softmax(k, axis=0)[1]).sum().named("f")
    f.backward(keep=True)
    assert str(te.explain(W, f)).splitlines()[1:] == ["  k = W[0:2, :]  (3, 2)"]
    assert [line.split("  ")[1] for line in str(te.explain(k, f)).splitlines()[1:]] == [
        "softmax(k, axis=0)", "k.sum(axis=0)",
    ]  # fmt: skip


@pytest.mark.parametrize("f, twin, arrays", cases(ARRAY_EXPRESSIONS))
def test_an_array_operator_is_a_value(f, twin, arrays):
    """Equal by what it is and what it was made with, whether made again, copied or pickled."""
    for node, again in zip(*(te.topological_order(f(*leaves(arrays))) for _ in range(2))):
        if isinstance(node.op, ArrayOperator):
            op = node.op
            for same in (again.op, copy.copy(op), copy.deepcopy(op), pickle.loads(pickle.dumps(op))):
                assert same == op and hash(same) == hash(op)
                assert np.array_equal(same.forward(*[x.data for x in node.inputs]), node.data)


def test_operators_made_with_other_things_are_others():
    """1, True and [1] choose differently, though 1 == True."""
    keys = [1, True, [1], (1,), [1, 1], np.array([1.0]) > 0, slice(1), slice(1, None), None, ..., ()]
    ops = [Index(key) for key in keys]
    ops += [SumOver(0), SumOver((0,)), SumOver(0, True), MeanOver(0), SumTo((2,)), BroadcastTo((2,)), te.mse, te.relu]
    assert len(set(ops)) == len(ops)
    assert all((a == b) == (a is b) for a in ops for b in ops)


def test_what_an_operator_was_made_with_is_its_own():
    """The caller may fill his arrays anew before the backward pass."""
    v, key, mask, classes = x(3), np.array([0, 0]), np.array([True, False, True]), np.array([2])
    chosen, where, loss = v[key], te.where(mask, v, 0.0), te.softmax_cross_entropy(v.reshape(1, 3), classes)
    key[:], mask[:], classes[:] = 2, False, 0
    (chosen.sum() * 10 + where.sum() + loss * 3).backward()
    assert v.grad == pytest.approx([20 + 1 + 1, 1, 1 - 2 - 0])
