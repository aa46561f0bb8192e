"""The work of `step` and `draw` grows as the graph does: a list operator of n inputs costs n, and not n times n.

Work is counted in calls of functions, Python's and its own, so that no clock decides.
"""

import builtins
import sys

import pytest

from scalar_engine import Operator, Value, cross_entropy, dot, logsumexp, sigmoid, softmax, sum
from walkthroughs.drawing.picture import draw
from walkthroughs.stepper import step
from walkthroughs.stepper.pictures.views import boxes_of


class Alternating(Operator):
    """x1 - x2 + x3 - ..., by a `pull` of its own, so that no local derivatives are known."""

    symbol = "alternating"
    forward = lambda *xs: float(builtins.sum(xs[::2]) - builtins.sum(xs[1::2]))

    def pull(self, upstream, out, *xs, needs):
        return [-upstream if i % 2 else upstream for i in range(len(xs))]


def leaves(n, label=""):
    return [Value(0.01 * i, label and label.format(i)) for i in range(n)]


GRAPHS = {
    "dot": lambda n: dot(leaves(n, "w{}"), leaves(n, "x{}")),
    "dots of dots, without labels": lambda n: dot([sigmoid(dot(leaves(4), leaves(4))) for _ in range(n)], leaves(n)),
    "a wide layer": lambda n: sum([sigmoid(dot(leaves(n), leaves(n))) for _ in range(3)]),
    "softmax, which names its logsumexp n times": lambda n: dot(leaves(n), softmax(leaves(n, "x{}"))),
    "cross-entropy of a list": lambda n: cross_entropy(leaves(n, "x{}"), leaves(n)),
    "logsumexp": lambda n: logsumexp(leaves(n)),
    "a pull of its own": lambda n: Alternating()(*leaves(n, "x{}")),
    "as many groups": lambda n: dot(leaves(n, "layer{}/w"), leaves(n, "layer{}/x")),
    "one name": lambda n: dot(leaves(n, "w"), leaves(n, "w")),
}


def calls_in(work):
    count = 0

    def seen(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def show(root):
    stepper = step(root)
    stepper.text()
    boxes_of(stepper.trace)
    draw(root, fold=False, largest=10**6)
    draw(root, fold=True, largest=10**6)


@pytest.mark.parametrize("name", GRAPHS)
def test_four_times_the_inputs_are_four_times_the_work(name):
    small, large = (GRAPHS[name](n).named("l") for n in (40, 160))
    assert calls_in(lambda: show(large)) < 4.4 * calls_in(lambda: show(small))
