"""From Part 2 of the assignment to Part 3: one small network as Values, as Tensors, and as a program of either.

The network is Question 4's, 2-3-2 with sigmoid and softmax, on the sheet's synthetic data. All ways compute the mean
cross-entropy over the instances and its gradients, and must agree to 1e-12.
"""

import random
import statistics
import time

import numpy as np

from models.command_line import positive
from models.datasets import digest_of, load_synth
from models.mlp import MLP
from models.scalar_training import loss_of, loss_program
from scalar_engine import compile_graph, mean, sigmoid
from tensor_engine import Tensor, linear, operand, softmax_cross_entropy
from walkthroughs.sheets.script import parser_for, run_walkthrough

AGREE = 1e-12
LAYER = """\
h1 = sigmoid(linear(x, W1, b1))
dk1 = dh1 * h1 * (1 - h1)  # sigmoid
dW1 = x.T @ dk1  # linear
db1 = dk1.sum(axis=0)  # linear"""


def main(arguments=None):
    parser = parser_for("from_scalar_to_tensor", __doc__)
    parser.add_argument("--instances", type=positive(int), default=500, help="default: 500")
    parser.add_argument("--hidden", type=positive(int), default=3, help="units of the hidden layer (default: 3)")
    return run_walkthrough(parser, build, arguments, "From scalar to tensor")


def build(report, options):
    n = min(options.instances, 100) if options.quick else options.instances
    (x, y), _, n_classes = load_synth(n, 1)
    report.used("synth", "validation", len(x), 0, digest_of(x, y))
    model = MLP(2, [options.hidden, n_classes], activation=sigmoid, rng=random.Random(options.seed))
    program = loss_program(model, 2, n_classes)
    report.prose(
        f"A 2-{options.hidden}-{n_classes} network with sigmoid and softmax, and the mean cross-entropy of {n:,} of "
        "the sheet's synthetic instances. The same numbers five times; what changes is what a variable holds."
    )
    tell(report, model, program)
    leaves = [operand(x, "x"), operand(y, "y")]
    loss, tensors = loss_of_tensors(model, *leaves)
    of_tensors = compile_graph(loss.named("loss"), inputs=leaves, parameters=tensors)
    report.section("5. A program of Tensors")
    report.prose(
        "The walk through the graph of Tensors, written down: both passes, a line or a few for each node, and most "
        "results go into arrays that are made once. `python -m models.train` runs such programs."
    )
    report.code(of_tensors.source)
    report.file("program.py", program.source)
    report.file("batched_program.py", program.batched)
    report.file("tensor_program.py", of_tensors.source)
    results = {
        "Values": measured(by_values, model, x, y),
        "program": measured(by_program, program, model, x, y),
        "batched program": measured(by_batched_program, program, model, x, y),
        "Tensors": measured(by_tensors, model, x, y),
        "program of Tensors": measured(by_tensor_program, of_tensors, tensors, x, y),
    }
    report.section("The same numbers")
    report.table(
        "ways", "Mean cross-entropy and its gradients; the largest difference from those of Values; the time.",
        {"": "", "loss (nats)": ".13f", "largest difference": ".0e", "milliseconds": ".3f", "times as fast": ".0f"},
        rows_of(results),
    )  # fmt: skip
    report.reading(agreement(rows_of(results), len(model.parameters())))


def tell(report, model, program):
    """What each of the first four looks like, on the first neuron."""
    neuron = model.layers[0].neurons[0]
    h = neuron([leaf for leaf in program.inputs if leaf.label.startswith("x")])
    report.section("1. Values")
    report.prose(
        "Each number is a node that remembers how it was made. The graph has nodes of its own for each instance."
    )
    report.code("\n".join(f"{node.name} = {node.formula()}" for node in (h.inputs[0], h)))
    report.section("2. A program")
    report.prose("The walk through the graph of one instance, written down once, and run for each instance.")
    report.code(excerpt(program.source))
    report.section("3. A batched program")
    report.prose(
        "The same lines, but `x1` is now an array, with a number for each instance, and so is all that depends on it. "
        "Weights stay numbers; what the instances contribute to the gradient of one is summed, here by `np.dot` and "
        "`np.sum`."
    )
    report.code(excerpt(program.batched))
    report.section("4. Tensors")
    report.prose(
        "The weights become arrays too: column j of `W1` belongs to neuron j. All neurons of a layer are one line, and "
        "a sum over inputs, or over what the instances contribute to a weight, is a matrix product. Nobody writes the "
        "backward lines down: the rules of `sigmoid` and `linear` compute them."
    )
    report.code(LAYER)


def excerpt(source):
    """The lines of a program about the first neuron, forwards and backwards."""
    body = source[source.index("# forward") : source.index("return ", source.index("# backward"))]
    wanted = ("v1 ", "layer1_neuron1_", "dlayer1_neuron1_")
    lines = [line.strip() for line in body.splitlines()]
    return "\n".join(line.replace("layer1_neuron1_", "") for line in lines if line.startswith(wanted))


def by_values(model, x, y):
    """The mean loss and its gradients by one graph of Values over all instances."""
    loss = mean([loss_of(model, instance, target) for instance, target in zip(x.tolist(), y.tolist())])
    for parameter in model.parameters():
        parameter.grad = None
    loss.backward()
    return loss.data, [parameter.grad for parameter in model.parameters()]


def by_program(program, model, x, y):
    weights = [parameter.data for parameter in model.parameters()]
    one_hot = np.eye(len(program.inputs) - 2)[y]
    results = [program(inputs, weights) for inputs in np.hstack([x, one_hot]).tolist()]
    losses, gradients = zip(*results)
    return statistics.fmean(losses), [statistics.fmean(gradient) for gradient in zip(*gradients)]


def by_batched_program(program, model, x, y):
    one_hot = np.eye(len(program.inputs) - 2)[y]
    return program(np.hstack([x, one_hot]).T, [parameter.data for parameter in model.parameters()])


def loss_of_tensors(model, x, y):
    """The mean loss with a matrix for each layer, whose column j has the weights of neuron j; and W and b of each."""
    h, tensors = x, []
    for number, layer in enumerate(model.layers, start=1):
        W = Tensor(np.array([[w.data for w in neuron.w] for neuron in layer.neurons]).T, f"W{number}", True)
        b = Tensor(np.array([neuron.b.data for neuron in layer.neurons]), f"b{number}", True)
        tensors += [W, b]
        h = linear(h if number == 1 else sigmoid(h), W, b)
    return softmax_cross_entropy(h, y), tensors


def by_tensors(model, x, y):
    loss, tensors = loss_of_tensors(model, x, y)
    loss.backward()
    return loss.item(), neuron_by_neuron([tensor.grad for tensor in tensors])


def by_tensor_program(program, tensors, x, y):
    loss, gradients = program([x, y], [tensor.data for tensor in tensors])
    return loss, neuron_by_neuron(gradients)


def neuron_by_neuron(gradients):
    """The gradients by W and b of each layer as a list, in the order that Values have them in."""
    pairs = zip(gradients[::2], gradients[1::2])
    return np.concatenate([np.vstack([by_W, by_b]).T.ravel() for by_W, by_b in pairs]).tolist()


def measured(way, *arguments):
    """What way(*arguments) returns, and the median of its milliseconds over some runs."""
    times: list[float] = []
    while sum(times) < 0.5 and len(times) < 50:
        start = time.perf_counter()
        result = way(*arguments)
        times.append(time.perf_counter() - start)
    return result, 1e3 * statistics.median(times)


def rows_of(results):
    (loss, gradients), slowest = results["Values"]
    rows = []
    for name, ((value, found), ms) in results.items():
        difference = max(abs(a - b) for a, b in zip([loss, *gradients], [value, *found]))
        rows.append((name, value, difference, ms, slowest / ms))
    return rows


def agreement(rows, n_gradients):
    """Whether all agree, and what was gained."""
    worst = max(row[2] for row in rows)
    fastest = max(rows, key=lambda row: row[4])
    return (
        f"The value and the {n_gradients} gradients {'agree' if worst < AGREE else 'DISAGREE'} to {AGREE:.0e} "
        f"(largest difference {worst:.0e}). The fastest, {fastest[0]}, takes 1/{fastest[4]:.0f} of the time of Values."
    )
