"""The test of the whole idea, on arrays: an operator of one's own says all that the project's own say.

Nothing else in the project knows the operators defined here.
"""

import pickle

import numpy as np
import pytest

from scalar_engine import compile_graph, explain, grad, gradcheck
from tensor_engine import ArrayOperator, Tensor, detect_anomaly, log, scalarize, softmax
from walkthroughs.stepper import step
from walkthroughs.stepper.arrays.behind import openings_of


class Outer(ArrayOperator):
    """a (n,) and b (m,) -> all products a_i b_j (n, m). Says all that an operator on arrays can say of itself."""

    symbol = "outer"
    postfix = True

    def forward(self, a, b):
        if a.ndim != 1 or b.ndim != 1:
            raise ValueError
        return np.outer(a, b)

    def pull(self, upstream, out, a, b, needs):
        by_a = (upstream * b).sum(axis=1) if needs[0] else None
        return [by_a, (upstream * a[:, None]).sum(axis=0) if needs[1] else None]

    def formula(self, a, b):
        return f"{a}.outer({b})"

    def mismatch(self, error, a, b):
        return f"{a} x {b}, both must have one axis"

    def scalars(self, a, b):
        return a[:, None] * b


class Roll(ArrayOperator):
    """x, each row moved on by some places, the last elements first. Says only that it moves elements."""

    symbol = "roll"
    moves = True

    def __init__(self, places):
        self.places = places

    def forward(self, x):
        return np.roll(x, self.places, axis=-1)

    def pull(self, upstream, out, x, needs):
        return [Roll(-self.places)(upstream)]


def outer_and_roll():
    a, b = Tensor([2.0, 3.0], "a", requires_grad=True), Tensor([5.0, 7.0, 11.0], "b", requires_grad=True)
    k = Outer()(a, b).named("k")
    return a, b, k, (Roll(1)(k) * [1.0, 10.0, 100.0]).sum().named("L")


def test_in_a_program():
    """Outer looks at shapes only, and is written out; a rule that looks at numbers is handed to the program."""

    class Largest(ArrayOperator):
        symbol = "largest"

        def forward(self, x):
            return x[np.argmax(x)] if x.max() > 0 else x[0]

        def pull(self, upstream, out, x, needs):
            return [upstream * (x == out)]

    a, b, k, loss = outer_and_roll()
    program = compile_graph(loss)
    assert "k = np.outer(a, b)" in program.source and "np.roll(k, 1, axis=-1)" in program.source
    value, gradients = program([], [a.data, b.data])
    assert value == loss.item() and [x.tolist() for x in gradients] == [x.tolist() for x in grad(loss, [a, b])]
    program = compile_graph(Largest()(a * 1), parameters=[])
    assert "# largest is the forward rule of an operator, which has to be given." in program.source
    assert compile_graph(Largest()(a * 1), [a], [])([[-1.0, -2.0]], [])[0] == -1


def test_its_gradient_is_that_of_finite_differences():
    assert gradcheck(outer_and_roll()[3]).ok


def test_an_array_operator_of_ones_own_says_how_it_is_written():
    a, b, k, loss = outer_and_roll()
    assert k.formula() == "a.outer(b)" and Roll(1)(k).describe() == "roll(k, 1)"
    assert Outer()(a + a, b).describe() == "(a + a).outer(b)"
    loss.backward(keep=True)
    assert str(explain(a, loss)).endswith("over\n  k = a.outer(b)  (2,)")
    assert str(explain(k, loss)).endswith("over\n  roll(k, 1)  (2, 3)")
    formulas = [frame.formula for frame in step(loss).trace.frames]
    assert "k = a.outer(b)    (2,).outer((3,)) -> (2, 3)" in formulas
    assert "dL/da = (dL/dk * b).sum(axis=1)    (2, 3).sum(axis=1) -> (2,)" in formulas
    assert "dL/db = (dL/dk * a[:, None]).sum(axis=0)    (2, 3).sum(axis=0) -> (3,)" in formulas
    assert "dL/dk = roll(dL/d(roll(k, 1)), -1)    roll((2, 3), -1) -> (2, 3)" in formulas


def test_an_array_operator_of_ones_own_opens_into_scalars():
    """Six products, three of each a; roll makes no Values. dL/da = (7, 10, 100) rolled back, times b."""
    a, b, k, loss = outer_and_roll()
    graph = scalarize(loss)
    graph.root.backward()
    loss.backward(keep=True)
    assert graph.root.data == loss.item() == 5 * (11 + 10 * 5 + 100 * 7)
    assert graph.grad(a).tolist() == a.grad.tolist() == [11 + 50 + 700] * 2
    assert graph.grad(b).tolist() == b.grad.tolist() == [50, 500, 5]
    assert graph[k][1, 2].formula() == "a[1] * b[2]" and graph.grad(k).tolist() == k.grad.tolist()
    (opening,) = openings_of(step(loss).trace)
    assert "largest difference 0)" in opening.note


def test_an_array_operator_that_only_moves_elements_is_looked_through():
    o = Tensor([[0.0, -1000.0]], "o", requires_grad=True)
    words = r"log\(roll\(softmax\(o\), 1\)\) .*\. Stable: log_softmax\(o\) instead of log\(softmax\(o\)\)"
    with detect_anomaly(), pytest.raises(FloatingPointError, match=words):
        log(Roll(1)(softmax(o)))
    huge = Tensor(np.ones((2000, 3)), "huge", requires_grad=True)
    trace = step((Roll(1)(outer_and_roll()[2]).sum() + huge.sum()).named("L")).trace
    opened = {trace.names[trace.nodes[i]] for opening in openings_of(trace) for i in opening.places}
    assert {"k", "roll(k, 1).sum()"} <= opened and "roll(k, 1)" not in opened


def test_an_array_operator_of_ones_own_says_what_is_wrong_with_shapes():
    with pytest.raises(ValueError) as caught:
        Outer()(Tensor([[2.0], [3.0]], "a"), Tensor([5.0], "layer1/b"))
    assert str(caught.value) == 'outer: (2, 1) x (1,), both must have one axis (input "a", layer 1 "b")'


def test_an_array_operator_of_ones_own_is_a_value():
    assert Roll(1) == Roll(1) != Roll(2) and len({Roll(1), Roll(1), Roll(2), Outer(), Outer()}) == 3
    assert pickle.loads(pickle.dumps(Roll(3))).places == 3 and pickle.loads(pickle.dumps(Roll(3))) == Roll(3)
