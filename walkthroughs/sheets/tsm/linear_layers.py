"""Practical Work 03, Exercise 5 b: what layers without activations between them can compute, and what they bring.

Chains of Linear layers are multiplied out into one, one is spread over a chain, and both are trained beside each other.
"""

import numpy as np

from models.experiment import model_of
from models.layers import Linear, Sequential, parameter_count
from models.training import evaluate, fit
from tensor_engine import SGD
from walkthroughs.reports.readings import percent, points, times

NARROW = 5  # units: fewer than there are classes


def linear_layers(report, setup, data):
    report.section("b) Linear layers without activations")
    n_in, n_out, hidden = data.xtrain.shape[1], data.num_classes, setup.hidden
    report.prose(
        "A linear layer after a linear layer is a linear layer: $(x W_1 + b_1) \\, W_2 + b_2 = x \\, (W_1 W_2) + "
        "(b_1 W_2 + b_2)$. So the four layers can be multiplied out into one, and the network can separate classes by "
        "planes only, as the network without hidden layers can.\n\n"
        f"The widths do not restrict which planes. The product has the shape {n_in} x {n_out}, so its rank is at most "
        f"{n_out}, as that of every matrix of this shape; and every such matrix is a product of four with {hidden[0]}, "
        f"{hidden[1]} and {hidden[2]} units in between, since no layer is narrower than {n_out}: the first matrix can "
        f"be the whole one, beside columns of zeros, and the others hand its {n_out} outputs on. Only a hidden layer "
        "of fewer units than there are classes restricts the product, to a rank of at most its width."
    )
    deep, of_deep = trained_without_activations(setup, data)
    flat, of_flat = trained_without_activations(setup.but(hidden=()), data)
    narrow, of_narrow = trained_without_activations(setup.but(hidden=(NARROW,)), data)
    relu, optimizer, rng = model_of(setup, data)
    of_relu = fit(relu, data, optimizer, setup.epochs, setup.batch_size, rng)

    one = linear_network([collapsed(deep)])
    padded = linear_network(expanded(collapsed(flat), hidden))
    rows = [
        row_of(f"{n_in}-{'-'.join(map(str, hidden))}-{n_out}, linear", deep, of_deep),
        ("the same, multiplied out", parameter_count(one), rank(one), None, accuracy(one, data), None),
        row_of(f"{n_in}-{n_out}", flat, of_flat),
        ("the same, in four layers", parameter_count(padded), rank(padded), None, accuracy(padded, data), None),
        row_of(f"{n_in}-{NARROW}-{n_out}, linear", narrow, of_narrow),
        row_of("the first, with relu", relu, of_relu),
    ]
    report.table(
        "linear", f"After {setup.epochs} epochs, all with SGD at the rate {setup.learning_rate:g} with momentum "
        f"{setup.momentum:g}, batches of {setup.batch_size}; weights drawn after Glorot, with relu after He. The rank "
        "is that of the product of the weights.",
        {"": "", "parameters": ",d", "rank": "d", "training loss": ".4f", "validation": ".2%", "seconds": ".1f"}, rows,
    )  # fmt: skip
    there, back = apart(deep, one, data.xval), apart(flat, padded, data.xval)
    report.reading(f"{collapse(there, rank(one), back)}\n\n{worth(rows[0], rows[2], rows[4], rows[5], len(data.xval))}")
    report.prose(
        "So: no, not for what the network can compute. What linear layers in a row change is training, since the same "
        "matrix is sought as a product (the cost is convex in one matrix and its bias, and no longer in four factors), "
        "and, where one is narrow, the rank. For more than planes an activation is needed in between."
    )


def trained_without_activations(setup, data):
    """A Setup's network without its activations, trained from its initial weights; and its History."""
    model, _, rng = model_of(setup.but(activation="sigmoid"), data)  # Glorot's weights: He's allow for relu
    network = Sequential(*(layer for layer in model.layers if isinstance(layer, Linear)))
    optimizer = SGD(network.parameters(), setup.learning_rate, setup.momentum)
    return network, fit(network, data, optimizer, setup.epochs, setup.batch_size, rng)


def row_of(name, network, history):
    """A row of the table; with activations there is no product of the weights that would have a rank."""
    last = history.epochs[-1]
    is_linear = all(isinstance(layer, Linear) for layer in network.layers)
    of_product = rank(network) if is_linear else None
    return name, parameter_count(network), of_product, last.train_loss, last.validation_accuracy, history.seconds


def collapsed(network):
    """The one matrix (inputs, outputs) and bias (outputs,) that a chain of Linear layers amounts to, in float64."""
    W, b = (parameter.data.astype(float) for parameter in network.layers[0].parameters())
    for layer in network.layers[1:]:
        W, b = W @ layer.W.data, b @ layer.W.data + layer.b.data
    return W, b


def expanded(layer, hidden):
    """The layer (W, b), W of shape (inputs, outputs), as a list of layers with hidden ones that are no narrower."""
    W, b = layer
    widths = [*hidden, len(b)]
    zeros = hidden[0] - len(b)
    first = np.pad(W, [(0, 0), (0, zeros)]), np.pad(b, (0, zeros))
    return [first, *((np.eye(m, n), np.zeros(n)) for m, n in zip(widths, widths[1:]))]


def linear_network(layers):
    """A network, in float32, of Linear layers with these (W, b)."""
    rng = np.random.default_rng(0)
    network = Sequential(*(Linear(len(W), len(b), rng, label=f"layer{i + 1}") for i, (W, b) in enumerate(layers)))
    for layer, (W, b) in zip(network.layers, layers):
        layer.W.data, layer.b.data = W.astype(np.float32), b.astype(np.float32)
    return network


def rank(network):
    return int(np.linalg.matrix_rank(collapsed(network)[0]))


def accuracy(network, data):
    return evaluate(network, data.xval, data.yval).accuracy


def apart(network, other, x):
    """The largest difference of the logits of two networks, relative to the largest logit."""
    logits, others = network(x).data, other(x).data
    return float(np.abs(logits - others).max() / np.abs(logits).max())


def collapse(there, rank_of_one, back):
    """Whether the chain of layers is one layer, and one layer such a chain."""
    same = "the same, to rounding" if there < 1e-4 else "NOT the same"
    without = "the same, to rounding" if back < 1e-4 else "NOT the same"
    return (
        f"Multiplied out into one matrix, of rank {rank_of_one}, the four layers give logits that are {same} (relative "
        f"difference {there:.0e}). The other way round, the matrix of the single layer, spread over four layers, gives "
        f"logits that are {without} ({back:.0e})."
    )


def worth(deep, flat, narrow, relu, n_val):
    """What the linear layers brought beside one layer, what a narrow one costs, and what relu brings; of table rows."""
    names, counts, _, losses, accuracies, took = zip(deep, flat, narrow, relu)
    less = "lower" if losses[0] < losses[1] else "higher"
    return (
        f"In training the four linear layers end at a {less} training loss than the one ({losses[0]:.4f}, "
        f"{losses[1]:.4f}), and have {percent(accuracies[0], 2)} of {n_val:,} validation images right, the one "
        f"{percent(accuracies[1], 2)}: {difference_of(accuracies[0], accuracies[1])}, with "
        f"{times(counts[0] / counts[1])} the parameters and {times(took[0] / took[1])} the time. "
        f"{names[2]}, has rank {narrow[2]} and {percent(accuracies[2], 2)}, "
        f"{difference_of(accuracies[2], accuracies[1])} than one layer. With relu between layers of the same sizes it "
        f"is {percent(accuracies[3], 2)}, {difference_of(accuracies[3], accuracies[0])} than without."
    )


def difference_of(a, b):
    return f"{points(a - b, 2)} {'more' if a > b else 'less'}"
