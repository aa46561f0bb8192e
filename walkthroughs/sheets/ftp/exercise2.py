"""Practical work 04, Exercises 1 and 2: propagate and backpropagate by hand, and the gradient check.

The check goes through every weight and bias and compares its derivative with a central difference of the cost, at the
sheet's threshold of 4e-7.
"""

import inspect

import numpy as np

from models.by_hand import ftp
from models.layers import MLP
from models.training import backward

from ...reports.figures import OTHERS, REFERENCE, finish, new_figure
from ...reports.readings import percent, times
from ..script import run_walkthrough, setup_for, timed, used

THRESHOLD = 4e-7
NETWORKS = (30,), (20, 15)
SAMPLES = 20


def main(arguments=None):
    return run_walkthrough(
        "ftp_exercise2", __doc__, build, arguments, title="Propagate, backpropagate, and check", data="fashion-mnist"
    )


def build(report, options):
    data = used(report, options, setup_for(options))
    x, labels = data.xtrain[:SAMPLES].astype(np.float64), data.ytrain[:SAMPLES]
    if options.quick:
        x = x[:, :: max(1, x.shape[1] // 60)]  # a few pixels of each image: every weight is two passes

    report.section("Exercise 1: propagate")
    report.code(inspect.getsource(ftp.DenseLayer) + "\n\n" + inspect.getsource(ftp.SoftmaxLayer))
    rows = [beside_engine(hidden, x, labels, data.num_classes, options.seed) for hidden in NETWORKS]
    report.table(
        "engine", f"{SAMPLES} images in float64, by hand and by the engine: the largest differences.",
        {"network": "", "of log outputs": ".0e", "of the cost": ".0e", "of the gradients": ".0e"}, rows,
    )  # fmt: skip
    report.reading(agreement(rows))

    report.section("Exercise 2: backpropagate, and the sheet's gradient check")
    report.prose(
        r"For each parameter $w$ the check takes the cost at $w + \epsilon$ and at $w - \epsilon$, with "
        r"$\epsilon = 10^{-5}$. $(J(w + \epsilon) - J(w - \epsilon)) / 2 \epsilon$ differs from "
        r"$\partial J / \partial w$ by about $\epsilon^2 J''' / 6$, some 1e-11 here, and by the rounding of the costs "
        rf"divided by $2 \epsilon$. It runs on the first {SAMPLES} training images."
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
        "To the left rounding wins: two nearly equal costs are subtracted, and what is left is divided by 2 "
        "epsilon. To the right truncation wins, which grows with the square of epsilon. The best is near the cube "
        "root of the floating-point precision, 6e-6 in float64."
    )


def beside_engine(hidden, x, labels, n_classes, seed):
    sizes = [x.shape[1], *hidden, n_classes]
    net = ftp.MLP(sizes, seed, np.float64)
    model = MLP(sizes, "sigmoid", dtype=np.float64)
    for parameter, data in zip(
        model.parameters(), [p for layer in net.layers for p in (layer.W, layer.b)], strict=True
    ):
        parameter.data[...] = data.T
    outputs = net.propagate(x)
    logits = model(x).data
    logarithms = logits - logits.max(axis=1, keepdims=True)
    logarithms -= np.log(np.exp(logarithms).sum(axis=1, keepdims=True))
    net.backpropagate(labels)
    cost = backward(model, x, labels)
    gradients = [g for layer in net.layers for g in (layer.grad_W.T, layer.grad_b)]
    difference = float(np.abs(np.log(outputs) - logarithms).max())
    return (
        "-".join(map(str, sizes)), difference, abs(float(net.cost(labels)) - cost),
        max(float(np.abs(g - p.grad).max()) for g, p in zip(gradients, model.parameters(), strict=True)),
    )  # fmt: skip


def agreement(rows):
    worst = max(max(row[1:]) for row in rows)
    verdict = "agree" if worst < 1e-10 else "DISAGREE"
    return f"By hand and by the engine outputs, costs and gradients {verdict}: the largest difference is {worst:.0e}."


def checked(hidden, x, labels, n_classes, seed, dtype):
    """A row of the table: the sheet's check of a new network."""
    sizes = [x.shape[1], *hidden, n_classes]
    net = ftp.MLP(sizes, seed, dtype)
    (worst, count), seconds = timed(ftp.gradient_check, net, x.astype(dtype), labels)
    return ("-".join(map(str, sizes)), np.dtype(dtype).name, count, float(worst), verdict_of(worst), seconds)


def verdict_of(worst):
    return "passes" if worst < THRESHOLD else "FAILS"


class WrongSoftmaxLayer(ftp.SoftmaxLayer):
    """A softmax layer with a common mistake: each output's derivative by its own z only, as if it were elementwise."""

    def backpropagate(self, grad_y):
        return self.backpropagate_z(grad_y * self.y * (1 - self.y))


def with_an_error(x, labels, n_classes, seed):
    sizes = [x.shape[1], 10, n_classes]
    net = ftp.MLP(sizes, seed, np.float64)
    net.layers[-1].__class__ = WrongSoftmaxLayer
    (worst, count), seconds = timed(ftp.gradient_check, net, x, labels)
    name = f"{'-'.join(map(str, sizes))}, softmax taken as elementwise"
    return (name, "float64", count, float(worst), verdict_of(worst), seconds)


def passed(checks):
    """What passes the sheet's check and what does not; the rows are those of float64, then float32, then the error."""
    *doubles, single, wrong = checks
    good = [row for row in doubles if row[4] == "passes"]
    n = sum(row[2] for row in good)
    return (
        f"{len(good)} of {len(doubles)} networks in float64 pass, over {n:,} parameters; their largest difference "
        f"is {max(row[3] for row in doubles):.0e}, {times(THRESHOLD / max(row[3] for row in doubles))} below the "
        f"threshold. In float32 the same code {single[4].lower()} ({single[3]:.0e}), since its costs have seven "
        "digits, of which the subtraction leaves few. A softmax layer whose derivative is wrong "
        f"{wrong[4].lower()} with {wrong[3]:.0e}."
    )


def error_at(epsilon, seed):
    rng = np.random.default_rng(seed)
    net = ftp.MLP([20, 10, 5], seed, np.float64)
    return float(ftp.gradient_check(net, rng.normal(size=(8, 20)), rng.integers(5, size=8), epsilon)[0])


def valley(epsilons, worst):
    best = int(np.argmin(worst))
    inside = [e for e, error in zip(epsilons, worst) if error < THRESHOLD]
    share = len(inside) / len(epsilons)
    return (
        f"The difference is smallest, {worst[best]:.0e}, at epsilon = {epsilons[best]:.0e}; correct gradients pass the "
        f"sheet's threshold from {min(inside):.0e} to {max(inside):.0e}, {percent(share, 0)} of the epsilons tried."
    )
