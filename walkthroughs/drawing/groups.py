"""The groups of a graph's nodes, as their labels name them, and which of them are folded into one node each.

The label "layer1/neuron2/k" puts a node into the groups layer1 and layer1/neuron2, each of which is one where something
is computed from something: at least two nodes with such a label, one of them computed. So distance/km and dL/dw are
names, unless more is computed under them.
"""

from collections import Counter


def groups_of(nodes):
    """{node: its group}, "" for none. `nodes` is in topological order."""
    known = known_groups(nodes)
    shared: dict = {}  # what the consumers seen so far have in common, as a path
    groups = {}
    for node in reversed(nodes):
        path = known_path(node, known) if node.label else shared.get(node, [])
        groups[node] = "/".join(path)
        for x in node.inputs:
            shared[x] = common_prefix(shared[x], path) if x in shared else path
    return groups


def known_groups(nodes):
    """The prefixes of labels that are groups."""
    members: dict = {}
    for node in nodes:
        for prefix in prefixes(group_of(node)):
            members.setdefault(prefix, []).append(node.op is not None)
    return {prefix for prefix, computed in members.items() if len(computed) > 1 and any(computed)}


def group_of(node):
    """What a label has before its last slash."""
    return "/".join(part for part in node.label.split("/")[:-1] if part)


def known_path(node, known):
    return next((prefix.split("/") for prefix in reversed(prefixes(group_of(node))) if prefix in known), [])


def common_prefix(a, b):
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return a[:length]


def prefixes(group):
    """ "layer1/neuron2" -> ["layer1", "layer1/neuron2"]"""
    parts = group.split("/") if group else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def groups_around(wanted, groups):
    """The groups wanted, and those around them."""
    known = {prefix for group in set(groups.values()) for prefix in prefixes(group)}
    for group in wanted:
        if group not in known:
            raise ValueError(f'draw: there is no group "{group}" to open; there are {sorted(known)[:20]}')
    return {prefix for group in wanted for prefix in prefixes(group)}


def folding(nodes, groups, opened):
    """{node: the group that it is folded into}: its outermost group that is not open. A group of one is not folded."""
    into = {node: next((p for p in prefixes(groups[node]) if p not in opened), None) for node in nodes}
    sizes = Counter(into.values())
    return {node: group for node, group in into.items() if group and sizes[group] > 1}
