"""An optimizer's update as one loop, made of its own rule: that is run on arrays that write down what it does."""

import numpy as np

from scalar_engine.programs.plan import Variable

from ..optimizer import Holder, Part
from . import jit
from .grouping import Grouping, Loop
from .loop_text import Elements, loop_text
from .recording import NotRecorded, as_recorded


def fused_update(optimizer):
    """A function of the derivatives, one after the other in one array, that does what `step_from` does; None if the
    optimizer's update is no single loop.
    """
    part, n_numbers = optimizer.as_one, optimizer.n_numbers
    arrays = {**part.arrays, "g": np.zeros_like(optimizer.flat)}
    arrays |= {f"number{i}": np.ones((), optimizer.flat.dtype) for i in range(n_numbers)}
    variables = {name: Variable(name) for name in arrays}
    calls = []
    recorded = {name: as_recorded(np.array(x), variables[name], calls) for name, x in arrays.items()}
    alone = Holder(recorded["w"])
    alone.grad = recorded["g"]
    copy, twin = object.__new__(type(optimizer)), object.__new__(Part)
    vars(copy).update(vars(optimizer))
    copy.numbers = lambda part: [recorded[f"number{i}"] for i in range(n_numbers)]
    twin.parameters, twin.arrays = [alone], {name: recorded[name] for name in part.arrays}
    twin.views = {name: [x] for name, x in twin.arrays.items()}
    try:
        with np.errstate(all="ignore"):
            copy.update(twin)
    except (NotRecorded, TypeError, ValueError):
        return None
    elements = Elements()
    results = [variables[name] for name in ("w", *optimizer.moments)]
    likes = {variables[name]: x for name, x in arrays.items()}
    grouping = Grouping(calls, elements.is_plain, lambda call: [call], results, likes)
    if len(grouping.order) != 1 or not isinstance(grouping.order[0], Loop):
        return None
    (loop,) = grouping.order
    names = {variable: name for name, variable in variables.items()}
    places = {x: names[x] for x in [*loop.loads, *loop.stores]}
    text, arguments = loop_text(loop, places, elements, grouping.likes)
    as_number = optimizer.flat.dtype.type
    function = jit.compiled(text, [np.array(arrays[name])[()] for name in arguments])

    def update(gradients):
        known = {**part.arrays, "g": gradients}
        known.update((f"number{i}", as_number(x)) for i, x in enumerate(optimizer.numbers(part)))
        function(*[known[name] for name in arguments])

    return update
