"""Question 4 of the assignment: a small network of scalars learns the sheet's synthetic data, instance by instance."""

import csv
import math
import random
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.command_line import Parser, positive, run
from models.datasets import load_synth
from models.mlp import MLP
from models.scalar_training import accuracy, train
from scalar_engine import sigmoid

from .figures import loss_curve


def main(arguments=None):
    parser = Parser("walkthroughs.question4", __doc__)
    parser.add_argument(
        "--hidden", nargs="+", type=positive(int), default=[3], help="units of each hidden layer (default: 3)"
    )
    parser.add_argument("--learning-rate", type=positive(float), default=0.1, help="default: 0.1")
    parser.add_argument("--instances", type=positive(int), default=60_000, help="how many of the 60000 (default: all)")
    parser.add_argument("--epochs", type=positive(int), default=1, help="passes over the instances (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and the order (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("runs/question4"), help="a folder (default: runs/question4)")
    options = parser.parse_args(arguments)
    if options.instances > 60_000:
        parser.error(f"--instances {options.instances}: there are 60000")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"cannot write to {options.out}: {error.strerror}")

    (xtrain, ytrain), (xval, yval), num_cls = load_synth()
    xtrain, ytrain = xtrain[: options.instances], ytrain[: options.instances]
    print(f"{len(xtrain)} training and {len(xval)} validation instances, {num_cls} classes; the first three:")
    for x, y in zip(xtrain[:3], ytrain[:3]):
        print(f"  x = ({x[0]:7.4f}, {x[1]:7.4f})   class {y}")
    describe("as loaded", xtrain)
    mean, deviation = xtrain.mean(axis=0), xtrain.std(axis=0) + 1e-12
    xtrain, xval = (xtrain - mean) / deviation, (xval - mean) / deviation
    describe("standardised", xtrain)

    model = MLP(2, [*options.hidden, num_cls], activation=sigmoid, rng=random.Random(options.seed))
    sizes = "-".join(map(str, [2, *options.hidden, num_cls]))
    print(f"{sizes} network, sigmoid and softmax, {len(model.parameters())} parameters")
    losses, seconds, why = fit(model, xtrain.tolist(), ytrain.tolist(), options)
    if not losses:
        print(why, file=sys.stderr)
        return 1
    tenth = max(1, len(losses) // 10)
    first, last = np.mean(losses[:tenth]), np.mean(losses[-tenth:])
    print(f"{len(losses)} steps in {seconds:.1f} s; loss {first:.4f} over the first tenth, {last:.4f} over the last")
    print(f"validation accuracy {accuracy(model, xval.tolist(), yval.tolist()):.4f}")

    picture, table = options.out / "loss_curve.png", options.out / "loss.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "loss"])
        writer.writerows(enumerate(losses, start=1))
    loss_curve(losses, picture, window=max(1, len(losses) // 40), title=f"Question 4: {sizes} on synthetic data")
    print(f"Written:\n  {picture}\n  {table}")
    if why:
        print(why, file=sys.stderr)
    return 1 if why else 0


def describe(state, x):
    print(f"features {state}:")
    for i, column in enumerate(x.T, start=1):
        spread = f"mean {column.mean() + 0.0:5.2f}, deviation {column.std():.2f}"
        print(f"  x{i} from {column.min():.2f} to {column.max():.2f}, {spread}".replace("-0.00", " 0.00"))


def fit(model, instances, targets, options):
    """Train with a progress bar (on a terminal); returns the losses, the seconds, and why it stopped early, if so.

    What was done before a key stopped it, or a loss that is no number, counts.
    """
    pairs, rng = list(zip(instances, targets)), random.Random(options.seed)
    losses: list[float] = []
    why = None
    started = time.perf_counter()
    with tqdm(total=options.epochs * len(pairs), unit=" instances", disable=None, leave=False) as bar:
        try:
            for _ in range(options.epochs):
                rng.shuffle(pairs)
                instances, targets = zip(*pairs)
                for loss in train(model, instances, targets, options.learning_rate):
                    if not math.isfinite(loss):
                        raise ArithmeticError(f"the loss is {loss}")
                    losses.append(loss)
                    bar.update()
        except ArithmeticError as error:
            why = f"stopped at step {len(losses) + 1}: {error}; try a smaller --learning-rate"
        except KeyboardInterrupt:
            why = f"interrupted after {len(losses)} steps"
    return losses, time.perf_counter() - started, why


if __name__ == "__main__":
    run(main)
