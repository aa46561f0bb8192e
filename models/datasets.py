"""The data sets that the models train on."""

import numpy as np


def load_synth(num_train=60_000, num_val=10_000, seed=0):
    """Points in the plane, class 1 outside an ellipse: the sheet's synthetic data ("Assignment 1", Question 4).

    Returns (xtrain, ytrain), (xval, yval), num_cls with x of shape (instances, 2) in float64 and y of (instances,)
    in int. As the sheet's loader does, it takes x from NumPy's legacy generator: class 1 is where x' Q x > 0.6.
    """
    q = np.array([[1.0, -0.05], [1.0, 0.4]])
    points = np.random.RandomState(seed).randn(num_train + num_val, 2)
    classes = ((points @ q * points).sum(axis=1) > 0.6).astype(int)
    return (points[:num_train], classes[:num_train]), (points[num_train:], classes[num_train:]), 2
