"""Tutorial 04: backpropagation for 784-400-400-10, 1,000 optimisation steps on all training examples, and mini-batches.

The class is written by hand (models/by_hand/augsburg.py), trains itself for a few steps, and equals the engine, which
trains the whole because it is faster. That run writes training.txt every 100 steps, and a checkpoint, from which a
killed run goes on.
"""

import inspect
import textwrap

import numpy as np

from models.by_hand import augsburg
from models.training import backward
from walkthroughs.sheets.answers import jacobian_answer, sigmoid_answer
from walkthroughs.sheets.augsburg.full_batch import full_batch
from walkthroughs.sheets.augsburg.mini_batches import mini_batches
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, set_out

HIDDEN = 400, 400
RATE = 0.01


def main(arguments=None):
    parser = parser_for("augsburg", __doc__)
    add_data(parser, "mnist")
    parser.add_argument("--long", action="store_true", help="10,000 steps instead of 1,000: past 85%%, in hours")
    title = "Backpropagation, full-batch and in mini-batches"
    return run_walkthrough(parser, build, arguments, title, threads=None)


def build(report, options):
    steps = 10_000 if options.long else 50 if options.quick else 1_000
    setup = setup_for(
        options, hidden=HIDDEN, learning_rate=RATE, batch_size="full", epochs=steps, final=True
    )  # fmt: skip
    data = used(report, options, setup)
    by_hand(report, data, options.seed)
    history = full_batch(report, options, setup, data)
    mini_batches(report, options, setup, data, history)
    report.section("Exercise 7: the derivative of the softmax function")
    report.prose(NOTATION)
    set_out(report, jacobian_answer())


def by_hand(report, data, seed):
    report.section("Exercise 1: the error term of the last layer")
    report.code(inspect.getsource(augsburg.error_term_last_layer))
    H, y = np.array([[0.7, 0.1], [0.2, 0.3], [0.1, 0.6]]), np.array([0, 2])
    delta = augsburg.error_term_last_layer(H, y)
    report.table(
        "error_term", "Three classes, two instances (the columns), labels 0 and 2: H and Delta, (N_n, M) = (3, 2).",
        {"class": "d", "H, m = 0": ".2f", "H, m = 1": ".2f", "Delta, m = 0": ".2f", "Delta, m = 1": ".2f"},
        [(i, *map(float, H[i]), *map(float, delta[i])) for i in range(3)],
    )  # fmt: skip
    report.section("Exercise 2: the derivative of the sigmoid")
    report.code(inspect.getsource(augsburg.del_sigmoid), "By hand:")
    report.prose(f"The engine comes to the same from its operators' own rules. {NOTATION}")
    set_out(report, sigmoid_answer())
    report.prose(
        "$h \\, (1 - h)$ is at most 1/4, at $h = 1/2$, and next to nothing where the unit is saturated, with "
        "$h$ near 0 or 1."
    )
    report.section("Exercise 3: backpropagation")
    report.code(
        methods("__init__", "forward", "loss"), "The class `NeuralNetwork`, with last week's forward propagation:"
    )
    report.code(methods("backward"), "Its new method:")
    rows, losses = beside_engine(data.xtrain[:100].astype(np.float64), data.ytrain[:100], data.num_classes, seed)
    report.table(
        "gradients", "100 training images in float64: the hand-written gradients beside the engine's.",
        {"": "", "shape": "", "largest element": ".3g", "largest difference": ".0e"}, rows,
    )  # fmt: skip
    report.reading(f"{agreement('gradients', max(row[3] for row in rows))}.")
    report.section("Exercise 4: one optimisation step")
    report.code(methods("update"))
    report.reading(one_step(*losses))


def methods(*names):
    """The source of methods of the hand-written class."""
    return textwrap.dedent("\n".join(inspect.getsource(getattr(augsburg.NeuralNetwork, name)) for name in names))


def beside_engine(x, y, n_classes, seed):
    """Rows (name, shape, largest element, largest difference), and the loss before and after one step."""
    sizes = [x.shape[1], *HIDDEN, n_classes]
    net = augsburg.NeuralNetwork(sizes, seed, np.float64)
    parameters = [p for pair in zip(net.weights, net.biases) for p in pair]
    model = engine_of(parameters)
    net.forward(x.T)
    before = net.loss(y)
    net.backward(y)
    backward(model, x, y)
    gradients = [g for pair in zip(net.weight_gradients, net.bias_gradients) for g in pair]
    names = [f"dL/d{kind}^{i}" for i in range(1, len(sizes)) for kind in ("Theta", "b")]
    rows = [
        (name, str(ours.shape), float(np.abs(ours).max()), float(np.abs(ours - theirs).max()))
        for name, ours, theirs in zip(names, gradients, gradients_like(parameters, model), strict=True)
    ]
    net.update(RATE)
    net.forward(x.T)
    return rows, (float(before), float(net.loss(y)))


def one_step(before, after):
    falls = "falls" if after < before else "does NOT fall"
    return (
        f"One optimisation step at rate {RATE:g} takes the loss of the same 100 images from {before:.4f} to "
        f"{after:.4f}: it {falls}."
    )
