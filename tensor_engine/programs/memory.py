"""Which results of a program share an array: one no longer needed takes a later result of its shape and type."""

import math
from collections import defaultdict

from scalar_engine.programs.plan import Variable


class Memory:
    """The arrays that a program makes once.

    places      {Variable: the Variable after which the array is called that its result goes into}
    made        {the Variable after which an array is called: an array like it}, but for derivatives by parameters
    """

    def __init__(self, plan, calls):
        self.owners, self.last = {}, {}
        for i, call in enumerate(calls):
            if call.view_of is not None:
                self.owners[call.target] = self.owner(call.view_of)
            for x in [call.target, *call.operands]:
                self.last[self.owner(x)] = i
        results = [x for x in [plan.value, *plan.noted, *plan.gradients] if type(x) is Variable]
        self.last.update(dict.fromkeys(map(self.owner, results), math.inf))
        self.gradients = set(plan.gradients)
        self.places, self.made, self.free = {}, {}, defaultdict(list)
        dying = defaultdict(list)
        for owner, i in self.last.items():
            dying[i].append(owner)
        for i, call in enumerate(calls):
            taken = set()
            for target, like in call.makes():
                self.places[target] = self.place_for(call, i, target, like, taken)
                taken.add(self.places[target])
            for owner in dying[i]:
                place = self.places.get(owner)
                if place is not None and place not in taken and place not in self.gradients:
                    self.free[kind(self.made[place])].append(place)

    def owner(self, variable):
        """The Variable of the array that this one shows."""
        return self.owners.get(variable, variable)

    def place_for(self, call, i, target, like, taken):
        """Where a result of the i-th call goes; others of the same call have taken some places."""
        if target in self.gradients:
            return target
        if call.is_elementwise and like.shape == call.result.shape:
            operands = call.operands
            for x in operands:
                place = self.places.get(x)
                dies = self.last.get(x) == i and [self.owner(y) for y in operands].count(x) == operands.count(x)
                if place in self.made and place not in taken and dies and kind(self.made[place]) == kind(like):
                    return place
        free = self.free[kind(like)]
        place = free.pop() if free else target
        self.made.setdefault(place, like)
        return place


def kind(array):
    return array.shape, array.dtype, order(array)


def order(array):
    """The axes, outermost in memory first. (Loops, which go over two axes at most, take them as they are written.)"""
    axes = tuple(range(array.ndim))
    if array.ndim < 3 or array.flags.c_contiguous:
        return axes
    return tuple(sorted(axes, key=lambda axis: -array.strides[axis]))
