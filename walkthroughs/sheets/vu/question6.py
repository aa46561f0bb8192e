"""Question 6 of the assignment: the batched forward and backward pass, equal to one instance at a time, and faster."""

import inspect
import time

import numpy as np

from models.by_hand import vu
from walkthroughs.reports.figures import OTHERS, REFERENCE, finish, new_figure
from walkthroughs.reports.readings import percent, seconds, times
from walkthroughs.sheets.data import add_data, setup_for, used
from walkthroughs.sheets.script import parser_for, run_walkthrough

NAMES = "dW", "db", "dV", "dc"
BATCHES = 1, 4, 16, 64, 256
PRODUCT, OUTER, STEP, REST = "x @ W", "dW += outer(x, dk)", "the step", "all else"  # parts of an instance's time
QUICK_TEST = """\
rng = np.random.default_rng(0)
A, B = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 3, 5))  # four matrices each
np.matmul(A, B).shape
all(np.allclose(np.matmul(A, B)[i], A[i] @ B[i]) for i in range(4))  # each with its partner
W = rng.normal(size=(3, 5))  # one matrix for all
np.matmul(A, W).shape
all(np.allclose(np.matmul(A, W)[i], A[i] @ W) for i in range(4))
np.matmul(A, B[:3])
x, dk = rng.normal(size=(4, 3)), rng.normal(size=(4, 5))  # four instances as rows
np.matmul(x[:, None, :], W).shape  # four matrices of a row each
np.allclose(np.matmul(x[:, None, :], W)[:, 0], x @ W)
outer = np.matmul(x[:, :, None], dk[:, None, :])  # a column times a row for each
outer.shape
np.allclose(outer.sum(axis=0), x.T @ dk)
"""


def main(arguments=None):
    parser = parser_for("question6", __doc__)
    add_data(parser, "mnist")
    return run_walkthrough(parser, build, arguments, "A batch in a single 2-tensor")


def build(report, options):
    data = used(report, options, setup_for(options))
    report.section("The passes")
    report.prose(
        "Give every quantity of one instance an axis in front, of the batch's size B, and each line of the passes "
        "stays one line, without a loop over the instances. `x @ W` multiplies all rows by W at once; `+ b` is "
        "broadcast over the rows. "
        "In the backward pass the outer products of the single instances, `outer(x, dk)`, have to be summed over "
        "the batch, and that sum is one matrix product: $\\sum_b x_{bi} \\, dk_{bj}$ is element $ij$ of `x.T @ dk`. "
        "The bias is used by every instance, so its derivative is the sum over the rows."
    )
    h, n_in, n_out = 300, data.xtrain.shape[1], data.num_classes
    report.table(
        "shapes", "The shapes of one instance and of a batch of B.", {"": "", "one instance": "", "batch": ""},
        [("x", f"({n_in},)", f"(B, {n_in})"), ("k, h, dk", f"({h},)", f"(B, {h})"),
         ("o, y, do", f"({n_out},)", f"(B, {n_out})"), ("W, dW", f"({n_in}, {h})", "the same"),
         ("V, dV", f"({h}, {n_out})", "the same"), ("l", "a number", "their sum")],
    )  # fmt: skip
    report.code(inspect.getsource(vu.BatchedNetwork))

    report.section("A quick test of batches of matrices")
    report.prose(
        "The last two axes are those of the matrices, and the axes in front count them; what has none in front goes "
        "with each. So the images (B, 784) need no batch of matrices: they are the rows of a single one, and `x @ W` "
        "is one product. As B matrices of one row each they give the same numbers, with one more axis. And the outer "
        "products of the backward pass are a batch of matrices, whose sum is `x.T @ dk`."
    )
    session, results = console(QUICK_TEST)
    report.code(session, "In a Python console:")
    report.reading(tested(results))

    report.section("The same as one instance at a time")
    x, y = data.xtrain[:64].astype(np.float64), data.ytrain[:64]
    rows = differences(x, y, n_out, options.seed)
    report.table(
        "differences", "64 training images in float64, at once and one by one: the largest difference of any element.",
        {"": "", "shape": "", "largest element": ".3g", "largest difference": ".1e"}, rows,
    )  # fmt: skip
    report.reading(agreement(rows))

    report.section("What it saves")
    rounds = 2 if options.quick else 10
    per_instance = {batch: time_of(data, batch, rounds) for batch in BATCHES}
    single = time_of(data, None, rounds)
    figure, axes = new_figure(width=7, height=4)
    axes.loglog(BATCHES, [1e6 * s for s in per_instance.values()], "o-", color=OTHERS[0], label="batched")
    axes.axhline(1e6 * single, color=REFERENCE, linestyle="--", label="one instance at a time")
    finish(axes, "instances in a batch", "time per instance (microseconds)")
    axes.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
    axes.set_xticks([], minor=True)
    report.figure(
        "time", figure, "Forward, backward and update with one step a batch: the time that an instance takes."
    )
    rows = [("one at a time", 1e6 * single, 1.0), *(
        (f"batch of {batch}", 1e6 * s, single / s) for batch, s in per_instance.items()
    )]  # fmt: skip
    report.table(
        "times", "Microseconds per instance; one step of gradient descent per 256 instances, or per batch.",
        {"": "", "microseconds": ".1f", "times as fast": ".1f"}, rows,
    )  # fmt: skip
    parts = parts_of(data, BATCHES[-1], rounds, single, per_instance[BATCHES[-1]])
    report.reading(saving(single, per_instance, BATCHES[-1] * parts[STEP][0]))
    report.table(
        "parts", f"Where the microseconds of an instance go, one at a time and in batches of {BATCHES[-1]}, both with "
        f"a step for each {BATCHES[-1]}. Each line is timed alone, a batch's being `x.T @ dk` for the outer products; "
        "all else is the rest of the whole.",
        {"": "", "one at a time": ".1f", "batched": ".1f"},
        [(part, *(1e6 * s for s in both)) for part, both in parts.items()],
    )  # fmt: skip
    report.reading(saved(parts))


def differences(x, y, n_classes, seed):
    """For the loss, each gradient and the parameters after a step: name, shape, largest element, largest difference."""
    single, batched = (kind(x.shape[1], 300, n_classes, seed, np.float64) for kind in (vu.Network, vu.BatchedNetwork))
    losses = []
    for one, c in zip(x, y):
        losses.append(single.forward(one, c))
        single.backward()
    found = [("sum of l", np.array(sum(losses)), np.array(batched.forward(x, y)))]
    batched.backward()
    found += [(name, getattr(single, name), getattr(batched, name)) for name in NAMES]
    for net in (single, batched):
        net.update(0.1)
    found += [(f"{name} after the step", getattr(single, name), getattr(batched, name)) for name in ("W", "V")]
    return [(name, str(a.shape), float(np.abs(a).max()), float(np.abs(a - b).max())) for name, a, b in found]


def agreement(rows):
    worst = max(rows, key=lambda row: row[3] / row[2])
    relative = worst[3] / worst[2]
    said = "are the same to rounding" if relative < 1e-12 else "are NOT the same"
    return f"The two {said}: the worst is {worst[0]}, with a difference of {relative:.0e} of its largest element."


def console(source):
    """Lines of Python as a console shows them with what they give, and the values of those that are expressions."""
    namespace, shown, values = {"np": np}, [], []
    for line in source.splitlines():
        shown.append(" ".join([">>>", line]))
        try:
            value = eval(line, namespace)
        except SyntaxError:
            exec(line, namespace)
            continue
        except ValueError as error:
            value = f"ValueError: {str(error).partition(' [')[0]}"
        values.append(value)
        shown.append(value if isinstance(value, str) else repr(value))
    return "\n".join(shown), values


def tested(results):
    """Whether what the quick test compares is the same."""
    compared = [result for result in results if isinstance(result, bool)]
    wrong, refused = compared.count(False), sum(isinstance(result, str) for result in results)
    right = f"{wrong} of {len(compared)} comparisons do NOT hold" if wrong else f"All {len(compared)} comparisons hold"
    return f"{right}; {refused} product, of batches of different sizes, is refused."


def time_of(data, batch, rounds):
    """Seconds that an instance takes to be trained on: the best of some rounds. `batch` None is one at a time."""
    kind = vu.Network if batch is None else vu.BatchedNetwork
    net = kind(data.xtrain.shape[1], 300, data.num_classes)
    x, y = data.xtrain[: BATCHES[-1]], data.ytrain[: BATCHES[-1]]

    def train():
        if batch is None:
            for one, c in zip(x, y):
                net.forward(one, c)
                net.backward()
            net.update(0.01)
        else:
            for start in range(0, len(x), batch):
                net.forward(x[start : start + batch], y[start : start + batch])
                net.backward()
                net.update(0.01)

    return fastest(train, rounds) / len(x)


def fastest(run, rounds):
    """The seconds of the fastest of some rounds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def parts_of(data, batch, rounds, single, batched):
    """{part: its seconds an instance (one at a time, in a batch)}: what each of the passes' dearest lines takes alone,
    and what is left of the whole, of which `single` and `batched` are the seconds."""
    nets = [kind(data.xtrain.shape[1], 300, data.num_classes) for kind in (vu.Network, vu.BatchedNetwork)]
    x = data.xtrain[:batch]
    dk = x @ nets[0].W  # of its shape

    def outer_products():
        for one, d in zip(x, dk):
            nets[0].dW += np.outer(one, d)

    def one_product():
        nets[1].dW += x.T @ dk

    def step(net):
        net.n_instances = batch
        net.update(0.0)

    runs = {
        PRODUCT: (lambda: [one @ nets[0].W for one in x], lambda: x @ nets[1].W),
        OUTER: (outer_products, one_product),
        STEP: (lambda: step(nets[0]), lambda: step(nets[1])),
    }
    found = {part: tuple(fastest(run, rounds) / len(x) for run in both) for part, both in runs.items()}
    rest = [max(0.0, whole - sum(s)) for whole, s in zip((single, batched), zip(*found.values()))]
    return {**found, REST: tuple(rest)}


WHY = {
    PRODUCT: "it reads each weight once for the batch, and not once for each instance",
    OUTER: "one at a time, an array of the size of W is written for each instance and then added to dW, while one "
    "matrix product adds up the instances of a batch as it goes",
    STEP: "it moves all the weights",
    REST: "each of the many small calls has its price, which a batch pays once",
}


def saved(parts):
    """Where a batch saves most of its time, and why."""
    savings = {part: one - many for part, (one, many) in parts.items()}
    most = max(savings, key=savings.__getitem__)
    share = savings[most] / sum(savings.values())
    (product, in_batch), (outer, at_once) = parts[PRODUCT], parts[OUTER]
    return (
        f"One at a time, adding its outer product to dW takes {seconds(outer)} of an instance's time, and `x @ W` "
        f"{seconds(product)}; in a batch these are {seconds(at_once)} and {seconds(in_batch)}. {percent(share, 0)} of "
        f"what a batch saves is saved at `{most}`, more than anywhere else: {WHY[most]}."
    )


def saving(single, per_instance, step):
    """How much faster the best batch is; and where a batch of 1 is slower than one at a time, what its steps cost."""
    more = per_instance.get(1, 0) - single
    slower = (
        f" A batch of 1 takes {times(per_instance[1] / single)} as long as one at a time, {seconds(more)} more: of "
        f"these, the step that it takes for each instance costs {seconds(step)}."
        if more > 0
        else ""
    )
    best = min(per_instance, key=per_instance.__getitem__)
    return (
        f"One at a time an instance takes {seconds(single)}, in batches of {best} it takes "
        f"{seconds(per_instance[best])}: {times(single / per_instance[best])} as fast.{slower}"
    )
