"""Training steps of the sheets' models beside PyTorch (eager) and JAX (jitted), on the CPU with all its cores.

A step is forward, backward and update, in float32. Every contestant runs in a process of its own, from the same
weights on the same data, and the losses after the same number of steps are printed beside the times, and the most
memory that each process had. "ours" runs the graph of each step, "program" is its program in NumPy, "compiled" that
with Numba's loops, both on one BLAS thread where that is clearly faster, as in training. The floor is the time of the
bare matrix products of a step, which leave the weights as they are, so that no core waits for another's. What cannot
run here says why (torch.compile needs a C++ compiler). Needs the peers (pip install -e '.[fast,peers]'; jax too for
its column), then:

    python -m tests.benchmarks.mnist_steps [A B C D E]
    python -m tests.benchmarks.mnist_steps --growth     # model A with batches of 16 to 4,096, then 100 to 2,000 wide

The last does without torch.compile, which compiles for most of a minute each.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time

import numpy as np

MODELS = {  # sizes, batch, activation, optimizer, steps a round
    "A": ([784, 100, 10], 16, "sigmoid", "sgd", 400),
    "B": ([784, 300, 10], 64, "sigmoid", "sgd", 200),
    "C": ([784, 100, 100, 100, 100, 10], 64, "relu", "adam", 200),
    "D": ([784, 400, 400, 10], 60_000, "sigmoid", "sgd", 1),
    "E": ([784, 250, 150, 50, 10], 64, "relu", "sgd", 200),
}
GROWTH = {
    f"{name}={size}": ([784, size if name == "width" else 100, 10], batch, "sigmoid", "sgd", max(3, 6400 // batch))
    for name, sizes in (("batch", (16, 64, 256, 1024, 4096)), ("width", (100, 300, 1000, 2000)))
    for size in sizes
    for batch in (size if name == "batch" else 64,)
}
RATES = {"sgd": 0.01, "adam": 1e-4}
ROUNDS = 7


def batches(batch, steps):
    """The data of a round: a list of (x, y), the same for every contestant."""
    rng = np.random.default_rng(0)
    x = rng.random((batch * steps, 784), dtype=np.float32)
    x -= 0.5
    y = rng.integers(0, 10, batch * steps)
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, batch * steps, batch)]


def weights(sizes):
    rng = np.random.default_rng(1)
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        limit = np.sqrt(6 / (a + b))
        layers.append((rng.uniform(-limit, limit, (a, b)).astype(np.float32), np.zeros(b, np.float32)))
    return layers


def measured(run_round):
    """Seconds of the median round, after one to warm up; and the loss after the last step."""
    run_round()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        loss = run_round()
        times.append(time.perf_counter() - start)
    return statistics.median(times), loss


def ours_of(sizes, batch, activation, optimizer, steps):
    """(network, batches, optimizer) of the project."""
    from models.layers import MLP
    from tensor_engine.optimizers import SGD, Adam

    model, data = MLP(sizes, activation), batches(batch, steps)
    for parameter, array in zip(model.parameters(), [array for layer in weights(sizes) for array in layer]):
        parameter.data = array
    update = {"sgd": SGD, "adam": Adam}[optimizer](model.parameters(), RATES[optimizer])
    return model, data, update


def ours(*model):
    from models.training import backward

    network, data, update = ours_of(*model)

    def run_round():
        for x, y in data:
            loss = backward(network, x, y)
            update.step()
        return loss

    return measured(run_round)


def program(*model, style="arrays"):
    """The same network's step as a program in NumPy."""
    from models.training import piece_size
    from models.training.compiled import CompiledStep
    from models.training.threads import Threads
    from tensor_engine import cross_entropy

    network, data, update = ours_of(*model)
    step, piece = CompiledStep(network, cross_entropy, update, style), piece_size(data[0][0])
    Threads().arrange(step, *[array[:piece] for array in data[0]])  # as training does

    def run_round():
        for x, y in data:
            loss = step(x, y, piece)
            step.update(step.gradients)
        return loss

    return measured(run_round)


def compiled(*model):
    """The same with Numba's loops."""
    return program(*model, style="loops")


def pytorch(sizes, batch, activation, optimizer, steps, compiled=False):
    import torch
    from torch import nn

    torch.set_num_threads(os.cpu_count() or 1)
    layers = []
    for W, b in weights(sizes):
        linear = nn.Linear(*W.shape)
        linear.weight.data, linear.bias.data = torch.from_numpy(W.T.copy()), torch.from_numpy(b)
        layers += [linear, {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[activation]()]
    model = nn.Sequential(*layers[:-1])
    update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](model.parameters(), lr=RATES[optimizer])
    data = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches(batch, steps)]

    def loss_of(x, y):
        return nn.functional.cross_entropy(model(x), y)

    if compiled:
        loss_of = torch.compile(loss_of)

    def run_round():
        for x, y in data:
            loss = loss_of(x, y)
            update.zero_grad()
            loss.backward()
            update.step()
            number = loss.item()  # as a learning curve needs it
        return number

    return measured(run_round)


def torch_compile(*model):
    """PyTorch with forward and backward compiled, and the optimizer as it comes."""
    return pytorch(*model, compiled=True)


def jax(sizes, batch, activation, optimizer, steps):
    import jax
    import jax.numpy as jnp

    f = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[activation]
    rate = RATES[optimizer]

    def loss_of(parameters, x, y):
        for i, (W, b) in enumerate(parameters):
            x = (f(x) if i else x) @ W + b
        return -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(x.shape[0]), y])

    def step(parameters, m, v, t, x, y):
        loss, gradient = jax.value_and_grad(loss_of)(parameters, x, y)
        if optimizer == "sgd":
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradient), m, v, t, loss
        t += 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        new = jax.tree.map(
            lambda p, m, v: p - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), parameters, m, v
        )
        return new, m, v, t, loss

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    parameters = [(jnp.asarray(W), jnp.asarray(b)) for W, b in weights(sizes)]
    m, v = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
    state = [parameters, m, v, jnp.float32(0)]
    data = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches(batch, steps)]

    def run_round():
        for x, y in data:
            *state[:], loss = step(*state, x, y)
            number = float(loss)
        return number

    return measured(run_round)


def floor(sizes, batch, activation, optimizer, steps):
    """The matrix products of a step and nothing else, in pieces of 1,000 instances where the batch is larger."""
    piece = min(batch, 1000)
    layers = [W for W, _ in weights(sizes)]
    values = [np.ones((piece, size), np.float32) for size in sizes]
    gradients = [np.ones_like(value) for value in values]
    of_weights = [np.empty_like(W) for W in layers]

    def run_round():
        for _ in range(steps * batch // piece):
            for i, W in enumerate(layers):
                np.matmul(values[i], W, out=values[i + 1])
                values[i + 1].fill(1)
            for i in reversed(range(len(layers))):
                np.matmul(values[i].T, gradients[i + 1], out=of_weights[i])
                if i:
                    np.matmul(gradients[i + 1], layers[i].T, out=gradients[i])
                    gradients[i].fill(1)
        return float("nan")

    return measured(run_round)


CONTESTANTS = {
    "ours": ours, "program": program, "compiled": compiled,
    "PyTorch": pytorch, "torch.compile": torch_compile, "JAX": jax, "floor": floor,
}  # fmt: skip


def peak_memory():
    """The most memory that this process has had so far, in MB; NaN where it cannot be asked."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def in_a_process_of_its_own(contestant, model):
    """((milliseconds a step, loss, MB), ""), or None and why it cannot run here."""
    command = [sys.executable, "-m", "tests.benchmarks.mnist_steps", contestant, model]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode == 0:
        return json.loads(process.stdout.splitlines()[-1]), ""
    errors = [line for line in process.stderr.splitlines() if re.match(r"[\w.]+(Error|Exception|Compiler)\b", line)]
    return None, (errors or [f"status {process.returncode}"])[-1]


def row(model, width, contestants):
    """Measure the contestants on a model, and print the line of the table, and what is to be said of it."""
    sizes, batch, activation, optimizer, steps = (MODELS | GROWTH)[model]
    answers = {name: in_a_process_of_its_own(name, model) for name in contestants}
    found = {name: result for name, (result, _) in answers.items() if result}
    times = {name: found[name][0] if name in found else float("nan") for name in contestants}
    title = f"{model} {'-'.join(map(str, sizes))} {batch} {activation} {optimizer}"
    columns = "".join(f"{times[name]:{width}.3f}" for name in contestants)
    mine = times["compiled"]
    ratios = f"{times['PyTorch'] / mine:19.2f}{times['JAX'] / mine:14.2f}{mine / times['floor']:16.2f}"
    print(f"{title:<42}{columns}{ratios}")
    losses = [f"{name} {loss:.5f}" for name, (_, loss, _) in found.items() if name != "floor"]
    print(f"  loss after {(ROUNDS + 1) * steps} steps: {', '.join(losses)}")
    print(f"  peak memory, MB: {', '.join(f'{name} {memory:.0f}' for name, (*_, memory) in found.items())}", flush=True)
    return {name: why for name, (_, why) in answers.items() if why}


def main():
    if len(sys.argv) == 3 and sys.argv[1] in CONTESTANTS:
        model = (MODELS | GROWTH)[sys.argv[2]]
        seconds, loss = CONTESTANTS[sys.argv[1]](*model)
        print(json.dumps([1e3 * seconds / model[4], loss, peak_memory()]))
        return
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {blas['name']} {blas['version']},", end=" ")
    print(f"{os.cpu_count()} cores; median of {ROUNDS} rounds, milliseconds a step\n")
    grows = sys.argv[1:] == ["--growth"]
    contestants = [name for name in CONTESTANTS if not grows or name != "torch.compile"]  # which compiles for a minute
    width = max(map(len, contestants)) + 2
    names = "".join(f"{name:>{width}}" for name in contestants)
    print(f"{'model':<42}{names}   PyTorch/compiled  JAX/compiled  compiled/floor")
    reasons = {}
    for model in GROWTH if grows else sys.argv[1:] or MODELS:
        reasons |= row(model, width, contestants)
    for name, why in reasons.items():
        print(f"{name} cannot run here: {why}")


if __name__ == "__main__":
    main()
