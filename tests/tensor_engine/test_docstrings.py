"""help(tensor_engine): every name has a sentence, those that compute have an example, and the examples run."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import tensor_engine as te
from tensor_engine.notation import ArrayNotation

MODULES = [module.name for module in pkgutil.walk_packages(te.__path__, "tensor_engine.")]
TRAINING = {te.SGD, te.Adam, te.AdamW, te.RMSprop}


def own():
    """The public names that are tensor_engine's own, and the methods of arrays."""
    for name in te.__all__:
        thing = getattr(te, name)
        kind = thing if inspect.isclass(thing) or inspect.isfunction(thing) else type(thing)
        if kind.__module__.startswith("tensor_engine.") and thing not in TRAINING:
            yield pytest.param(kind, id=name)
    for name, method in vars(ArrayNotation).items():
        if callable(method) or isinstance(method, property):
            yield pytest.param(method, id=f"Tensor.{name}")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert not found.failed


@pytest.mark.parametrize("thing", list(own()))
def test_there_is_an_example(thing):
    assert ">>> " in inspect.getdoc(thing)


def test_methods_have_a_sentence():
    for kind in (te.Tensor, ArrayNotation):
        for name, method in vars(kind).items():
            if not name.startswith("_") and (callable(method) or isinstance(method, (property, staticmethod))):
                assert inspect.getdoc(getattr(te.Tensor, name)), name
