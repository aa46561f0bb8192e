"""Value: a float that remembers how it was made, so that the derivative of any expression can be computed."""

from __future__ import annotations

from _thread import allocate_lock
from numbers import Real

from .arithmetic import Arithmetic
from .faces import table
from .graph import Node
from .naming import undefined
from .passes import backward_pass
from .value_pass import run_backward

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from typing import Any, SupportsFloat

    from .graph import Operator

MISSING = object()


class Value(Arithmetic, Node):
    """A node that holds one float.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> e = (a * b + 10).named("e")
    >>> e.backward()
    >>> e.data, a.grad, b.grad
    (4.0, -3.0, 2.0)

    A number in an expression becomes a constant: a Value with `requires_grad=False`. A graph records the branch
    that Python took, so `if a > b:` is decided once, when the graph is made.
    """

    __slots__ = ("a", "b", "visit", "pending")
    data: float
    grad: float | None
    a: Any  # its two inputs: a tuple of two would be a third of the time that a graph takes to make, most of it the
    b: Any  # garbage collector's. If they are not two, the tuple of them is in a, and b is None
    visit: object  # the pass of `run_backward` that was here last, None for none,
    pending: float  # and d root / d node as far as it had got

    def __init__(self, data: SupportsFloat, label: str = "", requires_grad: bool = True) -> None:
        super().__init__(float(data), label, requires_grad)
        self.a, self.b, self.visit = (), None, None

    @staticmethod
    def apply_operator(op: Operator, a: Any, b: Any = MISSING, *others: Any) -> Any:
        """The Value op(*inputs), which remembers op and inputs. Raises what `math` raises where it does not exist."""
        if type(a) is not Value or type(b) is not Value or others:
            return applied(op, (a,) if b is MISSING else (a, b, *others))
        out = new(Value)  # of two Values, as most of a graph is; any others are in `applied`
        x, y = a.data, b.data
        try:
            out.data = out.out = op.forward(x, y)
        except (ArithmeticError, ValueError) as error:
            raise undefined(op, (a, b), error) from error
        out.grad = None
        out.op = op
        out.a = a
        out.b = b
        out.x = x
        out.y = y
        out.label = ""
        out.requires_grad = a.requires_grad or b.requires_grad
        out.visit = None
        return out

    @property
    def inputs(self) -> Any:
        return self.a if self.b is None else (self.a, self.b)

    @inputs.setter
    def inputs(self, inputs: Any) -> None:
        self.a, self.b = inputs if len(inputs) == 2 else (inputs, None)

    def backward(self, gradient: float = 1.0) -> None:
        """Compute d self / d node, times `gradient`, for every node behind this one and store it in `.grad`.

        Gradients of interior nodes belong to this pass and replace older ones; those of leaves accumulate over
        passes, until `zero_grad`. If a derivative does not exist, the pass raises and no gradient is changed.
        """
        if not self.requires_grad:
            raise ValueError(f"backward from {self.describe()}: it depends on nothing that requires a gradient")
        unit = float(gradient)
        if running.acquire(blocking=False):
            try:
                run_backward(self, unit)
            finally:
                running.release()
        else:  # another thread's pass, or one whose rules have called this, may have its gradients in the same nodes
            for node, found in dict(backward_pass(self, unit=unit)).items():
                node.grad = found if node.inputs or node.grad is None else node.grad + found

    def __float__(self) -> float:
        return self.data

    @staticmethod
    def brief(quantity: float) -> str:
        # Four digits, or all those before the point; + 0.0 turns -0.0 into 0.0.
        return f"{quantity:.0f}" if 1e4 <= abs(quantity) < 1e7 else f"{quantity + 0.0:.4g}"

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={self.grad}{label})"

    def _repr_html_(self) -> str:
        gradient = "None" if self.grad is None else self.brief(self.grad)
        made = self.formula() if self.inputs else ""
        return table(("value", "made by", "data", "gradient"), [(self.label, made, self.brief(self.data), gradient)])


new = Value.__new__
running = allocate_lock()  # held by the pass that has its gradients in the nodes


def applied(op: Operator, inputs: tuple[Any, ...]) -> Any:
    """The Value op(*inputs), of any number of Values and numbers; NotImplemented if one is neither."""
    for x in inputs:
        if type(x) is not Value:
            inputs = constants_lifted(inputs)
            if inputs is None:
                return NotImplemented
            break
    out = new(Value)
    xs = [x.data for x in inputs]
    try:
        out.data = out.out = op.forward(*xs)
    except (ArithmeticError, ValueError) as error:
        raise undefined(op, inputs, error) from error
    out.grad = None
    out.op = op
    out.inputs = inputs
    out.x, out.y = xs if len(xs) == 2 else (xs if len(xs) > 2 else xs[0], None)
    out.label = ""
    out.requires_grad = inputs[0].requires_grad or any(x.requires_grad for x in inputs)
    out.visit = None
    return out


def constants_lifted(inputs: tuple[Any, ...]) -> Any:
    """The inputs with each number as a constant Value; None if one is neither a Value nor a real number."""
    if not all(isinstance(x, (Value, Real)) for x in inputs):
        return None
    return tuple(x if isinstance(x, Value) else Value(x, requires_grad=False) for x in inputs)
