"""check_update: update rules in public styles, and their slips."""

import numpy as np
import pytest

from tensor_engine import check_update


def sgd(w, dw, config=None):
    w -= config["learning_rate"] * dw
    return w, config


class Momentum:
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, {}

    def update(self, params, grads):
        for key in params:
            self.v[key] = self.momentum * self.v.get(key, 0) - self.lr * grads[key]
            params[key] += self.v[key]


def adam_with(mean=True, square=2, corrected=True, late=0, sign=-1):
    def adam(w, dw, m, v, t, lr, beta1, beta2, eps):
        m = beta1 * m + (1 - beta1) * dw
        v = beta2 * v + (1 - beta2) * dw**square
        by_m, by_v = (1 - beta1 ** (t + late), 1 - beta2 ** (t + late)) if corrected else (1, 1)
        return w + sign * lr * (m / by_m if mean else dw) / (np.sqrt(v / by_v) + eps), m, v

    return adam


@pytest.mark.parametrize(
    "student, rule",
    [
        (lambda w, dw, lr: w - lr * dw, "sgd"),
        (sgd, "sgd"),
        (Momentum, "momentum"),
        (lambda w, g, v, lr, mu: (w - lr * (mu * v + g), mu * v + g), "momentum"),
        (lambda w, g, lr, lam: w - lr * (g + 2 * lam * w), "l2"),
        (lambda w, g, lr, wd: (1 - lr * wd) * w - lr * g, "weight_decay"),
        (adam_with(), "adam"),
    ],
)
def test_right_rules(student, rule):
    found = check_update(student, rule)
    assert found and [mark.mark for mark in found.marks] == ["right"] * 3, found


def test_a_dampened_velocity_is_a_convention():
    student = lambda w, g, v, lr, beta: (w - lr * (beta * v + (1 - beta) * g), beta * v + (1 - beta) * g)
    assert "times 1 - momentum" in str(check_update(student, "momentum"))


@pytest.mark.parametrize(
    "student, rule, says",
    [
        (lambda w, dw, lr: w + lr * dw, "sgd", "+ was taken for -"),
        (lambda w, dw, lr: w - dw, "sgd", "learning rate was left out"),
        (lambda w, g, v, lr, mu: (w - lr * g, v), "momentum", "velocity is not kept"),
        (lambda w, g, lr, lam: w - lr * (g + lam * w), "l2", "factor 2 of the penalty"),
        (lambda w, g, lr, lam: w - lr * g - 2 * lam * w, "l2", "not multiplied by the learning rate"),
        (adam_with(corrected=False), "adam", "neither moment was corrected"),
        (adam_with(late=1), "adam", "t is one too large"),
        (adam_with(square=1), "adam", "was not squared"),
        (adam_with(mean=False), "adam", "not its mean m"),
        (adam_with(sign=1), "adam", "+ was taken for -"),
    ],
)
def test_slips(student, rule, says):
    found = check_update(student, rule)
    assert not found and says in found.slip.text and " step " in str(found), found


def test_what_does_not_run_is_said_in_one_line():
    found = check_update(lambda w, dw, lr: w - lr * dv, "sgd")  # noqa: F821
    assert not found and "raised NameError in line" in str(found) and "\n" not in str(found)
    with pytest.raises(ValueError, match="'rmsprop' is none of sgd, l2"):
        check_update(sgd, "rmsprop")
