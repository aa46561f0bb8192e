"""Practical work 04, Exercises 1 and 2: propagate and backpropagate by hand, and the gradient check.

The check goes through every weight and bias and compares its derivative with a central difference of the cost, at the
sheet's threshold of 4e-7.
"""

import inspect
import time

import numpy as np

from models.by_hand import ftp
from models.training import backward
from tensor_engine import log_softmax
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import times
from walkthroughs.sheets.beside_engine import agreement, engine_of, gradients_like, largest_difference
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

THRESHOLD = 4e-7
NETWORKS = (30,), (20, 15)
SAMPLES = 20


def main(arguments=None):
    parser = parser_for("ftp_exercise2", __doc__)
    add_data(parser, "fashion-mnist")
    return run_walkthrough(parser, build, arguments, "Propagate, backpropagate, and check")


def build(report, options):
    data = used(report, options, setup_for(options))
    x, labels = data.xtrain[:SAMPLES].astype(np.float64), data.ytrain[:SAMPLES]
    if options.quick:
        x = x[:, :: max(1, x.shape[1] // 60)]  # a few pixels of each image: every weight is two passes

    report.section("Exercise 1: propagate")
    report.prose(
        "A `DenseLayer` has the sigmoid, a `SoftmaxLayer` the softmax; these are the layers that this page compares "
        "with the engine's, in place of the notebook's unit tests, and that the first part of Exercise 3 trains."
    )
    report.code("\n\n".join(map(inspect.getsource, (ftp.DenseLayer, ftp.SoftmaxLayer, ftp.MLP))))
    rows = [beside_engine(hidden, x, labels, data.num_classes, options.seed) for hidden in NETWORKS]
    report.table(
        "engine", f"{SAMPLES} images in float64, sigmoid in the hidden layers, by hand and by the engine: the largest "
        "differences.",
        {"network": "", "of log outputs": ".0e", "of the cost": ".0e", "of the gradients": ".0e"}, rows,
    )  # fmt: skip
    worst = max(max(row[1:]) for row in rows)
    report.reading(f"{agreement('outputs, costs and gradients', worst)}.")

    report.section("Exercise 2: backpropagate, and the sheet's gradient check")
    report.prose(
        r"For each parameter $w$ the check takes the cost at $w + \epsilon$ and at $w - \epsilon$, with "
        r"$\epsilon = 10^{-5}$ here. $(J(w + \epsilon) - J(w - \epsilon)) / 2 \epsilon$ differs from "
        r"$\partial J / \partial w$ by about $\epsilon^2 J''' / 6$, and by the rounding of the costs "
        rf"divided by $2 \epsilon$. It runs on the first {SAMPLES} training images, with "
        f"{x.shape[1]} pixels of each."
    )
    report.code(inspect.getsource(ftp.gradient_check))
    checks = [checked(hidden, x, labels, data.num_classes, options.seed, np.float64) for hidden in NETWORKS]
    checks.append(checked(NETWORKS[-1], x, labels, data.num_classes, options.seed, np.float32))
    checks.append(with_an_error(x, labels, data.num_classes, options.seed))
    report.table(
        "checks", f"The check over every weight and bias; the sheet's threshold is {THRESHOLD:.0e}.",
        {"network": "", "numbers": "", "parameters": ",d", "largest difference": ".1e", "verdict": "",
         "seconds": ".1f"},
        checks,
    )  # fmt: skip
    report.reading(passed(checks))

    report.section("How large should the difference be?")
    epsilons = 10.0 ** np.arange(-10, -0.9, 0.5)
    worst = [error_at(epsilon, options.seed) for epsilon in epsilons]
    figure, axes = new_figure(width=7, height=4)
    axes.loglog(epsilons, worst, "o-", color=OTHERS[0], label="largest difference")
    axes.axhline(THRESHOLD, color=REFERENCE, linestyle="--", label="the sheet's threshold")
    finish(axes, "epsilon", "|backpropagation - central difference|")
    report.figure("epsilon", figure, "A network of 20-10-5 on random data in float64, over every parameter.")
    report.reading(valley(epsilons, worst))
    report.prose(
        "To the left rounding wins: two nearly equal costs are subtracted, and what is left is divided by "
        r"$2 \epsilon$. To the right truncation wins, the term with $\epsilon^2$. Where the two are equal depends on "
        "the function; a rule of thumb is the cube root of the floating-point precision."
    )


def beside_engine(hidden, x, labels, n_classes, seed):
    sizes = [x.shape[1], *hidden, n_classes]
    net = ftp.MLP(sizes, seed, np.float64)
    parameters = [p for layer in net.layers for p in (layer.W, layer.b)]
    model = engine_of(parameters)
    logarithms = np.log(net.propagate(x))
    net.backpropagate(labels)
    gradients = [g for layer in net.layers for g in (layer.grad_W, layer.grad_b)]
    of_outputs = float(np.abs(logarithms - log_softmax(model(x), axis=1).data).max())
    of_cost = abs(float(net.cost(labels)) - backward(model, x, labels))
    of_gradients = largest_difference(gradients, gradients_like(parameters, model))
    return "-".join(map(str, sizes)), of_outputs, of_cost, of_gradients


def checked(hidden, x, labels, n_classes, seed, dtype):
    """A row of the table: the sheet's check of a new network."""
    sizes = [x.shape[1], *hidden, n_classes]
    net = ftp.MLP(sizes, seed, dtype)
    return check_of(net, x.astype(dtype), labels, "-".join(map(str, sizes)))


def check_of(net, x, labels, name):
    started = time.perf_counter()
    worst, count = ftp.gradient_check(net, x, labels)
    outcome = "passes" if worst < THRESHOLD else "FAILS"
    return name, x.dtype.name, count, float(worst), outcome, time.perf_counter() - started


class WrongSoftmaxLayer(ftp.SoftmaxLayer):
    """A softmax layer with a common mistake: each output's derivative by its own z only, as if it were elementwise."""

    def backpropagate(self, grad_y):
        return self.backpropagate_z(grad_y * self.y * (1 - self.y))


def with_an_error(x, labels, n_classes, seed):
    sizes = [x.shape[1], 10, n_classes]
    net = ftp.MLP(sizes, seed, np.float64)
    net.layers[-1].__class__ = WrongSoftmaxLayer
    return check_of(net, x, labels, f"{'-'.join(map(str, sizes))}, softmax taken as elementwise")


def passed(checks):
    """What passes the sheet's check and what does not; the rows are those of float64, then float32, then the error."""
    *doubles, single, wrong = checks
    good = [row for row in doubles if row[4] == "passes"]
    n, worst = sum(row[2] for row in doubles), max(row[3] for row in doubles)
    far = f"{times(THRESHOLD / worst)} below" if worst < THRESHOLD else f"{times(worst / THRESHOLD)} ABOVE"
    return (
        f"{len(good)} of {len(doubles)} networks in float64 pass; over all their {n:,} parameters the largest "
        f"difference is {worst:.0e}, {far} the threshold. In float32, whose costs have seven digits, of which the "
        f"subtraction leaves few, the same code {single[4].lower()} ({single[3]:.0e}). A softmax layer whose "
        f"derivative is wrong {wrong[4].lower()} with {wrong[3]:.0e}."
    )


def error_at(epsilon, seed):
    rng = np.random.default_rng(seed)
    net = ftp.MLP([20, 10, 5], seed, np.float64)
    return float(ftp.gradient_check(net, rng.normal(size=(8, 20)), rng.integers(5, size=8), epsilon)[0])


def valley(epsilons, worst):
    best = int(np.argmin(worst))
    inside = [e for e, error in zip(epsilons, worst) if error < THRESHOLD]
    passing = f", the smallest {min(inside):.0e} and the largest {max(inside):.0e}" if inside else ""
    return (
        f"The difference is smallest, {worst[best]:.0e}, at epsilon = {epsilons[best]:.0e}, where the rule of thumb "
        f"says {np.cbrt(np.finfo(float).eps):.0e}. These correct gradients pass the sheet's threshold with "
        f"{len(inside)} of the {len(epsilons)} epsilons tried{passing}."
    )
