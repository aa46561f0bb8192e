"""Symbols: formulas as a person would write them, equal in any order, and right when numbers are put in."""

import itertools
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scalar_engine import (
    Symbol,
    Value,
    ceil,
    clip,
    cos,
    exp,
    expm1,
    floor,
    gelu,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logsumexp,
    maximum,
    mean,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    sum,
    tanh,
)
from scalar_engine.formulas.symbol import Number
from scalar_engine.formulas.writing import latex_name
from scalar_engine.operators import lowered, negative, xlogy

from ...expressions import EXPRESSIONS, cases
from ...latex import well_formed

a, b, c, x, y, h1, y_c = map(Symbol, ("a", "b", "c", "x", "y", "h1", "y_c"))

WRITTEN = [
    # what school algebra leaves out
    (1.0 * x, "x", "x"),
    (x + 0.0, "x", "x"),
    (0 * x, "0", "0"),
    (negative(-x), "x", "x"),
    (a - -b, "a + b", "a + b"),
    (a + -1 * b, "a - b", "a - b"),
    (-a * -b, "a * b", r"a \, b"),
    (x / x, "1", "1"),
    (x**1, "x", "x"),
    (x - x, "0", "0"),
    (x + x, "2 * x", r"2 \, x"),
    (x * x * x, "x ** 3", "x^{3}"),
    # common factors
    (h1 - h1 * h1, "h1 * (1 - h1)", r"h_1 \, (1 - h_1)"),
    (-(1 - y_c), "y_c - 1", "y_c - 1"),
    (a * b - a, "a * (b - 1)", r"a \, (b - 1)"),
    (-a * b - a * c, "-a * (b + c)", r"-a \, (b + c)"),
    (2 * a + 2 * b, "2 * (a + b)", r"2 \, (a + b)"),
    (a / 2 + b / 2, "(a + b) / 2", r"\frac{a + b}{2}"),
    (2 * (a + b) - 2 * a, "2 * b", r"2 \, b"),
    (h1 * (1 - h1) - h1 * h1, "h1 * (1 - 2 * h1)", r"h_1 \, (1 - 2 \, h_1)"),
    # fractions
    (a / b / c, "a / (b * c)", r"\frac{a}{b \, c}"),
    (-x / y, "-x / y", r"-\frac{x}{y}"),
    (1 / x**2, "1 / x ** 2", r"\frac{1}{x^{2}}"),
    (2 * x / 3, "2 * x / 3", r"\frac{2 \, x}{3}"),
    (x / 3 + x / 3 + x / 3, "x", "x"),
    (0.5 / sqrt(x), "1 / (2 * sqrt(x))", r"\frac{1}{2 \, \sqrt{x}}"),
    (a / (b / c), "a * c / b", r"\frac{a \, c}{b}"),
    ((a + b) / (a * b), "(a + b) / (a * b)", r"\frac{a + b}{a \, b}"),
    (x + Number(2) / 3, "x + 2 / 3", r"x + \frac{2}{3}"),
    (x ** (Number(1) / 3), "x ** (1 / 3)", r"x^{\frac{1}{3}}"),
    # numbers
    (1.5 * x, "1.5 * x", r"1.5 \, x"),
    (x + 0.5, "x + 0.5", "x + 0.5"),
    (x - 0.1, "x - 0.1", "x - 0.1"),
    (1e-7 * x, "1e-07 * x", r"10^{-7} \, x"),
    (2.5e20 * x, "2.5e+20 * x", r"2.5 \cdot 10^{20} \, x"),
    (math.pi * x, "3.141592653589793 * x", r"3.14159 \, x"),
    (2**x * 3, "3 * 2 ** x", r"3 \cdot 2^{x}"),
    # what binds how tightly
    ((a + b) * c, "(a + b) * c", r"(a + b) \, c"),
    ((a + b) ** 2, "(a + b) ** 2", "(a + b)^{2}"),
    (Number(-2) ** x, "(-2) ** x", "(-2)^{x}"),
    (-(x**2), "-x ** 2", "-x^{2}"),
    ((-x) ** 2, "x ** 2", "x^{2}"),
    (x ** (y + 1), "x ** (y + 1)", "x^{y + 1}"),
    (x**-y, "x ** (-y)", "x^{-y}"),
    ((x**y) ** a, "(x ** y) ** a", "(x^{y})^{a}"),
    (exp(x) ** 2, "exp(x) ** 2", "{(e^{x})}^{2}"),
    (exp(x) ** y, "exp(x) ** y", "(e^{x})^{y}"),
    (lowered(x, y, 1), "x ** (y - 1)", "x^{y - 1}"),
    (lowered(x, y, 2), "x ** (y - 2)", "x^{y - 2}"),
    (xlogy(a + b, c), "(a + b) * log(c)", r"(a + b) \, \log(c)"),
    # functions
    (log(x / y), "log(x / y)", r"\log\left(\frac{x}{y}\right)"),
    (abs(a - b), "abs(a - b)", r"\left|a - b\right|"),
    (sigmoid(x), "sigmoid(x)", r"\sigma(x)"),
    (maximum(a, b), "maximum(a, b)", r"\max(a, b)"),
    (relu(x), "relu(x)", r"\operatorname{relu}(x)"),
    (expm1(x) ** 2, "expm1(x) ** 2", "{(e^{x} - 1)}^{2}"),
    (hypot(x - 1, y), "hypot(x - 1, y)", r"\sqrt{(x - 1)^{2} + y^{2}}"),
    (log1p(x / y), "log1p(x / y)", r"\log\left(1 + \frac{x}{y}\right)"),
    (log2(x) + log10(x), "log2(x) + log10(x)", r"\log_2(x) + \log_{10}(x)"),
    (floor(x / y), "floor(x / y)", r"\left\lfloor \frac{x}{y} \right\rfloor"),
    (2 * ceil(x), "2 * ceil(x)", r"2 \, \left\lceil x \right\rceil"),
    ((a + b) // c * x, "((a + b) // c) * x", r"\left\lfloor \frac{a + b}{c} \right\rfloor \, x"),
    ((a + b) % c * x, "((a + b) % c) * x", r"((a + b) \bmod c) \, x"),
    (clip(x, min=0), "clip(x, 0, inf)", r"\operatorname{clip}(x, 0, \infty)"),
    (gelu(x), "x * (1 + erf(0.7071067811865475 * x)) / 2", r"\frac{x \, (1 + \operatorname{erf}(0.707107 \, x))}{2}"),
    (logsumexp([a, b]), "logsumexp(a, b)", r"\operatorname{logsumexp}(a, b)"),
    (mean([a, b, c]), "(a + b + c) / 3", r"\frac{a + b + c}{3}"),
    (exp(Number(0)) + log(Number(2)), "1 + log(2)", r"1 + \log(2)"),
]


@pytest.mark.parametrize("formula, text, latex", WRITTEN, ids=[text for _, text, _ in WRITTEN])
def test_as_a_person_would_write_it(formula, text, latex, tmp_path):
    assert str(formula) == text
    assert formula.latex == latex and well_formed(latex)


def test_the_latex_compiles(compiles):
    body = "".join(f"\\[{formula.latex}\\]" for formula, _, _ in WRITTEN)
    names = "".join(f"\\[{latex_name(name)}^{{2}}\\]" for name in NAMES)
    assert compiles(body + names)


NAMES = {
    "x": "x",
    "W11": "W_{11}",
    "h1": "h_1",
    "y_c": "y_c",
    "w_ji": "w_{ji}",
    "loss": r"\mathrm{loss}",
    "dl": r"\mathrm{dl}",
    "eta": r"\eta",
    "sigma2": r"\sigma_2",
    "\u03b8": r"\theta",
    "\u0394_1": r"\Delta_1",
    "A[0, 1]": "A_{0, 1}",
    "my weight": r"\text{my weight}",
    "x_1_2": r"\text{x\_1\_2}",
    "50%": r"\text{50\%}",
    r"\input{/etc/passwd}": r"\text{\textbackslash{}input\{/etc/passwd\}}",
    "}{$^~#&_": r"\text{\}\{\$\textasciicircum{}\textasciitilde{}\#\&\_}",
    "two\n\nlines": r"\text{two  lines}",
    "": r"\text{}",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_in_latex(name):
    assert latex_name(name) == NAMES[name]
    assert well_formed(f"{{{latex_name(name)}}}^{{2}}")


@given(st.text())
def test_no_name_leaves_the_braces_unbalanced_or_gives_a_command(name):
    text = latex_name(name)
    assert well_formed(text) and "\n" not in text and "\\input" not in text.replace(r"\textbackslash{}input", "")


def test_a_name_that_would_read_as_a_formula_is_quoted():
    assert str(Symbol("x - 1") * a) == "'x - 1' * a"
    assert str(Symbol("layer1.k1") * Symbol("A[0, 1]")) == "layer1.k1 * A[0, 1]"
    assert Symbol("w", r"w^{(1)}").latex == r"w^{(1)}" and (Symbol("w", r"w^{(1)}") ** 2).latex == r"{w^{(1)}}^{2}"


def test_equal_whatever_the_order():
    for p, q, r in itertools.permutations((a, b, c)):
        assert p + q + r == a + b + c and hash(p + q + r) == hash(a + b + c)
        assert p * q * r == a * b * c and p * q + r * 2 == r * 2 + q * p
    assert a - b != b - a and a / b != b / a and a != "a"
    assert maximum(a, b) == maximum(b, a) and logsumexp([a, b]) == logsumexp([b, a])
    assert (2 * a + 2) + 3 == 2 * a + (2 + 3)


def test_replace_puts_in_names_numbers_and_values():
    e_i, e_j, s, y_i, y_j = map(Symbol, ("e_i", "e_j", "s", "y_i", "y_j"))
    assert (e_i / s - e_i * e_i / s**2).replace({e_i / s: y_i}) == y_i * (1 - y_i)
    assert (-e_i * e_j / s**2).replace({e_i / s: y_i, e_j / s: y_j}) == -y_i * y_j
    assert (e_i**2 / s**2).replace({e_i / s: y_i}) == y_i**2 and (e_i * s).replace({e_i / s: y_i}) == e_i * s
    assert sigmoid(a + b).replace({a + b: c}) == sigmoid(c)
    found = (a + b / 3).replace({a: 1.0, b: 2.0})
    assert type(found) is float and found == pytest.approx(5 / 3)
    assert (a**0.5).replace({a: 4.0}) == 2
    with pytest.raises(ValueError):
        (a**0.5).replace({a: -4.0})
    v = Value(3.0, "v")
    root = (a * a / 2).replace({a: v})
    root.backward()
    assert (root.data, v.grad) == (4.5, 3)


def test_a_symbol_meets_no_stranger():
    with pytest.raises(TypeError, match="'Symbol' and 'Value'"):
        a * Value(1.0)
    with pytest.raises(TypeError):
        a + "b"


def test_softmax_by_the_rules_of_its_parts():
    """The local derivatives of exp(o_i - z), z = logsumexp(o), in terms of y: y_i * (1 - y_i) and -y_i * y_j."""
    o = [Symbol(f"o{i}") for i in range(3)]
    ys = [Symbol(f"y{i}") for i in range(3)]
    z = logsumexp(o)
    by_z = exp.partials[0](ys[0], o[0] - z) * -1
    slopes = [by_z * slope for slope in logsumexp.locals(z, *o, needs=[True] * 3)]
    known = dict(zip(softmax(o), ys))
    assert (ys[0] + slopes[0]).replace(known) == ys[0] * (1 - ys[0])
    assert slopes[1].replace(known) == -ys[0] * ys[1]


UNARY = [lambda p: -p, sin, cos, tanh, sigmoid, softplus, exp, abs, lambda p: p**2, lambda p: (p * p + 1) ** -1.5]
UNARY += [lambda p: sqrt(p * p + 1), lambda p: log(p * p + 1), lambda p: 2 * p - 3, lambda p: p / 3, lambda p: 0.1 - p]
BINARY = [lambda p, q: p + q, lambda p, q: p - q, lambda p, q: p * q, lambda p, q: p / (q * q + 1), maximum]
BINARY += [
    lambda p, q: sum([p, q, p]),
    lambda p, q: logsumexp([p, q]),
    lambda p, q: (q * q + 1) ** p,
    lambda p, q: p / q,
]
SIZES = st.floats(0.01, 2) | st.floats(-2, -0.01)
NUMBERS = st.sampled_from([-2, -1, 0, 1, 2, 3, 0.5, 0.1, -1.7])


@st.composite
def programs(draw):
    """A function of three operands, as a list of steps on earlier results."""
    steps = []
    for i in range(draw(st.integers(1, 10))):
        operand = st.integers(0, 2 + i) | NUMBERS.map(lambda number: ("number", number))
        f = draw(st.sampled_from(UNARY + BINARY))
        steps.append((f, [draw(operand) for _ in range(1 if f in UNARY else 2)]))
    return steps


def run(steps, operands):
    results = list(operands)
    for f, arguments in steps:
        results.append(f(*[x[1] if isinstance(x, tuple) else results[x] for x in arguments]))
    return [*results, sum(results)]


@settings(max_examples=300, deadline=None)
@given(programs(), st.lists(SIZES, min_size=3, max_size=3))
def test_built_on_symbols_or_on_floats_it_is_the_same_number(steps, point):
    """Put in after the simplification, or by running the written formula as Python, numbers give what floats give."""
    try:
        expected = run(steps, point)
    except (ArithmeticError, ValueError):
        assume(False)
    assume(all(abs(p) < 1e3 for p in expected))
    for f, arguments in steps:  # a difference of equals as a divisor magnifies rounding without limit
        divisor = arguments[-1] if f is BINARY[-1] else ("number", 1)
        assume(abs(divisor[1] if isinstance(divisor, tuple) else expected[divisor]) > 1e-2)
    formula = run(steps, (a, b, c))[-1]
    tolerance = {"rel": 1e-8, "abs": 1e-8 * max(map(abs, expected))}
    assert formula.replace(dict(zip((a, b, c), point))) == pytest.approx(expected[-1], **tolerance)
    functions = {f.name: f for f in (sin, cos, tanh, sigmoid, softplus, exp, sqrt, log, maximum)}
    functions |= {"abs": abs, "logsumexp": lambda *xs: logsumexp(xs)}
    assert eval(str(formula), functions | dict(zip("abc", point))) == pytest.approx(expected[-1], **tolerance)
    assert well_formed(formula.latex)


@pytest.mark.parametrize("f, points", cases(EXPRESSIONS))
def test_every_operator_as_a_formula(f, points):
    names = [Symbol(name) for name in "abc"[: len(points[0])]]
    formula = f(*names)
    assert well_formed(formula.latex)
    for point in points:
        assert formula.replace(dict(zip(names, point))) == pytest.approx(f(*point), rel=1e-12)


def test_common_parts_cost_nothing():
    """Doubled 200 times, a formula is 2 ** 200 * x, and a deep power is one power."""
    doubled, squared = x, x
    for _ in range(200):
        doubled = doubled + doubled
    for _ in range(5):
        squared = squared * squared
    assert doubled.replace({x: 1.0}) == 2.0**200 and str(squared) == "x ** 32"
    with pytest.raises(OverflowError):
        (10 * x) ** 1000


def test_how_often_an_operand_occurs_matters_and_its_place_does_not():
    """For operators that are symmetric, as logsumexp is."""
    a, b = Symbol("a"), Symbol("b")
    assert logsumexp([a, b, a]) == logsumexp([a, a, b]) != logsumexp([a, b, b])
    assert hash(logsumexp([a, b, a])) == hash(logsumexp([b, a, a]))
    assert maximum(a, b) == maximum(b, a) != maximum(a, a)


def test_the_inner_formulas_can_be_changed():
    """Each of them, one level deep; what becomes alike is put together."""
    a, b, c = Symbol("a"), Symbol("b"), Symbol("c")
    swap = {a: b, b: a}.get
    for formula in (a + 2 * b, a * b**2, logsumexp([a, a, b])):
        assert formula.with_inner(lambda x: swap(x, x)).replace({a: 2.0, b: 3.0}) == formula.replace({a: 3.0, b: 2.0})
    assert (a * b**2).with_inner(lambda x: c) == c**3
    assert (a + 2 * b).with_inner(lambda x: c) == 3 * c
    assert (a * b**2).with_inner({a: Number(3), b: b}.get) == 3 * b**2
    assert a.with_inner(swap) == a and Number(2).with_inner(swap) == Number(2)
