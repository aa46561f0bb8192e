"""Exercise Sheet 3, Task 1: an MLP by hand on the two moons.

Softmax with C = 0 against C = -max(f); loss curves on training and test set with hidden layers [30, 30]; and ever
deeper networks on few points, until they overfit, which the decision boundary and other draws of the points show.
"""

import inspect

import numpy as np

from models.by_hand import lmu
from models.datasets import make_moons
from models.training import backward
from tensor_engine import SGD
from walkthroughs.sheets.answers import linear_relu_answer, two_layers_answer
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.lmu.overfitting import N_TRAIN, NETWORKS, NOISE, RATE, name_of, overfitting
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, set_out


def main(arguments=None):
    parser = parser_for("lmu_task1", __doc__)
    return run_walkthrough(parser, build, arguments, "Two moons, and learning them by heart")


def build(report, options):
    report.section("1. The gradients of a linear and a ReLU layer")
    report.prose(f"The chain rule, written out by the engine from its operators' own rules. {NOTATION}")
    set_out(report, linear_relu_answer())
    report.section("1. A weight of the first layer, from the loss")
    set_out(report, two_layers_answer())
    layers(report, options.seed)
    softmax_constant(report)
    overfitting(report, options)


def layers(report, seed):
    report.section("1. The layers, by hand")
    report.prose(
        "`models/by_hand/lmu.py` has each layer with a forward pass, a backward pass and an update, for all instances "
        "of a batch at once: a sum over them is a matrix product."
    )
    report.code(inspect.getsource(lmu.Linear) + "\n\n" + inspect.getsource(lmu.ReLU), "A linear layer and ReLU:")
    report.code(inspect.getsource(lmu.MLP), "The network of them:")
    of_gradients, of_weights = beside_the_engine(seed)
    report.reading(
        f"{agreement('gradients', of_gradients)}. {agreement('weights and biases after a step', of_weights)}. (A batch "
        f"of {N_TRAIN} points, hidden layers {name_of(NETWORKS[1])}.)"
    )


def beside_the_engine(seed):
    """How far the engine's gradients, and its parameters after a step, are from the hand-written ones."""
    x, y = make_moons(N_TRAIN, NOISE, seed)
    net = lmu.MLP(2, NETWORKS[1], 2, seed, np.float64)
    linears = net.layers[::2]
    parameters = [p for layer in linears for p in (layer.w, layer.b)]
    model = engine_of(parameters, "relu")
    net.loss.forward(net.forward(x), np.eye(2)[y])
    net.backward()
    backward(model, x, y)
    gradients = [g for layer in linears for g in (layer.dw, layer.db)]
    of_gradients = largest_difference(gradients, gradients_like(parameters, model))
    net.update(RATE)
    SGD(model.parameters(), RATE).step()
    return of_gradients, largest_difference(parameters, [p.data.T for p in model.parameters()])


def softmax_constant(report):
    report.section("Softmax with C = 0 and with C = -max(f)")
    rows = []
    for largest in (1.0, 10.0, 80.0, 100.0, 1000.0):
        f = np.array([[largest, largest - 1, 0.0]], np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            zero = lmu.Softmax(stable=False).forward(f)[0]
        stable = lmu.Softmax().forward(f)[0]
        shown = [" ".join(f"{number:.4f}" for number in p) for p in (zero, stable)]
        rows.append((f"{largest:g}, {largest - 1:g}, 0", *shown, float(stable.sum())))
    report.table(
        "softmax", "The probabilities of three logits, in float32.",
        {"logits": "", "C = 0": "", "C = -max(f)": "", "their sum": ".6f"}, rows,
    )  # fmt: skip
    report.reading(overflow(rows))
    report.prose(
        r"$e^{f_j + C} / \sum_k e^{f_k + C}$ is the same for every $C$, since $e^C$ cancels. In floating point it is "
        r"not: float32 ends at 3.4e38, about $e^{88.7}$, and infinity / infinity is not a number. With $C = -\max(f)$ "
        "the largest exponent is 0, so that nothing overflows, and the sum is at least 1, so that nothing is divided "
        "by 0."
    )


def overflow(rows):
    """From which logit on C = 0 gives no number, and whether C = -max(f) always does."""
    whole = "does" if all("nan" not in row[2] for row in rows) else "does NOT"
    broken = [row[0].partition(",")[0] for row in rows if "nan" in row[1]]
    if not broken:
        return f"With C = 0 all {len(rows)} rows are numbers; with C = -max(f) each {whole} have a value."
    return (
        f"With C = 0 the result is not a number from a logit of {broken[0]} on; with C = -max(f) each of the "
        f"{len(rows)} rows {whole} have a value."
    )
