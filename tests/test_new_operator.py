"""The test of the whole idea: a new operator is a symbol, a forward rule and its partials, and works everywhere.

Nothing else in the project knows the operators defined here.
"""

import math

import numpy as np
import pytest

from scalar_engine import Operator, Symbol, Value, compile_graph, derive, exp, explain, grad, gradcheck, steps
from tensor_engine import ArrayOperator, Tensor, detect_anomaly
from walkthroughs.drawing.picture import draw

from .latex import well_formed


class Cube(Operator):
    symbol = "cube"
    forward = lambda x: x * x * x
    partials = (lambda out, x: 3 * x * x,)


class LogAddExp(Operator):
    """log(exp(a) + exp(b))"""

    symbol = "logaddexp"

    def forward(a, b):
        return max(a, b) + math.log1p(math.exp(-abs(a - b)))

    partials = (
        lambda out, a, b: exp(a - out),
        lambda out, a, b: exp(b - out),
    )


class At(Operator):
    """a @ b = a * b - a, to have a symbol that stands between its operands."""

    symbol = "@"
    forward = lambda a, b: a * b - a
    partials = (
        lambda out, a, b: b - 1,
        lambda out, a, b: a,
    )


cube, logaddexp, at = Cube(), LogAddExp(), At()


def test_on_numbers():
    assert cube(2.0) == 8 and logaddexp(0.0, 0.0) == pytest.approx(math.log(2)) and at(3.0, 4.0) == 9


def test_as_values_with_numbers_on_either_side():
    x = Value(2.0)
    root = cube(x) + at(x, 5.0) + at(5.0, x) + logaddexp(x, 1.0)
    root.backward()
    assert root.data == pytest.approx(8 + 8 + 5 + math.log(math.e**2 + math.e))
    assert x.grad == pytest.approx(12 + 4 + 5 + math.e**2 / (math.e**2 + math.e))


def test_by_finite_differences():
    a, b = Value(0.3), Value(-1.2)
    check = gradcheck(cube(logaddexp(a, b)) * at(b, a))
    assert check.ok, str(check)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_as_tensors_of_any_shapes(dtype):
    """Values and gradients are those of Values, element by element; (2, 1) and (3,) broadcast to (2, 3)."""
    a = Tensor(np.array([[0.3], [-1.2]], dtype), "a", requires_grad=True)
    b = Tensor(np.array([2.0, 0.5, -0.7], dtype), "b", requires_grad=True)
    out = cube(logaddexp(a, b)) * at(b, a) + at(5.0, a)
    values = [[Value(x) for x in x.data.ravel().tolist()] for x in (a, b)]
    roots = [[cube(logaddexp(x, y)) * at(y, x) + at(5.0, x) for y in values[1]] for x in values[0]]
    for root in sum(roots, []):
        root.backward()
    precision = 1e-12 if dtype is np.float64 else 1e-5
    assert out.dtype == dtype
    assert out.data == pytest.approx(np.array([[root.data for root in row] for row in roots]), rel=precision)
    out.sum().backward()
    for x, expected in zip((a, b), values):
        assert x.grad.shape == x.shape and x.grad.dtype == dtype
        assert x.grad.ravel() == pytest.approx([value.grad for value in expected], rel=precision)


def test_as_tensors_with_numbers_and_arrays_on_either_side():
    x = Tensor([2.0, 3.0], requires_grad=True)
    (at(x, 5.0) + at(np.array([5.0, 6.0]), x) + cube(x.sum())).sum().backward()
    assert x.grad.tolist() == [4 + 5 + 2 * 75, 4 + 6 + 2 * 75]
    assert gradcheck(logaddexp(x, [1.0, -1.0]) + logaddexp(0.5, x)).ok
    assert cube(np.array([1.0, 2.0])).tolist() == [1, 8] and cube(np.float32(2)).dtype == np.float32


def test_in_the_picture_the_ledger_and_the_steps_of_tensors():
    x = Tensor([2.0, 3.0], "x", requires_grad=True)
    root = cube(x).named("k").sum().named("f")
    root.backward(keep=True)
    assert "k = cube(x)  (2,) x (2,)  = (2,)" in str(explain(x, root))
    assert steps(root)[-1].local.tolist() == [12, 27]
    assert ">cube<" in draw(root).pipe("svg", encoding="utf-8")


def test_in_a_program_and_a_batched_program():
    """cube is arithmetic, and stands where it is used; logaddexp is a function, copied into the program's text."""
    a, b = Value(0.3, "a"), Value(-1.2, "b", requires_grad=False)
    root = cube(logaddexp(a, b)) * at(b, a) + at(a, 5.0)
    program = compile_graph(root, inputs=[b])
    assert program([-1.2], [0.3]) == (pytest.approx(root.data), [pytest.approx(grad(root, a))])
    assert "def logaddexp(a, b):" in program.source and "v1 * v1 * v1" in program.source
    batch = np.array([-1.2, 0.5, 3.0])
    alone = [program([number], [0.3]) for number in batch.tolist()]
    value, gradients = program([batch], [0.3])
    assert value == pytest.approx(np.mean([v for v, _ in alone]))
    assert gradients == pytest.approx(np.mean([g for _, g in alone], axis=0))


def test_in_a_program_of_tensors():
    """One rule is arithmetic, one is applied element by element; the text runs with NumPy alone."""
    a = Tensor([[0.3], [-1.2]], "a", requires_grad=True)
    b = Tensor([2.0, 0.5, -0.7], "b", requires_grad=True)
    program = compile_graph((cube(logaddexp(a, b)) * at(b, a)).sum())
    numbers = [np.array([[1.5], [0.2]]), np.array([-1.0, 0.1, 4.0])]
    tensors = [Tensor(x, requires_grad=True) for x in numbers]
    root = (cube(logaddexp(*tensors)) * at(tensors[1], tensors[0])).sum()
    namespace = {}
    exec(program.source, namespace)
    for value, gradients in (program([], numbers), namespace["program"]([], numbers)):
        assert value == pytest.approx(root.item(), rel=1e-12)
        for found, expected in zip(gradients, grad(root, tensors)):
            assert found == pytest.approx(expected, rel=1e-12)
    x = Tensor([1.0, 1000.0], "x", requires_grad=True)
    assert math.isnan(compile_graph(Root10()(x).sum(), parameters=[])([], [])[0])


def test_in_a_program_though_its_rule_has_no_text_of_its_own():
    """A rule that needs something from outside is handed to the program, and its text says so."""
    factor = 3.0

    class Scaled(Operator):
        symbol = "scaled"
        forward = lambda x: factor * x if x > 0 else 0
        partials = (lambda out, x: factor,)

    x, w = Value(2.0, "x", requires_grad=False), Value(5.0, "w")
    program = compile_graph(Scaled()(x * w), inputs=[x])
    assert program([2.0], [5.0]) == (30, [6]) and program([np.array([-1.0, 4.0])], [5.0]) == (30, [4.5])
    assert "# scaled is the forward rule of an operator, which has to be given." in program.source


class Power4(Operator):
    symbol = "power4"
    forward = lambda x, n=4: x**n
    partials = (lambda out, x: 4 * x * x * x,)


def test_in_a_program_with_a_default_argument():
    x = Value(2.0, "x")
    assert compile_graph(Power4()(x) + 1)([], [2.0]) == (17, [32])


def test_in_a_program_with_a_name_that_others_have():
    """Two operators called cube, one called exp, one called lambda: each is called by a name of its own."""

    def twin(name, rule):
        return type("Twin", (Operator,), {"symbol": name, "forward": rule, "partials": (lambda out, x: cube(x),)})()

    def longer(x):
        longer = x * x
        return longer * 7

    def shorter(x):
        return x + 1

    x = Value(2.0, "x")
    for name in ("exp", "max", "lambda", "np", "cube", "sigmoid"):
        root = twin(name, longer)(x) + twin(name, shorter)(x) + logaddexp(exp(x), x)
        program = compile_graph(root, inputs=[], parameters=[x])
        assert program([], [2.0]) == (pytest.approx(root.data), [pytest.approx(grad(root, x))])
        program = compile_graph(root, inputs=[x], parameters=[])
        assert program([np.array([2.0, 2.0])], [])[0] == pytest.approx(root.data)


def test_where_its_rule_raises_an_array_has_nan():
    x = Tensor([1.0, 1000.0], "x")
    assert Root10()(x).data.tolist() == [pytest.approx(math.exp(0.1)), pytest.approx(math.nan, nan_ok=True)]
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"root10 made NaN \(forward\): root10\(x\)"):
        Root10()(x)


def test_in_the_ledger_and_the_steps():
    x = Value(2.0, "x")
    root = cube(x).named("f")
    root.backward()
    assert "f = cube(x)  1 x 12  = 12" in str(explain(x, root))
    forward, backward = steps(root)
    assert (forward.node, backward.input, backward.local) == (root, x, 12)
    assert at(x, x).describe() == "x @ x"


def test_in_a_picture():
    x = Value(2.0, "x")
    assert ">cube<" in draw(cube(x)).pipe("svg", encoding="utf-8")


def test_as_a_formula():
    """Written, in LaTeX, simplified with the rest, and right when numbers are put in."""
    x, y = Symbol("x1"), Symbol("y")
    assert [str(f) for f in (cube(x), logaddexp(x, y + 1), at(x, y))] == ["cube(x1)", "logaddexp(x1, y + 1)", "x1 @ y"]
    assert (
        str(2 * cube(x) * cube(x)) == "2 * cube(x1) ** 2"
        and str(at(x, y) * at(x, x + y)) == "(x1 @ y) * (x1 @ (x1 + y))"
    )
    assert cube(x).latex == r"\operatorname{cube}(x_1)"
    assert at(x, y).latex == r"x_1 \mathbin{\text{@}} y" and well_formed((at(x, y) ** 2).latex)
    assert (cube(x) + at(x, y)).replace({x: 2.0, y: 3.0}) == 12


def test_its_derivative_as_a_formula():
    """The rules themselves, on Symbols; each of them is what finite differences of the second derivative rest on."""
    x, y = Value(0.3, "x"), Value(-1.2, "y")
    z = logaddexp(x, y).named("z")
    assert str(derive(cube(x).named("f"), x).formula) == "3 * x ** 2"
    assert str(derive(z, x).formula) == "exp(x - z)" and derive(z, x).formula.latex == "e^{x - z}"
    found = derive(at(cube(z), y).named("f"), x)
    assert str(found.formula) == "3 * z ** 2 * (y - 1) * exp(x - z)"
    numbers = {name: node.data for node, name in found.names.items()}
    assert found.formula.replace(numbers) == pytest.approx(found.gradient) and well_formed(found.latex)
    assert "f = cube(z) @ y" in str(found)


def test_second_derivatives():
    """d2 cube / dx2 = 6 x; d2 z / dx2 = p (1 - p) and d2 z / dx dy = -p (1 - p) with p = exp(x - z)."""
    x, y = Value(0.3, "x"), Value(-1.2, "y")
    assert grad(grad(cube(x), x, create_graph=True), x) == pytest.approx(1.8)
    z = logaddexp(x, y)
    slope = grad(z, x, create_graph=True)
    p = math.exp(0.3 - z.data)
    assert grad(slope, [x, y]) == pytest.approx([p * (1 - p), -p * (1 - p)])
    assert grad(grad(at(x, y), x, create_graph=True), y) == 1
    for first in grad(cube(z) * at(y, x), [x, y], create_graph=True):
        assert gradcheck(first).ok


class Product(Operator):
    """x * y with a `pull` of its own, as operators have whose contributions are not local x upstream."""

    symbol = "product"
    forward = lambda x, y: x * y

    def pull(self, upstream, out, x, y, needs):
        return [upstream * y, upstream * x]


def test_an_operator_with_a_pull_of_its_own():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    root = Product()(x, y).named("f")
    root.backward()
    assert (x.grad, y.grad) == (3, 2)
    assert [(step.input, step.local, step.contribution) for step in steps(root)[1:]] == [(x, None, 3), (y, None, 2)]
    assert str(explain(x, root)) == "df/dx = 3, the sum of upstream x local over\n  f = product(x, y)  3"
    assert str(derive(root, x).formula) == "y" and grad(grad(root, x, create_graph=True), y) == 1
    column, row = Tensor([[2.0], [5.0]], requires_grad=True), Tensor([3.0, 4.0, 1.0], requires_grad=True)
    Product()(column, row).sum().backward()
    assert (column.grad.tolist(), row.grad.tolist()) == ([[8], [8]], [7, 7, 7])


def test_rules_that_cannot_work_say_why():
    with pytest.raises(TypeError, match="partials must be a tuple, one rule per input: is a comma missing"):

        class ForgotTheComma(Operator):
            symbol = "f"
            forward = lambda x: x
            partials = lambda out, x: 1.0

    class OneRule(Operator):
        symbol = "g"
        forward = lambda x, y: x
        partials = (lambda out, x, y: 1.0,)

    with pytest.raises(TypeError, match="g: has 1 partials and was given 2 inputs"):
        OneRule()(Value(1.0), Value(2.0))

    class NoRule(Operator):
        symbol = "h"
        forward = lambda x: x

    with pytest.raises(TypeError, match="h: has neither partials nor a pull"):
        NoRule()(Value(1.0)).backward()


def test_in_a_domain_error():
    with pytest.raises(OverflowError, match=r"root10: root10\(x\) does not exist at x = 1000"):
        Root10()(Value(1000.0, "x"))


class Root10(Operator):
    symbol = "root10"
    forward = lambda x: math.exp(x) ** 0.1
    partials = (lambda out, x: out / 10,)


class Branching(Operator):
    symbol = "branching"
    forward = lambda x: max(x, 0.1 * x)
    partials = (lambda out, x: 1.0 if x > 0 else 0.1,)


def test_hazard_a_rule_that_branches_runs_on_values_and_says_so_on_arrays_and_formulas():
    x = Value(-2.0, "x")
    Branching()(x).backward()
    assert x.grad == 0.1
    y = Tensor([1.0, -2.0], "y", requires_grad=True)
    words = "branching: its derivative rule compares or branches, .* write it with step, sign, equal or maximum"
    with pytest.raises(TypeError, match=words):
        Branching()(y).sum().backward()
    with pytest.raises(TypeError, match=words):
        compile_graph(Branching()(x))


def test_hazard_partials_and_a_pull_of_its_own():
    words = "Both has partials and a pull of its own: which of them is its derivative"
    rules = {"symbol": "both", "forward": lambda x: x, "partials": (lambda out, x: 6.0,)}
    with pytest.raises(TypeError, match=words):
        type("Both", (Operator,), rules | {"pull": lambda self, upstream, out, x, needs: [300 * upstream]})
    with pytest.raises(TypeError, match=words):
        type("Both", (ArrayOperator,), rules | {"pull": lambda self, upstream, out, x, needs: [300 * upstream]})
