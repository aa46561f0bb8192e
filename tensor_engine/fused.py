"""Operators that do the work of several, faster. Each has a `composition`, and a test that it equals it."""

import numpy as np

from .kernels import ArrayOperator
from .operators import LogSoftmax, Softmax, log_softmax


class Linear(ArrayOperator):
    """linear(x, W, b) = x @ W + b, with x (instances, inputs), W (inputs, outputs), b (outputs,)."""

    symbol = "linear"
    matrix_product = True

    def forward(self, x, W, b):
        out = np.matmul(x, W)
        if out.ndim != 2 or b.shape != out.shape[1:]:
            raise ValueError
        return np.add(out, b, out=out)

    def pull(self, upstream, out, x, W, b, needs):
        return [
            upstream @ W.T if needs[0] else None,
            x.T @ upstream if needs[1] else None,
            upstream.sum(axis=0) if needs[2] else None,
        ]

    def composition(self, x, W, b):
        return x @ W + b


class CrossEntropyOfClasses(ArrayOperator):
    """The mean over the instances of -log softmax(o)[class]: o (instances, classes). Made for an array of classes."""

    symbol = "softmax_cross_entropy"
    logarithmic = True

    def __init__(self, classes):
        self.classes = classes

    def forward(self, o):
        return np.add.reduce(self.of_each(o)) / len(o)

    def of_each(self, o):
        """The cross-entropy of each instance of the array o: (instances,)."""
        classes = self.classes
        if o.ndim != 2 or len(o) != len(classes):
            raise ValueError(f"needs logits (instances, classes), and as many instances as targets: {len(classes)}")
        by_class = o.T.copy()  # (classes, instances): few long rows, which NumPy reduces three times as fast
        by_class -= np.maximum.reduce(by_class)
        try:
            places = np.ravel_multi_index((classes, np.arange(len(classes))), by_class.shape)
        except ValueError:  # unlike an index, it takes no negative numbers
            wrong = classes[(classes < 0) | (classes >= o.shape[1])][0]
            raise IndexError(f"class {wrong} of {o.shape[1]} classes (they count from 0)") from None
        of_class = by_class.ravel()[places]
        exponentials = np.exp(by_class, out=by_class)
        totals = np.add.reduce(exponentials)
        self.known = o, places, exponentials, totals
        return np.log(totals) - of_class

    def pull(self, upstream, out, o, needs):
        if not isinstance(o, np.ndarray):
            one_hot = np.eye(o.shape[1], dtype=o.dtype)[self.classes]
            return [(Softmax(axis=1)(o) - one_hot) * (upstream * (1 / len(self.classes)))]
        if self.known[0] is not o:  # the forward rule has been run on something else since
            self.of_each(o)
        _, places, exponentials, totals = self.known
        y = exponentials / totals
        y.ravel()[places] -= 1
        y *= upstream / len(places)
        return [y.T]

    def composition(self, o):
        return -log_softmax(o)[np.arange(len(self.classes)), self.classes].mean()


class CrossEntropyOfWeights(ArrayOperator):
    """The mean over the instances of -sum_j t_j log softmax(o)_j: o and t (instances, classes)."""

    symbol = "softmax_cross_entropy"
    logarithmic = True

    def forward(self, o, t):
        if o.ndim != 2 or o.shape != t.shape:
            raise ValueError("needs logits (instances, classes) and a weight for each, or else one integer an instance")
        return -np.add.reduce(LogSoftmax(axis=1).forward(o) * t, axis=None) / len(o)

    def pull(self, upstream, out, o, t, needs):
        upstream = upstream * (1 / len(o))
        by_o = (Softmax(axis=1)(o) * t.sum(axis=1, keepdims=True) - t) * upstream if needs[0] else None
        return [by_o, -LogSoftmax(axis=1)(o) * upstream if needs[1] else None]

    def composition(self, o, t):
        return -(t * log_softmax(o)).sum(axis=1).mean()


class MeanSquaredError(ArrayOperator):
    """mean((y - t) ** 2) over all elements of y and t, which have one shape."""

    symbol = "mse"

    def forward(self, y, t):
        if y.shape != t.shape:
            raise ValueError("which must be equal")
        difference = (y - t).ravel()
        return np.vdot(difference, difference) / y.size

    def pull(self, upstream, out, y, t, needs):
        slope = upstream * (2 / y.size)
        return [(y - t) * slope if needs[0] else None, (t - y) * slope if needs[1] else None]

    def composition(self, y, t):
        return ((y - t) ** 2).mean()


linear = Linear()
mse = MeanSquaredError()


def softmax_cross_entropy(logits, target):
    """The mean over the instances of -log softmax(logits)[target].

    logits (instances, classes); target either (instances,) in integers, the classes, or (instances, classes): one-hot,
    or any weights of the classes.
    """
    classes = target if type(target) is np.ndarray else np.asarray(getattr(target, "data", target))
    if classes.ndim == 1 and classes.dtype.kind in "iu":
        return CrossEntropyOfClasses(classes.astype(np.int64, copy=False))(logits)
    return CrossEntropyOfWeights()(logits, target)
