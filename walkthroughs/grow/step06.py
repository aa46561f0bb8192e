"""The same rules on Symbols: formulas.

A rule is made of arithmetic and operators, so it runs on anything that has them. On Symbols, which write down what is
done to them, the backward pass gives the formula of the gradient instead of its number.
"""

from walkthroughs.grow.step02 import topological_order
from walkthroughs.grow.step03 import add, multiply
from walkthroughs.grow.step04 import Arithmetic, Value, power, sigmoid

TIGHT = {add: 1, multiply: 2, power: 3}  # how tightly an operator holds its operands together


class Symbol(Arithmetic):
    """A formula: its text, and how tightly it holds together."""

    def __init__(self, text, tight=4):
        self.text, self.tight = text, tight

    @classmethod
    def apply_operator(cls, op, *xs):
        """The formula op(*xs), shorter where a 0 or a 1 says so."""
        if op is multiply and 0.0 in xs:
            return 0.0
        if op is add and 0.0 in xs or op is multiply and 1.0 in xs:
            return xs[1] if xs[0] == (op is multiply) else xs[0]
        if op is multiply and -1.0 in xs:
            return cls(f"-{written(xs[1] if xs[0] == -1.0 else xs[0], 2)}", 2)
        if op not in TIGHT:
            return cls(f"{op.symbol}({', '.join(written(x, 0) for x in xs)})")
        tight = TIGHT[op]
        left, right = written(xs[0], tight), written(xs[1], tight + (op is power))
        return cls(f"{left} {op.symbol} {right}".replace("+ -", "- "), tight)

    def __repr__(self):
        return self.text


def written(x, tight):
    if not isinstance(x, Symbol):
        return f"{x:g}" if x >= 0 or not tight else f"({x:g})"
    return x.text if x.tight >= tight else f"({x.text})"


def backward_pass(root, on, unit):
    """{node: d root / d node}, the rules running on on(node) instead of its data; unit is d root / d root."""
    gradients = {root: unit}
    for node in reversed(topological_order(root)):
        if node.inputs and node in gradients:
            xs = [on(x) for x in node.inputs]
            for x, rule in zip(node.inputs, node.op.partials):
                if x.requires_grad:
                    contribution = rule(on(node), *xs) * gradients[node]
                    gradients[x] = gradients[x] + contribution if x in gradients else contribution
    return gradients


def symbols_of(root):
    """{node: Symbol}: its name if it has a label, and else the formula that made it; numbers stay numbers."""
    found = {}
    for node in topological_order(root):
        formula = node.op(*[found[x] for x in node.inputs]) if node.inputs else node.data
        found[node] = Symbol(node.label) if node.label else formula
    return found


def derive(root, node):
    """The formula of d root / d node, in the names of the graph."""
    return backward_pass(root, symbols_of(root).get, 1.0)[node]


if __name__ == "__main__":
    x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
    y = sigmoid(w * x + b).named("y")
    derive(y, w)  # x * y * (1 - y)
    derive(y, b)  # y * (1 - y)

    # Question 3 with two classes: why is dl/dh 0? Each h is weighted alike to both classes, and dl/do1 = -dl/do2.
    h, v = Value(0.8808, "h"), Value(1.0, "v")
    do1, do2 = Value(-0.5, "do1"), Value(0.5, "do2")
    derive(v * h * do1 + v * h * do2, h)  # v * do2 + v * do1

    # What still goes wrong: each pass walks the graph anew, and asks each node again which rule it is. The formulas
    # are known now: they could be written down once, as a program, and then just run.
