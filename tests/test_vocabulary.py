"""What is public: listed, told in a sentence, and the same words in both engines."""

import inspect
import re

import pytest

import scalar_engine
import tensor_engine

ENGINES = pytest.mark.parametrize("engine", [scalar_engine, tensor_engine], ids=lambda engine: engine.__name__)
EVERY_NAME = [(engine, name) for engine in (scalar_engine, tensor_engine) for name in engine.__all__]


@ENGINES
def test_the_package_tells_of_every_public_name(engine):
    assert set(engine.__all__) <= set(re.findall(r"\w+", engine.__doc__))


@pytest.mark.parametrize("engine, name", EVERY_NAME, ids=[f"{engine.__name__}.{name}" for engine, name in EVERY_NAME])
def test_every_public_name_has_a_sentence(engine, name):
    told = inspect.getdoc(getattr(engine, name))
    assert told and told[0].isprintable() and told.partition("\n\n")[0].rstrip().endswith((".", ":"))
    base = inspect.getdoc(scalar_engine.Operator)
    assert told != base or name == "Operator"


@ENGINES
def test_no_module_hides_a_public_function(engine):
    """import PACKAGE.name and from PACKAGE import name must not fight."""
    modules = {name for name, value in vars(engine).items() if inspect.ismodule(value)}
    assert not modules & set(engine.__all__)
    assert not inspect.ismodule(scalar_engine.derive) and not inspect.ismodule(tensor_engine.scalarize)
