"""The derivative by finite differences, for any graph: slow, but it needs no rule, so it can check all of them."""

from .graph import gradients, topological_order


class GradCheck:
    """What `gradcheck` found.

    entries     (leaf, analytic, numeric, error) of each leaf that requires a gradient, the worst first
    tolerance   the largest error that passes
    """

    def __init__(self, entries, tolerance):
        self.entries = sorted(entries, key=lambda entry: -entry[3] if entry[3] == entry[3] else float("-inf"))
        self.tolerance = tolerance

    @property
    def ok(self):
        return all(error <= self.tolerance for *_, error in self.entries)

    def __bool__(self):
        return self.ok

    def __str__(self):
        leaf, analytic, numeric, error = self.entries[0]
        verdict = "agree" if self.ok else "DISAGREE"
        return (
            f"backward pass and finite differences {verdict} on {len(self.entries)} leaves; "
            f"the worst is {leaf.label or 'an unlabelled leaf'}: {analytic:.10g} and {numeric:.10g}, error {error:.1e}"
        )


def gradcheck(root, tolerance=1e-7):
    """Compare d root / d leaf with finite differences for every leaf behind `root` that requires a gradient.

    The differences are central and of fourth order, (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, with h a
    thousandth of |x|, but at least 1e-5. The error reported is |analytic - numeric| / max(1, |analytic|, |numeric|).
    At a kink, such as relu at 0, the two differ by nature. Raises ValueError if data was changed after the graph was
    made, for then its derivatives are those of neither.
    """
    order = topological_order(root)
    leaves = [node for node in order if not node.inputs and node.requires_grad]
    if not leaves:
        raise ValueError("gradcheck: the graph has no leaf that requires a gradient")
    if replay(order, {}) != root.data == root.data:
        raise ValueError("gradcheck: data has changed since the graph was made; compute it again")
    analytic = gradients(root)
    entries = []
    for leaf in leaves:
        h = 1e-3 * max(1e-2, abs(leaf.data))
        up, down, far_up, far_down = (replay(order, {leaf: leaf.data + k * h}) for k in (1, -1, 2, -2))
        numeric = (8 * (up - down) - (far_up - far_down)) / (12 * h)
        exact = analytic[leaf]
        entries.append((leaf, exact, numeric, abs(exact - numeric) / max(1.0, abs(exact), abs(numeric))))
    return GradCheck(entries, tolerance)


def replay(order, values):
    """The root's value, had the leaves in the dict `values` held those values. `order` is the graph's order."""
    data = {}
    for node in order:
        if node in values:
            data[node] = values[node]
        elif node.inputs:
            try:
                data[node] = node.op.forward(*[data[x] for x in node.inputs])
            except (ArithmeticError, ValueError) as error:
                moved = ", ".join(f"{leaf.label or 'a leaf'} = {value!r}" for leaf, value in values.items())
                raise ValueError(f"gradcheck: {node.formula()} does not exist at {moved} ({error})") from error
        else:
            data[node] = node.data
    return data[order[-1]]
