"""Each number once, in the right order.

A number may pass its gradient on only after all that was made of it has had its turn. So the pass goes through the
graph's topological order from the end, and visits each node once, however many paths there are.
"""


def topological_order(root):
    """Every node behind root, and root: inputs before what is made of them. The stack is a list, not Python's own."""
    order, seen, path = [], {root}, [(root, iter(root.inputs))]
    while path:
        node, inputs = path[-1]
        new = next((x for x in inputs if x not in seen), None)  # the iterator goes on where it stopped
        if new is None:
            order.append(node)
            path.pop()
        else:
            seen.add(new)
            path.append((new, iter(new.inputs)))
    return order


class Value:
    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.inputs, self.slopes, self.grad = data, inputs, slopes, 0.0

    def __add__(self, other):
        other = value_of(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = value_of(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        gradients = {self: 1.0}
        for node in reversed(topological_order(self)):
            for x, slope in zip(node.inputs, node.slopes):
                gradients[x] = gradients.get(x, 0.0) + slope * gradients[node]
        for node, gradient in gradients.items():
            node.grad = gradient if node.inputs else node.grad + gradient  # leaves add up from pass to pass


def value_of(x):
    return x if isinstance(x, Value) else Value(float(x))


if __name__ == "__main__":
    x = Value(3.0)
    y = x * x + 2 * x
    y.backward()
    y.data, x.grad  # 15.0, 8.0
    y.backward()
    x.grad  # 16.0: gradients of leaves add up, as over the instances of a batch

    # x * x has its input twice: a set of inputs would hold x once, and lose half of the gradient.
    square = x * x
    len(square.inputs), len(set(square.inputs))  # 2, 1

    # A hundred thousand numbers deep, and a doubling of doublings: each node is visited once.
    deep = doubled = Value(1.0)
    for _ in range(100_000):
        deep = deep + x
    for _ in range(60):
        doubled = doubled + doubled
    deep.backward()
    deep.data, deep.inputs[1].grad  # 300001.0, 100016.0
    len(topological_order(doubled))  # 61

    # What still goes wrong: slopes are computed with every number, whether somebody asks for them or not; and a rule is
    # part of the method that builds the graph, so that nothing else, such as a formula, can be made of it.
    y.inputs[0].slopes  # 3.0, 3.0
