"""The optimizers against the textbook and PyTorch."""

import numpy as np
import pytest

from tensor_engine import Tensor
from tensor_engine.optimizers import SGD, Adam, AdamW, RMSprop

from ..array_expressions import array

OPTIMIZERS = {
    "SGD": (SGD, {"learning_rate": 0.05}),
    "SGD with momentum": (SGD, {"learning_rate": 0.05, "momentum": 0.9}),
    "SGD with weight decay": (SGD, {"learning_rate": 0.05, "weight_decay": 0.1}),
    "SGD with both": (SGD, {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    "Nesterov": (SGD, {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "RMSprop": (RMSprop, {"learning_rate": 0.01, "weight_decay": 0.1}),
    "RMSprop with other constants": (RMSprop, {"learning_rate": 0.01, "alpha": 0.9, "epsilon": 1e-2}),
    "AdamW": (AdamW, {"learning_rate": 0.01}),
    "AdamW with other constants": (AdamW, {"learning_rate": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.2}),
    "Adam": (Adam, {"learning_rate": 0.01}),
    "Adam with weight decay": (Adam, {"learning_rate": 0.01, "weight_decay": 0.1}),
    "Adam with other constants": (Adam, {"learning_rate": 0.1, "betas": (0.5, 0.9), "epsilon": 1e-3}),
}
every_optimizer = pytest.mark.parametrize("kind, options", list(OPTIMIZERS.values()), ids=list(OPTIMIZERS))


def textbook(kind, w, slopes, learning_rate, momentum=0.0, betas=(0.9, 0.999), epsilon=1e-8, weight_decay=None,
             nesterov=False, alpha=0.99):  # fmt: skip
    """w after one update for each function in `slopes`, which gives dl/dw at w; as the papers write it."""
    v, m, (beta1, beta2) = np.zeros_like(w), np.zeros_like(w), betas
    weight_decay = (0.01 if kind is AdamW else 0.0) if weight_decay is None else weight_decay
    for t, slope in enumerate(slopes, start=1):
        g = slope(w) + (0.0 if kind is AdamW else weight_decay * w)
        if kind is SGD:
            v = momentum * v + g
            w = w - learning_rate * (g + momentum * v if nesterov else v)
        elif kind is RMSprop:
            v = alpha * v + (1 - alpha) * g * g
            w = w - learning_rate * g / (np.sqrt(v) + epsilon)
        else:
            w = w - learning_rate * weight_decay * w * (kind is AdamW)
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            w = w - learning_rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return w


def parameters(dtype=np.float64):
    """W (2, 3), b (3,) and s (), as Tensors."""
    return [Tensor(x.astype(dtype), label, requires_grad=True)
            for x, label in zip([array(2, 3), array(3), np.array(0.7)], "Wbs")]  # fmt: skip


TARGETS = [array(2, 3)[::-1] * (1 + step / 50) for step in range(50)]  # another one at every step


def loss_of(W, b, s, target):
    """sum(((W + b) * s - target) ** 2): its slopes are written out below."""
    difference = (W + b) * s - target
    return (difference * difference).sum()


def slopes_of(target):
    def slopes(w):
        W, b, s = w[:6].reshape(2, 3), w[6:9], w[9]
        upstream = 2 * ((W + b) * s - target)
        return np.concatenate([(upstream * s).ravel(), (upstream * s).sum(axis=0), [(upstream * (W + b)).sum()]])

    return slopes


def trained(kind, options, dtype=np.float64):
    weights = parameters(dtype)
    optimizer = kind(weights, **options)
    for target in TARGETS:
        loss_of(*weights, target.astype(dtype)).backward()
        optimizer.step()
    return weights, optimizer


@every_optimizer
def test_fifty_steps_are_the_textbooks(kind, options):
    weights, optimizer = trained(kind, options)
    start = np.concatenate([x.data.ravel() for x in parameters()])
    expected = textbook(kind, start, [slopes_of(target) for target in TARGETS], **options)
    assert optimizer.flat == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert np.array_equal(optimizer.flat, np.concatenate([x.data.ravel() for x in weights]))


@every_optimizer
def test_fifty_steps_are_pytorchs(kind, options, needed):
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    weights, _ = trained(kind, options)
    twins = [torch.tensor(x.data, requires_grad=True) for x in parameters()]
    names = {"learning_rate": "lr", "epsilon": "eps"}
    twin = getattr(torch.optim, kind.__name__)(twins, **{names.get(name, name): x for name, x in options.items()})
    for target in TARGETS:
        twin.zero_grad()
        loss_of(*twins, torch.tensor(target.copy())).backward()
        twin.step()
    for x, y in zip(weights, twins):
        assert x.data == pytest.approx(y.detach().numpy(), rel=1e-12, abs=1e-12)


@every_optimizer
def test_float32_stays_float32(kind, options):
    weights, optimizer = trained(kind, options, np.float32)
    expected, _ = trained(kind, options)
    assert {x.dtype for x in weights} == {optimizer.flat.dtype} == {np.dtype(np.float32)}
    assert {x.dtype for x in optimizer.state().values() if x.ndim} <= {np.dtype(np.float32)}
    for x, y in zip(weights, expected):
        assert x.data == pytest.approx(y.data, rel=1e-3, abs=1e-4)


@every_optimizer
def test_parameters_become_views_of_one_flat_array(kind, options):
    weights = parameters()
    before = [x.data.copy() for x in weights]
    optimizer = kind(weights, **options)
    assert optimizer.flat.shape == (10,) and optimizer.flat.flags.c_contiguous
    for _ in range(2):
        for x, data in zip(weights, before):
            assert x.data.shape == data.shape and np.shares_memory(x.data, optimizer.flat)
        loss_of(*weights, TARGETS[0]).backward()
        optimizer.step()
    before_a_step = [x.data.copy() for x in weights]
    assert not any(np.array_equal(x, y) for x, y in zip(before, before_a_step))
    weights[0].data[:] = 3
    assert (optimizer.flat[:6] == 3).all()


def test_the_users_own_array_is_left_alone():
    mine = np.ones(2)
    w = Tensor(mine, requires_grad=True)
    optimizer = SGD([w], 0.1)
    (w * 2).sum().backward()
    optimizer.step()
    assert mine.tolist() == [1, 1] and w.data.tolist() == [0.8, 0.8]


@every_optimizer
def test_a_step_uses_the_gradients_up(kind, options):
    weights = parameters()
    optimizer = kind(weights, **options)
    loss_of(*weights, TARGETS[0]).backward()
    assert all(x.grad is not None for x in weights)
    optimizer.step()
    assert all(x.grad is None for x in weights)
    loss_of(*weights, TARGETS[0]).backward()
    optimizer.zero_grad()
    assert all(x.grad is None for x in weights)


@every_optimizer
def test_a_parameter_without_a_gradient_is_left_alone(kind, options):
    """A part of the network that has not been used has nothing to learn from, and does not decay."""
    used, unused = Tensor(array(2), requires_grad=True), Tensor(array(3), requires_grad=True)
    optimizer = kind([unused, used], **options)
    for _ in range(3):
        (used * used).sum().backward()
        optimizer.step()
    assert np.array_equal(unused.data, array(3)) and not np.array_equal(used.data, array(2))


def test_hazard_momentum_does_not_roll_on_where_the_gradient_is_missing():
    """As PyTorch documents it: a parameter without a gradient is left alone, by momentum, by decay and by Adam."""
    w = Tensor([0.0], requires_grad=True)
    optimizer = SGD([w], 0.1, momentum=0.5)
    w.sum().backward()
    optimizer.step()
    optimizer.step()
    assert w.data == pytest.approx([-0.1], rel=1e-15) and optimizer.state()["velocity"].tolist() == [1]


@every_optimizer
def test_hazard_gradients_that_come_and_go_are_pytorchs(kind, options, needed):
    try:
        import torch
    except ImportError:
        needed(False, "torch")
    a, b = (Tensor(array(n), requires_grad=True) for n in (2, 3))
    twins = [torch.tensor(x.data.copy(), requires_grad=True) for x in (a, b)]
    names = {"learning_rate": "lr", "epsilon": "eps"}
    optimizer = kind([a, b], **options)
    twin = getattr(torch.optim, kind.__name__)(twins, **{names.get(name, name): x for name, x in options.items()})
    for use_a, use_b in [(1, 1), (1, 0), (0, 1), (0, 0), (0, 1), (1, 1), (1, 1)]:
        twin.zero_grad()
        for x, y, used in [(a, twins[0], use_a), (b, twins[1], use_b)]:
            if used:
                (x * x * x).sum().backward()
                (y * y * y).sum().backward()
        optimizer.step()
        twin.step()
        for x, y in zip((a, b), twins):
            assert x.data == pytest.approx(y.detach().numpy(), rel=1e-12, abs=1e-12)


def test_adams_first_step_is_the_learning_rate():
    """m / (1 - beta1) = g and v / (1 - beta2) = g ** 2, so w moves by the rate times the sign of g."""
    w = Tensor([1.0, 1.0, 1.0], requires_grad=True)
    optimizer = Adam([w], learning_rate=0.1, epsilon=0.0)
    (w * np.array([5.0, -0.001, 30.0])).sum().backward()
    optimizer.step()
    assert w.data == pytest.approx([0.9, 1.1, 0.9], rel=1e-14)


def test_gradients_of_several_passes_are_added_before_a_step():
    w = Tensor([1.0], requires_grad=True)
    optimizer = SGD([w], 0.1)
    (w * 2).sum().backward()
    (w * 3).sum().backward()
    optimizer.step()
    assert w.data == pytest.approx([0.5], rel=1e-15)


@every_optimizer
def test_the_learning_rate_may_change_between_steps(kind, options):
    weights = parameters()
    optimizer = kind(weights, **options)
    optimizer.learning_rate = 0.0
    before = optimizer.flat.copy()
    loss_of(*weights, TARGETS[0]).backward()
    optimizer.step()
    assert np.array_equal(optimizer.flat, before)


@every_optimizer
def test_a_run_resumes_from_the_state_bit_for_bit(kind, options):
    def run(weights, optimizer, targets):
        for target in targets:
            loss_of(*weights, target).backward()
            optimizer.step()

    weights, whole = trained(kind, options)
    first = parameters()
    stopped = kind(first, **options)
    run(first, stopped, TARGETS[:20])
    second = [Tensor(x.data.copy(), requires_grad=True) for x in first]
    resumed = kind(second, **options)
    assert set(resumed.state()) == set(stopped.state())
    for name, saved in stopped.state().items():
        resumed.state()[name][...] = saved
    run(second, resumed, TARGETS[20:])
    assert np.array_equal(resumed.flat, whole.flat)


def test_what_is_refused():
    w = Tensor([1.0], "w", requires_grad=True)
    for wrong, words in [
        ([], "an optimizer needs parameters, all of one dtype"),
        ([w, Tensor(np.ones(2, np.float32), requires_grad=True)], "all of one dtype"),
        ([w, w], "each parameter once"),
        ([w, Tensor([1.0], "x")], "parameters that require a gradient, not x"),
    ]:
        for kind in (SGD, Adam):
            with pytest.raises(ValueError, match=words):
                kind(wrong, 0.1)


@pytest.mark.parametrize("make, words", [
    (lambda w: SGD(w, -0.1), "an optimizer needs learning_rate from 0 up, not -0.1"),
    (lambda w: Adam(w, float("nan")), "learning_rate from 0 up, not nan"),
    (lambda w: AdamW(w, weight_decay=-1), "weight_decay from 0 up, not -1"),
    (lambda w: SGD(w, 0.1, momentum=1.0), "momentum from 0 to below 1, not 1.0"),
    (lambda w: Adam(w, betas=(0.9, 1.0)), "beta2 from 0 to below 1, not 1.0"),
    (lambda w: RMSprop(w, alpha=1), "alpha from 0 to below 1, not 1"),
    (lambda w: SGD(w, 0.1, nesterov=True), "nesterov needs a momentum"),
])  # fmt: skip
def test_numbers_with_which_nothing_is_learned_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make([Tensor([1.0], "w", requires_grad=True)])
