"""A convolution: one filter by hand, its backward pass as a convolution, and a small network that learns digits.

Every product of a filter on a 5 x 5 image; what the backward pass multiplies; the filters that a network learns, what
they make of an image; and the same network by loops over lists.
"""

import copy
import inspect
import time
from typing import Any

import numpy as np

from models.history import History
from models.module import Module
from models.training import fit
from scalar_engine import gradcheck
from tensor_engine import Adam, Tensor, conv2d, cross_entropy, grad, im2col, linear, max_pool2d, relu, topological_order
from walkthroughs.drawing.picture import draw
from walkthroughs.reports.figures import image_grid, learning_curves
from walkthroughs.reports.readings import percent, seconds, times
from walkthroughs.sheets.beyond import by_loops
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough
from walkthroughs.stepper import step

SIDE, SIZE = 5, 3  # of the image and the filter by hand
CHANNELS = 8, 16
BATCH = 64
EPOCHS, RATE = (3, 12), (1e-3, 5e-3)  # on the whole data, and on a slice, which has fewer steps in an epoch


def main(arguments=None):
    parser = parser_for("convolution", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "Convolutions")


def build(report, options):
    rng = np.random.default_rng(options.seed)
    image, kernel, upstream = (
        rng.integers(low, high, (n, n)).astype(float) for low, high, n in [(0, 5, SIDE), (-2, 3, SIZE), (-1, 3, SIZE)]
    )
    by_hand(report, image, kernel)
    backward(report, image, kernel, upstream)
    setup = setup_for(
        options, hidden=(), optimizer="adam", learning_rate=RATE[options.quick], batch_size=BATCH,
        epochs=EPOCHS[options.quick], final=True,
    )  # fmt: skip
    data = used(report, options, setup)
    model, before = trained(report, setup, data)
    filters(report, model, data, before)
    loops(report, model, data)


# ---- one filter


def as_images(matrix):
    return matrix[None, None]


def by_hand(report, image, kernel):
    report.section("One filter by hand")
    out = conv2d(as_images(image), as_images(kernel))[0, 0]
    n = len(out)
    report.math(
        rf"x &= {latex(image)} \\ w &= {latex(kernel)} \\ k &= {latex(out)}",
        f"An image $x$ of {SIDE} by {SIDE}, a filter $w$ of {SIZE} by {SIZE}, and their convolution $k$.",
    )
    report.prose(
        f"The filter is laid on the image at each of the {n} times {n} places where it fits. At each, every number of "
        "the filter is multiplied with the number of the image below it, and the products are added: $k_{yx} = "
        r"\sum_{ij} w_{ij}\, x_{y+i,\,x+j}$. (Mathematicians turn the filter round first, and "
        "call what is done here a cross-correlation; a filter that is learned can be either.)"
    )
    rows = []
    for y, x in np.ndindex(n, n):
        seen = image[y : y + SIZE, x : x + SIZE]
        products = " + ".join(f"{signed(w)}·{v:g}" for w, v in zip(kernel.flat, seen.flat))
        rows.append((f"{y}, {x}", products, float((kernel * seen).sum()), float(out[y, x])))
    report.table(
        "products", f"All {n * n * SIZE * SIZE} products, row by row of the filter; `conv2d` beside them.",
        {"row, column": "", "products": "", "sum": "g", "conv2d": "g"}, rows,
    )  # fmt: skip
    equal = all(row[2] == row[3] for row in rows)
    if not equal:
        report.fail("conv2d is not the sum of the products")
    report.reading(
        f"{'All' if equal else 'NOT all'} {len(rows)} sums are what `conv2d` gives. The {SIZE * SIZE} numbers of the "
        f"filter are used at every place: a dense layer from {SIDE * SIDE} to {n * n} numbers would have "
        f"{SIDE * SIDE * n * n} weights."
    )
    columns = im2col(as_images(image), SIZE)[0]
    report.prose(
        "With what the filter sees at each place as a column (`im2col`, image to columns), all places come at once "
        "from one product of matrices: the filter as a row times these columns. The engine has such a product for each "
        "row of places, whose columns overlap in memory, so that it need not write each of them."
    )
    report.math(rf"{latex(kernel.reshape(1, -1))} \\ {latex(columns)}", "The filter as a row; the places as columns.")
    report.reading(
        f"The row times the {columns.shape[1]} columns is "
        f"{'the same' if np.array_equal(kernel.reshape(-1) @ columns, out.ravel()) else 'NOT the same'}, row by row."
    )


def signed(number):
    return f"({number:g})" if number < 0 else f"{number:g}"


def latex(matrix):
    rows = r" \\ ".join(" & ".join(f"{x:g}" for x in row) for row in np.atleast_2d(matrix))
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


# ---- its backward pass


def backward(report, image, kernel, upstream):
    report.section("Its backward pass is a convolution")
    x, w = (Tensor(as_images(a), name, requires_grad=True) for a, name in [(image, "x"), (kernel, "w")])
    k = conv2d(x, w).named("k")
    loss = (k * Tensor(as_images(upstream), "g")).sum().named("l")
    check, (dw, dx) = gradcheck(loss), grad(loss, [w, x])
    loss.backward(keep=True)
    report.picture("graph", draw(loss), "The graph: $l$ is the sum of $k$ times the numbers of a given $g$.")
    report.math(rf"g = \frac{{dl}}{{dk}} &= {latex(upstream)}", "What comes from above, chosen here.")
    report.prose(
        r"Each product $w_{ij}\, x_{y+i,\,x+j}$ is in one sum $k_{yx}$ and passes $g_{yx}$ on: times $x$ to $w_{ij}$, "
        "times $w$ to $x$. A number of the filter is in one product at each place, so its derivative adds up what it "
        r"saw there times $g$, which is a convolution with $g$ as the filter: $\frac{dl}{dw} = \mathrm{conv}(x, g)$. A "
        "pixel is in one product for each place that sees it, and meets the filter's numbers in reverse order from one "
        f"place to the next: its derivative is the convolution of $g$, with {SIZE - 1} zeros put on each side of it, "
        "with the filter turned by half a turn."
    )
    turned = kernel[::-1, ::-1]
    by_w = conv2d(as_images(image), as_images(upstream))[0, 0]
    by_x = conv2d(as_images(upstream), as_images(turned), padding=SIZE - 1)[0, 0]
    report.math(
        rf"\frac{{dl}}{{dw}} &= \mathrm{{conv}}(x, g) = {latex(by_w)} \\ w' &= {latex(turned)} \\ "
        rf"\frac{{dl}}{{dx}} &= \mathrm{{conv}}(g, w') = {latex(by_x)}",
        f"Both as convolutions; $w'$ is the filter turned, and $g$ has {SIZE - 1} zeros on each side.",
    )
    middle = SIDE // 2
    pairs = [(upstream[middle - i, middle - j], kernel[i, j]) for i, j in np.ndindex(SIZE, SIZE)]  # all see it
    terms, total = " + ".join(f"{signed(g)}·{signed(w)}" for g, w in pairs), sum(g * w for g, w in pairs)
    report.code(f"{terms} = {total:g}", f"The pixel in the middle, g times w at the {len(pairs)} places that see it:")
    same = [np.array_equal(found[0, 0], by) for found, by in [(dw, by_w), (dx, by_x)]]
    whole = all(same) and total == dx[0, 0, middle, middle] and check.ok
    if not whole:
        report.fail("the backward pass of conv2d is not the convolutions of the text")
    report.reading(
        f"The engine's backward pass gives {'both, number for number' if all(same) else 'NOT both'}, and "
        f"{total:g} for the pixel in the middle; finite differences {'agree' if check.ok else 'do NOT agree'}."
    )


# ---- a network


class Network(Module):
    """Two convolutions, each with relu and a pooling of 2 x 2, and a dense layer to the classes."""

    pure = True

    def __init__(self, shape, n_classes, rng):
        self.shape = shape
        self.size, self.padding = (5, 0) if min(shape) >= 28 else (3, 1)
        sides = shape
        for _ in CHANNELS:
            sides = [(n + 2 * self.padding - self.size + 1) // 2 for n in sides]
        window, (n_first, n_second) = (self.size, self.size), CHANNELS
        shapes = (n_first, 1, *window), (n_second, n_first, *window), (n_second * sides[0] * sides[1], n_classes)
        self.layers = []
        for i, shape_of in enumerate(shapes, start=1):
            of_filters = len(shape_of) > 2
            fan_in = np.prod(shape_of[1:]) if of_filters else shape_of[0]
            W = rng.normal(0, np.sqrt(2 / fan_in), shape_of).astype(np.float32)  # after He
            b = np.zeros(shape_of[0 if of_filters else 1], np.float32)
            named = [(W, f"layer{i}/W"), (b, f"layer{i}/b")]
            self.layers.append([Tensor(array, name, requires_grad=True) for array, name in named])

    def __call__(self, x):
        x = x.reshape(-1, 1, *self.shape)
        for i, (W, b) in enumerate(self.layers[:2], start=1):
            k = conv2d(x, W, b, padding=self.padding).named(f"layer{i}/k")
            h = relu(k).named(f"layer{i}/h")
            x = max_pool2d(h, 2).named(f"layer{i}/p")
        return linear(x.reshape(x.shape[0], -1), *self.layers[2]).named("layer3/o")

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer]


def trained(report, setup, data):
    report.section("A network learns its filters")
    rng = np.random.default_rng(setup.seed)
    model = Network(data.image_shape, data.num_classes, rng)
    before = model.layers[0][0].data.copy()
    report.code(inspect.getsource(Network.__call__), "The network:")
    n = sum(parameter.size for parameter in model.parameters())
    report.prose(
        f"{CHANNELS[0]} and {CHANNELS[1]} filters of {model.size} by {model.size}, {n:,} parameters in all. Adam at "
        f"{setup.learning_rate:g}, batches of {BATCH}, {setup.epochs} epochs on {len(data.ytrain):,} images."
    )
    history = History(held_out="test")
    fit(model, data, Adam(model.parameters(), setup.learning_rate), setup.epochs, BATCH, rng, history=history)
    if history.interrupted:
        raise KeyboardInterrupt
    report.figure("learning", learning_curves(history), "After each epoch, on the training and the test split.")
    last = history.epochs[-1]
    report.reading(
        f"After {setup.epochs} epochs {percent(last.validation_accuracy, 2)} of the {len(data.yval):,} test images are "
        f"right; an epoch took {seconds(np.mean([e.seconds for e in history.epochs]))}."
    )
    return model, before


def filters(report, model, data, before):
    report.section("What the filters look for")
    W = model.layers[0][0].data
    titles = [f"{i}{when}" for when in (", before", ", after") for i in range(1, len(W) + 1)]
    report.figure(
        "filters", image_grid(np.concatenate([before, W])[:, 0], titles, len(W), signed=True),
        f"The {len(W)} filters of the first layer before training (above) and after it; red is above 0, blue below.",
    )  # fmt: skip
    moved = np.sqrt(((W - before) ** 2).sum(axis=(1, 2, 3)) / (before**2).sum(axis=(1, 2, 3)))
    loss = cross_entropy(model(Tensor(data.xval[:1], "image")), data.yval[:1]).named("l")
    nodes = {node.label: node.data for node in topological_order(loss)}
    maps, pooled = nodes["layer1/h"][0], nodes["layer2/p"][0]
    images, names = [data.xval[0].reshape(data.image_shape), *maps], ["image", *map(str, range(1, len(W) + 1))]
    report.figure(
        "maps", image_grid(images, names, len(images)),
        "The first test image, and where each filter of the first layer finds what it looks for, after relu.",
    )  # fmt: skip
    report.file("stepper.html", step(loss).save)
    silent = int((maps.reshape(len(maps), -1).max(axis=1) == 0).sum())
    report.reading(
        f"Training moved filter {np.argmax(moved) + 1} furthest, by {times(moved.max())} its own length, and filter "
        f"{np.argmin(moved) + 1} least, by {times(moved.min())}. On this image {silent} of the {len(maps)} maps of the "
        f"first layer {'is' if silent == 1 else 'are'} 0 everywhere. The {data.xval.shape[1]} pixels have become "
        f"{pooled.size} numbers, of which {percent((pooled > 0).mean())} are above 0."
    )
    report.prose(
        "`stepper.html` beside this page goes through the passes of this image step by step, with every feature map "
        "as a heat map, forwards and backwards."
    )


# ---- by loops


def loops(report, model, data):
    report.section("The same by loops")
    report.code(inspect.getsource(by_loops.convolution))
    report.code(inspect.getsource(by_loops.backward_convolution))
    exact = [[p.data.astype(np.float64) for p in layer] for layer in model.layers]
    image = np.pad(data.xval[0].astype(np.float64).reshape(1, *model.shape), [(0, 0), *[(model.padding,) * 2] * 2])
    outs, duration = timed(lambda: forward_by_loops(model, exact, image))
    double = copy.copy(model)
    double.layers = [[Tensor(array, requires_grad=True) for array in layer] for layer in exact]
    logits, by_engine = timed(lambda: double(data.xval[:1].astype(np.float64)))
    k: Any = next(node for node in topological_order(logits) if node.label == "layer1/k")
    upstream = np.random.default_rng(0).normal(size=k.shape)
    k.backward(upstream)
    (_, dw), backwards = timed(
        lambda: by_loops.backward_convolution(image.tolist(), exact[0][0].tolist(), upstream[0].tolist())
    )
    differences = [np.abs(np.array(outs) - logits.data[0]).max(), np.abs(np.array(dw) - double.layers[0][0].grad).max()]
    if max(differences) > 1e-9:
        report.fail("the loops and the engine do not agree")
    report.reading(
        f"For the first test image the loops and the engine give the same logits and the same derivatives by the first "
        f"filters, to {max(differences):.0e} (in float64, where only the order of sums differs). The forward pass took "
        f"the loops {seconds(duration)} and the engine {seconds(by_engine)}, {times(duration / by_engine)} less; the "
        f"first layer's backward pass took the loops {seconds(backwards)}."
    )


def timed(function):
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def forward_by_loops(model, layers, image):
    """The logits of an image (1, height, width) that has its padding."""
    x = image.tolist()
    for i, (W, b) in enumerate(layers[:2]):
        if i:
            x = [padded(channel, model.padding) for channel in x]
        x = by_loops.max_pool(by_loops.relu(by_loops.convolution(x, W.tolist(), b.tolist())))
    W, b = layers[2]
    return by_loops.dense(x, W.tolist(), b.tolist())


def padded(channel, padding):
    empty = [[0.0] * (len(channel[0]) + 2 * padding)] * padding
    return [*empty, *[[0.0] * padding + row + [0.0] * padding for row in channel], *empty]
