"""What users call says its types, and mypy makes use of them."""

import inspect
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import scalar_engine
import tensor_engine
from models import layers, mlp
from scalar_engine import Operator
from walkthroughs.draw import Drawing, draw
from walkthroughs.report import Report
from walkthroughs.stepper import Recording, Stepper, step
from walkthroughs.tables import Table

from . import ROOT, typed_user

ENGINES = [getattr(engine, name) for engine in (scalar_engine, tensor_engine) for name in engine.__all__]
LAYERS = [kind for name, kind in vars(layers).items() if name in layers.__all__ and isinstance(kind, type)]
NETWORKS = [*(kind for kind in LAYERS if kind.__init__ is not object.__init__), mlp.Neuron, mlp.Layer, mlp.MLP]
PUBLIC = dict.fromkeys([*ENGINES, draw, Drawing, Report, Recording, Stepper, step, Table])
RULES = {"forward", "forward_keeping", "pull", "locals", "composition"}  # they run on anything


def functions_of(thing):
    """(name, function) of what a public function or class lets call: inherited too, Python's own names too."""
    if inspect.isfunction(thing):
        yield thing.__qualname__, inspect.unwrap(thing)
        return
    for base in thing.__mro__:
        if base.__module__.partition(".")[0] in ("scalar_engine", "tensor_engine", "models", "walkthroughs"):
            for name, member in vars(base).items():
                function = getattr(member, "fget", None) or getattr(member, "func", None) or member
                function = inspect.unwrap(getattr(function, "__func__", function))
                is_public = not name.startswith("_") or name.startswith("__")
                if is_public and inspect.isfunction(function) and function.__code__.co_filename.startswith(str(ROOT)):
                    yield f"{base.__name__}.{name}", function


def untyped(function):
    """The parameters that say no type, and "return" if the result does not."""
    signature = inspect.signature(function)
    silent = [
        name for name, x in signature.parameters.items() if x.annotation is x.empty and name not in ("self", "cls")
    ]
    return silent + ["return"] * (signature.return_annotation is signature.empty)


@pytest.mark.parametrize("thing", [x for x in PUBLIC if not isinstance(x, Operator)], ids=lambda x: x.__name__)
def test_everything_public_says_its_types(thing):
    silent = {name: untyped(function) for name, function in functions_of(thing) if name.partition(".")[2] not in RULES}
    assert silent and not {name: of_it for name, of_it in silent.items() if of_it}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda x: x.__qualname__)
def test_networks_say_what_they_are_made_of_and_called_with(network):
    assert not untyped(network.__init__) and not untyped(network.__call__)


WRONG = [
    ('Value("two")', '"Value" has incompatible type "str"'),
    ("Value(2.0).backwards()", '"Value" has no attribute "backwards"'),
    ("(Value(2.0) * 3).item()", '"Value" has no attribute "item"'),
    ("derive(Value(2.0), 3.0)", 'incompatible type "float"; expected "Node"'),
    ("SGD([])", 'Missing positional argument "learning_rate"'),
    ("Tensor([1.0]).sum(axis=1.5)", 'incompatible type "float"'),
    ("draw(2.0)", 'incompatible type "float"; expected "Node | Iterable[Node]"'),
    ("step(Value(2.0)).save(1)", 'incompatible type "int"'),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory, needed):
    """What mypy says, as strictly as it can, of typed_user.py and of a program of WRONG lines: {file: its errors}."""
    needed(find_spec("mypy"), "mypy")
    program = tmp_path_factory.mktemp("user") / "wrong_user.py"
    imports = (ROOT / "tests" / "typed_user.py").read_text(encoding="utf-8").partition("\n\n\n")[0]
    program.write_text("\n".join([imports, *(line for line, _ in WRONG)]), encoding="utf-8")
    options = "--strict --config-file= --follow-imports=silent --ignore-missing-imports --cache-dir=.mypy_cache/user"
    command = [sys.executable, "-m", "mypy", *options.split(), "tests/typed_user.py", str(program)]
    process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert not process.stderr
    errors = [line for line in process.stdout.splitlines() if ": error: " in line]
    return {name: [line for line in errors if name in line] for name in ("typed_user", "wrong_user")}


def test_mypy_takes_a_users_program(said):
    assert said["wrong_user"] and not said["typed_user"]


def test_mypy_refuses_what_is_wrong(said):
    assert len(said["wrong_user"]) == len(WRONG)
    for (line, error), found in zip(WRONG, said["wrong_user"]):
        assert error in found, line


def test_the_users_program_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed_user.scalars() and typed_user.arrays(np.zeros((5, 784)), np.arange(5))
    assert {path.name for path in tmp_path.iterdir()} == {"y.svg", "p.html"}
