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
        for x, other in (xs, xs[::-1]) if len(xs) == 2 else ():
            if op is add and x == 0 or op is multiply and x == 1:
                return other
        if op is multiply and -1.0 in xs:
            return cls(f"-{written(xs[1] if xs[0] == -1.0 else xs[0], 2)}", 2)
        if op not in TIGHT:
            return cls(f"{op.symbol}({', '.join(written(x, 0) for x in xs)})")
        tight = TIGHT[op]
        left, right = written(xs[0], tight + (op is power)), written(xs[1], tight)  # a ** b ** c is a ** (b ** c)
        return cls(f"{left} {op.symbol} {right}".replace("+ -", "- "), tight)

    def __repr__(self):
        return self.text


def written(x, tight):
    if not isinstance(x, Symbol):
        text = f"{x:g}" if float(f"{x:g}") == x else repr(x)
        return text if x >= 0 or not tight else f"({text})"
    return x.text if x.tight >= tight else f"({x.text})"


def backward_pass(root, on, unit):
    """As in step 3, but that the rules run on on(node) instead of the node's data; unit is d root / d root."""
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
    """The formula of d root / d node, in the names of the graph; a number where it is one."""
    return backward_pass(root, symbols_of(root).get, 1.0).get(node, 0.0)


if __name__ == "__main__":
    x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
    y = sigmoid(w * x + b).named("y")
    derive(y, w)  # x * y * (1 - y)
    derive(y, b)  # y * (1 - y)
    derive(w * w, w)  # w + w

    # Question 3: why is dW 0? All outputs depend on a hidden h in the same way, for the sheet's V has equal columns:
    h, v = Value(0.8808, "h"), Value(1.0, "v")
    o1, o2 = (v * h).named("o1"), (v * h).named("o2")
    derive(o1, h)  # v
    derive(o2, h)  # v
    # so dl/dh = v * (dl/do1 + dl/do2). And dl/do = y - t: the y add up to 1, and so do the t, whatever the numbers.

    # What still goes wrong: each pass walks the graph anew, and asks each node again which rule it is. The formulas
    # are known now: they could be written down once, as a program, and then just run.
