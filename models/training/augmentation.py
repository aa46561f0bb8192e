"""Pictures that are changed a little each time they are trained on, so that a network learns what does not matter."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..datasets import Dataset


def shifted(x: np.ndarray, rng: np.random.Generator, shape: tuple[int, int], most: int, ground: float) -> np.ndarray:
    """Pictures x (instances, pixels), each moved by up to `most` rows and columns; what comes in is `ground`.

    >>> shifted(np.ones((1, 4)), np.random.default_rng(0), (2, 2), 1, ground=0.0).tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """
    n, (rows, columns) = len(x), shape
    wide = np.full((n, rows + 2 * most, columns + 2 * most), ground, x.dtype)
    wide[:, most : most + rows, most : most + columns] = x.reshape(n, rows, columns)
    down, across = rng.integers(0, 2 * most + 1, (2, n))
    windows = np.lib.stride_tricks.sliding_window_view(wide, shape, axis=(1, 2))
    return windows[np.arange(n), down, across].reshape(n, -1)


def shifting(data: Dataset) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """`shifted` for a data set's pictures, by one row for each 28 (one at least), on the ground that corners have.

    Raises ValueError for data that holds no pictures.
    """
    if data.image_shape is None:
        raise ValueError(f"augment 'shift' moves pictures, and {data.name} holds none")
    ground = float(np.median(data.xtrain[:, 0]))
    return partial(shifted, shape=data.image_shape, most=max(1, min(data.image_shape) // 28), ground=ground)


AUGMENTATIONS = {"shift": shifting}
