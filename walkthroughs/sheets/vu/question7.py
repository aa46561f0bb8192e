"""Question 7 of the assignment: how well 784-300-10 learns MNIST in five epochs.

The loss of every batch; 7.1 training against validation loss; 7.2 several initialisations; 7.3 learning rates; and
7.4 a final choice, trained on the full training set and measured on the canonical test set.
"""

import numpy as np

from models.command_line import positive
from models.experiment import train
from walkthroughs.reports.figures import (
    TRAINING,
    finish,
    learning_curves,
    loss_curve,
    new_figure,
    shades,
    whole_numbers,
)
from walkthroughs.reports.readings import nats, overfitting, percent, points, spread, winner
from walkthroughs.sheets.data import add_data, add_sweeps, setup_for, swept, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

RATES = 0.001, 0.003, 0.01, 0.03  # the sheet's
LARGER = 0.1, 0.3, 1.0  # tried for the final choice, once the sheet's rates have shown that larger ones are better


def main(arguments=None):
    parser = parser_for("question7", __doc__)
    add_data(parser, "mnist")
    add_sweeps(parser)
    parser.add_argument("--initialisations", type=positive(int), default=5, metavar="N", help="at least 3 (default: 5)")
    return run_walkthrough(parser, build, arguments, "What 784-300-10 learns in five epochs")


def build(report, options):
    n_seeds = 3 if options.quick else options.initialisations
    if n_seeds < 3:
        raise ValueError(f"--initialisations {n_seeds}: the sheet asks for at least 3")
    base = setup_for(options, learning_rate=RATES[-1], batch_size=16)
    used(report, options, base)
    seeds = [options.seed + i for i in range(n_seeds)]
    setups = [base.but(learning_rate=rate, seed=seed) for rate in RATES for seed in seeds]
    setups += [base.but(learning_rate=rate) for rate in LARGER]
    histories = dict(zip(setups, swept(options, setups, "sweep")))
    report.prose(
        f"All runs train {base.layers} with sigmoid and softmax on batches of {base.batch_size}, by plain stochastic "
        f"gradient descent for {base.epochs} epochs. Weights start in Glorot and Bengio's range, and the order of the "
        "instances is new in every epoch; both come from the run's seed. The last 5,000 training images are the "
        "validation set; the test set takes no part before 7.4."
    )
    of_seeds = [histories[base.but(seed=seed)] for seed in seeds]
    every_batch(report, base, of_seeds[0])
    training_against_validation(report, base, of_seeds[0])
    initialisations(report, base, of_seeds)
    learning_rates(report, base, seeds, histories)
    final_choice(report, options, base, seeds, histories)


def every_batch(report, base, history):
    report.section("The loss of every batch")
    losses = history.batch_losses
    window = max(1, len(losses) // 60)
    figure = loss_curve(losses, window, "", "batch", f"step (batch of {base.batch_size} instances)")
    report.figure(
        "loss_curve", figure, f"The loss of each batch before its step, learning rate {base.learning_rate:g}."
    )
    report.columns("batch_losses", {"step": range(1, len(losses) + 1), "loss": losses})
    report.reading(falling(losses))


def falling(losses):
    tenth = max(1, len(losses) // 10)
    first, last = np.mean(losses[:tenth]), np.mean(losses[-tenth:])
    noise = np.std(losses[-tenth:])
    trend = "falls" if last < first else "rises"
    return (
        f"The loss {trend} from {first:.3f} nats over the first tenth of the steps to {last:.3f} over the last. Single "
        f"batches scatter around that by {noise:.3f} (standard deviation), because each is a small sample of the data."
    )


def training_against_validation(report, base, history):
    report.section("7.1 Training loss against validation loss")
    report.figure(
        "epochs", learning_curves(history), "Loss and accuracy after each epoch, measured on the whole of both sets."
    )
    report.table(
        "epochs_table", f"After each epoch, learning rate {base.learning_rate:g}.",
        {"epoch": "d", "training loss": ".4f", "validation loss": ".4f", "training accuracy": ".2%",
         "validation accuracy": ".2%"},
        [(e.epoch, e.train_loss, e.validation_loss, e.train_accuracy, e.validation_accuracy) for e in history.epochs],
    )  # fmt: skip
    report.reading(overfitting(history))
    report.prose(
        "The difference estimates how much of what the network has learned holds for its training instances only. "
        "It may have either sign, since the two sets are different images: MNIST, for one, is ordered by writer, "
        "so that the last 5,000 images are other people's writing. What says more than the sign is how the "
        "difference changes from epoch to epoch: while both fall together the network generalises, and once the "
        "validation loss rises while the training loss falls, it overfits."
    )


def initialisations(report, base, histories):
    report.section(f"7.2 {len(histories)} initialisations")
    losses = np.array([history.batch_losses for history in histories])
    mean, deviation = losses.mean(axis=0), losses.std(axis=0, ddof=1)
    steps = np.arange(1, len(mean) + 1)
    window = max(1, len(steps) // 150)
    beginning = slice(0, max(20, len(steps) // 50))
    figure, both = new_figure(2)
    for axes, title, (x, m, d) in [
        (both[0], "all iterations", [averaged(values, window) for values in (steps, mean, deviation)]),
        (both[1], f"the first {beginning.stop}", [values[beginning] for values in (steps, mean, deviation)]),
    ]:
        axes.fill_between(x, m - d, m + d, color=TRAINING, alpha=0.35, linewidth=0, label="one standard deviation")
        axes.plot(x, m, color=TRAINING, linewidth=1, label=f"mean of {len(losses)} runs")
        axes.set_ylim(bottom=0)
        finish(axes, f"step (batch of {base.batch_size} instances)", "training loss (nats)", title)
    report.figure(
        "initialisations", figure, "Mean and standard deviation of the batch's loss in each iteration; on the left "
        f"both are averaged over {window} iterations for the eye, on the right every iteration is there.",
    )  # fmt: skip
    report.columns("initialisations", {"step": steps, "mean": mean, "standard deviation": deviation})
    report.reading(over_runs(histories, mean, deviation))


def averaged(values, window):
    """The means of each `window` values, one after the other."""
    n = len(values) // window * window
    return np.asarray(values[:n], float).reshape(-1, window).mean(axis=1)


def over_runs(histories, mean, deviation):
    """What differs between initialisations, along the run and in the end."""
    twentieth = max(1, len(mean) // 20)
    early, late = deviation[:twentieth].mean(), deviation[-twentieth:].mean()
    final = [history.epochs[-1].validation_loss for history in histories]
    accuracies = [history.epochs[-1].validation_accuracy for history in histories]
    hardly = np.std(final, ddof=1) < 0.05 * np.mean(final)
    consequence = (
        "where a run starts hardly matters for where it ends; what the band shows is mostly that each run meets other "
        "batches, in another order"
        if hardly
        else "where a run starts matters for where it ends, so that a single run says little"
    )
    in_the_end = spread(accuracies, "validation accuracy after the last epoch", lambda a: percent(a, 2))
    return (
        f"The loss of a batch deviates by {early:.3f} nats between runs over the first twentieth of the steps and by "
        f"{late:.3f} over the last. {in_the_end} "
        f"The validation losses deviate by {np.std(final, ddof=1):.4f} nats: {consequence}."
    )


def learning_rates(report, base, seeds, histories):
    report.section("7.3 Learning rates")
    figure, both = new_figure(2)
    rows, means = [], {}
    for rate, color in zip(RATES, shades(len(RATES))):
        runs = [histories[base.but(learning_rate=rate, seed=seed)] for seed in seeds]
        epochs = [epoch.epoch for epoch in runs[0].epochs]
        for axes, measure, scale in [(both[0], "validation_loss", 1), (both[1], "validation_accuracy", 100)]:
            values = scale * np.array([[getattr(e, measure) for e in run.epochs] for run in runs])
            deviation = values.std(axis=0, ddof=1)
            style = {"marker": "o", "markersize": 3.5, "capsize": 2, "color": color, "label": f"{rate:g}"}
            axes.errorbar(epochs, values.mean(axis=0), deviation, **style)
        last = [run.epochs[-1] for run in runs]
        accuracies = [e.validation_accuracy for e in last]
        means[f"rate {rate:g}"] = float(np.mean(accuracies))
        rows.append((
            rate, np.mean([e.train_loss for e in last]), np.mean([e.validation_loss for e in last]),
            np.mean(accuracies), np.std(accuracies, ddof=1),
        ))  # fmt: skip
    finish(both[0], "epoch", "validation loss (nats)", legend=False)
    finish(both[1], "epoch", "validation accuracy (%)", legend=False)
    handles, labels = both[0].get_legend_handles_labels()
    figure.legend(handles, labels, title="learning rate", loc="outside right upper", frameon=False)
    for axes in both:
        whole_numbers(axes)
    report.figure("rates", figure, f"Mean over {len(seeds)} initialisations; the bars are one standard deviation.")
    report.table(
        "rates_table", f"After {base.epochs} epochs: means over {len(seeds)} initialisations.",
        {"learning rate": "g", "training loss": ".4f", "validation loss": ".4f", "validation accuracy": ".2%",
         "its deviation": ".2%"},
        [tuple(map(float, row)) for row in rows],
    )  # fmt: skip
    report.reading(influence(RATES, list(means.values())))


def influence(rates, accuracies):
    """How the learning rate decides where the runs end."""
    names = [f"learning rate {rate:g}" for rate in rates]
    won = winner(dict(zip(names, accuracies)), "validation accuracy")
    won = won[0].upper() + won[1:]
    order = np.argsort(accuracies)
    if list(order) == list(range(len(rates))):
        return (
            f"{won} The larger the rate, the better: with the smallest, the network is still "
            f"{points(accuracies[-1] - accuracies[0])} behind. The five epochs are over before the small rates "
            "have got far, and none of these rates is so large that steps overshoot; larger ones are worth a try."
        )
    best = int(np.argmax(accuracies))
    if best == len(rates) - 1:
        return f"{won} The accuracies do not simply rise with the rate, so differences between neighbours are noise."
    return (
        f"{won} Smaller rates have not got as far in the same epochs, and larger ones overshoot: rate {rates[-1]:g} is "
        f"{points(accuracies[best] - accuracies[-1])} behind."
    )


def final_choice(report, options, base, seeds, histories):
    report.section("7.4 The final choice, on the test set")
    tried = {rate: histories[base.but(learning_rate=rate)].epochs[-1] for rate in (*RATES, *LARGER)}
    report.table(
        "choice", f"The validation set decides: after {base.epochs} epochs, seed {base.seed}.",
        {"learning rate": "g", "validation loss": ".4f", "validation accuracy": ".2%"},
        [(rate, e.validation_loss, e.validation_accuracy) for rate, e in tried.items()],
    )  # fmt: skip
    best = max(tried, key=lambda rate: tried[rate].validation_accuracy)
    final = base.but(learning_rate=best, final=True)
    used(report, options, final)
    _, history = train(final, options.data_dir)
    last = history.epochs[-1]
    report.figure("final", learning_curves(history), "The final run: full training set and canonical test set.")
    report.table(
        "final_table", "The final set of hyperparameters, and what it gives.",
        {"layers": "", "activation": "", "optimizer": "", "learning rate": "g", "batch size": "d", "epochs": "d",
         "seed": "d", "training accuracy": ".2%", "test loss": ".4f", "test accuracy": ".2%"},
        [(final.layers, final.activation, "plain SGD", best, final.batch_size, final.epochs, final.seed,
          last.train_accuracy, last.validation_loss, last.validation_accuracy)],
    )  # fmt: skip
    report.numbers["test_accuracy"] = last.validation_accuracy
    report.reading(chosen(best, tried, last))
    report.prose(
        "With `final` on, the loader returns the full training set and the canonical test set; with it off, a part of "
        "the training set is withheld, to compare hyperparameters on. Had the test set made the choice, its accuracy "
        "would be that of the luckiest candidate, and no longer an estimate for new digits."
    )


def chosen(rate, tried, last):
    """The rate that validated best of those in {rate: last epoch}, and its final run."""
    validated = tried[rate]
    change = last.validation_accuracy - validated.validation_accuracy
    than = "above" if change >= 0 else "below"
    edge = " It is the largest tried: one beyond may be better still." if rate == max(tried) else ""
    return (
        f"Learning rate {rate:g} was best on the validation set ({percent(validated.validation_accuracy, 2)}, "
        f"{nats(validated.validation_loss)}).{edge} Trained on the full training set it reaches "
        f"{percent(last.validation_accuracy, 2)} on the test set, {points(change, 2)} {than} that."
    )
