"""Would the checks notice a wrong rule? Every partial is flipped, zeroed and dropped in turn, and must be caught."""

import pytest

from scalar_engine import Value, gradcheck, gradients, steps, topological_order

from .. import javascript
from ..expressions import OPERATORS
from .test_operators import INSTANCES, PIECEWISE_CONSTANT
from .test_operators import test_each_derivative_is_that_of_finite_differences as the_check

MUTATIONS = {
    "flipped": lambda local: -local,
    "zeroed": lambda local: 0.0 * local,
    "doubled": lambda local: 2 * local,
    "shifted": lambda local: local + 1e-3,
}


def mutants(mutations):
    for name, op in INSTANCES.items():
        if name not in PIECEWISE_CONSTANT:
            for position in range(len(op.partials) or 3):  # operators of a list are tried on lists of three
                for mutation in mutations:
                    yield pytest.param(name, position, mutation, id=f"{name}-{position}-{mutation}")


def mutate(monkeypatch, op, position, mutation):
    """Make one local derivative of the operator wrong, at run time, wherever it is defined."""
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


@pytest.mark.parametrize("name, position, mutation", list(mutants(MUTATIONS)))
def test_every_wrong_rule_is_caught(name, position, mutation, monkeypatch):
    f, points = next((f, points) for other, f, points in OPERATORS if other == name)
    the_check(f, points)
    mutate(monkeypatch, INSTANCES[name], position, mutation)
    with pytest.raises(AssertionError):
        the_check(f, points)


@pytest.mark.parametrize("name, position, mutation", list(mutants(MUTATIONS)))
def test_gradcheck_catches_it_too(name, position, mutation, monkeypatch):
    f, points = next((f, points) for other, f, points in OPERATORS if other == name)
    assert all(gradcheck(f(*map(Value, point))).ok for point in points)
    mutate(monkeypatch, INSTANCES[name], position, mutation)
    assert not all(gradcheck(f(*map(Value, point))).ok for point in points)


def test_a_rule_flipped_here_is_flipped_on_the_page(chromium):
    """A stepper's page computes by a program in JavaScript, which has no rule of its own."""
    programs, runs, expected, changed = [], [], [], 0
    for name, position, mutation in [mutant.values for mutant in mutants(MUTATIONS)]:
        f, points = next((f, points) for other, f, points in OPERATORS if other == name)
        root = f(*map(Value, points[0]))
        order = topological_order(root)
        right = [step.local for step in steps(root)[1:]]
        with pytest.MonkeyPatch.context() as patch:
            mutate(patch, INSTANCES[name], position, mutation)
            programs.append(javascript.program_of(root, order)[0])
            wrong = [step.local for step in steps(root)[1:]]
        changed += wrong != right  # a slope of 0 stays what it is
        runs.append((len(programs) - 1, [None if node.inputs else node.data for node in order]))
        expected.append([Value.brief(local) for local in wrong])
    page = chromium.new_page()
    found = javascript.run(page, programs, runs)
    page.close()
    assert [[step[1][0] for step in each["steps"]] for each in found] == expected and changed > 0.9 * len(programs)


@pytest.mark.parametrize("name, position, mutation", list(mutants(["dropped"])))
def test_a_contribution_that_is_dropped_is_caught(name, position, mutation, monkeypatch):
    """The operator takes one of its inputs for a constant."""
    f, points = next((f, points) for other, f, points in OPERATORS if other == name)
    right = Value.apply_operator

    def apply_operator(used, *inputs):
        if used is INSTANCES[name] and isinstance(inputs[position], Value):
            constant = Value(inputs[position].data, requires_grad=False)
            inputs = (*inputs[:position], constant, *inputs[position + 1 :])
        return right(used, *inputs)

    monkeypatch.setattr(Value, "apply_operator", staticmethod(apply_operator))
    with pytest.raises((AssertionError, ValueError)) as caught:
        the_check(f, points)
    if caught.type is ValueError:  # nothing is left to differentiate
        assert "depends on nothing that requires a gradient" in str(caught.value) and len(points[0]) == 1


@pytest.mark.parametrize("name", sorted(PIECEWISE_CONSTANT))
def test_a_slope_where_there_is_none_is_caught(name, monkeypatch):
    op = INSTANCES[name]
    n = len(type(op).partials)
    monkeypatch.setattr(type(op), "partials", (lambda out, *xs: 1.0,) * n)
    x = Value(2.0)
    assert gradients(op(x, *[1.0] * (n - 1)))[x] != 0
