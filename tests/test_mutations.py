"""Would the checks notice a wrong rule? Every partial is flipped, zeroed and dropped in turn, and must be caught."""

import pytest

from scalar_engine import Value, gradients

from .expressions import OPERATORS, central_difference
from .test_operators import INSTANCES, PIECEWISE_CONSTANT

MUTATIONS = {
    "flipped": lambda local: -local,
    "zeroed": lambda local: 0.0 * local,
    "dropped": lambda local: None,
    "doubled": lambda local: 2 * local,
    "shifted": lambda local: local + 1e-3,
}


def arity(op):
    return len(op.partials) or 3  # operators of a list are tried on lists of three


def mutants():
    for name, op in INSTANCES.items():
        if name not in PIECEWISE_CONSTANT:
            for position in range(arity(op)):
                for mutation in MUTATIONS:
                    yield pytest.param(name, position, mutation, id=f"{name}-{position}-{mutation}")


def mutate(monkeypatch, op, position, mutation):
    """Change one local derivative of the operator, at run time, wherever it is defined."""
    change = MUTATIONS[mutation]
    if op.partials:
        rules = list(op.partials)
        right = rules[position]
        rules[position] = lambda out, *xs: change(right(out, *xs))
        monkeypatch.setattr(type(op), "partials", tuple(rules))
    else:
        right = type(op).locals

        def locals(self, out, *xs, needs):
            found = list(right(self, out, *xs, needs=needs))
            found[position] = change(found[position])
            return found

        monkeypatch.setattr(type(op), "locals", locals)


def the_checks_pass(f, points):
    """What test_operators asks of one operator."""
    for point in points:
        inputs = [Value(x) for x in point]
        found = gradients(f(*inputs))
        for i, x in enumerate(inputs):
            if found.get(x) != pytest.approx(central_difference(f, point, i), rel=1e-7, abs=1e-7):
                return False
    return True


@pytest.mark.parametrize("name, position, mutation", list(mutants()))
def test_every_mutant_is_caught(name, position, mutation, monkeypatch):
    f, points = next((f, points) for other, f, points in OPERATORS if other == name)
    assert the_checks_pass(f, points)
    mutate(monkeypatch, INSTANCES[name], position, mutation)
    try:
        caught = not the_checks_pass(f, points)
    except TypeError:  # a dropped derivative is None, which cannot be multiplied
        caught = True
    assert caught


@pytest.mark.parametrize("name", sorted(PIECEWISE_CONSTANT))
def test_a_slope_where_there_is_none_is_caught(name, monkeypatch):
    op = INSTANCES[name]
    monkeypatch.setattr(type(op), "partials", (lambda out, x: 1.0,))
    x = Value(2.0)
    assert gradients(op(x))[x] != 0
