"""Training by programs: the numbers of the engine, for every optimizer and option; and what is not compiled says so."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import models
from models.datasets import load, standardised
from models.layers import MLP, Activation, Dropout, Linear, ReLU, Sequential
from models.train import main
from models.training import evaluate, fit
from models.training.compiled import CompiledStep, NotCompiled, is_pure
from tensor_engine import SGD, Adam, AdamW, RMSprop, cross_entropy, exp, mse, tanh
from tensor_engine.programs import jit


@pytest.fixture(scope="module")
def digits():
    return standardised(load("digits"), np.float64)


def both(data, make=lambda p: SGD(p, 0.1), dtype=np.float64, epochs=2, batch_size=70, dropout=0.0, **options):
    """(History, weights) of a run by a program, and of the same run without."""
    for style in (options.pop("style", "arrays"), "eager"):
        model = MLP([64, 12, 10], "relu", dropout, dtype=dtype)
        optimizer = make(model.parameters())
        history = fit(model, data, optimizer, epochs, batch_size, progress=False, style=style, **options)
        yield history, [parameter.data for parameter in model.parameters()]


def agree(runs, rel):
    (history, weights), (expected, expected_weights) = runs
    assert history.batch_losses == pytest.approx(expected.batch_losses, rel=rel)
    assert [e.validation_loss for e in history.epochs] == pytest.approx(
        [e.validation_loss for e in expected.epochs], rel
    )
    for a, b in zip(weights, expected_weights):
        np.testing.assert_allclose(a, b, rtol=rel, atol=rel * np.abs(b).max())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"make": lambda p: SGD(p, 0.1, momentum=0.9, weight_decay=0.01)},
        {"make": lambda p: Adam(p, 0.01, weight_decay=0.01), "dropout": 0.3},
        {"batch_size": "full", "piece": 333},
        {"clip_norm": 0.5, "record_norms": True, "dropout": 0.5},
        {"loss": lambda o, y: cross_entropy(o, y) * 2 + exp(o * 0.01).mean(), "patience": 1},
    ],
)
def test_a_program_does_what_the_engine_does(digits, options):
    """Batches of 70 leave a smaller last one, which is another instance."""
    agree(both(digits, **options), 1e-11)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, 0.1, 0.9, 0.01),
        lambda p: SGD(p, 0.1),
        lambda p: Adam(p, 0.01, weight_decay=0.01),
        lambda p: SGD(p, 0.1, 0.9, nesterov=True),
        lambda p: AdamW(p, 0.01),
        lambda p: RMSprop(p, 0.001),
    ],
)
def test_loops_do_what_the_engine_does(digits, needed, make):
    needed(jit.is_there(), "Numba")
    agree(both(digits, make, style="loops", dropout=0.2), 1e-11)
    data = standardised(load("digits"), np.float32)
    agree(both(data, make, np.float32, epochs=1, batch_size=12, style="loops"), 1e-5)


def test_in_float32_to_the_order_of_sums():
    data = standardised(load("digits"), np.float32)
    agree(both(data, lambda p: Adam(p, 0.001), np.float32, epochs=1, batch_size=12), 1e-5)


def test_the_same_seed_gives_the_same_numbers(digits):
    first, second = (next(both(digits, dropout=0.3)) for _ in range(2))
    assert first[0].batch_losses == second[0].batch_losses and all(map(np.array_equal, first[1], second[1]))


def test_data_that_is_assigned_between_epochs_is_trained(digits):
    def losses(style):
        model = MLP([64, 12, 10], dtype=np.float64)

        def shrink(history):
            for parameter in model.parameters():
                parameter.data = parameter.data / 2

        optimizer = SGD(model.parameters(), 0.1)
        return fit(model, digits, optimizer, 3, 100, after_epoch=shrink, progress=False, style=style).batch_losses

    assert losses("arrays") == pytest.approx(losses("eager"), rel=1e-11)


def test_evaluation_is_the_engines(digits):
    model = MLP([64, 12, 10], dtype=np.float64)
    history = fit(model, digits, SGD(model.parameters(), 0.1), 1, progress=False)
    assert history.epochs[0].train_loss == pytest.approx(evaluate(model, digits.xtrain, digits.ytrain).loss, rel=1e-12)


class Impure(Activation):
    """It counts its calls, which a program would not."""

    operator = tanh
    calls = 0

    def __call__(self, x):
        self.calls += 1
        return super().__call__(x)


class Doubled(ReLU):
    pure = True

    def __call__(self, x):
        return super().__call__(x) * 2


def test_a_layer_of_ones_own_is_compiled_if_it_says_that_it_is_pure(digits):
    def run(layer, style):
        rng = np.random.default_rng(0)
        model = Sequential(
            Linear(64, 12, rng, dtype=np.float64), layer, Dropout(0.1, rng), Linear(12, 10, rng, dtype=np.float64)
        )
        return fit(model, digits, SGD(model.parameters(), 0.1), 1, progress=False, style=style).batch_losses

    assert run(Doubled(), "arrays") == pytest.approx(run(Doubled(), "eager"), rel=1e-11)
    impure = Impure()
    with pytest.warns(NotCompiled, match="Impure is no layer with `pure = True`"):
        assert run(impure, "arrays") == run(Impure(), "eager")
    assert impure.calls > 20


def test_a_loss_that_changes_between_epochs_goes_on_without_a_program(digits):
    """What it needs is a number of its module, which another epoch finds changed."""
    model = MLP([64, 12, 10], dtype=np.float64)

    def change(history):
        globals()["factor"] = 3.0

    with pytest.warns(NotCompiled, match="its loss is .* and its program's is"):
        history = fit(
            model, digits, SGD(model.parameters(), 0.0001), 2, 600, loss=scaled, after_epoch=change, progress=False
        )
    assert history.batch_losses[2] == pytest.approx(3 * history.batch_losses[1], rel=0.1)


factor = 1.0


def scaled(o, y):
    return cross_entropy(o, y) * factor


def test_what_a_loss_may_see():
    calls = []
    assert is_pure(cross_entropy) and is_pure(mse) and is_pure(scaled) and is_pure(lambda o, y: ((o - y) ** 2).mean())
    assert not is_pure(lambda o, y: calls.append(o)) and not is_pure(lambda o, y, seen=[]: o)
    assert not is_pure(lambda o, y: print(o)) and not is_pure(test_what_a_loss_may_see)


@pytest.mark.parametrize("mode", ["arrays", "loops", "eager"])
def test_a_resumed_run_is_bit_for_bit_in_its_mode(mode, tmp_path, needed, monkeypatch):
    needed(mode != "loops" or jit.is_there(), "Numba")
    monkeypatch.setattr("models.train.style_for", lambda optimizer, batch, steps: mode)

    def run(folder, *more):
        main(["--data", "digits", "--hidden", "8", "--dropout", "0.2", "--out", str(tmp_path / folder), *more])
        return [p.data.tobytes() for p in models.load(tmp_path / folder / "model.safetensors").model.parameters()]

    option = ["--eager"] * (mode == "eager")
    whole = run("whole", "--epochs", "3", *option)
    run("parts", "--epochs", "1", *option)
    monkeypatch.undo()  # the checkpoint says which mode it was
    assert run("parts", "--epochs", "3", "--resume") == whole


def test_pieces_on_two_threads_are_the_same_pieces_on_one(digits):
    """Bit for bit, with masks drawn in their order, and with what NumPy is to say of overflows."""
    x, y = digits.xtrain[:30], digits.ytrain[:30]

    def run(workers, piece, scale=1.0):
        model = MLP([64, 12, 10], dropout=0.3, dtype=np.float64)
        step = CompiledStep(model, cross_entropy, SGD(model.parameters(), 0.1))
        step.workers = workers
        losses = []
        for _ in range(3):
            losses.append(step(scale * x, y, piece))
            step.update(step.gradients)
        return losses, [parameter.data.tobytes() for parameter in model.parameters()]

    with threadpool_limits(1, "blas"):
        assert run(2, 30) == run(1, 15) and run(2, 10) == run(1, 5)
        with np.errstate(over="ignore"):
            run(2, 30, 1e300)


def test_the_trainer_shows_its_program(capsys):
    main(["--data", "digits", "--hidden", "8", "--program"])
    text = capsys.readouterr().out
    assert "np.matmul(x, layer1_W, out=layer1_k)  # linear (64, 8)" in text
    exec(text, {})
