"""Derivatives of functions instead of graphs: what `grad(f)` and its relatives make of a Python function of arrays.

The function may be written with tensor_engine's functions or with NumPy's own. What is made here nests: it is a
function of arrays too, and can be differentiated again. The functions are called as JAX's and HIPS autograd's. An
argument may be a list, tuple or dict of arrays, in which there may be others: a network's parameters, say.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scalar_engine import passes
from scalar_engine.graph import Node, data_of

from . import modes
from .numpy_functions import nodes_in
from .tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function = Callable[..., Any]
    Which = int | tuple[int, ...]


def grad(of: Any, wrt: Any = 0, create_graph: bool = False) -> Any:
    """Of a function, the function that gives its gradient; of a node, its derivatives by others (scalar_engine.grad).

    of              a function whose result is one number
    wrt             the argument to differentiate by, counted from 0; a tuple of them gives a tuple of gradients

    Raises ValueError where the result has more elements, or was computed past the graph.

    >>> slope = grad(lambda x: np.sum(x**3))
    >>> slope(np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> grad(grad(grad(lambda x: x**4)))(0.5)
    12.0
    """
    if isinstance(of, Node):
        return passes.grad(of, wrt, create_graph)
    both = value_and_grad(of, wrt)
    return lambda *xs, **options: both(*xs, **options)[1]


def value_and_grad(f: Function, wrt: Which = 0) -> Function:
    """The function that gives f's value and its gradient, of one forward and one backward pass.

    >>> value_and_grad(lambda x, y: x * y, (0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """

    def both(*xs: Any, **options: Any) -> tuple[Any, Any]:
        out, pull = traced(partial(f, **options), wrt, xs)
        if out.size != 1:
            raise ValueError(f"grad: the function gives shape {out.shape}, not one number; jacobian takes such")
        return plain(out, xs), pull(np.ones(out.shape, out.dtype))

    return both


def vjp(f: Function, *xs: Any) -> tuple[Any, Function]:
    """f's value at xs, and the function that pulls a gradient of the value back: to a gradient for each of xs.

    >>> value, pull = vjp(lambda x, y: x * y, np.array([1.0, 2.0]), 3.0)
    >>> value, pull(np.array([1.0, 10.0]))
    (array([3., 6.]), (array([ 3., 30.]), 21.0))
    """
    out, pull = traced(f, tuple(range(len(xs))), xs)
    return plain(out, xs), pull


def jvp(f: Function, xs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f's value at xs, and its derivative in the direction of the tangents: two backward passes, the second linear.

    What a vjp gives is linear in what it is given, u: its derivative by u is the jvp (Townsend 2017, "A new trick for
    calculating Jacobian vector products").

    >>> jvp(lambda x: np.sum(x**2), [np.array([1.0, 2.0])], [np.array([1.0, 0.0])])
    (5.0, 2.0)
    """
    if not (isinstance(xs, (list, tuple)) and isinstance(tangents, (list, tuple))):
        raise TypeError("jvp: takes lists, of arguments and of a tangent for each: jvp(f, [x], [t])")
    if [np.shape(x) for x in xs] != [np.shape(t) for t in tangents]:
        raise ValueError(f"jvp: shapes {[*map(np.shape, xs)]} and tangents {[*map(np.shape, tangents)]}")
    with modes.switched(modes.within, True):
        out, pull = traced(f, tuple(range(len(xs))), xs)
        unit = Tensor(np.ones(out.shape, out.dtype), requires_grad=True)
        along: Any = sum((np.sum(by_x * t) for by_x, t in zip(pull(unit), tangents)), 0.0)
    nested = modes.within.get() or has_nodes([*xs, *tangents])
    return plain(out, xs), plain(passes.grad(along, unit, create_graph=nested), xs)


def jacobian(f: Function, wrt: int = 0) -> Function:
    """The function that gives all derivatives of f's elements by those of an argument: (*shape of f, *shape of x).

    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def derivatives(*xs: Any, **options: Any) -> Any:
        if not isinstance(wrt, int):
            raise ValueError(f"jacobian, hessian: by one argument at a time, wrt=0 say, not {wrt}")
        if any(map(holds_arrays, xs[wrt:][:1])):
            raise ValueError("jacobian, hessian: by one array, not by a list, tuple or dict of several")
        out, pull = traced(partial(f, **options), wrt, xs)
        units = np.eye(out.size, dtype=out.dtype).reshape(out.size, *out.shape)
        rows = [pull(unit) for unit in units] or [np.zeros((0, *np.shape(xs[wrt])))]
        return plain(np.reshape(np.stack(rows), (*out.shape, *np.shape(xs[wrt]))), xs)

    return derivatives


def hessian(f: Function, wrt: int = 0) -> Function:
    """The function that gives all second derivatives of f, which gives one number: (*shape of x, *shape of x).

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, wrt), wrt)


def traced(f: Function, wrt: Which, xs: Sequence[Any]) -> tuple[Tensor, Function]:
    """f(*xs) as the root of a graph, and the function that pulls a gradient of it back to the arguments `wrt`."""
    which = wrt if isinstance(wrt, tuple) else (wrt,)
    if any(not isinstance(i, int) or not -len(xs) <= i < len(xs) for i in which):
        raise ValueError(f"differentiated by argument {wrt}, and called with {len(xs)}, which are counted from 0")
    inputs = [*xs]
    sources: list[Tensor] = []

    def source(x: Any) -> Tensor:
        """A Tensor of x; of a node, one of its own, so that what f knows of x otherwise stays apart."""
        taken = isinstance(x, Node) and x.requires_grad
        sources.append(x.reshape(x.shape) if taken else Tensor(data_of(x), requires_grad=True))
        return sources[-1]

    for i in which:
        inputs[i] = mapped(source, xs[i])
    with modes.switched(modes.within, True), modes.switched(modes.recording, modes.recording.get() or True):
        out = f(*inputs)
    if not isinstance(out, Tensor):
        raise ValueError(
            f"differentiated: the function gives {type(out).__name__} instead of a Tensor: is it computed of .data or "
            f"by float(), or a tuple of results?"
        )
    nested = modes.within.get() or has_nodes(xs)

    def pull(upstream: Any) -> Any:
        if np.shape(upstream) != out.shape:
            raise ValueError(f"vjp: the value has shape {out.shape}, and its gradient {np.shape(upstream)}")
        if nested:
            found = passes.grad((out * upstream).sum(), sources, create_graph=True)
        else:
            by_node = dict(passes.backward_pass(out, unit=np.asarray(upstream, out.dtype)))
            found = [by_node.get(x, np.zeros(x.shape, x.dtype)) for x in sources]
        gradients = iter(found)
        by_argument = [mapped(lambda x: plain(next(gradients), (x,)), xs[i]) for i in which]
        return tuple(by_argument) if isinstance(wrt, tuple) else by_argument[0]

    return out, pull


def plain(result: Any, xs: Sequence[Any]) -> Any:
    """A result as its caller has it: a node where it is nested or of nodes, else an array; of Python's numbers, one."""
    if isinstance(result, Node):
        if modes.within.get() or has_nodes(xs):
            return result
        result = result.data
    return result.item() if np.ndim(result) == 0 else result


def has_nodes(xs: Any) -> bool:
    return next(nodes_in(xs), None) is not None


def holds_arrays(x: Any) -> bool:
    """Whether an argument is a list, tuple or dict of several arrays; a list of numbers is an array itself."""
    parts = x if isinstance(x, (list, tuple)) else ()
    return isinstance(x, dict) or any(isinstance(part, (np.ndarray, Node)) or holds_arrays(part) for part in parts)


def mapped(function: Function, x: Any) -> Any:
    """function(x), or where x holds several arrays the same of each of them, in its place."""
    if isinstance(x, dict):
        return {key: mapped(function, part) for key, part in x.items()}
    return type(x)([mapped(function, part) for part in x]) if holds_arrays(x) else function(x)
