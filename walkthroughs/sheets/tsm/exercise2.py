"""Practical Work 03, Exercise 2: variants of the MLP on MNIST, each with its learning rate tuned, and a favourite.

Every variant is first trained briefly with each learning rate, then for longer with the rate that validated best. The
favourite is the variant with the best validation accuracy; only it meets the test set.
"""

from models.experiment import train
from models.layers import parameter_count
from walkthroughs.reports.figures import TEST, TRAINING, VALIDATION, curves_of_many, finish, new_figure
from walkthroughs.reports.readings import listed, nats, percent, points, winner
from walkthroughs.sheets.data import add_data, add_sweeps, setup_for, swept, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

VARIANTS = [  # hidden units, activation, dropout
    ((), "sigmoid", 0.0), ((100,), "sigmoid", 0.0), ((300,), "sigmoid", 0.0), ((100, 100), "sigmoid", 0.0),
    ((100,), "relu", 0.0), ((300, 100), "relu", 0.0), ((100, 200, 50), "relu", 0.0), ((500, 300), "relu", 0.2),
]  # fmt: skip
RATES = 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
TUNING_EPOCHS, EPOCHS = 5, 15
METHOD = {"batch_size": 64, "momentum": 0.9, "learning_rate_decay": 0.85}


def main(arguments=None):
    parser = parser_for("tsm_exercise2", __doc__)
    add_data(parser, "mnist")
    add_sweeps(parser)
    return run_walkthrough(parser, build, arguments, "Which MLP for MNIST?")


def build(report, options):
    base = setup_for(options, **METHOD)
    data = used(report, options, base)
    variants = {name_of(*variant): variant_of(base, *variant) for variant in VARIANTS}

    report.section("a) Training and validation partitions")
    of_whole = ", the last ones of the file" if base.limit is None else ""
    report.prose(
        f"The training images are split in two: {len(data.xtrain):,} to train on, and {len(data.xval):,} others to "
        f"validate on{of_whole}. Everything below is chosen by the validation partition; the test set waits for the "
        "favourite."
    )

    report.section("b) The learning rate of each variant")
    epochs = 1 if options.quick else TUNING_EPOCHS
    tuning = {(name, rate): v.but(learning_rate=rate, epochs=epochs) for name, v in variants.items() for rate in RATES}
    found = dict(zip(tuning, swept(options, tuning.values(), "tuning")))
    validated = {key: history.epochs[-1].validation_accuracy for key, history in found.items()}
    best = {name: max(RATES, key=lambda rate: validated[name, rate]) for name in variants}
    report.prose(
        f"Each variant has the cross-entropy cost, batches of {base.batch_size}, SGD with momentum "
        f"{base.momentum:g}, and a rate that falls by {percent(1 - base.learning_rate_decay, 0)} after each epoch. "
        f"The table has the validation accuracy after epoch {epochs} for each initial rate."
    )
    report.table(
        "tuning", "Validation accuracy by variant and learning rate.",
        {"variant": "", **{f"{rate:g}": ".2%" for rate in RATES}, "chosen": "g"},
        [(name, *(validated[name, rate] for rate in RATES), best[name]) for name in variants],
    )  # fmt: skip
    report.reading(tuned(best, validated))

    epochs = 2 if options.quick else EPOCHS
    finals = {name: v.but(learning_rate=best[name], epochs=epochs) for name, v in variants.items()}
    histories = dict(zip(finals, swept(options, finals.values(), "training")))
    for measure, scale in [("loss", "log"), ("accuracy", "linear")]:
        title = {"loss": "Cost", "accuracy": "Accuracy"}[measure]
        report.figure(
            measure, curves_of_many(histories, measure, scale=scale), f"{title} per epoch, training and validation."
        )
    report.reading(f"{learned(histories)} {long_enough(histories, len(data.xval))}")

    report.section("c) The favourite")
    favourite = max(histories, key=lambda name: histories[name].epochs[-1].validation_accuracy)
    final = finals[favourite].but(final=True)
    whole = used(report, options, final)
    model, history = train(final, options.data_dir)
    test = history.epochs[-1].validation_accuracy
    summary(report, finals, histories, favourite, test, parameter_counts(finals, model, favourite))
    report.figure(
        "comparison", comparison(histories, favourite, test), "Accuracy after the last epoch; the test accuracy is "
        "that of the favourite when it was trained again.",
    )  # fmt: skip
    report.numbers.update(favourite=favourite, test_accuracy=test)
    report.reading(
        f"{favoured(histories, favourite, len(data.xval))} {activations_compared(finals, histories)} "
        f"{tested(test, len(data.xtrain), len(data.xval), len(whole.xtrain), len(whole.xval))}"
    )


def name_of(hidden, activation, dropout):
    name = f"{'-'.join(map(str, hidden))} {activation}" if hidden else "no hidden layer"
    return f"{name} with dropout" if dropout else name


def variant_of(base, hidden, activation, dropout):
    return base.but(hidden=hidden, activation=activation, dropout=dropout)


def parameter_counts(finals, model, favourite):
    """The number of parameters of each variant: (m + 1) n for a layer from m to n units."""
    counts = {}
    for name, setup in finals.items():
        sizes = list(map(int, setup.layers.split("-")))
        counts[name] = sum((m + 1) * n for m, n in zip(sizes, sizes[1:]))
    assert counts[favourite] == parameter_count(model)
    return counts


def summary(report, finals, histories, favourite, test, counts):
    rows = []
    for name, setup in finals.items():
        last = histories[name].epochs[-1]
        rows.append((
            setup.layers, setup.activation if setup.hidden else "none", counts[name], setup.learning_rate,
            setup.learning_rate_decay, setup.momentum, setup.dropout, setup.batch_size, setup.epochs, setup.seed,
            last.train_accuracy, last.validation_accuracy, test if name == favourite else None,
        ))  # fmt: skip
    report.table(
        "summary", "Every variant with every hyperparameter, after the last epoch; the test accuracy of the "
        "favourite, trained again before it met the test set.",
        {"layers": "", "activation": "", "parameters": ",d", "rate": "g", "decay": "g", "momentum": "g",
         "dropout": "g", "batch": "d", "epochs": "d", "seed": "d",
         "training": ".2%", "validation": ".2%", "test": ".2%"},
        rows,
    )  # fmt: skip


def comparison(histories, favourite, test):
    figure, axes = new_figure(width=8, height=0.42 * len(histories) + 1.2)
    for i, (name, history) in enumerate(histories.items()):
        last = history.epochs[-1]
        first = i == 0
        axes.plot(100 * last.train_accuracy, i, "o", color=TRAINING, label="training" if first else None)
        axes.plot(100 * last.validation_accuracy, i, "s", color=VALIDATION, label="validation" if first else None)
        if name == favourite:
            axes.plot(100 * test, i, "D", color=TEST, label="test")
    axes.set_yticks(range(len(histories)), list(histories))
    axes.invert_yaxis()
    finish(axes, "accuracy (%)", "")
    return figure


def tuned(best, validated):
    """Which rates won, what the wrong rate would have cost, and where the best may lie outside those tried."""
    by_rate = {rate: [name for name in best if best[name] == rate] for rate in sorted(set(best.values()))}
    parts = [f"{rate:g} for {listed(names)}" for rate, names in by_rate.items()]
    lost = {name: validated[name, best[name]] - min(v for (n, _), v in validated.items() if n == name) for name in best}
    worst = max(lost, key=lost.__getitem__)
    edge = [name for name in best if best[name] in (RATES[0], RATES[-1])]
    said = (
        f"The best rate is {listed(parts)}. The choice matters most for {worst}, which would lose "
        f"{points(lost[worst])} with the worst of the rates."
    )
    if not edge:
        return said
    return f"{said} The best is at the edge of the rates tried for {listed(edge)}: one beyond may be better still."


def learned(histories):
    """Whose training cost falls from the first epoch to the last, and by how much."""
    costs = {name: (h.epochs[0].train_loss, h.epochs[-1].train_loss) for name, h in histories.items()}
    stuck = [name for name, (first, last) in costs.items() if not last < first]
    ratios = {name: last / first for name, (first, last) in costs.items()}
    most, least = (choose(ratios, key=ratios.__getitem__) for choose in (min, max))
    who = f"all variants but {listed(stuck)}" if stuck else "all variants"
    return (
        f"From the first epoch to the last the training cost falls for {who}; in proportion most for {most} "
        f"({' to '.join(map(nats, costs[most]))}), least for {least} ({' to '.join(map(nats, costs[least]))})."
    )


def long_enough(histories, n_val):
    """Whether the last third of the epochs still brought validation accuracy, and whose validation cost has turned."""
    last = {name: history.epochs[-1] for name, history in histories.items()}
    third = max(1, min(len(history.epochs) for history in histories.values()) // 3)
    gains = {
        name: last[name].validation_accuracy - h.epochs[-1 - third].validation_accuracy for name, h in histories.items()
    }
    rising = [name for name, gain in gains.items() if gain > standard_error(last[name].validation_accuracy, n_val)]
    rises = {name: last[name].validation_loss - h.best.validation_loss for name, h in histories.items() if h.waited}
    brought = (
        f"The last third of the epochs still brings {listed(f'{name} {points(gains[name], 2)}' for name in rising)} of "
        "validation accuracy, more than its standard error: more epochs may help."
        if rising
        else f"The last third of the epochs changes no validation accuracy by more than its standard error upwards (at "
        f"most {points(max(0.0, *gains.values()), 2)}): the training is long enough."
    )
    if not rises:
        return f"{brought} No validation cost has begun to rise."
    most = max(rises, key=rises.__getitem__)
    who = "all variants" if len(rises) == len(histories) else listed(rises)
    return (
        f"{brought} The validation cost was lowest before the last epoch for {who}, and has risen since by "
        f"{nats(rises[most])} at most ({most})."
    )


def standard_error(accuracy, n):
    """Of an accuracy that was measured on n instances."""
    return (accuracy * (1 - accuracy) / n) ** 0.5


def favoured(histories, favourite, n_val):
    """The favourite, how far ahead it is, who is too near to be told from it, and what it has over a linear one."""
    last = {name: history.epochs[-1] for name, history in histories.items()}
    validation = {name: epoch.validation_accuracy for name, epoch in last.items()}
    gaps = {name: epoch.train_accuracy - epoch.validation_accuracy for name, epoch in last.items()}
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    error = standard_error(validation[favourite], n_val)
    near = [name for name in last if name != favourite and validation[favourite] - validation[name] <= error]
    who = f"{listed(near)} {'is' if len(near) == 1 else 'are'}" if near else "no other variant is"
    sentences = [
        winner(validation, "validation accuracy", form=lambda a: percent(a, 2), apart=lambda d: points(d, 2)),
        f"On {n_val:,} images an accuracy of {percent(validation[favourite], 2)} has a standard error of "
        f"{points(error, 2)}: {who} within one of it.",
    ]
    if "no hidden layer" in validation and favourite != "no hidden layer":
        ahead = points(validation[favourite] - validation["no hidden layer"])
        sentences.append(f"It is {ahead} ahead of the network without a hidden layer.")
    over = "above" if gaps[widest] >= 0 else "below"
    sentences.append(
        f"Training and validation accuracy are furthest apart for {widest}, where training is "
        f"{points(gaps[widest], 2)} {over} validation."
    )
    return " ".join(sentences)


def activations_compared(finals, histories):
    """Of variants that differ in their activation alone, which one validates better; "" if there are none."""
    groups: dict[tuple, dict[str, float]] = {}
    for name, setup in finals.items():
        if setup.hidden:
            group = groups.setdefault((setup.layers, setup.dropout), {})
            group[setup.activation] = histories[name].epochs[-1].validation_accuracy
    form = {"form": lambda a: percent(a, 2), "apart": lambda d: points(d, 2)}
    return " ".join(
        f"Of the two activations of {layers}, each at its own rate, {winner(group, 'validation accuracy', **form)}"
        for (layers, _), group in groups.items()
        if len(group) == 2
    )


def tested(test, n_train, n_val, n_final, n_test):
    """The favourite's test accuracy, and what it was trained on before."""
    on = (
        f"on both partitions together, {n_final:,} images"
        if n_final == n_train + n_val
        else f"on {n_final:,} training images"
    )
    return f"Trained again {on}, the favourite has {percent(test, 2)} of {n_test:,} test images right."
