"""Python's own syntax on Tensors: what readers of NumPy and PyTorch expect, or a refusal that says what to write."""

import inspect
import pickle
import re

import numpy as np
import pytest

import tensor_engine as te
from models import layers
from scalar_engine import Value
from tensor_engine import Tensor
from tensor_engine.pytorch_names import ARGUMENTS, CHOICES, FUNCTIONS


def test_hazard_equality_is_element_by_element():
    x = Tensor([0.0, 1.0, 2.0], "x", requires_grad=True)
    assert (x == 0).tolist() == [True, False, False] and (x != 0).tolist() == [False, True, True]
    assert (x == Tensor([0.0, 5.0, 2.0])).tolist() == [True, False, True] and (x == 0).tolist() == [True, False, False]
    assert te.where(x == 0, 9.0, x).data.tolist() == [9, 1, 2] and x[x == 0].data.tolist() == [0]
    assert x is not None and (x == None) is False and (x != None) is True  # noqa: E711
    assert {x: 1}[x] == 1 and x in {x} and len({x, Tensor([0.0, 1.0, 2.0])}) == 2
    with pytest.raises(ValueError):
        x == np.ones(2)  # noqa: B015


def test_hazard_equality_of_values():
    x = Value(2.0)
    assert float(x) == 2.0 and x == 2 and x == 2.0 and x != 3 and x != Value(2.0) and len({x, Value(2.0)}) == 2


@pytest.mark.parametrize("data, truth", [(0.0, False), ([0.0], False), (-1.0, True), ([[2.0]], True)])
def test_hazard_the_truth_of_one_number(data, truth):
    assert bool(Tensor(data)) is truth


def test_hazard_the_truth_of_an_array():
    for shape in ((2,), (0,), (1, 2)):
        with pytest.raises(
            ValueError, match=r"x has shape .*, neither true nor false: write .data.any\(\) or .all\(\)"
        ):
            bool(Tensor(np.zeros(shape), "x"))


def test_hazard_iteration():
    rows = list(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert [row.data.tolist() for row in rows] == [[1, 2], [3, 4]] and list(Tensor(np.ones((0, 2)))) == []
    for f in (list, len, sum):
        with pytest.raises(TypeError, match="s is one number, and has no length"):
            f(Tensor(3.0, "s"))
    w = Tensor([1.0, 2.0], requires_grad=True)
    a, b = w
    (a * b).backward()
    assert w.grad.tolist() == [2, 1] and sum(w).item() == 3


def test_hazard_an_array_of_what_takes_a_gradient():
    x = Tensor([-1.0, 2.0], "x", requires_grad=True)
    for f in (lambda: np.asarray(x), lambda: np.array([x, x])):
        with pytest.raises(TypeError, match="x takes a gradient, and an array of NumPy's would lose it"):
            f()
    with pytest.warns(UserWarning, match=r"an array takes the number of x\[1\], and its gradient is lost"):
        assert np.asarray(x[1]) == 2
    data = Tensor([-1.0, 2.0])
    assert np.asarray(x.detach()).tolist() == np.asarray(data).tolist() == [-1, 2]
    with te.no_grad():
        assert np.asarray(x).tolist() == [-1, 2]
    assert np.asarray(data, np.float32).dtype == np.float32


def test_hazard_one_number_as_pythons():
    loss = Tensor([[2.5]], "loss", requires_grad=True)
    assert (float(loss), int(loss), f"{loss:.3f}", f"{loss}") == (2.5, 2, "2.500", str(loss))
    x = Tensor([1.0, 2.0], "x")
    with pytest.raises(TypeError, match=r"x has shape \(2,\), and '.3f' is a format of one number"):
        f"{x:.3f}"
    with pytest.raises(TypeError, match=r"write where\(condition, value, x\), or x.data\[...\] = ..."):
        x[0] = 1.0


def test_hazard_transpose_with_two_axes():
    A = Tensor(np.ones((2, 3)), "A")
    with pytest.raises(ValueError, match=r"transpose\(0, 1\) leaves the axes as they are; to exchange them write .T"):
        A.transpose(0, 1)
    assert A.transpose(1, 0).shape == A.T.shape == A.swapaxes(0, 1).shape == (3, 2) and A.swapaxes(1, 1).shape == (2, 3)
    with pytest.raises(ValueError, match="axes don't match|transpose"):
        Tensor(np.ones((2, 3, 4)), "A").transpose(1, 2)


@pytest.mark.parametrize(
    "ask, told",
    {
        "method": (
            lambda x: x.view(-1),
            "Tensor has no attribute 'view': PyTorch's name; here it is reshape",
        ),
        "no method": (lambda x: x.softmax(1), r"'softmax': PyTorch's name; here it is the function softmax\(x\)"),
        "order": (lambda x: te.norm(x, 1), r"norm: has no ord=1 over 2 axes: .*; an axis is axis=\.\.\."),
        "list": (lambda x: te.stack(x, x), r"stack: takes a list of Tensors, and one axis: stack\(\[x, y\]\)"),
        "lists": (lambda x: te.jvp(np.sum, x, x), r"jvp: takes lists, .*: jvp\(f, \[x\], \[t\]\)"),
        "function": (lambda x: te.cat([x, x]), "tensor_engine has no attribute 'cat': .* it is concatenate"),
        "product": (lambda x: x.mm(x), "has no attribute 'mm': .* it is @"),
        "axis": (lambda x: x.sum(dim=0), "sum: dim= is PyTorch's name; here it is axis="),
        "of a function": (lambda x: te.softmax(x, dim=1), "softmax: dim= is PyTorch's name; here it is axis="),
        "keepdims": (lambda x: te.max(x, 0, keepdim=True), "max: keepdim= is PyTorch's name; here it is keepdims="),
        "pass": (lambda x: x.backward(retain_graph=True), "Tensor.backward: retain_graph= is PyTorch's .* keep="),
        "argument": (lambda x: te.grad(np.sum, argnum=0), "grad: argnum= is autograd's name; here it is wrt="),
        "a kind's own": (lambda x: te.AdamW([x], lr=0.1), "AdamW: lr= is PyTorch's name"),
        "rate": (lambda x: te.SGD([x], lr=0.1), "SGD: lr= is PyTorch's name; here it is learning_rate="),
        "neither's": (lambda x: x.nonsense, "Tensor has no attribute 'nonsense'$"),
    }.values(),
)
def test_pytorchs_names_are_told_ours(ask, told):
    with pytest.raises((AttributeError, TypeError), match=told):
        ask(Tensor(np.ones((2, 2)), "x", requires_grad=True))
    assert not hasattr(te, "unsqueeze") and not hasattr(Tensor(1.0), "permute")


CALLED = [
    pytest.param(f, theirs, ours, id=f"{f.__qualname__}, {theirs}")
    for module in (te, layers)
    for thing in vars(module).values()
    for f in [thing, *(vars(thing).values() if isinstance(thing, type) else ())]
    if getattr(f, "__wrapped__", None) and getattr(f, "__module__", "").partition(".")[0] in ("tensor_engine", "models")
    for parameters in [inspect.signature(f).parameters]
    for theirs, names in ARGUMENTS.items()
    if theirs not in parameters
    for ours in [name for name in names if name in parameters][:1]
]


@pytest.mark.parametrize("f, theirs, ours", CALLED)
def test_every_argument_that_pytorch_calls_otherwise_is_told(f, theirs, ours):
    with pytest.raises(TypeError, match=f": {theirs}= is (PyTorch|autograd)'s name; here it is {ours}="):
        f(**{theirs: 1})


def test_every_name_of_pytorchs_is_told_and_ours_is_there():
    told = {theirs for case in CALLED for theirs in case.values[1:2]}
    assert told == set(ARGUMENTS) and len(CALLED) > 100
    for theirs, ours in FUNCTIONS.items():
        for owner in (te, layers, Tensor(1.0)):
            words = re.escape(f"has no attribute '{theirs}': PyTorch's name; here it is {ours}")
            with pytest.raises(AttributeError, match=words):
                getattr(owner, theirs)
        where = (te, layers, Tensor)
        assert ours == "@" or any(hasattr(owner, ours.partition("(")[0]) for owner in where)
    for theirs, ours in CHOICES.items():
        with pytest.raises(ValueError, match=f"there is no choice '{theirs}', .*: PyTorch's name; here it is {ours}$"):
            layers.one_of(layers.INITIALISATIONS, theirs, "choice")
        assert ours in layers.INITIALISATIONS or ours in layers.ACTIVATIONS


def test_what_tells_is_the_function_itself_to_all_who_ask():
    assert str(inspect.signature(te.softmax)) == "(x: Any, axis: int = -1) -> Any" and te.softmax.__name__ == "softmax"
    assert inspect.getsource(te.softmax).startswith("def softmax") and pickle.loads(pickle.dumps(te.max)) is te.max
    assert not hasattr(te.outer, "__wrapped__")  # which has nothing to tell
    with pytest.raises(TypeError, match=r"sum\(\) got an unexpected keyword argument 'nosuch'"):
        te.sum(np.ones(2), nosuch=1)
