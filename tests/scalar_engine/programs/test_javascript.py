"""Programs in JavaScript: their numbers are the engine's, to the last digit shown, wherever the leaves are moved."""

import functools
import math
import operator
import random
import sys

import pytest

from scalar_engine import Operator, Value, compile_graph, exp, relu, steps, topological_order
from scalar_engine.programs.javascript import written
from scalar_engine.programs.translation import RUNTIME, Untranslatable, translated

from ... import javascript
from ...expressions import EXPRESSIONS
from ...test_new_operator import Branching, Power4, Product, Root10, at, cube, logaddexp

ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300, 1e300, 800.0]


@pytest.fixture
def blank(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def points_of(points, rng):
    """The listed points, random ones, and odd ones."""
    n = len(points[0])
    near = [[rng.gauss(0, rng.choice([1, 30])) for _ in range(n)] for _ in range(8)]
    return [*points, *near, *[[rng.choice([*ODD, rng.uniform(-2, 2)]) for _ in range(n)] for _ in range(12)]]


def compare(page, graphs):
    """Runs the programs of graphs, pairs (root, lists of numbers for its parameters), and compares with the engine."""
    programs, runs, expected = [], [], []
    for root, points in graphs:
        order = topological_order(root)
        leaves = [node for node in order if not node.inputs and node.requires_grad]
        text, reason = javascript.program_of(root, order)
        assert not reason
        programs.append(text)
        for point in points:
            numbers = dict(zip(leaves, point))
            values = [None if node.inputs else numbers.get(node, node.data) for node in order]
            runs.append((len(programs) - 1, values))
            expected.append((order, numbers))
    for found, (order, numbers) in zip(javascript.run(page, programs, runs), expected, strict=True):
        try:
            nodes = javascript.at(order, numbers)
            records = [step for step in steps(nodes[-1]) if step.position is not None]
        except (ArithmeticError, ValueError):
            # In browsers 0 ** -inf is inf, as it is in Python from 3.11 on.
            at_pole = sys.version_info < (3, 11) and math.inf in map(abs, numbers.values())
            assert found["error"] or at_pole, (order[-1].describe(), numbers.values())
            continue
        assert not found["error"], (found["error"], order[-1].describe(), numbers.values())
        texts = [text for text, _ in found["values"]]
        assert texts == [node.brief(node.data) for node in nodes], numbers.values()
        for record, (upstream, local, contribution, _) in zip(records, found["steps"], strict=True):
            for text, number in [
                (upstream, record.upstream),
                (local, record.local),
                (contribution, record.contribution),
            ]:
                assert text == number or text[0] == Value.brief(number), (record, numbers.values())


def test_every_expression_at_every_kind_of_number(blank):
    """Where Python raises, the program says so too."""
    rng = random.Random(0)
    compare(blank, [(f(*map(Value, points[0])), points_of(points, rng)) for _, f, points in EXPRESSIONS])


class Odd(Operator):
    """A rule with what rules may have: names that JavaScript keeps for itself, a loop, a list, a condition."""

    symbol = "odd"
    partials = (lambda out, x, y: cube(y), lambda out, x, y: 3 * x * y**2)

    def forward(var, *new):
        if not new or 0 < var < 0.001:
            raise ValueError("too small")
        this = [each for each in new if each == each]
        for let in this:
            var *= let**3 if let != 2 and math.isfinite(let) else 8.0
        return var % 7 - var // 7 + min(this, default=1.0) - len(this) ** 0.5 + float(this[0]) - max(*this, 0, -1)


def shifted_square(x):
    return x * x + 1


def bounded(x):
    return math.tanh(x)


def test_a_users_own_operators(blank):
    """Nothing knows them, and they are alive: their forward rules are arithmetic and known functions."""
    a, b = Value(0.3, "a"), Value(-1.2, "b")
    twins = [
        type("Twin", (Operator,), {"symbol": "exp", "forward": rule, "partials": (lambda out, x: cube(x),)})()
        for rule in (shifted_square, bounded)
    ]
    roots = [cube(a) * logaddexp(a, b), at(a, 5.0) + at(5.0, a), Power4()(a), Root10()(a), Product()(a, b)]
    roots += [Odd()(a, b) + exp(a), twins[0](a) + twins[1](a) * exp(b)]
    points = [[0.5, -0.25], [2.0, 2.0], [-3.7, 1.5], [0.0005, 1.0], [math.nan, math.inf], [1e5, 1e3]]
    compare(blank, [(root, points) for root in roots])


def test_an_operator_that_is_not_alive_says_why():
    factor = 3.0

    class Closed(Operator):
        symbol = "closed"
        forward = lambda x: factor * x
        partials = (lambda out, x: 1.0,)

    class Texts(Operator):
        symbol = "texts"
        forward = lambda x: float(str(x))
        partials = (lambda out, x: 1.0,)

    class ByFloat(Operator):
        symbol = "byfloat"
        forward = lambda x: math.erf(x)
        partials = (lambda out, x: math.exp(-x * x),)

    class Scaled(Operator):
        symbol = "scaled"
        forward_has_self = True
        partials = (lambda out, x: 2.0,)

        def __init__(self, by):
            self.by = by

        def forward(self, x):
            return self.by * x

    x = Value(2.0, "x")
    for op, words in [
        (Scaled(2.0), "scaled: its forward rule reads what the operator was made with"),
        (Closed(), "closed: its forward rule has no text that runs alone"),
        (Texts(), "texts: its forward rule has str, which the page does not know"),
        (ByFloat(), "byfloat: its derivative rule takes numbers only"),
        (Branching(), "branching: its derivative rule compares or branches"),
    ]:
        root = op(x) * 2
        graphs = [(topological_order(node), steps(node)) for node in (root, relu(x))]
        text, reasons = written(graphs)  # one is not, and the other is all the same
        assert "return [null,\n(values) =>" in text and reasons[0].startswith(words) and reasons[1] == ""


@pytest.mark.parametrize(
    "body, words",
    [
        ("[x] + [x]", r"reckons with the list `\[x\]`"),
        ("x or 1", "has `x or 1`"),
        ("'a'", "has 'a'"),
        ("x @ x", "has `x @ x`"),
        ("max(x, key=abs)", "has `max"),
        ("open(x)", "has open, which the page does not know"),
        ("[a for a in x for b in x]", "has `"),
        ("lambda y: y", "has `lambda"),
    ],
)
def test_what_javascript_would_take_for_something_else_is_refused(body, words):
    with pytest.raises(Untranslatable, match=words):
        translated(f"def f(x): return {body}")


def test_the_order_of_operations_is_the_engines():
    """No algebra: inf - inf is nan, and what is 0 in a formula may be an ulp here."""
    x = Value(2.0, "x")
    root = relu(x * x - x * x) / 3.0
    text, _ = javascript.program_of(root, topological_order(root))
    assert "v[3] = (v[1] - v[2]);" in text and "v[6] = divide(v[4], v[5]);" in text
    assert "pass(6, 4, divide(1, v[5]));" in text
    assert compile_graph(root)([], [3.0])[1] == [0]  # the program that is written by algebra


def test_what_python_has_and_javascript_has_not(blank):
    """Sums as Python rounds them (before 3.12 and since), remainders with the divisor's sign, max and min with nan."""
    rng = random.Random(1)
    lists = [[rng.gauss(0, 1) * 10 ** rng.randint(-9, 9) for _ in range(20)] for _ in range(200)]
    pairs = [(rng.uniform(-9, 9), rng.choice([0.1, -0.3, 2.0, -7.0])) for _ in range(200)]
    call = """([compensated, lists, pairs]) => new Function(`const COMPENSATED = ${compensated};\n${runtime}
      return (lists, pairs) => [lists.map(sum), lists.map(fsum), pairs.map((x) => modulo(...x)),
        pairs.map((x) => floorDivide(...x)),
        [[1, NaN], [NaN, 1]].map((x) => String([largest(x), least(x)]))]`)()(lists, pairs)"""
    blank.evaluate("(text) => { window.runtime = text; }", RUNTIME)
    plain = [functools.reduce(operator.add, xs, 0.0) for xs in lists]
    others = [
        [math.fsum(xs) for xs in lists],
        [x % y for x, y in pairs],
        [x // y for x, y in pairs],
        ["1,1", "NaN,NaN"],
    ]
    assert blank.evaluate(call, ["false", lists, pairs]) == [plain, *others]
    found = blank.evaluate(call, ["true", [[0.1] * 10, [1e100, 1.0, -1e100]], pairs])[0]
    assert found == [1.0, 1.0] != [0.9999999999999999, 0.0]
