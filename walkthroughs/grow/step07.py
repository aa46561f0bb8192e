"""The graph as a program.

The forward pass is one formula a node, and the backward pass one formula an edge: written as lines of Python, they run
without any graph, as if a person had worked the network out by hand.
"""

from walkthroughs.grow.step02 import topological_order
from walkthroughs.grow.step04 import Value, exp, log, relu, sigmoid, step, tanh
from walkthroughs.grow.step05 import parameter, question3
from walkthroughs.grow.step06 import Symbol, written


def source_of(root, inputs, parameters):
    """The text of program(inputs, parameters) -> (root, [d root / d parameter, ...]); other leaves are numbers."""
    names, lines, order = {}, [], topological_order(root)
    for i, node in enumerate([*order, *[x for x in (*inputs, *parameters) if x not in order]]):
        is_number = not node.inputs and node not in inputs and node not in parameters
        names[node] = node.data if is_number else Symbol(node.label or f"v{i}")
        if node.inputs:
            lines.append(f"{names[node]} = {node.op(*[names[x] for x in node.inputs])}")
    symbols = [str(name) for name in names.values() if isinstance(name, Symbol)]
    if len(set(symbols)) < len(symbols):
        raise ValueError("two nodes of a program have one name")
    lines.append(f"d{names[root]} = 1.0")
    started = {root}  # the gradients that have a value: what comes now is added
    for node in reversed(order):
        xs = [names[x] for x in node.inputs]
        for x, rule in zip(node.inputs, node.op.partials if node in started and node.inputs else ()):
            if x.requires_grad and isinstance(names[x], Symbol):
                contribution = rule(names[node], *xs) * Symbol(f"d{names[node]}")
                lines.append(f"d{names[x]} {'+=' if x in started else '='} {written(contribution, 0)}")
                started.add(x)
    head = [f"[{', '.join(str(names[x]) for x in nodes)}] = {what}"
            for nodes, what in ((inputs, "inputs"), (parameters, "parameters"))]  # fmt: skip
    slopes = ", ".join(f"d{names[p]}" if p in started else "0.0" for p in parameters)
    body = [*head, *lines, f"return {names[root]}, [{slopes}]"]
    return "def program(inputs, parameters):\n" + "\n".join(f"    {line}" for line in body) + "\n"


def compile_graph(root, inputs, parameters):
    """The program as a function. What it calls beside arithmetic are the operators' own forward rules."""
    namespace = {op.symbol: op.forward for op in (exp, log, tanh, sigmoid, step, relu)}
    exec(source_of(root, inputs, parameters), namespace)
    return namespace["program"]


def flat(rows):
    return [w for row in rows for w in (flat(row) if isinstance(row, list) else [row])]


if __name__ == "__main__":
    x, w, b = Value(2.0, "x"), Value(-1.0, "w"), Value(0.5, "b")
    y = sigmoid(w * x + b).named("y")
    source_of(y, [x], [w, b]).count("\n")  # 13
    neuron = compile_graph(y, [x], [w, b])
    neuron([2.0], [-1.0, 0.5])  # 0.1824, [0.2983, 0.1491]
    compile_graph(relu(w * x), [x], [w])([2.0], [1.5])  # 3.0, [2.0]

    # Question 3 compiled: the same numbers, from lines that a person could have written.
    x = parameter([1, -1], "x")
    W, b = parameter([[1, 1, 1], [-1, -1, -1]], "W"), parameter([0, 0, 0], "b")
    V, c = parameter([[1, 1], [-1, -1], [-1, -1]], "V"), parameter([0, 0], "c")
    parameters = flat([W, b, V, c])
    program = compile_graph(question3(x, W, b, V, c, target=0), x, parameters)
    loss, slopes = program([1.0, -1.0], [p.data for p in parameters])
    loss, slopes[-2:]  # 0.6931, [-0.5, 0.5]

    # What still goes wrong: a program takes one instance at a time, and 60,000 images are 60,000 calls.
    [neuron([x], [-1.0, 0.5])[0] for x in (1.0, 2.0, 3.0)]  # [0.3775, 0.1824, 0.0759]
