"""The page of a recording of training: the losses, what each step did, and the steps' graphs.

Of a graph that is alive a step is its leaves' numbers, from which the page computes the others. Of another one it is
what differs from the first step's graph; and where this comes to much, only some steps have it.
"""

import json

from .formulas import UNDEFINED
from .page import graph_data, page, steps_data
from .quantities import brief, exact, summary
from .recording import listed
from .trace import Trace

ROOM = 2_000_000  # characters for the graphs that differ from the first
SAME = {"nodes": ("inputs", "kind", "takes"), "frames": ("kind", "node", "input")}  # of graphs made alike


def training_page(recording, title):
    """The page of a recording, and of its steps' graphs where they are kept."""
    data, programs = graphs_data(recording)
    data["training"] = training_data(recording)
    data["arrays"] = shared_arrays(data)
    return page(data, programs, title)


def training_data(recording):
    """A recording as plain data, but for the graphs."""
    rates = [updates[0].rate if updates else None for updates in recording.updates]
    return {
        "names": recording.names,
        "labels": [parameter.label for parameter in recording.parameters],
        "steps": recording.steps,
        "which": recording.which if recording.every > 1 else "",
        "losses": [brief(loss) for loss in recording.losses],
        "exact": [exact(loss) for loss in recording.losses],
        "rates": [None if rate is None else brief(float(rate)) for rate in rates],
        "updates": [
            [update_data(update, name) for update, name in zip(updates, recording.names)]
            for updates in recording.updates
        ],
    }


def update_data(update, name):
    rule, numbers = update.formula(name)
    data = {"rule": rule, "numbers": numbers}
    for when in ("before", "gradient", "after"):
        quantity = getattr(update, when)
        if quantity is not None:
            data[when] = {"text": brief(quantity), "exact": exact(quantity), "array": summary(quantity)}
    return data


# ---- the graphs of steps


def graphs_data(recording):
    """({"graph": that of the first step that has one, "steps": what the others are, a step each}, programs).

    A step is {"leaves": the numbers of the leaves} or {"nodes", "frames": what is otherwise}, or says why it has none.
    """
    steps = [kept if isinstance(kept, str) else "" for kept in recording.graphs]
    places = [i for i, reason in enumerate(steps) if not reason]
    if not places:
        return {"steps": steps}, "[]"
    first = recording.graphs[places[0]]
    try:
        trace = Trace(first.root())
    except UNDEFINED as error:
        return {"steps": [reason or f"that of the first has no derivative: {error}" for reason in steps]}, "[]"
    data, programs = graph_data(trace)
    base, is_alive = steps_data(trace), not data["graph"]["still"]
    found = {i: is_alive and leaves_told(trace, first, recording.graphs[i]) for i in places}
    others = [i for i in places if not found[i]]
    samples = [differences(base, recording.graphs[i]) for i in {*others[1:2], *others[-1:]}]
    size = max((len(json.dumps(sample)) for sample in samples), default=1)
    chosen = spread(others, max(2, ROOM // size))
    found |= {i: differences(base, recording.graphs[i]) for i in chosen}
    here = f"this page has those of {listed([recording.steps[i] for i in chosen])}"
    for i in places:
        steps[i] = found[i] or f"{here}; step(recording.graph_of({recording.steps[i]})) opens it"
    return data | {"steps": steps}, programs


def leaves_told(trace, first, kept):
    """{"leaves": numbers} of a graph of Values that differs from the first in nothing else; None for others."""
    if not kept.of_values or kept.parts != first.parts:
        return None
    constants = {i for i in kept.data if not (trace.nodes[i].label or trace.nodes[i].requires_grad)}
    if any(exact(kept.data[i]) != exact(first.data[i]) for i in constants):
        return None
    return {"leaves": [exact(x) for i, x in kept.data.items() if i not in constants]}


def differences(base, kept):
    """What is otherwise in a step's graph than in the first one; or why that cannot be told."""
    try:
        found = steps_data(Trace(kept.root()))
    except UNDEFINED as error:
        return str(error)
    same = [len(found[part]) == len(base[part]) for part in SAME]
    same += [a.get(key) == b.get(key) for part in SAME for a, b in zip(base[part], found[part]) for key in SAME[part]]
    if not all(same):
        return "it is made otherwise than the first one; step(recording.graph_of(...)) opens it"
    forms = {} if found["forms"] == base["forms"] else {"forms": found["forms"]}
    return {part: changes(base[part], found[part]) for part in SAME} | forms


def changes(entries, others):
    """{place: {key: what it is in the other entry, None if it is not there}}"""
    pairs = enumerate(zip(entries, others))
    keys = {i: [key for key in {**a, **b} if a.get(key) != b.get(key)] for i, (a, b) in pairs}
    return {i: {key: others[i].get(key) for key in found} for i, found in keys.items() if found}


def spread(places, count):
    """So many of the places, evenly, the first and the last among them."""
    if len(places) <= count:
        return places
    return [places[round(i * (len(places) - 1) / (count - 1))] for i in range(count)]


def shared_arrays(data):
    """The arrays of all steps, each once; where they stood, there are their places."""
    places: dict = {}
    quantities = [
        update[when]
        for updates in data["training"]["updates"]
        for update in updates
        for when in ("before", "gradient", "after")
        if when in update
    ]
    graphs = [graph for graph in [data.get("graph"), *data["steps"]] if graph and "nodes" in graph]
    for graph in graphs:
        for part in SAME:
            entries = graph[part]
            quantities += entries.values() if isinstance(entries, dict) else entries
    for entry in quantities:
        if entry.get("array"):
            entry["array"] = places.setdefault(json.dumps(entry["array"]), len(places))
    return [json.loads(text) for text in places]
