"""The elementwise operators of Tensors are the scalar engine's own, with a NumPy kernel for each forward rule."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

import tensor_engine as te
from scalar_engine import Operator, operators
from tensor_engine.kernels import KERNELS, kernel_of
from tensor_engine.operators.array_operator import ArrayOperator
from tensor_engine.programs.averaging import PlanOperator
from tensor_engine.tensor import Released

from ..scalar_engine.test_operators import INSTANCES

GRID = [0.0, -0.0, 0.5, -0.5, 0.75, 1.0, -1.0, 3.0, -2.5, 40.0, -40.0, 1000.0, -1000.0, math.inf, -math.inf, math.nan]


def every_operator(kind=Operator):
    for below in kind.__subclasses__():
        yield below
        yield from every_operator(below)


def test_every_scalar_operator_has_a_kernel():
    assert set(KERNELS) == set(INSTANCES.values())


def test_elementwise_operators_are_the_scalar_engines_very_objects():
    elementwise = [name for name in te.__all__ if type(getattr(te, name)) in map(type, INSTANCES.values())]
    assert len(elementwise) >= 14
    for name in elementwise:
        assert getattr(te, name) is INSTANCES[name]
    x = te.Tensor([1.0], requires_grad=True)
    assert (x * x).op is operators.multiply and (-x).op is operators.negative and (2**x).op is operators.power


def test_tensor_engine_has_no_elementwise_derivative():
    """A local derivative stands in `partials` or `locals`; no class of tensor_engine has either."""
    own = [kind for kind in every_operator() if kind.__module__.startswith("tensor_engine.")]
    assert len(own) >= 20
    for kind in own:
        assert issubclass(kind, (ArrayOperator, Released, PlanOperator)), kind
        assert not {"partials", "locals"} & set(vars(kind)), kind
    for path in Path(te.__file__).parent.glob("*.py"):
        text = path.read_text()
        assert "partials =" not in text and "def locals(" not in text, path.name


@pytest.mark.parametrize("dtype, digits", [(np.float64, 1e-15), (np.float32, 5e-7)])
def test_erf_has_all_its_digits(dtype, digits):
    """In relative terms: erf(1e-12) too."""
    x = np.concatenate([np.linspace(-6.5, 6.5, 9999), np.geomspace(1e-12, 1, 999)]).astype(dtype)
    expected = np.array([math.erf(each) for each in x.tolist()])
    assert kernel_of(te.erf)(x) == pytest.approx(expected, rel=digits, abs=0)
    assert kernel_of(te.erf)(np.array([-np.inf, 1e30, 0], dtype)).tolist() == [-1, 1, 0]


def points_where_the_scalar_rule_exists(op):
    """The points of the grid, and op's values there; two inputs for operators of a list."""
    points, values = [], []  # and no dict, in which 0.0 and -0.0 are one key
    for point in itertools.product(GRID, repeat=len(op.partials) or 2):
        try:
            values.append(op.forward(*point))
        except (ArithmeticError, ValueError):
            continue
        points.append(point)
    return points, values


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", INSTANCES)
def test_a_kernel_equals_its_scalar_rule(name, dtype):
    """At zeros, infinities, NaNs and numbers whose exp overflows: wherever the scalar rule does not raise."""
    op = INSTANCES[name]
    points, expected = points_where_the_scalar_rule_exists(op)
    assert len(points) >= 7
    columns = [np.array(column, dtype) for column in zip(*points)]
    with np.errstate(all="ignore"):
        out = kernel_of(op)(*columns)
        number, expected = np.array(expected), np.array(expected).astype(dtype)
    assert out.dtype == dtype
    if op is operators.lowered:  # whose poles are 0 wherever they come to infinity, in float32 sooner
        out, expected = [each[np.isfinite(expected) | np.isinf(number)] for each in (out, expected)]
    assert out == pytest.approx(expected, rel=1e-14 if dtype is np.float64 else 1e-6, abs=1e-37, nan_ok=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", INSTANCES)
def test_a_kernel_takes_numbers_and_arrays_without_axes(name, dtype):
    """A number beside an array does not change its dtype, and a whole number is as good as a float."""
    op, x = INSTANCES[name], np.array([0.25, 0.75], dtype)
    if len(op.partials) == 1:
        assert kernel_of(op)(x[0]) == kernel_of(op)(x)[0] == kernel_of(op)(np.array(x[0]))
        assert kernel_of(op)(x[0]).dtype == dtype
        return
    more = [x] * (len(op.partials) - 2)
    for number in (3, 3.0):
        for xs in ((x, number), (number, x), (x[0], number)):
            assert kernel_of(op)(*xs, *more).dtype == dtype
        array = np.full(2, number, dtype)
        assert kernel_of(op)(x, number, *more) == pytest.approx(kernel_of(op)(x, array, *more), rel=1e-6)
        assert kernel_of(op)(number, x, *more) == pytest.approx(kernel_of(op)(array, x, *more), rel=1e-6)


@pytest.mark.parametrize("name", INSTANCES)
def test_a_kernel_leaves_its_inputs_alone(name):
    op = INSTANCES[name]
    xs = [np.array([0.25, 0.75]) + i for i in range(len(op.partials) or 2)]
    copies = [x.copy() for x in xs]
    out = kernel_of(op)(*xs)
    assert not any(np.shares_memory(out, x) for x in xs)
    assert all((x == copy).all() for x, copy in zip(xs, copies))


def test_what_raises_on_floats_gives_inf_or_nan_on_arrays():
    """With NumPy's own warning; detect_anomaly turns it into an error that names the node."""
    for dtype in (np.float64, np.float32):
        for shape in ((1,), ()):
            x = te.Tensor(np.zeros(shape, dtype), requires_grad=True)
            with pytest.warns(RuntimeWarning, match="divide by zero"):
                assert np.isneginf(te.log(x).data)
            with np.errstate(all="ignore"):
                te.sqrt(x).sum().backward()
                assert np.isposinf(x.grad)
                te.xlogy(te.Tensor(np.ones(shape, dtype), requires_grad=True), x).sum().backward()
                assert (x / x).data.dtype == dtype and np.isnan((x / x).data)
                assert np.isposinf(te.exp(x + 1e5).data)


def test_sigmoid_and_softplus_of_large_numbers_are_silent():
    x = te.Tensor(np.array([-1e4, 1e4], np.float32), requires_grad=True)
    (te.sigmoid(x) + te.softplus(x)).sum().backward()
    assert te.sigmoid(x).data.tolist() == [0, 1] and te.softplus(x).data.tolist() == [0, 1e4]
    assert x.grad.tolist() == [0, 1]
