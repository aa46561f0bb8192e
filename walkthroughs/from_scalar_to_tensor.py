"""From Part 2 of the assignment to Part 3: one small network as Values, as a program, as a batched program, as Tensors.

The network is Question 4's, 2-3-2 with sigmoid and softmax, on the sheet's synthetic data. All four compute the mean
cross-entropy over the instances and its gradients, and must agree to 1e-12. Exit status: 0 if they do, 1 if not.
"""

import random
import statistics
import time
from pathlib import Path

import numpy as np

from models.command_line import Parser, positive, run
from models.datasets import load_synth
from models.mlp import MLP
from models.scalar_training import loss_of, loss_program
from scalar_engine import mean, sigmoid
from tensor_engine import Tensor, linear, softmax_cross_entropy

AGREE = 1e-12


def main(arguments=None):
    parser = Parser("walkthroughs.from_scalar_to_tensor", __doc__)
    parser.add_argument("--instances", type=positive(int), default=500, help="default: 500")
    parser.add_argument("--hidden", type=positive(int), default=3, help="units of the hidden layer (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    parser.add_argument("--out", type=Path, help="a folder to write the two programs into (default: none)")
    options = parser.parse_args(arguments)
    (x, y), _, n_classes = load_synth(options.instances, 1)
    model = MLP(2, [options.hidden, n_classes], activation=sigmoid, rng=random.Random(options.seed))
    program = loss_program(model, 2, n_classes)
    ways = {
        "Values": lambda: by_values(model, x, y),
        "program": lambda: by_program(program, model, x, y),
        "batched program": lambda: by_batched_program(program, model, x, y),
        "Tensors": lambda: by_tensors(model, x, y),
    }
    print(story(model, program, len(x)))
    results = {name: measured(way) for name, way in ways.items()}
    agree = print_table(results)
    try:
        write(program, options.out)
    except OSError as error:
        parser.error(f"cannot write to {options.out}: {error.strerror}")
    return 0 if agree else 1


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


def by_tensors(model, x, y):
    """The same with a matrix for each layer: column j has the weights of neuron j."""
    h, tensors = x, []
    for number, layer in enumerate(model.layers, start=1):
        W = Tensor(np.array([[w.data for w in neuron.w] for neuron in layer.neurons]).T, f"W{number}", True)
        b = Tensor(np.array([neuron.b.data for neuron in layer.neurons]), f"b{number}", True)
        tensors.append((W, b))
        h = linear(h if number == 1 else sigmoid(h), W, b)
    loss = softmax_cross_entropy(h, y)
    loss.backward()
    gradients = [np.vstack([W.grad, b.grad]).T.ravel() for W, b in tensors]  # neuron by neuron, as Values have them
    return loss.item(), np.concatenate(gradients).tolist()


def measured(way):
    """The result, and the median of the milliseconds of some runs; the first one is not counted, if it is short."""
    times: list[float] = []
    while sum(times) < 1 and len(times) < 50:
        start = time.perf_counter()
        result = way()
        times.append(time.perf_counter() - start)
    return result, 1e3 * statistics.median(times[1:] or times)


def story(model, program, n):
    """What each of the four looks like, on the first neuron."""
    neuron = model.layers[0].neurons[0]
    x = [leaf for leaf in program.inputs if leaf.label.startswith("x")]
    h = neuron(x)
    lines = [f"A 2-{len(model.layers[0].neurons)}-{len(model.layers[1].neurons)} network on {n:,} instances", ""]
    lines += ["1. Values: each number is a node that remembers how it was made."]
    lines += [f"     {node.name} = {node.formula()}" for node in (h.inputs[0], h)]
    lines += ["", "2. A program: the walk through the graph, written down once for one instance."]
    lines += excerpt(program.source)
    lines += [
        "",
        "3. A batched program: x1 is now an array, a number an instance. Weights stay numbers; what the instances",
    ]
    lines += ["   contribute to a weight's gradient is summed, here by np.dot."]
    lines += excerpt(program.batched)
    lines += [
        "",
        "4. Tensors: the weights are arrays too. All neurons of a layer are one line, forwards and backwards.",
    ]
    lines += ["     h1 = sigmoid(linear(x, W1, b1))", "     dW1 = x.T @ dk1", ""]
    return "\n".join(lines)


def excerpt(source):
    """The lines of a program about the first neuron: its forward pass, and its weights' gradients."""
    body = source[source.index("# forward") : source.index("return ", source.index("# backward"))]
    wanted = ("v1 ", "layer1_neuron1_", "dlayer1_neuron1_")
    lines = [line.strip() for line in body.splitlines()]
    return [f"     {line}".replace("layer1_neuron1_", "") for line in lines if line.startswith(wanted)]


def print_table(results):
    """Values, gradients and times beside each other; whether all agree."""
    (loss, gradients), slowest = results["Values"]
    agree = True
    print(f"{'':<17}{'loss':>17}{'largest difference':>21}{'milliseconds':>15}{'times as fast':>15}")
    for name, ((value, found), ms) in results.items():
        difference = max(abs(a - b) for a, b in zip([loss, *gradients], [value, *found]))
        agree = agree and difference < AGREE
        print(f"{name:<17}{value:17.13f}{difference:21.0e}{ms:15.3f}{slowest / ms:15.0f}")
    print(f"Value and {len(gradients)} gradients {'agree' if agree else 'DISAGREE'} to {AGREE:.0e}.")
    return agree


def write(program, out):
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in [("program.py", program.source), ("batched_program.py", program.batched)]:
            (out / name).write_text(text, encoding="utf-8")
        print(f"Written:\n  {out / 'program.py'}\n  {out / 'batched_program.py'}")


if __name__ == "__main__":
    run(main)
