"""Principal components, what they go with, and how well classes separate in a few of them."""

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


def between_classes(x, y, n_classes):
    """For each coordinate of x (n, d), the share of its variance that is between the classes' means: (d,).

    1 where instances of a class are all alike, 0 where the classes have the same mean, or nothing varies.
    """
    means = np.array([x[y == c].mean(axis=0) for c in range(n_classes)])
    counts = np.bincount(y, minlength=n_classes)
    between, variance = counts @ (means - x.mean(axis=0)) ** 2 / len(x), x.var(axis=0, dtype=np.float64)
    return np.divide(between, variance, out=np.zeros_like(between), where=variance > 0)


def between_in_all(x, y, n_classes):
    """The same for all dimensions together: the part of the points' squared distances to their mean, a number."""
    variances = x.var(axis=0, dtype=np.float64)
    return float(between_classes(x, y, n_classes) @ variances / variances.sum())


def contrast(x, y, component, n_classes):
    """The classes whose means along a component are the largest and the smallest: (plus, minus, cosine).

    The cosine is that of the angle between the component and the difference of the two classes' means.
    """
    means = np.array([x[y == c].mean(axis=0) for c in range(n_classes)])
    along = means @ component
    plus, minus = int(along.argmax()), int(along.argmin())
    return plus, minus, float((along[plus] - along[minus]) / np.linalg.norm(means[plus] - means[minus]))


def ink_and_slant(images):
    """For each image (rows, columns) the sum of its pixels, and by how many columns a row higher up lies to the right.

    The slant is that of the line through the image's ink by least squares: - covariance / variance of the rows.
    """
    weights = images.reshape(len(images), -1).astype(np.float64)
    ink = weights.sum(axis=1)
    row, column = (grid.ravel() for grid in np.indices(images.shape[1:]))
    mean_row, mean_column = weights @ row / ink, weights @ column / ink
    covariance = weights @ (row * column) / ink - mean_row * mean_column
    return ink, -covariance / (weights @ row**2 / ink - mean_row**2)


def roughness(image):
    """The squared differences between neighbouring pixels, added up."""
    return float(sum((np.diff(image, axis=axis) ** 2).sum() for axis in (0, 1)))


def nearest_means(x, y, n_classes):
    """In row c, of the points x (n, d) of class c the fractions nearest to each class's mean: (classes, classes)."""
    means = np.array([x[y == c].mean(axis=0) for c in range(n_classes)])
    nearest = ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return np.array([np.bincount(nearest[y == c], minlength=n_classes) / (y == c).sum() for c in range(n_classes)])


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
