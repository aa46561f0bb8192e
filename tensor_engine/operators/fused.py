"""Operators that do the work of several, faster, and the losses, of which most are made of them.

Each of these operators has a `composition`, and a test that it equals it.
"""

from typing import Any

import numpy as np

from scalar_engine.graph import Node, data_of
from scalar_engine.operators import relu, softplus

from ..errors import inner_axes
from ..kernels import halves_widened
from .array_operator import ArrayOperator, is_choice
from .compositions import take
from .reductions import LogSoftmax, Softmax, log_softmax, logsumexp, mean, softmax, sum


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
        return -mean(log_softmax(o)[(np.arange(len(o)), *(classes or (self.classes,)))])


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
        return softmax(o) - np.equal(np.arange(o.shape[1]), classes[:, None]).astype(o.dtype)


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
        return -mean(sum(t * log_softmax(o), axis=1))


class MeanSquaredError(ArrayOperator):
    """mse(y, t, reduction="mean") = mean((y - t) ** 2) over all elements of y and t, which have one shape.

    >>> float(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """

    symbol = "mse"

    def __call__(self, y: Any, t: Any, reduction: str = "mean") -> Any:
        return self.apply(y, t) if reduction == "mean" else reduced((y - of_one_shape("mse", t, y)) ** 2, 0, reduction)

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
        return mean((y - t) ** 2)


linear = Linear()
mse = MeanSquaredError()


# ---- losses


def cross_entropy(
    logits: Any, target: Any, weight: Any = None, reduction: str = "mean", label_smoothing: float = 0.0
) -> Any:
    """The mean over the instances of -log softmax(logits)[target], one number. It never overflows.

    logits          (instances, classes)
    target          (instances,) in integers, the classes; or (instances, classes): one-hot, or any weights of the
                    classes. An `operand` of classes stays one
    weight          (classes,): how much each class counts; the mean is then over the weights of the targets' classes
    reduction       "mean", "sum", or "none": the loss of each instance (instances,)
    label_smoothing this share of the target goes to all classes alike (Szegedy et al. 2016)

    >>> logits = np.array([[0.0, 0.0], [1000.0, 0.0]])
    >>> float(cross_entropy(logits, [0, 0])), float(cross_entropy(logits, np.array([[0.5, 0.5], [0.0, 1.0]])))
    (0.3465..., 500.3465...)
    >>> cross_entropy(logits, [0, 1], weight=[1.0, 3.0], reduction="none").round(4).tolist()
    [0.6931, 3000.0]
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is a share, from 0 to 1, not {label_smoothing}")
    if weight is None and reduction == "mean":
        loss = mean_cross_entropy(logits, target)
        if label_smoothing:
            of_all = mean(logsumexp(logits) - mean(logits, axis=-1))
            loss = (1 - label_smoothing) * loss + label_smoothing * of_all
        return loss
    log_probabilities = log_softmax(logits)
    losses, total = nll_of_each(log_probabilities, target, weight)
    if label_smoothing:
        alike = np.full(logits.shape, 1 / logits.shape[-1], logits.dtype)
        losses = (1 - label_smoothing) * losses + label_smoothing * nll_of_each(log_probabilities, alike, weight)[0]
    return reduced(losses, total, reduction)


softmax_cross_entropy = cross_entropy  # its name until 0.2


def mean_cross_entropy(logits, target):
    classes = classes_of(target)
    if classes is None:
        return CrossEntropyOfWeights()(logits, target if isinstance(target, Node) else np.asarray(target))
    return CrossEntropyOfClasses()(logits, target) if is_choice(target) else CrossEntropyOfClasses(classes)(logits)


def classes_of(target):
    """The classes (instances,) that a target names, as an array of its own; None if it is of weights."""
    array = np.asarray(data_of(target))
    return array.astype(np.int64) if array.ndim == 1 and array.dtype.kind in "iu" else None


def nll(log_probabilities: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """The negative log-likelihood: the mean over the instances of -log_probabilities[target], one number.

    log_probabilities (instances, classes), as of log_softmax; the others as for cross_entropy.

    >>> float(nll(np.log([[0.25, 0.75], [0.5, 0.5]]), [1, 0]))
    0.4904...
    """
    losses, total = nll_of_each(log_probabilities, target, weight)
    return reduced(losses, total, reduction)


def nll_of_each(log_probabilities, target, weight):
    """The loss of each instance (instances,), and what their sum is divided by to be the mean."""
    shape, classes = log_probabilities.shape, classes_of(target)
    given = np.shape(data_of(target))
    if len(shape) != 2 or given[:1] != shape[:1] or (classes is None and given != shape):
        raise ValueError(
            f"nll: {shape}, {given}, needs log-probabilities (instances, classes), and an integer for each instance or "
            f"a weight for each class of it"
        )
    if weight is not None:
        weight = np.asarray(weight, log_probabilities.dtype)  # (classes,)
        if weight.shape != shape[1:] or not (weight >= 0).all():
            raise ValueError(f"nll: {shape}, weights {weight.shape}, needs one for each class, and none below 0")
    if classes is None:
        return -(log_probabilities * (target if weight is None else target * weight)).sum(axis=1), shape[0]
    for wrong in classes[(classes < 0) | (classes >= shape[1])]:
        raise IndexError(f"nll: class {wrong} of {shape[1]} classes (they count from 0)")
    losses = -log_probabilities[np.arange(shape[0]), target]
    if weight is None:
        return losses, shape[0]
    weights = take(weight, target, 0)  # (instances,)
    return losses * weights, weights.sum()


def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of -t log p - (1 - t) log(1 - p) with p = sigmoid(logits), in one shape with the targets. No overflow.

    >>> z, t = np.array([0.0, 1000.0]), np.array([1.0, 1.0])
    >>> binary_cross_entropy_with_logits(z, t, reduction="none").round(4).tolist()
    [0.6931, 0.0]
    """
    target = of_one_shape("binary_cross_entropy_with_logits", target, logits)
    given = data_of(target)
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError(
            f"binary_cross_entropy_with_logits: the targets are from 0 to 1, and these from {given.min()} to "
            f"{given.max()}: of -1 and 1, write (t + 1) / 2"
        )
    losses = target * softplus(-logits) + (1 - target) * softplus(logits)
    return reduced(losses, np.size(data_of(logits)), reduction)


def hinge(scores: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of max(0, 1 - t * score), for targets t of 1 and -1, in one shape with the scores.

    >>> float(hinge(np.array([2.0, -0.5]), np.array([1.0, -1.0])))
    0.25
    """
    target = of_one_shape("hinge", target, scores)
    if not np.all(data_of(target)):
        raise ValueError("hinge: the targets are 1 and -1, and these have 0: write 2 * t - 1")
    return reduced(relu(1 - target * scores), np.size(data_of(scores)), reduction)


def of_one_shape(name, target, scores):
    """The target, an array at least, in the shape of the scores."""
    target = target if isinstance(target, Node) else np.asarray(target)
    if target.shape != np.shape(data_of(scores)):
        raise ValueError(f"{name}: {np.shape(data_of(scores))}, {target.shape}, which must be equal")
    return target


def reduced(losses, total, reduction):
    """The losses themselves, their sum, or this divided by the total."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'a loss has reduction="mean", "sum" or "none", not {reduction!r}')
    if reduction == "none":
        return losses
    if reduction == "mean" and not losses.size:
        raise ValueError("a loss has no instances to take the mean over")
    return losses.sum() / total if reduction == "mean" else losses.sum()
