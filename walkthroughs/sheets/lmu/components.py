"""Principal components, and how well classes separate in a few of them."""

import numpy as np


def principal_components(x):
    """The eigenvectors of the covariance of x (n, features), the largest eigenvalue first.

    Returns (components, variances): (features, features), one component a row, of length 1; and (features,), the
    variance of x along each. Each component's largest element is positive, so that its sign is not chance.
    """
    centred = x - x.mean(axis=0)
    variances, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    components = vectors.T[::-1]
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * signs[:, None], np.maximum(variances[::-1], 0)


def projected(x, components):
    """The coordinates of x (n, features) along some of its components (k, features), from its mean on: (n, k)."""
    return (x - x.mean(axis=0)) @ components.T


def nearest_to_own_mean(x, y, n_classes):
    """For each class of the points x (n, d), the fraction nearest to its own mean of all the classes': (classes,)."""
    means = np.array([x[y == c].mean(axis=0) for c in range(n_classes)])
    nearest = ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return np.array([(nearest[y == c] == c).mean() for c in range(n_classes)])


def neighbour_accuracy(x, y, k=10, n_reference=5_000):
    """How pure neighbourhoods are: the fraction of the points x (n, d) whose class most of their k neighbours have.

    Neighbours are among the first `n_reference` points, the point itself left out.
    """
    reference, classes = x[:n_reference], y[:n_reference]
    hits = 0
    squares = (reference**2).sum(axis=1)
    for start in range(0, len(x), 1_000):
        part = x[start : start + 1_000]
        distances = squares - 2 * part @ reference.T
        own = np.arange(start, start + len(part))
        inside = own < len(reference)
        distances[np.flatnonzero(inside), own[inside]] = np.inf
        nearest = np.argpartition(distances, k, axis=1)[:, :k]
        votes = np.apply_along_axis(np.bincount, 1, classes[nearest], minlength=y.max() + 1)
        hits += (votes.argmax(axis=1) == y[start : start + 1_000]).sum()
    return float(hits / len(x))
