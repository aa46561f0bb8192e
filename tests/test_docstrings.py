"""Every `>>>` example in the docstrings of the four packages runs, and gives what stands below it."""

import ast
import doctest
from importlib import import_module

import numpy as np
import pytest

import scalar_engine
import tensor_engine

from . import ROOT

SOURCES = {
    path: path.read_text(encoding="utf-8")
    for package in ("scalar_engine", "tensor_engine", "models", "walkthroughs")
    for path in sorted((ROOT / package).rglob("*.py"))
}
TOLD_OF = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings():
    """(module, name, docstring) of each with an example: read in the source, as decorators hide some from doctest."""
    for path, source in SOURCES.items():
        if ">>>" in source:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for thing in ast.walk(ast.parse(source)):
                text = ast.get_docstring(thing) if isinstance(thing, TOLD_OF) else None
                if text and ">>>" in text:
                    yield module, getattr(thing, "name", "module"), text


EXAMPLES = list(docstrings())


def failures(module, name, text):
    """What doctest says of a docstring whose examples know the names of its module, and of its engine if public."""
    engine = scalar_engine if module.startswith("scalar_engine") else tensor_engine
    known = {word: getattr(engine, word) for word in engine.__all__} | {"np": np} | vars(import_module(module))
    test = doctest.DocTestParser().get_doctest(text, known, f"{module}.{name}", None, None)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("module, name, text", EXAMPLES, ids=[f"{module}.{name}" for module, name, _ in EXAMPLES])
def test_examples_run(module, name, text):
    assert not failures(module, name, text)


def test_no_example_is_left_out():
    """Examples stand in docstrings and nowhere else, so that none is taken for one that runs."""
    run = [example for *_, text in EXAMPLES for example in doctest.DocTestParser().get_examples(text)]
    assert len(run) == sum(source.count(">>> ") for source in SOURCES.values()) > 80


def test_a_wrong_example_is_noticed():
    assert not failures("scalar_engine.value", "right", ">>> Value(2.0) * 3\nValue(data=6.0, grad=None)")
    assert "Expected:" in failures("scalar_engine.value", "wrong", ">>> Value(2.0) * 3\nValue(data=5.0, grad=None)")
