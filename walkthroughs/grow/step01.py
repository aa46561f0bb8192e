"""Numbers that remember how they were made.

A Value holds a number, the Values it was made of, and its slope with respect to each. From the result back, `backward`
multiplies the slopes along every path and adds the paths up: that is the chain rule.
"""


class Value:
    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.inputs, self.slopes, self.grad = data, inputs, slopes, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self, upstream=1.0):
        self.grad += upstream  # +=, for a number may be reached by several paths
        for x, slope in zip(self.inputs, self.slopes):
            x.backward(slope * upstream)


if __name__ == "__main__":
    w, x = Value(-3.0), Value(2.0)
    y = w * x + x
    y.data  # -4.0
    y.backward()
    w.grad, x.grad  # 2.0, -2.0

    # What still goes wrong: the pass walks every path, and sixteen doublings have 2 ** 16 = 65,536 of them, which are
    # 131,071 calls of backward.
    doubled = Value(1.0)
    for _ in range(16):
        doubled = doubled + doubled

    def visits(node):
        return 1 + sum(visits(x) for x in node.inputs)

    visits(doubled)  # 131071

    # And it calls itself as deep as the graph is, which Python does not allow.
    deep = x
    for _ in range(100_000):
        deep = deep + x
    deep.backward()
    # RecursionError
