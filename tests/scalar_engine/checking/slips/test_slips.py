"""Slips are told apart as objects: what a sentence says, no code looks at, and an engine brings its own along."""

import math
import random
import subprocess
import sys

import numpy as np
import pytest

from models.question3 import Question3, random_case
from scalar_engine import Operator, Value, check_steps, exp, log, sigmoid
from scalar_engine.checking import slips
from scalar_engine.checking.slips import KnownSlip
from tensor_engine.checking import slips as array_slips
from tests import ROOT

from ....slipping_student import passes
from ..test_check_steps_mutations import ENGINES, mutants

KNOWN = {
    id(x): x for module in (slips, array_slips) for x in vars(module).values() if isinstance(x, KnownSlip)
}.values()


def findings():
    """What is found of slips of all kinds, in both engines, in rules and in a network whose nodes are not claimed."""
    for make in ENGINES.values():
        for root, _, _, claimed, _ in mutants(make, 30_000, 40):
            yield check_steps(root, claimed)
    for wrong in (lambda out, x: x * (1 - x), lambda out, x: -out * (1 - out), lambda out, x: out):
        yield check_steps(sigmoid(Value(0.3, "x")), {sigmoid: wrong})
    w, y = squares()
    yield check_steps(y, {"dw": round(w.data**3 * 1.5**4, 4)})
    network = Question3(random_case(3))
    right = network.gradients()
    factors = [k.data * (1 - k.data) / (h.data * (1 - h.data)) for k, h in zip(network.k, network.h)]
    yield check_steps(network.l, {"db": [round(g * f, 4) for g, f in zip(right["b"], factors)]})


def squares():
    """y = h^2, h = k^2, k = 1.5 w: dy/dw = 4 h k 1.5, and h k 1.5 = w^3 1.5^4 for who writes = for += twice."""
    w = Value(0.8, "w")
    k = w * 1.5
    h = k * k
    return w, (h * h).named("y")


def without_text(found):
    slip = found.slip and (found.slip.kind, found.slip.node.describe())
    return found.ok or (found.node.describe(), found.kind, slip, np.ravel(found.expected).tolist())


def test_the_sentences_can_be_written_anew_and_nothing_changes(monkeypatch):
    assert len(KNOWN) > 40
    before = [without_text(found) for found in findings()]
    for known in KNOWN:
        monkeypatch.setattr(known, "sentence", "something went wrong")
    after = list(findings())
    assert [without_text(found) for found in after] == before
    assert {found.slip.text.partition(" (")[0] for found in after if found.slip} == {"something went wrong"}


def test_every_sentence_tells_of_one_slip():
    assert len({known.sentence for known in KNOWN}) == len(KNOWN)


def test_the_tensor_engine_changes_nothing_in_the_checking_of_numbers():
    """Lists, dicts and sets of its modules are the same before tensor_engine is loaded and after."""
    program = """
        import sys, scalar_engine
        def contents():
            return {
                (module, name): repr(value)
                for module in sys.modules if module.startswith("scalar_engine.checking")
                for name, value in vars(sys.modules[module]).items()
                if isinstance(value, (list, dict, set, tuple)) and not name.startswith("__")
            }
        before = contents()
        import tensor_engine
        assert before and contents() == before, set(contents().items()) ^ set(before.items())
    """
    lines = [line[8:] for line in program.splitlines()]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, cwd=ROOT)


# ---- the same slip at several places


def test_a_slip_that_is_made_everywhere():
    w, y = squares()
    found = check_steps(y, {"dw": round(w.data**3 * 1.5**4, 4)})
    assert found.node is w and found.slip.kind == "missing +=" and found.slip.text.endswith(" is there (everywhere)")


@pytest.mark.parametrize("base", [2, 10])
def test_slips_with_the_same_sentence_are_told_apart_by_their_numbers(base):
    found = check_steps(log(Value(0.7, "x")).named("y"), {log: lambda out, x: 1 / (x * math.log(base))})
    assert found.slip.text == f"the log of log is the natural one, and log{base} was used"


# ---- an operator says what it is like


class Log1p(Operator):
    """log(1 + x): it says that there is a log in it."""

    symbol = "log1p"
    logarithmic = True
    forward = lambda x: log(1 + x)
    partials = (lambda out, x: 1 / (1 + x),)


class Logistic(Operator):
    """Its name begins like a logarithm's, and it is none."""

    symbol = "logistic"
    forward = sigmoid.forward
    partials = (lambda out, x: out * (1 - out),)


@pytest.mark.parametrize("operator, kind", [(Log1p(), "base of the log"), (Logistic(), None), (exp, None)])
def test_whether_there_is_a_log_is_said_by_the_operator(operator, kind):
    y = operator(Value(0.7, "x")).named("y")
    found = check_steps(y, {"y": round(y.data / np.log(10), 4)})
    assert (found.slip and found.slip.kind) == kind, found
    assert kind is None or found.slip.text == "the log of log1p is the natural one, and log10 was used"


def test_the_student_of_the_mutations_makes_both_passes_as_the_engine_does():
    root = ENGINES["scalar"](random.Random(1))
    values, _, _ = passes(root)
    assert all(node.data == value for node, value in values.items())
