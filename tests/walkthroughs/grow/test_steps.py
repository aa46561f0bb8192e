"""The engine grown: each step's numbers, its size, the engine's own expressions on it, and its key line broken."""

import ast
import importlib
import sys
from collections import Counter
from types import FunctionType

import numpy as np
import pytest

from models import datasets
from scalar_engine import Operator, topological_order
from tests import ROOT
from tests.expressions import EXPRESSIONS, central_difference
from walkthroughs.grow import examples
from walkthroughs.grow.steps import IDEAS, LAST, Step, graph_of
from walkthroughs.stepper import step as stepped

STEPS = [Step(number) for number in range(1, LAST + 1)]
EACH = pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.number))


def names_after(step, names=None):
    """The names that a step's file and its example define; all claims of the example must hold."""
    names = names or dict(vars(step.module))
    lines = examples.run(step.example, names)
    assert not [(line.source, line.said, line.found) for line in lines if not line.right]
    return names, sum(len(line.said) for line in lines)


@EACH
def test_the_example_gives_the_numbers_that_stand_beside_it(step):
    names, claims = names_after(step)
    assert claims >= 3
    text = stepped(graph_of(names)).text()
    assert "Forward pass" in text and "Backward pass" in text


@pytest.mark.parametrize(("number", "slope"), [(1, -2.0), (2, 8.0), (3, 8.0), (4, 0.56958)])
def test_the_graph_for_the_stepper_has_the_steps_own_gradients(number, slope):
    names, _ = names_after(STEPS[number - 1])
    root = graph_of(names)
    root.backward()
    (x,) = [node for node in topological_order(root) if node.label == "x"]
    assert x.grad == pytest.approx(slope, abs=1e-5)


def test_sizes():
    """Short files, small differences, and the standard library alone until step 8."""
    lengths = [len(step.source.splitlines()) for step in STEPS]
    assert max(lengths) <= 120 and sum(lengths) <= 900
    assert max(step.added for step in STEPS) <= 60
    for step in STEPS:
        imported = {
            alias.name for x in ast.walk(ast.parse(step.source)) if isinstance(x, ast.Import) for alias in x.names
        }
        outside = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
        assert outside <= ({"numpy"} if step.number >= 8 else set())
        assert step.opening.count("\n\n") == 1 and "What still goes wrong" in step.source or step.number == LAST


# ---- the engine's list of expressions, as far as a step's operators go


def on_step(f, step):
    """An expression with the step's operators in the place of the engine's; None where the step has not all."""
    later = {name: getattr(STEPS[3].module, name) for name in ("exp", "log", "tanh", "sigmoid", "relu")}
    known = {"sum": sum, **(later if step.number >= 4 else {})}
    if isinstance(f, Operator):
        return known.get(f.symbol)
    return FunctionType(f.__code__, known) if set(f.__code__.co_names) <= set(known) else None


@pytest.mark.parametrize(("number", "least"), [(2, 6), (3, 6), (4, 30), (9, 30)])
def test_the_engines_expressions(number, least):
    """At every point of every expression whose operators the step has: value and slopes."""
    step, count = STEPS[number - 1], 0
    kind = step.module.Tensor if number >= 8 else step.module.Value
    for name, f, points in EXPRESSIONS:
        own = on_step(f, step)
        for point in points if own else ():
            values = [kind(x) for x in point]
            try:
                y = own(*values)
                y.backward()
            except (TypeError, ValueError):  # a notation that comes later; the slope of (-2) ** y by y
                continue
            assert float(y.data) == pytest.approx(f(*point), rel=1e-12, abs=1e-12), name
            slopes = [central_difference(f, point, i) for i in range(len(point))]
            assert [float(x.grad) for x in values] == pytest.approx(slopes, rel=1e-6, abs=1e-8), (name, point)
            count += 1
    assert count >= least


@pytest.mark.parametrize("step", STEPS[1:4], ids=lambda step: str(step.number))
def test_what_holds_of_micrograd_holds(step):
    """A number used often, numbers on either side, gradients of leaves that add up from pass to pass."""
    Value = step.module.Value
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b * b * b
    c += c + 1
    c += 1 + c + a * -1
    d += d * 2 + 3 * (b + a)
    e = c + -1.0 * d
    e.backward()
    first = a.grad, b.grad
    e.backward()
    assert (a.grad, b.grad) == (2 * first[0], 2 * first[1])

    def f(a, b):
        c = a + b
        d = a * b + b * b * b
        c += c + 1
        c += 1 + c + a * -1
        d += d * 2 + 3 * (b + a)
        return c + -1.0 * d

    assert e.data == f(-4.0, 2.0)
    assert first == pytest.approx([central_difference(f, (-4.0, 2.0), i) for i in (0, 1)])


# ---- broken

BREAKS = {
    1: ("(other.data, self.data)", "(self.data, other.data)"),
    2: ("gradients.get(x, 0.0) + slope", "slope"),
    3: ("gradients[x] + contribution if x in gradients else contribution", "contribution"),
    4: ("out * (1 - out)", "out * (1 + out)"),
    5: ("[e_i / total for e_i in e]", "[e_i for e_i in e]"),
    6: ("gradients[x] + contribution if x in gradients else contribution", "contribution"),
    7: ("'+=' if x in started else '='", "'='"),
    8: ("[SumTo(x.shape)(upstream)]", "[upstream]"),
    9: ("matmul(transpose(a), upstream)", "matmul(upstream, a)"),
    10: ("lambda node: node, Tensor", "lambda node: node.data, Tensor"),
}


@EACH
def test_the_key_line_broken_is_noticed_by_the_steps_own_example(step):
    right, wrong = BREAKS[step.number]
    assert step.source.count(right) >= 1
    body = step.source.replace(right, wrong)
    if step.number == 8:  # SumTo's undoing is in the pull of elementwise operators
        body = step.source.replace("else SumTo(x.shape)(p)", "else p")
    names = {"__name__": "broken"}
    exec(compile(body, "broken", "exec"), names)
    with pytest.raises(Exception):  # noqa: B017 (some numbers are wrong, others cannot be had)
        names_after(step, names)


# ---- the last one


def test_the_map_leads_to_the_real_parts():
    last = STEPS[-1].module
    for name, (module, why) in last.MAP.items():
        assert hasattr(importlib.import_module(module), name), (name, module)
        assert why
        assert any(hasattr(step.module, name) for step in STEPS), name


def test_mnist_to_97_percent(needed):
    from models.datasets.idx_files import is_here

    needed(is_here("mnist", None), "MNIST")
    data, step = datasets.load("mnist", final=True), STEPS[8].module
    rng, scale = np.random.default_rng(0), np.float32(255)
    model = step.MLP([784, 100, 10], rng)
    step.train(model, data.xtrain / scale, data.ytrain, epochs=4, rate=0.2, rng=rng)
    assert step.accuracy(model, data.xval / scale, data.yval) > 0.97


def test_blanks_are_the_ideas_and_the_rest_stays():
    for step in STEPS:
        names = {"__name__": "blank"}
        exec(compile(step.blanked(), "blank", "exec"), names)
        kept, blanked = (Counter(text.split("\n")) for text in (step.source, step.blanked()))
        assert kept - blanked and "raise NotImplementedError" in step.blanked()
        defined = {x.name for x in ast.walk(ast.parse(step.source)) if isinstance(x, ast.FunctionDef)}
        assert set(IDEAS[step.number]) <= defined


def test_the_teachers_page_and_the_readme_have_the_steps_as_they_are():
    page = (ROOT / "walkthroughs/grow/README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[:2] for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert rows == [[f"| {step.number}", step.title] for step in STEPS]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\n".join(STEPS[0].code) in readme
