"""Exercise Sheet 3, Task 1: an MLP by hand on the two moons.

Softmax with C = 0 against C = -max(f); loss curves on training and test set with hidden layers [30, 30]; and ever
deeper networks on few points, until they overfit, which the decision boundary shows.
"""

import inspect

import numpy as np
from tqdm import tqdm

from models.by_hand import lmu
from models.datasets import digest_of, make_moons
from walkthroughs.reports.figures import CLASSES, TEST, TRAINING, finish, new_figure
from walkthroughs.reports.readings import nats, percent
from walkthroughs.sheets.answers import linear_relu_answer, two_layers_answer
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.sheets.typesetting import NOTATION, set_out

N_TRAIN, N_TEST, NOISE = 100, 1000, 0.3
NETWORKS = (30,), (30, 30), (30,) * 4, (100,) * 4
RATE = 0.1


def main(arguments=None):
    parser = parser_for("lmu_task1", __doc__)
    return run_walkthrough(parser, build, arguments, "Two moons, and learning them by heart")


def build(report, options):
    report.section("1. The gradients of a linear and a ReLU layer")
    report.prose(f"The chain rule, written out by the engine from its operators' own rules. {NOTATION}")
    set_out(report, linear_relu_answer())
    report.section("1. A weight of the first layer, from the loss")
    set_out(report, two_layers_answer())
    report.section("1. The layers, by hand")
    report.prose(
        "`models/by_hand/lmu.py` has each layer with a forward pass, a backward pass and an update, for all instances "
        "of a batch at once: a sum over them is a matrix product."
    )
    report.code(inspect.getsource(lmu.Linear) + "\n\n" + inspect.getsource(lmu.ReLU))
    softmax_constant(report)
    training(report, options)


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
    broken = [row[0].partition(",")[0] for row in rows if "nan" in row[1]]
    if not broken:
        return "With C = 0 all of these logits still give numbers."
    whole = "always has" if all("nan" not in row[2] for row in rows) else "does NOT always have"
    return f"With C = 0 the result is not a number from a logit of {broken[0]} on; with C = -max(f) it {whole} a value."


def training(report, options):
    report.section("2. to 4. The training routine, loss curves, and deeper networks")
    epochs = 300 if options.quick else 6000
    x, y = make_moons(N_TRAIN + N_TEST, NOISE, options.seed)
    sets = (x[:N_TRAIN], y[:N_TRAIN]), (x[N_TRAIN:], y[N_TRAIN:])
    report.used("moons", "test", N_TRAIN, N_TEST, digest_of(x, y))
    report.code(inspect.getsource(trained), "The training routine:")
    report.prose(
        f"{N_TRAIN} points to train on and {N_TEST:,} to test on; the two moons overlap (noise {NOISE:g}). Every "
        f"step of gradient descent, {epochs:,} of them at rate {RATE:g}, uses all training points."
    )
    runs = {name_of(hidden): (hidden, *trained(hidden, sets, epochs, options.seed)) for hidden in NETWORKS}
    figure, panels = new_figure(len(runs), width=2.8 * len(runs), height=3, share="y")
    for axes, (name, (_, _, curves)) in zip(panels, runs.items()):
        axes.semilogy(curves["step"], curves["training"], color=TRAINING, label="training")
        axes.semilogy(curves["step"], curves["test"], color=TEST, label="test")
        finish(axes, "step", "cross-entropy (nats)" if axes is panels[0] else "", name, legend=axes is panels[0])
    report.figure("curves", figure, "Loss on the training and the test set, for ever more hidden layers and units.")
    report.figure(
        "boundaries", boundaries(runs, sets), "What each network says of every point of the plane: the probability of "
        "the lower moon as colour, the decision boundary, and the training points.",
    )  # fmt: skip
    rows = []
    for name, (_, net, curves) in runs.items():
        best = int(np.argmin(curves["test"]))
        rows.append((name, curves["training"][-1], curves["test"][-1], curves["test"][best], curves["step"][best],
                     accuracy(net, *sets[0]), accuracy(net, *sets[1])))  # fmt: skip
    report.table(
        "networks", f"After {epochs:,} steps.",
        {"hidden_channels": "", "training loss": ".4f", "test loss": ".4f", "lowest test loss": ".4f", "at step": ",d",
         "training accuracy": ".1%", "test accuracy": ".1%"},
        rows,
    )  # fmt: skip
    report.reading(overfit(rows))
    report.prose(
        "This is overfitting: a network with room enough goes on lowering the training loss by drawing its boundary "
        "around single points, which are noise, and is the more certain of its mistakes on new points. What helps is "
        "more data, a smaller network, weight decay or dropout, or to stop where the test loss (rather: that of a "
        "validation set) is lowest."
    )


def name_of(hidden):
    return f"[{', '.join(map(str, hidden))}]"


def trained(hidden, sets, epochs, seed):
    """The hand-written network after full-batch gradient descent, and its curves: {"step", "training", "test"}."""
    (x, y), (xtest, ytest) = sets
    net = lmu.MLP(2, hidden, 2, seed, np.float64)
    one_hot, test_one_hot = np.eye(2)[y], np.eye(2)[ytest]
    every = max(1, epochs // 150)
    curves: dict[str, list] = {"step": [], "training": [], "test": []}
    for step in tqdm(range(1, epochs + 1), name_of(hidden), disable=None, leave=False):
        if step % every == 0 or step == 1:
            curves["test"].append(float(net.loss.forward(net.forward(xtest), test_one_hot)))
        loss = float(net.loss.forward(net.forward(x), one_hot))
        if step % every == 0 or step == 1:
            curves["step"].append(step)
            curves["training"].append(loss)
        net.backward()
        net.update(RATE)
    return net, curves


def accuracy(net, x, y):
    return float((net.forward(x).argmax(axis=1) == y).mean())


def boundaries(runs, sets):
    (x, y), _ = sets
    low, high = x.min(axis=0) - 0.4, x.max(axis=0) + 0.4
    a, b = np.meshgrid(*(np.linspace(low[i], high[i], 150) for i in range(2)))
    figure, panels = new_figure(len(runs), width=2.8 * len(runs), height=2.8, share="y")
    for axes, (name, (_, net, _)) in zip(panels, runs.items()):
        p = net.forward(np.c_[a.ravel(), b.ravel()])[:, 1].reshape(a.shape)
        area = low[0], high[0], low[1], high[1]
        axes.imshow(p, extent=area, origin="lower", aspect="auto", cmap="PuOr_r", vmin=0, vmax=1, alpha=0.6)
        axes.contour(a, b, p, levels=[0.5], colors="#555555", linewidths=1.2)
        for c in (0, 1):
            look = {"markersize": 4, "markeredgecolor": "white", "markeredgewidth": 0.5, "color": MOONS[c]}
            axes.plot(*x[y == c].T, "os"[c], **look)
        axes.set(title=name, xlabel="x1", ylabel="x2" if axes is panels[0] else "")
    return figure


MOONS = CLASSES[4], CLASSES[6]  # purple and orange, as the plane's


def overfit(rows):
    """Which network overfits most, and since when; and whether the smallest does."""
    risen = {row[0]: row[2] - row[3] for row in rows}
    worst = max(risen, key=risen.__getitem__)
    of_worst, smallest = next(row for row in rows if row[0] == worst), rows[0]
    best = max(rows, key=lambda row: row[6])
    if risen[worst] < 0.05 * of_worst[3]:
        return "No test loss rises noticeably within these steps: none of the networks overfits yet."
    return (
        f"{worst} overfits most: its test loss is lowest at step {of_worst[4]:,} ({nats(of_worst[3])}) and "
        f"{nats(of_worst[2])} in the end, while its training loss ends at {nats(of_worst[1])}. The test "
        f"loss of {smallest[0]} rises by {nats(risen[smallest[0]])}. {percent(of_worst[5])} of the training points "
        f"and {percent(of_worst[6])} of the test points are right with {worst}; the best on the test points is "
        f"{best[0]} with {percent(best[6])}."
    )
