"""Operators that do the work of several, faster. Each has a `composition`, and a test that it equals it."""

from typing import Any

import numpy as np

from scalar_engine.graph import data_of

from .array_operator import ArrayOperator, is_choice
from .errors import inner_axes
from .kernels import halves_widened
from .operators import LogSoftmax, Softmax, log_softmax, softmax


class Linear(ArrayOperator):
    """linear(x, W, b) = x @ W + b, with x (instances, inputs), W (inputs, outputs), b (outputs,).

    >>> linear(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([0.5])).tolist()
    [[21.5]]
    """

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

    def mismatch(self, error, x, W, b):
        differ = inner_axes(x, W)
        if x and W and differ:
            return f"{x} @ {W}, {differ}"
        of_rank_2 = "the input must be (instances, inputs) and the weights (inputs, outputs)"
        wrong = differ or (of_rank_2 if len(x) != 2 or len(W) != 2 else f"the bias must have shape {W[1:]}")
        return f"{x} @ {W} + {b}, {wrong}"

    def composition(self, x, W, b):
        return x @ W + b


class CrossEntropyOfClasses(ArrayOperator):
    """The mean over the instances of -log softmax(o)[class]: o (instances, classes).

    Made for an array of classes (instances,); without one, the classes are the second operand.
    """

    symbol = "softmax_cross_entropy"
    logarithmic = True
    chooses = True

    def __init__(self, classes=None):
        self.classes = classes

    @property
    def keeps(self):
        return self.classes is not None  # a node has room for one thing beside one operand

    @property
    def kept(self):
        return SoftmaxLessOneHot(self.classes)

    @halves_widened
    def forward(self, o, *classes):
        return np.add.reduce(self.of_each(o, *classes)) / len(o)

    def of_each(self, o, *classes):
        """The cross-entropy of each instance of the array o: (instances,)."""
        return self.parts(o, *(classes or (self.classes,)))[0]

    def forward_keeping(self, o, *classes):
        """The loss, and softmax(o) less one-hot classes."""
        losses, exponentials, totals, places = self.parts(o, *(classes or (self.classes,)))
        exponentials /= totals
        exponentials.ravel()[places] -= 1
        loss, slope = np.add.reduce(losses) / len(o), exponentials.T
        return (loss, slope) if o.dtype.itemsize > 2 else (o.dtype.type(loss), slope.astype(o.dtype))

    def parts(self, o, classes):
        """The loss of each instance; exp(o - max o) as (classes, instances), its sums, and where the classes are."""
        if o.ndim != 2 or len(o) != len(classes):
            raise ValueError(f"needs logits (instances, classes), and as many instances as targets: {len(classes)}")
        if not len(o):
            raise ValueError("has no instances to take the mean over")
        wide = o if o.dtype.itemsize > 2 else o.astype(np.float32)
        by_class = wide.T.copy()  # few long rows, which NumPy reduces three times as fast
        by_class -= np.maximum.reduce(by_class)
        try:
            places = np.ravel_multi_index((classes, np.arange(len(classes))), by_class.shape)
        except ValueError:  # unlike an index, it takes no negative numbers
            wrong = classes[(classes < 0) | (classes >= o.shape[1])][0]
            raise IndexError(f"class {wrong} of {o.shape[1]} classes (they count from 0)") from None
        of_class = by_class.ravel()[places]
        totals = np.add.reduce(np.exp(by_class, out=by_class))
        return np.log(totals) - of_class, by_class, totals, places

    def pull(self, upstream, out, o, *more, needs):
        slope = more[0] if self.keeps and more else self.kept(o, *more)
        return [slope * (upstream * (1 / len(o))), None][: len(needs)]

    def composition(self, o, *classes):
        return -log_softmax(o)[(np.arange(len(o)), *(classes or (self.classes,)))].mean()


class SoftmaxLessOneHot(ArrayOperator):
    """softmax(o) - one_hot: what the cross-entropy of an instance contributes to its logits o (instances, classes)."""

    symbol = "softmax_less_one_hot"
    infix = True  # as it is written
    chooses = True

    def __init__(self, classes=None):
        self.classes = classes

    def forward(self, o, *classes):
        return CrossEntropyOfClasses(self.classes).forward_keeping(o, *classes)[1]

    def pull(self, upstream, out, o, *classes, needs):
        return [*Softmax().pull(upstream, softmax(o), o, needs=needs[:1]), *[None] * len(classes)]

    def formula(self, o, *classes):
        return f"softmax({o}) - one_hot{'({})'.format(*classes) if classes else ''}"

    def composition(self, o, *classes):
        (classes,) = map(data_of, classes or (self.classes,))
        return softmax(o) - np.eye(o.shape[1], dtype=o.dtype)[classes]


class CrossEntropyOfWeights(ArrayOperator):
    """The mean over the instances of -sum_j t_j log softmax(o)_j: o and t (instances, classes)."""

    symbol = "softmax_cross_entropy"
    logarithmic = True

    @halves_widened
    def forward(self, o, t):
        if o.ndim != 2 or o.shape != t.shape:
            raise ValueError("needs logits (instances, classes) and a weight for each, or else one integer an instance")
        if not len(o):
            raise ValueError("has no instances to take the mean over")
        return -np.add.reduce(LogSoftmax().forward(o) * t, axis=None) / len(o)

    def pull(self, upstream, out, o, t, needs):
        upstream = upstream * (1 / len(o))
        by_o = (softmax(o) * t.sum(axis=1, keepdims=True) - t) * upstream if needs[0] else None
        return [by_o, -log_softmax(o) * upstream if needs[1] else None]

    def composition(self, o, t):
        return -(t * log_softmax(o)).sum(axis=1).mean()


class MeanSquaredError(ArrayOperator):
    """mse(y, t) = mean((y - t) ** 2) over all elements of y and t, which have one shape.

    >>> float(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """

    symbol = "mse"

    @halves_widened
    def forward(self, y, t):
        if y.shape != t.shape:
            raise ValueError("which must be equal")
        if not y.size:
            raise ValueError("has no elements to take the mean over")
        difference = (y - t).ravel()
        return np.vdot(difference, difference) / y.size

    def pull(self, upstream, out, y, t, needs):
        slope = upstream * (2 / y.size)
        return [(y - t) * slope if needs[0] else None, (t - y) * slope if needs[1] else None]

    def composition(self, y, t):
        return ((y - t) ** 2).mean()


linear = Linear()
mse = MeanSquaredError()


def cross_entropy(logits: Any, target: Any) -> Any:
    """The mean over the instances of -log softmax(logits)[target], one number. It never overflows.

    logits (instances, classes); target either (instances,) in integers, the classes, or (instances, classes): one-hot,
    or any weights of the classes. An `operand` of classes stays one.

    >>> logits = np.array([[0.0, 0.0], [1000.0, 0.0]])
    >>> float(cross_entropy(logits, [0, 0])), float(cross_entropy(logits, np.array([[0.5, 0.5], [0.0, 1.0]])))
    (0.3465..., 500.3465...)
    """
    if is_choice(target):
        return CrossEntropyOfClasses()(logits, target)
    classes = target if type(target) is np.ndarray else np.asarray(data_of(target))
    if classes.ndim == 1 and classes.dtype.kind in "iu":
        return CrossEntropyOfClasses(classes.astype(np.int64))(logits)  # a copy: the caller may reuse the array
    return CrossEntropyOfWeights()(logits, classes if isinstance(logits, np.ndarray) else target)


softmax_cross_entropy = cross_entropy  # its name until 0.2
