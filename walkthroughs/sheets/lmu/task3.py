"""Exercise Sheet 3, Tasks 3 and 4: a five-layer ReLU network with Adam, and what its hidden layers see.

The same in PyTorch from the same weights, if torch is installed, and what the initial weights do; then the activations
after each ReLU in their principal components, beside the pixels.
"""

import importlib.util
import inspect
from dataclasses import replace

import numpy as np

from models.layers import MLP
from models.training import evaluate
from walkthroughs.reports.figures import image_grid, learning_curves
from walkthroughs.reports.readings import nats, percent, points, seconds
from walkthroughs.sheets.data import add_data, used
from walkthroughs.sheets.lmu.hidden_layers import activations, hidden_layers
from walkthroughs.sheets.lmu.networks import RATE, drawn_as_pytorch, setup_of, started, trained
from walkthroughs.sheets.script import parser_for, run_walkthrough

KINDS = {"He's": False, "PyTorch's": True}  # of initial weights: whether they are drawn as PyTorch draws them
SEEDS = 3  # draws of each kind
SHIFT = 2  # pixels
N_EXACT = 5_000  # instances to compare with PyTorch on in float64


def main(arguments=None):
    parser = parser_for("lmu_task3", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "What an MLP's layers see")


def build(report, options):
    setup = setup_of(options)
    data = used(report, options, setup)
    model, history = training(report, setup, data)
    predicted = evaluate(model, data.xval, data.yval).predictions
    report.reading(f"{learned(history, data)} {recounted(accuracy_in_percent(predicted, data.yval), history, data)}")
    in_pytorch(report, setup, data, history)
    initial_weights(report, setup, data, history)
    rows = hidden_layers(report, model, data)
    wrong = np.flatnonzero(predicted != data.yval)
    caption = f"Ten of the {len(wrong)} test images that the network gets wrong: the true class, then what it says."
    report.figure("errors", mistakes(data, predicted, wrong[:10]), caption)
    shifted = evaluate(model, moved(data), data.yval).accuracy
    report.reading(suitable(history, rows, shifted, data.name))
    report.prose(
        "An MLP sees a vector. Put the pixels of all images in any other order, and the rows of the first weights in "
        "the same: it computes what it did before. That pixels are neighbours, which a convolution builds in, it has "
        "to learn from examples."
    )


def training(report, setup, data):
    report.section("Task 3: the network and its training")
    report.prose(
        f"Five linear layers, {setup.layers}, with ReLU after each of the four hidden ones, trained with Adam at a "
        f"learning rate of {RATE:g} and the cross-entropy loss for {setup.epochs} epochs, in batches of "
        f"{setup.batch_size}. {len(data.ytrain):,} images to train on and {len(data.yval):,} of the test split, as "
        "Task 2's vectors in [-1, 1]."
    )
    model, rng = started(setup, data)
    report.code(inspect.getsource(MLP), f'The network is `MLP({model.sizes}, "{setup.activation}")`:')
    report.code(inspect.getsource(accuracy_in_percent), "The accuracy of a batch of predictions:")
    history = trained(model, data, rng, setup.epochs)
    report.figure("learning", learning_curves(history), "After each epoch, on the training and the test split.")
    report.table(
        "epochs", "Accuracy in percent after each epoch.",
        {"epoch": "d", "training loss": ".4f", "test loss": ".4f", "training accuracy (%)": ".2f",
         "test accuracy (%)": ".2f", "seconds": ".1f"},
        [(e.epoch, e.train_loss, e.validation_loss, 100 * e.train_accuracy, 100 * e.validation_accuracy, e.seconds)
         for e in history.epochs],
    )  # fmt: skip
    return model, history


def in_pytorch(report, setup, data, history):
    """The same network trained by PyTorch, from the same weights and on the same batches, if it is installed."""
    report.section("Task 3 in PyTorch")
    if importlib.util.find_spec("torch") is None:
        report.prose(
            "The sheet's own way, with `torch.nn`, is left out here, since PyTorch is not installed: "
            '`pip install "scalar-to-tensor[peers]"` adds it.'
        )
        return
    from walkthroughs.sheets.lmu import in_pytorch as sheet  # imports torch

    report.code(inspect.getsource(sheet))
    model, rng = started(setup, data)
    found = sheet.from_the_same_weights(model, data, rng, setup.epochs, RATE, setup.batch_size)
    rows = [
        (e.epoch, e.validation_loss, loss, 100 * e.validation_accuracy, accuracy)
        for e, (loss, accuracy) in zip(history.epochs, found)
    ]
    report.table(
        "pytorch", "Test loss and test accuracy (%), from the same initial weights and on the same batches.",
        {"epoch": "d", "loss, engine": ".4f", "loss, PyTorch": ".4f", "accuracy, engine": ".2f",
         "accuracy, PyTorch": ".2f"},
        rows,
    )  # fmt: skip
    report.reading(beside_pytorch(rows, min(N_EXACT, len(data.ytrain)), difference_in_float64(sheet, setup, data)))


def difference_in_float64(sheet, setup, data):
    """How far the test losses are apart after an epoch of both on N_EXACT instances in float64."""
    xtrain, xval = (x[:N_EXACT].astype(np.float64) for x in (data.xtrain, data.xval))
    part = replace(data, xtrain=xtrain, ytrain=data.ytrain[:N_EXACT], xval=xval, yval=data.yval[:N_EXACT])
    model, rng = started(setup, part)
    ours = trained(model, part, rng, 1).epochs[0].validation_loss
    model, rng = started(setup, part)
    return abs(ours - sheet.from_the_same_weights(model, part, rng, 1, RATE, setup.batch_size)[0][0])


def initial_weights(report, setup, data, history):
    """What the initial weights do: after He, and as `torch.nn.Linear` draws them, for several seeds."""
    report.section("Task 3: what the initial weights do")
    report.code(inspect.getsource(drawn_as_pytorch))
    report.prose(
        "The network above starts from weights after He and others, of variance $2 / n$ for $n$ inputs, and biases of "
        "0. `torch.nn.Linear` draws both uniformly in $\\pm 1 / \\sqrt{n}$, which is a variance of $1 / (3 n)$. In a "
        "linear layer with independent weights, distributed evenly about 0, the mean square of $f$ is, on average over "
        "the weights, $n$ times their variance times the mean square of its inputs, plus that of the biases; ReLU then "
        "halves it. So each layer multiplies the mean square by 1 with He's weights, and by 1/6 with PyTorch's, to "
        "which the biases add a little."
    )
    rows = []
    for kind, by_pytorch in KINDS.items():
        for seed in range(setup.seed, setup.seed + SEEDS):
            model, rng = started(setup.but(seed=seed), data, by_pytorch)
            sizes = [float(np.sqrt((h**2).mean())) for h in activations(model, data.xval)]
            is_above = not by_pytorch and seed == setup.seed
            run = history if is_above else trained(model, data, rng, setup.epochs)
            rows.append((kind, seed, sizes[0], sizes[-1], run.epochs[0].validation_accuracy,
                         run.epochs[-1].validation_accuracy))  # fmt: skip
    report.table(
        "initial", "Sizes: the root mean square of what comes out of a ReLU before training. Accuracy on "
        f"{len(data.yval):,} test images after the first epoch and the last.",
        {"weights": "", "seed": "d", "size after ReLU 1": ".3f", "size after ReLU 4": ".3f", "epoch 1": ".2%",
         f"epoch {setup.epochs}": ".2%"},
        rows,
    )  # fmt: skip
    report.reading(starts_compared(rows))


def accuracy_in_percent(predictions, labels):
    """How many of a batch's predicted classes (batch,) are those of `labels` (batch,), in percent."""
    return 100 * float((predictions == labels).mean())


def recounted(accuracy, history, data):
    same = abs(accuracy - 100 * history.epochs[-1].validation_accuracy) < 1e-6
    said = "the same" if same else f"NOT the same, {accuracy:.2f}%"
    return f"The function above, on the {len(data.yval):,} test images after training, gives {said}."


def mistakes(data, predicted, rows):
    titles = [f"{data.class_names[c]}, {data.class_names[s]}" for c, s in zip(data.yval[rows], predicted[rows])]
    return image_grid(data.xval[rows].reshape(-1, *data.image_shape), titles, 10)


def moved(data):
    """The test images, moved to the right: background comes in at the left."""
    images = data.xval.reshape(-1, *data.image_shape)
    found = np.full_like(images, -1)
    found[:, :, SHIFT:] = images[:, :, :-SHIFT]
    return found.reshape(data.xval.shape)


def learned(history, data):
    first, last = history.epochs[0], history.epochs[-1]
    gap = last.train_accuracy - last.validation_accuracy
    over = "above" if gap > 0 else "below"
    return (
        f"After the first epoch {percent(first.validation_accuracy, 2)} of the {len(data.yval):,} test images are "
        f"right, after epoch {last.epoch} {percent(last.validation_accuracy, 2)}. The training accuracy is then "
        f"{points(gap, 2)} {over} that. An epoch took {seconds(np.mean([e.seconds for e in history.epochs]))}."
    )


def beside_pytorch(rows, n_exact, exact):
    """Whether the engine and PyTorch go the same way: of (epoch, loss, loss, accuracy, accuracy).

    exact       the difference of the losses after an epoch on n_exact instances in float64
    """
    of_losses = max(abs(row[1] - row[2]) for row in rows)
    of_accuracies = max(abs(row[3] - row[4]) for row in rows)
    apart = "less than 1e-12" if exact < 1e-12 else f"{exact:.0e}"
    why = "it is rounding that separates the two" if exact < 1e-9 else "so it is NOT rounding alone that separates them"
    return (
        f"After epoch {rows[-1][0]} PyTorch has {rows[-1][4]:.2f}% of the test images right, the engine "
        f"{rows[-1][3]:.2f}%. In no epoch are the accuracies further apart than {of_accuracies:.2f} percentage points, "
        f"or the losses than {nats(of_losses, 4)}. In float64, after an epoch on {n_exact:,} instances, the losses are "
        f"{apart} apart: {why}."
    )


def starts_compared(rows):
    """What initial weights do, by kind: of (kind, seed, size after ReLU 1, after ReLU 4, first accuracy, last)."""
    kinds = {kind: np.array([row[2:] for row in rows if row[0] == kind]) for kind in KINDS}
    said = []
    for kind, numbers in kinds.items():
        first, last = numbers[:, :2].mean(axis=0)
        way = "shrinks" if last < 0.5 * first else "grows" if last > 2 * first else "stays about the same"
        low, high = numbers[:, 3].min(), numbers[:, 3].max()
        said.append(
            f"With {kind} weights the size of activations {way} from the first ReLU to the fourth ({first:.2f} to "
            f"{last:.2f}), and the test accuracy ends between {percent(low, 2)} and {percent(high, 2)}."
        )
    (one, a), (other, b) = ((kind, numbers[:, 3]) for kind, numbers in kinds.items())
    gap = float(a.mean() - b.mean())
    sure = "for every seed" if a.min() > b.max() or b.min() > a.max() else "on average only, not for all seeds"
    more = "more" if gap > 0 else "less"
    return f"{' '.join(said)} {one} get {points(gap, 2)} {more} than {other} on average; they are apart {sure}."


def suitable(history, rows, shifted, name):
    """Whether an MLP suits these data, and what happens to images that are moved; `rows` are those of the planes."""
    accuracy = history.epochs[-1].validation_accuracy
    said = "is" if accuracy > 0.95 else "is not yet"
    change = rows[-1][5] - rows[0][5]
    purer = "purer" if change > 0 else "less pure"
    fall = accuracy - shifted
    moved_to = f"{points(fall)} fewer" if fall > 0 else f"{points(fall)} more"
    return (
        f"With {percent(accuracy)} of the test images right, and neighbourhoods {points(change)} {purer} in the last "
        f"layer's plane than in the pixels', an MLP so trained {said} a suitable method for {name}. Moved to the right "
        f"by {SHIFT} pixels, {percent(shifted)} of the same images are right, {moved_to}."
    )
