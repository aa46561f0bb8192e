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


def gradcheck(root, tolerance=1e-7, relative_step=6e-6):
    """Compare d root / d leaf with (f(x + h) - f(x - h)) / 2h for every leaf behind `root` that requires a gradient.

    h is `relative_step` * max(1, |x|): the cube root of float64's precision, where the error of the formula and that
    of rounding balance. The error reported is |analytic - numeric| / max(1, |analytic|, |numeric|). At a kink, such as
    relu at 0, the two differ by nature.
    """
    order = topological_order(root)
    analytic = gradients(root)
    entries = []
    for leaf in order:
        if leaf.inputs or not leaf.requires_grad:
            continue
        h = relative_step * max(1.0, abs(leaf.data))
        above, below = leaf.data + h, leaf.data - h
        numeric = (replay(order, {leaf: above}) - replay(order, {leaf: below})) / (above - below)
        exact = analytic[leaf]
        entries.append((leaf, exact, numeric, abs(exact - numeric) / max(1.0, abs(exact), abs(numeric))))
    if not entries:
        raise ValueError("gradcheck: the graph has no leaf that requires a gradient")
    return GradCheck(entries, tolerance)


def replay(order, values):
    """The root's value, had the leaves in the dict `values` held those values. `order` is the graph's order."""
    data = {}
    for node in order:
        if node in values:
            data[node] = values[node]
        elif node.inputs:
            data[node] = node.op.forward(*[data[x] for x in node.inputs])
        else:
            data[node] = node.data
    return data[order[-1]]
