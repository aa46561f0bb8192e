"""A derivation that a sheet asks for, as data: prose and formulas, each made by the engine's rules and checked.

A `Chain` reads formulas off the graph of a function on Values; on plain numbers the same function is what they are
checked against.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from scalar_engine import Symbol, Value, derive
from scalar_engine.formulas.symbol import symbol

POINTS, TOLERANCE = 5, 1e-8  # random points at which a formula is checked, and how far off it may be


@dataclass
class Formula:
    """One row: `of` = `right`, or where `by` is given, the derivative of `of` by `by` = `right`.

    function    takes numbers by name, and returns {name: number} of what it computes from them, `of` among them
    right       the formula, in names that the function takes or returns
    steps       earlier forms of it
    paths       of a derivative by the chain rule: its paths, as lists of (of, by, local derivative)
    held        of a local derivative: the definition of `of`, in which all other names are held fixed
    fixed       {name: number}: what must be so for the formula to hold, as in a one-hot target
    note        the same in words: "i = j"
    """

    of: str
    right: Symbol
    function: Callable
    by: str = ""
    steps: tuple = ()
    paths: tuple = ()
    held: Symbol | None = None
    fixed: dict = field(default_factory=dict)
    note: str = ""


@dataclass
class Answer:
    """A question, what is to be said in words (names in backquotes), and the formulas.

    matrix      rows of Formulas to be shown as a matrix, after the others
    code        a formula as a Python function
    """

    title: str
    prose: str
    formulas: list
    matrix: tuple = ()
    code: str = ""

    @property
    def rows(self):
        """All its Formulas, those of the matrix included."""
        return [*self.formulas, *(row for rows in self.matrix for row in rows)]


class Chain:
    """The chain rule for d of / d by in the graph of a function: its rows as Formulas.

    hidden      names of what is to be merged into formulas
    named       names, such as another class's y, that stand for their formulas though `of` is not made of them
    """

    def __init__(self, function, of, by, hidden=(), named=()):
        self.function, self.of, self.by = function, of, by
        nodes = {name: Value(0.5 + 0.1 * i, name) for i, name in enumerate(inspect.signature(function).parameters)}
        computed = function(**nodes)
        nodes |= {name: node if name in hidden else node.named(name) for name, node in computed.items()}
        self.found = derive(nodes[of], nodes[by])
        others = {name: derive(nodes[name], nodes[by]).definitions[nodes[name]] for name in named}
        self.names = {formula: Symbol(name) for name, formula in others.items()}

    def definitions(self, *names):
        """name = formula, for each name."""
        found = {node.name: formula for node, formula in self.found.definitions.items()}
        return [Formula(name, found[name], self.function) for name in names]

    def definition_of(self, name):
        """{name: formula}, to put the formula in."""
        return {Symbol(name): self.definitions(name)[0].right}

    def locals(self, *names):
        """The local derivatives of the names, by each of the named nodes that they are made of."""
        return [
            Formula(
                x.node.name, self.named(x.formula), self.function, x.input.name, held=self.found.definitions[x.node]
            )
            for x in reversed(self.found.locals)
            if x.node.name in names
        ]

    def whole(self, *known, fixed=None, note=""):
        """d of / d by, by its paths and as one formula; `known` are dicts {formula: what it is}, a step each."""
        paths = tuple([(x.node.name, x.input.name, self.named(x.formula)) for x in path] for path in self.found.paths)
        forms = [self.named(self.found.formula)]
        for mapping in known:
            forms.append(symbol(forms[-1].replace(mapping)))
        return Formula(self.of, forms[-1], self.function, self.by, tuple(forms[:-1]), paths, None, fixed or {}, note)

    def case(self, known, note):
        """d of / d by where the names in `known`, {name: number}, are these numbers."""
        right = symbol(self.whole().right.replace({Symbol(name): number for name, number in known.items()}))
        return Formula(self.of, right, self.function, self.by, fixed=known, note=note)

    def named(self, formula):
        return symbol(formula.replace(self.names))


# ---- checking


def error_of(row, rng):
    """The largest relative error of a Formula, in any of its forms, at random points.

    A definition is compared with the function's value, and a derivative with finite differences of the function.
    """
    return max(error_at(row, drawn(row, rng)) for _ in range(POINTS))


def drawn(row, rng):
    """Random arguments for the formula's function: outputs and the like above 0, all others of either sign."""
    names = row.function.__code__.co_varnames[: row.function.__code__.co_argcount]
    positive = [name == "rest" or name.startswith("y") for name in names]
    point = {name: rng.uniform(0.1, 0.9) if above else rng.uniform(-2, 2) for name, above in zip(names, positive)}
    return {**point, **row.fixed}


def error_at(row, point):
    values = {**point, **row.function(**point)}
    expected = difference(row, point, values) if row.by else values[row.of]
    forms = [evaluated(form, values) for form in (*row.steps, row.right)]
    if row.paths:
        forms.append(sum(math.prod(evaluated(local, values) for _, _, local in path) for path in row.paths))
    return max(abs(form - expected) / max(1.0, abs(expected)) for form in forms)


def evaluated(formula, values):
    return formula.replace({Symbol(name): value for name, value in values.items()})


def difference(row, point, values, h=1e-3):
    """The derivative by fourth-order finite differences."""

    def at(shift):
        if row.held is not None:
            return evaluated(row.held, {**values, row.by: values[row.by] + shift})
        return row.function(**{**point, row.by: point[row.by] + shift})[row.of]

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
