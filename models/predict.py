"""Say which class pictures and rows of tables are of, by a network that `python -m models.train` has kept.

    python -m models.predict runs/train/model.safetensors digit.png t10k-images-idx3-ubyte.gz
    python -m models.predict model.safetensors flowers.csv --out classes.csv

FILES are pictures (PNG, and what else is installed for), IDX, .npz, or CSV with the columns that the network was
trained on. A line an instance: where it is, its class, and the probability that the network gives it.
"""

import csv
from pathlib import Path

import numpy as np

from .command_line import Parser, run
from .datasets.dataset import Columns
from .datasets.files import features_of, kind_of, read_idx_file, read_npz
from .datasets.idx_files import DataError
from .datasets.tables import NAMELESS, columns_known, read_csv
from .keeping.kept import load


def main(arguments=None):
    line = Parser("models.predict", __doc__)
    line.add_argument("model", metavar="MODEL", help="a model.safetensors")
    line.add_argument("files", metavar="FILES", nargs="+")
    line.add_argument("--out", type=Path, metavar="CSV", help="also write file, row, class and probability there")
    options = line.parse_args(arguments)
    try:
        kept = load(options.model)
        rows = [row for path in options.files for row in labelled(kept, path)]
    except ValueError as error:
        line.error(str(error))
    if options.out:
        try:
            with options.out.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("file", "row", "class", "probability"), *rows])
        except OSError as error:
            line.error(f"cannot write {options.out}: {error.strerror}")
    for path, row, name, probability in rows:
        print(f"{path}{f':{row}' if row else ''}  {name}  {probability:.3f}")
    return 0


def labelled(kept, path):
    """(path, row from 1, class, probability) of each instance in a file; a picture has no row. Raises ValueError."""
    kind = kind_of(path)
    try:
        found = kept.probabilities(picture(kept, path) if kind == "picture" else instances(kept, path, kind))
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    classes = found.argmax(axis=1)
    rows = [""] if kind == "picture" else range(1, len(found) + 1)
    return [(path, row, kept.class_names[c], round(float(p[c]), 6)) for row, c, p in zip(rows, classes, found)]


def instances(kept, path, kind):
    """The stored features (instances, features) in a file, as the network takes them."""
    if kind == "csv":
        n_features = kept.model.n_inputs
        columns = kept.columns or Columns((NAMELESS,) * n_features, tuple(range(n_features)), 0)
        return read_csv(path, columns_known(columns.names, columns.used, columns.label)).x
    part = read_npz(path) if kind == "npz" else None
    x, shape = features_of((part.test or part).x if part else read_idx_file(path))
    check_shape(kept, shape)
    return x


def picture(kept, path):
    """A picture file as one instance, in grey, with pixels from 0 to the training data's largest."""
    from matplotlib.image import imread  # half a second, which tables need not wait

    try:
        pixels = np.asarray(imread(path))
    except Exception as error:  # whatever the readers of damaged pictures raise
        raise DataError(f"{path}: cannot be read as a picture ({' '.join(str(error).split())})") from None
    pixels = pixels / 255 if pixels.dtype == np.uint8 else pixels.astype(float)
    if pixels.ndim == 3:
        opacity = pixels[..., 3] if pixels.shape[2] == 4 else 1.0
        pixels = pixels[..., :3].mean(axis=2) * opacity + 1 - opacity  # on white paper
    if kept.image_shape is None:
        raise ValueError("a picture, and the model takes rows of a table")
    check_shape(kept, pixels.shape)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if border.mean() > 0.5 and np.mean(kept.mean) < kept.largest / 2:
        pixels = 1 - pixels  # ink on paper, where the network knows light on dark
    return kept.largest * pixels.reshape(1, -1)


def check_shape(kept, shape):
    if shape and kept.image_shape and shape != kept.image_shape:
        found, needed = ("x".join(map(str, each)) for each in (shape, kept.image_shape))
        raise ValueError(f"pictures of {found} pixels, and the model takes {needed}")


if __name__ == "__main__":
    run(main)
