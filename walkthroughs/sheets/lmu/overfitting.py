"""The two moons with ever deeper networks: loss curves on training and test set, boundaries, and overfitting.

A network's curves are {"training": ..., "test": ..., "step": ...}, as `trained` makes them.
"""

import inspect

import numpy as np
from tqdm.auto import tqdm

from models.by_hand import lmu
from models.datasets import digest_of, make_moons
from walkthroughs.reports.figures import CLASSES, TEST, TRAINING, finish, new_figure
from walkthroughs.reports.readings import listed, nats, percent

N_TRAIN, N_TEST, NOISE = 100, 1000, 0.3
NETWORKS = (30,), (30, 30), (30,) * 4, (100,) * 4
RATE = 0.1
SEEDS = 5  # draws of points and weights
EVERY = 40  # steps from one test loss to the next
SLIGHT = 0.02  # nats: a rise of the test loss that is none to speak of
MOONS = CLASSES[4], CLASSES[6]  # purple and orange, as the plane's


def overfitting(report, options):
    report.section("2. The training routine")
    steps = 200 if options.quick else 6000
    sets, runs = trained_networks(options.seed, steps)
    (x, y), (xtest, ytest) = sets
    report.used("moons", "test", N_TRAIN, N_TEST, digest_of(np.concatenate([x, xtest]), np.concatenate([y, ytest])))
    report.code(inspect.getsource(trained))
    report.prose(
        f"{N_TRAIN} points to train on and {N_TEST:,} to test on; the two moons overlap (noise {NOISE:g}). Every "
        f"step of gradient descent, {steps:,} of them at rate {RATE:g}, uses all training points."
    )
    report.section("3. and 4. Loss curves, and deeper networks")
    figure, panels = new_figure(len(runs), width=2.8 * len(runs), height=3, share="y")
    for axes, (name, (_, curves)) in zip(panels, runs.items()):
        losses = curves["training"]
        axes.semilogy(range(len(losses)), losses, color=TRAINING, linewidth=1, label="training", rasterized=True)
        axes.semilogy(curves["step"], curves["test"], color=TEST, label="test")
        finish(axes, "step", "cross-entropy (nats)" if axes is panels[0] else "", name, legend=axes is panels[0])
    report.figure("curves", figure, "Loss on the training and the test set, for ever more hidden layers and units.")
    report.figure(
        "boundaries", boundaries(runs, sets), "What each network says of every point of the plane: the probability of "
        "the lower moon as colour, the decision boundary, and the training points.",
    )  # fmt: skip
    rows = [(name, *measures(net, curves, sets)) for name, (net, curves) in runs.items()]
    report.table(
        "networks", f"Losses and accuracies after {steps:,} steps, and the lowest test loss; the last column is the "
        "mean probability that a network gives its answer on the test points that it gets wrong.",
        {"hidden": "", "training": ".4f", "test": ".4f", "lowest": ".4f", "at step": ",d",
         "training right": ".1%", "test right": ".1%", "when wrong": ".1%"},
        rows,
    )  # fmt: skip
    report.reading(f"{overfit(rows)} {certain(rows)}")
    report.reading(jumps({name: curves["training"] for name, (_, curves) in runs.items()}))
    several_seeds(report, options, steps, rows)
    report.prose(
        "The term of the lecture is overfitting: the training loss falls on, and the test loss rises, since what a "
        "network with room enough learns of a few noisy points in the end is their noise. The usual remedies are more "
        "data, a smaller network, weight decay or dropout, or to stop where the test loss (rather: that of a "
        "validation set, so that the test set stays one) is lowest."
    )


def trained_networks(seed, steps):
    """The moons of a seed, ((x, y), (xtest, ytest)), and each network trained on them, {name: (net, curves)}."""
    x, y = make_moons(N_TRAIN + N_TEST, NOISE, seed)
    sets = (x[:N_TRAIN], y[:N_TRAIN]), (x[N_TRAIN:], y[N_TRAIN:])
    return sets, {name_of(hidden): trained(hidden, sets, steps, seed) for hidden in NETWORKS}


def name_of(hidden):
    return f"[{', '.join(map(str, hidden))}]"


def trained(hidden, sets, steps, seed):
    """The hand-written network after full-batch gradient descent, and its curves.

    These are {"training": the loss before the first step and after each, "test": that after each of "step"}.
    """
    (x, y), (xtest, ytest) = sets
    net = lmu.MLP(2, hidden, 2, seed, np.float64)
    one_hot, test_one_hot = np.eye(2)[y], np.eye(2)[ytest]
    curves: dict[str, list] = {"step": [], "training": [], "test": []}
    for step in tqdm(range(steps + 1), name_of(hidden), disable=None, leave=False):
        if step % EVERY == 0:
            curves["step"].append(step)
            curves["test"].append(float(net.loss.forward(net.forward(xtest), test_one_hot)))
        curves["training"].append(float(net.loss.forward(net.forward(x), one_hot)))
        if step < steps:
            net.backward()
            net.update(RATE)
    return net, curves


def measures(net, curves, sets):
    """What the table says of a network: losses in the end, the lowest test loss and its step, accuracies, certainty."""
    (x, y), (xtest, ytest) = sets
    best = int(np.argmin(curves["test"]))
    p = net.forward(xtest)
    wrong = p.argmax(axis=1) != ytest
    return (
        curves["training"][-1], curves["test"][-1], curves["test"][best], curves["step"][best], accuracy(net, x, y),
        accuracy(net, xtest, ytest), float(p.max(axis=1)[wrong].mean()),
    )  # fmt: skip


def accuracy(net, x, y):
    return float((net.forward(x).argmax(axis=1) == y).mean())


def boundaries(runs, sets):
    (x, y), _ = sets
    low, high = x.min(axis=0) - 0.4, x.max(axis=0) + 0.4
    a, b = np.meshgrid(*(np.linspace(low[i], high[i], 150) for i in range(2)))
    figure, panels = new_figure(len(runs), width=2.8 * len(runs), height=2.8, share="y")
    for axes, (name, (net, _)) in zip(panels, runs.items()):
        p = net.forward(np.c_[a.ravel(), b.ravel()])[:, 1].reshape(a.shape)
        area = low[0], high[0], low[1], high[1]
        axes.imshow(p, extent=area, origin="lower", aspect="auto", cmap="PuOr_r", vmin=0, vmax=1, alpha=0.6)
        axes.contour(a, b, p, levels=[0.5], colors="#555555", linewidths=1.2)
        for c in (0, 1):
            look = {"markersize": 4, "markeredgecolor": "white", "markeredgewidth": 0.5, "color": MOONS[c]}
            axes.plot(*x[y == c].T, "os"[c], **look)
        axes.set(title=name, xlabel="x1", ylabel="x2" if axes is panels[0] else "")
    return figure


def several_seeds(report, options, steps, rows):
    """How much each network overfits for other draws of points and weights; `rows` are those of the first seed."""
    risen = {options.seed: {row[0]: row[2] - row[3] for row in rows}}
    for seed in range(options.seed + 1, options.seed + (2 if options.quick else SEEDS)):
        sets, runs = trained_networks(seed, steps)
        risen[seed] = {name: curves["test"][-1] - min(curves["test"]) for name, (_, curves) in runs.items()}
    report.table(
        "seeds", "How far the test loss is above its lowest in the end (nats), for other points and weights.",
        {"seed": "d", **dict.fromkeys(risen[options.seed], ".3f")},
        [(seed, *of_networks.values()) for seed, of_networks in risen.items()],
    )  # fmt: skip
    report.reading(over_seeds(risen))


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


def certain(rows):
    """How sure of their mistakes the smallest network and the surest are."""
    smallest, surest = rows[0], max(rows, key=lambda row: row[7])
    if surest is smallest:
        return f"None is surer of its mistakes on the test points than {smallest[0]} ({percent(smallest[7])})."
    return (
        f"{surest[0]} is surest of its mistakes: it gives them a probability of {percent(surest[7])} on average, "
        f"{smallest[0]} one of {percent(smallest[7])}."
    )


def jumps(losses):
    """Which training losses {network: one a step} jump to more than twice their lowest, where, and what follows."""
    found = []
    for name, values in losses.items():
        lowest = np.minimum.accumulate(values)
        peak = int(np.argmax(values / lowest))
        if values[peak] < 2 * lowest[peak]:
            continue
        below = np.flatnonzero(values[peak:] < lowest[peak])
        then = f"falls below that again after {peak + below[0]:,}" if len(below) else "stays above that from then on"
        found.append(
            f"that of {name} to {nats(values[peak])} after {peak:,} steps, from {nats(lowest[peak], 4)}, and {then}"
        )
    if not found:
        return "No training loss jumps to more than twice its lowest so far."
    return (
        f"Training losses jump to more than twice their lowest. The largest jumps: {'; '.join(found)}. All points take "
        f"part in each step, so a short enough step lowers the loss; where it rises, a step at rate {RATE:g} was too "
        "long for how curved the loss is there."
    )


def over_seeds(risen):
    """Whether the same network overfits most whatever the draw: of {seed: {network: rise of the test loss}}."""
    names = list(next(iter(risen.values())))
    rises = np.array([[networks[name] for name in names] for networks in risen.values()])
    means = listed(f"{nats(mean)} ({name})" for name, mean in zip(names, rises.mean(axis=0)))
    if rises.max() < SLIGHT:
        return f"Within these steps no test loss rises by {nats(SLIGHT)}, for none of the {len(risen)} seeds."
    worst = [names[row.argmax()] if row.max() >= SLIGHT else "none" for row in rises]
    of_whom = {who: [str(seed) for seed, each in zip(risen, worst) if each == who] for who in dict.fromkeys(worst)}
    if len(of_whom) == 1:
        which = f"{worst[0]} overfits most for each of the {len(risen)} seeds"
    else:
        draws = listed(f"{who} for {'seed' if len(s) == 1 else 'seeds'} {listed(s)}" for who, s in of_whom.items())
        which = f"Which network overfits most depends on the draw: {draws}"
    least = int((rises.argmin(axis=1) == 0).sum())
    return (
        f"{which}. On average over the seeds the test loss rises by {means}; for {least} of {len(risen)} seeds that of "
        f"{names[0]} rises least."
    )
