"""Array expressions, each listed once: what Tensors make of them, what NumPy makes of them, and the arrays to try.

An entry is (name, function, twin, arrays). The function takes Tensors; its twin takes the arrays and is NumPy's own way
to the same result (None where Tensors and arrays share the notation, so that the function is its own twin). The arrays
have no two equal elements and none near 0, so that finite differences apply; ties have tests of their own.
"""

import math

import numpy as np

import tensor_engine as te
from tensor_engine.operators.convolution import Patches, Transposed
from tensor_engine.operators.fused import SoftmaxLessOneHot
from tensor_engine.operators.rearranging import BroadcastTo, Cast, Scatter, SumTo
from tensor_engine.operators.windows import Col2Im, Im2Col


def array(*shape):
    """A shuffled array of evenly spaced numbers between -2 and 2, the same at every call."""
    n = math.prod(shape)
    numbers = np.linspace(-2, 2, n + 2)[1:-1] + 0.3 / (n + 1)
    return np.random.default_rng(n).permutation(numbers).reshape(shape)


def softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def norm(x, axis=None, keepdims=False):
    return np.sqrt((x * x).sum(axis=axis, keepdims=keepdims))


ROWS, COLUMNS = np.array([0, 2, 0, 0]), np.array([[1], [3]])
MASK = np.array([[True, False, True, False], [False, False, True, True], [True, True, False, False]])
ZEROS = np.array([[1.5, 0.0, 2.0, -1.0], [0.0, 0.7, 0.0, 2.5]])
CLASSES = np.array([2, 0, 2, 1])
WEIGHTS = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.0, 2.0, -1.0], [0.1, 0.1, 0.1]])

PRODUCTS = [
    ("vector @ vector", lambda a, b: a @ b, None, [array(3), array(3) + 1]),
    ("vector @ matrix", lambda a, b: a @ b, None, [array(3), array(3, 4)]),
    ("matrix @ vector", lambda a, b: a @ b, None, [array(4, 3), array(3)]),
    ("matrix @ matrix", lambda a, b: a @ b, None, [array(2, 3), array(3, 4)]),
    ("batch @ batch", lambda a, b: a @ b, None, [array(2, 2, 3), array(2, 3, 4)]),
    ("batch @ matrix", lambda a, b: a @ b, None, [array(2, 2, 3), array(3, 4)]),
    ("matrix @ batch", lambda a, b: a @ b, None, [array(2, 3), array(2, 3, 4)]),
    ("batches that broadcast", lambda a, b: a @ b, None, [array(3, 1, 2, 2), array(1, 2, 2, 3)]),
    ("batch @ vector", lambda a, b: a @ b, None, [array(2, 2, 3), array(3)]),
    ("vector @ batch", lambda a, b: a @ b, None, [array(3), array(2, 3, 2)]),
    ("a matrix with itself", lambda a: a @ a, None, [array(3, 3)]),
]

SYSTEMS = [
    ("solve of a vector", te.solve, np.linalg.solve, [array(3, 3), array(3)]),
    ("solve of matrices that broadcast", te.solve, np.linalg.solve, [array(2, 1, 2, 2), array(3, 2, 1)]),
    ("inv", te.inv, np.linalg.inv, [array(3, 3)]),
    ("det of a batch", te.det, np.linalg.det, [array(2, 3, 3)]),
]

REDUCTIONS = [
    (f"{name}, {axis}, {keepdims}", lambda x, f=name, a=axis, k=keepdims: getattr(te, f)(x, axis=a, keepdims=k),
     lambda x, f=twin, a=axis, k=keepdims: f(x, axis=a, keepdims=k), [array(2, 3, 4)])
    for name, twin in [("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min), ("logsumexp", logsumexp)]
    for axis in [None, 0, 1, -1, -3, (0, 2), (-1, 0), (0, 1, 2)]
    for keepdims in [False, True]
]  # fmt: skip

FURTHER_REDUCTIONS = [
    (f"{name}, {axis}, {keepdims}", lambda x, f=name, a=axis, k=keepdims: getattr(te, f)(x, axis=a, keepdims=k),
     lambda x, f=twin, a=axis, k=keepdims: f(x, axis=a, keepdims=k), [array(1, 4, 4)])
    for name, twin in [("prod", np.prod), ("norm", norm), ("std", np.std), ("var", np.var)]
    for axis, keepdims in [(None, False), (1, False), (-1, True), ((0, -1), False)]
] + [
    ("var of a sample", lambda x: x.var(axis=1, ddof=1), None, [array(2, 3)]),
    ("std of a sample", lambda x: te.std(x, ddof=2), lambda x: np.std(x, ddof=2), [array(2, 3)]),
    ("cumsum", lambda x: x.cumsum(axis=-1), None, [array(2, 3)]),
    ("cumsum of all", te.cumsum, np.cumsum, [array(2, 3)]),
    ("cumprod", lambda x: x.cumprod(axis=0), None, [array(3, 2)]),
    ("cumprod of all", te.cumprod, np.cumprod, [array(2, 3)]),
    ("cumprod with zeros", lambda x: te.cumprod(x, axis=1), lambda x: np.cumprod(x, axis=1), [ZEROS]),
    ("prod with zeros", lambda x: te.prod(x, axis=1), lambda x: np.prod(x, axis=1), [ZEROS]),
]  # fmt: skip

METHODS = [
    ("sum()", lambda x: x.sum(), None, [array(2, 3)]),
    ("mean(axis)", lambda x: x.mean(axis=0), None, [array(2, 3)]),
    ("max(axis, keepdims)", lambda x: x.max(axis=1, keepdims=True), None, [array(2, 3)]),
    ("min(axes)", lambda x: x.min(axis=(0, -1)), None, [array(2, 3)]),
]

SHAPES = [
    ("reshape", lambda x: x.reshape(3, 4), None, [array(2, 6)]),
    ("reshape with -1", lambda x: x.reshape((2, -1)), None, [array(4, 3)]),
    ("reshape to one axis", lambda x: x.reshape(-1), None, [array(2, 3)]),
    ("reshape to none", lambda x: x.reshape(()), None, [array(1, 1)]),
    ("transpose", lambda x: x.transpose(), None, [array(2, 3, 4)]),
    ("transpose by axes", lambda x: x.transpose((1, 2, 0)), None, [array(2, 3, 4)]),
    ("transpose by negative axes", lambda x: x.transpose(-1, 0, -2), None, [array(2, 3, 4)]),
    ("swapaxes", lambda x: x.swapaxes(0, -1), None, [array(2, 3, 4)]),
    ("T", lambda x: x.T, None, [array(2, 3)]),
    ("T of a vector", lambda x: x.T, None, [array(3)]),
    ("broadcast_to", lambda x: x.broadcast_to((2, 3, 4)), lambda x: np.broadcast_to(x, (2, 3, 4)), [array(3, 1)]),
    ("broadcast_to from a number", BroadcastTo((2, 2)), lambda x: np.broadcast_to(x, (2, 2)), [np.array(0.7)]),
    ("sum_to", SumTo((3, 1)), lambda x: x.sum(axis=(0, 2)).reshape(3, 1), [array(2, 3, 4)]),
    ("cast", Cast(np.float64), np.copy, [array(2, 3)]),
]

INDICES = [
    (f"[{name}]", lambda x, k=key: x[k], None, [array(3, 4)])
    for name, key in [
        ("1", 1),
        ("-1, 2", (-1, 2)),
        ("1:", slice(1, None)),
        ("::-1, ::2", (slice(None, None, -1), slice(None, None, 2))),
        ("None", None),
        ("..., None, 0", (..., None, 0)),
        ("empty", slice(1, 1)),
        ("integers with repeats", ROWS),
        ("a list", [2, 2, 1]),
        ("negative integers", np.array([-1, 2, -3])),
        ("pairs with repeats", (np.array([0, 0, 2]), np.array([1, 1, -1]))),
        ("integers that broadcast", (ROWS, COLUMNS)),
        ("integers and a slice", (slice(1, None), ROWS)),
        ("integers apart", (ROWS, None, ROWS)),
        ("a mask", MASK),
        ("a mask of one axis", np.array([True, False, True])),
        ("a mask and a slice", (slice(None), np.array([True, False, True, False]))),
        ("a mask and integers", (np.array([True, False, True]), np.array([3, 3]))),
    ]
] + [
    ("scatter", Scatter(ROWS, (3, 2)), lambda x: np.array([x[0] + x[2] + x[3], 0 * x[0], x[1]]), [array(4, 2)]),
]

MOVEMENTS = [
    ("squeeze", te.squeeze, np.squeeze, [array(1, 3, 1)]),
    ("squeeze, axis -1", lambda x: x.squeeze(-1), None, [array(1, 3, 1)]),
    ("expand_dims", lambda x: te.expand_dims(x, -1), lambda x: np.expand_dims(x, -1), [array(2, 3)]),
    ("expand_dims, two", lambda x: te.expand_dims(x, (0, 2)), lambda x: np.expand_dims(x, (0, 2)), [array(2, 3)]),
    ("ravel", lambda x: x.ravel(), None, [array(2, 3)]),
    ("flatten", lambda x: x.flatten(), None, [array(2, 3)]),
    ("moveaxis", lambda x: te.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1), [array(2, 3, 4)]),
    ("moveaxis, two", lambda x: te.moveaxis(x, (0, 1), (-1, -2)), lambda x: np.moveaxis(x, (0, 1), (-1, -2)),
     [array(2, 3, 4)]),
    ("split", lambda x: te.split(x, 3, axis=-1)[1], lambda x: np.split(x, 3, axis=-1)[1], [array(2, 6)]),
    ("split at places", lambda x: te.split(x, [1, -1])[1], lambda x: np.split(x, [1, -1])[1], [array(4, 2)]),
    ("tile", lambda x: te.tile(x, 2), lambda x: np.tile(x, 2), [array(2, 3)]),
    ("tile, two axes", lambda x: te.tile(x, (3, 2)), lambda x: np.tile(x, (3, 2)), [array(2)]),
    ("repeat", lambda x: x.repeat(2), None, [array(2, 2)]),
    ("repeat, each its own", lambda x: x.repeat([1, 0, 2], axis=1), None, [array(2, 3)]),
    ("roll", lambda x: te.roll(x, 2), lambda x: np.roll(x, 2), [array(2, 3)]),
    ("roll, axes", lambda x: te.roll(x, (1, -1), (0, 1)), lambda x: np.roll(x, (1, -1), (0, 1)), [array(2, 3)]),
    ("flip", te.flip, np.flip, [array(2, 3)]),
    ("flip, axis -1", lambda x: te.flip(x, -1), lambda x: np.flip(x, -1), [array(2, 3)]),
    ("pad", lambda x: te.pad(x, 1), lambda x: np.pad(x, 1), [array(2, 3)]),
    ("pad with ones", lambda x: te.pad(x, ((0, 1), (2, 0)), constant_values=1.0),
     lambda x: np.pad(x, ((0, 1), (2, 0)), constant_values=1.0), [array(1, 2)]),
    ("pad by reflection", lambda x: te.pad(x, (1, 2), "reflect"), lambda x: np.pad(x, (1, 2), "reflect"),
     [array(3, 3)]),
    ("diag", te.diag, np.diag, [array(3)]),
    ("diag, above", lambda x: te.diag(x, 1), lambda x: np.diag(x, 1), [array(3)]),
    ("diag of a matrix", te.diag, np.diag, [array(3, 4)]),
    ("diag of a matrix, below", lambda x: te.diag(x, -1), lambda x: np.diag(x, -1), [array(3, 4)]),
    ("tril", te.tril, np.tril, [array(3, 3)]),
    ("triu of a batch", lambda x: te.triu(x, 1), lambda x: np.triu(x, 1), [array(2, 2, 3)]),
    ("take", lambda x: te.take(x, [[0, -1], [2, 2]]), lambda x: np.take(x, [[0, -1], [2, 2]]), [array(2, 3)]),
    ("take, axis 1", lambda x: x.take([[0, -1], [2, 2]], axis=1), None, [array(2, 3)]),
    ("take_along_axis", lambda x: te.take_along_axis(x, ROWS[:3, None], 1),
     lambda x: np.take_along_axis(x, ROWS[:3, None], 1), [array(3, 4)]),
    ("outer", te.outer, np.outer, [array(2), array(2, 2)]),
    ("tensordot", lambda a, b: te.tensordot(a, b, 1), lambda a, b: np.tensordot(a, b, 1), [array(2, 3), array(3, 2)]),
    ("tensordot, axes", lambda a, b: te.tensordot(a, b, ([0, -1], [2, 0])),
     lambda a, b: np.tensordot(a, b, ([0, -1], [2, 0])), [array(2, 3, 2), array(2, 3, 2)]),
]  # fmt: skip

JOINS = [
    ("concatenate", lambda a, b: te.concatenate([a, b]), lambda a, b: np.concatenate([a, b]),
     [array(2, 3), array(1, 3)]),
    ("concatenate, last axis", lambda a, b: te.concatenate([a, b, a], axis=-1),
     lambda a, b: np.concatenate([a, b, a], axis=-1), [array(2, 3), array(2, 1)]),
    ("stack", lambda a, b: te.stack([a, b]), lambda a, b: np.stack([a, b]), [array(2, 3), array(2, 3) + 1]),
    ("stack, last axis", lambda a, b: te.stack((a, b), axis=-1), lambda a, b: np.stack([a, b], axis=-1),
     [array(2, 3), array(2, 3) + 1]),
    ("stack, middle axis", lambda a, b: te.stack([a, b], axis=1), lambda a, b: np.stack([a, b], axis=1),
     [array(2, 3), array(2, 3) + 1]),
    ("stack of numbers", lambda a, b: te.stack([a, b]), lambda a, b: np.stack([a, b]), [np.array(0.3), np.array(0.7)]),
    ("where", lambda a, b: te.where(MASK, a, b), lambda a, b: np.where(MASK, a, b), [array(3, 4), array(3, 4) + 1]),
    ("where that broadcasts", lambda a, b: te.where(MASK, a, b), lambda a, b: np.where(MASK, a, b),
     [array(4), array(3, 1)]),
    ("where of a number", lambda a: te.where(MASK, 2.0, a), lambda a: np.where(MASK, 2.0, a), [array(3, 4)]),
]  # fmt: skip

FUNCTIONS = [
    ("clip", lambda x: te.clip(x, -1.0, 0.5), lambda x: np.clip(x, -1.0, 0.5), [array(3, 4)]),
    ("clip below", lambda x: te.clip(x, min=0), lambda x: np.maximum(x, 0), [array(3, 4)]),
    ("softmax", te.softmax, softmax, [array(3, 4)]),
    ("softmax, axis 0", lambda x: te.softmax(x, axis=0), lambda x: softmax(x, axis=0), [array(3, 4)]),
    ("log_softmax", te.log_softmax, lambda x: np.log(softmax(x)), [array(3, 4)]),
    ("log_softmax, axis 0", lambda x: te.log_softmax(x, axis=0), lambda x: np.log(softmax(x, 0)), [array(3, 4)]),
]

FUSED = [
    ("linear", te.linear, lambda x, W, b: x @ W + b, [array(4, 2), array(2, 3), array(3)]),
    ("softmax_cross_entropy of classes", lambda o: te.softmax_cross_entropy(o, CLASSES),
     lambda o: -np.log(softmax(o))[range(4), CLASSES].mean(), [array(4, 3)]),
    ("softmax_cross_entropy of weights", te.softmax_cross_entropy,
     lambda o, t: -(t * np.log(softmax(o))).sum(axis=1).mean(), [array(4, 3), WEIGHTS]),
    ("softmax less one-hot", SoftmaxLessOneHot(CLASSES), lambda o: softmax(o) - np.eye(3, dtype=o.dtype)[CLASSES],
     [array(4, 3)]),
    ("mse", te.mse, lambda y, t: ((y - t) ** 2).mean(), [array(4, 3), array(4, 3) + 0.3]),
]  # fmt: skip

LOSSES = [
    ("cross_entropy, smoothed", lambda o: te.cross_entropy(o, CLASSES, label_smoothing=0.3),
     lambda o: -((0.7 * np.eye(3)[CLASSES] + 0.1) * np.log(softmax(o))).sum(axis=1).mean(), [array(4, 3)]),
    ("cross_entropy, of each", lambda o: te.cross_entropy(o, CLASSES, reduction="none"),
     lambda o: -np.log(softmax(o))[range(4), CLASSES], [array(4, 3)]),
    ("nll", lambda p: te.nll(p, CLASSES), lambda p: -p[range(4), CLASSES].mean(), [array(4, 3)]),
    ("nll of weights", te.nll, lambda p, t: -(p * t).sum() / 4, [array(4, 3), WEIGHTS]),
    ("binary_cross_entropy_with_logits", te.binary_cross_entropy_with_logits,
     lambda z, t: -(t * np.log(1 / (1 + np.exp(-z))) + (1 - t) * np.log(1 / (1 + np.exp(z)))).mean(),
     [array(4, 3), abs(WEIGHTS) / 2]),
    ("hinge", te.hinge, lambda s, t: np.maximum(0, 1 - s * t).mean(), [array(4, 3), array(4, 3) + 0.3]),
]  # fmt: skip


def sliding(image, size, stride=1, padding=0, dilation=1, fill=0.0):
    """{place: the part (instances, channels, *size) of an array that a window sees there}, by loops."""
    d = len(size)
    image = np.pad(image, [(0, 0), (0, 0)] + [(padding, padding)] * d, constant_values=fill)
    spans = [dilation * (k - 1) + 1 for k in size]
    places = np.ndindex(*[(n - span) // stride + 1 for n, span in zip(image.shape[2:], spans)])
    parts = {place: [slice(stride * i, stride * i + n, dilation) for i, n in zip(place, spans)] for place in places}
    return {place: image[(slice(None), slice(None), *part)] for place, part in parts.items()}


def convolved(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """A convolution as its definition has it: at each place, each filter's sum of products with what it sees there."""
    found = {}
    for place, part in sliding(x, w.shape[2:], stride, padding, dilation).items():
        seen = np.split(part, groups, axis=1)
        per_group = [np.tensordot(p, f, [[*range(1, p.ndim)]] * 2) for p, f in zip(seen, np.split(w, groups))]
        found[place] = np.concatenate(per_group, axis=1) + (0 if b is None else b)
    return arranged(found)


def put_back(y, w):
    """The transpose of it with stride (1, 2) and padding (1, 0), into images (2, 4): what overlaps is added up."""
    out = np.zeros((len(y), w.shape[1], 4, 4))
    for i, j in np.ndindex(y.shape[2:]):
        out[:, :, i : i + 2, 2 * j : 2 * j + 2] += np.tensordot(y[:, :, i, j], w, 1)
    return out[:, :, 1:-1]


def in_rows_of_places(x):
    """Patches of size (2, 3), padding (0, 1): [group, row of places, (i, channel, j), (place, instance)]."""
    x = np.pad(x, [(0, 0), (0, 0), (0, 0), (1, 1)])
    places = range(x.shape[3] - 2)
    rows = [
        [x[:, 0, r + i, j + place] for place in places] for r in range(x.shape[2] - 1) for i in (0, 1) for j in range(3)
    ]
    return np.reshape(rows, (1, x.shape[2] - 1, 6, -1))


def pooled(reduction, x, size, **options):
    return arranged({
        place: reduction(part, axis=tuple(range(2, x.ndim))) for place, part in sliding(x, size, **options).items()
    })  # fmt: skip


def arranged(found):
    """{place: (instances, channels)} as (instances, channels, *places)."""
    out = np.array([*found.values()])  # (places, instances, channels)
    return np.moveaxis(out, 0, -1).reshape(*out.shape[1:], *[n + 1 for n in max(found)])


EINSUMS = [
    (f'einsum("{subscripts}")', lambda *xs, s=subscripts: te.einsum(s, *xs),
     lambda *xs, s=subscripts: np.einsum(s, *xs), arrays)
    for subscripts, arrays in [
        ("ij,jk->ik", [array(2, 3), array(3, 4)]), ("bij,bjk", [array(2, 2, 3), array(2, 3, 2)]),
        ("ij->ji", [array(2, 3)]), ("ij->", [array(2, 3)]), ("ii->i", [array(3, 3)]), ("iji->j", [array(2, 3, 2)]),
        ("i,j->ji", [array(2), array(3)]), ("ij,ij,j->i", [array(2, 3), array(2, 3) + 1, array(3)]),
        ("...ij,...j->...i", [array(2, 2, 3), array(2, 3)]), ("mnd,mdo->mno", [array(1, 2, 3), array(2, 3, 2)]),
    ]
]  # fmt: skip

WINDOWS = [
    ("im2col", Im2Col((2, 3), (1, 2), (0, 1), (2, 1)), lambda x: np.array([[
        [0, x[0, 0, 0, 1], 0, x[0, 0, 1, 1]], [x[0, 0, 0, 0], x[0, 0, 0, 2], x[0, 0, 1, 0], x[0, 0, 1, 2]],
        [x[0, 0, 0, 1], 0, x[0, 0, 1, 1], 0], [0, x[0, 0, 2, 1], 0, x[0, 0, 3, 1]],
        [x[0, 0, 2, 0], x[0, 0, 2, 2], x[0, 0, 3, 0], x[0, 0, 3, 2]], [x[0, 0, 2, 1], 0, x[0, 0, 3, 1], 0],
    ]]), [array(1, 1, 4, 3)]),
    ("col2im", Col2Im((2,), (1,), (0,), (1,), (3,)),
     lambda x: np.stack([x[:, 0, 0], x[:, 0, 1] + x[:, 1, 0], x[:, 1, 1]], axis=1)[:, None], [array(2, 2, 2)]),
    ("patches", Patches((2, 3), (1, 1), (0, 1), (1, 1), 1), in_rows_of_places, [array(2, 1, 3, 2)]),
    ("conv_transpose2d", Transposed((2, 2), (1, 2), (1, 0), (1, 1), 1, (2, 4)), put_back,
     [array(1, 2, 3, 2), array(2, 2, 2, 2)]),
    ("conv1d", te.conv1d, convolved, [array(2, 2, 4), array(3, 2, 2), array(3)]),
    ("conv2d", te.conv2d, convolved, [array(2, 2, 3, 4), array(3, 2, 2, 3), array(3)]),
    ("conv2d without bias", te.conv2d, convolved, [array(2, 2, 3, 3), array(2, 2, 2, 2)]),
    *[
        (f"conv2d, {options}", lambda x, w, b, o=options: te.conv2d(x, w, b, **o),
         lambda x, w, b, o=options: convolved(x, w, b, **o),
         [array(2, 2, 4, 3), array(4, 2 // options.get("groups", 1), 2, 2), array(4)])
        for options in [{"stride": 2, "padding": 1}, {"dilation": 2}, {"groups": 2}]
    ],
    ("max_pool1d", lambda x: te.max_pool1d(x, 2), lambda x: pooled(np.max, x, (2,), stride=2), [array(2, 2, 4)]),
    ("max_pool2d", lambda x: te.max_pool2d(x, 2), lambda x: pooled(np.max, x, (2, 2), stride=2), [array(2, 2, 4, 2)]),
    ("max_pool2d that overlaps", lambda x: te.max_pool2d(x, 3, 2, 1),
     lambda x: pooled(np.max, x, (3, 3), stride=2, padding=1, fill=-np.inf), [array(1, 2, 4, 3)]),
    ("avg_pool2d", lambda x: te.avg_pool2d(x, 2), lambda x: pooled(np.mean, x, (2, 2), stride=2), [array(2, 2, 2, 4)]),
    ("avg_pool2d that overlaps", lambda x: te.avg_pool2d(x, 2, 1, 1),
     lambda x: pooled(np.mean, x, (2, 2), padding=1), [array(1, 2, 3, 2)]),
    ("avg_pool1d that leaves a rest", lambda x: te.avg_pool1d(x, 2), lambda x: pooled(np.mean, x, (2,), stride=2),
     [array(1, 2, 5)]),
]  # fmt: skip

CHOICES = [  # operands that choose
    ("[an operand]", lambda x: x[te.operand(ROWS)], lambda x: x[ROWS], [array(3, 4)]),
    ("[operands and a slice]", lambda x: x[te.operand(ROWS), 1:, te.operand(ROWS)], lambda x: x[ROWS, 1:, ROWS],
     [array(3, 4, 3)]),
    ("[an operand that is a mask]", lambda x: x[te.operand(MASK)], lambda x: x[MASK], [array(3, 4)]),
    ("scatter by an operand", lambda x: Scatter("operand", (3, 2))(x, te.operand(ROWS)),
     lambda x: np.array([x[0] + x[2] + x[3], 0 * x[0], x[1]]), [array(4, 2)]),
    ("where of an operand", lambda a, b: te.where(te.operand(MASK), a, b), lambda a, b: np.where(MASK, a, b),
     [array(4), array(3, 1)]),
    ("softmax_cross_entropy of an operand", lambda o: te.softmax_cross_entropy(o, te.operand(CLASSES)),
     lambda o: -np.log(softmax(o))[range(4), CLASSES].mean(), [array(4, 3)]),
    ("softmax less an operand", lambda o: SoftmaxLessOneHot()(o, te.operand(CLASSES)),
     lambda o: softmax(o) - np.eye(3)[CLASSES], [array(4, 3)]),
    ("sort", te.sort, np.sort, [array(3, 4)]),
    ("sort, axis 0", lambda x: te.sort(x, axis=0), lambda x: np.sort(x, axis=0), [array(3, 4)]),
    ("sort of all", lambda x: te.sort(x, axis=None), lambda x: np.sort(x, axis=None), [array(2, 3)]),
    ("topk", lambda x: te.topk(x, 2)[0], lambda x: -np.sort(-x)[:, :2], [array(3, 4)]),
    ("[argmax]", lambda x: x[te.argmax(x, axis=0), [0, 1, 2]], lambda x: x.max(axis=0), [array(2, 3)]),
    ("[argmin]", lambda x: x.ravel()[te.argmin(x)], np.min, [array(2, 3)]),
]  # fmt: skip

ARRAY_EXPRESSIONS = [
    *PRODUCTS, *REDUCTIONS, *METHODS, *SHAPES, *INDICES, *JOINS, *FUNCTIONS, *FUSED,
    *FURTHER_REDUCTIONS, *MOVEMENTS, *LOSSES, *EINSUMS, *WINDOWS, *SYSTEMS,
]  # fmt: skip


def cases(expressions):
    """The expressions for pytest.mark.parametrize("f, twin, arrays", ...)."""
    import pytest

    return [pytest.param(f, twin or f, arrays, id=name) for name, f, twin, arrays in expressions]


def leaves(arrays):
    """The arrays as Tensors that require a gradient and have copies of them, labelled a, b, ..."""
    return [te.Tensor(x.copy(), label, requires_grad=True) for x, label in zip(arrays, "abcdef")]
