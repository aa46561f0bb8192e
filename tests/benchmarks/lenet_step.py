"""A training step of a small convolutional network beside PyTorch (eager), on the CPU with all its cores.

Two convolutions of 5 x 5 (1-16-32 channels), each with relu and a pooling of 2 x 2, then a dense layer to 10 classes,
or two, 128-10; a batch of 64, Adam, float32. As in mnist_steps, every contestant runs in a process of its own, from the
same weights on the same data, and the losses after the same number of steps are printed. Needs PyTorch, then:

    python -m tests.benchmarks.lenet_step [plain hidden padded padded-hidden]
"""

import json
import os
import subprocess
import sys

import numpy as np

from tests.benchmarks.mnist_steps import ROUNDS, measured

BATCH, STEPS, RATE = 64, 20, 1e-4
MODELS = {"plain": (0, []), "hidden": (0, [128]), "padded": (2, []), "padded-hidden": (2, [128])}  # padding, hidden


def batches():
    rng = np.random.default_rng(0)
    x = rng.random((STEPS, BATCH, 1, 28, 28), dtype=np.float32) - np.float32(0.5)
    return [*zip(x, rng.integers(0, 10, (STEPS, BATCH)))]


def weights(padding, hidden):
    """Pairs (W, b) of each layer, filters first."""
    rng = np.random.default_rng(1)
    side = 7 if padding else 4
    sizes = [32 * side * side, *hidden, 10]
    shapes = [(16, 1, 5, 5), (32, 16, 5, 5), *zip(sizes[1:], sizes)]
    limits = [1 / np.sqrt(np.prod(shape[1:])) for shape in shapes]
    return [
        (rng.uniform(-limit, limit, shape).astype(np.float32), np.zeros(shape[0], np.float32))
        for shape, limit in zip(shapes, limits)
    ]


def ours(padding, hidden, style=None):
    """The graph of each step; its program instead, in a style."""
    from models.module import Module
    from models.training.compiled import CompiledStep
    from models.training.threads import Threads
    from tensor_engine import Adam, Tensor, conv2d, cross_entropy, linear, max_pool2d, relu

    class Network(Module):
        pure = True
        layers = [
            [Tensor(array, f"layer{i}/{name}", requires_grad=True) for name, array in zip("Wb", pair)]
            for i, pair in enumerate([(W if W.ndim > 2 else W.T, b) for W, b in weights(padding, hidden)], start=1)
        ]

        def __call__(self, x):
            filters, dense = self.layers[:2], self.layers[2:]
            for W, b in filters:
                x = max_pool2d(relu(conv2d(x, W, b, padding=padding)), 2)
            x = x.reshape(x.shape[0], -1)
            for W, b in dense[:-1]:
                x = relu(linear(x, W, b))
            return linear(x, *dense[-1])

        def parameters(self):
            return [parameter for layer in self.layers for parameter in layer]

    network, data = Network(), batches()
    update = Adam(network.parameters(), RATE)
    step = CompiledStep(network, cross_entropy, update, style) if style else None
    if step:
        Threads().arrange(step, *data[0])  # as training does

    def run_round():
        for x, y in data:
            if step:
                number = step(x, y, len(x))
                step.update(step.gradients)
            else:
                loss = cross_entropy(network(x), y)
                loss.backward()
                update.step()
                number = loss.item()
        return number

    return measured(run_round)


def program(*model):
    """The same step as a program in NumPy."""
    return ours(*model, style="arrays")


def compiled(*model):
    """The same with Numba's loops."""
    return ours(*model, style="loops")


def pytorch(padding, hidden):
    import torch
    from torch import nn

    torch.set_num_threads(os.cpu_count() or 1)
    filters, dense = np.split(np.array(weights(padding, hidden), dtype=object), [2])
    layers = []
    for W, _ in filters:
        layers += [nn.Conv2d(*W.shape[1::-1], 5, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
    layers.append(nn.Flatten())
    for W, _ in dense:
        layers += [nn.Linear(*W.shape[::-1]), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for parameter, array in zip(model.parameters(), [array for pair in weights(padding, hidden) for array in pair]):
        parameter.data = torch.from_numpy(array)
    update = torch.optim.Adam(model.parameters(), lr=RATE)
    data = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches()]

    def run_round():
        for x, y in data:
            update.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            update.step()
            number = loss.item()
        return number

    return measured(run_round)


CONTESTANTS = {"ours": ours, "program": program, "compiled": compiled, "PyTorch": pytorch}


def main():
    if sys.argv[1:] and sys.argv[1] in CONTESTANTS:
        seconds, loss = CONTESTANTS[sys.argv[1]](*MODELS[sys.argv[2]])
        print(json.dumps([1e3 * seconds / STEPS, loss]))
        return
    print(f"milliseconds a step, median of {ROUNDS} rounds of {STEPS}, and how many times PyTorch's\n")
    for model in sys.argv[1:] or MODELS:
        found = {}
        for name in CONTESTANTS:
            command = [sys.executable, "-m", "tests.benchmarks.lenet_step", name, model]
            process = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name] = json.loads(process.stdout.splitlines()[-1])
        of_peer = found["PyTorch"][0]
        times = [f"{name} {time:.2f} ({time / of_peer:.2f})" for name, (time, _) in found.items()]
        losses = [f"{loss:.5f}" for _, loss in found.values()]
        print(
            f"{model:<14} {', '.join(times)}\n  loss after {(ROUNDS + 1) * STEPS} steps: {', '.join(losses)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
