"""Practical Work 03, Exercise 5 d: what the layers of an MLP remember from the forward pass for the backward pass.

Counted from the arrays that the nodes of the engine's graph hold, each of which is overwritten to see who needs it.
"""

from typing import Any

import numpy as np

from models.by_hand import tsm
from models.layers import MLP
from tensor_engine import gradients, softmax_cross_entropy, topological_order
from walkthroughs.reports.readings import listed


def memory(report, setup, data):
    report.section("d) What each layer remembers")
    report.prose(
        "A layer's backward pass needs what its derivatives are made of. $k = h W + b$ has $dW = h^{\\top} dk$ and "
        "$dh = dk \\, W^{\\top}$, so it needs its input $h$, and $W$, which is there anyway; the first layer needs no "
        "$W$, since nobody asks for the gradient of the images. An activation needs its slope: sigmoid's is $h \\, (1 "
        "- h)$, so its output is enough; relu's is 1 where $k > 0$, which is where its output is. (For other "
        "activations $k$ may be needed: the class of Exercise 3 keeps it.) The loss needs the probabilities and the "
        "targets, or their difference, which is its slope. So the input, one activation a hidden layer, and what the "
        "loss keeps. Whether that is so can be tried: the table has every array that the nodes of the engine's graph "
        "hold after a forward pass, and whether a gradient comes out otherwise once it has been overwritten."
    )
    x, y = data.xtrain[:64].copy(), data.ytrain[:64].copy()
    model = MLP([x.shape[1], *setup.hidden, data.num_classes], setup.activation, rng=setup.seed)
    loss = softmax_cross_entropy(model(x), y)
    rows = [(*row, needed(loss, array)) for *row, array in held(loss, model)]
    report.table(
        "graph", f"Every array that the graph of {len(x)} instances holds, once each, in float32 (the targets are "
        "integers).",
        {"node": "", "array": "", "parameter": "", "shape": "", "bytes": ",d", "needed": ""},
        [(*row[:-1], "yes" if row[-1] else "no") for row in rows],
    )  # fmt: skip
    net = tsm.MLP(model.sizes, setup.activation)
    net.forward(x)
    by_hand = sum(array.nbytes for array in (*net.a, *net.z[1:]))
    report.reading(f"{remembered(rows, len(x))} The class of Exercise 3, with a and z, holds {kilobytes(by_hand)}.")


def held(loss, model):
    """(node, array's name, "yes" if it is a parameter, shape, bytes, array) of all arrays that a graph's nodes hold."""
    parameters = {id(parameter.data) for parameter in model.parameters()}
    found = {}
    for node in topological_order(loss):
        if not node.inputs:
            continue
        op: Any = node.op
        named = [(x.name or "input", array) for x, array in zip(node.inputs, node.operands)]
        if op.keeps:
            named += [("its slope", node.operands[-1]), ("targets", op.classes)]
        for name, array in [*named, (node.name, node.out)]:
            if np.ndim(array) and id(array) not in found:
                is_parameter = "yes" if id(array) in parameters else ""
                found[id(array)] = node.label or "loss", name, is_parameter, str(array.shape), array.nbytes, array
    return list(found.values())


def needed(loss, array):
    """Whether a gradient of the loss comes out otherwise if the array has been overwritten since the forward pass."""
    before, kept = gradients(loss), array.copy()
    array[...] = np.nan if array.dtype.kind == "f" else 0
    with np.errstate(all="ignore"):
        after = gradients(loss)
    array[...] = kept
    return any(not node.inputs and not np.array_equal(before[node], after[node]) for node in before)


def remembered(rows, batch):
    """How much the graph holds, and how much of it the backward pass reads; rows of the table."""
    own = [row for row in rows if not row[2]]
    read = [row for row in own if row[-1]]
    weights = [row for row in rows if row[2] and row[-1]]
    total, used_bytes = (sum(row[4] for row in group) for group in (own, read))
    of_parameters = sum(row[4] for row in rows if row[2])
    each = used_bytes / batch
    spare = [full_name(row) for row in own if not row[-1]]
    could = f" The others, {listed(spare)}, could be forgotten." if spare else ""
    return (
        f"Beside the parameters, the graph of {batch} instances holds {kilobytes(total)}; the backward pass reads "
        f"{kilobytes(used_bytes)} of it: {listed(map(full_name, read))}.{could} Of the parameters it reads "
        f"{listed(map(full_name, weights))}. What it reads is {each / 1e3:.1f} kB an instance, and grows with the "
        f"batch, as the parameters' {kilobytes(of_parameters)} do not: from {int(of_parameters / each) + 1:,d} "
        "instances a batch on, it is more."
    )


def full_name(row):
    """An array as a sentence calls it: "layer1/h"."""
    layer, name = row[0].rpartition("/")[0], row[1]
    return f"{layer}/{name}" if len(name) == 1 else f"the {name}" if name != "its slope" else "the loss's slope"


def kilobytes(n_bytes):
    return f"{n_bytes / 1e3:,.0f} kB"
